"""Eleven cameras around the walkway, as CASIA-B's: 0° looks the walker in the face, 90° sees the left side,
180° the back. Distances and focal length make people as large as in CASIA-B's 320 × 240 pictures."""

import functools
import math
from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

CASIA_B_VIEW_ANGLES = (0, 18, 36, 54, 72, 90, 108, 126, 144, 162, 180)
HEIGHT, WIDTH = 240, 320  # pixels
FRAMES_PER_SECOND = 25
_FOCAL_LENGTH = 345.0  # pixels
_CAMERA_HEIGHT = 1.15  # m
_AIMED_AT = 0.86  # m above the middle of the walkway


def checked_view_angles(view_angles: Sequence[int]) -> list[int]:
    """The view angles as int, each once; ValueError where there is none or one is no angle from 0 to 180."""
    angles = list(dict.fromkeys(int(angle) for angle in view_angles))
    wrong = [angle for angle in angles if not 0 <= angle <= 180]
    if wrong or not angles:
        raise ValueError(
            f"view_angles must be at least one angle from 0 to 180 degrees, not {wrong or 'none'}"
        )
    return angles


def distance(view_angle: float) -> float:
    """Metres from the middle of the walkway to the camera, over the floor."""
    return 4.7 + 1.7 * math.cos(math.radians(view_angle)) ** 2


@functools.cache
def camera(view_angle: float) -> Floats:
    """The camera as (3, 4), not to be written to: a point of the world, in metres, to (right, down, depth)."""
    angle = math.radians(view_angle)
    reach = distance(view_angle)
    eye = np.array([reach * math.sin(angle), -reach * math.cos(angle), _CAMERA_HEIGHT])
    depth = np.array([0.0, 0.0, _AIMED_AT]) - eye
    depth /= math.sqrt(float((depth**2).sum()))
    right = np.cross(depth, [0.0, 0.0, 1.0])
    right /= math.sqrt(float((right**2).sum()))
    axes = np.stack([right, np.cross(depth, right), depth])
    view = np.column_stack([axes, -(axes * eye).sum(axis=1)]).astype(np.float32)
    view.flags.writeable = False
    return view


@numba.njit(cache=True)
def _project(points, view):  # type: ignore[no-untyped-def]
    times, count = points.shape[:2]
    out = np.empty((times, count, 2), np.float32)
    for t in range(times):
        for i in range(count):
            x, y, z = points[t, i]
            depth = view[2, 0] * x + view[2, 1] * y + view[2, 2] * z + view[2, 3]
            scale = np.float32(_FOCAL_LENGTH) / depth
            right = view[0, 0] * x + view[0, 1] * y + view[0, 2] * z + view[0, 3]
            down = view[1, 0] * x + view[1, 1] * y + view[1, 2] * z + view[1, 3]
            out[t, i, 0] = right * scale + np.float32(WIDTH / 2)
            out[t, i, 1] = down * scale + np.float32(HEIGHT / 2)
    return out


def project(points: Floats, view_angle: float) -> Floats:
    """Points of the world (times, n, 3) as (column, row) in the picture, (times, n, 2), in pixels."""
    pixels: Floats = _project(points, camera(view_angle))
    return pixels


def scale_at(points: NDArray[np.float64], view_angle: float) -> NDArray[np.float64]:
    """Pixels a metre in the picture's plane at points of the world (n, 3), (n,)."""
    view = camera(view_angle).astype(np.float64)
    return np.asarray(_FOCAL_LENGTH / (points @ view[2, :3] + view[2, 3]), np.float64)
