"""Mean opinion scores and their intervals.

A stimulus's votes come from different raters, so its interval is Student's. A mean over clips and raters (a
view angle, a method) has votes that are alike within a rater and within a clip; pooling them as if they were
independent makes intervals far too short. Those means get the cluster-robust variance, two-way over raters
and clips, V = V_rater + V_clip - V_vote (Cameron, Gelbach and Miller, "Robust inference with multiway
clustering", 2011) and, beside it, the naive pooled one. SOS: Hoßfeld, Schatz and Egger, "SOS: The MOS is not
enough!", 2011.

What is undefined (no spread from one vote, one rater or one clip) is None, never NaN.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Interval = tuple[float, float]


@dataclass(frozen=True)
class StimulusScore:
    """A stimulus: its mean, the half-width of its 95 % interval, its votes."""

    mos: float | None
    ci95: float | None
    votes: int


@dataclass(frozen=True)
class GroupScore:
    """A mean over clips and raters; both intervals are (low, high) and not cut at the scale's ends."""

    group: int
    mos: float
    ci95_clustered: Interval | None
    ci95_naive: Interval | None
    votes: int
    raters: int
    clips: int


def mos_by_stimulus(stimulus: ArrayLike, score: ArrayLike, stimuli: int) -> list[StimulusScore]:
    """MOS ± t(.975, N-1)·s/√N of stimuli 0 … stimuli-1, from columns of (votes,)."""
    codes, scores = _codes(stimulus), _floats(score)
    votes, mean, squares = _moments(codes, scores, stimuli)
    half_width = _student(votes - 1) * np.sqrt(_divided(squares, (votes - 1) * votes))
    rows = zip(nulls(mean), nulls(half_width), votes.tolist(), strict=True)
    return [StimulusScore(mos, ci95, n) for mos, ci95, n in rows]


def mos_by_group(group: ArrayLike, rater: ArrayLike, clip: ArrayLike, score: ArrayLike) -> list[GroupScore]:
    """The mean of each group that has votes, ascending; columns of (votes,).

    `group` is any whole number: a view angle, a condition, or a number that stands for both.
    """
    keys, codes = _compact(_codes(group))
    raters, clips = _compact(_codes(rater))[1], _compact(_codes(clip))[1]
    votes, mean, squares = _moments(codes, _floats(score), len(keys))
    errors = _floats(score) - mean[codes]
    v_rater, g_rater = _clustered(codes, raters, errors, votes)
    v_clip, g_clip = _clustered(codes, clips, errors, votes)
    v_vote = _divided(squares, votes * (votes - 1))
    both = v_rater + v_clip - v_vote
    variance = np.where(both > 0, both, np.maximum(v_rater, v_clip))
    clustered = _intervals(mean, _student(np.minimum(g_rater, g_clip) - 1) * np.sqrt(variance))
    naive = _intervals(mean, _student(votes - 1) * np.sqrt(v_vote))
    counts = [column.tolist() for column in (votes, g_rater, g_clip)]
    rows = zip(keys.tolist(), mean.tolist(), clustered, naive, *counts, strict=True)
    return [GroupScore(*row) for row in rows]


def sos_a(
    stimulus: ArrayLike, score: ArrayLike, stimuli: int, *, lowest: float = 1, highest: float = 5
) -> float | None:
    """The a of vote variance = a·(x - lowest)(highest - x), x being a stimulus's MOS; least squares.

    Over the stimuli with two votes or more. None where each of them lies at an end of the scale, or where a
    score lies off the scale.
    """
    scores = _floats(score)
    if len(scores) == 0 or scores.min() < lowest or scores.max() > highest:
        return None
    votes, mean, squares = _moments(_codes(stimulus), scores, stimuli)
    enough = votes >= 2
    room = (mean[enough] - lowest) * (highest - mean[enough])
    if not room.any():
        return None
    return float(np.sum(squares[enough] / votes[enough] * room) / np.sum(room**2))


def score_counts(score: ArrayLike, *, lowest: int = 1, highest: int = 5) -> list[int]:
    """How often each score of the scale was given, from `lowest` to `highest`."""
    scores = np.round(_floats(score)).astype(np.int64)
    return [int((scores == value).sum()) for value in range(lowest, highest + 1)]


def nulls(values: Iterable[float] | Floats) -> list[float | None]:
    """Plain numbers, None in place of NaN and infinity: what JSON can hold."""
    array = np.asarray(values, dtype=np.float64)
    finite = np.isfinite(array).tolist()
    return [value if kept else None for value, kept in zip(array.tolist(), finite, strict=True)]


def _codes(values: ArrayLike) -> Codes:
    return np.asarray(values, dtype=np.int64)


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _compact(values: Codes) -> tuple[Codes, Codes]:
    """The different values, ascending, and each value's place among them."""
    if values.min(initial=0) < 0 or values.max(initial=0) > 4 * len(values) + 1000:  # too far apart to count
        keys, codes = np.unique(values, return_inverse=True)
        return keys, codes
    present = np.bincount(values, minlength=1) > 0
    return np.flatnonzero(present), (np.cumsum(present) - 1)[values]


def _moments(codes: Codes, scores: Floats, groups: int) -> tuple[Codes, Floats, Floats]:
    """Number, mean and sum of squared deviations of each group, (groups,); the mean is NaN without votes."""
    votes = _codes(np.bincount(codes, minlength=groups))
    mean = _divided(np.bincount(codes, scores, minlength=groups), votes)
    squares = _floats(np.bincount(codes, (scores - mean[codes]) ** 2, minlength=groups))
    return votes, mean, squares


def _clustered(groups: Codes, clusters: Codes, errors: Floats, votes: Codes) -> tuple[Floats, Codes]:
    """G/(G-1)·Σ_g(Σ_{n in g} e_n)²/N² and G of each group, (groups,)."""
    width = int(clusters.max(initial=0)) + 1
    cells = (
        clusters * len(votes) + groups
    )  # a rater's votes mostly stand together, and so do their cells then
    if len(votes) * width > 4 * len(cells) + 1000:  # a sparse table: number only the cells that occur
        present, cells = _compact(cells)
    else:
        present = np.arange(len(votes) * width)
    group_of_cell = present % max(1, len(votes))
    sums = np.bincount(cells, errors, minlength=len(present))
    occupied = np.bincount(cells, minlength=len(present)) > 0
    number = np.bincount(group_of_cell, occupied, minlength=len(votes)).astype(np.int64)
    squares = np.bincount(group_of_cell, sums**2, minlength=len(votes))
    return _divided(number * squares, (number - 1) * votes.astype(np.float64) ** 2), number


def _divided(numerator: ArrayLike, denominator: ArrayLike) -> Floats:
    """The quotient, NaN where the denominator is zero or less."""
    top, bottom = _floats(numerator), _floats(denominator)
    return _floats(np.divide(top, bottom, out=np.full(bottom.shape, np.nan), where=bottom > 0))


def _student(degrees_of_freedom: Codes) -> Floats:
    """t(.975, df), NaN below one degree of freedom."""
    degrees = _floats(degrees_of_freedom)
    return _floats(np.where(degrees >= 1, stdtrit(np.maximum(degrees, 1), 0.975), np.nan))


def _intervals(mean: Floats, half_width: Floats) -> list[Interval | None]:
    low, high = nulls(mean - half_width), nulls(mean + half_width)
    return [None if a is None or b is None else (a, b) for a, b in zip(low, high, strict=True)]
