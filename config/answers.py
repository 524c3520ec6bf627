"""The newest answers of both kinds, machines' and people's, in one line each."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.urls import reverse

from anonymizer.models import Anonymization, Run
from recognition import figures, reports
from studies.access import Person, visible_studies
from studies.models import Rating, Stimulus, Study
from studies.mos.statistics import mos_by_group

MOST = 6


@dataclass(frozen=True)
class Answer:
    """A figure with its interval and n, and where it stands in full."""

    question: str
    title: str
    address: str
    figure: str
    interval: str
    about: str
    method: str
    synthetic: bool
    at: datetime
    note: str = ""


def newest(user: Person) -> list[Answer]:
    """Recognitions, and the studies this person may see, newest first."""
    return sorted([*_recognitions(), *_studies(user)], key=lambda answer: answer.at, reverse=True)[:MOST]


def _recognitions() -> list[Answer]:
    runs = Run.objects.filter(kind=Run.Kind.RECOGNIZE, status=Run.Status.SUCCEEDED).order_by("-pk")[:MOST]
    return [answer for answer in map(_recognition, runs) if answer]


def _recognition(run: Run) -> Answer | None:
    judged = run.parameters.get("anonymization_run")
    anonymization = Anonymization.objects.select_related("dataset").filter(run=judged).first()
    strongest = reports.strongest(run)
    if anonymization is None or strongest is None:
        return None
    rung = next(each for each in figures.rungs(reports.ladder(run), strongest) if each.strongest)
    refused = any(not gate["ok"] for gate in reports.gates(run))
    return Answer(
        "Still named by the strongest attacker",
        str(anonymization),
        reverse("recognition:recognition", args=[run.pk]),
        rung.rank1,
        rung.rank1_interval,
        f"{rung.label.lower()} · n {rung.probes:,}",
        anonymization.method,
        anonymization.dataset.is_synthetic,
        run.finished or run.created,
        "no verdict" if refused else "",
    )


def _studies(user: Person) -> list[Answer]:
    voted = visible_studies(user).annotate(
        simulated_raters=Count("raters", filter=Q(raters__simulated=True), distinct=True),
        real_raters=Count("raters", filter=Q(raters__simulated=False), distinct=True),
    )
    return [answer for answer in map(_study, voted.order_by("-created")[:MOST]) if answer]


def _study(study: Study) -> Answer | None:
    """MOS over all regular pairs: people's where there are any, else the simulated raters', marked as such."""
    simulated = not _votes(study, simulated=False) and study.simulated_raters > 0  # type: ignore[attr-defined]
    votes = _votes(study, simulated=simulated)
    if not votes:
        return None
    raters, clips, scores = zip(*votes, strict=True)
    (score,) = mos_by_group([0] * len(votes), raters, clips, scores)
    return Answer(
        "How natural does it look? MOS, 1 to 5",
        study.name,
        reverse("studies:study", args=[study.slug]),
        f"{score.mos:.2f}",
        figures_of(score.ci95_clustered),
        f"n {len(votes):,} votes of {len(set(raters))} raters · before screening",
        study.anonymization.method if study.anonymization else "",
        study.anonymization is not None and study.anonymization.dataset.is_synthetic,
        study.opened or study.created,
        "simulated raters" if simulated else "",
    )


def figures_of(ends: tuple[float, float] | None) -> str:
    return "not enough votes for an interval" if ends is None else f"{ends[0]:.2f} to {ends[1]:.2f}"


def _votes(study: Study, *, simulated: bool) -> list[tuple[int, int, int]]:
    """(rater, clip, score) of the regular pairs."""
    ratings = Rating.objects.filter(
        presentation__stimulus__study=study,
        presentation__stimulus__role=Stimulus.Role.REGULAR,
        presentation__rater__simulated=simulated,
    )
    return list(ratings.values_list("presentation__rater", "presentation__stimulus", "score"))
