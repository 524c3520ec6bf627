"""Blending silhouettes by their signed distance fields.

A signed distance field says for every pixel how far the outline is: negative inside the body, positive
outside. The set where own + Σ α·donor < 0 is a shape between the walkers. It needs no point to point
correspondence, so it neither crosses itself nor melts where limbs come and go.

Only the rectangle that holds both bodies is ever worked on: outside both, every term is positive.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.contours import trunk_column
from anonymizer.gait.parts import boxes_without_specks, without_specks
from anonymizer.gait.silhouettes import Silhouettes, as_pixels

# Bodies taller than this many pixels are blended on a coarser grid; the outline moves by less than half its
# step.
TALLEST = 160
# Parts smaller than this share of the largest are specks and don't move the body's box.
_SPECK = 0.1

Field = NDArray[np.float32]  # (height, width), pixels; negative inside
Picture = NDArray[np.uint8]  # (height, width) of 0 and 1


@dataclass(frozen=True)
class Bodies:
    """The bodies of one walk, cut out: what blending needs to know of each frame."""

    cuts: tuple[Picture | None, ...]  # None where the frame is blank
    boxes: NDArray[np.int64]  # (frames, 4) top, left, bottom, right of each cut, exclusive ends
    trunks: NDArray[np.float64]  # (frames,) column of the trunk from the cut's left edge


def bodies(silhouettes: Silhouettes) -> Bodies:
    """Cut the body of each frame out; specks that lie apart are left out of its box."""
    pixels = as_pixels(silhouettes)
    boxes = boxes_without_specks(pixels, _SPECK)
    trunks = np.zeros(len(pixels))
    cuts: list[Picture | None] = []
    for index, frame in enumerate(pixels):
        top, left, bottom, right = boxes[index].tolist()
        cuts.append(frame[top:bottom, left:right] if bottom else None)
        if bottom:
            trunks[index] = trunk_column(frame[top:bottom, left:right])
    return Bodies(tuple(cuts), boxes, trunks)


def signed_distance(picture: Picture) -> Field:
    """Pixels to the outline, negative inside; 0 lies half-way from the last pixel inside to the next."""
    outside = cv2.distanceTransform(1 - picture, cv2.DIST_L2, cv2.DIST_MASK_5)
    inside = cv2.distanceTransform(picture, cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.asarray(cv2.subtract(outside, inside), np.float32)


@dataclass(frozen=True)
class Addition:
    """A donor's body in one frame, as it is mixed in."""

    cut: Picture
    trunk: float  # column of the trunk from the cut's left edge
    weight: float


def blended(
    original: Bodies, donors: Sequence[tuple[Bodies, NDArray[np.intp], float]], shape: tuple[int, int]
) -> Silhouettes:
    """`(frames, *shape)`: each frame of the original blended with the donors, at the original's place.

    `donors` are (bodies, frame of the donor for each frame of the original, weight α).
    """
    result = np.zeros((len(original.cuts), *shape), np.bool_)
    for index, own in enumerate(original.cuts):
        if own is not None:
            additions = [_addition(walk, int(frames[index]), weight) for walk, frames, weight in donors]
            top, left = original.boxes[index, :2].tolist()
            _paste(result[index], *_mixed(own, original.trunks[index], additions), top, left)
    return result


def replaced(
    original: Bodies, donor: Bodies, frames: NDArray[np.intp], shape: tuple[int, int]
) -> Silhouettes:
    """`(frames, *shape)`: the donor's bodies in the original's places, as tall, trunk on trunk.

    `frames` is the donor's frame for each of the original's.
    """
    result = np.zeros((len(original.cuts), *shape), np.bool_)
    for index, own in enumerate(original.cuts):
        if own is not None:
            lent = _addition(donor, int(frames[index]), 0)
            scale = len(own) / len(lent.cut)
            top, left = original.boxes[index, :2].tolist()
            column = round(left + original.trunks[index] - lent.trunk * scale)
            _paste(result[index], _scaled(lent.cut, scale).view(np.bool_), 0, 0, top, column)
    return result


def _addition(donor: Bodies, frame: int, weight: float) -> Addition:
    cut = donor.cuts[frame]
    if cut is None:
        raise ValueError(f"the donor's frame {frame} is blank and can't be blended")
    return Addition(cut, float(donor.trunks[frame]), weight)


def _mixed(own: Picture, trunk: float, additions: Sequence[Addition]) -> tuple[NDArray[np.bool_], int, int]:
    """The blended body, and how many rows and columns it begins before the own one's cut."""
    height, width = own.shape
    before, after = _margins(height, width, trunk, additions)
    step = max(1.0, height / TALLEST)
    room = (height + 2, before + width + after)
    grid = (round(room[0] / step), round(room[1] / step))
    field = signed_distance(_drawn(own, 1 / step, 1 / step, before / step, grid))
    for each in additions:
        scale = height / len(each.cut) / step  # the donor stands as tall as the original, trunk on trunk
        column = (before + trunk) / step - each.trunk * scale
        cv2.scaleAdd(
            signed_distance(_drawn(each.cut, scale, 1 / step, column, grid)), each.weight, field, field
        )
    if step > 1:
        field = np.asarray(cv2.resize(field, room[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
    # Crumbs come off where a hand of one walker only just meets the other's.
    body = without_specks((field < 0).view(np.uint8), _SPECK)
    return body.view(np.bool_), 1, before


def _margins(height: int, width: int, trunk: float, additions: Sequence[Addition]) -> tuple[int, int]:
    """Columns to the left and right of the own cut that hold all donors and a pixel more."""
    scales = [height / len(each.cut) for each in additions]
    left = max(
        (each.trunk * scale - trunk for each, scale in zip(additions, scales, strict=True)), default=0.0
    )
    ends = [
        trunk + (each.cut.shape[1] - each.trunk) * scale
        for each, scale in zip(additions, scales, strict=True)
    ]
    return max(0, math.ceil(left)) + 1, max(0, math.ceil(max(ends, default=0.0) - width)) + 1


def _drawn(cut: Picture, scale: float, row: float, column: float, grid: tuple[int, int]) -> Picture:
    """A cut, scaled, with its upper left corner at (row, column) of an empty grid (height, width)."""
    cut = _scaled(cut, scale)
    height, width = cut.shape
    picture = np.zeros(grid, np.uint8)
    top, left = round(row), round(column)
    picture[top : top + height, left : left + width] = cut[: grid[0] - top, : grid[1] - left]
    return picture


def _scaled(cut: Picture, scale: float) -> Picture:
    if scale == 1:
        return cut
    height, width = max(1, round(cut.shape[0] * scale)), max(1, round(cut.shape[1] * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    shades = np.asarray(cv2.resize(cut * np.uint8(255), (width, height), interpolation=way), np.uint8)
    return cv2.threshold(shades, 127, 1, cv2.THRESH_BINARY)[1].astype(np.uint8, copy=False)


def _paste(
    target: NDArray[np.bool_], body: NDArray[np.bool_], rows: int, columns: int, top: int, left: int
) -> None:
    """Write the body into the frame, `rows` and `columns` before (top, left); beyond the frame it is cut
    off.
    """
    first, start = top - rows, left - columns
    seen = body[max(0, -first) : target.shape[0] - first, max(0, -start) : target.shape[1] - start]
    target[max(0, first) : first + len(body), max(0, start) : start + body.shape[1]] = seen
