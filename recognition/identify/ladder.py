"""The attackers' ladder: how often each one still names who walks, at the same view angle.

Rank-1 and success rate are means over the diagonal's cells, their intervals bootstrapped over subjects,
since one subject's probes are not independent.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from recognition.identify.attackers import ATTACKERS
from recognition.identify.experiment import intervals, plain
from recognition.identify.identifications import Identifications
from recognition.identify.success import (
    RESAMPLES,
    Rates,
    compare,
    counts_by_subject,
    mean_of_defined,
    percentile_interval,
    rank_rate,
    recognized,
    resampled_subjects,
    same_and_cross_view,
)


def ladder(
    originals: Identifications, attacked: Mapping[str, Identifications], *, seed: int = 0
) -> list[dict[str, Any]]:
    """One entry an attacker, from the weakest to the strongest; rates 0 to 1, None where undefined."""
    clear, _ = same_view_rank1(originals, seed)
    return [
        {"attacker": name, "label": ATTACKERS[name].label, "knows": ATTACKERS[name].knows}
        | rung(originals, attacked[name], seed)
        | {"chance": chance(originals), "clear_rank1": clear}
        for name in ATTACKERS
        if name in attacked
    ]


def rung(originals: Identifications, answers: Identifications, seed: int) -> dict[str, Any]:
    """One attacker's rates at the same view angle, with intervals, and |S| over the diagonal."""
    comparison = compare(originals, answers)
    pooled = same_and_cross_view(comparison, seed=seed)
    rank1, interval = same_view_rank1(comparison.anonymized, seed)
    return {
        "rank1": rank1,
        "ci95": interval,
        "success_rate": plain(pooled.rates)[0],
        "success_ci95": intervals(pooled.intervals)[0],
        "recognized": int(np.trace(recognized(comparison))),
        "probes": len(answers.probes),
        "subjects": len({key.subject for key in answers.probes}),
    }


def same_view_rank1(answers: Identifications, seed: int) -> tuple[float | None, list[float] | None]:
    """Mean rank-1 rate of the diagonal's cells and its 95 % bootstrap interval over subjects."""
    named, counted = (counts_by_subject(answers, flags) for flags in (answers.identified, answers.counted))
    weights = resampled_subjects(len(named), seed, RESAMPLES)
    drawn = _shares(np.tensordot(weights, named, 1), np.tensordot(weights, counted, 1))
    interval = percentile_interval(_diagonal(drawn)[:, None], len(named))
    return plain(_diagonal(rank_rate(answers)[None])[0]), intervals(interval)[0]


def _shares(part: Rates, whole: Rates) -> Rates:
    shares: Rates = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole != 0)
    return shares


def _diagonal(rates: Rates) -> Rates:  # (…, gallery, probe) -> (…,)
    return mean_of_defined(np.diagonal(rates, axis1=-2, axis2=-1), axis=-1)


def chance(answers: Identifications) -> float | None:
    """What blind guessing would name: 1 / subjects enrolled, the mean over gallery view angles."""
    enrolled = np.isfinite(answers.scores).any(axis=1).sum(axis=1)  # (view angles,)
    return float(np.mean(1 / enrolled[enrolled > 0])) if (enrolled > 0).any() else None
