from itertools import combinations
from xml.etree import ElementTree

from recognition.identify import frontier


def line(method: str, seed: int, rank1: float | None, iou: float | None, refused: tuple[str, ...] = ()):
    experiment = {
        "dataset": "walkers", "method": method, "alpha": 1.5, "donor": "synthetic", "seed": seed,
        "recognizer": {"name": "zheng"},
        "proxies": {"iou": iou, "jitter_ratio": 1.3}, "verdict": {"refused": list(refused)},
    }  # fmt: skip
    rungs = [
        {"attacker": name, "rank1": rate, "success_rate": 0.5, "clear_rank1": 0.9, "chance": 0.1}
        | {"recognized": 40, "worst": {"subject": "003", "named": 3, "probes": 4, "rank1": 0.75}}
        for name, rate in (("naive", 0.1), ("joint", rank1))
    ]
    return frontier.row(experiment, rungs, f"{method} α 1.5")


def test_a_row_is_led_by_the_strongest_attacker():
    found = line("sdf", 0, 0.6, 0.8)
    assert (found["strongest"], found["strongest_rank1"], found["naive_rank1"]) == ("joint", 0.6, 0.1)
    assert (found["strongest_recognized"], found["strongest_worst_rank1"]) == (40, 0.75)
    assert line("sdf", 0, None, 0.8)["strongest"] == "naive"


def test_the_summary_shows_how_far_seeds_spread():
    rows = [line("sdf", 0, 0.6, 0.8), line("sdf", 1, 0.8, 0.8, ("weak.",)), line("tieu", 0, 1.0, None)]
    sdf, tieu = frontier.summary(rows)
    assert (sdf["condition"], sdf["seeds"], sdf["refused"]) == ("sdf α 1.5", 2, 1)
    assert sdf["strongest_rank1"] == {"mean": 0.7, "least": 0.6, "most": 0.8, "n": 2}
    assert (sdf["strongest"], sdf["recognizer"]) == (["joint"], "zheng")
    assert tieu["iou"] is None


def test_recognizers_are_told_apart():
    rows = [line("sdf", 0, 0.6, 0.8), {**line("sdf", 0, 0.8, 0.8), "recognizer": "set-network"}]
    assert [each["recognizer"] for each in frontier.summary(rows)] == ["zheng", "set-network"]


def test_the_figure_has_a_point_a_condition_that_was_measured():
    rows = [line("sdf", seed, 0.5 + seed / 10, 0.8) for seed in range(3)] + [line("tieu", 0, 1.0, None)]
    drawing = ElementTree.fromstring(frontier.figure(frontier.summary(rows)))
    titles = [each.text for each in drawing.iter("{http://www.w3.org/2000/svg}title")][1:]
    assert titles == ["sdf α 1.5: rank-1 0.600 (0.500 to 0.700), IoU 0.800, jitter ratio 1.30"]


def test_lower_and_to_the_right_is_better():
    assert frontier._y(0.0) > frontier._y(1.0)
    assert frontier._x(0.9) > frontier._x(0.6)
    assert frontier._x(0.2) == frontier._x(0.5)  # what is farther left is drawn at the edge


def test_labels_of_points_that_lie_together_stand_apart():
    rows = [line(method, 0, 0.6, 0.8) for method in ("sdf", "tieu", "blend")]
    drawing = ElementTree.fromstring(frontier.figure(frontier.summary(rows)))
    heights = [float(each.attrib["y"]) for each in drawing.iter() if (each.text or "").endswith("α 1.5")]
    assert len(heights) == 3
    assert min(abs(a - b) for a, b in combinations(heights, 2)) >= frontier.LINE


def test_a_point_beyond_the_axis_says_where_it_is():
    drawn = frontier.figure(frontier.summary([line("sdf", 0, 0.1, 0.36)]))
    assert "sdf α 1.5 (IoU 0.36)</text>" in drawn


def test_names_cannot_break_the_figure():
    rows = [{**line("sdf", 0, 0.5, 0.8), "condition": "<b>&"}]
    assert ElementTree.fromstring(frontier.figure(frontier.summary(rows))) is not None
