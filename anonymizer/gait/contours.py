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

from anonymizer.gait.outlines import largest_outline
from anonymizer.gait.silhouettes import Silhouettes, as_pixels, checked

CROP_SIDE = 240
POINTS = 2000
VECTOR_LENGTH = 2 * POINTS
# The trunk's column is that of the body's upper part: legs and most of the arms' swing lie below.
_TRUNK_SHARE = 0.45

Outline = NDArray[np.float64]  # (points, 2), row and column of pixel centres, closed
Vectors = NDArray[np.float32]  # (frames, 4000), crop coordinates in pixels


@dataclass(frozen=True)
class Place:
    """Where a crop lies in its frame: frame = crop · scale + (row, column), for pixel centres."""

    scale: float
    row: float
    column: float

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
    pixels = as_pixels(checked(silhouettes))
    vectors = np.zeros((len(pixels), VECTOR_LENGTH), np.float32)
    places = np.zeros((len(pixels), 3))
    for frame in np.flatnonzero(_trace(pixels, vectors, places)):
        outline = traced(pixels[frame])
        assert outline is not None
        _write(pixels[frame], outline, vectors[frame], places[frame])
    return Contours(vectors, tuple(Place(*each) if each[0] else None for each in places.tolist()))


def traced(frame: NDArray[np.uint8]) -> Outline | None:
    """Outline of the largest part of one frame (height, width) of 0 and 1, from the top of the head; or None.

    A body in pieces is joined where closing small gaps can do it.
    """
    outline, whole = largest_outline(np.ascontiguousarray(frame))
    if not whole:
        outline, _ = largest_outline(_closed(frame))
    return outline if len(outline) else None


def _closed(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.morphologyEx(frame, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)), np.uint8)


def place(frame: NDArray[np.uint8], outline: Outline) -> Place:
    """The square crop round an outline: its height fits, unless the body reaches out wider than that."""
    return Place(*_place(frame, outline))


@njit(cache=True)
def _trace(pixels: NDArray[np.uint8], vectors: Vectors, places: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Write every frame's vector and place (scale, row, column), but not where the body is in pieces."""
    in_pieces = np.zeros(len(pixels), np.bool_)
    for frame in range(len(pixels)):
        outline, whole = largest_outline(pixels[frame])
        if not whole:
            in_pieces[frame] = True
        elif len(outline):
            _write(pixels[frame], outline, vectors[frame], places[frame])
    return in_pieces


@njit(cache=True)
def _write(
    frame: NDArray[np.uint8], outline: Outline, vector: NDArray[np.float32], where: NDArray[np.float64]
) -> None:
    scale, row, column = _place(frame, outline)
    where[0], where[1], where[2] = scale, row, column
    for i in range(len(outline)):
        outline[i, 0] = (outline[i, 0] - row) / scale
        outline[i, 1] = (outline[i, 1] - column) / scale
    _resample(outline, vector.reshape(len(vector) // 2, 2))


@njit(cache=True)
def _place(frame: NDArray[np.uint8], outline: Outline) -> tuple[float, float, float]:
    top = bottom = outline[0, 0]
    left = right = outline[0, 1]
    for i in range(len(outline)):
        top, bottom = min(top, outline[i, 0]), max(bottom, outline[i, 0] + 1)
        left, right = min(left, outline[i, 1]), max(right, outline[i, 1] + 1)
    middle = _trunk_column(frame[int(top) : int(bottom), int(left) : int(right)]) + left
    side = max(bottom - top, 2 * (middle - left), 2 * (right - middle))
    scale = side / CROP_SIDE
    # Pixel centres: the crop's first one lies half a crop pixel inside the box's edge.
    return scale, top + scale / 2 - 0.5, middle - side / 2 + scale / 2 - 0.5


def trunk_column(body: NDArray[np.uint8]) -> float:
    """Column (from the left edge of the first pixel) of the middle of the body's upper part."""
    return float(_trunk_column(body))


@njit(cache=True)
def _trunk_column(body: NDArray[np.uint8]) -> float:
    pixels, columns = 0, 0
    for row in range(max(1, round(len(body) * _TRUNK_SHARE))):
        for column in range(body.shape[1]):
            pixels += body[row, column]
            columns += body[row, column] * column
    return (columns + 0.5 * pixels) / max(1, pixels)


def resampled(outline: NDArray[Any], points: int) -> Outline:
    """`points` points at equal distance along the closed outline, the first one kept."""
    result = np.empty((points, 2))
    _resample(np.ascontiguousarray(outline, np.float64), result)
    return result


@njit(cache=True)
def _resample(outline: Outline, result: NDArray[Any]) -> None:
    corners, points = len(outline), len(result)
    lengths = np.empty(corners)
    for i in range(corners):
        after = i + 1 if i + 1 < corners else 0
        down, right = outline[after, 0] - outline[i, 0], outline[after, 1] - outline[i, 1]
        lengths[i] = np.sqrt(down * down + right * right)
    spacing = lengths.sum() / points
    point, before = 0, 0.0  # `before`: the way from the start to the beginning of this edge
    for i in range(corners):
        after = i + 1 if i + 1 < corners else 0
        row, column = outline[i, 0], outline[i, 1]
        down, right = outline[after, 0] - row, outline[after, 1] - column
        length, end = lengths[i], before + lengths[i]
        while point < points and (point * spacing <= end or i == corners - 1):
            share = min(1.0, (point * spacing - before) / length) if length > 0 else 0.0
            result[point, 0], result[point, 1] = row + share * down, column + share * right
            point += 1
        before = end


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
