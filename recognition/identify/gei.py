"""Gait energy images: one walk as the mean of its silhouettes.

Han and Bhanu, "Individual recognition using gait energy image" (TPAMI 2006), with the
alignment that Zheng et al. (ICIP 2011) build on: every silhouette is scaled to equal height
and centred on the column of its centroid, then the frames are averaged.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait import bodies
from anonymizer.gait.silhouettes import Silhouettes

SIZE = (64, 48)  # height, width in pixels


def gait_energy_image(silhouettes: Silhouettes, size: tuple[int, int] = SIZE) -> NDArray[np.float32]:
    """Average (frames, height, width) silhouettes into one image of `size`, values from 0 to 1.

    Blank frames say nothing about the walker and are left out of the mean.
    Raises ValueError when no frame shows anybody.
    """
    return energy_of(bodies.scaled(silhouettes, *size))


def energy_of(scaled: Silhouettes) -> NDArray[np.float32]:
    """The mean of (frames, height, width) bodies that are already scaled and centred."""
    frames = scaled.view(np.uint8)
    shown = np.count_nonzero(frames.any(axis=(1, 2)))
    if shown == 0:
        raise ValueError(f"None of {len(frames)} frames shows a silhouette: no gait energy image.")
    energy: NDArray[np.float32] = frames.sum(axis=0, dtype=np.float32) / np.float32(shown)
    return energy


def gait_energy_images(
    walks: Iterable[Silhouettes], size: tuple[int, int] = SIZE
) -> NDArray[np.float32]:  # (walks, *size)
    """The gait energy image of every walk, stacked."""
    images = [gait_energy_image(walk, size) for walk in walks]
    return np.stack(images) if images else np.empty((0, *size), np.float32)
