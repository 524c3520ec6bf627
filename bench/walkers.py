"""Synthetic walkers, frames a second on one core: the whole walk, and its rasteriser against OpenCV.

    python bench/walkers.py

A walk is posed once and seen by 11 cameras; the time holds drawing the identity, posing, skinning, rendering,
noise and packing. The baseline draws the same projected triangles by cv2.fillConvexPoly, one call each, those that
face away left out for it too.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from timing import timed

from anonymizer.gait.silhouettes import pack
from anonymizer.gait.walkers import walk
from anonymizer.gait.walkers.body_space import body_space
from anonymizer.gait.walkers.cameras import CASIA_B_VIEW_ANGLES, HEIGHT, WIDTH, project
from anonymizer.gait.walkers.clothing import dressed, everyday
from anonymizer.gait.walkers.kinematics import own_gait, unrolled
from anonymizer.gait.walkers.rasteriser import rasterise
from anonymizer.gait.walkers.skeleton import segment_transforms, skin

WALKS = [(subject, condition) for subject in range(4) for condition in ("nm", "bg", "cl")]
NO_HULLS = np.zeros((0, 2), np.int32)
Floats = NDArray[np.float32]


def packed_walks() -> int:
    """Frames made."""
    frames = 0
    for subject, condition in WALKS:
        for silhouettes in walk(1, subject, condition, 1).values():
            pack(silhouettes)
            frames += len(silhouettes)
    return frames


def projected_body() -> Floats:
    """A walking body as every camera sees it, (frames, points, 2)."""
    rng = np.random.default_rng(1)
    space = body_space()
    body = dressed(space, space.somebody(rng, True), everyday(rng, False), None).body
    motion = unrolled(own_gait(rng), rng, 20, 0.04, 1.0)
    points = skin(body.points, body.segments, body.weights, segment_transforms(motion.rotations, body.joints))
    points[..., 2] -= points[..., 2].min()
    seen = [project(points[:, : len(space.hair)], angle) for angle in CASIA_B_VIEW_ANGLES]
    return np.concatenate(seen)


def drawn_by_opencv(pixels: Floats, faces: NDArray[np.int32]) -> NDArray[np.uint8]:
    pictures = np.zeros((len(pixels), HEIGHT, WIDTH), np.uint8)
    for picture, points in zip(pictures, pixels, strict=True):
        corners = points[faces]
        a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
        area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
        # Pixel centres lie at whole numbers for OpenCV, at halves here; four bits of the position are kept.
        for triangle in np.round((corners[area < 0] - 0.5) * 16).astype(np.int32):
            cv2.fillConvexPoly(picture, triangle, 1, shift=4)
    return pictures


def main() -> None:
    cv2.setNumThreads(1)
    packed_walks()  # compiles, or reads what was compiled
    seconds, frames = timed(packed_walks)
    print(f"whole walks, packed: {frames / seconds:,.0f} frames/s a core ({frames} frames, goal 700)")
    pixels, faces = projected_body(), body_space().faces
    rasterise(pixels[:1], faces, NO_HULLS, HEIGHT, WIDTH)
    ours, silhouettes = timed(lambda: rasterise(pixels, faces, NO_HULLS, HEIGHT, WIDTH))
    theirs, pictures = timed(lambda: drawn_by_opencv(pixels, faces))
    same = (silhouettes & (pictures > 0)).sum() / (silhouettes | (pictures > 0)).sum()
    each = len(pixels) / 1000
    print(
        f"rasteriser: {ours / each:.3f} ms a frame; cv2.fillConvexPoly: {theirs / each:.3f} ms; IoU {same:.3f}"
    )
    # OpenCV paints the whole outline of every triangle, so its bodies are half a pixel fatter.
    print(f"ratio: {theirs / ours:.1f} times as fast as cv2.fillConvexPoly a triangle")


if __name__ == "__main__":
    main()
