"""The dashboard's second half: frontier, distributions, subject model, agreement. It comes after the two answers,
and what takes long of it is worked out now and then (`lately`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from studies import attack, counting, dashboard
from studies.agreeing import Agreeing, agreeing
from studies.counting import Counted
from studies.dashboard import Panel, Present, Scope
from studies.lately import Result, lately
from studies.models import Condition, Study
from studies.mos import figures, statistics, subject_model
from studies.mos.figures import Distribution, Figure, FrontierPoint, Point, Series, Spread
from studies.mos.statistics import GroupScore
from studies.mos.subject_model import SubjectModel, Version

Floats = NDArray[np.float64]
OTHERS_SHOWN = 12  # studies on the frontier beside this one


@dataclass(frozen=True)
class Models:
    """Both versions of the subject model for one kind of raters, and which of them suits the votes."""

    by_version: dict[Version, SubjectModel]
    suits: Version


@dataclass(frozen=True)
class ModelLine:
    """A condition's mean and what the two versions make of it."""

    condition: str
    mos: str
    standard: str
    regularised: str
    votes: int
    simulated: bool


@dataclass(frozen=True)
class Depth:
    frontier: Panel
    unattacked: list[Condition]  # of this study, which is why they miss on the frontier
    panels: list[Panel]  # the rest of the figures
    agreement: list[Agreeing]
    models: list[ModelLine]
    version: Version
    at: datetime | None  # when the slow parts were worked out

    @property
    def figures(self) -> list[Panel]:
        return [self.frontier, *self.panels]

    @property
    def drawn(self) -> list[Panel]:
        """Figures with something on them; instead of the others the page says what they wait for."""
        frontier = [self.frontier] if self.frontier.figure.figure["data"] else []
        return [*frontier, *(self.panels if self.agreement else [])]


def depth(study: Study, scope: Scope, others: Sequence[Study] = (), model: str = "") -> Depth:
    """`others`: studies that may stand on the frontier; `model`: a version, or none for the one that suits."""
    now = dashboard.present(study)
    shown = now.shown(scope)
    fitted = [(one, _models(now, one)) for one in shown]
    suits = fitted[0][1].value.suits if fitted else "standard"
    version: Version = (
        "standard" if model == "standard" else "regularised" if model == "regularised" else suits
    )
    versions = [(one, found.value.by_version[version]) for one, found in fitted]
    note = dashboard.note(study)
    return Depth(
        frontier=Panel(_frontier(now, shown, scope, others)),
        unattacked=attack.unattacked(now.stimuli.conditions),
        panels=[
            Panel(each)
            for each in (
                *_given(now, shown, note),
                _model_figure(now, versions, version, note),
                _sos(now, shown, note),
                figures.raters_by_state(dashboard.states(study, any(one.simulated for one in shown))),
            )
        ],
        agreement=[agreeing(now, one) for one in shown],
        models=[line for one, found in fitted for line in _model_lines(now, one, found.value)],
        version=version,
        at=min((found.at for _, found in fitted), default=None),
    )


# --- Naturalness against privacy --------------------------------------------------------------------
def _frontier(now: Present, shown: Sequence[Counted], scope: Scope, others: Sequence[Study]) -> Figure:
    points = [point for one in shown for point in _points(now, one, scope, here=True)]
    here = {point.short for point in points}
    missing = ", ".join(each.label for each in now.stimuli.conditions if each.label not in here)
    for other in others[:OTHERS_SHOWN]:
        there = dashboard.present(other)
        for one in there.shown(Scope()):
            points += _points(there, one, scope, here=False)
    return figures.frontier(
        points,
        attacker="strongest attacker" if scope.attacker == attack.STRONGEST else "naive attacker",
        measure=counting.measure_of(now.study),
        note=dashboard.note(now.study)
        + (f" Not here yet, without votes or an attack: {missing}." if missing else ""),
    )


def _points(now: Present, one: Counted, scope: Scope, *, here: bool) -> list[FrontierPoint]:
    found = []
    for place, score in one.by_condition.items():
        condition = now.stimuli.conditions[place]
        attacked = attack.attack(condition, scope.attacker)
        if attacked:
            name = condition.label if here else f"{condition.label}, {now.study.name}"
            low, high = dashboard.interval(score, scope) or (None, None)
            mos = Point(0, score.mos, low, high, score.votes)
            found.append(
                FrontierPoint(
                    name,
                    condition.method,
                    attack.privacy(attacked),
                    mos,
                    one.simulated,
                    here,
                    condition.label,
                )
            )
    return found


