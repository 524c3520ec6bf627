"""Silhouettes to contour vectors and back (Tieu et al. 2017, sections III-B and III-D).

A contour vector is the paper's X: 2000 contour pixels as (row, column) pairs, 4000 numbers, in the
coordinates of a 240 x 240 crop around the body. The paper does not say in which order the pixels stand.
Here they follow the traced outline from the top of the head, resampled to equal arc length, so that one
index means much the same part of the body in every frame; `literal_contours` has the zero-padded forms
of the text.

The crop keeps the body's proportions: the box's height becomes 240 and the trunk's column the middle one,
so that two walkers' trunks lie on each other however far their legs reach. Outlines are traced at the
resolution of the frame and mapped into the crop, which is the same outline as in a resized picture,
without the resizing.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from anonymizer.gait.silhouettes import Silhouettes, as_pixels, checked

CROP_SIDE = 240
POINTS = 2000
VECTOR_LENGTH = 2 * POINTS
# The trunk's column is that of the body's upper part: legs and most of the arms' swing lie below.
_TRUNK_SHARE = 0.45
# Below this share of the frame's pixels the largest part is not the whole body: gaps are closed first.
_WHOLE_BODY = 0.97

Outline = NDArray[np.float64]  # (points, 2), row and column of pixel centres, closed
Vectors = NDArray[np.float32]  # (frames, 4000), crop coordinates in pixels


@dataclass(frozen=True)
class Place:
    """Where a crop lies in its frame: frame = crop · scale + (row, column), for pixel centres."""

    scale: float
    row: float
    column: float

    def into_crop(self, outline: NDArray[Any]) -> Outline:
        """Frame coordinates to crop coordinates."""
        return np.asarray((outline - (self.row, self.column)) / self.scale, np.float64)

    def into_frame(self, outline: NDArray[Any]) -> Outline:
        """Crop coordinates to frame coordinates."""
        return np.asarray(outline * self.scale + (self.row, self.column), np.float64)


@dataclass(frozen=True)
class Contours:
    """The contour vectors of one walk; blank frames have no place and a vector of zeros."""

    vectors: Vectors  # (frames, 4000)
    places: tuple[Place | None, ...]


def contours(silhouettes: Silhouettes) -> Contours:
    """Traced from the top of the head, resampled to equal arc length."""
    vectors = np.zeros((len(checked(silhouettes)), VECTOR_LENGTH), np.float32)
    places: list[Place | None] = []
    for vector, frame in zip(vectors, as_pixels(silhouettes), strict=True):
        outline = traced(frame)
        places.append(None if outline is None else place(frame, outline))
        if outline is not None and (here := places[-1]) is not None:
            vector[:] = resampled(here.into_crop(outline), POINTS).ravel()
    return Contours(vectors, tuple(places))


def traced(frame: NDArray[np.uint8]) -> Outline | None:
    """Outline of the largest part of one frame (height, width) of 0 and 1, from the top of the head; or None.

    A body in pieces is joined where closing small gaps can do it.
    """
    largest, area = _largest_outline(frame)
    if largest is None:
        return None
    if area < _WHOLE_BODY * cv2.countNonZero(frame):
        largest, _ = _largest_outline(cv2.morphologyEx(frame, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)))
    assert largest is not None  # closing takes no pixel away
    return np.asarray(_from_the_head(largest[:, 0]))


def _largest_outline(frame: NDArray[Any]) -> tuple[NDArray[np.int32] | None, float]:
    """The outline (points, 1, 2) as OpenCV has it, x before y, and the pixels it holds with its border."""
    found, _ = cv2.findContours(frame, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not found:
        return None, 0.0
    areas = [cv2.contourArea(each) + len(each) / 2 + 1 for each in found]
    best = int(np.argmax(areas))
    return np.asarray(found[best], np.int32), areas[best]


@njit(cache=True)
def _from_the_head(found: NDArray[np.int32]) -> Outline:
    """Rows and columns of OpenCV's (points, 2) outline, turned so that it starts at the highest point.

    Of several it is the one nearest to the middle of the top row.
    """
    points, top = len(found), found[:, 1].min()
    middle, on_top = 0.0, 0
    for i in range(points):
        if found[i, 1] == top:
            middle += found[i, 0]
            on_top += 1
    middle /= on_top
    start, nearest = 0, np.inf
    for i in range(points):
        if found[i, 1] == top and abs(found[i, 0] - middle) < nearest:
            start, nearest = i, abs(found[i, 0] - middle)
    outline = np.empty((points, 2))
    for i in range(points):
        at = (start + i) % points
        outline[i, 0], outline[i, 1] = found[at, 1], found[at, 0]
    return outline


def place(frame: NDArray[np.uint8], outline: Outline) -> Place:
    """The square crop round an outline: its height fits, unless the body reaches out wider than that."""
    top, left = outline.min(axis=0).astype(int)
    bottom, right = outline.max(axis=0).astype(int) + 1
    middle = trunk_column(frame[top:bottom, left:right]) + left
    side = max(bottom - top, 2 * (middle - left), 2 * (right - middle))
    scale = side / CROP_SIDE
    # Pixel centres: the crop's first one lies half a crop pixel inside the box's edge.
    return Place(scale, top + scale / 2 - 0.5, middle - side / 2 + scale / 2 - 0.5)


def trunk_column(body: NDArray[np.uint8]) -> float:
    """Column (from the left edge of the first pixel) of the middle of the body's upper part."""
    upper = body[: max(1, round(len(body) * _TRUNK_SHARE))]
    per_column = upper.sum(axis=0, dtype=np.int64)
    return float(per_column @ (np.arange(len(per_column)) + 0.5)) / max(1, int(per_column.sum()))


