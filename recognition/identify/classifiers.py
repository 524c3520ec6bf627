"""Classifiers of the attackers who need no recognizer: who walks, as one of the enrolled subjects.

Both begin with principal components, standardised features or not, and end in distances to the subjects'
means; `Calibrated` turns these into −log probabilities, so that what several classifiers say can be added.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from recognition.identify import pls

_ALIKE = 1e-4  # of all spread: less within a subject is rounding
PRINCIPAL = 120  # components kept; beyond them there is mostly noise
Features = NDArray[np.float32]  # (gaits, features)
Subjects = NDArray[np.str_]  # (gaits,)


class Classifier(Protocol):
    """Structural. `subjects` are those it was fitted to, in the order of its columns."""

    subjects: Subjects

    def fit(self, features: Features, subjects: Subjects) -> Self: ...

    def distances(self, features: Features) -> NDArray[np.float64]:
        """(gaits, subjects), the smaller the more alike."""


@dataclass
class Lda:
    """Principal components, then Fisher's discriminants with a shrunk covariance (Belhumeur et al. 1997)."""

    principal: int = PRINCIPAL
    standardised: bool = False  # features of unlike units
    subjects: Subjects = field(default_factory=lambda: np.array([], np.str_))

    def fit(self, features: Features, subjects: Subjects) -> Self:
        self.subjects = np.unique(subjects)
        self._centre = features.mean(axis=0)
        scale = features.std(axis=0) if self.standardised else np.ones(features.shape[1])
        self._scale = np.where(scale > 1e-9, scale, 1)
        scaled = self._scaled(features)
        self._principal = _fitted_pca(scaled, self.principal)
        coordinates = self._principal.transform(scaled)
        self._discriminants = _discriminants(coordinates, subjects)
        seen = self._discriminated(coordinates)
        self._means = np.stack([seen[subjects == each].mean(axis=0) for each in self.subjects])
        return self

    def distances(self, features: Features) -> NDArray[np.float64]:
        coordinates = self._principal.transform(self._scaled(features))
        return _squared_distances(self._discriminated(coordinates), self._means)

    def _discriminated(self, coordinates: NDArray[Any]) -> NDArray[Any]:
        if self._discriminants is None:
            return coordinates
        return np.asarray(self._discriminants.transform(coordinates))

    def _scaled(self, features: Features) -> Features:
        centred = features - self._centre
        # Undivided where the divisor is 1: in double precision a copy would be twice as large.
        return np.asarray(centred / self._scale, np.float32) if self.standardised else centred


def _discriminants(coordinates: NDArray[Any], subjects: Subjects) -> LinearDiscriminantAnalysis | None:
    """None where everybody's own gaits are all alike, as copies are that nothing was drawn for: the means tell all."""
    within = np.concatenate(
        [coordinates[subjects == each] - coordinates[subjects == each].mean(axis=0) for each in set(subjects)]
    )
    if within.std() < _ALIKE * coordinates.std():
        return None
    return LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.05).fit(coordinates, subjects)


@dataclass
class Pls:
    """Principal components, then the partial least squares of `pls`, then the nearest subject's mean."""

    principal: int = PRINCIPAL
    components: int = pls.COMPONENTS
    subjects: Subjects = field(default_factory=lambda: np.array([], np.str_))

    def fit(self, features: Features, subjects: Subjects) -> Self:
        self.subjects = np.unique(subjects)
        self._principal = _fitted_pca(features, self.principal)
        coordinates = np.asarray(self._principal.transform(features), np.float32)
        self._projection = pls.fit(coordinates, subjects, self.components)
        seen = self._projection.project(coordinates)
        self._means = np.stack([seen[subjects == each].mean(axis=0) for each in self.subjects])
        return self

    def distances(self, features: Features) -> NDArray[np.float64]:
        coordinates = np.asarray(self._principal.transform(features), np.float32)
        return _squared_distances(self._projection.project(coordinates), self._means)


def _fitted_pca(features: Features, components: int) -> PCA:
    """The randomised solver is exact enough for the leading components and many times faster."""
    kept = max(1, min(components, len(features) - 1, features.shape[1]))
    solver = "full" if min(features.shape) < 4 * kept else "randomized"
    return PCA(kept, svd_solver=solver, random_state=0).fit(features)


def _squared_distances(seen: NDArray[np.floating], means: NDArray[np.floating]) -> NDArray[np.float64]:
    squares = (seen * seen).sum(axis=1)[:, None] + (means * means).sum(axis=1)
    return np.asarray(np.maximum(squares - 2 * (seen @ means.T), 0), np.float64)


@dataclass(frozen=True, eq=False)
class Calibrated:
    """A classifier and the temperature at which its distances tell how sure it is."""

    classifier: Classifier
    inverse_temperature: float

    def surprises(self, features: Features) -> NDArray[np.float64]:
        """(gaits, subjects): −log of the probability that it is this subject."""
        return surprises(self.classifier.distances(features), self.inverse_temperature)


def surprises(distances: NDArray[np.float64], inverse_temperature: float) -> NDArray[np.float64]:
    """Distances (gaits, subjects) -> −log of the probability that it is this subject, of the same shape."""
    return np.asarray(-log_softmax(-inverse_temperature * distances, axis=1), np.float64)


def fitted_temperature(distances: NDArray[np.float64], own: NDArray[np.intp]) -> float:
    """The inverse temperature at which held-out gaits' own subjects, columns `own`, are least surprising.

    0, which is "nobody can be told apart", where distances say nothing; never so sure that one mistake would
    cost everything.
    """
    scale = float(np.mean(distances)) or 1.0
    rows = np.arange(len(own))

    def cost(log_inverse: float) -> float:
        return float(surprises(distances, np.exp(log_inverse) / scale)[rows, own].mean())

    best = minimize_scalar(cost, bounds=(-8, 8), method="bounded")
    blind = np.log(distances.shape[1])
    return float(np.exp(best.x) / scale) if best.fun < blind else 0.0