# --- Votes ------------------------------------------------------------------------------------------
def _given(now: Present, shown: Sequence[Counted], note: str) -> list[Figure]:
    """Scores given, votes for each pair."""
    regular = now.stimuli.in_condition
    votes = sum((one.per_stimulus for one in shown), np.zeros(len(regular), dtype=np.int64))
    labels = [f"{entry['score']} {entry['label']}" for entry in now.study.scale]
    given = [
        Distribution(c.label, c.method, counts[: len(labels)], one.simulated)
        for one in shown
        for c, counts in ((now.stimuli.conditions[place], n) for place, n in one.score_counts.items())
    ]
    return [
        figures.score_distribution(given, labels=labels, note=note),
        figures.votes_per_pair(votes[regular].tolist(), note=note),
    ]


def _sos(now: Present, shown: Sequence[Counted], note: str) -> Figure:
    spreads = [_spread(now, one, place, score) for one in shown for place, score in one.by_condition.items()]
    return figures.sos(spreads, note=note)


def _spread(now: Present, one: Counted, place: int, score: GroupScore) -> Spread:
    condition = now.stimuli.conditions[place]
    own = one.condition == place
    stimulus, given, stimuli = one.stimulus[own], one.given[own], len(now.stimuli.number)
    votes = np.bincount(stimulus, minlength=stimuli)
    mean = np.bincount(stimulus, given, minlength=stimuli) / np.maximum(votes, 1)
    variance = np.bincount(stimulus, (given - mean[stimulus]) ** 2, minlength=stimuli) / np.maximum(votes, 1)
    enough = votes >= 2
    return Spread(
        condition.label, condition.method, mean[enough].tolist(), variance[enough].tolist(),
        statistics.sos_a(stimulus, given, stimuli), score.votes, one.simulated,
    )  # fmt: skip


# --- The subject model ------------------------------------------------------------------------------
def _models(now: Present, one: Counted) -> Result[Models]:
    key = ("models", now.study.pk, now.study.token, one.simulated, now.masks, now.study.count_abandoned)
    return lately(key, now.votes.marker, lambda: _fit(now, one))


def _fit(now: Present, one: Counted) -> Models:
    stimuli, raters = len(now.stimuli.number), len(now.votes.rater_pks)
    versions: tuple[Version, ...] = ("standard", "regularised")
    fitted = {
        version: subject_model.fit(
            one.stimulus, one.rater, one.score, stimuli=stimuli, raters=raters, version=version
        )
        for version in versions
    }
    return Models(fitted, subject_model.default_version(one.stimulus))


def _model_figure(
    now: Present, fitted: Sequence[tuple[Counted, SubjectModel]], version: Version, note: str
) -> Figure:
    return figures.subject_model_by_view_angle(
        [
            Series(c.label, c.method, _psi_points(now, one, model, place), one.simulated)
            for one, model in fitted
            for place, c in enumerate(now.stimuli.conditions)
            if place in one.by_condition
        ],
        view_angles=sorted(set(now.stimuli.view_angle.tolist())),
        version=version,
        votes=sum(len(one) for one, _ in fitted),
        raters=sum(one.raters for one, _ in fitted),
        measure=counting.measure_of(now.study),
        note=note,
    )


def _psi_points(now: Present, one: Counted, model: SubjectModel, place: int) -> list[Point]:
    psi, half = (np.array(v, dtype=np.float64) for v in (model.psi, model.psi_ci95))
    own = (now.stimuli.condition == place) & ~np.isnan(psi)
    points = []
    for angle in np.unique(now.stimuli.view_angle[own]).tolist():
        these = own & (now.stimuli.view_angle == angle)
        mean, width = _mean_of(psi[these], half[these])
        points.append(Point(angle, mean, mean - width, mean + width, int(one.per_stimulus[these].sum())))
    return points


def _mean_of(psi: Floats, half: Floats) -> tuple[float, float]:
    """The mean over clips and its half-width, the clips' errors being independent."""
    return float(psi.mean()), float(np.sqrt(np.sum(half**2)) / len(psi))


def _model_lines(now: Present, one: Counted, models: Models) -> list[ModelLine]:
    def psi(version: Version, place: int) -> str:
        found = np.array(models.by_version[version].psi, dtype=np.float64)
        half = np.array(models.by_version[version].psi_ci95, dtype=np.float64)
        own = (now.stimuli.condition == place) & ~np.isnan(found)
        mean, width = _mean_of(found[own], half[own])
        return f"{mean:.2f} ± {width:.2f}"

    return [
        ModelLine(
            condition=now.stimuli.conditions[place].label,
            mos=f"{score.mos:.2f}",
            standard=psi("standard", place),
            regularised=psi("regularised", place),
            votes=score.votes,
            simulated=one.simulated,
        )
        for place, score in one.by_condition.items()
    ]
