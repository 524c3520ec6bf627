"""The subject model of ITU-T P.910 Annex E: u_ij = ψ_j + Δ_i + v_i·N(0, 1).

psi (ψ) is a stimulus's true quality, bias (Δ) how much a rater scores above it, inconsistency (v, upsilon in
the standard) how much the rater scatters. Alternating projection: weighted means for ψ, means for Δ,
deviations for v, until ψ rests.

With few votes a stimulus the standard's version collapses: v of some raters runs to 0 and takes all the
weight. The regularised one adds ten imagined votes of variance 0.36 to every rater, which stops that.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from studies.mos.statistics import nulls

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Version = Literal["standard", "regularised"]

TOLERANCE = 1e-8
ROUNDS = 1000
PRIOR_VOTES = 10
PRIOR_VARIANCE = 0.36
FULL_ENOUGH = 4  # at most as many cells a vote make a full table the faster one
FEW_VOTES = 8  # below as many on any stimulus, the regularised version is the default


@dataclass(frozen=True)
class SubjectModel:
    """The model of a table; None for stimuli and raters without votes. `psi_ci95` are half-widths.

    The half-width is 1.96/√(Σ 1/v²) over the stimulus's votes; it takes bias and inconsistency as known.
    """

    psi: list[float | None]
    psi_ci95: list[float | None]
    bias: list[float | None]
    inconsistency: list[float | None]
    iterations: int
    converged: bool


@dataclass(frozen=True)
class _Votes:
    stimulus: Codes
    rater: Codes
    score: Floats
    per_stimulus: Codes
    per_rater: Codes

    def by_stimulus(self, values: Floats) -> Floats:
        return _sums(self.stimulus, values, len(self.per_stimulus))

    def by_rater(self, values: Floats) -> Floats:
        return _sums(self.rater, values, len(self.per_rater))


def _sums(codes: Codes, values: Floats, groups: int) -> Floats:
    return np.asarray(np.bincount(codes, values, minlength=groups), dtype=np.float64)


def default_version(stimulus: ArrayLike) -> Version:
    """Which version suits these votes, by the number of votes on the stimulus with the fewest."""
    _, votes = np.unique(np.asarray(stimulus, dtype=np.int64), return_counts=True)
    return "regularised" if votes.min(initial=FEW_VOTES) < FEW_VOTES else "standard"


def fit(
    stimulus: ArrayLike,
    rater: ArrayLike,
    score: ArrayLike,
    *,
    stimuli: int,
    raters: int,
    version: Version | None = None,
) -> SubjectModel:
    """The model of votes given as columns (votes,); without `version`, `default_version` decides."""
    votes = _counted(stimulus, rater, score, stimuli, raters)
    version = version or default_version(votes.stimulus)
    if version not in ("standard", "regularised"):
        raise ValueError(f"There is no subject model {version!r}: use 'standard' or 'regularised'.")
    psi, bias, spread, iterations, converged = _solved(votes, regularised=version == "regularised")
    seen, voted = votes.per_stimulus > 0, votes.per_rater > 0
    shift = bias[voted].mean() if voted.any() else 0.0
    weight = votes.by_stimulus(_weights(spread)[votes.rater])
    half_width = 1.96 / np.sqrt(np.where(seen, weight, np.nan))
    return SubjectModel(
        psi=nulls(np.where(seen, psi + shift, np.nan)),
        psi_ci95=nulls(half_width),
        bias=nulls(np.where(voted, bias - shift, np.nan)),
        inconsistency=nulls(np.where(voted, spread, np.nan)),
        iterations=iterations,
        converged=converged,
    )


def _counted(stimulus: ArrayLike, rater: ArrayLike, score: ArrayLike, stimuli: int, raters: int) -> _Votes:
    stimulus, rater = np.asarray(stimulus, dtype=np.int64), np.asarray(rater, dtype=np.int64)
    per_stimulus = np.asarray(np.bincount(stimulus, minlength=stimuli), dtype=np.int64)
    per_rater = np.asarray(np.bincount(rater, minlength=raters), dtype=np.int64)
    return _Votes(stimulus, rater, np.asarray(score, dtype=np.float64), per_stimulus, per_rater)


def _solved(votes: _Votes, *, regularised: bool) -> tuple[Floats, Floats, Floats, int, bool]:
    """psi (stimuli,), bias and inconsistency (raters,), biases not yet centred; rounds; whether psi rests.

    Every sum over votes is a product with one of two tables, of numbers of votes and of sums of scores, so a
    round costs six products. Since Δ is the mean of u - ψ, Σ(u - ψ - Δ)² = Σu² - 2Σuψ + Σψ² - nΔ²; scores
    less their mean keep what is subtracted there small.
    """
    centre = float(votes.score.mean()) if len(votes.score) else 0.0
    u = votes.score - centre
    number, total = _tables(votes, u)  # (stimuli, raters)
    number_t, total_t = _turned(number), _turned(total)
    in_stimulus, in_rater = np.maximum(votes.per_stimulus, 1), np.maximum(votes.per_rater, 1)
    sums, squares = votes.by_rater(u), votes.by_rater(u**2)
    psi = votes.by_stimulus(u) / in_stimulus
    bias = (sums - number_t @ psi) / in_rater
    spread = np.zeros_like(bias)
    for iteration in range(1, ROUNDS + 1):
        around_psi = squares - 2 * (total_t @ psi) + number_t @ psi**2
        scatter = np.maximum(around_psi - votes.per_rater * bias**2, 0)
        spread = _inconsistency(votes, scatter, regularised=regularised)
        weight = _weights(spread)
        before, psi = psi, (total @ weight - number @ (weight * bias)) / _not_zero(number @ weight)
        bias = (sums - number_t @ psi) / in_rater
        if np.linalg.norm(psi - before) < TOLERANCE:
            return psi + centre, bias, spread, iteration, True
    return psi + centre, bias, spread, ROUNDS, False


def _tables(votes: _Votes, u: Floats) -> tuple[Any, Any]:
    """How many votes each rater gave each stimulus, and their sum, (stimuli, raters); sparse where most have none."""
    shape = (len(votes.per_stimulus), len(votes.per_rater))
    if shape[0] * shape[1] > FULL_ENOUGH * len(u):
        at = (votes.stimulus, votes.rater)
        return csr_array((np.ones(len(u)), at), shape=shape), csr_array((u, at), shape=shape)
    cells, size = votes.stimulus * shape[1] + votes.rater, shape[0] * shape[1]
    total = _sums(cells, u, size).reshape(shape)
    number = np.bincount(cells, minlength=size)
    if len(u) == size and number.all():
        return _Ones(*shape), total
    return number.astype(np.float64).reshape(shape), total


class _Ones:
    """The table of a full design, where everybody gave every stimulus one vote: its products are sums."""

    def __init__(self, rows: int, columns: int) -> None:
        self.rows, self.columns = rows, columns

    def __matmul__(self, values: Floats) -> Floats:
        return np.full(self.rows, values.sum())

    @property
    def T(self) -> "_Ones":  # noqa: N802 - as arrays call it
        return _Ones(self.columns, self.rows)


def _turned(table: Any) -> Any:
    """Raters in rows, each row's numbers side by side in memory."""
    return table.T.tocsr() if hasattr(table, "tocsr") else table.T


def _inconsistency(votes: _Votes, scatter: Floats, *, regularised: bool) -> Floats:
    """The deviation of (raters,) from the sum of squared errors."""
    if regularised:
        return np.sqrt((scatter + PRIOR_VOTES * PRIOR_VARIANCE) / (votes.per_rater + PRIOR_VOTES))
    return np.sqrt(scatter / np.maximum(votes.per_rater, 1))


def _weights(spread: Floats) -> Floats:
    return np.asarray(1.0 / (spread**2 + 1e-8), dtype=np.float64)


def _not_zero(weights: Floats) -> Floats:
    """Stimuli without votes have no weight; 1 there keeps their (unused) psi finite."""
    return np.where(weights > 0, weights, 1.0)
