"""Who is found in a walk that another's took the place of: the donor, since the shape is the donor's."""

import numpy as np
import pytest

from anonymizer.gait import methods
from anonymizer.gait.donors import Track
from recognition.identify.cityblock import cityblock
from recognition.identify.gei import gait_energy_images
from tests.anonymizer.gait.walking_figure import walking_figure

STOUTNESS = (0.7, 1.1, 1.5, 1.9)  # of four people


def walk(person: int, start: float) -> Track:
    return {90: walking_figure(30, start=start, stoutness=STOUTNESS[person])}


def named(track: Track) -> int:
    """The person enrolled whose gait energy image is nearest."""
    enrolled = gait_energy_images([walk(person, start=0.0)[90] for person in range(len(STOUTNESS))])
    probe = gait_energy_images([track[90]])
    return int(cityblock(probe.reshape(1, -1), enrolled.reshape(len(enrolled), -1)).argmin())


@pytest.mark.parametrize("person", range(len(STOUTNESS)))
def test_a_replaced_walk_is_identified_as_its_donor(person: int) -> None:
    track = walk(person, start=0.3)
    assert named(track) == person
    for lender in range(len(STOUTNESS)):
        changed = methods.anonymize(
            track, "replace", donors=[walk(lender, start=0.7)], rng=np.random.default_rng(0)
        )
        assert named(changed) == lender
