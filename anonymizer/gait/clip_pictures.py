"""A clip's pictures: each frame of a walk drawn large, with smooth edges, in the middle or in its own place.

Centred, the body walks on the spot at constant height: the way it goes and how it grows while it comes
nearer are taken out smoothly, so that its own bob and sway stay. The scale is the original's for both clips
of a pair; the place in the picture is each walk's own.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.silhouettes import Silhouettes, as_pixels, bounding_boxes, checked

Picture = NDArray[np.uint8]  # (height, width), 0 background to 255 body

_BODY_HEIGHT, _GROUND = 0.8, 0.92  # shares of the picture's height
_MARGIN = 4  # pixels around the body that its smoothed edge may reach
_EDGE_BLUR = 1.0  # pixels of the walk; takes away the steps of its raster
_SMOOTHING = 13.0  # frames; so wide that neither steps nor cycles are left, so narrow that it follows the way
_ONE_SCALE = 1.06  # a walker who grows by less than this keeps the same distance
_EDGE_WIDTH = 1.5  # pixels of the clip over which the edge goes from background to body


@dataclass(frozen=True)
class Framing:
    """Where every frame of a walk comes to stand in the picture."""

    scales: NDArray[np.float64]  # (frames,) picture's pixels a pixel of the walk
    lefts: NDArray[np.float64]  # (frames,) picture's column of the walk's column 0
    tops: NDArray[np.float64]  # (frames,) picture's row of the walk's row 0


def centred(silhouettes: Silhouettes, heights: NDArray[np.float64], size: tuple[int, int]) -> Framing:
    """On the spot, at the scale at which bodies of `heights` (frames,) have one height."""
    width, height = size
    boxes = bounding_boxes(checked(silhouettes)).astype(np.float64)
    shown = boxes[:, 2] > 0
    scales = _BODY_HEIGHT * height / heights
    middles = smoothed(_centroid_columns(silhouettes), shown)
    grounds = smoothed(boxes[:, 2], shown)
    return Framing(scales, width / 2 - scales * middles, _GROUND * height - scales * grounds)


def in_place(silhouettes: Silhouettes, size: tuple[int, int]) -> Framing:
    """The walk's whole frame, as large as the picture allows."""
    frames, rows, columns = checked(silhouettes).shape
    scale = min(size[0] / columns, size[1] / rows)
    left, top = (size[0] - scale * columns) / 2, (size[1] - scale * rows) / 2
    return Framing(np.full(frames, scale), np.full(frames, left), np.full(frames, top))


def _centroid_columns(silhouettes: Silhouettes) -> NDArray[np.float64]:
    """`(frames,)`: 0 where blank."""
    per_column = np.count_nonzero(silhouettes, axis=1)  # (frames, width)
    pixels = np.maximum(per_column.sum(axis=1), 1)
    return np.asarray(per_column @ (np.arange(silhouettes.shape[2]) + 0.5) / pixels, np.float64)


def body_heights(silhouettes: Silhouettes) -> NDArray[np.float64]:
    """`(frames,)`: the bodies' heights in pixels without their bob; one height where the distance stays."""
    boxes = bounding_boxes(silhouettes)
    shown = boxes[:, 2] > 0
    if not shown.any():
        return np.full(len(silhouettes), float(silhouettes.shape[1]))
    heights = (boxes[:, 2] - boxes[:, 0]).astype(np.float64)
    smooth = np.maximum(smoothed(heights, shown), 0.25 * np.median(heights[shown]))
    if smooth.max() < _ONE_SCALE * smooth.min():
        return np.full(len(silhouettes), float(np.median(heights[shown])))
    return smooth


def smoothed(values: NDArray[np.float64], shown: NDArray[np.bool_]) -> NDArray[np.float64]:
    """`(frames,)`: local straight lines through the shown frames' values, broken frames weighing little."""
    time = np.arange(len(values), dtype=np.float64)
    near = np.exp(-0.5 * ((time[:, None] - time[None]) / _SMOOTHING) ** 2) * shown
    trusted = np.ones(len(values))
    lines = values
    if not shown.any():
        return values
    for _ in range(3):
        lines = _local_lines(near * trusted, time, np.where(shown, values, 0.0))
        rest = np.abs(values - lines)
        usual = float(np.median(rest[shown])) + 1e-6
        trusted = 1 / np.maximum(1, rest / (2 * usual)) ** 2
    return lines


def _local_lines(
    weights: NDArray[np.float64], time: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Row by row of the weights the weighted straight line's value at that row's time."""
    total = weights.sum(axis=1) + 1e-12
    centre, level = weights @ time / total, weights @ values / total
    spread = weights @ time**2 / total - centre**2
    slope = (weights @ (time * values) / total - centre * level) / np.maximum(spread, 1e-6)
    return np.asarray(level + np.where(spread > 1e-6, slope, 0) * (time - centre), np.float64)


def draw(frame: NDArray[np.bool_], framing: Framing, index: int, size: tuple[int, int]) -> Picture:
    """One frame (height, width) as a picture: blurred at its own size, enlarged, cut to a narrow edge."""
    x, y, width, height = cv2.boundingRect(as_pixels(frame))
    if width == 0:
        return np.zeros((size[1], size[0]), np.uint8)
    body = cv2.copyMakeBorder(
        as_pixels(frame[y : y + height, x : x + width]) * np.uint8(255),
        *(_MARGIN,) * 4,
        cv2.BORDER_CONSTANT,
        value=(0,),
    )
    soft = cv2.GaussianBlur(body, (0, 0), _EDGE_BLUR)
    scale = float(framing.scales[index])
    # cv2 puts a pixel's centre at whole numbers, so that enlarging moves by half a pixel less than its share.
    left = framing.lefts[index] + scale * (x - _MARGIN + 0.5) - 0.5
    top = framing.tops[index] + scale * (y - _MARGIN + 0.5) - 0.5
    matrix = np.array([[scale, 0, left], [0, scale, top]])
    large = cv2.warpAffine(soft, matrix, size, flags=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)
    return np.asarray(cv2.LUT(large, _edge_table(scale)), np.uint8)


def _edge_table(scale: float) -> NDArray[np.uint8]:
    """`(256,)`: from the blurred edge to one `_EDGE_WIDTH` wide. A blur of s has a slope of 0.4/s a pixel."""
    slope = max(1.0, scale * _EDGE_BLUR / 0.4 / _EDGE_WIDTH)
    coverage = np.clip((np.arange(256) / 255 - 0.5) * slope + 0.5, 0, 1)
    return np.asarray(np.rint(255 * coverage), np.uint8)
