import numpy as np

from recognition.identify import ablation
from recognition.identify.gaits import GaitKey
from recognition.identify.identifications import Identifications


def answers(named: np.ndarray) -> Identifications:
    """Two subjects at 0° and 90°, one probe each at each; `named[g, p]` says whether a cell's probes are named."""
    probes = tuple(GaitKey(subject, "nm", 2, angle) for subject in ("001", "002") for angle in (0, 90))
    scores = np.zeros((2, 4, 2), np.float32)
    for g in range(2):
        for n, key in enumerate(probes):
            own = int(key.subject) - 1
            right = named[g, (0, 90).index(key.view_angle)]
            scores[g, n, own], scores[g, n, 1 - own] = (1, 2) if right else (2, 1)
    return Identifications(probes, (0, 90), ("001", "002"), scores)


def test_cells_are_gathered_by_how_far_the_view_angles_lie_apart():
    row = ablation.row(ablation.VARIANTS[0], answers(np.array([[True, False], [True, True]])))
    assert [(each["difference"], each["rank1"]) for each in row["by_difference"]] == [(0, 1.0), (90, 0.5)]
    assert (row["cross_view"]["difference"], row["cross_view"]["rank1"]) == ("different", 0.5)
    assert row["by_difference"][0]["ci95"] == [1.0, 1.0]


def test_every_variant_makes_a_recognizer():
    from recognition.identify.zheng import made

    assert len({variant.name for variant in ablation.VARIANTS}) == len(ablation.VARIANTS)
    for variant in ablation.VARIANTS:
        made(variant.parameters)
