"""Silhouettes: the frames of one walk as one array, and what every other part does with them.

Silhouettes are `(frames, height, width)` bool, True where the body is. A blank frame is allowed everywhere
and stays blank: its bounding box is all zeros, scaled it is blank again.
"""

import math
import struct
from typing import Any, TypeAlias

import numpy as np
from isal import isal_zlib
from numba import njit
from numpy.typing import NDArray

Silhouettes: TypeAlias = NDArray[np.bool_]  # (frames, height, width)

_HEADER = struct.Struct("<4sBIII")  # magic, format version, frames, height, width
_MAGIC = b"GSIL"
_FORMAT_VERSION = 1
# Eight bits of a packed frame as eight pixels.
EIGHT_PIXELS = np.unpackbits(np.arange(256, dtype=np.uint8)).view(np.uint64)
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
    """Bytes to keep: a header with the shape, then the pixels as bits in zlib's format, some 260 bytes a frame."""
    frames, height, width = checked(silhouettes).shape
    bits = np.packbits(silhouettes)
    return _HEADER.pack(_MAGIC, _FORMAT_VERSION, frames, height, width) + isal_zlib.compress(bits.data)


def unpack(data: bytes) -> Silhouettes:
    """What `pack` was given; ValueError for anything that `pack` did not write."""
    return opened(*inflated(data))


def opened(bits: NDArray[np.uint8], shape: tuple[int, int, int]) -> Silhouettes:
    """Silhouettes out of what `inflated` gives."""
    result = np.empty((len(bits), 8), np.uint8)
    _unpack_bits(bits, result.view(np.uint64)[:, 0])
    return result.reshape(-1)[: math.prod(shape)].view(np.bool_).reshape(shape)


def inflated(data: bytes) -> tuple[NDArray[np.uint8], tuple[int, int, int]]:
    """The pixels of packed silhouettes as bits, frame after frame without gaps, and (frames, height, width)."""
    shape = _packed_shape(data)
    expected = -(-math.prod(shape) // 8)
    inflater = isal_zlib.decompressobj()
    try:
        bits = inflater.decompress(data[_HEADER.size :], expected + 1)
    except isal_zlib.error as error:  # type: ignore[misc]  # its stub says instance for class
        raise ValueError(f"packed silhouettes are damaged: {error}") from error
    if len(bits) != expected or not inflater.eof or inflater.unused_data:
        raise ValueError("packed silhouettes are damaged: their length does not fit their shape")
    return np.frombuffer(bits, np.uint8), shape


@njit(cache=True)
def _unpack_bits(bits: NDArray[np.uint8], words: NDArray[np.uint64]) -> None:
    for i in range(len(bits)):
        words[i] = EIGHT_PIXELS[bits[i]]


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
    columns = np.empty(frames.shape[2], np.uint8)
    for frame in range(len(frames)):
        boxes[frame] = box_of(frames[frame], columns)


@njit(cache=True)
def box_of(pixels: NDArray[Any], columns: NDArray[Any]) -> tuple[int, int, int, int]:
    """The box of one frame of bytes or words; rows are read as a whole, then the columns (room for them, of the same
    kind) of those that hold something.
    """
    top, bottom = -1, 0
    columns[:] = 0
    for row in range(pixels.shape[0]):
        if _any(pixels[row]):
            top, bottom = row if top < 0 else top, row + 1
            for column in range(len(columns)):
                columns[column] |= pixels[row, column]
    if bottom == 0:
        return 0, 0, 0, 0
    across = np.flatnonzero(columns)
    return top, across[0], bottom, across[-1] + 1


@njit(cache=True)
def _any(pixels: NDArray[Any]) -> Any:
    found = pixels.dtype.type(0)
    for i in range(pixels.shape[0]):
        found = pixels.dtype.type(found | pixels[i])  # a byte stays a byte, so that many fit in a register
    return found


def blank_frames(silhouettes: Silhouettes) -> NDArray[np.bool_]:
    """`(frames,)`: True where no pixel is set."""
    return np.logical_not(checked(silhouettes).any(axis=(1, 2)))


def is_swapped(frame: NDArray[Any]) -> bool:
    """Whether body and background are swapped in a frame (height, width): most of the border is body."""
    return bool(np.concatenate([frame[0], frame[-1], frame[:, 0], frame[:, -1]]).mean() > 0.5)


def mean_iou(a: Silhouettes, b: Silhouettes) -> float:
    """Mean over the frames of intersection over union, 0 to 1; two blank frames agree, so they count as 1."""
    if checked(a).shape != checked(b).shape:
        raise ValueError(f"silhouettes of unequal shapes {a.shape} and {b.shape} can't be compared")
    if len(a) == 0:
        raise ValueError("silhouettes without a frame can't be compared")
    both = np.count_nonzero(a & b, axis=(1, 2))
    either = np.count_nonzero(a | b, axis=(1, 2))
    return float(np.where(either == 0, 1.0, both / np.maximum(either, 1)).mean())
