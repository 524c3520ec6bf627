"""The parts of a frame: pixels that hang together, corners included.

Frames are read eight pixels at a time: as 0 and 1 in the eight bytes of a word. Where the body begins and ends
in a row comes out of a few operations on words, and most words are blank. A run is what lies between; the runs
of one row that touch those of the row above are one part.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (height, width), 0 and 1
Words = NDArray[np.uint64]  # (height, words a row), eight pixels a word
Each = NDArray[np.int64]  # one number a run

MARGIN = (1, 8)  # rows and columns before the frame in one `with_margin`
_FULL = np.uint64(0x0101010101010101)
_LANES = np.uint64(0x00FF00FF00FF00FF)
_SUM = np.uint64(0x0001000100010001)
_LANES_HOLD = 255  # words of which each byte can be added up before one overflows


@njit(cache=True)
def as_words(pixels: Pixels) -> Words:
    """The same memory; the width must be a multiple of 8."""
    return pixels.reshape(-1).view(np.uint64).reshape(len(pixels), pixels.shape[1] // 8)


@njit(cache=True)
def with_margin(pixels: Pixels) -> Pixels:
    """A copy that nothing touches the edge of, every row a whole number of words."""
    height, width = pixels.shape
    framed = np.zeros((height + 2, (width + 7) // 8 * 8 + 16), np.uint8)
    framed[1 : height + 1, 8 : width + 8] = pixels
    return framed


@njit(cache=True)
def without_specks(pixels: Pixels, least: float) -> Pixels:
    """A copy without the parts that have less than this share of the largest one's pixels."""
    framed = with_margin(pixels)
    words = as_words(framed)
    firsts, lasts, parts = parts_of(words, runs_in(words))
    held = np.zeros(len(parts), np.int64)  # pixels of a part, at its first run
    for run in range(len(parts)):
        held[parts[run]] += lasts[run] - firsts[run] + 1
    flat = framed.reshape(-1)
    for run in range(len(parts)):
        if held[parts[run]] < least * held.max():
            flat[firsts[run] : lasts[run] + 1] = 0
    return framed[1 : len(pixels) + 1, 8 : pixels.shape[1] + 8].copy()


@njit(cache=True)
def measured_parts(pixels: Pixels) -> NDArray[np.int64]:
    """(parts, 5) top, left, bottom, right and pixels of each, ends exclusive; the part met first comes first."""
    if pixels.size and pixels.shape[1] % 8 == 0:
        words = as_words(pixels)
        runs = runs_in(words)
        if runs >= 0:
            return _measured(words, runs)
    words = as_words(with_margin(pixels))
    measured = _measured(words, runs_in(words))
    for part in measured:
        part[0], part[2] = part[0] - MARGIN[0], part[2] - MARGIN[0]
        part[1], part[3] = part[1] - MARGIN[1], part[3] - MARGIN[1]
    return measured


@njit(cache=True)
def _measured(words: Words, runs: int) -> NDArray[np.int64]:
    firsts, lasts, parts = parts_of(words, runs)
    width = 8 * words.shape[1]
    measured, found, number = np.empty((runs, 5), np.int64), 0, np.empty(runs, np.int64)
    for run in range(runs):
        row = firsts[run] // width
        left, right = firsts[run] - row * width, lasts[run] - row * width + 1
        if parts[run] == run:
            number[run] = found
            measured[found] = row, left, row + 1, right, 0
            found += 1
        part = measured[number[parts[run]]]
        part[1], part[2], part[3] = min(part[1], left), row + 1, max(part[3], right)
        part[4] += right - left
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
    """Runs in all rows, or -1 where the body touches the edge of the frame."""
    height, per_row = words.shape
    flat = words.reshape(-1)
    edge = any_of(words[0]) | any_of(words[height - 1])
    total = np.uint64(0)
    for first in range(1, len(flat), _LANES_HOLD):
        last = min(first + _LANES_HOLD, len(flat))
        begun = _beginnings(flat[first:last], flat[first - 1 : last - 1])
        lanes = (begun & _LANES) + ((begun >> np.uint64(8)) & _LANES)
        total += (lanes * _SUM) >> np.uint64(48)
    for row in range(height):
        edge |= (words[row, 0] & np.uint64(255)) | (words[row, per_row - 1] >> np.uint64(56))
    return -1 if edge else np.int64(total)  # type: ignore[return-value]  # an int, once compiled


@njit(cache=True, inline="always")
def any_of(row: NDArray[np.uint64]) -> np.uint64:
    found = np.uint64(0)
    for i in range(row.shape[0]):
        found |= row[i]
    return found


@njit(cache=True, inline="always")
def _beginnings(row: NDArray[np.uint64], before: NDArray[np.uint64]) -> np.uint64:
    """Pixels of the body whose left neighbour is none, counted for each of the eight places in a word."""
    found = np.uint64(0)
    for i in range(row.shape[0]):
        found += row[i] & ~((row[i] << np.uint64(8)) | (before[i] >> np.uint64(56)))
    return found


@njit(cache=True)
def parts_of(words: Words, runs: int) -> tuple[Each, Each, Each]:
    """First and last pixel of every run, counted along the rows, and the first run of the part it is of."""
    firsts, lasts, parts = np.empty(runs, np.int64), np.empty(runs, np.int64), np.arange(runs)
    run = above = 0
    for row in range(len(words)):
        here = run
        if any_of(words[row]):
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
