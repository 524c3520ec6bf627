"""What each part of the recognizer contributes: variants with one part changed, on clear gaits.

Rank-1 by how far gallery and probe view angle lie apart, each the unweighted mean of its cells, with a bootstrap
interval over subjects.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognition.identify.identifications import Identifications
from recognition.identify.success import counts_by_subject, percentile_interval, ratio, resampled_subjects

RESAMPLES = 1000


@dataclass(frozen=True)
class Variant:
    """A recognizer with one part changed."""

    name: str
    label: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


VARIANTS = (
    Variant("standard", "as it stands"),
    Variant("no-vtm", "no view transformation", {"transform": "none"}),
    Variant("no-pls", "no PLS: the pixels themselves", {"projection": "none"}),
    Variant("joint-pls", "one PLS for all view angles", {"projection": "joint-pls"}),
    Variant("columns", "VTM on sequences, not on subjects' means", {"columns": "sequence"}),
    Variant("robust", "robust PCA of the sequences before the VTM", {"robust": True}),
    Variant("no-ridge", "unguarded inverse", {"ridge": 0.0}),
    Variant("strong-ridge", "ten times the ridge", {"ridge": 0.1}),
    Variant("rank-10", "VTM of rank 10", {"rank": 10}),
    Variant("components-10", "10 PLS components", {"components": 10}),
    Variant("small", "GEIs of half the size", {"size": [32, 24]}),
)


def row(variant: Variant, answers: Identifications, *, seed: int = 0) -> dict[str, Any]:
    """JSON-ready: rank-1 at the same view angle, by difference, and over all pairs of different ones."""
    groups = _differences(answers)
    rates, ends = _means(answers, list(groups.values()), seed)
    named = [
        {
            "difference": difference,
            "rank1": None if np.isnan(rate) else float(rate),
            "ci95": None if np.isnan(end).any() else end.tolist(),
        }
        for difference, rate, end in zip(groups, rates, ends, strict=True)
    ]
    return {
        "variant": variant.name,
        "label": variant.label,
        "parameters": dict(variant.parameters),
        "by_difference": named[:-1],
        "cross_view": named[-1],
    }


def untrained(variant: Variant, like: Mapping[str, Any], reason: str) -> dict[str, Any]:
    """A row without rates, of a variant that these gaits can't train; `like` = another's row."""
    empty = {"rank1": None, "ci95": None}
    return {
        "variant": variant.name,
        "label": variant.label,
        "parameters": dict(variant.parameters),
        "by_difference": [{**each, **empty} for each in like["by_difference"]],
        "cross_view": {**like["cross_view"], **empty},
        "reason": reason,
    }


def _differences(answers: Identifications) -> dict[int | str, NDArray[np.bool_]]:
    """Cells (gallery, probe) by how many degrees the view angles lie apart, and all that differ."""
    angles = np.array(answers.view_angles)
    apart = np.abs(angles[:, None] - angles[None])
    groups: dict[int | str, NDArray[np.bool_]] = {int(each): apart == each for each in np.unique(apart)}
    return {**groups, "different": apart > 0}


def _means(
    answers: Identifications, groups: list[NDArray[np.bool_]], seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(groups,) rates and (groups, 2) intervals."""
    named, counted = (counts_by_subject(answers, flags) for flags in (answers.identified, answers.counted))
    weights = resampled_subjects(len(named), seed, RESAMPLES)
    drawn = _group_means(np.tensordot(weights, named, 1), np.tensordot(weights, counted, 1), groups)
    rates = _group_means(named.sum(axis=0), counted.sum(axis=0), groups)
    return rates, percentile_interval(drawn, len(named))


def _group_means(
    named: NDArray[np.float64], counted: NDArray[np.float64], groups: list[NDArray[np.bool_]]
) -> NDArray[np.float64]:
    """(…, groups) unweighted means over the cells of each group that have a probe; NaN without one."""
    rates = np.nan_to_num(ratio(named, counted))
    known = (counted > 0).astype(np.float64)
    sums = np.stack([(rates * group).sum(axis=(-2, -1)) for group in groups], axis=-1)
    cells = np.stack([(known * group).sum(axis=(-2, -1)) for group in groups], axis=-1)
    return ratio(sums, cells)
