"""The gait cycle of a walk, and which frame of one walk shows the same moment of it as a frame of another.

Both work on small shapes: the silhouettes scaled to equal height, less what stays and what drifts slowly over
the walk, so that the swing of the limbs is compared, not the body, nor the view that changes on the way.
The cycle is the lag at which a walk is most like itself (self-similarity, after Cutler and Davis 2000).

A cycle is two steps. Seen from the side one step looks like the next, so that a step fits as well as a cycle.
At the usual 25 to 30 frames/s people need 19 to 40 frames a cycle, so a lag of 9.5 to 18.5 is a step.
Anything shorter comes from a recording with fewer frames a second and is taken as the cycle itself.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.bodies import scaled
from anonymizer.gait.silhouettes import Silhouettes, blank_frames

SHORTEST_LAG, LONGEST_LAG = 5, 42  # frames searched for a cycle
SHORTEST_STEP, LONGEST_STEP = 9.5, 18.5  # frames; see above
_FEWEST_PAIRS = 10  # frames that must be left to compare at a lag
_AS_DEEP = 0.1  # dips less than this share of the greatest unlikeness apart are equally good
_RELIABLE = 0.65  # a cycle later a walk may be unlike itself by this share of the most unlike before
_LEAST_SWING = 1.0  # squared swing of 32 x 24 pixels below which nothing swings, it only flickers
_RATES = np.linspace(0.92, 1.08, 9)  # a donor is played up to this much off the rate that the two cycles give
_RATES_WITHOUT_CYCLE = np.geomspace(0.75, 4, 33)  # 4: recordings of 6 to 7 frames a second

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class WalkFeatures:
    """What comparing walks needs: small, so that a bank's can be computed once and kept."""

    swings: Float32  # (frames, 768): small shapes less their mean and linear trend
    blank: NDArray[np.bool_]  # (frames,)
    cycle: float | None  # frames a gait cycle, the best guess; None where the walk is too short to guess
    reliable: bool  # whether the guess can be trusted


Walk: TypeAlias = Silhouettes | WalkFeatures


def walk_features(silhouettes: Silhouettes) -> WalkFeatures:
    """What `period` and `phase_map` need to know of a walk, (frames, height, width): compute it once, use it often."""
    blank = blank_frames(silhouettes)
    swings = _swings(silhouettes, blank)
    cycle, reliable = _cycle(swings, blank)
    return WalkFeatures(swings, blank, cycle, reliable)


def period(walk: Walk) -> float | None:
    """Frames in a full gait cycle (two steps), or None where the walk shows none reliably."""
    features = _features(walk)
    return features.cycle if features.reliable else None


def phase_map(original: Walk, donor: Walk) -> NDArray[np.float64]:
    """`(frames of original,)`: for each frame the donor's frame at the same moment of the gait cycle.

    Whole numbers, 0 to the donor's last frame. The donor plays on at one steady rate from one offset and goes
    back by whole cycles of its own where its frames end; offset and rate are those with the least difference.
    """
    return _best_way(_features(original), _features(donor))[1]


def disagreement(original: Walk, donor: Walk) -> float:
    """How far apart the two walks' swings remain where they agree best: comparable between donors of one walk."""
    return _best_way(_features(original), _features(donor))[0]


def _best_way(ours: WalkFeatures, theirs: WalkFeatures) -> tuple[float, NDArray[np.float64]]:
    """The least mean difference, and the donor's frames that give it."""
    if ours.blank.all() or theirs.blank.all():
        raise ValueError("walks without a frame that shows a body can't be brought into phase")
    differences = _differences(ours.swings, theirs.swings)
    differences[:, theirs.blank] = differences.max() + 1  # nothing to show there
    found = [_least(differences, frames) for frames in _candidate_frames(ours, theirs)]
    return min(found, key=lambda each: each[0])


def _least(differences: Float32, frames: NDArray[np.intp]) -> tuple[float, NDArray[np.float64]]:
    """Of the ways to play the donor, (rates, offsets, frames), the one that differs least."""
    cost = differences[np.arange(len(differences)), frames].mean(axis=2)
    best = np.unravel_index(int(cost.argmin()), cost.shape)
    return float(cost[best]), np.asarray(frames[best], np.float64)


def _features(walk: Walk) -> WalkFeatures:
    return walk if isinstance(walk, WalkFeatures) else walk_features(walk)


def small_shapes(silhouettes: Silhouettes) -> Float32:
    """`(frames, 768)`: the bodies scaled to 32 x 24, shaded 0 to 1 at the edges."""
    return halved(scaled(silhouettes, 64, 48))


def halved(bodies: Silhouettes) -> Float32:
    """`(frames, 768)`: scaled bodies (frames, 64, 48) at half the size, shaded 0 to 1 at the edges."""
    pixels = bodies.view(np.uint8)
    rows = pixels[:, ::2] + pixels[:, 1::2]
    shades = (rows[:, :, ::2] + rows[:, :, 1::2]).astype(np.float32) * np.float32(0.25)
    return np.asarray(shades.reshape(-1, 768), np.float32)


