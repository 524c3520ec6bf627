"""A walk spoilt on purpose, so that anybody who looks sees it: what a study's checks of attention show.

Time is cut into short pieces that come in another order, and the body into bands that slip sideways against one
another, anew with each piece. Nothing of it depends on the method under test.
"""

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.silhouettes import Silhouettes, bounding_boxes, checked

_PIECE = 4  # frames: 0.16 s, so that the body jumps some six times a second
_BANDS = 6
_LEAST, _MOST = 0.12, 0.3  # of the body's height: how far a band slips


def broken(silhouettes: Silhouettes, seed: int = 0) -> Silhouettes:
    """The same number of frames, of the same size; the same seed breaks alike."""
    walk = checked(silhouettes)
    rng = np.random.default_rng([seed, *walk.shape])
    result = np.zeros_like(walk)
    for target, source, slips in _pieces(len(walk), rng):
        for frame, other in zip(target, source, strict=True):
            result[frame] = _slipped(walk[other], slips)
    return result


def _pieces(
    frames: int, rng: np.random.Generator
) -> list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]:
    """(frames to fill, frames to show there, each band's slip in shares of the body's height)."""
    starts = rng.permutation(max(1, frames - _PIECE + 1))
    made = []
    for number, first in enumerate(range(0, frames, _PIECE)):
        target = np.arange(first, min(first + _PIECE, frames))
        source = (starts[number % len(starts)] + np.arange(len(target))) % frames
        size = rng.uniform(_LEAST, _MOST, _BANDS)
        sides = rng.permuted(np.resize([-1, 1], _BANDS))
        made.append((target, source, size * sides))
    return made


def _slipped(frame: NDArray[np.bool_], slips: NDArray[np.float64]) -> NDArray[np.bool_]:
    top, _, bottom, _ = bounding_boxes(frame[None])[0]
    result = np.zeros_like(frame)
    edges = np.linspace(top, bottom, _BANDS + 1).round().astype(int)
    for upper, lower, slip in zip(edges[:-1], edges[1:], slips, strict=True):
        result[upper:lower] = _moved(frame[upper:lower], round(slip * (bottom - top)))
    return result


def _moved(rows: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """The rows moved sideways; what leaves the picture is gone."""
    width = rows.shape[1]
    result = np.zeros_like(rows)
    if abs(by) < width:
        result[:, max(0, by) : width + min(0, by)] = rows[:, max(0, -by) : width - max(0, by)]
    return result
