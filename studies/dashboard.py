"""From votes and success rates to what the dashboard shows: querysets -> mos -> figures.

People's votes and simulated raters' are never pooled: where both are shown, each is a line of its own.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Avg, Count, Max, Q

from anonymizer.models import Run
from studies import attack
from studies.attack import Attack
from studies.models import Rater, Rating, Stimulus, Study
from studies.mos import figures
from studies.mos.figures import Distribution, Figure, Point, Series
from studies.mos.statistics import GroupScore, Interval, mos_by_group, score_counts

RATERS_SHOWN = 50


@dataclass(frozen=True)
class Scope:
    """What is asked for: simulated votes beside people's, which interval, which attacker, the paper's figures."""

    simulated: bool = False
    interval: str = "clustered"
    attacker: str = attack.STRONGEST
    reference: bool = False


def scope_of(wanted: Mapping[str, str]) -> Scope:
    """The scope an address asks for; what it doesn't know counts as not asked."""
    return Scope(
        simulated=wanted.get("simulated") == "1",
        interval="naive" if wanted.get("interval") == "naive" else "clustered",
        attacker=attack.NAIVE if wanted.get("attacker") == attack.NAIVE else attack.STRONGEST,
        reference=wanted.get("reference") == "1",
    )


# --- Votes ----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Votes:
    """The kept votes on regular pairs, of people or of simulated raters; a rater's state doesn't matter."""

    simulated: bool
    rows: Sequence[tuple[int, int, int, int]]  # (view angle, rater, pair's number, score)

    @cached_property
    def columns(self) -> tuple[tuple[int, ...], ...]:
        return tuple(zip(*self.rows, strict=True)) if self.rows else ((), (), (), ())

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def raters(self) -> int:
        return len(set(self.columns[1]))

    @property
    def overall(self) -> GroupScore | None:
        """The mean over all votes; None without one."""
        _, raters, pairs, scores = self.columns
        return mos_by_group([0] * self.count, raters, pairs, scores)[0] if self.rows else None


def votes(study: Study, *, simulated: bool) -> Votes:
    kept = Rating.objects.filter(
        presentation__rater__study=study,
        presentation__rater__simulated=simulated,
        presentation__stimulus__role=Stimulus.Role.REGULAR,
        presentation__problem="",
    )
    rows = kept.order_by("pk").values_list(
        "presentation__stimulus__view_angle", "presentation__rater", "presentation__stimulus__number", "score"
    )
    return Votes(simulated, list(rows))


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

    mos: str
    interval: str
    votes: int
    raters: int
    simulated: bool


@dataclass(frozen=True)
class Dashboard:
    """All that the page shows of a study's two answers."""

    shown: list[Votes]  # people's first
    hidden: int  # simulated votes that are not shown
    some_simulated: bool
    mos: list[Mos]
    attack: Attack | None
    naturalness: Panel
    success: Panel | None
    others: list[Panel]
    raters: list[Rater]
    raters_left_out: int

    @property
    def panels(self) -> list[Panel]:
        return [self.naturalness, *([self.success] if self.success else []), *self.others]

    @property
    def votes(self) -> int:
        return sum(one.count for one in self.shown)

    @property
    def rater_count(self) -> int:
        return sum(one.raters for one in self.shown)

    @property
    def only_simulated(self) -> bool:
        return bool(self.shown) and all(one.simulated for one in self.shown)


