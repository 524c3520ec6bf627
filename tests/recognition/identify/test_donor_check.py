import numpy as np
import pytest

from recognition.identify import verdict
from recognition.identify.donor_check import donors_named
from recognition.identify.gaits import GaitKey, Gaits
from tests.recognition.identify.test_verdict import EVERYBODY, identified_by

DONORS = tuple(f"synthetic {n}" for n in range(5))
SHAPES = np.random.default_rng(1).normal(size=(5, 6, 4)).astype(np.float32)


def lent(seed: int, copies: int, share: float = 1.0) -> Gaits:
    """Twenty people's walks at two view angles, each with a share of a drawn donor's shape."""
    rng = np.random.default_rng(seed)
    keys = [GaitKey(f"{s:03d}", "nm", 1, v) for s in range(20) for v in (0, 90)] * copies
    drawn = rng.integers(5, size=len(keys))
    images = share * SHAPES[drawn] + 0.3 * rng.normal(size=(len(keys), 6, 4)).astype(np.float32)
    return Gaits(tuple(keys), images.astype(np.float32), tuple(DONORS[d] for d in drawn))


def test_donors_are_named_where_their_shape_shows():
    found = donors_named(lent(1, 4), lent(2, 1))
    assert found["named"] > 0.9
    assert (found["probes"], found["chance"]) == (40, 0.2)


def test_donors_are_named_at_chance_where_nothing_shows():
    found = donors_named(lent(1, 4, share=0), lent(2, 1, share=0))
    assert found["ci95"][0] <= 0.2


def test_nothing_is_said_of_donors_that_are_unknown_alone_or_never_the_same():
    copies, probes = lent(1, 4), lent(2, 1)
    assert donors_named(Gaits(copies.keys, copies.inputs), probes) is None
    one = Gaits(copies.keys, copies.inputs, ("synthetic 1",) * len(copies))
    assert donors_named(one, probes) is None
    fresh = Gaits(probes.keys, probes.inputs, tuple(f"walker {n}" for n in range(len(probes))))
    assert donors_named(copies, fresh) is None


@pytest.mark.parametrize(("named", "refused"), [(0.95, 0), (0.2, 1)])
def test_a_verdict_is_refused_where_donors_are_named_at_chance(named, refused):
    check = {"named": named, "ci95": [named - 0.1, named + 0.1], "probes": 40, "chance": 0.2}
    reasons = verdict.refusals(EVERYBODY, {"naive": identified_by(0)}, {"pool-aware": {"donors": check}})
    assert len(reasons) == refused
    assert all("Even the donors can't be told apart" in reason for reason in reasons)
