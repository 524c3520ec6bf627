"""The paper's contour vectors as its text can also be read: zero-padded, or with pixels in raster order.

They are here to show what follows from the text, not for use: contours differ in length, so that zero
padding mixes coordinates of one walker with the padding of the other and drags the body towards the
crop's origin; pixels in raster order of two walkers have nothing to do with each other, and the picture
shatters.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.contours import (
    CROP_SIDE,
    POINTS,
    VECTOR_LENGTH,
    Contours,
    Outline,
    Place,
    Vectors,
    draw,
    place,
    traced,
)
from anonymizer.gait.silhouettes import Silhouettes, as_pixels


def contours(silhouettes: Silhouettes, order: str, padding: str) -> Contours:
    """Contour pixels of the 240 x 240 crop; `order` traced or raster, `padding` zero or resampled."""
    vectors = np.zeros((len(silhouettes), VECTOR_LENGTH), np.float32)
    places: list[Place | None] = []
    for vector, frame in zip(vectors, as_pixels(silhouettes), strict=True):
        outline = traced(frame)
        here = None if outline is None else place(frame, outline)
        pixels = None if here is None else traced(_crop(frame, here))
        places.append(here if pixels is not None else None)
        if pixels is not None:
            vector[:] = _vector(pixels, order, padding)
    return Contours(vectors, tuple(places))


def _crop(frame: NDArray[np.uint8], here: Place) -> NDArray[np.uint8]:
    """The region of the body, resized to 240 x 240 as in the paper's figure 4."""
    into_frame = np.array([[here.scale, 0, here.column], [0, here.scale, here.row]])
    how = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(frame, into_frame, (CROP_SIDE, CROP_SIDE), flags=how), np.uint8)


def _vector(pixels: Outline, order: str, padding: str) -> NDArray[np.float32]:
    """One contour's pixels (points, 2) as a vector (4000,)."""
    if order == "raster":
        pixels = pixels[np.lexsort((pixels[:, 1], pixels[:, 0]))]
    if padding == "resampled" or len(pixels) > POINTS:
        pixels = pixels[np.arange(POINTS) * len(pixels) // POINTS]
    vector = np.zeros(VECTOR_LENGTH, np.float32)
    vector[: pixels.size] = pixels.ravel()
    return vector


def drawn(
    vectors: Vectors, places: tuple[Place | None, ...], height: int, width: int, order: str
) -> Silhouettes:
    """Contours without their zero padding, drawn, filled and put back where the crops lay in the frame."""
    result = np.zeros((len(vectors), height, width), np.bool_)
    for target, vector, here in zip(result, vectors, places, strict=True):
        points = vector.reshape(-1, 2)
        points = points[np.rint(points).any(axis=1)]
        if here is not None and len(points):
            outline = here.into_frame(points)
            draw(target, outline) if order == "traced" else _draw_loose(target, outline)
    return result


def _draw_loose(target: NDArray[np.bool_], pixels: Outline) -> None:
    """Draw pixels that follow no line, and fill what they happen to enclose."""
    picture = np.zeros(target.shape, np.uint8)
    rows, columns = np.rint(pixels).astype(int).T
    seen = (rows >= 0) & (rows < target.shape[0]) & (columns >= 0) & (columns < target.shape[1])
    picture[rows[seen], columns[seen]] = 1
    outlines, _ = cv2.findContours(picture, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, outlines, -1, 1, cv2.FILLED)
    target |= picture.view(np.bool_)
