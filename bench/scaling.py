"""Silhouettes scaled to equal height and averaged to a gait energy image, against the plain way.

    python bench/scaling.py

The baseline finds the body with numpy, centres the whole frame on it and lets OpenCV resize all of it.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from timing import seconds

from anonymizer.gait.bodies import scaled
from anonymizer.gait.silhouettes import Silhouettes

FRAMES, HEIGHT, WIDTH = 50, 64, 48


def walk() -> Silhouettes:
    """A body of CASIA-B's usual size on its way through CASIA-B's frame."""
    frames = np.zeros((FRAMES, 240, 320), np.uint8)
    for index, frame in enumerate(frames):
        x, stride = 60 + 4 * index, int(25 * np.sin(index / 4))
        cv2.ellipse(frame, (x, 110), (18, 45), 0, 0, 360, 1, -1)
        cv2.circle(frame, (x, 52), 12, 1, -1)
        for side in (-stride, stride):
            cv2.line(frame, (x, 145), (x + side, 205), 1, 14)
    return frames.view(np.bool_)


def energy_image(silhouettes: Silhouettes) -> NDArray[np.float32]:
    return np.asarray(scaled(silhouettes, HEIGHT, WIDTH).mean(axis=0, dtype=np.float32))


def plain_energy_image(silhouettes: Silhouettes) -> NDArray[np.float32]:
    shapes = []
    for frame in silhouettes:
        rows, columns = np.nonzero(frame)
        top, bottom = rows.min(), rows.max() + 1
        middle = frame.shape[1] // 2
        moved = np.roll(frame, middle - round(columns.mean()), axis=1)[top:bottom].astype(np.float32)
        width = round(frame.shape[1] * HEIGHT / (bottom - top))
        large = cv2.resize(moved, (width, HEIGHT), interpolation=cv2.INTER_AREA)
        left = (width - WIDTH) // 2
        shapes.append(large[:, left : left + WIDTH] > 0.5)
    return np.asarray(np.mean(shapes, axis=0, dtype=np.float32))


def microseconds_a_frame(make: Callable[[Silhouettes], object], silhouettes: Silhouettes) -> float:
    return seconds(lambda: make(silhouettes), 30) / FRAMES * 1e6


def main() -> None:
    silhouettes = walk()
    apart = float(np.abs(energy_image(silhouettes) - plain_energy_image(silhouettes)).mean())
    ours = microseconds_a_frame(energy_image, silhouettes)
    plain = microseconds_a_frame(plain_energy_image, silhouettes)
    print(
        f"gait energy image: {ours:.0f} us a frame; plainly {plain:.0f} us: {plain / ours:.1f} times faster"
    )
    print(f"(the two images differ by {apart:.3f} on average, of 1)")


if __name__ == "__main__":
    main()
