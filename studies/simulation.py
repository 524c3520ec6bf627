"""Simulated raters, for trying a study out: they go through the same functions as real ones and are marked."""

import itertools
from collections.abc import Callable

import numpy as np

from anonymizer.jobs import Refused
from studies import rating
from studies.models import Rater, Stimulus, Study
from studies.mos import simulated_raters

ALIKE = {"identical": 1.0, "hidden reference": 1.0, "broken": 0.0}  # by the kind that a pair's labels tell


def simulate(
    study: Study, raters: int, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> list[Rater]:
    """Let `raters` simulated raters take seats and score every pair. Their quality is assumed from the IoU."""
    if study.status != Study.Status.OPEN:
        raise Refused(f"Study {study.slug!r} is {study.get_status_display().lower()}. Open it first.")
    numbers = _unfinished_numbers(study, raters, seed)
    known = set(study.raters.filter(simulated=True).values_list("idempotency_key", flat=True))
    free = study.seats.filter(occupied=False).count()
    if not 1 <= raters <= free + sum(_key(seed, number) in known for number in numbers):
        raise Refused(f"{raters} simulated raters don't fit: {free} of the study's seats are free.")
    quality = assumed_quality(study)
    done = []
    for number in numbers:
        done.append(_one(study, quality, number, seed))
        if progress:
            progress(len(done), raters)
    return done


def _key(seed: int, number: int) -> str:
    return f"simulated-{seed}-{number}"


def _unfinished_numbers(study: Study, raters: int, seed: int) -> list[int]:
    """The first numbers whose rater is not there or not finished: an interrupted simulation goes on."""
    finished = study.raters.filter(simulated=True, state=Rater.State.COMPLETE)
    keys = set(finished.values_list("idempotency_key", flat=True))
    return list(itertools.islice((n for n in itertools.count() if _key(seed, n) not in keys), raters))


def assumed_quality(study: Study) -> dict[int, float]:
    """A quality for each stimulus number: an assumption, no finding."""
    rows = study.stimuli.select_related("anonymized_sequence")
    alike = {row.number: _alikeness(row) for row in rows}
    return dict(zip(alike, simulated_raters.assumed_quality(list(alike.values())).tolist(), strict=True))


def _alikeness(row: Stimulus) -> float:
    """0 (nothing in common) to 1 (the same walk); a half where nobody has measured it."""
    told = ALIKE.get(row.labels.get("kind", ""))
    iou = row.anonymized_sequence.iou if row.anonymized_sequence else None
    return next((value for value in (told, iou) if value is not None), 0.5)


def _one(study: Study, quality: dict[int, float], number: int, seed: int) -> Rater:
    rater, _ = rating.enrol(
        study,
        rating.Applicant(
            consent=True,
            consent_version=study.consent_version,
            idempotency_key=_key(seed, number),
            simulated=True,
            locale="en",
        ),
    )
    numbers = list(quality)
    shown = [rating.present(rater, position) for position in rating.remaining(rater)]
    order = np.array([[numbers.index(presentation.stimulus.number) for presentation in shown]])
    scores = simulated_raters.scores(list(quality.values()), order, seed=seed, first_rater=number)[0]
    for presentation, score in zip(shown, scores.tolist(), strict=True):
        rating.rate(rater, presentation.position, score, {})
    return rater
