"""The parts of a frame: pixels that hang together, corners included.

Frames are read eight pixels at a time: as 0 and 1 in the eight bytes of a word. Where the body begins and ends
in a row comes out of a few operations on words, and most words are blank. A run is what lies between; the runs
of one row that touch those of the row above are one part.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from anonymizer.gait.silhouettes import box_of

Pixels = NDArray[np.uint8]  # (height, width), 0 and 1
Words = NDArray[np.uint64]  # (height, words a row), eight pixels a word
Each = NDArray[np.int64]  # one number a run

_FULL = np.uint64(0x0101010101010101)
_LANES = np.uint64(0x00FF00FF00FF00FF)
_SUM = np.uint64(0x0001000100010001)
_LANES_HOLD = 255  # words of which each byte can be added up before one overflows


@njit(cache=True)
def as_words(pixels: Pixels) -> Words:
    """The same memory; the width must be a multiple of 8."""
    return pixels.reshape(-1).view(np.uint64).reshape(len(pixels), pixels.shape[1] // 8)


@njit(cache=True)
def cut_out(pixels: Pixels) -> tuple[Pixels, int, int]:
    """All that a frame holds, in a blank margin and rows of whole words; the row and column of its first pixel.

    A body is a tenth of its frame: what follows looks at it again and again, in a place that stays in the nearest
    cache, and never meets an edge.
    """
    words = as_words(pixels if pixels.shape[1] % 8 == 0 else _padded(pixels))
    top, first, bottom, end = box_of(words, np.empty(words.shape[1], np.uint64))
    body = np.zeros((bottom - top + 2, 8 * (end - first + 2)), np.uint8)
    as_words(body)[1:-1, 1:-1] = words[top:bottom, first:end]
    return body, top - 1, 8 * (first - 1)


@njit(cache=True)
def _padded(pixels: Pixels) -> Pixels:
    height, width = pixels.shape
    padded = np.zeros((height, (width + 7) // 8 * 8), np.uint8)
    padded[:, :width] = pixels
    return padded


@njit(cache=True)
def without_specks(pixels: Pixels, least: float) -> Pixels:
    """A copy without the parts that have less than this share of the largest one's pixels."""
    body, top, left = cut_out(pixels)
    firsts, lasts, parts = parts_of(as_words(body))
    held = np.zeros(len(parts), np.int64)  # pixels of a part, at its first run
    for run in range(len(parts)):
        held[parts[run]] += lasts[run] - firsts[run] + 1
    result, width = pixels.copy(), body.shape[1]
    for run in range(len(parts)):
        if held[parts[run]] < least * held.max():
            row = firsts[run] // width
            begin = left - row * width
            result[top + row, begin + firsts[run] : begin + lasts[run] + 1] = 0
    return result


@njit(cache=True)
def measured_parts(pixels: Pixels) -> NDArray[np.int64]:
    """(parts, 5) top, left, bottom, right and pixels of each, ends exclusive; the part met first comes first."""
    body, top, left = cut_out(pixels)
    firsts, lasts, parts = parts_of(as_words(body))
    width = body.shape[1]
    measured, found, number = np.empty((len(parts), 5), np.int64), 0, np.empty(len(parts), np.int64)
    for run in range(len(parts)):
        row = firsts[run] // width
        begin, end = left + firsts[run] - row * width, left + lasts[run] - row * width + 1
        if parts[run] == run:
            number[run] = found
            measured[found] = top + row, begin, 0, end, 0
            found += 1
        part = measured[number[parts[run]]]
        part[1], part[2], part[3] = min(part[1], begin), top + row + 1, max(part[3], end)
        part[4] += end - begin
    return measured[:found]


