"""Silhouettes: the frames of one walk as one array, and what every other part does with them.

Silhouettes are `(frames, height, width)` bool, True where the body is. A blank frame is allowed everywhere
and stays blank: its bounding box is all zeros, scaled it is blank again.
"""

import struct
import zlib
from typing import Any, TypeAlias

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

Silhouettes: TypeAlias = NDArray[np.bool_]  # (frames, height, width)

_HEADER = struct.Struct("<4sBIII")  # magic, format version, frames, height, width
_MAGIC = b"GSIL"
_FORMAT_VERSION = 1
# A pixel that is covered by half counts as body; 126.5 of 254 leaves room for rounding.
_HALF = np.float32(126.5 / 254)
# Eight bits of a packed frame as eight pixels.
_EIGHT_PIXELS = np.unpackbits(np.arange(256, dtype=np.uint8)).view(np.uint64)
# 14,000 frames of CASIA-B's size: far above any walk, and still what a machine can hold.
_MOST_PIXELS = 2**30


def checked(silhouettes: NDArray[Any]) -> Silhouettes:
    """The same array, or ValueError where it is not silhouettes at all."""
    if silhouettes.ndim != 3 or silhouettes.dtype != np.bool_:
        raise ValueError(
            "silhouettes must be bool of shape (frames, height, width), "
            f"not {silhouettes.dtype} of shape {silhouettes.shape}"
        )
    return silhouettes


def as_pixels(silhouettes: Silhouettes) -> NDArray[np.uint8]:
    """The same memory as 0 and 1 of uint8, which is what OpenCV reads."""
    return np.ascontiguousarray(silhouettes).view(np.uint8)


def pack(silhouettes: Silhouettes) -> bytes:
    """Bytes to keep: a header with the shape, then the pixels as bits, deflated: some 300 bytes a frame."""
    frames, height, width = checked(silhouettes).shape
    bits = np.packbits(silhouettes)
    return _HEADER.pack(_MAGIC, _FORMAT_VERSION, frames, height, width) + zlib.compress(bits.data, level=1)


