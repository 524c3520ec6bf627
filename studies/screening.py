"""Setting raters and votes aside: what each rule would reject, and reversible masks with who, when and why.

Every rule looks at all raters whose votes may count, as if nobody were set aside, so that its answer does not
depend on what was applied before it. Applying one makes masks; lifting them keeps the rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from anonymizer.jobs import Refused
from studies import counting
from studies.counting import Counted
from studies.dashboard import Present, Scope, interval, present, said
from studies.history import record, refuse_if_frozen
from studies.models import Mask, Presentation, Rater, Study
from studies.mos import evidence, screening
from studies.mos.ratings import Ratings
from studies.mos.statistics import GroupScore
from studies.votes import CORRECTED

RULES = (Mask.Rule.BT500, Mask.Rule.CORRELATION, Mask.Rule.P913, Mask.Rule.CHECKS, Mask.Rule.PLAYBACK)
ABOUT = {
    Mask.Rule.BT500: "ITU-R BT.500: scores often far off, on both sides. Where each rater sees a small part of the "
    "pairs it finds about half of those who click at random, and rejects some honest raters.",
    Mask.Rule.CORRELATION: "Scores that follow the other raters’ means too little. The screen that works "
    "where each rater sees a small part of the pairs.",
    Mask.Rule.P913: "ITU-T P.913: BT.500’s rule after each rater’s bias is taken away.",
    Mask.Rule.CHECKS: "Fewer than two thirds of the answered check pairs within one point of what is expected.",
    Mask.Rule.PLAYBACK: "Over a fifth of the votes on pairs that stalled more than twice or were watched to less "
    "than 95 %.",
}


@dataclass(frozen=True)
class Judgement:
    """What one rule says of one kind of raters (codes)."""

    rejected: list[int]
    detail: str = ""


# --- Rules ------------------------------------------------------------------------------------------
def judgements(now: Present, *, simulated: bool) -> dict[Mask.Rule, Judgement]:
    """By each rule, worked out once for these votes."""
    key = ("judgements", simulated, now.study.template, now.study.count_abandoned)
    if key not in now.votes.memo:
        everybody = counting.counted(now.study, now.votes, now.stimuli, simulated=simulated)
        now.votes.memo[key] = _judged(now, everybody)
    found: dict[Mask.Rule, Judgement] = now.votes.memo[key]
    return found


def table_of(votes: Counted, raters: int, scores: Any = None) -> Ratings:
    """The votes as the statistics take them, under codes alone."""
    names = tuple(map(str, votes.stimuli.number.tolist()))
    return Ratings(
        votes.stimulus, votes.rater, votes.given if scores is None else scores,
        names, ("",) * raters, votes.stimulus,
    )  # fmt: skip


def _judged(now: Present, everybody: Counted) -> dict[Mask.Rule, Judgement]:
    raters = len(now.votes.rater_pks)
    table = table_of(everybody, raters)
    followed = screening.correlation(table)
    limit = followed.threshold
    threshold = "" if limit is None else f"Threshold r = {limit:.2f}."
    if followed.undefined:
        threshold += f" No r for {len(followed.undefined)} who always gave one score or share too few pairs."
    return {
        Mask.Rule.BT500: Judgement(screening.bt500(table).rejected),
        Mask.Rule.CORRELATION: Judgement(followed.rejected, threshold.strip()),
        Mask.Rule.P913: Judgement(screening.p913(table).rejected),
        Mask.Rule.CHECKS: Judgement(_of_those(now, everybody, checks(now, everybody.simulated).rejected)),
        Mask.Rule.PLAYBACK: Judgement(_of_those(now, everybody, played(now, everybody.simulated).rejected)),
    }


def _of_those(now: Present, everybody: Counted, rejected: list[int]) -> list[int]:
    """The rejected raters whose votes may count at all."""
    who = counting.raters_who_count(now.study, now.votes, everybody.simulated)
    return [code for code in rejected if who[code]]


def checks(now: Present, simulated: bool) -> evidence.Checks:
    """Of every rater of this kind, whatever became of them."""
    columns = now.votes.columns
    which = now.stimuli.check & ~np.isnan(now.stimuli.expected)
    kept = (now.votes.simulated == simulated)[columns["rater"]] & which[columns["stimulus"]]
    rater, stimulus = (columns[name][kept].astype(np.int64) for name in ("rater", "stimulus"))
    score = columns["score"][kept].astype(np.float64)
    return evidence.checks(rater, score, now.stimuli.expected[stimulus], len(now.votes.rater_pks))


def played(now: Present, simulated: bool) -> evidence.Playback:
    """Of every rater of this kind, whatever became of them."""
    columns = now.votes.columns
    kept = (now.votes.simulated == simulated)[columns["rater"]] & now.stimuli.regular[columns["stimulus"]]
    return evidence.playback(
        columns["rater"][kept].astype(np.int64),
        columns["watched"][kept].astype(np.float64),
        columns["stalls"][kept].astype(np.int64),
        len(now.votes.rater_pks),
    )


# --- The result under every rule --------------------------------------------------------------------
@dataclass(frozen=True)
class Outcome:
    """A row of the comparison: a mean for each condition (None without votes), and who is left."""

    name: str
    cells: list[tuple[str, str, int] | None]  # mean, interval, votes
    raters: int
    rejected: int
    as_it_is: bool = False


def outcomes(now: Present, scope: Scope, *, simulated: bool) -> list[Outcome]:
    """Nobody set aside, each rule alone, and what is set aside at the moment."""
    found = judgements(now, simulated=simulated)
    rows = [_outcome(now, scope, simulated, "Nobody set aside", [])]
    rows += [_outcome(now, scope, simulated, rule.label, found[rule].rejected) for rule in RULES]
    present_votes = now.simulated if simulated else now.people
    everybody = rows[0].raters
    cells, left = _cells(present_votes, scope), present_votes.raters
    return [*rows, Outcome("As it is set now", cells, left, everybody - left, as_it_is=True)]


def _outcome(now: Present, scope: Scope, simulated: bool, name: str, without: Sequence[int]) -> Outcome:
    votes = counting.counted(now.study, now.votes, now.stimuli, simulated=simulated, without=without)
    return Outcome(name, _cells(votes, scope), votes.raters, len(without))


def _cells(votes: Counted, scope: Scope) -> list[tuple[str, str, int] | None]:
    groups: list[GroupScore | None] = [
        votes.by_condition.get(place) for place in range(len(votes.stimuli.conditions))
    ]
    return [(f"{one.mos:.2f}", said(interval(one, scope)), one.votes) if one else None for one in groups]


# --- Masks ------------------------------------------------------------------------------------------
def apply(study: Study, rule: Mask.Rule, user: Any, reason: str) -> int:
    """Set aside whom the rule rejects and who isn't yet; how many that were."""
    now = present(study)
    codes = {code for kind in (False, True) for code in judgements(now, simulated=kind)[rule].rejected}
    raters = now.votes.rater_pks[sorted(codes)].tolist()
    return _mask(study, Rater.objects.filter(pk__in=raters), rule, user, reason)


