"""What a study's template measures, by the names of the recommendations, and how its votes become scores.

`naturalness` shows the original first and asks on ACR's labels, which makes it a MOS and not a DMOS. `acr-hr`
hides the reference among the pairs: DV = V(processed) - V(reference) + 5 for each rater, not cut at 5
(ITU-T P.910). `dcr` shows the reference first and asks how much the changed walk differs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
NO_REFERENCE = -1


@dataclass(frozen=True)
class Measure:
    """A mean's short name, its full name, its question in a few words, and the ends of its axis."""

    short: str
    name: str
    asks: str
    scale: str
    lowest: int = 1
    highest: int = 5
    differential: bool = False  # scores are differences to a hidden reference


MEASURES = {
    "naturalness": Measure(
        "MOS", "MOS (ACR labels, explicit reference)", "How natural does it look?", "1 Bad to 5 Excellent"
    ),
    "acr": Measure("MOS", "MOS (ACR)", "How good does it look?", "1 Bad to 5 Excellent"),
    "acr-hr": Measure(
        "DMOS",
        "DMOS (ACR with hidden reference)",
        "How close to the original does it look?",
        "5 as the original, not cut",
        differential=True,
    ),
    "dcr": Measure("DMOS", "DMOS (DCR)", "How little does it differ?", "1 Very annoying to 5 Imperceptible"),
}


def differential(
    rater: Codes, stimulus: Codes, score: Floats, reference_of: Codes, raters: int
) -> tuple[NDArray[np.bool_], Floats]:
    """Which votes have a differential score, (votes,), and these scores: V(processed) - V(reference) + 5.

    `reference_of` names each stimulus's hidden reference, NO_REFERENCE where it has none. A vote has a
    difference only where the same rater scored its reference; a rater's several votes on it are averaged.
    """
    stimuli = len(reference_of)
    is_reference = np.zeros(stimuli, dtype=np.bool_)
    is_reference[reference_of[reference_of != NO_REFERENCE]] = True
    given = is_reference[stimulus]
    cells, place = np.unique(stimulus[given] * raters + rater[given], return_inverse=True)
    wanted = reference_of[stimulus] * raters + rater
    processed = reference_of[stimulus] != NO_REFERENCE
    if not len(cells):
        return np.zeros(len(score), dtype=np.bool_), np.empty(0)
    mean = np.bincount(place, score[given]) / np.bincount(place)
    at = np.minimum(np.searchsorted(cells, wanted), len(cells) - 1)
    counts = processed & (cells[at] == wanted)
    return counts, score[counts] - mean[at[counts]] + 5
