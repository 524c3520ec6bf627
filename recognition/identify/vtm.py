"""The view transformation model: features as another camera would have seen them.

Makihara et al. (ECCV 2006) and, on PLS features, Zheng et al. (ICIP 2011): the subjects' mean
features of all view angles are stacked into one matrix and factorised, U S Vᵀ. Row block v of
U S, here P_v, turns what is intrinsic to a subject (a column of Vᵀ) into features at view angle v, so
T(i → j) = P_j P_i⁺, and the identity where i = j.

Where the rank of the factorisation nears the number of features, P_i is square and nearly
singular and a plain pseudo-inverse blows noise up until nobody is recognized across view angles. Two guards:
singular values of P_i below `SMALLEST` of its largest are cut, and the others are inverted with a
ridge, σ / (σ² + λ), λ = `ridge` · mean σ². Columns of Vᵀ have equal norm, so λ acts alike on all of them.

Robust PCA, where it is asked for, takes out of every sequence what is peculiar to it, a bag or a coat, before
anything is averaged. It needs many more columns than what the subjects have in common has dimensions, so the
columns are always sequences: of 24 subjects' means hardly anything is of low rank, and it would leave next to nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RIDGE = 0.01
SMALLEST = 1e-6  # of the largest singular value: below it there is rounding alone
LEAST_LEFT = 0.1  # of what columns differ by: with less, robust PCA has taken the subjects for errors


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

    Subjects who lack a view angle are left out. `robust` takes the low-rank part of the sequences first.
    Raises ValueError when fewer than 2 subjects have every view angle, or robust PCA leaves too little.
    """
    if rank is not None and rank < 1:
        raise ValueError(f"The view transformation's rank must be at least 1, not {rank}.")
    if not (np.isfinite(ridge) and ridge >= 0):
        raise ValueError(f"The view transformation's ridge must be 0 or more, not {ridge}.")
    columns = _columns(features, subjects, view_angles, robust, by_sequence)
    angles, width, people = columns.shape
    u, s, _ = np.linalg.svd(columns.reshape(angles * width, people), full_matrices=False)
    kept = min(int(np.count_nonzero(s > SMALLEST * s[0])), people if rank is None else rank)
    blocks = (u[:, :kept] * s[:kept]).reshape(angles, width, kept)
    known = np.unique(view_angles).tolist()
    projections = {v: block.astype(np.float32) for v, block in zip(known, blocks, strict=True)}
    inverses = {v: guarded_inverse(p, ridge).astype(np.float32) for v, p in zip(known, blocks, strict=True)}
    return ViewTransformation(projections, inverses)


def _columns(
    features: NDArray[np.float32],
    subjects: NDArray[np.str_],
    view_angles: NDArray[np.int64],
    robust: bool,
    by_sequence: bool,
) -> NDArray[np.float64]:
    """(view angles, features, columns): what is factorised."""
    if not (robust or by_sequence):
        return mean_features(features, subjects, view_angles)
    columns, who = sequence_features(features, subjects, view_angles)
    if robust:
        columns = robust_columns(columns)
    if by_sequence:
        return columns
    return np.stack([columns[:, :, who == each].mean(axis=2) for each in np.unique(who)], axis=2)


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
    _check_complete(angles, int(np.count_nonzero(complete)), len(names))
    means = sums[:, complete] / counts[:, complete, None]
    return means.transpose(0, 2, 1)


def sequence_features(
    features: NDArray[np.float32], subjects: NDArray[np.str_], view_angles: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    """(view angles, features, sequences), a subject's k-th gait at every view angle one column, and whose it is.

    Subjects come with as many columns as their rarest view angle has gaits; the k-th gaits are taken for one walk,
    which holds where no sequence is missing.
    """
    angles, names = np.unique(view_angles), np.unique(subjects)
    walks, whose = [], []
    for name in names:
        ways = [np.flatnonzero((subjects == name) & (view_angles == v)) for v in angles]
        if fewest := min(map(len, ways)):
            walks.append(np.stack([at[:fewest] for at in ways]))  # (view angles, the subject's sequences)
            whose.append(np.repeat(name, fewest))
    _check_complete(angles, len(walks), len(names))
    chosen = np.concatenate(walks, axis=1)  # (view angles, sequences)
    return np.asarray(features[chosen].transpose(0, 2, 1), np.float64), np.concatenate(whose)


def _check_complete(view_angles: NDArray[np.int64], complete: int, subjects: int) -> None:
    if complete < 2:
        raise ValueError(
            "The view transformation needs at least 2 training subjects with every view angle "
            f"({', '.join(map(str, view_angles))}); {complete} of {subjects} have."
        )


def robust_columns(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """The low-rank part of (view angles, features, columns); ValueError where hardly a difference is left in it."""
    stacked = columns.reshape(-1, columns.shape[2])
    low = low_rank_part(stacked)
    seen, left = (float(np.linalg.norm(m - m.mean(axis=1, keepdims=True))) for m in (stacked, low))
    if left < LEAST_LEFT * seen:
        raise ValueError(
            f"Robust PCA leaves {left / seen:.0%} of what tells {columns.shape[2]} training sequences apart: they are "
            "too few to tell what they have in common from errors. Train on more sequences, or without robust PCA."
        )
    return low.reshape(columns.shape)


def guarded_inverse(projection: NDArray[np.float64], ridge: float) -> NDArray[np.float64]:
    """(rank, features): the pseudo-inverse of (features, rank), cut and ridged as the module says."""
    u, s, vt = np.linalg.svd(projection, full_matrices=False)
    penalty = ridge * np.mean(s**2)
    large = s > SMALLEST * s[0]
    inverted = np.divide(s, s**2 + penalty, out=np.zeros_like(s), where=large)
    inverse: NDArray[np.float64] = (vt.T * inverted) @ u.T
    return inverse


def low_rank_part(
    matrix: NDArray[np.float64], *, tolerance: float = 1e-7, growth: float = 1.2, rounds: int = 500
) -> NDArray[np.float64]:
    """L of matrix = L + E with L of low rank and E sparse: robust PCA by the inexact augmented Lagrangian.

    Lin, Chen and Ma (2010), algorithm 5, with λ = 1/√max(m, n): minimise ‖L‖* + λ‖E‖₁. Their penalty μ begins at
    1.25/‖M‖₂ and grows by 1.5 a round, which stops short of the minimum where L is not of low rank; it grows by
    `growth` here. L is what was planted only where its rank is well below the matrix's shorter side.
    """
    sparsity = 1 / float(np.sqrt(max(matrix.shape)))  # λ
    scale = float(np.linalg.norm(matrix))
    if scale == 0:
        return matrix
    largest = float(np.linalg.norm(matrix, 2))
    multiplier = matrix / max(largest, np.abs(matrix).max() / sparsity)  # Y
    errors = np.zeros_like(matrix)  # E
    penalty = 1.25 / largest  # μ
    for _ in range(rounds):
        u, s, vt = np.linalg.svd(matrix - errors + multiplier / penalty, full_matrices=False)
        low = np.asarray((u * _shrunk(s, 1 / penalty)) @ vt, np.float64)
        errors = _shrunk(matrix - low + multiplier / penalty, sparsity / penalty)
        residual = matrix - low - errors
        multiplier = multiplier + penalty * residual
        penalty *= growth
        if np.linalg.norm(residual) < tolerance * scale:
            break
    return low


def _shrunk(values: NDArray[np.float64], by: float) -> NDArray[np.float64]:
    shrunk: NDArray[np.float64] = np.sign(values) * np.maximum(np.abs(values) - by, 0)
    return shrunk
