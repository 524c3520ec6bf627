"""The outline of the largest part of a frame, found and followed as compiled loops.

Read eight pixels at a time, a frame takes a microsecond; so the frame is surveyed once, the first part that
is met is followed, and only where the survey saw more than that outline can hold are the parts told apart.

A survey counts the runs of body pixels in all rows. An outline passes the left end of every run of the part
that it encloses, holes filled. Holes and further parts only ever add runs: with as many runs as the outline
has left ends, there is one part and it has no hole.

Directions run counter-clockwise from the left: 0 left, 2 down, 4 right, 6 up. The points and their order are
those of OpenCV's `findContours` (Suzuki and Abe 1985, 8-connected outer borders).
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (height, width), 0 and 1
Words = NDArray[np.uint64]  # (height, words a row), eight pixels a word
Chain = NDArray[np.int64]  # (points,), row in the upper 32 bits, column in the lower

_ROWS = np.array([0, 1, 1, 1, 0, -1, -1, -1], np.int64)
_COLUMNS = np.array([-1, -1, 0, 1, 1, 1, 0, -1], np.int64)
# Entered in one direction and left in another: is the pixel's left side open, so that a run begins there?
_OPEN_LEFT = np.array(
    [[-(entered + 5) % 8 < (left - entered - 5) % 8 for left in range(8)] for entered in range(8)], np.int64
)
_FULL = np.uint64(0x0101010101010101)
_LANES = np.uint64(0x00FF00FF00FF00FF)
_SUM = np.uint64(0x0001000100010001)
_LANES_HOLD = 255  # words of which each byte can be added up before one overflows


@njit(cache=True)
def largest_outline(pixels: Pixels) -> tuple[NDArray[np.float64], bool]:
    """Points (n, 2) of the largest part's outline as row and column, from the middle of its top row.

    And whether the part, holes filled, is 97 % of all there is. No points where the frame is blank.
    """
    height, width = pixels.shape
    if width % 8 == 0 and height > 0 and width > 0:
        words = pixels.reshape(-1).view(np.uint64).reshape(height, width // 8)
        runs = _survey(words)
        if runs >= 0:
            return _outline(pixels, words, runs, 0, 0)
    # What touches the frame's edge gets a blank margin, and every row a whole number of words.
    framed = np.zeros((height + 2, (width + 7) // 8 * 8 + 16), np.uint8)
    framed[1 : height + 1, 8 : width + 8] = pixels
    words = framed.reshape(-1).view(np.uint64).reshape(len(framed), framed.shape[1] // 8)
    return _outline(framed, words, _survey(words), 1, 8)


@njit(cache=True)
def _survey(words: Words) -> int:
    """Runs in all rows, or -1 where the body touches the edge of the frame."""
    height, per_row = words.shape
    flat = words.reshape(-1)
    edge = _any(words[0]) | _any(words[height - 1])
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
def _any(row: NDArray[np.uint64]) -> np.uint64:
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
def _outline(
    pixels: Pixels, words: Words, runs: int, top: int, left: int
) -> tuple[NDArray[np.float64], bool]:
    """The outline in a frame whose margin is blank; `top` and `left` are taken off its points."""
    if runs == 0:
        return np.empty((0, 2)), True
    chain, points, open_left = _followed(pixels, _first_pixel(words))
    whole = True
    if open_left != runs:
        chain, points, whole = _largest_of_several(pixels, words, runs, chain, points)
    return _from_the_head(chain[:points], top, left), whole


@njit(cache=True)
def _first_pixel(words: Words) -> int:
    flat = words.reshape(-1)
    at = 0
    while not _any(flat[at : at + words.shape[1]]):
        at += words.shape[1]
    while not flat[at]:
        at += 1
    word, pixel = flat[at], at * 8
    while not word & np.uint64(255):
        word >>= np.uint64(8)
        pixel += 1
    return pixel


@njit(cache=True)
def _followed(pixels: Pixels, start: int) -> tuple[Chain, int, int]:
    """The border of a part from its first pixel (counted along the rows); its length, its open left sides."""
    room = 2048
    while True:
        chain = np.empty(room, np.int64)
        points, open_left = _follow(pixels.reshape(-1), pixels.shape[1], start, chain)
        if points <= room:
            return chain, points, open_left
        room *= 4


@njit(cache=True)
def _follow(flat: NDArray[np.uint8], width: int, start: int, chain: Chain) -> tuple[int, int]:
    """One more than `chain` holds where it is too short."""
    steps = np.empty(8, np.int64)
    for i in range(8):
        steps[i] = _ROWS[i] * width + _COLUMNS[i]
    position = (start // width << 32) | (start % width)
    first = 1  # nothing lies above the first pixel nor to its left
    while first < 5 and not flat[start + steps[first]]:
        first += 1
    if first == 5:
        chain[0] = position
        return 1, 1
    at, to, points, open_left = start, first, 0, 0
    while points < len(chain):
        chain[points] = position
        points += 1
        at += steps[to]
        position += (_ROWS[to] << 32) + _COLUMNS[to]
        entered = to
        to = (to + (6 if to & 1 else 7)) & 7  # what comes before was seen to be empty from the last pixel
        while not flat[at + steps[to]]:
            to = (to + 1) & 7
        open_left += _OPEN_LEFT[entered, to]
        if at == start and to == first:
            return points, open_left
    return points + 1, open_left


@njit(cache=True)
def _from_the_head(chain: Chain, top: int, left: int) -> NDArray[np.float64]:
    """Rows and columns, turned so that they start at the point of the top row nearest to that row's middle."""
    points, first_row = len(chain), chain[0] >> 32
    columns, on_top = 0, 0
    for i in range(points):
        if chain[i] >> 32 == first_row:
            columns += chain[i] & 0xFFFF
            on_top += 1
    middle, start, nearest = columns / on_top, 0, np.inf
    for i in range(points):
        if chain[i] >> 32 == first_row and abs((chain[i] & 0xFFFFFFFF) - middle) < nearest:
            start, nearest = i, abs((chain[i] & 0xFFFFFFFF) - middle)
    outline = np.empty((points, 2))
    _decode(chain[start:], top, left, outline[: points - start])
    _decode(chain[:start], top, left, outline[points - start :])
    return outline


