"""Simulated raters, for trying a study out: they go through the same functions as real ones and are marked."""

import itertools
from collections.abc import Callable

import numpy as np

from anonymizer.jobs import Refused, check_seed
from studies import rating, seats
from studies.models import Rater, Stimulus, Study
from studies.mos import simulated_raters

ALIKE = {"identical": 1.0, "hidden reference": 1.0, "broken": 0.0}  # by the kind that a pair's labels tell


def simulate(
    study: Study,
    raters: int,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    careless: float = 0.0,
) -> list[Rater]:
    """Let `raters` simulated raters score every pair, practice and checks too, on seats of their own.

    The pairs' quality is assumed from the IoU; `careless` is the share of raters who press any button.
    """
    if not 0 <= careless <= 1:
        raise Refused(f"The share of careless raters runs from 0 to 1; it can't be {careless:g}.")
    check_seed(seed)
    if study.status != Study.Status.OPEN:
        raise Refused(f"Study {study.slug!r} is {study.get_status_display().lower()}. Open it first.")
    numbers = _unfinished_numbers(study, raters, seed)
    known = set(study.raters.filter(simulated=True).values_list("idempotency_key", flat=True))
    places = seats.for_people(study).count()
    free = places - study.seats.filter(simulated=True, occupied=True).count()
    if not 1 <= raters <= free + sum(_key(seed, number) in known for number in numbers):
        raise Refused(
            f"{raters} simulated raters don't fit: {free} of the study's {places} seats are left to them."
        )
    crowd = _Crowd(study, seed, careless)
    done = []
    for number in numbers:
        done.append(crowd.rate(number))
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
    """A quality for each stimulus number: what is expected of it, or an assumption, no finding, from the IoU."""
    rows = list(study.stimuli.select_related("anonymized_sequence"))
    lowest, highest = _scale(study)
    margin = (highest - lowest) / 8  # 1.5 to 4.5 on a scale from 1 to 5
    assumed = simulated_raters.assumed_quality(
        [_alikeness(row) for row in rows], lowest=lowest + margin, highest=highest - margin
    )
    return {
        row.number: float(value if row.expected_score is None else row.expected_score)
        for row, value in zip(rows, assumed.tolist(), strict=True)
    }


def _scale(study: Study) -> tuple[int, int]:
    scores = [entry["score"] for entry in study.scale]
    return min(scores), max(scores)


def _alikeness(row: Stimulus) -> float:
    """0 (nothing in common) to 1 (the same walk); a half where nobody has measured it."""
    told = ALIKE.get(row.labels.get("kind", ""))
    iou = row.anonymized_sequence.iou if row.anonymized_sequence else None
    return next((value for value in (told, iou) if value is not None), 0.5)


class _Crowd:
    """Simulated raters of one study, who all see its pairs alike."""

    def __init__(self, study: Study, seed: int, careless: float) -> None:
        self.study, self.seed = study, seed
        lowest, highest = _scale(study)
        self.temperament = simulated_raters.Temperament(
            careless_share=careless, lowest=lowest, highest=highest
        )
        quality = assumed_quality(study)
        expected = set(study.stimuli.exclude(expected_score=None).values_list("number", flat=True))
        self.place = {number: place for place, number in enumerate(quality)}
        self.quality = list(quality.values())
        self.plain = [number in expected for number in quality]

    def rate(self, number: int) -> Rater:
        """Let this one enrol, or go on, and score every pair that is left."""
        rater, _ = rating.enrol(
            self.study,
            rating.Applicant(
                consent=True,
                consent_version=self.study.consent_version,
                idempotency_key=_key(self.seed, number),
                simulated=True,
                locale="en",
            ),
        )
        shown = [rating.present(rater, position) for position in rating.remaining(rater)]
        order = np.array([[self.place[presentation.stimulus.number] for presentation in shown]])
        scores = simulated_raters.scores(
            self.quality,
            order,
            seed=self.seed,
            first_rater=number,
            temperament=self.temperament,
            plain=self.plain,
        )[0]
        for presentation, score in zip(shown, scores.tolist(), strict=True):
            rating.rate(rater, presentation.position, score, {})
        return rater
