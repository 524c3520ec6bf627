"""What can be asked of studies: one made from an anonymization, prepared as a run, opened and closed.

Preparing chooses the pairs, renders their clips and fixes the seats; nothing is shown to anyone before the
study is open.
"""

import secrets
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from anonymizer import clips, jobs
from anonymizer.jobs import Refused
from anonymizer.models import Anonymization, AnonymizedSequence, Clip, Run
from studies.attack import label_of
from studies.models import Seat, Stimulus, Study
from studies.mos import design

SCALE = [
    {"score": score, "label": label}
    for score, label in enumerate(("Bad", "Poor", "Fair", "Good", "Excellent"), start=1)
]
CONSENT = """You will watch pairs of short silent videos of walking silhouettes and score how natural the second looks.
Taking part is voluntary. You can stop at any time, come back by the same link, or withdraw, which erases your scores.
We keep your scores, when and how far the clips played, your browser's language and screen size, and this agreement.
We keep no name, no address and no account. Results are published only as statistics and under random pseudonyms."""
CONSENT_VERSION = "1"
RESERVED_SLUGS = {"new"}  # a page of its own stands at studies/new/
CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without those that are mistaken for one another


def request_study(
    anonymization: Anonymization,
    name: str,
    pairs_per_rater: int = 30,
    raters: int = 30,
    pairs_per_view_angle: int = 9,
    clip_seconds: float = 10,
    template: str = Study.Template.NATURALNESS,
    question: str = "",
    playback_check: bool = True,
    open_when_prepared: bool = False,
    seed: int = 0,
    user: User | None = None,
) -> Study:
    """A draft, and the run that prepares it. Enqueue `study.run`, or execute it here."""
    _check_numbers(pairs_per_rater, raters, pairs_per_view_angle, clip_seconds)
    _check_shown(anonymization, open_when_prepared)
    if template not in Study.Template.values:
        raise Refused(f"Template {template!r} is not known. Use one of: {', '.join(Study.Template.values)}.")
    name = name.strip()
    if not name or len(name) > 100:
        raise Refused("The study needs a name of at most 100 characters.")
    if Study.objects.filter(name=name).exists():
        raise Refused(f"A study is named {name!r} already. Choose another name.")
    pairs = sum(len(rows) for rows in candidates(anonymization, pairs_per_view_angle).values())
    if pairs < pairs_per_rater:
        raise Refused(
            f"{pairs_per_rater} pairs a rater are asked for and there are only {pairs}. Ask for at most {pairs}, "
            "or for more pairs a view angle."
        )
    with transaction.atomic():
        study = Study(
            name=name,
            slug=_free_slug(name),
            owner=user,
            template=template,
            scale=SCALE,
            consent_text=CONSENT,
            consent_version=CONSENT_VERSION,
            pairs_per_rater=pairs_per_rater,
            pairs_per_view_angle=pairs_per_view_angle,
            target_raters=raters,
            clip_seconds=clip_seconds,
            playback_checked=playback_check,
            open_when_prepared=open_when_prepared,
            completion_code="".join(secrets.choice(CODE_LETTERS) for _ in range(6)),
            seed=seed,
        )
        if question.strip():
            study.question = question.strip()
        study.save()
        study.conditions.create(
            number=1,
            label=label_of(anonymization),
            method=anonymization.method,
            anonymization=anonymization,
        )
        study.run = jobs.create(Run.Kind.PREPARE_STUDY, {"study": study.slug}, seed=seed, user=user)
        study.save(update_fields=["run"])
    return study


def _check_numbers(pairs_per_rater: int, raters: int, pairs_per_view_angle: int, clip_seconds: float) -> None:
    for what, value, least, most in (
        ("Pairs a rater", pairs_per_rater, 1, 500),
        ("Raters", raters, 1, 10_000),
        ("Pairs a view angle", pairs_per_view_angle, 1, 1000),
        ("Seconds a clip", clip_seconds, 0.4, 60),
    ):
        if not least <= value <= most:
            raise Refused(f"{what} must be from {least} to {most}, not {value:g}.")


def _check_shown(anonymization: Anonymization, open_when_prepared: bool) -> None:
    if anonymization.copy != Anonymization.Copy.PROBE:
        raise Refused("This anonymization is an attacker's own copy. Choose the one that is to be judged.")
    if anonymization.run.status != Run.Status.SUCCEEDED:
        raise Refused(f"Run {anonymization.run_id} has not succeeded. Wait for it, or retry it.")
    if open_when_prepared:
        _check_may_be_shown(anonymization)


