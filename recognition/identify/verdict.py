"""When an evaluation may not be believed.

A high success rate means privacy only where the attackers are any good. Three signs say that the evaluation
is broken, not the privacy good, and each refuses the verdict: the recognizer is weak on clear data, a
stronger attacker does worse than a weaker one by more than noise, or donors are named at chance
(`donor_check`).
"""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from recognition.identify.attackers import ATTACKERS, outdoes
from recognition.identify.identifications import Identifications
from recognition.identify.success import (
    RESAMPLES,
    Comparison,
    compare,
    counts_by_subject,
    mean_of_defined,
    percentile_interval,
    rank_rate,
    resampled_subjects,
)

LEAST_SKILL = 0.5
NOISE_LEVEL = 0.99  # several pairs of attackers are compared, so 95 % would raise false alarms


def skill(clear: Identifications) -> float:
    """How far above chance clear gaits are identified: 0 at chance, 1 for certainty.

    (rank-1 − chance) / (1 − chance), chance = 1 / subjects enrolled at the gallery's view angle; the mean
    over probe view angles of what their best gallery view angle gives. NaN where there is nobody to confuse.
    """
    enrolled = np.isfinite(clear.scores).any(axis=1).sum(axis=1)  # (view angles,)
    chance = 1 / np.where(enrolled > 1, enrolled, np.nan)[:, None]
    above = (rank_rate(clear) - chance) / (1 - chance)  # (gallery, probe)
    best = np.where(np.isnan(above), -np.inf, above).max(axis=0)  # (probe,)
    return float(mean_of_defined(np.where(np.isfinite(best), best, np.nan), axis=0))


def refusals(
    originals: Identifications,
    attacked: Mapping[str, Identifications],
    details: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    donors: str = "none",
    seed: int = 0,
) -> tuple[str, ...]:
    """Why no verdict may be given, a sentence each; empty where one may.

    `attacked` = every attacker's answers on the anonymized probes, by the names of `ATTACKERS`; `details` =
    what each said about how it went; `donors` = the policy by which the method's donors were chosen.
    """
    unknown = set(attacked) - set(ATTACKERS)
    if unknown:
        raise ValueError(f"Attacker {min(unknown)!r} is unknown. Use some of {', '.join(ATTACKERS)}.")
    ladder = [(name, compare(originals, attacked[name])) for name in ATTACKERS if name in attacked]
    inverted = [
        f"{stronger} knows more than {weaker} and identifies fewer gaits, by more than noise."
        for (weaker, less), (stronger, more) in combinations(ladder, 2)
        if outdoes(stronger, weaker, donors) and worse_by_more_than_noise(more, less, seed=seed)
    ]
    return (*_weakness(originals), *inverted, *_blindness(details or {}))


def _blindness(details: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """Refused where an attacker who knows the donors names them no better than chance."""
    checks = (each["donors"] for each in details.values() if each.get("donors"))
    return tuple(
        "Even the donors can't be told apart in the changed gaits: an attacker who knows them names "
        f"{check['named']:.0%} of {check['probes']}, where chance gives {check['chance']:.0%}."
        for check in checks
        if check["ci95"][0] <= check["chance"]
    )


def _weakness(originals: Identifications) -> tuple[str, ...]:
    found = skill(originals)
    if found >= LEAST_SKILL:
        return ()
    measured = "nothing can be said" if np.isnan(found) else f"it goes {found:.0%} of that way"
    return (
        "The recognizer is weak on clear gaits: it should go at least "
        f"{LEAST_SKILL:.0%} of the way from chance to certainty; {measured}.",
    )


def worse_by_more_than_noise(
    stronger: Comparison, weaker: Comparison, *, seed: int = 0, resamples: int = RESAMPLES
) -> bool:
    """Whether `stronger` fails on a larger share of S′ than `weaker`, all cells that both tried pooled.

    The same subjects are resampled for both, and the 99 % interval of the difference must lie above 0.
    """
    by_both = stronger.attacked & weaker.attacked
    in_s = counts_by_subject(stronger.originals, by_both).sum(axis=(1, 2))  # (subjects,)
    failures = [
        counts_by_subject(c.originals, c.failed & by_both).sum(axis=(1, 2)) for c in (stronger, weaker)
    ]
    weights = resampled_subjects(len(in_s), seed, resamples)
    drawn = weights @ in_s
    difference = weights @ (failures[0] - failures[1]) / np.where(drawn > 0, drawn, np.nan)
    lowest = percentile_interval(difference[:, None], len(in_s), NOISE_LEVEL)[0, 0]
    return bool(lowest > 0)
