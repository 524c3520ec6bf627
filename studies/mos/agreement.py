"""How far raters agree: intraclass correlations and Krippendorff's alpha.

ICC(2,1) and ICC(2,k) are those of Shrout and Fleiss (1979): both random, absolute agreement.
Both follow from three variance components, σ² of stimuli, raters and the rest. On a full table these are the
usual mean squares' and give the usual ICCs exactly; with votes missing they are Henderson's (1953, method 1),
unbiased when who saw what was left to chance, as the seats do. Krippendorff: "Computing Krippendorff's
alpha-reliability" (2011). Undefined values are None.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studies.mos.ratings import Ratings

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class VarianceComponents:
    """Variances of a vote: between stimuli, between raters, and the rest. Estimates; one may be negative."""

    stimulus: float
    rater: float
    rest: float


@dataclass(frozen=True)
class Agreement:
    """`icc_2_k` is of the mean of as many votes as a stimulus has (their harmonic mean where that varies)."""

    icc_2_1: float | None
    icc_2_k: float | None
    krippendorff_alpha_interval: float | None
    krippendorff_alpha_ordinal: float | None


def agreement(ratings: Ratings) -> Agreement:
    """How far raters agree, each measure None where it is undefined; k = the harmonic mean of votes a stimulus."""
    parts = variance_components(ratings)
    votes = np.bincount(ratings.stimulus)
    k = float(1 / np.mean(1 / votes[votes > 0])) if len(ratings.score) else 1.0
    return Agreement(
        icc_2_1=_icc(parts, 1.0),
        icc_2_k=_icc(parts, k),
        krippendorff_alpha_interval=krippendorff_alpha(ratings),
        krippendorff_alpha_ordinal=krippendorff_alpha(ratings, ordinal=True),
    )


def _icc(parts: VarianceComponents | None, k: float) -> float | None:
    if parts is None:
        return None
    total = parts.stimulus + (parts.rater + parts.rest) / k
    return parts.stimulus / total if total > 1e-12 else None


def variance_components(ratings: Ratings) -> VarianceComponents | None:
    """The three components; None with fewer than two stimuli or raters, or too few votes to tell them apart.

    Each sum of squares T has an expectation linear in the components (`_expectations`); three differences of
    them are solved for the three components.
    """
    score = ratings.score - ratings.score.mean() if len(ratings.score) else ratings.score
    j, i = _compact(ratings.stimulus), _compact(ratings.rater)
    n_j, n_i = np.bincount(j), np.bincount(i)
    if len(n_j) < 2 or len(n_i) < 2 or len(score) <= len(n_j) + len(n_i) - 1:
        return None
    t_j = float(np.sum(np.bincount(j, score) ** 2 / n_j))
    t_i = float(np.sum(np.bincount(i, score) ** 2 / n_i))
    t_all = float(np.sum(score**2))
    right = np.array([t_j, t_i, t_all - t_j - t_i])
    left = _expectations(j, i, n_j, n_i)
    if abs(np.linalg.det(left / np.abs(left).max())) < 1e-12:
        return None
    return VarianceComponents(*np.linalg.solve(left, right).tolist())


def _expectations(j: Codes, i: Codes, n_j: Codes, n_i: Codes) -> Floats:
    """What each component's unit adds to T_j - T_mean, T_i - T_mean, T_all - T_j - T_i + T_mean, (3, 3)."""
    votes = len(j)
    cells, together = np.unique(j * len(n_i) + i, return_counts=True)
    shared = together.astype(np.float64) ** 2
    raters_in_stimuli = float(np.sum(shared / n_j[cells // len(n_i)]))
    stimuli_in_raters = float(np.sum(shared / n_i[cells % len(n_i)]))
    t_j = np.array([votes, raters_in_stimuli, len(n_j)])
    t_i = np.array([stimuli_in_raters, votes, len(n_i)])
    t_mean = np.array([np.sum(n_j.astype(float) ** 2), np.sum(n_i.astype(float) ** 2), votes]) / votes
    return np.stack([t_j - t_mean, t_i - t_mean, votes - t_j - t_i + t_mean])


def krippendorff_alpha(ratings: Ratings, *, ordinal: bool = False) -> float | None:
    """1 - observed over expected disagreement, with squared differences of scores (interval).

    The ordinal metric's difference of two scores is that of their middle ranks among all pairable scores, so
    the same sums on ranks give it. None where no stimulus has two votes, or all scores are the same.
    """
    per_stimulus = np.bincount(ratings.stimulus, minlength=1)
    pairable = per_stimulus[ratings.stimulus] >= 2
    j, values = _compact(ratings.stimulus[pairable]), ratings.score[pairable]
    if len(values) == 0:
        return None
    values = _middle_ranks(values) if ordinal else values
    n, n_j = len(values), np.bincount(j)
    off = values - (np.bincount(j, values) / n_j)[j]
    observed = float(np.sum(np.bincount(j, off**2) * n_j / (n_j - 1))) / n
    expected = float(np.sum((values - values.mean()) ** 2)) / (n - 1)
    return 1 - observed / expected if expected > 1e-12 else None


def _middle_ranks(values: Floats) -> Floats:
    _, code, count = np.unique(values, return_inverse=True, return_counts=True)
    middles: Floats = np.cumsum(count) - count / 2
    return middles[code]


def _compact(codes: Codes) -> Codes:
    return np.asarray(np.unique(codes, return_inverse=True)[1], dtype=np.int64)
