"""From votes and success rates to what the dashboard shows first: querysets -> mos -> figures.

People's votes and simulated raters' are never pooled: where both are shown, each is a line of its own. What
takes longer (raters one by one, models, agreement) is in `depth`.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from anonymizer.models import Run
from studies import attack, counting, votes
from studies.attack import Attack
from studies.counting import Counted, Masked, Stimuli
from studies.models import Condition, Mask, Rater, Study
from studies.mos import figures
from studies.mos.figures import Figure, Point, Series
from studies.mos.statistics import GroupScore, Interval
from studies.votes import Votes

BY = {
    Mask.Rule.MANUAL: "by hand",
    Mask.Rule.BT500: "by BT.500",
    Mask.Rule.CORRELATION: "by correlation",
    Mask.Rule.P913: "by P.913",
    Mask.Rule.CHECKS: "by check pairs",
    Mask.Rule.PLAYBACK: "by playback",
}


@dataclass(frozen=True)
class Scope:
    """What is asked for: simulated votes too, which interval, which attacker, the paper's figures, which matrix."""

    simulated: bool = False
    interval: str = "clustered"
    attacker: str = attack.STRONGEST
    reference: bool = False
    matrix: int = 0  # a condition's number; 0: the first one that was attacked


def scope_of(wanted: Mapping[str, str]) -> Scope:
    """The scope an address asks for; what it doesn't know counts as not asked."""
    matrix = wanted.get("matrix", "")
    return Scope(
        simulated=wanted.get("simulated") == "1",
        interval="naive" if wanted.get("interval") == "naive" else "clustered",
        attacker=attack.NAIVE if wanted.get("attacker") == attack.NAIVE else attack.STRONGEST,
        reference=wanted.get("reference") == "1",
        matrix=int(matrix) if matrix.isascii() and matrix.isdigit() and len(matrix) < 5 else 0,
    )


# --- What counts at the moment --------------------------------------------------------------------
@dataclass(frozen=True)
class Present:
    """A study's votes as they count now: people's, simulated raters', and what is set aside."""

    study: Study
    votes: Votes
    stimuli: Stimuli
    masks: Masked
    people: Counted
    simulated: Counted

    def shown(self, scope: Scope) -> list[Counted]:
        """People's votes; simulated ones where they are asked for, or where there are no others."""
        with_simulated = scope.simulated or not len(self.people)
        both = (self.people, self.simulated) if with_simulated else (self.people,)
        return [one for one in both if len(one)]


def present(study: Study) -> Present:
    known, stimuli, masks = votes.votes_of(study), counting.stimuli_of(study), counting.masked(study)
    people, simulated = (
        counting.counted_now(study, known, stimuli, masks, simulated=simulated) for simulated in (False, True)
    )
    return Present(study, known, stimuli, masks, people, simulated)


def interval(score: GroupScore, scope: Scope) -> Interval | None:
    return score.ci95_naive if scope.interval == "naive" else score.ci95_clustered


# --- What the page shows --------------------------------------------------------------------------
@dataclass(frozen=True)
class Panel:
    """A figure with its table's cells in words."""

    figure: Figure

    @property
    def rows(self) -> list[list[str]]:
        return [[_cell(value) for value in row] for row in self.figure.table.rows]


def _cell(value: str | int | float | None) -> str:
    if value is None:
        return "n/a"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Mos:
    """A line of the verdict."""

    condition: Condition
    mos: str
    interval: str
    votes: int
    raters: int
    simulated: bool


@dataclass(frozen=True)
class Dashboard:
    """A study's two answers, side by side."""

    shown: list[Counted]  # people's first
    hidden: int  # simulated votes that are not shown
    some_simulated: bool
    mos: list[Mos]
    attacks: list[Attack]
    unattacked: list[Condition]
    naturalness: Panel
    success: Panel | None
    ladder: Panel | None
    matrix: Panel | None
    matrix_of: Attack | None
    set_aside: str

    @property
    def panels(self) -> list[Panel]:
        return [each for each in (self.naturalness, self.success, self.ladder, self.matrix) if each]

    @property
    def votes(self) -> int:
        return sum(len(one) for one in self.shown)

    @property
    def rater_count(self) -> int:
        return sum(one.raters for one in self.shown)

    @property
    def only_simulated(self) -> bool:
        return bool(self.shown) and all(one.simulated for one in self.shown)

    @property
    def can_choose_attacker(self) -> bool:
        return any(each.can_choose for each in self.attacks)

    @property
    def gates(self) -> list[dict[str, object]]:
        """Whether the attacks can be trusted; by condition where one can't."""
        if not any(each.refused for each in self.attacks):
            return list(self.attacks[0].gates) if self.attacks else []
        several = len(self.attacks) > 1
        return [
            gate | ({"of": each.condition.label} if several else {})
            for each in self.attacks
            for gate in each.gates
            if not gate["ok"]
        ]


