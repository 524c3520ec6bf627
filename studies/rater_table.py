"""Raters one by one, in numbers that tell careful ones from careless ones.

Bias and inconsistency are the subject model's and r is the correlation with the others' means, over all votes
of this kind of raters on regular pairs, before anybody is set aside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studies import screening
from studies.counting import Counted, counted
from studies.dashboard import Present
from studies.lately import lately
from studies.models import Mask, Rater, Study
from studies.mos import evidence, subject_model
from studies.mos.screening import correlation
from studies.votes import STATES

Floats = NDArray[np.float64]
ORDERS = {
    "newest": "newest first",
    "votes": "votes",
    "bias": "bias",
    "inconsistency": "inconsistency",
    "r": "r",
    "checks": "checks",
    "stalls": "stalls",
    "state": "state",
}


@dataclass(frozen=True, eq=False)
class Fitted:
    """What takes long to work out of the raters `rater_pks`, (raters,) each; NaN where undefined."""

    rater_pks: NDArray[np.int64]
    bias: Floats
    inconsistency: Floats
    r: Floats
    version: subject_model.Version


@dataclass(frozen=True, eq=False)
class Numbers:
    """Of one kind of raters, (raters,) by code; NaN where undefined."""

    votes: NDArray[np.int64]
    bias: Floats
    inconsistency: Floats
    r: Floats
    checks: evidence.Checks
    playback: evidence.Playback
    version: subject_model.Version


@dataclass(frozen=True)
class Row:
    """A rater as the page shows them."""

    rater: Rater
    votes: int
    bias: str
    inconsistency: str
    r: str
    checks: str
    watched: str
    stalls: int | None
    mask: Mask | None
    counts: bool


def numbers(now: Present, *, simulated: bool) -> Numbers:
    everybody = _all(now, simulated)
    key = ("raters", now.study.pk, now.study.token, simulated, len(now.stimuli.number))
    fitted = lately(key, now.votes.marker, lambda: _fitted(now, everybody)).value
    bias, inconsistency, r = (
        _aligned(column, fitted.rater_pks, now.votes.rater_pks)
        for column in (fitted.bias, fitted.inconsistency, fitted.r)
    )
    return Numbers(
        votes=np.bincount(everybody.rater, minlength=len(now.votes.rater_pks)),
        bias=bias,
        inconsistency=inconsistency,
        r=r,
        checks=screening.checks(now, simulated),
        playback=screening.played(now, simulated),
        version=fitted.version,
    )


def _fitted(now: Present, everybody: Counted) -> Fitted:
    raters, stimuli = len(now.votes.rater_pks), len(now.stimuli.number)
    table = screening.table_of(everybody, raters)
    version = subject_model.default_version(table.stimulus)
    model = subject_model.fit(
        table.stimulus, table.rater, table.score, stimuli=stimuli, raters=raters, version=version
    )
    r = correlation(table).correlations
    return Fitted(now.votes.rater_pks, _floats(model.bias), _floats(model.inconsistency), _floats(r), version)


def _aligned(values: Floats, known: NDArray[np.int64], wanted: NDArray[np.int64]) -> Floats:
    """Values of the raters `known` in the order of `wanted`; NaN for those who came since."""
    if np.array_equal(known, wanted):
        return values
    places = np.minimum(np.searchsorted(known, wanted), max(0, len(known) - 1))
    if not len(known):
        return np.full(len(wanted), np.nan)
    return np.where(known[places] == wanted, values[places], np.nan)


def _all(now: Present, simulated: bool) -> Counted:
    """Every vote of these raters on regular pairs, whatever became of the rater."""
    study = Study(template=now.study.template, count_abandoned=True)
    return counted(study, now.votes, now.stimuli, simulated=simulated)


def _floats(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


# --- A page of them ---------------------------------------------------------------------------------
def ordered(now: Present, shown: Sequence[bool], order: str, descending: bool) -> list[int]:
    """Codes of all raters of the kinds `shown` (simulated or not), in order; undefined ones come last."""
    kinds = {kind: numbers(now, simulated=kind) for kind in shown}
    codes = np.flatnonzero(np.isin(now.votes.simulated, list(kinds)))
    values = np.full(len(now.votes.rater_pks), np.nan)
    for kind, known in kinds.items():
        own = now.votes.simulated == kind
        values[own] = _values(now, known, order)[own]
    values = values[codes]
    undefined = np.isnan(values)
    keys = np.where(undefined, 0, -values if descending else values)
    found: list[int] = codes[np.lexsort((-codes, keys, undefined))].tolist()
    return found


def _values(now: Present, known: Numbers, order: str) -> Floats:
    raters = np.arange(len(now.votes.rater_pks), dtype=np.float64)
    answered = known.checks.answered
    share = np.where(answered > 0, known.checks.passed / np.maximum(answered, 1), np.nan)
    columns: dict[str, Any] = {
        "newest": -raters,
        "votes": known.votes,
        "bias": known.bias,
        "inconsistency": known.inconsistency,
        "r": known.r,
        "checks": share,
        "stalls": np.where(known.playback.reported > 0, known.playback.stalls, np.nan),
        "state": now.votes.state,
    }
    return np.asarray(columns[order], dtype=np.float64)


def rows(now: Present, codes: Sequence[int]) -> list[Row]:
    """These raters, in this order."""
    pks = now.votes.rater_pks[list(codes)].tolist()
    raters = Rater.objects.in_bulk(pks)
    masks = {mask.rater_id: mask for mask in _masks(now.study, pks)}
    kinds: dict[bool, Numbers] = {}
    found = []
    for code, pk in zip(codes, pks, strict=True):
        if pk in raters:
            kind = bool(now.votes.simulated[code])
            kinds.setdefault(kind, numbers(now, simulated=kind))
            found.append(_row(now, kinds[kind], code, raters[pk], masks.get(pk)))
    return found


def _masks(study: Study, pks: Sequence[int]) -> Any:
    active = study.masks.filter(lifted=None, presentation=None, rater__in=pks)
    return active.select_related("made_by")


def _row(now: Present, known: Numbers, code: int, rater: Rater, mask: Mask | None) -> Row:
    answered, played = int(known.checks.answered[code]), known.playback
    left = STATES[now.votes.state[code]] in Rater.LEFT
    watched = played.watched[code]
    return Row(
        rater=rater,
        votes=int(known.votes[code]),
        bias=_said(known.bias[code], "+.2f"),
        inconsistency=_said(known.inconsistency[code], ".2f"),
        r=_said(known.r[code], ".2f"),
        checks=f"{int(known.checks.passed[code])} of {answered}" if answered else "none",
        watched="n/a" if np.isnan(watched) else f"{100 * watched:.0f} %",
        stalls=int(played.stalls[code]) if played.reported[code] else None,
        mask=mask,
        counts=mask is None and (now.study.count_abandoned or not left),
    )


def _said(value: float, form: str) -> str:
    return "n/a" if np.isnan(value) else f"{value:{form}}".replace("-", "−")
