"""Silhouettes from projected triangles: a scanline fill of those that face the camera.

Every ray through a closed surface enters it as often as it leaves it, so the triangles that face the camera
cover the whole silhouette alone. A pixel belongs to the body when its centre does.
"""

import math

import numba
import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.silhouettes import Silhouettes

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@numba.njit(cache=True)
def _fill_triangle(picture, ax, ay, bx, by, cx, cy):  # type: ignore[no-untyped-def]
    """Set the pixels whose centre (column + .5, row + .5) lies in the triangle. Both edges are inclusive, so
    that neighbours leave no crack."""
    if by < ay:
        ax, ay, bx, by = bx, by, ax, ay
    if cy < by:
        bx, by, cx, cy = cx, cy, bx, by
        if by < ay:
            ax, ay, bx, by = bx, by, ax, ay
    half = np.float32(0.5)
    first = max(0, math.ceil(ay - half))
    last = min(picture.shape[0] - 1, math.floor(cy - half))
    for row in range(first, last + 1):
        y = row + half
        x0 = ax + (cx - ax) * ((y - ay) / (cy - ay)) if cy > ay else ax
        if y < by:
            x1 = ax + (bx - ax) * ((y - ay) / (by - ay))
        else:
            x1 = bx + (cx - bx) * ((y - by) / (cy - by)) if cy > by else bx
        if x1 < x0:
            x0, x1 = x1, x0
        for column in range(
            max(0, math.ceil(x0 - half)), min(picture.shape[1] - 1, math.floor(x1 - half)) + 1
        ):
            picture[row, column] = 1


@numba.njit(cache=True)
def _fill_mesh(picture, pixels, faces):  # type: ignore[no-untyped-def]
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ax, ay, bx, by, cx, cy = (
            pixels[a, 0],
            pixels[a, 1],
            pixels[b, 0],
            pixels[b, 1],
            pixels[c, 0],
            pixels[c, 1],
        )
        # Rows count downward, so a face that looks at the camera runs clockwise on paper.
        if (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) < 0:
            _fill_triangle(picture, ax, ay, bx, by, cx, cy)


@numba.njit(cache=True)
def _turns_left(o, a, b):  # type: ignore[no-untyped-def]
    return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]) > 0


@numba.njit(cache=True)
def _convex_hull(pixels):  # type: ignore[no-untyped-def]
    """Andrew's monotone chain: the corners of the hull of (n, 2) points, in order."""
    order = np.argsort(pixels[:, 0], kind="mergesort")
    corners = np.empty((2 * len(pixels) + 1, 2), np.float32)
    count = 0
    for sweep in range(2):
        start = count
        for i in range(len(order)):
            point = pixels[order[i] if sweep == 0 else order[len(order) - 1 - i]]
            while count - start >= 2 and not _turns_left(corners[count - 2], corners[count - 1], point):
                count -= 1
            corners[count] = point
            count += 1
        count -= 1  # the last corner opens the other sweep
    return corners[:count]


@numba.njit(cache=True)
def _fill_hull(picture, pixels):  # type: ignore[no-untyped-def]
    corners = _convex_hull(pixels)
    o = corners[0]
    for i in range(1, len(corners) - 1):
        a, b = corners[i], corners[i + 1]
        _fill_triangle(picture, o[0], o[1], a[0], a[1], b[0], b[1])


@numba.njit(cache=True)
def _rasterise(pixels, faces, hulls, height, width):  # type: ignore[no-untyped-def]
    out = np.zeros((len(pixels), height, width), np.uint8)
    for t in range(len(pixels)):
        _fill_mesh(out[t], pixels[t], faces)
        for h in range(len(hulls)):
            _fill_hull(out[t], pixels[t, hulls[h, 0] : hulls[h, 1]])
    return out


def rasterise(pixels: Floats, faces: Ints, hulls: Ints, height: int, width: int) -> Silhouettes:
    """Silhouettes of bodies given by their projected points (frames, points, 2) as (column, row): the closed
    mesh `faces` (n, 3), and the convex hull of each range of points in `hulls` (n, 2), first and end."""
    drawn: NDArray[np.uint8] = _rasterise(pixels, faces, hulls, height, width)
    return drawn.view(np.bool_)


@numba.njit(cache=True)
def _inside(pixels, height, width):  # type: ignore[no-untyped-def]
    fits = np.ones(len(pixels), np.bool_)
    for t in range(len(pixels)):
        for i in range(pixels.shape[1]):
            x, y = pixels[t, i]
            if x < 1 or y < 1 or x > width - 1 or y > height - 1:
                fits[t] = False
                break
    return fits


def inside(pixels: Floats, height: int, width: int) -> NDArray[np.bool_]:
    """Which frames show the whole body, a pixel away from the border, (frames,)."""
    fits: NDArray[np.bool_] = _inside(pixels, height, width)
    return fits