def resampled(outline: NDArray[Any], points: int) -> Outline:
    """`points` points at equal distance along the closed outline, the first one kept."""
    return np.asarray(_resampled(np.ascontiguousarray(outline, np.float64), points))


@njit(cache=True)
def _resampled(outline: Outline, points: int) -> Outline:
    corners = len(outline)
    lengths = np.empty(corners)
    for i in range(corners):
        step = outline[(i + 1) % corners] - outline[i]
        lengths[i] = np.sqrt(step[0] * step[0] + step[1] * step[1])
    spacing = lengths.sum() / points
    result = np.empty((points, 2))
    edge, before = 0, 0.0  # `before`: the way from the start to the beginning of this edge
    for i in range(points):
        while edge < corners - 1 and before + lengths[edge] < i * spacing:
            before += lengths[edge]
            edge += 1
        share = (i * spacing - before) / lengths[edge] if lengths[edge] > 0 else 0.0
        result[i] = outline[edge] + min(1.0, share) * (outline[(edge + 1) % corners] - outline[edge])
    return result


def drawn(vectors: Vectors, places: tuple[Place | None, ...], height: int, width: int) -> Silhouettes:
    """Each contour drawn, filled and put back where its crop lay in the frame (section III-D)."""
    result = np.zeros((len(vectors), height, width), np.bool_)
    for target, vector, here in zip(result, vectors, places, strict=True):
        if here is not None:
            draw(target, here.into_frame(vector.reshape(-1, 2)))
    return result


def draw(target: NDArray[np.bool_], outline: Outline) -> None:
    """Draw a closed outline into a frame (height, width) and fill it; what lies outside the frame is cut
    off.
    """
    if not np.isfinite(outline).all():
        raise ValueError("the outline holds NaN or infinite coordinates and can't be drawn")
    _draw(target, outline)


@njit(cache=True)
def _draw(target: NDArray[np.bool_], outline: Outline) -> None:
    """Pixels with a winding number other than 0 belong to the body.

    Blended outlines cross themselves here and there; counting windings keeps such places filled, where the
    even-odd rule of `fillPoly` would punch holes.
    """
    height, width = target.shape
    first = max(0, int(np.floor(outline[:, 0].min())))
    last = min(height, int(np.ceil(outline[:, 0].max())) + 1)
    turns = np.zeros((max(0, last - first), width + 1), np.int32)
    for i in range(len(outline)):
        row, column = outline[i]
        next_row, next_column = outline[(i + 1) % len(outline)]
        _count_crossings(turns, row - first, column, next_row - first, next_column)
        at_row, at_column = int(np.floor(row + 0.5)), int(np.floor(column + 0.5))
        if 0 <= at_row < height and 0 <= at_column < width:
            target[at_row, at_column] = True
    for row_index in range(len(turns)):
        winding = 0
        for column_index in range(width):
            winding += turns[row_index, column_index]
            if winding != 0:
                target[first + row_index, column_index] = True


@njit(cache=True)
def _count_crossings(
    turns: NDArray[np.int32], row: float, column: float, next_row: float, next_column: float
) -> None:
    """Note in which pixel of each row between its ends an edge begins to wind round the pixels to its
    right.
    """
    direction = 1 if next_row > row else -1
    low, high = min(row, next_row), max(row, next_row)
    for crossed in range(max(0, int(np.ceil(low))), min(len(turns), int(np.ceil(high)))):
        at = column + (crossed - row) / (next_row - row) * (next_column - column)
        turns[crossed, min(max(0, int(np.ceil(at))), turns.shape[1] - 1)] += direction
