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


class UnreadablePictureError(ValueError):
    """The data is no whole PNG, or of a size that no silhouette has."""


def decode_grey(data: bytes) -> NDArray[np.uint8]:
    """`(height, width)` of 0 to 255; UnreadablePictureError where it is no whole PNG or too large."""
    chunks = _chunks(data)
    kind, header = next(chunks, (b"", memoryview(b"")))
    if kind != b"IHDR" or len(header) != 13:
        raise UnreadablePictureError("no PNG header")
    width, height = int.from_bytes(header[:4]), int.from_bytes(header[4:8])
    if not (0 < width <= _LONGEST_SIDE and 0 < height <= _LONGEST_SIDE):
        raise UnreadablePictureError(f"{height} x {width} pixels, more than {_LONGEST_SIDE} a side")
    if b"IEND" not in {kind for kind, _ in chunks}:
        raise UnreadablePictureError("cut short")
    picture: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise UnreadablePictureError("can't be decoded")
    return np.asarray(picture, np.uint8)


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
