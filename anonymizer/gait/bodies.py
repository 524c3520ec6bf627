"""Bodies cut out of their frames and scaled to one height: what recognizers and the gait cycle look at.

Out of silhouettes, or straight out of packed ones: there only the bytes around a body are ever opened, in a place
that stays in the nearest cache, since a whole walk of opened pixels takes longer to write than to look at.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from anonymizer.gait.silhouettes import (
    EIGHT_PIXELS,
    Silhouettes,
    as_pixels,
    bounding_boxes,
    box_of,
    inflated,
    opened,
)

# A pixel that is covered by half counts as body; 126.5 of 254 leaves room for rounding.
_HALF = np.float32(126.5 / 254)


@dataclass(frozen=True, eq=False)
class ScaledBodies:
    """What can be seen of a walk without its pixels."""

    scaled: Silhouettes  # (frames, height asked for, width asked for)
    boxes: NDArray[np.int64]  # (frames, 4) as `bounding_boxes` has them
    frame: tuple[int, int]  # height and width of the frames they stood in


def scaled(silhouettes: Silhouettes, height: int, width: int) -> Silhouettes:
    """`(frames, height, width)`: each body at the full height, its centroid's column in the middle.

    Proportions are kept; what is wider than `width` is cut at the sides. This is the usual preparation of a
    gait energy image (Han and Bhanu 2006). Only the bounding box of the body is ever resampled.
    """
    return of_silhouettes(silhouettes, height, width).scaled


def of_silhouettes(silhouettes: Silhouettes, height: int, width: int) -> ScaledBodies:
    """Scaled as by `scaled`."""
    result, boxes = _room(len(silhouettes), height, width), bounding_boxes(silhouettes)
    _write_shrunk(as_pixels(silhouettes), boxes, result.view(np.uint8))
    _write_enlarged(silhouettes, boxes, result)
    return ScaledBodies(result, boxes, silhouettes.shape[1:])


def of_packed(data: bytes, height: int, width: int) -> ScaledBodies:
    """The same out of `silhouettes.pack`ed ones; ValueError for anything that `pack` did not write."""
    bits, (frames, rows, columns) = inflated(data)
    if columns % 8:  # a byte holds pixels of two rows
        return of_silhouettes(opened(bits, (frames, rows, columns)), height, width)
    result, boxes = _room(frames, height, width), np.zeros((frames, 4), np.int64)
    _open_and_shrink(bits.reshape(frames, rows, columns // 8), boxes, result.view(np.uint8))
    if _small(boxes, height).any():
        _write_enlarged(opened(bits, (frames, rows, columns)), boxes, result)
    return ScaledBodies(result, boxes, (rows, columns))


def _room(frames: int, height: int, width: int) -> Silhouettes:
    if height < 1 or width < 1:
        raise ValueError(f"silhouettes can't be scaled to {height} x {width}: both must be at least 1")
    return np.zeros((frames, height, width), np.bool_)


def _write_enlarged(silhouettes: Silhouettes, boxes: NDArray[np.int64], result: Silhouettes) -> None:
    """Bodies that are no taller than the result."""
    height = result.shape[1]
    for frame in np.flatnonzero(_small(boxes, height)):
        top, left, bottom, right = boxes[frame].tolist()
        body = _enlarged(as_pixels(silhouettes[frame, top:bottom, left:right]), height)
        _place_centred(result[frame].view(np.uint8), body)


def _small(boxes: NDArray[np.int64], height: int) -> NDArray[np.bool_]:
    return (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 2] - boxes[:, 0] <= height)


def _enlarged(body: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    """The body resampled to `height` rows in its own proportions, as 0 and 1."""
    width = max(1, round(body.shape[1] * height / body.shape[0]))
    shades = cv2.resize(body * np.uint8(254), (width, height), interpolation=cv2.INTER_LINEAR)
    _, resampled = cv2.threshold(shades, 126, 1, cv2.THRESH_BINARY)  # half covered counts as body
    return np.asarray(resampled, np.uint8)


@njit(cache=True)
def _write_shrunk(pixels: NDArray[np.uint8], boxes: NDArray[np.int64], result: NDArray[np.uint8]) -> None:
    """Bodies taller than the result; the others are left blank."""
    for frame in range(len(pixels)):
        top, left, bottom, right = boxes[frame]
        if bottom - top > result.shape[1]:
            body = np.ascontiguousarray(pixels[frame, top:bottom, left:right])
            _shrink(body, 0, right - left, result[frame])


@njit(cache=True)
def _open_and_shrink(bits: NDArray[np.uint8], boxes: NDArray[np.int64], result: NDArray[np.uint8]) -> None:
    """As `_write_shrunk`, and the boxes, out of bits (frames, rows, bytes); only bytes around a body are opened."""
    _, rows, across = bits.shape
    words = np.empty(rows * across, np.uint64)  # eight pixels each
    columns = np.empty(across, np.uint8)
    for frame in range(len(bits)):
        top, begin, bottom, end = box_of(bits[frame], columns)
        if bottom:
            wide = end - begin
            left, right = _blank_before(columns[begin]), 8 * wide - _blank_after(columns[end - 1])
            boxes[frame] = top, begin * 8 + left, bottom, begin * 8 + right
            if bottom - top > result.shape[1]:
                for row in range(top, bottom):
                    for byte in range(wide):
                        words[(row - top) * wide + byte] = EIGHT_PIXELS[bits[frame, row, begin + byte]]
                body = words[: (bottom - top) * wide].view(np.uint8).reshape((bottom - top, wide * 8))
                _shrink(body, left, right, result[frame])


@njit(cache=True)
def _blank_before(byte: int) -> int:
    """Bits before the first one that is set."""
    bits = 0
    while not byte & (128 >> bits):
        bits += 1
    return bits


@njit(cache=True)
def _blank_after(byte: int) -> int:
    """Bits after the last one that is set."""
    bits = 0
    while not byte & (1 << bits):
        bits += 1
    return bits


@njit(cache=True)
def _shrink(body: NDArray[np.uint8], left: int, right: int, result: NDArray[np.uint8]) -> None:
    """The body, which stands between these columns, into the result (height, width)."""
    height = result.shape[0]
    width = max(1, round((right - left) * height / len(body)))
    _place_centred(result, _shrunk(body, left, right, height, width))


@njit(cache=True)
def _shrunk(body: NDArray[np.uint8], left: int, right: int, height: int, width: int) -> NDArray[np.uint8]:
    """(height, width): 1 where at least half of a pixel's area is body, as OpenCV's INTER_AREA has it."""
    covered = _shrunk_rows(body, height)
    firsts, shares = _area_shares(right - left, width)
    result = np.empty((height, width), np.uint8)
    area = np.empty(height, np.float32)
    for j in range(width):
        area[:] = 0
        for k in range(len(shares)):
            if shares[k, j] > 0:
                share, column = shares[k, j], covered[left + firsts[j] + k]
                for i in range(height):
                    area[i] += share * column[i]
        for i in range(height):
            result[i, j] = area[i] > _HALF
    return result


@njit(cache=True)
def _shrunk_rows(body: NDArray[np.uint8], height: int) -> NDArray[np.float32]:
    """(columns, height) how much of each target row is body: what is then added up along the rows lies together."""
    firsts, shares = _area_shares(len(body), height)
    covered = np.empty((body.shape[1], height), np.float32)
    strip = np.empty(body.shape[1], np.float32)
    for i in range(height):
        strip[:] = 0
        for k in range(len(shares)):
            if shares[k, i] > 0:
                share, row = shares[k, i], body[firsts[i] + k]
                for column in range(len(row)):
                    strip[column] += share * np.float32(row[column])
        for column in range(len(strip)):
            covered[column, i] = strip[column]
    return covered


@njit(cache=True)
def _area_shares(size: int, target: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """(target,) the first of `size` pixels that each of `target` larger ones holds, (most held, target) shares.

    Slivers under a thousandth are left out, as OpenCV does.
    """
    scale = size / target
    firsts, shares = np.zeros(target, np.int64), np.zeros((int(scale) + 2, target), np.float32)
    for i in range(target):
        begin, end = i * scale, min((i + 1) * scale, float(size))
        firsts[i] = int(begin)
        for pixel in range(int(begin), min(size, int(np.ceil(end)))):
            part = min(end, pixel + 1.0) - max(begin, float(pixel))
            if part > 1e-3:
                shares[pixel - firsts[i], i] = part / min(scale, size - begin)
    return firsts, shares


@njit(cache=True)
def _place_centred(target: NDArray[np.uint8], body: NDArray[np.uint8]) -> None:
    """Write the body into `target` (height, width) so that its centroid's column is the middle one."""
    pixels = columns = 0
    held = np.zeros(body.shape[1], np.int32)  # pixels in each column
    for row in range(body.shape[0]):
        for column in range(body.shape[1]):
            held[column] += body[row, column]
    for column in range(body.shape[1]):
        pixels += held[column]
        columns += held[column] * column
    if pixels == 0:  # nothing but specks, thinner than half a pixel after scaling
        return
    left = round((target.shape[1] - 1) / 2 - columns / pixels)
    first, last = max(0, left), min(target.shape[1], left + body.shape[1])
    if last > first:
        target[:, first:last] = body[:, first - left : last - left]
