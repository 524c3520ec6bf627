"""Silhouettes as a segmentation leaves them: outlines that wobble, patches lost or added now and then.

The wobble is a threshold that varies smoothly over the picture and anew in every frame, applied to the
blurred silhouette: the outline moves by about the strength, in pixels, the inside stays whole. Patches sit on
the outline. Random numbers are hashes of (key, frame, place), so the result depends on nothing else.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.silhouettes import Silhouettes

_CELL = 5  # pixels between the knots of the varying threshold
_BLUR = 2  # pixels to each side
_LARGEST_PATCH = 4.0  # pixels, radius


@numba.njit(cache=True)
def _hashed(key, a, b, c):  # type: ignore[no-untyped-def]
    """A number in [0, 1) from four integers (splitmix64's mixing)."""
    x = key + np.uint64(a) * np.uint64(0x9E3779B97F4A7C15)
    x += np.uint64(b) * np.uint64(0xD1B54A32D192ED03) + np.uint64(c) * np.uint64(0x8CB92BA72F3D8DD7)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x = x ^ (x >> np.uint64(31))
    return np.float32(x >> np.uint64(40)) * np.float32(1 / 16777216)


@numba.njit(cache=True)
def _box_of(picture):  # type: ignore[no-untyped-def]
    top, left, bottom, right = picture.shape[0], picture.shape[1], 0, 0
    for row in range(picture.shape[0]):
        for column in range(picture.shape[1]):
            if picture[row, column]:
                top, bottom = min(top, row), row + 1
                left, right = min(left, column), max(right, column + 1)
    return top, left, bottom, right


@numba.njit(cache=True)
def _threshold(key, frame, height, width):  # type: ignore[no-untyped-def]
    """Smooth noise between -1 and 1, (height, width): bilinear between random knots."""
    rows, columns = height // _CELL + 2, width // _CELL + 2
    knots = np.empty((rows, columns), np.float32)
    for i in range(rows):
        for j in range(columns):
            knots[i, j] = 2 * _hashed(key, frame, i, j) - 1
    field = np.empty((height, width), np.float32)
    for y in range(height):
        i, v = y // _CELL, np.float32(y % _CELL) / np.float32(_CELL)
        for x in range(width):
            j, u = x // _CELL, np.float32(x % _CELL) / np.float32(_CELL)
            upper = knots[i, j] * (1 - u) + knots[i, j + 1] * u
            lower = knots[i + 1, j] * (1 - u) + knots[i + 1, j + 1] * u
            field[y, x] = upper * (1 - v) + lower * v
    return field


@numba.njit(cache=True)
def _blurred(picture, top, left, height, width):  # type: ignore[no-untyped-def]
    """The share of body in the square around each pixel of the window, (height, width); nothing lies beyond
    the picture."""
    side = 2 * _BLUR + 1
    columns = np.zeros((height, width + side), np.uint8)
    for y in range(height):
        for dy in range(-_BLUR, _BLUR + 1):
            row = top + y + dy
            if 0 <= row < picture.shape[0]:
                for x in range(width + 2 * _BLUR):
                    column = left + x - _BLUR
                    if 0 <= column < picture.shape[1]:
                        columns[y, x] += picture[row, column]
    out = np.empty((height, width), np.float32)
    for y in range(height):
        total = 0
        for x in range(side - 1):
            total += columns[y, x]
        for x in range(width):
            total += columns[y, x + side - 1]
            out[y, x] = total / np.float32(side * side)
            total -= columns[y, x]
    return out


@numba.njit(cache=True)
def _patch(picture, original, key, frame, number, box):  # type: ignore[no-untyped-def]
    """Remove or add one round patch on the outline, first met from the left on a random row."""
    top, left, bottom, right = box
    row = top + int(_hashed(key, frame, number, 11) * (bottom - top))
    from_left = _hashed(key, frame, number, 12) < 0.5
    radius = 1 + (_LARGEST_PATCH - 1) * _hashed(key, frame, number, 13)
    value = 1 if _hashed(key, frame, number, 14) < 0.4 else 0
    column = left if from_left else right - 1
    while left <= column < right and not original[row, column]:
        column += 1 if from_left else -1
    reach = int(radius)
    for y in range(max(0, row - reach), min(picture.shape[0], row + reach + 1)):
        for x in range(max(0, column - reach), min(picture.shape[1], column + reach + 1)):
            if (y - row) ** 2 + (x - column) ** 2 <= radius * radius:
                picture[y, x] = value


@numba.njit(cache=True)
def _segmented(pictures, key, strength, patches):  # type: ignore[no-untyped-def]
    out = np.zeros_like(pictures)
    limit = 0.5
    slope = np.float32(1.0 / (2 * _BLUR + 1))  # of the blurred outline, a pixel
    for t in range(len(pictures)):
        box = _box_of(pictures[t])
        if box[2] == 0:
            continue
        top, left = max(0, box[0] - _BLUR), max(0, box[1] - _BLUR)
        height = min(pictures.shape[1], box[2] + _BLUR) - top
        width = min(pictures.shape[2], box[3] + _BLUR) - left
        share = _blurred(pictures[t], top, left, height, width)
        field = _threshold(key, t, height, width)
        for y in range(height):
            for x in range(width):
                # Twice the strength: the field's own spread is about half its reach.
                out[t, top + y, left + x] = share[y, x] + field[y, x] * (2 * strength * slope) > limit
        wanted = patches
        number = 0
        while wanted > _hashed(key, t, number, 10):
            _patch(out[t], pictures[t], key, t, number, box)
            wanted -= 1
            number += 1
    return out


def segmented(silhouettes: Silhouettes, key: int, strength: float, patches: float) -> Silhouettes:
    """The silhouettes with noise: `strength` pixels of wobble, `patches` a frame; `key` chooses it."""
    if strength == 0 and patches == 0:
        return silhouettes
    pictures = np.ascontiguousarray(silhouettes).view(np.uint8)
    noisy: NDArray[np.uint8] = _segmented(pictures, np.uint64(key), np.float32(strength), float(patches))
    return noisy.view(np.bool_)
