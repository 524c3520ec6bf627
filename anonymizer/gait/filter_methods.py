"""What others do to hide somebody in a picture: blur, pixelate, dilate and erode the silhouette.

They change a frame by itself and know no other walker, so the way of walking stays. They are here to be compared
with. `strength` is in percent of the body's height in the walk, so that it means the same far and near; at 0 the
original comes back. A frame that shows somebody never becomes blank.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.silhouettes import Silhouettes, as_pixels, bounding_boxes

Changed = NDArray[np.bool_]  # (height, width)
Picture = NDArray[np.uint8]  # (height, width) of 0 and 1
ChangePicture = Callable[[Picture, float], Changed]  # by a size in pixels


def blurred(picture: Picture, spread: float) -> Changed:
    """Blurred by a Gaussian of that standard deviation; where more than half of it is left is body."""
    shades = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), spread, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(shades >= 0.5 * min(1.0, float(shades.max())))


def pixelated(picture: Picture, side: float) -> Changed:
    """Squares of that side; those that are at least half body become body."""
    height, width = picture.shape
    rows, columns = max(1, round(height / side)), max(1, round(width / side))
    shades = cv2.resize(picture.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
    squares = (shades >= 0.5 * min(1.0, float(shades.max()))).astype(np.uint8)
    return cv2.resize(squares, (width, height), interpolation=cv2.INTER_NEAREST).view(np.bool_)


def dilated(picture: Picture, radius: float) -> Changed:
    """All that lies within the radius of the body."""
    return np.asarray(cv2.distanceTransform(1 - picture, cv2.DIST_L2, cv2.DIST_MASK_5) <= radius)


def eroded(picture: Picture, radius: float) -> Changed:
    """What lies further than the radius inside the body; of a thin body, its inmost tenth."""
    inside = cv2.distanceTransform(picture, cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.asarray(inside > min(radius, 0.9 * float(inside.max())))


def of_silhouettes(silhouettes: Silhouettes, strength: float, change: ChangePicture) -> Silhouettes:
    """Each frame changed by itself; only the body and as much around it as the change can reach is worked on."""
    boxes = bounding_boxes(silhouettes)
    heights = (boxes[:, 2] - boxes[:, 0])[boxes[:, 2] > 0]
    result = silhouettes.copy()
    size = strength / 100 * float(np.median(heights)) if len(heights) else 0.0
    if size == 0:
        return result
    margin = int(np.ceil(4 * size)) + 1
    for target, frame, box in zip(result, as_pixels(silhouettes), boxes.tolist(), strict=True):
        if box[2] > 0:
            top, left = max(0, box[0] - margin), max(0, box[1] - margin)
            bottom, right = box[2] + margin, box[3] + margin
            cut = np.pad(frame[top:bottom, left:right], 1)  # beyond the frame there is nobody
            target[top:bottom, left:right] = change(cut, size)[1:-1, 1:-1]
    return result