@njit(cache=True, inline="always")
def _decode(chain: Chain, top: int, left: int, outline: NDArray[np.float64]) -> None:
    for i in range(len(chain)):
        outline[i, 0] = (chain[i] >> 32) - top
        outline[i, 1] = (chain[i] & 0xFFFFFFFF) - left


# --- Frames with holes or several parts ---------------------------------------------------------------------
@njit(cache=True)
def _largest_of_several(
    pixels: Pixels, words: Words, runs: int, chain: Chain, points: int
) -> tuple[Chain, int, bool]:
    """The part that encloses most; the last one met of those that enclose equally much."""
    firsts, parts, body = _parts(words, runs)
    largest = _enclosed(chain, points)
    for run in range(1, runs):
        if parts[run] == run:
            other, length, _ = _followed(pixels, firsts[run])
            enclosed = _enclosed(other, length)
            if enclosed >= largest:
                chain, points, largest = other, length, enclosed
    return chain, points, largest >= 0.97 * body


@njit(cache=True)
def _enclosed(chain: Chain, points: int) -> float:
    """Pixels within an outline and on it, its holes filled (Pick's theorem)."""
    twice = 0
    for i in range(points):
        here, after = chain[i], chain[(i + 1) % points]
        twice += (after >> 32) * (here & 0xFFFFFFFF) - (here >> 32) * (after & 0xFFFFFFFF)
    return abs(twice) / 2 + points / 2 + 1


@njit(cache=True)
def _parts(words: Words, runs: int) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """First pixel of every run, the first run of the part it belongs to, and the body's pixels."""
    firsts, lasts, parts = np.empty(runs, np.int64), np.empty(runs, np.int64), np.arange(runs)
    run = above = 0
    for row in range(len(words)):
        here = run
        if _any(words[row]):
            run = _note_runs(words[row], row * 8 * words.shape[1], firsts, lasts, run)
            _join_rows(firsts, lasts, parts, above, here, run, 8 * words.shape[1])
        above = here
    for each in range(runs):
        parts[each] = _part(parts, each)
    return firsts, parts, (lasts - firsts + 1).sum()


@njit(cache=True)
def _note_runs(
    row: NDArray[np.uint64], at: int, firsts: NDArray[np.int64], lasts: NDArray[np.int64], run: int
) -> int:
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
    firsts: NDArray[np.int64],
    lasts: NDArray[np.int64],
    parts: NDArray[np.int64],
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
def _part(parts: NDArray[np.int64], run: int) -> int:
    while parts[run] != run:
        parts[run] = parts[parts[run]]
        run = parts[run]
    return run
