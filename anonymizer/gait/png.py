"""PNG pictures from strangers: looked at before they are decoded.

The decoder allocates what the header asks for, prints to standard error where a file is broken and returns
half a picture where it is cut short. So size, checksums and end are checked first (PNG specification, W3C
2003, 5.3).
"""

import zlib
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LONGEST_SIDE = 2048  # pixels; CASIA-B has 320
_WITH_ALPHA = (4, 6)  # colour types of the header
_HALF = 128


class UnreadablePictureError(ValueError):
    """The data is no whole PNG, or of a size that no silhouette has."""


def decode_grey(data: bytes) -> NDArray[np.uint8]:
    """`(height, width)` of 0 to 255; UnreadablePictureError where it is no whole PNG or too large.

    What is transparent counts as black. Where the colours don't tell body from ground, the transparency does.
    """
    chunks = _chunks(data)
    kind, header = next(chunks, (b"", memoryview(b"")))
    if kind != b"IHDR" or len(header) != 13:
        raise UnreadablePictureError("no PNG header")
    width, height = int.from_bytes(header[:4]), int.from_bytes(header[4:8])
    if not (0 < width <= _LONGEST_SIDE and 0 < height <= _LONGEST_SIDE):
        raise UnreadablePictureError(f"{height} x {width} pixels, more than {_LONGEST_SIDE} a side")
    kinds = {kind for kind, _ in chunks}
    if b"IEND" not in kinds:
        raise UnreadablePictureError("cut short")
    grey = _decoded(data, cv2.IMREAD_GRAYSCALE)
    if header[9] in _WITH_ALPHA or b"tRNS" in kinds:
        whole = _decoded(data, cv2.IMREAD_UNCHANGED)
        if whole.shape[2:] == (4,):
            return _as_seen(grey, whole[:, :, 3])
    return grey


def _decoded(data: bytes, how: int) -> NDArray[np.uint8]:
    picture: Any = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    if picture is None:
        raise UnreadablePictureError("can't be decoded")
    return np.asarray(picture >> 8 if picture.dtype == np.uint16 else picture, np.uint8)


def _as_seen(grey: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A body may be cut out with all colours alike: then the alpha channel is its picture."""
    opaque = alpha >= _HALF
    if opaque.all():
        return grey
    bright = (grey[opaque] if opaque.any() else grey) >= _HALF
    if bright.all() or not bright.any():
        return alpha
    return np.where(opaque, grey, 0).astype(np.uint8) if opaque.any() else grey


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Each chunk's kind and content up to IEND; ends early where the file does."""
    if data[:8] != _SIGNATURE:
        raise UnreadablePictureError("not a PNG file")
    view, place = memoryview(data), 8
    while place + 12 <= len(data):
        end = place + 8 + int.from_bytes(view[place : place + 4])
        if end + 4 > len(data):
            return
        if zlib.crc32(view[place + 4 : end]) != int.from_bytes(view[end : end + 4]):
            raise UnreadablePictureError("damaged")
        kind = bytes(view[place + 4 : place + 8])
        yield kind, view[place + 8 : end]
        if kind == b"IEND":
            return
        place = end + 4
