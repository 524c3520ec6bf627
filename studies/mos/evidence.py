"""Two screens that look at evidence instead of at scores: check pairs with a known answer, and playback."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

NEAR = 1.0  # points: a check is passed by a score this near to what is expected
LEAST_PASSED = 2 / 3  # of the checks a rater answered
WATCHED = 0.95  # of each clip
STALLS = 2  # more of them while a pair plays spoil its vote
MOST_SPOILT = 0.2  # of the votes whose playback was reported


@dataclass(frozen=True)
class Checks:
    """Checks passed and answered by each rater, (raters,), and the raters (codes) to reject."""

    passed: Codes
    answered: Codes
    rejected: list[int]


@dataclass(frozen=True)
class Playback:
    """Of each rater, (raters,): reported votes, spoilt ones, stalls in all, mean watched share (NaN: unknown)."""

    reported: Codes
    spoilt: Codes
    stalls: Codes
    watched: Floats
    rejected: list[int]


def checks(rater: Codes, score: Floats, expected: Floats, raters: int) -> Checks:
    """Who passed fewer than two thirds of the check pairs they answered; columns of (answers,)."""
    near = np.abs(score - expected) <= NEAR
    passed, answered = (_counts(codes, raters) for codes in (rater[near], rater))
    rejected = np.flatnonzero(passed < LEAST_PASSED * answered - 1e-9)
    return Checks(passed, answered, rejected.tolist())


def playback(rater: Codes, watched: Floats, stalls: Codes, raters: int) -> Playback:
    """Who gave over a fifth of their votes on pairs that stalled often or weren't watched to the end.

    Columns of (votes,); watched is NaN and stalls below 0 where nothing was reported, which tells nothing.
    """
    reported = ~np.isnan(watched)
    bad = (reported & (watched < WATCHED)) | (stalls > STALLS)
    known = reported | (stalls >= 0)
    votes, spoilt = (_counts(rater[these], raters) for these in (known, bad))
    sums = np.bincount(rater[reported], watched[reported], minlength=raters)
    number = _counts(rater[reported], raters)
    return Playback(
        reported=votes,
        spoilt=spoilt,
        stalls=np.bincount(rater, np.maximum(stalls, 0), minlength=raters).astype(np.int64),
        watched=np.where(number > 0, sums / np.maximum(number, 1), np.nan),
        rejected=np.flatnonzero(spoilt > MOST_SPOILT * votes + 1e-9).tolist(),
    )


def _counts(codes: Codes, number: int) -> Codes:
    return np.asarray(np.bincount(codes, minlength=number), dtype=np.int64)
