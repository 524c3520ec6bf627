"""The attackers' ladder: how often each one still names who walks, at the same view angle.

Rank-1 and success rate are means over the diagonal's cells, their intervals bootstrapped over subjects,
since one subject's probes are not independent.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognition.identify.attackers import ATTACKERS
from recognition.identify.experiment import intervals, plain
from recognition.identify.gaits import GaitKey, subject_order
from recognition.identify.identifications import Identifications
from recognition.identify.success import (
    RESAMPLES,
    Rates,
    compare,
    counts_by_subject,
    equal_error_rate,
    impersonation_rate,
    mean_of_defined,
    percentile_interval,
    rank_rate,
    ratio,
    resampled_subjects,
    same_and_cross_view,
)
from recognition.identify.success import attacked as success_attacked


def ladder(
    originals: Identifications,
    attacked: Mapping[str, Identifications],
    details: Mapping[str, Mapping[str, Any]] | None = None,
    donors: Mapping[GaitKey, str] | None = None,
    *,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """One entry an attacker, from the weakest to the strongest; rates 0 to 1, None where undefined.

    An attacker that left out view angles is judged by the others, the originals beside it too. `donors` = who
    lent each probe a gait, where it was somebody of the dataset.
    """
    said = details or {}
    return [
        _who(name)
        | rung(originals, attacked[name], seed)
        | {"impersonation": _impersonation(originals, attacked[name], donors or {})}
        | {"chance": chance(originals), "details": dict(said.get(name, {}))}
        for name in ATTACKERS
        if name in attacked
    ]


def _who(name: str) -> dict[str, Any]:
    attacker = ATTACKERS[name]
    return {
        "attacker": name,
        "label": attacker.label,
        "knows": attacker.knows,
        "compares": attacker.compares,
        "needs": sorted(attacker.needs),
    }


def rung(originals: Identifications, answers: Identifications, seed: int) -> dict[str, Any]:
    """One attacker's rates at the same view angle, with intervals, and |S| over the diagonal."""
    comparison = compare(originals, answers)
    pooled = same_and_cross_view(comparison, seed=seed)
    answers = comparison.anonymized
    rank1, interval = same_view_rank1(answers, seed)
    there = replace(originals, tried=answers.tried)
    counted = at_same_view(answers, answers.counted)
    return {
        "rank1": rank1,
        "ci95": interval,
        "rank5": same_view_mean(rank_rate(answers, 5)),
        "eer": same_view_mean(equal_error_rate(answers)),
        "clear_rank1": same_view_rank1(there, seed)[0],
        "view_angles": sorted({answers.probes[n].view_angle for n in np.flatnonzero(counted)}),
        "success_rate": plain(pooled.rates)[0],
        "success_ci95": intervals(pooled.intervals)[0],
        "recognized": int(np.trace(success_attacked(comparison))),
        "probes": int(counted.sum()),
        "subjects": len({answers.probes[n].subject for n in np.flatnonzero(counted)}),
        "worst": worst_identity(answers),
    }


def _impersonation(
    originals: Identifications, answers: Identifications, donors: Mapping[GaitKey, str]
) -> float | None:
    return same_view_mean(impersonation_rate(compare(originals, answers), donors))


def at_same_view(answers: Identifications, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(view angles, probes) -> (probes,): each probe's flag at its own view angle."""
    return flags[answers.probe_view_angle, np.arange(len(answers.probes))]


def same_view_mean(rates: Rates) -> float | None:
    """The mean over the diagonal's cells."""
    mean: float | None = plain(_diagonal(rates[None])[0])
    return mean


def worst_identity(answers: Identifications) -> dict[str, Any] | None:
    """Who is named most often, at the same view angle: a mean says nothing about the one it is worst for."""
    counted, named = (at_same_view(answers, flags) for flags in (answers.counted, answers.identified))
    subjects = np.array([key.subject for key in answers.probes])
    tally = [
        (int((named & counted & (subjects == each)).sum()), int((counted & (subjects == each)).sum()), each)
        for each in sorted(set(subjects[counted].tolist()), key=subject_order)
    ]
    if not tally:
        return None
    right, probes, subject = max(tally, key=lambda each: each[0] / each[1])
    return {"subject": subject, "named": right, "probes": probes, "rank1": right / probes}


def same_view_rank1(answers: Identifications, seed: int) -> tuple[float | None, list[float] | None]:
    """Mean rank-1 rate of the diagonal's cells and its 95 % bootstrap interval over subjects."""
    named, counted = (counts_by_subject(answers, flags) for flags in (answers.identified, answers.counted))
    weights = resampled_subjects(len(named), seed, RESAMPLES)
    drawn = ratio(np.tensordot(weights, named, 1), np.tensordot(weights, counted, 1))
    interval = percentile_interval(_diagonal(drawn)[:, None], len(named))
    return plain(_diagonal(rank_rate(answers)[None])[0]), intervals(interval)[0]


def _diagonal(rates: Rates) -> Rates:  # (…, gallery, probe) -> (…,)
    return mean_of_defined(np.diagonal(rates, axis1=-2, axis2=-1), axis=-1)


def chance(answers: Identifications) -> float | None:
    """What blind guessing would name: 1 / subjects enrolled, the mean over gallery view angles."""
    enrolled = np.isfinite(answers.scores).any(axis=1).sum(axis=1)  # (view angles,)
    return float(np.mean(1 / enrolled[enrolled > 0])) if (enrolled > 0).any() else None
