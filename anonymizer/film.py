"""A walk as one picture, its frames side by side: a page shows it, or plays it without a video.

PNG is written here by hand (PNG specification, 3rd edition): one bit a pixel, the background see-through.
"""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from anonymizer.models import MOST_FILM_CELLS

BODY = (242, 244, 245)  # the figure's colour on the stage
ASPECT = 0.6875  # a cell's width over its height, as the stored pictures have it


def film(silhouettes: NDArray[np.bool_], frames: int | None = None) -> bytes:
    """`frames` cells (all without it) of (frames, height, width), each centred on its body, at one scale."""
    wanted = min(frames or len(silhouettes), len(silhouettes), MOST_FILM_CELLS)
    chosen = silhouettes[np.linspace(0, len(silhouettes) - 1, wanted).round().astype(int)]
    top, bottom = _rows(silhouettes)
    height = bottom - top + 2 * max(2, (bottom - top) // 16)
    width = max(1, round(height * ASPECT))
    strip = np.zeros((height, wanted * width), np.bool_)
    for index, frame in enumerate(chosen):
        strip[:, index * width : (index + 1) * width] = _cell(frame, (top + bottom) // 2, height, width)
    return png(strip)


def shown_frames(frame_count: int, frames: int | None = None) -> int:
    """How many cells `film` makes of so many frames."""
    return min(frames or frame_count, frame_count, MOST_FILM_CELLS)


def _rows(silhouettes: NDArray[np.bool_]) -> tuple[int, int]:
    """First row and one past the last in which any frame shows a body."""
    rows = np.flatnonzero(silhouettes.any(axis=(0, 2)))
    return (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, silhouettes.shape[1])


def _cell(frame: NDArray[np.bool_], middle_row: int, height: int, width: int) -> NDArray[np.bool_]:
    """(height, width) cut out of the frame around its body's middle column."""
    columns = np.flatnonzero(frame.any(axis=0))
    middle = int(columns[0] + columns[-1] + 1) // 2 if len(columns) else frame.shape[1] // 2
    padded = np.pad(frame, ((height, height), (width, width)))
    first_row, first_column = middle_row - height // 2 + height, middle - width // 2 + width
    return padded[first_row : first_row + height, first_column : first_column + width]


def png(pixels: NDArray[np.bool_]) -> bytes:
    """(height, width) as a PNG of one bit a pixel."""
    height, width = pixels.shape
    rows = np.packbits(pixels, axis=1)
    filtered = np.pad(rows, ((0, 0), (1, 0)))  # filter type 0 before each row
    header = struct.pack(">IIBBBBB", width, height, 1, 3, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", bytes((0, 0, 0, *BODY))),
            _chunk(b"tRNS", b"\x00"),
            _chunk(b"IDAT", zlib.compress(filtered.tobytes(), 6)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
