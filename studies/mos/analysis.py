"""Everything this package knows about a rating table, as one JSON-ready dict."""

from typing import Any

import numpy as np

from studies.mos import screening, statistics, subject_model
from studies.mos.agreement import agreement
from studies.mos.ratings import NO_VIEW_ANGLE, Ratings

Json = dict[str, Any]


def analysis(table: Ratings) -> Json:
    """The statistics of a table, keyed by its own names; what is undefined is None, nothing is NaN.

    Nobody is set aside for it: `screening` says who would be, and `table.without_raters` does it.
    """
    scores = statistics.mos_by_stimulus(table.stimulus, table.score, len(table.stimuli))
    return {
        "stimuli": len(table.stimuli),
        "raters": len(table.raters),
        "votes": len(table.score),
        "missing_votes": table.missing,
        "repeated_votes": table.repeated_votes,
        "mos": [
            {"stimulus": name, "mos": one.mos, "ci95": one.ci95, "votes": one.votes}
            for name, one in zip(table.stimuli, scores, strict=True)
        ],
        "sos_a": statistics.sos_a(table.stimulus, table.score, len(table.stimuli)),
        "screening": _screening(table),
        "subject_model": {
            "standard": _subject_model(table, "standard"),
            "regularised": _subject_model(table, "regularised"),
        },
        "subject_model_default": subject_model.default_version(table.stimulus),
        "agreement": vars(agreement(table)),
        "by_view_angle": _by_view_angle(table),
    }


def _screening(table: Ratings) -> Json:
    by_correlation = screening.correlation(table)
    return {
        "bt500": {"rejected": _names(table, screening.bt500(table).rejected)},
        "correlation": {
            "rejected": _names(table, by_correlation.rejected),
            "threshold": by_correlation.threshold,
        },
        "p913": {"rejected": _names(table, screening.p913(table).rejected)},
    }


def _names(table: Ratings, raters: list[int]) -> list[str]:
    return [table.raters[rater] for rater in raters]


def _subject_model(table: Ratings, version: subject_model.Version) -> Json:
    fitted = subject_model.fit(
        table.stimulus, table.rater, table.score,
        stimuli=len(table.stimuli), raters=len(table.raters), version=version,
    )  # fmt: skip
    return {
        "psi": dict(zip(table.stimuli, fitted.psi, strict=True)),
        "bias": dict(zip(table.raters, fitted.bias, strict=True)),
        "inconsistency": dict(zip(table.raters, fitted.inconsistency, strict=True)),
        "iterations": fitted.iterations,
    }


def _by_view_angle(table: Ratings) -> list[Json]:
    if table.view_angle is None:
        return []
    known = np.flatnonzero(table.view_angle != NO_VIEW_ANGLE)
    columns = (table.view_angle[known], table.rater[known], table.clip[known], table.score[known])
    return [
        {
            "view_angle": row.group,
            "mos": row.mos,
            "ci95_clustered": _listed(row.ci95_clustered),
            "ci95_naive": _listed(row.ci95_naive),
            "votes": row.votes,
            "raters": row.raters,
            "clips": row.clips,
        }
        for row in statistics.mos_by_group(*columns)
    ]


def _listed(interval: statistics.Interval | None) -> list[float] | None:
    return None if interval is None else list(interval)