def take_off_trend(shapes: Float32, shown: NDArray[np.bool_]) -> None:
    """Take from the frames shown, in place, every pixel's mean and linear trend over them; shapes (frames, pixels)."""
    time = np.linspace(-1, 1, len(shapes), dtype=np.float32)[shown]
    slow, _ = np.linalg.qr(np.stack([np.ones_like(time), time], axis=1))
    shapes[shown] -= slow @ (slow.T @ shapes[shown])


def _swings(silhouettes: Silhouettes, blank: NDArray[np.bool_]) -> Float32:
    """`(frames, 768)`: the small shapes less their mean and linear trend; blank frames zero."""
    swings = small_shapes(silhouettes)
    if not blank.all():
        take_off_trend(swings, ~blank)
    return swings


def _differences(a: Float32, b: Float32) -> Float32:
    """`(frames of a, frames of b)`: squared distances."""
    squares = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None]
    return np.asarray(np.maximum(squares - 2 * (a @ b.T), 0), np.float32)


def _cycle(swings: Float32, blank: NDArray[np.bool_]) -> tuple[float | None, bool]:
    by_lag = _unlikeness_by_lag(swings, blank)
    dips = _dips(by_lag)
    if len(dips) == 0:
        return None, False
    lag = int(dips[by_lag[dips] <= by_lag[dips].min() + _AS_DEEP * by_lag.max()][0])
    if SHORTEST_STEP < lag + _vertex(by_lag, lag) < LONGEST_STEP:
        lag = _two_steps(lag, dips)
    by_chance = 1 - 1.5 / (len(swings) - lag) ** 0.5  # as like itself as this, few frames may be by chance
    reliable = float(by_lag[lag]) < min(by_chance, _RELIABLE * float(by_lag[:lag].max()))
    return lag + _vertex(by_lag, lag), reliable


def _unlikeness_by_lag(swings: Float32, blank: NDArray[np.bool_]) -> NDArray[np.float64]:
    """For frames 0, 1, 2 … apart: their squared difference over the sum of their squares.

    0 where they are equal, 1 where they have nothing to do with each other, up to 2 where they are opposite.
    Ends where too few frames are left, or at once where nothing swings but flickers.
    """
    differences, squares = _differences(swings, swings), (swings * swings).sum(axis=1)
    shown = ~(blank[:, None] | blank[None])
    values: list[float] = []
    for lag in range(min(LONGEST_LAG + 2, len(swings))):
        pairs = shown.diagonal(lag)
        size = float((squares[: len(pairs)] + squares[lag:])[pairs].sum())
        if np.count_nonzero(pairs) < _FEWEST_PAIRS or size < _LEAST_SWING * np.count_nonzero(pairs):
            break
        values.append(float(differences.diagonal(lag)[pairs].sum()) / size)
    return np.array(values)


def _dips(by_lag: NDArray[np.float64]) -> NDArray[np.intp]:
    """The lags at which the difference is less than just before and after."""
    lags = np.arange(SHORTEST_LAG, len(by_lag) - 1)
    return lags[(by_lag[lags] < by_lag[lags - 1]) & (by_lag[lags] <= by_lag[lags + 1])]


def _two_steps(step: int, dips: NDArray[np.intp]) -> int:
    """The dip at twice the step; the step itself where the walk is too short to show it."""
    nearest = int(dips[np.abs(dips - 2 * step).argmin()])
    return nearest if abs(nearest - 2 * step) <= 2 else step


def _vertex(by_lag: NDArray[np.float64], lag: int) -> float:
    """How far from a dip, -0.5 to 0.5, the parabola through it and its neighbours is lowest."""
    before, here, after = by_lag[lag - 1 : lag + 2].tolist()
    bend = before - 2 * here + after
    return min(0.5, max(-0.5, (before - after) / (2 * bend))) if bend > 0 else 0.0


def _candidate_frames(ours: WalkFeatures, theirs: WalkFeatures) -> list[NDArray[np.intp]]:
    """`(rates, offsets, frames)` for each length that the donor's cycle may have: every way to play it along."""
    last = len(theirs.swings) - 1
    candidates = []
    lengths = _lengths(theirs.cycle) if theirs.cycle else (float(last + 1),)
    for cycle in [each for each in lengths if each <= last + 1] or lengths[:1]:
        rates = _rates(ours, theirs, cycle)
        time = np.arange(len(ours.swings))
        positions = np.arange(0, cycle, 0.5)[None, :, None] + rates[:, None, None] * time
        cycles_back = np.ceil(np.maximum(positions - last, 0) / cycle)
        candidates.append(np.asarray(np.clip(np.rint(positions - cycles_back * cycle), 0, last), np.intp))
    return candidates


def _rates(ours: WalkFeatures, theirs: WalkFeatures, cycle: float) -> NDArray[np.float64]:
    """How fast a donor of that cycle may be played: a guess that can't be trusted is tried beside going without one."""
    if not (ours.cycle and theirs.cycle):
        return _RATES_WITHOUT_CYCLE
    known = [_RATES * (cycle / own) for own in _lengths(ours.cycle)]
    sure = ours.reliable and theirs.reliable
    return np.concatenate(known if sure else [_RATES_WITHOUT_CYCLE, *known])


def _lengths(cycle: float) -> tuple[float, ...]:
    """A lag as short as a step is one, or the cycle of a recording with few frames a second: both are tried."""
    return (cycle, 2 * cycle) if cycle <= LONGEST_STEP else (cycle,)
