"""Proxies of naturalness: numbers that help to choose what to show to people. They are never opinion scores.

A ratio compares anonymized with real silhouettes: 1 is as in life, below 1 is over-smooth, above 1 restless
or unlike any body. Both directions are unnatural, so what is scored is |log ratio|.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.bodies import scaled
from anonymizer.gait.silhouettes import Silhouettes, as_pixels, blank_frames

HEIGHT, WIDTH = 64, 48
COMPONENTS = 60
# A part smaller than this share of the body is a speck of segmentation, not a detached part.
_DETACHED = 0.005


def jitter(silhouettes: Silhouettes) -> float | None:
    """How much shapes at equal height flicker: mean size of the second difference in time; None without any."""
    shapes = scaled(silhouettes, HEIGHT, WIDTH).astype(np.int8)
    change = np.abs(shapes[2:] - 2 * shapes[1:-1] + shapes[:-2]).mean(axis=(1, 2))
    shown = ~blank_frames(silhouettes)
    three_shown = shown[2:] & shown[1:-1] & shown[:-2]
    return float(change[three_shown].mean()) if three_shown.any() else None


def jitter_ratio(original: Silhouettes, anonymized: Silhouettes) -> float | None:
    """Jitter against the original's; None where the original shows no motion to compare with."""
    before, after = jitter(original), jitter(anonymized)
    return None if not before or after is None else after / before


def detached_share(silhouettes: Silhouettes) -> float | None:
    """Share of the frames with a body in which something has come off it; None where all are blank."""
    shown = silhouettes[~blank_frames(silhouettes)]
    return float(np.mean([_in_parts(frame) for frame in as_pixels(shown)])) if len(shown) else None


def _in_parts(frame: NDArray[np.uint8]) -> bool:
    left, top, width, height = cv2.boundingRect(frame)
    count, _, parts, _ = cv2.connectedComponentsWithStats(frame[top : top + height, left : left + width])
    if count <= 2:  # the background and one part
        return False
    areas = np.sort(parts[1:, cv2.CC_STAT_AREA])
    return bool(areas[-2] >= _DETACHED * areas.sum())


@dataclass(frozen=True)
class ShapeManifold:
    """What real shapes at one view angle look like: their mean and principal components."""

    mean: NDArray[np.float32]  # (pixels,)
    components: NDArray[np.float32]  # (components, pixels)
    real_residual: float  # of real frames that it was not fitted to

    def residual(self, silhouettes: Silhouettes) -> float | None:
        """Root mean square of what the components can't express; None where all frames are blank."""
        shapes = _shapes(silhouettes)
        return _residual(shapes, self.mean, self.components) if len(shapes) else None

    def ratio(self, silhouettes: Silhouettes) -> float | None:
        """The residual against that of real frames."""
        residual = self.residual(silhouettes)
        return None if residual is None else residual / self.real_residual


def fit_manifold(walks: list[Silhouettes], components: int = COMPONENTS) -> ShapeManifold:
    """Principal components of real walks at one view angle.

    Every fourth walk is held out, and its residual is what "real" means: frames that were fitted would look more
    at home than any others can. ValueError where there are too few.
    """
    every = [_shapes(walk) for walk in walks]
    fitted = [shapes for index, shapes in enumerate(every) if index % 4 != 3 and len(shapes)]
    held_out = [shapes for index, shapes in enumerate(every) if index % 4 == 3 and len(shapes)]
    if not held_out or sum(map(len, fitted)) <= components:
        raise ValueError(
            f"a shape manifold of {components} components needs at least 4 walks and more than {components} frames"
        )
    from sklearn.decomposition import PCA  # takes seconds to load, and few processes fit anything

    # The randomised solver is exact enough for the leading components and takes a tenth of the time.
    found = PCA(components, svd_solver="randomized", random_state=0).fit(np.concatenate(fitted))
    mean, directions = np.asarray(found.mean_, np.float32), np.asarray(found.components_, np.float32)
    return ShapeManifold(mean, directions, _residual(np.concatenate(held_out), mean, directions))


def _shapes(silhouettes: Silhouettes) -> NDArray[np.float32]:
    """`(frames that show a body, pixels)`."""
    shown = silhouettes[~blank_frames(silhouettes)]
    return scaled(shown, HEIGHT, WIDTH).reshape(len(shown), HEIGHT * WIDTH).astype(np.float32)


def _residual(
    shapes: NDArray[np.float32], mean: NDArray[np.float32], components: NDArray[np.float32]
) -> float:
    centred = shapes - mean
    left_over = centred - (centred @ components.T) @ components
    return math.sqrt(float(np.mean(np.square(left_over, dtype=np.float64))))


def log_ratio(ratio: float) -> float:
    """|log ratio|: 0 is as in life, and twice is as far off as half."""
    return abs(math.log(ratio)) if ratio > 0 else math.inf
