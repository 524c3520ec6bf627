"""Cells and words of a recognition's page."""

import pytest

from recognition import figures, reports
from recognition.figures import matrix
from tests.factories import RunFactory

LEFT_OUT = {
    "view_angles": [0, 90],
    "rank1": [[0.5, None], [0.0, None]],
    "success_rate": [[0.5, None], [None, None]],
    "recognized": [[12, 7], [0, 0]],
    "success_ci95": [[[0.25, 0.75], None], [None, None]],
    "by_probe_view_angle": [
        {"view_angle": 0, "success_rate": 0.5, "ci95": [0.3, 0.7]},
        {"view_angle": 90, "success_rate": None, "ci95": None},
    ],
}


@pytest.fixture
def run(db):
    originals = {"rank1": [[0.8, 0.5], [0.0, 0.0]], "probes": [[15, 14], [15, 14]]}
    experiment = {"view_angles": [0, 90], "originals": originals, "attackers": {"joint": LEFT_OUT}}
    return RunFactory(result={"experiment": experiment})


def test_a_cell_that_was_left_out_is_told_from_one_without_a_gait_to_count(run):
    (_, top), (_, bottom) = matrix(reports.matrix(run, "joint"), "success_rate")
    assert [cell.text for cell in (*top, *bottom)] == ["50", "–", "n/a", "–"]
    assert [cell.said for cell in bottom] == ["not defined, |S| 0", "not tried by this attacker"]


def test_the_originals_were_tried_everywhere(run):
    (_, top), (_, bottom) = matrix(reports.matrix(run, "joint"), "original_rank1")
    assert [cell.text for cell in (*top, *bottom)] == ["80", "50", "0", "0"]


def test_only_gaits_that_were_tried_count(run):
    found = reports.matrix(run, "joint")
    assert (figures.all_named(found), figures.left_out(found)) == (12, 2)


def test_only_gaits_that_were_tried_count_by_view_angle(run):
    assert [each["recognized"] for each in reports.by_probe_view_angle(run, "joint")] == [12, 0]


def test_how_an_attacker_went_about_it_is_said_in_a_few_words():
    assert figures._how({"clips": 2, "adds": ["joint"]}) == "2 clips, adds joint"
    assert figures._how({"copies": 1, "seconds": 3}) == ""
