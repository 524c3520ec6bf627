"""The path through the picture of a camera that nobody knows: where the floor is under the walker, and how large a
metre is there, as smooth curves over time.

Without the camera, a tall person far away can't be told from a small one near by. So the original's height in the
picture stands for the public mean stature: donors keep their own stature relative to it, but the original's shows
through. That lies outside the guarantee; crops that were scaled to one height show none to begin with.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.replace_best_observed import Observed
from anonymizer.gait.replace_best_public import public

Doubles: TypeAlias = NDArray[np.float64]

_USUAL_SPEED = 1.2  # m/s
_STILL = 0.3  # of the movement to expect of a walk: less, and the frame follows the walker
_EXACTLY = 0.006  # standard deviation of heights over their mean, in crops that were scaled to one height
_SIDEWAYS = 0.4  # |sin of the view angle| from which the speed can be seen in the picture
_FEWEST_FRAMES = 8  # in which a speed can be seen
_CAMERA_DISTANCE = 5.0  # m, only to tell coming nearer from standing still


@dataclass(frozen=True, eq=False)
class FramePath:
    """The path in the picture, a value a frame."""

    columns: Doubles  # of the trunk
    bottoms: Doubles  # row of the lowest foot, in the mean over the cycle
    heights: Doubles  # pixels, of the original's box
    followed: bool  # the frame goes with the walker: there is no path in it
    one_height: bool  # every body was scaled to the same height
    speed: float | None  # m/s, where it can be seen
    rightward: bool | None  # where it can be seen


def frame_path(view: Observed, view_angle: int) -> FramePath:
    """The smooth path of one view."""
    heights = _smooth(view, view.heights)
    columns, bottoms = _smooth(view, view.columns), _smooth(view, view.bottoms)
    followed = _followed(view, columns, heights)
    one_height = followed and float(np.std(view.heights)) < _EXACTLY * float(np.mean(view.heights))
    across = float(np.polyfit(view.times, view.columns, 1)[0]) if len(view.used) >= 2 else 0.0
    metres = float(np.mean(heights)) / public(view_angle).height
    sideways = abs(np.sin(np.radians(view_angle)))
    seen = not followed and sideways >= _SIDEWAYS and len(view.used) >= _FEWEST_FRAMES
    speed = float(np.clip(abs(across) / (metres * sideways), 0.3, 3.0)) if seen else None
    rightward = across > 0 if seen else None
    return FramePath(columns, bottoms, heights, followed, one_height, speed, rightward)


def _smooth(view: Observed, values: Doubles) -> Doubles:
    """(frames,): the parabola through the values; a line or a constant where there are few. Outliers count less."""
    degree = min(2, len(values) // 6)
    times = (np.arange(view.frames) - (view.frames - 1) / 2) / max(1.0, (view.frames - 1) / 2)
    weights = np.ones(len(values))
    for _ in range(4):
        curve = np.polynomial.Polynomial.fit(times[view.used], values, degree, domain=[-1, 1], w=weights)
        off = np.abs(values - curve(times[view.used]))
        usual = max(0.5, 1.5 * float(np.median(off)))
        weights = np.minimum(1.0, usual / np.maximum(off, 1e-9))
    # Not beyond what was seen: a parabola runs away.
    return np.asarray(curve(np.clip(times, times[view.used[0]], times[view.used[-1]])), np.float64)


def _followed(view: Observed, columns: Doubles, heights: Doubles) -> bool:
    """Whether the body moves across and towards the camera less than walking would move it."""
    first, last = int(view.used[0]), int(view.used[-1])
    height = float(np.mean(heights))
    stature = public(90).height
    across = abs(columns[last] - columns[first]) / height * stature
    nearer = abs(np.log(heights[last] / heights[first])) * _CAMERA_DISTANCE
    expected = _USUAL_SPEED * (view.times[-1] - view.times[0])
    return bool(np.hypot(across, nearer) < _STILL * expected) or last == first
