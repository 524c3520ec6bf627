"""One experiment's result as JSON can hold it: plain numbers and lists, None where a rate is undefined."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognition.identify import success
from recognition.identify.gaits import GaitKey
from recognition.identify.identifications import Identifications
from recognition.identify.protocol import SequenceChoice, Split
from recognition.identify.recognizer import Recognizer
from recognition.identify.verdict import refusals, skill

NAIVE = "naive"


def result(
    *,
    dataset: str,
    method: str,
    alpha: float | None,
    donor: str,
    seed: int,
    gallery: SequenceChoice,
    probe: SequenceChoice,
    split: Split,
    recognizer: Recognizer,
    originals: Identifications,
    attacked: Mapping[str, Identifications],  # by attacker
    details: Mapping[str, Mapping[str, Any]] | None = None,  # by attacker: how it went about it
    donors: Mapping[GaitKey, str],  # who lent each probe a gait; without the synthetic ones
    proxies: Mapping[str, float | None],
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    """Everything that `experiment --json` prints; matrices are [gallery view angle][probe view angle]."""
    compared = {name: success.compare(originals, answers) for name, answers in attacked.items()}
    return {
        "dataset": dataset,
        "method": method,
        "alpha": alpha,
        "donor": donor,
        "seed": seed,
        "view_angles": [int(v) for v in originals.view_angles],
        "protocol": protocol_of(gallery, probe, split),
        "recognizer": {"name": recognizer.name, **recognizer.parameters},
        "originals": clear_rates(originals),
        "attackers": {
            name: attacker_rates(c, donors) | {"by_probe_view_angle": probe_view_angles(c, seed)}
            for name, c in compared.items()
        },
        "by_probe_view_angle": probe_view_angles(compared[NAIVE], seed) if NAIVE in compared else [],
        "verdict": {
            "skill": plain(np.float64(skill(originals))),
            "refused": list(refusals(originals, attacked, details, donors=donor, seed=seed)),
        },
        "proxies": {name: plain(np.float64(np.nan if v is None else v)) for name, v in proxies.items()},
        "seconds": dict(seconds),
    }


def protocol_of(gallery: SequenceChoice, probe: SequenceChoice, split: Split) -> dict[str, Any]:
    """Who was compared with whom, as the result's JSON says it."""
    return {
        "gallery": gallery.names(),
        "probe": probe.names(),
        "train_subjects": len(split.train),
        "network_subjects": len(split.network),
        "test_subjects": len(split.test),
    }


def clear_rates(originals: Identifications) -> dict[str, Any]:
    """Matrices [gallery view angle][probe view angle] of the originals; None where no probe counts."""
    return {
        "rank1": plain(success.rank_rate(originals)),
        "rank5": plain(success.rank_rate(originals, 5)),
        "eer": plain(success.equal_error_rate(originals)),
        "probes": success.probes(originals).tolist(),
    }


def attacker_rates(comparison: success.Comparison, donors: Mapping[GaitKey, str]) -> dict[str, Any]:
    """One attacker's matrices [gallery view angle][probe view angle]; None where undefined."""
    return {
        "rank1": plain(success.rank_rate(comparison.anonymized)),
        "rank5": plain(success.rank_rate(comparison.anonymized, 5)),
        "eer": plain(success.equal_error_rate(comparison.anonymized)),
        "success_rate": plain(success.success_rate(comparison)),
        "recognized": success.recognized(comparison).tolist(),
        "success_ci95": intervals(success.success_interval(comparison)),
        "impersonation": plain(success.impersonation_rate(comparison, donors)),
    }


def probe_view_angles(comparison: success.Comparison, seed: int) -> list[dict[str, Any]]:
    """The success rate of each probe view angle with its bootstrap interval, as the result's JSON holds it."""
    pooled = success.by_probe_view_angle(comparison, seed=seed)
    columns = zip(
        comparison.originals.view_angles, plain(pooled.rates), intervals(pooled.intervals), strict=True
    )
    return [{"view_angle": int(v), "success_rate": rate, "ci95": ci} for v, rate, ci in columns]


def intervals(ends: NDArray[np.float64]) -> Any:
    """(…, 2) -> nested lists of [low, high], None in the place of an undefined pair."""
    if ends.ndim > 1:
        return [intervals(end) for end in ends]
    return None if np.isnan(ends).any() else ends.tolist()


def plain(values: NDArray[np.float64] | np.float64) -> Any:
    """Nested lists of floats, None where NaN."""
    if isinstance(values, np.ndarray) and values.ndim:
        return [plain(value) for value in values]
    return None if np.isnan(values) else float(values)
