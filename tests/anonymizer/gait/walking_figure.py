"""A drawn walker whose gait cycle is known exactly: what the tests of cycles, clips and import walk with."""

import math

import cv2
import numpy as np

from anonymizer.gait.silhouettes import Silhouettes


def walking_figure(
    frames: int = 50,
    cycle: float = 26.0,
    *,
    view_angle: int = 90,
    start: float = 0.0,
    shape: tuple[int, int] = (120, 160),
    limp: float = 0.0,
    stoutness: float = 1.0,
    drift: float = 0.6,
) -> Silhouettes:
    """`(frames, *shape)`: legs and arms swing once in `cycle` frames, seen from the side (90) or front (0).

    `start` is the first frame's phase in cycles, `limp` shortens the right leg's swing, `drift` is the way
    walked in pixels a frame.
    """
    pictures = np.zeros((frames, *shape), np.uint8)
    for index, picture in enumerate(pictures):
        phase = 2 * math.pi * (index / cycle + start)
        centre = shape[1] / 2 + drift * (index - frames / 2)
        _draw(picture, phase, centre, math.sin(math.radians(view_angle)), limp, stoutness)
    return pictures.view(np.bool_)


def _draw(
    picture: np.ndarray, phase: float, centre: float, sideways: float, limp: float, stoutness: float
) -> None:
    unit = picture.shape[0] / 120
    bob = 1.5 * unit * math.cos(2 * phase)
    hip, shoulder = (56 * unit + bob), (30 * unit + bob)
    apart = (1 - sideways) * 6 * unit  # seen from the front, the legs stand side by side
    for side, swing in ((-1, math.sin(phase)), (1, (1 - limp) * math.sin(phase + math.pi))):
        lift = 9 * unit * max(0.0, math.cos(phase if side < 0 else phase + math.pi))
        foot = (centre + side * apart + 20 * unit * sideways * swing, 106 * unit - lift)
        hand = (centre + side * apart * 2 - 14 * unit * sideways * swing, 62 * unit + bob - lift / 3)
        _limb(picture, (centre + side * apart, hip), foot, 8 * unit * stoutness)
        _limb(picture, (centre + side * apart * 1.6, shoulder), hand, 6 * unit)
    _limb(picture, (centre, shoulder), (centre, hip), 18 * unit * stoutness)
    cv2.circle(picture, (round(centre), round(18 * unit + bob)), round(8 * unit), 1, -1)


def _limb(picture: np.ndarray, start: tuple[float, float], end: tuple[float, float], width: float) -> None:
    cv2.line(
        picture, (round(start[0]), round(start[1])), (round(end[0]), round(end[1])), 1, max(1, round(width))
    )
