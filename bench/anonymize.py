"""Anonymizing silhouettes with `sdf`, against the straightforward OpenCV and numpy version of the same method.

    python bench/anonymize.py

Silhouettes in, silhouettes out, 320 x 240, on one core. Both bring the donor into the original's phase by the
same function and blend the same fields; the plain version works on whole frames and prepares the donor each time,
the product's on the bodies alone, with a donor that was prepared once. Encoding and the drawing of synthetic
donors are no part of it.
"""

import os
import sys
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from timing import seconds

from anonymizer.gait import gait_cycle, methods
from anonymizer.gait.contours import trunk_column
from anonymizer.gait.donors import Donor, Track
from anonymizer.gait.silhouettes import Silhouettes, bounding_boxes, mean_iou
from anonymizer.gait.walkers import donor, walk

VIEW_ANGLES = (0, 36, 90, 126)
ALPHA = 1.5


def plain(track: Track, noise: Track) -> dict[int, Silhouettes]:
    """What one would write first."""
    return {angle: plain_view(silhouettes, noise[angle]) for angle, silhouettes in track.items()}


def plain_view(original: Silhouettes, noise: Silhouettes) -> Silhouettes:
    frames = gait_cycle.phase_map(original, noise).astype(int)
    boxes, noise_boxes = bounding_boxes(original), bounding_boxes(noise)
    result = np.zeros_like(original)
    for index, frame in enumerate(frames):
        if boxes[index, 2]:
            moved = fitted(noise[frame], noise_boxes[frame], original[index], boxes[index])
            result[index] = plain_field(original[index]) + ALPHA * plain_field(moved) < 0
    return result


def plain_field(frame: np.ndarray) -> np.ndarray:
    inside = frame.astype(np.uint8)
    outside = cv2.distanceTransform(1 - inside, cv2.DIST_L2, cv2.DIST_MASK_5)
    return outside - cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_5)


def fitted(noise: np.ndarray, noise_box: np.ndarray, original: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The donor's frame, moved and scaled so that its body stands as tall as the original's, trunk on trunk."""
    cut, own = (
        frame[top:bottom, left:right].astype(np.uint8)
        for frame, (top, left, bottom, right) in ((noise, noise_box), (original, box))
    )
    scale = len(own) / len(cut)
    column = box[1] + trunk_column(own) - (noise_box[1] + trunk_column(cut)) * scale
    matrix = np.array([[scale, 0, column], [0, scale, box[0] - noise_box[0] * scale]])
    moved = cv2.warpAffine(noise.astype(np.uint8) * 255, matrix, (original.shape[1], original.shape[0]))
    return np.asarray(moved > 127)


def main() -> None:
    cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    track = walk(1, 1, "nm", 1, view_angles=VIEW_ANGLES)
    lent = Donor(donor(1, 0, view_angles=VIEW_ANGLES, frames=50))

    def ours() -> Track:
        return methods.anonymize(track, "sdf", parameters={"alpha": ALPHA}, donors=[lent], rng=rng)

    frames = sum(map(len, track.values()))
    ours()  # compiles what is compiled, and prepares the donor
    here, there = seconds(ours), seconds(lambda: plain(track, lent))
    changed, reference = ours(), plain(track, lent)
    alike = np.mean([mean_iou(changed[angle], reference[angle]) for angle in track])
    print(f"sdf          {frames / here:8.0f} frames/s  ({here / frames * 1e6:.0f} µs a frame)")
    print(f"plain OpenCV {frames / there:8.0f} frames/s  ({there / frames * 1e6:.0f} µs a frame)")
    print(f"ratio        {there / here:8.1f}   (the two agree to IoU {alike:.3f})")


if __name__ == "__main__":
    main()
