"""Whether an attack can see anything at all in changed gaits: can it at least name the donor?

Where nobody is named any more, either the method is private or the attack is broken. Donors tell the two
apart: whoever draws from a pool gives every changed gait something of a donor, and an attack that works
on such gaits names donors far above chance.
"""

from typing import Any

import numpy as np

from recognition.identify.classifiers import Lda
from recognition.identify.gaits import Gaits
from recognition.identify.success import wilson_interval

FEWEST_PROBES = 20  # under so many, nothing is said


def donors_named(copies: Gaits, probes: Gaits) -> dict[str, Any] | None:
    """How often the donor of a probe is named by what was learned from copies with donors of the same pool.

    Both as gait energy images. None where it can't be asked: donors are unknown, one for all, or never the same.
    """
    named, asked, donors = 0, 0, set(copies.donors)
    if not donors or not probes.donors:
        return None
    for view_angle in sorted(set(copies.view_angles.tolist())):
        known = copies.at(view_angle)
        tested = probes.at(view_angle)
        tested = tested.where([donor in set(known.donors) for donor in tested.donors])
        if len(set(known.donors)) > 1 and len(tested):
            classifier = Lda().fit(_flat(known), np.array(known.donors))
            found = classifier.subjects[classifier.distances(_flat(tested)).argmin(axis=1)]
            named += int(np.sum(found == np.array(tested.donors)))
            asked += len(tested)
    if asked < FEWEST_PROBES:
        return None
    interval = wilson_interval(np.array(named), np.array(asked))
    return {"named": named / asked, "ci95": interval.tolist(), "probes": asked, "chance": 1 / len(donors)}


def _flat(gaits: Gaits) -> Any:
    return np.asarray(gaits.read(), np.float32).reshape(len(gaits), -1)
