"""Raters who exist only in arithmetic, for trying a study's design out. Their votes say nothing about gaits.

A vote is round(quality + clip effect + the rater's bias + the rater's inconsistency times N(0, 1)), kept on
the scale: the subject model of ITU-T P.910 Annex E with a clip effect added, which makes votes on one clip
alike beyond its view angle and method. A pair with a plain answer, such as a check, has no clip effect, meets no
bias and half the inconsistency. A careless rater presses any button. Everything follows from the seed,
and a rater's votes don't depend on how many others there are.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
_CLIPS, _RATER = 0, 1  # which stream of the seed


@dataclass(frozen=True)
class Temperament:
    """How raters and clips vary, in scores of the scale. The defaults are assumptions."""

    bias_sd: float = 0.35
    clip_sd: float = 0.45
    inconsistency: float = 0.6  # the median rater's
    inconsistency_spread: float = 0.3  # standard deviation of its logarithm
    careless_share: float = 0.0
    lowest: int = 1
    highest: int = 5

    def __post_init__(self) -> None:
        spreads = (self.bias_sd, self.clip_sd, self.inconsistency, self.inconsistency_spread)
        if not (np.isfinite(spreads).all() and min(spreads) >= 0):
            raise ValueError(f"Bias, clip effect and inconsistency must be 0 or more, not {spreads}.")
        if not 0 <= self.careless_share <= 1:
            raise ValueError(f"The careless share must lie between 0 and 1, not {self.careless_share}.")
        if self.lowest >= self.highest:
            raise ValueError(f"A scale from {self.lowest} to {self.highest} leaves nothing to choose.")


def assumed_quality(alikeness: ArrayLike, *, lowest: float = 1.5, highest: float = 4.5) -> Floats:
    """A quality for each pair out of how alike its two clips are (0 to 1, such as their silhouettes' IoU).

    An assumption, not a finding: it only makes rehearsals differ between pairs in a plausible direction.
    """
    alike = np.asarray(alikeness, dtype=np.float64)
    if not np.isfinite(alike).all() or (alike < 0).any() or (alike > 1).any():
        raise ValueError("Alikeness runs from 0 (nothing in common) to 1 (the same clip).")
    return lowest + (highest - lowest) * alike


def scores(
    true_quality: ArrayLike,
    seats: ArrayLike,
    *,
    seed: int,
    first_rater: int = 0,
    temperament: Temperament | None = None,
    plain: ArrayLike | None = None,
) -> NDArray[np.int64]:
    """Votes of raters first_rater, first_rater + 1 …, one for each row of `seats`: (raters, pairs_per_rater).

    `true_quality` is (pairs,) on the scale; `seats` holds indices into it, as `design.seats` makes them; `plain`
    is (pairs,), true where everybody who looks knows the answer.
    """
    kind = temperament or Temperament()
    quality = np.asarray(true_quality, dtype=np.float64)
    shown = np.asarray(seats, dtype=np.int64)
    _check(quality, shown, kind)
    is_plain = np.zeros(len(quality), dtype=bool) if plain is None else np.asarray(plain, dtype=bool)
    quality = quality + ~is_plain * clip_effects(len(quality), seed=seed, clip_sd=kind.clip_sd)
    votes = [
        _votes(quality[pairs], is_plain[pairs], first_rater + i, seed, kind) for i, pairs in enumerate(shown)
    ]
    return np.array(votes, dtype=np.int64).reshape(shown.shape)


def clip_effects(pairs: int, *, seed: int, clip_sd: float) -> Floats:
    """What lifts or lowers one clip for everybody, (pairs,)."""
    return np.random.default_rng([seed, _CLIPS]).normal(0.0, 1.0, pairs) * clip_sd


def bias_and_inconsistency(rater: int, *, seed: int, temperament: Temperament) -> tuple[float, float]:
    """The truth behind this rater's votes, for comparison with what a model finds in them."""
    bias, spread = np.random.default_rng([seed, _RATER, rater]).normal(0.0, 1.0, 2)
    inconsistency = temperament.inconsistency * np.exp(temperament.inconsistency_spread * spread)
    return float(bias * temperament.bias_sd), float(inconsistency)


def is_careless(rater: int, *, seed: int, temperament: Temperament) -> bool:
    """Whether this simulated rater clicks at random."""
    draws = np.random.default_rng([seed, _RATER, rater, 1])
    return bool(draws.random() < temperament.careless_share)


def _votes(
    quality: Floats, is_plain: NDArray[np.bool_], rater: int, seed: int, kind: Temperament
) -> NDArray[np.int64]:
    rng = np.random.default_rng([seed, _RATER, rater, 2])
    if is_careless(rater, seed=seed, temperament=kind):
        return rng.integers(kind.lowest, kind.highest + 1, len(quality))
    bias, inconsistency = bias_and_inconsistency(rater, seed=seed, temperament=kind)
    doubt = inconsistency * np.where(is_plain, 0.5, 1.0) * rng.normal(0.0, 1.0, len(quality))
    felt = quality + np.where(is_plain, 0.0, bias) + doubt
    return np.clip(np.round(felt), kind.lowest, kind.highest).astype(np.int64)


def _check(quality: Floats, shown: NDArray[np.int64], kind: Temperament) -> None:
    if quality.ndim != 1 or not np.isfinite(quality).all():
        raise ValueError("The true quality must be one finite number for each pair.")
    if len(quality) and not (kind.lowest <= quality.min() and quality.max() <= kind.highest):
        raise ValueError(f"The true quality must lie on the scale, {kind.lowest} to {kind.highest}.")
    if shown.ndim != 2 or (shown.size and not (shown.min() >= 0 and shown.max() < len(quality))):
        raise ValueError(f"Seats must be rows of pair numbers below {len(quality)}.")
