"""The compact body space: people as a mean body and its principal components, read from `body_space.npz`.

Built by `build_body_space.py` from the parametric body model anny (see NOTICE.md). Numbers are metres, at
rest (arms spread), in the axes of `skeleton`.
"""

import functools
import io
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.walkers.skeleton import JOINT_BONES

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]

_FORMAT = 1
_FURTHEST = 2.2  # standard deviations


@dataclass(frozen=True)
class Body:
    """A person at rest: `points` (n, 3) with their `segments` and `weights` (n, 4), and `joints` (26, 3)."""

    points: Floats
    joints: Floats
    segments: NDArray[np.uint8]
    weights: Floats


@dataclass(frozen=True)
class BodySpace:
    """Bodies as mean + components: the mesh's points, then the joints, flattened to (coordinates,)."""

    mean: Floats  # (coordinates,)
    components: Floats  # (components, coordinates)
    centres: Doubles  # (2, components): the mean man, the mean woman
    spreads: Doubles  # (2, components, components): lower triangular factors of the covariances
    faces: NDArray[np.int32]  # (faces, 3), seen from outside counter-clockwise
    segments: NDArray[np.uint8]  # (points, 4)
    weights: Floats  # (points, 4)
    hair: Floats  # (points,): 1 where hair grows, 0 where none does

    def body(self, coordinates: Doubles) -> Body:
        """The body with these coordinates (components,) in the space."""
        flat = self.mean + np.einsum("k,kc->c", coordinates.astype(np.float32), self.components)
        rows = flat.reshape(-1, 3)
        joints = len(JOINT_BONES)
        return Body(rows[:-joints], rows[-joints:], self.segments, self.weights)

    def somebody(self, rng: np.random.Generator, female: bool) -> Body:
        """A person drawn at random."""
        z = np.clip(rng.standard_normal(self.centres.shape[1]), -_FURTHEST, _FURTHEST)
        return self.body(self.centres[int(female)] + np.einsum("ij,j->i", self.spreads[int(female)], z))


@functools.cache
def body_space() -> BodySpace:
    """The space that comes with the package."""
    data = resources.files(__package__).joinpath("body_space.npz").read_bytes()
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        if int(stored["format"]) != _FORMAT or tuple(stored["joint_bones"]) != JOINT_BONES:
            raise ValueError("body_space.npz is of another version: build it anew with build_body_space.py")
        return BodySpace(
            mean=stored["mean"].astype(np.float32),
            components=stored["components"].astype(np.float32),
            centres=stored["centres"].astype(np.float64),
            spreads=stored["spreads"].astype(np.float64),
            faces=stored["faces"].astype(np.int32),
            segments=stored["segments"],
            weights=normalised(stored["weights"].astype(np.float32)),
            hair=stored["hair"].astype(np.float32),
        )


def normalised(weights: Floats) -> Floats:
    """Weights (n, k) that sum to one by row."""
    shares: Floats = weights / weights.sum(axis=1, keepdims=True)
    return shares
