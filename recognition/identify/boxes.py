"""Where a body stands in the frame, and nothing of its shape: height, path, speed, bob and sway.

A method that puts the changed body into the original's bounding box keeps all of this.
"""

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
NAMES = (
    "height", "height slope", "height bend", "foot line", "foot line slope", "foot line bend",
    "middle", "speed", "middle bend", "bob", "bob frequency", "sway", "height for its place",
)  # fmt: skip
CYCLES_A_FRAME = np.linspace(0.02, 0.16, 71)  # of a bob or a sway


def box_track(boxes: NDArray[np.int64], frame_height: int) -> NDArray[np.float32]:
    """(features,), as `NAMES` has them, in pixels and frames; zeros for a walk that shows hardly anybody.

    `boxes` (frames, 4) are `silhouettes.bounding_boxes`, in frames of `frame_height` pixels.
    """
    boxes = boxes.astype(np.float64)
    shown = boxes[:, 2] > boxes[:, 0]
    if np.count_nonzero(shown) < 4:
        return np.zeros(len(NAMES), np.float32)
    frames = np.flatnonzero(shown)
    top, left, bottom, right = boxes[shown].T
    time = (frames - (len(boxes) - 1) / 2) / 25.0  # roughly seconds, 0 in mid-walk
    curves = np.stack([np.ones_like(time), time, time**2], axis=1)
    height, height_rest = _smooth(curves, bottom - top)
    foot, foot_rest = _smooth(curves, bottom)
    middle, middle_rest = _smooth(curves, (left + right) / 2)
    bob, frequency = _strongest_wave(foot_rest - height_rest, frames)  # of the head
    sway, _ = _strongest_wave(middle_rest, frames)
    place = height[0] / max(foot[0] - _horizon(frame_height), 1.0)
    return np.array([*height, *foot, *middle, bob, frequency, sway, place], np.float32)


def _smooth(curves: Float64, values: Float64) -> tuple[Float64, Float64]:
    """The three coefficients of a parabola over time, and what it leaves over."""
    coefficients = np.asarray(np.linalg.lstsq(curves, values, rcond=None)[0], np.float64)
    return coefficients, np.asarray(values - curves @ coefficients, np.float64)


def _strongest_wave(rest: Float64, frames: NDArray[np.intp]) -> tuple[float, float]:
    """Amplitude in pixels and frequency in cycles a frame of the wave that explains most of it."""
    waves = np.exp(-2j * np.pi * CYCLES_A_FRAME[:, None] * frames) @ rest * 2 / len(frames)
    strongest = int(np.abs(waves).argmax())
    return float(np.abs(waves[strongest])), float(CYCLES_A_FRAME[strongest])


def _horizon(frame_height: int) -> float:
    """The middle row: where a level camera sees the horizon, so that height over depth is stature."""
    return frame_height / 2