def dashboard(study: Study, scope: Scope) -> Dashboard:
    people, simulated = votes(study, simulated=False), votes(study, simulated=True)
    show_simulated = bool(simulated.rows) and (scope.simulated or not people.rows)
    shown = [one for one in (people, simulated) if one.rows and (show_simulated or not one.simulated)]
    attacked = attack.attack(study.anonymization, scope.attacker)
    angles = sorted(set(study.stimuli.values_list("view_angle", flat=True)))
    axis = sorted({*angles, *(attacked.view_angles if attacked else ())})  # one axis for both answers
    rater_rows = _raters(study, show_simulated)
    rates = [Panel(each) for each in attack.figures_of(attacked, axis, scope.reference)] if attacked else []
    return Dashboard(
        shown=shown,
        hidden=0 if show_simulated else simulated.count,
        some_simulated=bool(simulated.rows and people.rows),
        mos=[mos for mos in (_mos(one, scope) for one in shown) if mos],
        attack=attacked,
        naturalness=Panel(_naturalness(study, shown, axis, scope)),
        success=rates[0] if rates else None,
        others=[*rates[1:], *(Panel(each) for each in _progress(study, shown, show_simulated))],
        raters=rater_rows[:RATERS_SHOWN],
        raters_left_out=max(0, len(rater_rows) - RATERS_SHOWN),
    )


def _mos(one: Votes, scope: Scope) -> Mos | None:
    score = one.overall
    if score is None:
        return None
    ends = interval(score, scope)
    said = f"{ends[0]:.2f} to {ends[1]:.2f}" if ends else "not enough votes for an interval"
    return Mos(f"{score.mos:.2f}", said, score.votes, score.raters, one.simulated)


# --- Figures --------------------------------------------------------------------------------------
def _naturalness(study: Study, shown: Sequence[Votes], axis: Sequence[int], scope: Scope) -> Figure:
    condition = study.conditions.get(number=1)
    label, method = condition.label, condition.method
    return figures.mos_by_view_angle(
        [Series(label, method, _points(one, scope), one.simulated) for one in shown],
        view_angles=axis,
        raters=sum(one.raters for one in shown),
        clips=len({number for one in shown for number in one.columns[2]}),
        interval=scope.interval,
        reference=scope.reference,
    )


def _points(one: Votes, scope: Scope) -> list[Point]:
    points = []
    for score in mos_by_group(*one.columns):
        low, high = interval(score, scope) or (None, None)
        points.append(Point(score.group, score.mos, low, high, score.votes))
    return points


def _progress(study: Study, shown: Sequence[Votes], simulated: bool) -> list[Figure]:
    """How the rating goes: votes for each pair, raters by state, scores given."""
    condition = study.conditions.get(number=1)
    label, method = condition.label, condition.method
    pairs = Counter(number for one in shown for number in one.columns[2])
    regular = study.stimuli.filter(role=Stimulus.Role.REGULAR).values_list("number", flat=True)
    given = [Distribution(label, method, score_counts(one.columns[3]), one.simulated) for one in shown]
    return [
        figures.votes_per_pair([pairs[number] for number in regular]),
        figures.raters_by_state(_states(study, simulated)),
        figures.score_distribution(
            given, labels=[f"{entry['score']} {entry['label']}" for entry in study.scale]
        ),
    ]


def _states(study: Study, simulated: bool) -> dict[str, int]:
    """Raters by state in the order of the states; simulated ones stand apart."""
    counts = Counter(study.raters.values_list("simulated", "state"))
    return {
        f"{state.label} · simulated" if made_up else str(state.label): counts[made_up, state.value]
        for made_up in ((False, True) if simulated else (False,))
        for state in Rater.State
        if counts[made_up, state.value]
    }


def _raters(study: Study, simulated: bool) -> list[Rater]:
    """Each with `votes` and `mean` of what counts; the newest first."""
    of_rater = Q(presentations__stimulus__role=Stimulus.Role.REGULAR, presentations__problem="")
    known = study.raters.all() if simulated else study.raters.filter(simulated=False)
    return list(
        known.annotate(
            votes=Count("presentations__rating", filter=of_rater),
            mean=Avg("presentations__rating__score", filter=of_rater),
        ).order_by("simulated", "-pk")
    )


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
    kept = Rating.objects.filter(presentation__rater__study=study)
    found = (
        study.status,
        study.run and (study.run.status, study.run.done, study.run.total, study.run.stage),
        kept.aggregate(Count("pk"), Max("pk")),
        sorted(Counter(study.raters.values_list("simulated", "state")).items()),
        attack.newest(study.anonymization),
    )
    return hashlib.sha256(repr(found).encode()).hexdigest()[:16]