def dashboard(study: Study, scope: Scope) -> Dashboard:
    now = present(study)
    shown = now.shown(scope)
    attacked = attack.attacks(now.stimuli.conditions, scope.attacker)
    axis = _axis(now.stimuli, attacked)
    matrix_of = next((each for each in attacked if each.condition.number == scope.matrix), None)
    matrix_of = matrix_of or (attacked[0] if attacked else None)
    return Dashboard(
        shown=shown,
        hidden=0 if any(one.simulated for one in shown) else len(now.simulated),
        some_simulated=bool(len(now.simulated) and len(now.people)),
        mos=[line for one in shown for line in _lines(now, one, scope)],
        attacks=attacked,
        unattacked=attack.unattacked(now.stimuli.conditions),
        naturalness=Panel(_naturalness(now, shown, axis, scope)),
        success=Panel(attack.by_view_angle(attacked, axis, scope.reference)) if attacked else None,
        ladder=Panel(attack.ladder(attacked)) if attacked else None,
        matrix=Panel(attack.matrix(matrix_of)) if matrix_of else None,
        matrix_of=matrix_of,
        set_aside=set_aside(study),
    )


def _axis(stimuli: Stimuli, attacked: Sequence[Attack]) -> list[int]:
    """One axis for both answers, even where their view angles differ."""
    return sorted({*stimuli.view_angle.tolist(), *(angle for each in attacked for angle in each.view_angles)})


def _lines(now: Present, one: Counted, scope: Scope) -> list[Mos]:
    """A line of the verdict for each condition with votes."""
    return [
        Mos(
            condition=now.stimuli.conditions[place],
            mos=f"{score.mos:.2f}",
            interval=said(interval(score, scope)),
            votes=score.votes,
            raters=score.raters,
            simulated=one.simulated,
        )
        for place, score in one.by_condition.items()
    ]


def said(ends: Interval | None) -> str:
    return f"{ends[0]:.2f} to {ends[1]:.2f}" if ends else "not enough votes for an interval"


def set_aside(study: Study) -> str:
    """How many raters and votes are masked, and by which rules; empty where none are."""
    active = study.masks.filter(lifted=None).values_list("presentation", "rule")
    raters = Counter(rule for presentation, rule in active if presentation is None)
    single = sum(1 for presentation, _ in active if presentation is not None)
    parts = [f"{number} {BY[Mask.Rule(rule)]}" for rule, number in sorted(raters.items())]
    total = sum(raters.values())
    sentences = [f"{total} rater{'s' * (total != 1)} set aside ({', '.join(parts)})"] if parts else []
    sentences += [f"{single} single vote{'s' * (single != 1)} set aside"] if single else []
    return ", ".join(sentences)


def note(study: Study) -> str:
    """Which votes count, where that is no matter of course: stands beside every figure of votes."""
    left = "count" if study.count_abandoned else "don’t count"
    aside = set_aside(study)
    return f"Votes of raters who left {left}." + (f" {aside}." if aside else "")


# --- Figures --------------------------------------------------------------------------------------
def _naturalness(now: Present, shown: Sequence[Counted], axis: Sequence[int], scope: Scope) -> Figure:
    return figures.mos_by_view_angle(
        [series for one in shown for series in _series(now, one, scope)],
        view_angles=axis,
        raters=sum(one.raters for one in shown),
        clips=int(np.count_nonzero(sum(one.per_stimulus for one in shown))) if shown else 0,
        interval=scope.interval,
        reference=scope.reference,
        measure=counting.measure_of(now.study),
        note=note(now.study),
    )


def _series(now: Present, one: Counted, scope: Scope) -> list[Series]:
    points: dict[int, list[Point]] = {}
    for (place, angle), score in one.by_condition_and_view_angle.items():
        low, high = interval(score, scope) or (None, None)
        points.setdefault(place, []).append(Point(angle, score.mos, low, high, score.votes))
    return [
        Series(
            now.stimuli.conditions[place].label, now.stimuli.conditions[place].method, known, one.simulated
        )
        for place, known in points.items()
    ]


# --- While it is looked at ------------------------------------------------------------------------
def stage(study: Study) -> str:
    """Where a study stands: preparing, stopped, ready, open or closed."""
    if study.status != Study.Status.DRAFT:
        return str(study.status)
    if study.seats.exists():
        return "ready"
    stopped = study.run is None or study.run.status in (Run.Status.FAILED, Run.Status.CANCELLED)
    return "stopped" if stopped else "preparing"


def version(study: Study) -> str:
    """Changes whenever the dashboard would: polls that find it unchanged are answered with nothing."""
    conditions = list(study.conditions.select_related("anonymization"))
    found = (
        study.status,
        study.count_abandoned,
        study.run and (study.run.status, study.run.done, study.run.total, study.run.stage),
        votes.marker(study),
        sorted(counting.masked(study), key=repr),
        attack.newest(conditions),
    )
    return hashlib.sha256(repr(found).encode()).hexdigest()[:16]


def states(study: Study, simulated: bool) -> dict[str, int]:
    """Raters by state in the order of the states; simulated ones stand apart."""
    counts = Counter(study.raters.values_list("simulated", "state"))
    return {
        f"{state.label} · simulated" if made_up else str(state.label): counts[made_up, state.value]
        for made_up in ((False, True) if simulated else (False,))
        for state in Rater.State
        if counts[made_up, state.value]
    }
