"""Cells and words of a recognition's page."""

from recognition import figures, reports
from recognition.figures import matrix
from tests.factories import RunFactory

LEFT_OUT = {
    "view_angles": [0, 90],
    "success_rate": [[0.5, None], [None, None]],
    "recognized": [[12, 7], [0, 30]],
    "success_ci95": [[[0.25, 0.75], None], [None, None]],
    "by_probe_view_angle": [
        {"view_angle": 0, "success_rate": 0.5, "ci95": [0.3, 0.7]},
        {"view_angle": 90, "success_rate": None, "ci95": None},
    ],
}


def test_a_cell_that_was_left_out_is_told_from_one_without_a_gait_to_count():
    (_, top), (_, bottom) = matrix(LEFT_OUT, "success_rate")
    assert [cell.text for cell in (*top, *bottom)] == ["50", "–", "n/a", "–"]
    assert bottom[1].said == "not tried by this attacker, |S| 30"


def test_only_gaits_that_were_tried_count_by_view_angle(db):
    run = RunFactory(result={"experiment": {"view_angles": [0, 90], "attackers": {"joint": LEFT_OUT}}})
    assert [each["recognized"] for each in reports.by_probe_view_angle(run, "joint")] == [12, 0]


def test_how_an_attacker_went_about_it_is_said_in_a_few_words():
    assert figures._how({"clips": 2, "adds": ["joint"]}) == "2 clips, adds joint"
    assert figures._how({"copies": 1, "seconds": 3}) == ""
