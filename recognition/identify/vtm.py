"""The view transformation model: features as another camera would have seen them.

Makihara et al. (ECCV 2006) and, on PLS features, Zheng et al. (ICIP 2011): the subjects' mean
features of all view angles are stacked into one matrix and factorised, U S Vᵀ. Row block v of
U S, here P_v, turns what is intrinsic to a subject (a column of Vᵀ) into features at view angle v, so
T(i → j) = P_j P_i⁺, and the identity where i = j.

Where the rank of the factorisation nears the number of features, P_i is square and nearly
singular and a plain pseudo-inverse blows noise up until nobody is recognized across view angles. Two guards:
singular values of P_i below `SMALLEST` of its largest are cut, and the others are inverted with a
ridge, σ / (σ² + λ), λ = `ridge` · mean σ². Columns of Vᵀ have equal norm, so λ acts alike on all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RIDGE = 0.01
SMALLEST = 1e-6  # of the largest singular value: below it there is rounding alone


@dataclass(frozen=True)
class ViewTransformation:
    """P_v and P_v⁺ of every view angle."""

    projections: Mapping[int, NDArray[np.float32]]  # view angle: (features, rank)
    inverses: Mapping[int, NDArray[np.float32]]  # view angle: (rank, features)

    def transform(self, features: NDArray[np.float32], source: int, target: int) -> NDArray[np.float32]:
        """Features (gaits, features) seen at view angle `source`, as if seen at `target`."""
        for view_angle in (source, target):
            if view_angle not in self.projections:
                known = ", ".join(map(str, sorted(self.projections)))
                raise ValueError(f"No transformation for view angle {view_angle}; trained on {known}.")
        if source == target:
            return features
        intrinsic = features @ self.inverses[source].T  # (gaits, rank)
        return np.asarray(intrinsic @ self.projections[target].T, np.float32)


def fit(
    features: NDArray[np.float32],  # (gaits, features)
    subjects: NDArray[np.str_],  # (gaits,)
    view_angles: NDArray[np.int64],  # (gaits,)
    *,
    rank: int | None = None,
    ridge: float = RIDGE,
    robust: bool = False,
    by_sequence: bool = False,
) -> ViewTransformation:
    """Factorise the subjects' mean features, or each sequence by itself; `rank` caps the singular values kept.

    Subjects who lack a view angle are left out. `robust` puts the low-rank part of a robust PCA in
    the place of the means. Raises ValueError when fewer than 2 subjects have every view angle.
    """
    if rank is not None and rank < 1:
        raise ValueError(f"The view transformation's rank must be at least 1, not {rank}.")
    if not (np.isfinite(ridge) and ridge >= 0):
        raise ValueError(f"The view transformation's ridge must be 0 or more, not {ridge}.")
    arranged = sequence_features if by_sequence else mean_features
    columns = arranged(features, subjects, view_angles)  # (view angles, features, columns)
    angles, width, people = columns.shape
    stacked = columns.reshape(angles * width, people)
    u, s, _ = np.linalg.svd(low_rank_part(stacked) if robust else stacked, full_matrices=False)
    kept = min(int(np.count_nonzero(s > SMALLEST * s[0])), people if rank is None else rank)
    blocks = (u[:, :kept] * s[:kept]).reshape(angles, width, kept)
    known = np.unique(view_angles).tolist()
    projections = {v: block.astype(np.float32) for v, block in zip(known, blocks, strict=True)}
    inverses = {v: guarded_inverse(p, ridge).astype(np.float32) for v, p in zip(known, blocks, strict=True)}
    return ViewTransformation(projections, inverses)


def mean_features(
    features: NDArray[np.float32], subjects: NDArray[np.str_], view_angles: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(view angles, features, subjects) means over gaits of the subjects who have every view angle."""
    names, who = np.unique(subjects, return_inverse=True)
    angles, where = np.unique(view_angles, return_inverse=True)
    counts = np.zeros((len(angles), len(names)), np.int64)
    np.add.at(counts, (where, who), 1)
    sums = np.zeros((len(angles), len(names), features.shape[1]))
    np.add.at(sums, (where, who), features)
    complete = counts.all(axis=0)  # (subjects,)
    if np.count_nonzero(complete) < 2:
        raise ValueError(
            "The view transformation needs at least 2 training subjects with every view angle "
            f"({', '.join(map(str, angles))}); {np.count_nonzero(complete)} of {len(names)} have."
        )
    means = sums[:, complete] / counts[:, complete, None]
    return means.transpose(0, 2, 1)


def sequence_features(
    features: NDArray[np.float32], subjects: NDArray[np.str_], view_angles: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(view angles, features, sequences): a subject's k-th gait at every view angle makes one column.

    Subjects come with as many columns as their rarest view angle has gaits; the k-th gaits are taken for one walk,
    which holds where no sequence is missing.
    """
    angles, names = np.unique(view_angles), np.unique(subjects)
    rows = [[np.flatnonzero((subjects == n) & (view_angles == v)) for v in angles] for n in names]
    complete = [of_angles for of_angles in rows if min(map(len, of_angles))]
    if len(complete) < 2:
        raise ValueError(
            "The view transformation needs at least 2 training subjects with every view angle "
            f"({', '.join(map(str, angles))}); {len(complete)} of {len(names)} have."
        )
    walks = [np.stack([at[: min(map(len, ways))] for at in ways]) for ways in complete]
    chosen = np.concatenate(walks, axis=1)  # (view angles, sequences)
    return np.asarray(features[chosen].transpose(0, 2, 1), np.float64)


def guarded_inverse(projection: NDArray[np.float64], ridge: float) -> NDArray[np.float64]:
    """(rank, features): the pseudo-inverse of (features, rank), cut and ridged as the module says."""
    u, s, vt = np.linalg.svd(projection, full_matrices=False)
    penalty = ridge * np.mean(s**2)
    large = s > SMALLEST * s[0]
    inverted = np.divide(s, s**2 + penalty, out=np.zeros_like(s), where=large)
    inverse: NDArray[np.float64] = (vt.T * inverted) @ u.T
    return inverse


def low_rank_part(
    matrix: NDArray[np.float64], *, tolerance: float = 1e-6, rounds: int = 200
) -> NDArray[np.float64]:
    """L of matrix = L + E with L of low rank and E sparse: robust PCA by the inexact augmented Lagrangian.

    Lin, Chen and Ma (2010), with λ = 1/√max(m, n): minimise ‖L‖* + λ‖E‖₁.
    """
    sparsity = 1 / float(np.sqrt(max(matrix.shape)))
    scale = np.linalg.norm(matrix)
    largest = float(np.linalg.norm(matrix, 2))
    if scale == 0:
        return matrix
    multiplier = matrix / max(largest, np.abs(matrix).max() / sparsity)
    errors = np.zeros_like(matrix)
    weight = 1.25 / largest
    for _ in range(rounds):
        u, s, vt = np.linalg.svd(matrix - errors + multiplier / weight, full_matrices=False)
        low = np.asarray((u * _shrunk(s, 1 / weight)) @ vt, np.float64)
        errors = _shrunk(matrix - low + multiplier / weight, sparsity / weight)
        residual = matrix - low - errors
        multiplier = multiplier + weight * residual
        weight *= 1.5
        if np.linalg.norm(residual) < tolerance * scale:
            break
    return low


def _shrunk(values: NDArray[np.float64], by: float) -> NDArray[np.float64]:
    shrunk: NDArray[np.float64] = np.sign(values) * np.maximum(np.abs(values) - by, 0)
    return shrunk
