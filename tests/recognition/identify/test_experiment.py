import json
from typing import Any

import numpy as np

from recognition.identify import success
from recognition.identify.experiment import result
from recognition.identify.gaits import GaitKey
from recognition.identify.identifications import Identifications
from recognition.identify.protocol import Split, gallery_and_probe
from recognition.identify.zheng import Parameters, Zheng

SUBJECTS = ("5", "6", "7")
PROBES = tuple(GaitKey(subject, "nm", 2, view) for view in (0, 90) for subject in SUBJECTS)


def answers(seed: int, *, spoilt: float) -> Identifications:
    """Subjects are nearest to themselves, but for noise; 90° has no gallery."""
    rng = np.random.default_rng(seed)
    scores = np.full((2, 6, 3), np.inf, np.float32)
    scores[0] = 1 - np.tile(np.eye(3), (2, 1)) + spoilt * rng.random((6, 3))
    return Identifications(PROBES, (0, 90), SUBJECTS, scores)


ORIGINALS = answers(0, spoilt=0)
ATTACKED = {"naive": answers(1, spoilt=3), "anonymized-gallery": answers(2, spoilt=2)}


def a_result(**changes: Any) -> dict[str, Any]:
    gallery, probe = gallery_and_probe("nm-01", "nm-02")
    given: dict[str, Any] = {
        "dataset": "walkers", "method": "tieu", "alpha": 0.3, "donor": "fixed", "seed": 4,
        "gallery": gallery, "probe": probe, "split": Split(("8", "9"), ("1", "2", "3"), ("4", *SUBJECTS)),
        "recognizer": Zheng(Parameters(rank=7)), "originals": ORIGINALS, "attacked": ATTACKED,
        "donors": dict.fromkeys(PROBES, "7"), "proxies": {"iou": 0.8, "jitter_ratio": None},
        "seconds": {"recognize": 1.5},
    }  # fmt: skip
    return result(**given | changes)


def test_it_is_strict_json():
    assert json.loads(json.dumps(a_result(), allow_nan=False)) == a_result()


def test_it_says_what_was_compared():
    found = a_result()
    assert found["view_angles"] == [0, 90]
    assert found["protocol"] == {
        "gallery": ["nm-01"],
        "probe": ["nm-02"],
        "train_subjects": 2,
        "network_subjects": 3,
        "test_subjects": 4,
    }
    assert (found["dataset"], found["method"], found["alpha"], found["donor"], found["seed"]) == (
        "walkers", "tieu", 0.3, "fixed", 4,
    )  # fmt: skip


def test_it_holds_the_recognizers_name_and_parameters():
    recognizer = a_result()["recognizer"]
    assert recognizer["name"] == "zheng"
    assert recognizer["size"] == [64, 48]
    assert recognizer["rank"] == 7


def test_matrices_are_gallery_by_probe_and_null_where_undefined():
    found = a_result()
    assert found["originals"]["probes"] == [[3, 3], [0, 0]]
    assert found["originals"]["rank1"] == [[1.0, 1.0], [None, None]]
    naive = found["attackers"]["naive"]
    assert naive["recognized"] == [[3, 3], [0, 0]]
    assert naive["success_rate"][1] == [None, None]
    assert naive["success_ci95"][1] == [None, None]
    assert naive["impersonation"][1] == [None, None]


def test_rates_are_those_of_success():
    comparison = success.compare(ORIGINALS, ATTACKED["naive"])
    naive = a_result()["attackers"]["naive"]
    assert naive["success_rate"][0] == success.success_rate(comparison)[0].tolist()
    assert naive["success_ci95"][0][0] == success.success_interval(comparison)[0, 0].tolist()
    assert naive["rank1"][0] == success.rank_rate(ATTACKED["naive"])[0].tolist()


def test_recognized_is_the_same_for_every_attacker():
    first, second = (a_result()["attackers"][name]["recognized"] for name in ATTACKED)
    assert first == second


def test_probe_view_angles_are_pooled_under_the_naive_attacker():
    found = a_result()["by_probe_view_angle"]
    pooled = success.by_probe_view_angle(success.compare(ORIGINALS, ATTACKED["naive"]), seed=4)
    assert [entry["view_angle"] for entry in found] == [0, 90]
    assert [entry["success_rate"] for entry in found] == pooled.rates.tolist()
    assert [entry["ci95"] for entry in found] == pooled.intervals.tolist()
    without = a_result(attacked={"anonymized-gallery": ATTACKED["anonymized-gallery"]})
    assert without["by_probe_view_angle"] == []


def test_what_was_not_measured_is_null():
    assert a_result()["proxies"] == {"iou": 0.8, "jitter_ratio": None}
    assert a_result(alpha=None)["alpha"] is None


def test_a_broken_evaluation_says_so():
    assert a_result()["verdict"] == {"skill": 1.0, "refused": []}
    weak = answers(3, spoilt=40)
    assert (
        "weak on clear gaits" in a_result(originals=weak, attacked={"naive": weak})["verdict"]["refused"][0]
    )