@njit(cache=True)
def boxes_without_specks(frames: NDArray[np.uint8], least: float) -> NDArray[np.int64]:
    """(frames, 4) top, left, bottom, right of the parts with at least this share of the largest one's pixels.

    Zeros where a frame is blank.
    """
    boxes = np.zeros((len(frames), 4), np.int64)
    for frame in range(len(frames)):
        parts = measured_parts(frames[frame])
        box = boxes[frame]
        for part in parts:
            if part[4] >= least * parts[:, 4].max():
                blank = box[2] == 0
                box[0], box[1] = part[0] if blank else box[0], part[1] if blank else min(box[1], part[1])
                box[2], box[3] = max(box[2], part[2]), max(box[3], part[3])
    return boxes


@njit(cache=True)
def runs_in(words: Words) -> int:
    """Runs in all rows of a frame with a blank margin."""
    flat = words.reshape(-1)
    total = np.uint64(0)
    for first in range(1, len(flat), _LANES_HOLD):
        last = min(first + _LANES_HOLD, len(flat))
        begun = _beginnings(flat[first:last], flat[first - 1 : last - 1])
        lanes = (begun & _LANES) + ((begun >> np.uint64(8)) & _LANES)
        total += (lanes * _SUM) >> np.uint64(48)
    return np.int64(total)  # type: ignore[return-value]  # an int, once compiled


@njit(cache=True, inline="always")
def _beginnings(row: NDArray[np.uint64], before: NDArray[np.uint64]) -> np.uint64:
    """Pixels of the body whose left neighbour is none, counted for each of the eight places in a word."""
    found = np.uint64(0)
    for i in range(row.shape[0]):
        found += row[i] & ~((row[i] << np.uint64(8)) | (before[i] >> np.uint64(56)))
    return found


@njit(cache=True)
def parts_of(words: Words) -> tuple[Each, Each, Each]:
    """First and last pixel of every run in a frame with a blank margin, counted along the rows, and the first run
    of the part it is of.
    """
    runs = runs_in(words)
    firsts, lasts, parts = np.empty(runs, np.int64), np.empty(runs, np.int64), np.arange(runs)
    run = above = 0
    for row in range(len(words)):
        here = run
        run = _note_runs(words[row], row * 8 * words.shape[1], firsts, lasts, run)
        _join_rows(firsts, lasts, parts, above, here, run, 8 * words.shape[1])
        above = here
    for each in range(runs):
        parts[each] = _part(parts, each)
    return firsts, lasts, parts


@njit(cache=True)
def _note_runs(row: NDArray[np.uint64], at: int, firsts: Each, lasts: Each, run: int) -> int:
    """Write the runs of a row that begins at pixel `at`; returns the number of runs so far."""
    inside = np.uint64(0)  # 1 where the pixel before belongs to the body
    for word in row:
        changes = word ^ ((word << np.uint64(8)) | inside)
        while changes:
            lowest = changes & (~changes + np.uint64(1))
            pixel = at + np.int64((((lowest - np.uint64(1)) & _FULL) * _FULL) >> np.uint64(56))
            if inside:
                lasts[run - 1] = pixel - 1
            else:
                firsts[run] = pixel
                run += 1
            inside ^= np.uint64(1)
            changes ^= lowest
        at += 8
    return run


@njit(cache=True)
def _join_rows(
    firsts: Each,
    lasts: Each,
    parts: Each,
    above: int,
    here: int,
    after: int,
    width: int,
) -> None:
    """Runs `here` to `after` with those they touch of the row above, corners included."""
    upper = above
    for run in range(here, after):
        first, last = firsts[run] - width - 1, lasts[run] - width + 1
        while upper < here and lasts[upper] < first:
            upper += 1
        touching = upper
        while touching < here and firsts[touching] <= last:
            one, other = _part(parts, touching), _part(parts, run)
            parts[max(one, other)] = min(one, other)
            touching += 1


@njit(cache=True)
def _part(parts: Each, run: int) -> int:
    while parts[run] != run:
        parts[run] = parts[parts[run]]
        run = parts[run]
    return run
