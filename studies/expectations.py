"""How sure a study will be, before anyone has voted: a curve over raters, and what the standards ask of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from studies import planning_votes
from studies.models import Study
from studies.mos import planning
from studies.mos.planning import Spread
from studies.proposals import Proposal, pairs_by_view_angle
from studies.showing import ALONE, DCR_GAP_SECONDS, GAP_SECONDS

POINTS = 40
MOST = 2000  # raters


@dataclass(frozen=True)
class Expected:
    """What can be expected of a proposal."""

    raters: int
    half_width: float | None  # of MOS at one view angle under one condition
    overall: float | None  # of one condition's MOS over all view angles
    curve: "Curve | None"
    wanted: float | None
    needed: int | None  # raters for the wanted half-width; None: no number does
    view_angles: int
    clips: int  # of one condition
    pairs: int
    votes: int
    votes_a_pair: str
    votes_an_angle: str
    minutes: float
    spread: Spread
    pilot: Study | None
    advice: list[str]


@dataclass(frozen=True)
class Curve:
    """The curve in a picture of 350 x 170; `path` and places are in its units."""

    path: str
    ticks: list[tuple[float, str]]  # y, label
    marks: list[tuple[float, str]]  # x, label
    x: float
    y: float
    label_left: bool

    LEFT: ClassVar[float] = 34.0
    RIGHT: ClassVar[float] = 338.0
    TOP: ClassVar[float] = 12.0
    BOTTOM: ClassVar[float] = 140.0


@dataclass(frozen=True)
class _Plan:
    """What planning needs: clips behind one mean, and how many of them a rater scores."""

    clips: int
    votes_per_rater: float

    def half_width(self, raters: int, spread: Spread) -> float | None:
        return planning.expected_half_width(
            raters=raters, clips=self.clips, votes_per_rater=self.votes_per_rater, spread=spread
        )


def expected(
    proposal: Proposal, *, pilot: Study | None = None, wanted: float | None = None
) -> Expected | None:
    """None where the numbers make no study."""
    there = pairs_by_view_angle(proposal)
    pairs, conditions = sum(there.values()), _conditions(proposal)
    if not there or not 1 <= proposal.pairs_per_rater <= pairs or proposal.raters < 1:
        return None
    spread = (planning_votes.spread(pilot) if pilot else None) or Spread()
    share = proposal.pairs_per_rater / pairs
    fewest = max(1, min(there.values()) // conditions)  # the angle with the fewest clips is the least sure
    angle = _Plan(fewest, min(fewest, share * fewest))
    clips = max(1, pairs // conditions)
    whole = _Plan(clips, min(clips, share * clips))
    needed = None
    if wanted:
        needed = planning.raters_needed(
            wanted, clips=angle.clips, votes_per_rater=angle.votes_per_rater, spread=spread, most=MOST
        )
    votes = proposal.raters * proposal.pairs_per_rater
    return Expected(
        raters=proposal.raters,
        half_width=angle.half_width(proposal.raters, spread),
        overall=whole.half_width(proposal.raters, spread),
        curve=_curve(angle, proposal.raters, spread),
        wanted=wanted,
        needed=needed,
        view_angles=len(there),
        clips=clips,
        pairs=pairs,
        votes=votes,
        votes_a_pair=_or(votes / pairs),
        votes_an_angle=_or(votes * fewest / pairs),
        minutes=minutes(proposal),
        spread=spread,
        pilot=pilot,
        advice=_advice(proposal),
    )


def _conditions(proposal: Proposal) -> int:
    if proposal.manifest is None:
        return max(1, proposal.shown_conditions)
    return max(1, len(proposal.manifest.labels) + (proposal.template == Study.Template.ACR_HR))


def _or(mean: float) -> str:
    """`6 or 7`: what counts that differ by at most one around a mean are."""
    low, high = math.floor(mean + 1e-9), math.ceil(mean - 1e-9)
    return f"{low:,}" if low == high else f"{low:,} or {high:,}"


# --- A session ------------------------------------------------------------------------------------
def clips_a_pair(proposal: Proposal) -> int:
    alone = proposal.template in ALONE or proposal.layout == Study.Layout.SIDE_BY_SIDE
    return 1 if alone else 2


def minutes(proposal: Proposal) -> float:
    return planning.session_minutes(
        pairs=proposal.pairs_per_rater + proposal.training_pairs + proposal.check_pairs,
        clip_seconds=proposal.clip_seconds,
        clips_per_pair=clips_a_pair(proposal),
        grey_seconds=_grey_seconds(proposal),
    )


def _grey_seconds(proposal: Proposal) -> float:
    return DCR_GAP_SECONDS if proposal.template == Study.Template.DCR else GAP_SECONDS


def _advice(proposal: Proposal) -> list[str]:
    return planning.advice(
        raters=proposal.raters,
        pairs_per_rater=proposal.pairs_per_rater + proposal.check_pairs,
        training_pairs=proposal.training_pairs,
        clip_seconds=proposal.clip_seconds,
        clips_per_pair=clips_a_pair(proposal),
        grey_seconds=_grey_seconds(proposal),
    )


# --- The curve ------------------------------------------------------------------------------------
def _curve(plan: _Plan, raters: int, spread: Spread) -> Curve | None:
    """Half-widths from a third of the raters to twice as many; None where there is no interval at all."""
    first, last = max(2, raters // 3), max(10, 2 * raters)
    step = max(1, (last - first) // POINTS)
    numbers = sorted({*range(first, last + 1, step), raters, last})
    points = [(number, width) for number in numbers if (width := plan.half_width(number, spread)) is not None]
    here = plan.half_width(raters, spread)
    if here is None or len(points) < 2:
        return None
    first = points[0][0]
    top = _ceiling(max(width for _, width in points))

    def across(number: float) -> float:
        share = (number - first) / max(1, last - first)
        return float(round(Curve.LEFT + (Curve.RIGHT - Curve.LEFT) * share, 1))

    def down(width: float) -> float:
        return round(Curve.BOTTOM - (Curve.BOTTOM - Curve.TOP) * width / top, 1)

    path = "M" + "L".join(f"{across(number)} {down(width)}" for number, width in points)
    ticks = [(down(top * third / 3), f"{top * third / 3:.{1 if top >= 0.3 else 2}f}") for third in range(4)]
    marks = [(across(number), f"{number:,}") for number in _marks(first, last)]
    return Curve(path, ticks, marks, across(raters), down(here), label_left=across(raters) > 200)


def _ceiling(width: float) -> float:
    """A round number above, that thirds divide well."""
    return next((each for each in (0.15, 0.3, 0.6, 0.9, 1.5, 3.0, 6.0, 15.0) if width <= each), 30.0)


def _marks(first: int, last: int) -> Sequence[int]:
    step = next(
        (each for each in (5, 10, 20, 50, 100, 200, 500, 1000, 2000) if (last - first) / each <= 4), 5000
    )
    return [number for number in range(0, last + 1, step) if first <= number <= last - 0.15 * (last - first)]
