"""How sure a study will be before anyone has voted, and what the recommendations ask of it.

A mean over R raters, C clips and N votes has the variance σ²_rater·Σ n_i²/N² + σ²_clip·Σ n_j²/N² + σ²_rest/N,
n_i being rater i's votes and n_j clip j's: more raters can't make up for few clips. Numbers of raters,
session and practice: ITU-T P.910 and P.913.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

RATERS = {"controlled": 24, "uncontrolled": 35}
SESSION_MINUTES = 30
CLIP_SECONDS = 10
CHOOSING_SECONDS = 5  # beside the clips and the grey between them
TRAINING_PAIRS = 5


@dataclass(frozen=True)
class Spread:
    """Standard deviations of votes, in scores: between raters, between clips, and the rest."""

    rater: float = 0.35
    clip: float = 0.45
    rest: float = 0.7

    def __post_init__(self) -> None:
        if not all(deviation >= 0 for deviation in (self.rater, self.clip, self.rest)):  # NaN is not
            raise ValueError(f"Standard deviations must be 0 or more, not {self}.")


def expected_half_width(
    *, raters: int, clips: int, votes_per_rater: float, spread: Spread | None = None
) -> float | None:
    """The 95 % clustered interval's expected half-width for a mean over `clips` clips.

    `votes_per_rater` is how many of these clips each rater scores on average (pairs per rater over view
    angles, say); below 1, only that share of the raters sees one. None where fewer than two raters or clips
    remain.
    """
    if raters < 0 or clips < 0 or not 0 <= votes_per_rater <= clips:
        raise ValueError(f"{votes_per_rater} votes per rater must lie between 0 and the {clips} clips.")
    spread = spread or Spread()
    votes = raters * votes_per_rater
    present = raters * min(1.0, votes_per_rater)
    degrees = np.floor(min(present, clips, votes)) - 1
    if degrees < 1:
        return None
    variance = spread.rater**2 * _uneven(votes_per_rater, raters) / votes**2
    variance += spread.clip**2 * _uneven(votes / clips, clips) / votes**2
    variance += spread.rest**2 / votes
    return float(stdtrit(degrees, 0.975) * np.sqrt(variance))


def _uneven(mean: float, number: int) -> float:
    """Σ n² over `number` counts that differ by at most one around `mean`."""
    low = float(np.floor(mean))
    above = mean - low
    return number * (low**2 * (1 - above) + (low + 1) ** 2 * above)


def raters_needed(
    half_width: float,
    *,
    clips: int,
    votes_per_rater: float,
    spread: Spread | None = None,
    most: int = 2000,
) -> int | None:
    """The fewest raters whose expected half-width is at most `half_width`; None where `most` don't suffice.

    None usually means that more clips are needed, since their spread stays however many people look at them.
    """
    if half_width <= 0:
        raise ValueError(f"An interval's half-width must be above 0, not {half_width}.")
    for raters in range(2, most + 1):  # one by one, since uneven shares can widen it again a little
        expected = expected_half_width(
            raters=raters, clips=clips, votes_per_rater=votes_per_rater, spread=spread
        )
        if expected is not None and expected <= half_width:
            return raters
    return None


def session_minutes(
    *,
    pairs: int,
    clip_seconds: float,
    clips_per_pair: int = 2,
    grey_seconds: float = 1,
    choosing_seconds: float = CHOOSING_SECONDS,
) -> float:
    """How long `pairs` presentations take, practice and checks counted in."""
    seconds = clips_per_pair * clip_seconds + (clips_per_pair - 1) * grey_seconds + choosing_seconds
    return pairs * seconds / 60


def advice(
    *,
    raters: int,
    pairs_per_rater: int,
    training_pairs: int,
    clip_seconds: float,
    clips_per_pair: int = 2,
    grey_seconds: float = 1,
    controlled: bool = False,
) -> list[str]:
    """What a study lacks by the recommendations, a sentence each; empty where it lacks nothing."""
    surroundings = "controlled" if controlled else "uncontrolled"
    enough = RATERS[surroundings]
    minutes = session_minutes(
        pairs=pairs_per_rater + training_pairs,
        clip_seconds=clip_seconds,
        clips_per_pair=clips_per_pair,
        grey_seconds=grey_seconds,
    )
    sentences = []
    if raters < enough:
        sentences.append(
            f"{raters} raters: use at least {enough} after screening in {surroundings} surroundings."
        )
    if minutes > SESSION_MINUTES:
        sentences.append(f"A session takes {minutes:.0f} minutes: keep it to {SESSION_MINUTES}.")
    if clip_seconds < CLIP_SECONDS:
        sentences.append(f"Clips of {clip_seconds:g} seconds: {CLIP_SECONDS} are recommended.")
    if training_pairs < TRAINING_PAIRS:
        sentences.append(f"{training_pairs} practice pairs: use at least {TRAINING_PAIRS}.")
    return sentences
