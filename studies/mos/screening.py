"""Which raters to set aside: BT.500, correlation with the others, and BT.500 once biases are removed (P.913).

BT.500 (ITU-R BT.500-15, Annex 1) with two corrections, which change nothing on full tables without unanimous
stimuli: a unanimous stimulus, where every score is both far above and far below, is skipped; and a rater's
share of far scores is of the stimuli the rater saw. In sparse designs (30 of 400) BT.500 as it is usually written
finds nobody; corrected it finds about half of those who click at random and rejects some honest raters. Correlation
is the screen that works there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studies.mos.ratings import Ratings
from studies.mos.statistics import nulls

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

FAR_SHARE = 0.05
ONE_SIDED = 0.3
CORRELATION = 0.7
ROUNDING = 1e-9  # a score exactly at a limit counts, whatever the last bit says
FEWEST_STIMULI = 3  # a correlation over two stimuli is always 1 or -1


@dataclass(frozen=True)
class Bt500Screening:
    """Raters to reject (codes), and how often each scored far above and far below, (raters,)."""

    rejected: list[int]
    far_above: list[int]
    far_below: list[int]


@dataclass(frozen=True)
class CorrelationScreening:
    """Raters to reject, each rater's correlation with the others' MOS, and the threshold.

    The correlation is None where it is undefined, and the rater neither rejected nor part of the threshold: a
    rater who always gives the same score, or shares fewer than three stimuli with others. `undefined` lists
    these raters, since always the same score is itself worth a look.
    """

    rejected: list[int]
    correlations: list[float | None]
    threshold: float | None
    undefined: list[int]


def bt500(ratings: Ratings) -> Bt500Screening:
    """ITU-R BT.500's rejection of raters whose scores are often far off on both sides."""
    stimuli, raters = len(ratings.stimuli), len(ratings.raters)
    mean, deviation, kurtosis = _shape(ratings.stimulus, ratings.score, stimuli)
    reach = np.where((kurtosis >= 2 - ROUNDING) & (kurtosis <= 4 + ROUNDING), 2.0, np.sqrt(20.0)) * deviation
    off, limit = ratings.score - mean[ratings.stimulus], reach[ratings.stimulus]
    scattered = limit > 0
    above = np.bincount(ratings.rater[scattered & (off >= limit - ROUNDING)], minlength=raters)
    below = np.bincount(ratings.rater[scattered & (off <= ROUNDING - limit)], minlength=raters)
    seen = np.bincount(ratings.rater, minlength=raters)
    far = above + below
    often = far > FAR_SHARE * seen
    both_sides = np.abs(above - below) < ONE_SIDED * far
    return Bt500Screening(np.flatnonzero(often & both_sides).tolist(), above.tolist(), below.tolist())


def p913(ratings: Ratings) -> Bt500Screening:
    """BT.500's rejection after each rater's bias is subtracted (ITU-T P.913, 12.4)."""
    return bt500(ratings.with_scores(without_bias(ratings)))


def without_bias(ratings: Ratings) -> Floats:
    """The scores less their rater's bias, the mean of u_ij - MOS_j over what the rater saw, (votes,)."""
    mos = _mean(ratings.stimulus, ratings.score, len(ratings.stimuli))
    bias = _mean(ratings.rater, ratings.score - mos[ratings.stimulus], len(ratings.raters))
    return ratings.score - bias[ratings.rater]


def correlation(ratings: Ratings) -> CorrelationScreening:
    """Rejects raters whose scores follow the others' too little.

    r is Pearson's between a rater's scores and the MOS of the others; the threshold is .7 where the raters'
    mean r less its (ddof 0) deviation is above that, else that difference; an r up to the threshold rejects.
    """
    others, known = _mos_of_others(ratings)
    r = _pearson(ratings.rater[known], ratings.score[known], others[known], len(ratings.raters))
    defined = np.isfinite(r)
    voted = np.bincount(ratings.rater, minlength=len(r)) > 0
    undefined = np.flatnonzero(voted & ~defined).tolist()
    if not defined.any():
        return CorrelationScreening([], nulls(r), None, undefined)
    threshold = min(CORRELATION, float(r[defined].mean() - r[defined].std()))
    rejected = np.flatnonzero(defined & (np.where(defined, r, 1) <= threshold)).tolist()
    return CorrelationScreening(rejected, nulls(r), threshold, undefined)


def _mos_of_others(ratings: Ratings) -> tuple[Floats, NDArray[np.bool_]]:
    """For each vote the mean of the other raters' on its stimulus, and whether there are any, (votes,)."""
    _, cell = np.unique(ratings.stimulus * len(ratings.raters) + ratings.rater, return_inverse=True)
    own_sum, own_votes = np.bincount(cell, ratings.score)[cell], np.bincount(cell)[cell]
    total = np.bincount(ratings.stimulus, ratings.score)[ratings.stimulus]
    votes = np.bincount(ratings.stimulus)[ratings.stimulus] - own_votes
    return (total - own_sum) / np.maximum(votes, 1), votes > 0


def _pearson(rater: Codes, a: Floats, b: Floats, raters: int) -> Floats:
    """Pearson's r of columns a and b within each rater, (raters,); NaN where undefined."""
    a = a - _mean(rater, a, raters)[rater]
    b = b - _mean(rater, b, raters)[rater]
    products, squares_a, squares_b = (
        np.bincount(rater, values, minlength=raters) for values in (a * b, a * a, b * b)
    )
    enough = np.bincount(rater, minlength=raters) >= FEWEST_STIMULI
    varied = enough & (squares_a > 1e-12) & (squares_b > 1e-12)  # rounding leaves a little of nothing
    size = np.sqrt(np.where(varied, squares_a * squares_b, 1.0))
    return np.where(varied, products / size, np.nan)


def _mean(codes: Codes, values: Floats, groups: int) -> Floats:
    """The mean of each group, 0 without votes, (groups,)."""
    votes = np.bincount(codes, minlength=groups)
    return np.asarray(np.bincount(codes, values, minlength=groups) / np.maximum(votes, 1), dtype=np.float64)


def _shape(codes: Codes, scores: Floats, groups: int) -> tuple[Floats, Floats, Floats]:
    """Mean, ddof-0 deviation and kurtosis m4/m2² of each group, (groups,); kurtosis 0 without spread."""
    mean = _mean(codes, scores, groups)
    off = scores - mean[codes]
    second, fourth = _mean(codes, off**2, groups), _mean(codes, off**4, groups)
    second = np.where(second > 1e-12, second, 0.0)  # a unanimous stimulus, but for rounding
    return mean, np.sqrt(second), fourth / np.where(second > 0, second, 1.0) ** 2
