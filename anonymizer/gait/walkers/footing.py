"""Root motion from the feet: where the body must be so that the standing foot neither slides nor sinks.

Which foot stands is told by the phase of the gait, not by which is lower: that errs by a third of the stride.
"""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]

_LEAD = 0.02  # of a cycle: the foot is loaded a little before the ankle is furthest ahead
_NEAR_GROUND = 0.012  # m above the foot's lowest point: what touches the floor
_DEEPEST = 0.02  # m a foot may sink
_SMOOTHED_OVER = 0.022  # s: keeps about seven harmonics of a usual cadence


@dataclass(frozen=True)
class Feet:
    """Both feet's points over time, (times, points, 3) each, with the pelvis held in its place."""

    left: Floats
    right: Floats


def stance_of_the_left_foot(phases: Doubles) -> Doubles:
    """How far the left foot carries the body, 0 to 1, by phase: the rest is the right foot's."""
    u = (phases + _LEAD) % 1.0
    return np.clip(np.minimum(u / 0.12, (0.62 - u) / 0.12), 0.0, 1.0)


def root_path(feet: Feet, phases: Doubles, step: float) -> Floats:
    """Where the root is at each of the equal steps, (times, 3), in metres, starting at x = y = 0."""
    left = stance_of_the_left_foot(phases)[:, None]
    low_left, moved_left = _contact(feet.left)
    low_right, moved_right = _contact(feet.right)
    moved = left * moved_left + (1 - left) * moved_right  # (times, 2), of the standing foot, by step
    path = np.concatenate([np.zeros((1, 2)), -np.cumsum(moved[:-1], axis=0)])
    path[:, 0] -= np.linspace(0.0, path[-1, 0], len(path))  # a walk keeps its line
    height = -(left[:, 0] * low_left + (1 - left[:, 0]) * low_right)
    smooth = np.column_stack(
        [_smoothed(path[:, 0], step), _smoothed(path[:, 1], step), _smoothed(height, step)]
    )
    lowest = np.minimum(low_left, low_right) + smooth[:, 2]
    smooth[:, 2] += np.maximum(0.0, -_DEEPEST - lowest)
    return smooth.astype(np.float32)


@numba.njit(cache=True)
def _contact(foot):  # type: ignore[no-untyped-def]
    """The lowest point's height (times,), and how far the points near the ground move to the next step,
    (times, 2) as (x, y)."""
    times, count = foot.shape[:2]
    low = np.empty(times)
    moved = np.zeros((times, 2))
    for t in range(times):
        low[t] = foot[t, :, 2].min()
        if t + 1 == times:
            break
        touching = 0
        for i in range(count):
            if foot[t, i, 2] <= low[t] + _NEAR_GROUND:
                touching += 1
                moved[t, 0] += foot[t + 1, i, 0] - foot[t, i, 0]
                moved[t, 1] += foot[t + 1, i, 1] - foot[t, i, 1]
        moved[t] /= touching
    return low, moved


def _smoothed(values: Doubles, step: float) -> Doubles:
    """Gaussian smoothing about the straight line from the first to the last value."""
    line = np.linspace(values[0], values[-1], len(values))
    reach = int(np.ceil(3 * _SMOOTHED_OVER / step))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / _SMOOTHED_OVER) ** 2)
    padded = np.pad(values - line, reach, mode="reflect", reflect_type="odd")
    smooth: Doubles = line + np.convolve(padded, kernel / kernel.sum(), mode="valid")
    return smooth
