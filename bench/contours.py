"""The contour of a frame, against scikit-image's `find_contours` and a tracer in plain Python.

    python bench/contours.py

Silhouettes in, outlines out, 320 x 240, on one core: the longest outline of each frame, from the top of the head.
All three find the same body; scikit-image's outline runs between pixels, the others' on them. Ours is timed as
`contours` calls it, in a compiled loop over the frames, and as a call from Python a frame.
"""

import os
import sys
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


import cv2
import numpy as np
from numba import njit
from skimage.measure import find_contours
from timing import seconds

from anonymizer.gait.contours import contours, traced
from anonymizer.gait.outlines import largest_outline
from anonymizer.gait.silhouettes import as_pixels
from anonymizer.gait.walkers import walk

VIEW_ANGLES = (0, 36, 90, 126)
# Clockwise from the left, for Moore's tracing: row and column.
AROUND = ((0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1))


@njit
def ours_of_all(pixels: np.ndarray) -> int:
    """The outlines' points in all."""
    points = 0
    for frame in range(len(pixels)):
        points += len(largest_outline(pixels[frame])[0])
    return points


def of_scikit_image(frame: np.ndarray) -> np.ndarray:
    return max(find_contours(frame, 0.5), key=len)


def in_python(frame: list[list[int]]) -> list[tuple[int, int]]:
    """Moore's neighbour tracing with Jacob's stop, from the first pixel of the first row that holds one."""
    height, width = len(frame), len(frame[0])
    start = next((row, frame[row].index(1)) for row in range(height) if 1 in frame[row])
    outline, here, came_from, first_step = [start], start, 0, None
    while True:
        for turn in range(1, 9):
            at = (came_from + turn) % 8
            row, column = here[0] + AROUND[at][0], here[1] + AROUND[at][1]
            if 0 <= row < height and 0 <= column < width and frame[row][column]:
                break
        else:
            return outline  # a single pixel
        if here == start and first_step == at:
            return outline[:-1]
        if first_step is None:
            first_step = at
        here = (row, column)
        outline.append(here)
        came_from = (at + 4 + (1 if at % 2 else 0)) % 8  # the empty neighbour seen last, from the new pixel


def main() -> None:
    cv2.setNumThreads(1)
    frames = np.concatenate(list(walk(3, 1, "nm", 1, view_angles=VIEW_ANGLES).values()))
    pixels = as_pixels(frames)
    floats = frames.astype(np.float64)  # what find_contours would make of anything else
    contours(frames[:2]), ours_of_all(pixels[:2])  # compiles what is compiled
    ours = seconds(lambda: ours_of_all(pixels), 15) / len(frames)
    called = seconds(lambda: [traced(frame) for frame in pixels], 15) / len(frames)
    vectors = seconds(lambda: contours(frames), 15) / len(frames)
    skimage = seconds(lambda: [of_scikit_image(frame) for frame in floats], 3) / len(frames)
    python = seconds(lambda: [in_python(frame.tolist()) for frame in pixels], 3) / len(frames)
    words = pixels.reshape(-1).view(np.uint64)
    read = seconds(lambda: np.bitwise_or.reduce(words), 15) / len(frames)
    shared = np.mean([_alike(traced(f), in_python(f.tolist())) for f in pixels])
    print(f"GaitMOS        {ours * 1e6:8.1f} µs a frame; called from Python {called * 1e6:.1f}, ", end="")
    print(f"as a contour vector {vectors * 1e6:.1f}")
    print(f"scikit-image   {skimage * 1e6:8.1f} µs, {skimage / ours:.1f} times as long")
    print(f"plain Python   {python * 1e6:8.1f} µs, {python / ours:.0f} times as long")
    print(f"limit: reading the frame's pixels once takes {read * 1e6:.1f} µs")
    print(f"pixels that our outline and plain Python's share: {shared:.3f}")


def _alike(ours: np.ndarray, theirs: list[tuple[int, int]]) -> float:
    one, other = set(map(tuple, ours.astype(int).tolist())), set(theirs)
    return len(one & other) / len(one | other)


if __name__ == "__main__":
    main()
