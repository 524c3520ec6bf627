"""Partial least squares: the few directions of an image that tell subjects apart.

Zheng et al. (ICIP 2011) project gait energy images, a view angle at a time, by the PLS of
X = vectorised images on Y = one-hot subjects. The decomposition is scikit-learn's
`PLSRegression` (NIPALS; Wold 1975) without scaling; images are projected with its rotations R:
T = (X - mean) R.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cross_decomposition import PLSRegression
from sklearn.exceptions import ConvergenceWarning

COMPONENTS = 40


@dataclass(frozen=True)
class Projection:
    """What is left of a fitted PLS: where images are centred, and what they are projected on."""

    mean: NDArray[np.float32]  # (pixels,)
    rotations: NDArray[np.float32]  # (pixels, components)

    def project(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Images (gaits, pixels) -> features (gaits, components)."""
        if images.ndim != 2 or images.shape[1] != len(self.mean):
            raise ValueError(
                f"This projection takes (gaits, {len(self.mean)}) pixels, not a shape of {images.shape}."
            )
        return np.asarray((images - self.mean) @ self.rotations, np.float32)


def fit(images: NDArray[np.float32], subjects: NDArray[np.str_], components: int = COMPONENTS) -> Projection:
    """The PLS projection of images (gaits, pixels) on their subjects (gaits,).

    `components` is capped at min(gaits - 1, pixels), the highest rank that centred images can have.
    Raises ValueError for fewer than 2 subjects, whom nothing could tell apart.
    """
    names, codes = np.unique(subjects, return_inverse=True)
    _check(images, codes, len(names), components)
    kept = min(components, len(images) - 1, images.shape[1])
    one_hot = np.eye(len(names))[codes]  # (gaits, subjects)
    mean = images.mean(axis=0, dtype=np.float64)
    basis, coordinates = _in_their_span(images - mean)
    decomposition = PLSRegression(n_components=kept, scale=False)
    with warnings.catch_warnings():
        # Beyond subjects - 1 components only noise of Y is left to explain, which converges slowly
        # or is constant: harmless, since such components are just weak.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", message=".*residual is constant.*")
        decomposition.fit(coordinates, one_hot)
    rotations = basis @ decomposition.x_rotations_
    return Projection(mean.astype(np.float32), rotations.astype(np.float32))


def _in_their_span(centred: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """An orthonormal basis (pixels, directions) of the images, and the images in it (gaits, directions).

    PLS depends on inner products alone, so a few hundred coordinates give the components that
    thousands of pixels give, up to their signs, and several times faster.
    """
    basis, coordinates = np.linalg.qr(centred.T)
    return basis, coordinates.T


def _check(images: NDArray[np.float32], codes: NDArray[np.intp], subjects: int, components: int) -> None:
    if components < 1:
        raise ValueError(f"PLS needs at least 1 component, not {components}.")
    if images.ndim != 2 or len(images) != len(codes):
        raise ValueError(f"PLS got images of shape {images.shape} for {len(codes)} subjects' names.")
    if subjects < 2:
        raise ValueError(f"PLS needs the gaits of at least 2 subjects, not of {subjects}.")