def unpack(data: bytes) -> Silhouettes:
    """What `pack` was given; ValueError for anything that `pack` did not write."""
    shape = _packed_shape(data)
    pixels = shape[0] * shape[1] * shape[2]
    expected = -(-pixels // 8)
    inflater = zlib.decompressobj()
    try:
        bits = inflater.decompress(data[_HEADER.size :], expected + 1)
    except zlib.error as error:
        raise ValueError(f"packed silhouettes are damaged: {error}") from error
    if len(bits) != expected or not inflater.eof or inflater.unused_data:
        raise ValueError("packed silhouettes are damaged: their length does not fit their shape")
    result = np.empty((expected, 8), np.uint8)
    _unpack_bits(np.frombuffer(bits, np.uint8), result.view(np.uint64)[:, 0])
    return result.reshape(-1)[:pixels].view(np.bool_).reshape(shape)


@njit(cache=True)
def _unpack_bits(bits: NDArray[np.uint8], words: NDArray[np.uint64]) -> None:
    for i in range(len(bits)):
        words[i] = _EIGHT_PIXELS[bits[i]]


def _packed_shape(data: bytes) -> tuple[int, int, int]:
    if len(data) < _HEADER.size or data[: len(_MAGIC)] != _MAGIC:
        raise ValueError("these bytes are not packed silhouettes")
    _, version, frames, height, width = _HEADER.unpack_from(data)
    if version != _FORMAT_VERSION:
        raise ValueError(f"packed silhouettes of format {version} can't be read, only {_FORMAT_VERSION}")
    if frames * height * width > _MOST_PIXELS:
        raise ValueError(f"packed silhouettes of {frames} frames of {height} x {width} are too large")
    return frames, height, width


def bounding_boxes(silhouettes: Silhouettes) -> NDArray[np.int64]:
    """`(frames, 4)` as (top, left, bottom, right), the last two exclusive; zeros where a frame is blank."""
    boxes = np.zeros((len(checked(silhouettes)), 4), np.int64)
    _write_boxes(as_pixels(silhouettes), boxes)
    return boxes


@njit(cache=True)
def _write_boxes(frames: NDArray[np.uint8], boxes: NDArray[np.int64]) -> None:
    """Rows are read as a whole, then the columns of the rows that hold something; blank frames stay as they are."""
    columns = np.empty(frames.shape[2], np.uint8)
    for frame in range(len(frames)):
        top, bottom = -1, 0
        columns[:] = 0
        for row in range(frames.shape[1]):
            pixels = frames[frame, row]
            if _any(pixels):
                top, bottom = row if top < 0 else top, row + 1
                for column in range(len(columns)):
                    columns[column] |= pixels[column]
        if bottom:
            across = np.flatnonzero(columns)
            boxes[frame] = top, across[0], bottom, across[-1] + 1


@njit(cache=True)
def _any(pixels: NDArray[np.uint8]) -> np.uint8:
    found = np.uint8(0)
    for i in range(pixels.shape[0]):
        found = np.uint8(found | pixels[i])  # a byte stays a byte, so that many fit in a register
    return found


def blank_frames(silhouettes: Silhouettes) -> NDArray[np.bool_]:
    """`(frames,)`: True where no pixel is set."""
    return np.logical_not(checked(silhouettes).any(axis=(1, 2)))


def scaled(silhouettes: Silhouettes, height: int, width: int) -> Silhouettes:
    """`(frames, height, width)`: each body at the full height, its centroid's column in the middle.

    Proportions are kept; what is wider than `width` is cut at the sides. This is the usual preparation of a
    gait energy image (Han and Bhanu 2006). Only the bounding box of the body is ever resampled.
    """
    if height < 1 or width < 1:
        raise ValueError(f"silhouettes can't be scaled to {height} x {width}: both must be at least 1")
    pixels, boxes = as_pixels(silhouettes), bounding_boxes(silhouettes)
    result = np.zeros((len(silhouettes), height, width), np.bool_)
    _write_shrunk(pixels, boxes, result.view(np.uint8))
    for frame in np.flatnonzero((boxes[:, 2] > boxes[:, 0]) & (boxes[:, 2] - boxes[:, 0] <= height)):
        top, left, bottom, right = boxes[frame].tolist()
        body = _enlarged(pixels[frame, top:bottom, left:right], height)
        _place_centred(result[frame].view(np.uint8), body)
    return result


def _enlarged(body: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    """The body resampled to `height` rows in its own proportions, as 0 and 1."""
    width = max(1, round(body.shape[1] * height / body.shape[0]))
    shades = cv2.resize(body * np.uint8(254), (width, height), interpolation=cv2.INTER_LINEAR)
    _, resampled = cv2.threshold(shades, 126, 1, cv2.THRESH_BINARY)  # half covered counts as body
    return np.asarray(resampled, np.uint8)


@njit(cache=True)
def _write_shrunk(pixels: NDArray[np.uint8], boxes: NDArray[np.int64], result: NDArray[np.uint8]) -> None:
    """Bodies taller than the result; the others are left blank."""
    height = result.shape[1]
    for frame in range(len(pixels)):
        top, left, bottom, right = boxes[frame]
        if bottom - top > height:
            width = max(1, round((right - left) * height / (bottom - top)))
            body = _shrunk(pixels[frame], boxes[frame], height, width)
            _place_centred(result[frame], body)


@njit(cache=True)
def _shrunk(pixels: NDArray[np.uint8], box: NDArray[np.int64], height: int, width: int) -> NDArray[np.uint8]:
    """(height, width): 1 where at least half of a pixel's area is body, as OpenCV's INTER_AREA has it."""
    top, left, bottom, right = box
    flat = pixels.reshape(-1)  # rows of it lie in memory order, which the compiler must know
    row_firsts, row_shares = _area_shares(bottom - top, height)
    column_firsts, column_shares = _area_shares(right - left, width)
    result = np.zeros((height, width), np.uint8)
    covered = np.zeros(right - left + len(column_shares), np.float32)
    area = np.empty(width, np.float32)
    for i in range(height):
        covered[:] = 0
        for k in range(len(row_shares)):
            share = row_shares[k, i]
            if share > 0:
                begin = (top + row_firsts[i] + k) * pixels.shape[1] + left
                row = flat[begin : begin + right - left]
                for column in range(len(row)):
                    covered[column] += share * np.float32(row[column])
        area[:] = 0
        for k in range(len(column_shares)):
            shares = column_shares[k]
            for j in range(width):
                area[j] += shares[j] * covered[column_firsts[j] + k]
        for j in range(width):
            result[i, j] = area[j] > _HALF
    return result


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
    for row in range(body.shape[0]):
        for column in range(body.shape[1]):
            pixels += body[row, column]
            columns += body[row, column] * column
    if pixels == 0:  # nothing but specks, thinner than half a pixel after scaling
        return
    left = round((target.shape[1] - 1) / 2 - columns / pixels)
    first, last = max(0, left), min(target.shape[1], left + body.shape[1])
    if last > first:
        target[:, first:last] = body[:, first - left : last - left]


def frames_of_iou(a: Silhouettes, b: Silhouettes) -> float:
    """Mean over the frames of intersection over union, 0 to 1; two blank frames agree, so they count as 1."""
    if checked(a).shape != checked(b).shape:
        raise ValueError(f"silhouettes of unequal shapes {a.shape} and {b.shape} can't be compared")
    if len(a) == 0:
        raise ValueError("silhouettes without a frame can't be compared")
    both = np.count_nonzero(a & b, axis=(1, 2))
    either = np.count_nonzero(a | b, axis=(1, 2))
    return float(np.where(either == 0, 1.0, both / np.maximum(either, 1)).mean())
