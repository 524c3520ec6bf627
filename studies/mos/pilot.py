"""How much raters, clips and single votes differ, out of an earlier study's votes: what planning needs to know.

A vote is taken as its group's mean + the rater's part + the clip's part + the rest, all independent. Half the
squared difference of two votes then has the mean
    σ²_rater + σ²_clip + σ²_rest   where both rater and clip differ,
               σ²_clip + σ²_rest   where the rater is the same,
    σ²_rater +           σ²_rest   where the clip is the same,
and the three variances follow from the three means (the method of moments; S. R. Searle, G. Casella and
C. E. McCulloch, "Variance Components", Wiley 1992). Sums over all pairs of votes need no loop over pairs: over
any set of n votes they are n Σu² − (Σu)².
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from studies.mos.planning import Spread

Floats = NDArray[np.float64]


def spread_of(group: ArrayLike, rater: ArrayLike, clip: ArrayLike, score: ArrayLike) -> Spread | None:
    """Standard deviations from votes given as columns; None where too few votes share raters and clips.

    `group` is what a mean is wanted for (view angle and condition): its own level is no variance.
    """
    groups, raters, clips = (
        np.unique(np.asarray(column), return_inverse=True)[1] for column in (group, rater, clip)
    )
    scores = np.asarray(score, dtype=np.float64)
    if len(scores) < 3:
        return None
    level = np.bincount(groups, scores) / np.bincount(groups)
    rest = scores - level[groups]
    same_rater, same_clip = _within(raters, rest), _within(clips, rest)
    both = _within(raters * (clips.max() + 1) + clips, rest)
    everything = _within(np.zeros(len(rest), dtype=np.int64), rest)
    neither = everything - same_rater - same_clip + both
    apart, of_rater, of_clip = (_mean(each) for each in (neither, same_rater - both, same_clip - both))
    if apart is None or of_rater is None or of_clip is None:
        return None
    variances = (apart - of_rater, apart - of_clip, of_rater + of_clip - apart)
    return Spread(*(float(np.sqrt(max(0.0, variance))) for variance in variances))


def _within(labels: NDArray[np.int64], values: Floats) -> Floats:
    """(sum of squared differences, number) over all pairs of votes with one label."""
    number = np.bincount(labels)
    squares = np.bincount(labels, values**2)
    sums = np.bincount(labels, values)
    return np.array([(number * squares - sums**2).sum(), (number * (number - 1) / 2).sum()])


def _mean(pairs: Floats) -> float | None:
    """Half the mean squared difference; None without a pair."""
    return float(pairs[0] / pairs[1] / 2) if pairs[1] > 0.5 else None