def set_rater_aside(study: Study, rater: Rater, user: Any, reason: str) -> int:
    return _mask(study, Rater.objects.filter(pk=rater.pk), Mask.Rule.MANUAL, user, reason)


def _mask(study: Study, raters: QuerySet[Rater], rule: Mask.Rule, user: Any, reason: str) -> int:
    reason = _told(study, reason)
    with transaction.atomic():
        aside = study.masks.filter(lifted=None, presentation=None).values("rater")
        new = [
            Mask(study=study, rater=rater, rule=rule, reason=reason, made_by=user)
            for rater in raters.filter(study=study).exclude(pk__in=aside)
        ]
        Mask.objects.bulk_create(new)
        if new:
            record(study, user, f"{_raters(len(new))} set aside, {rule.label}: {reason}")
    return len(new)


def set_vote_aside(study: Study, presentation: Presentation, user: Any, reason: str) -> int:
    reason = _told(study, reason)
    with transaction.atomic():
        if study.masks.filter(lifted=None, presentation=presentation).exists():
            return 0
        study.masks.create(
            rater_id=presentation.rater_id, presentation=presentation, reason=reason, made_by=user
        )
        rater = presentation.rater.pseudonym
        record(study, user, f"The vote {presentation.position} of {rater} set aside: {reason}")
    return 1


def lift(study: Study, masks: QuerySet[Mask], user: Any, reason: str) -> int:
    """Let these count again; how many were in force."""
    reason = _told(study, reason)
    with transaction.atomic():
        number = masks.filter(study=study, lifted=None).update(lifted=timezone.now(), lifted_by=user)
        if number:
            record(study, user, f"{number} set-aside{'s' * (number != 1)} lifted: {reason}")
    return number


def _told(study: Study, reason: str) -> str:
    """The reason; Refused where there is none, or where nothing may be changed any more."""
    refuse_if_frozen(study)
    reason = " ".join(reason.split())
    if not reason:
        raise Refused("Give a reason: it stands in the study’s log beside your name.")
    return reason[:300]


def _raters(number: int) -> str:
    return f"{number} rater{'s' * (number != 1)}"


def votes_corrected(study: Study, what: str, user: Any = None) -> None:
    """Note in the study's log that stored votes were changed by hand, so that all are read anew."""
    record(study, user, f"{CORRECTED}: {what}")
