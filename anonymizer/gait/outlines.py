"""The outline of the largest part of a frame, found and followed as compiled loops.

The frame's runs are counted, the first part that is met is followed, and only where there are more runs than
that outline can hold are the parts told apart. An outline passes the left end of every run of the part that it
encloses, holes filled. Holes and further parts only ever add runs: with as many runs as the outline has left
ends, there is one part and it has no hole.

Directions run counter-clockwise from the left: 0 left, 2 down, 4 right, 6 up. The points and their order are
those of OpenCV's `findContours` (Suzuki and Abe 1985, 8-connected outer borders).
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from anonymizer.gait.parts import Pixels, Words, as_words, cut_out, parts_of, runs_in

Chain = NDArray[np.int64]  # (points,), row in the upper 32 bits, column in the lower

_ROWS = np.array([0, 1, 1, 1, 0, -1, -1, -1], np.int64)
_COLUMNS = np.array([-1, -1, 0, 1, 1, 1, 0, -1], np.int64)
# Entered in one direction and left in another: is the pixel's left side open, so that a run begins there?
_OPEN_LEFT = np.array(
    [[-(entered + 5) % 8 < (left - entered - 5) % 8 for left in range(8)] for entered in range(8)], np.int64
)


@njit(cache=True)
def largest_outline(pixels: Pixels) -> tuple[NDArray[np.float64], bool]:
    """Points (n, 2) of the largest part's outline as row and column, from the middle of its top row.

    And whether the part, holes filled, is 97 % of all there is. No points where the frame is blank.
    """
    body, top, left = cut_out(pixels)
    words = as_words(body)
    runs = runs_in(words)
    if runs == 0:
        return np.empty((0, 2)), True
    chain, points, open_left = _followed(body, _first_pixel(body))
    whole = True
    if open_left != runs:
        chain, points, whole = _largest_of_several(body, words, chain, points)
    return _from_the_head(chain[:points], top, left), whole


@njit(cache=True)
def _first_pixel(body: Pixels) -> int:
    at = len(body[0])  # the margin's row above is blank
    flat = body.reshape(-1)
    while not flat[at]:
        at += 1
    return at


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
            columns += chain[i] & 0xFFFFFFFF
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
        outline[i, 0] = (chain[i] >> 32) + top
        outline[i, 1] = (chain[i] & 0xFFFFFFFF) + left


# --- Frames with holes or several parts ---------------------------------------------------------------------
@njit(cache=True)
def _largest_of_several(pixels: Pixels, words: Words, chain: Chain, points: int) -> tuple[Chain, int, bool]:
    """The part that encloses most; the last one met of those that enclose equally much."""
    firsts, lasts, parts = parts_of(words)
    largest = _enclosed(chain, points)
    for run in range(1, len(parts)):
        if parts[run] == run:
            other, length, _ = _followed(pixels, firsts[run])
            enclosed = _enclosed(other, length)
            if enclosed >= largest:
                chain, points, largest = other, length, enclosed
    return chain, points, largest >= 0.97 * (lasts - firsts + 1).sum()


@njit(cache=True)
def _enclosed(chain: Chain, points: int) -> float:
    """Pixels within an outline and on it, its holes filled (Pick's theorem)."""
    twice = 0
    for i in range(points):
        here, after = chain[i], chain[(i + 1) % points]
        twice += (after >> 32) * (here & 0xFFFFFFFF) - (here >> 32) * (after & 0xFFFFFFFF)
    return abs(twice) / 2 + points / 2 + 1