def _check_may_be_shown(anonymization: Anonymization) -> None:
    dataset = anonymization.dataset
    if not dataset.may_be_shown_to_raters:
        raise Refused(
            f"Dataset {dataset.name!r} may not be shown to raters. If its licence allows it, say so on the dataset's "
            "page in the administration."
        )


def _free_slug(name: str) -> str:
    base = slugify(name)[:100] or "study"
    slug, number = base, 1
    while slug in RESERVED_SLUGS or Study.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    return slug


# --- Preparing ------------------------------------------------------------------------------------
def candidates(
    anonymization: Anonymization, pairs_per_view_angle: int, seed: int = 0
) -> dict[int, list[AnonymizedSequence]]:
    """The changed walks that pairs are made of, by view angle: drawn from the seed, subjects as evenly as can be."""
    chosen: dict[int, list[AnonymizedSequence]] = {}
    for row in anonymization.sequences.select_related("source__subject").order_by("source_id"):
        chosen.setdefault(row.source.view_angle, []).append(row)
    return {
        angle: _spread_over_subjects(rows, pairs_per_view_angle, [seed, angle])
        for angle, rows in sorted(chosen.items())
    }


def _spread_over_subjects(
    rows: list[AnonymizedSequence], wanted: int, seed: list[int]
) -> list[AnonymizedSequence]:
    """Every subject once before any subject twice; who comes first is drawn."""
    shuffled = [rows[index] for index in np.random.default_rng(seed).permutation(len(rows))]
    turns: dict[int, int] = {}
    order: list[tuple[int, int, AnonymizedSequence]] = []
    for row in shuffled:
        turn = turns.get(row.source.subject_id, 0)
        turns[row.source.subject_id] = turn + 1
        order.append((turn, len(order), row))
    return [row for _, _, row in sorted(order, key=lambda entry: entry[:2])][:wanted]


def prepare_study(work: jobs.Work) -> None:
    """Render the clips, write the pairs and the seats, open the study if that was asked for."""
    study = Study.objects.get(slug=work.run.parameters["study"])
    if not study.seats.exists():
        rows = [row for angle in _chosen(study).values() for row in angle]
        work.progress(0, len(rows), "Encoding clips")
        made = list(
            clips.pairs(
                rows, study.clip_seconds, lambda done, all: work.progress(done, all, "Encoding clips")
            )
        )
        _write_design(study, made)
    if study.open_when_prepared and study.status == Study.Status.DRAFT:
        open_study(study)
    work.run.result = {"study": study.slug, "pairs": study.stimuli.count(), "seats": study.seats.count()}


def _chosen(study: Study) -> dict[int, list[AnonymizedSequence]]:
    assert study.anonymization is not None  # request_study made it
    return candidates(study.anonymization, study.pairs_per_view_angle, study.seed)


def _write_design(study: Study, made: list[tuple[AnonymizedSequence, Clip, Clip]]) -> None:
    condition = study.conditions.get(number=1)
    stimuli = [
        Stimulus(
            study=study,
            number=number,
            view_angle=row.source.view_angle,
            reference_clip=original,
            test_clip=changed,
            anonymized_sequence=row,
            condition=condition,
        )
        for number, (row, original, changed) in enumerate(made, start=1)
    ]
    order = design.seats(
        [stimulus.view_angle for stimulus in stimuli],
        seats=study.target_raters,
        pairs_per_rater=study.pairs_per_rater,
        seed=study.seed,
    )
    seats = [
        Seat(study=study, position=position, pairs=[stimuli[pair].number for pair in pairs])
        for position, pairs in enumerate(order.tolist(), start=1)
    ]
    with transaction.atomic():
        study.stimuli.all().delete()
        Stimulus.objects.bulk_create(stimuli)
        Seat.objects.bulk_create(seats)


# --- Opening and closing --------------------------------------------------------------------------
def open_study(study: Study) -> None:
    """Take raters. A closed study can be opened again."""
    for condition in study.conditions.exclude(anonymization=None).select_related("anonymization__dataset"):
        assert condition.anonymization is not None  # excluded
        _check_may_be_shown(condition.anonymization)
    if not study.seats.exists():
        raise Refused("The study is not prepared yet: its clips are still being rendered. Wait for its run.")
    study.status, study.closed = Study.Status.OPEN, None
    study.opened = study.opened or timezone.now()
    study.save(update_fields=["status", "opened", "closed"])


def close_study(study: Study) -> None:
    """Take no more raters; those who are in may finish."""
    study.status, study.closed = Study.Status.CLOSED, timezone.now()
    study.save(update_fields=["status", "closed"])


def summary(study: Study, site_url: str) -> dict[str, Any]:
    return {"study": study.slug, "rater_url": f"{site_url}/s/{study.token}/"}
