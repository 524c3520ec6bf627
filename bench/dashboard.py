"""The dashboard's numbers with a million votes: from the columns that are kept, and by asking the database.

python bench/dashboard.py [votes]
"""

# ruff: noqa: E402  Django is set up before its models are imported
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

os.environ["GAITMOS_VAR"] = tempfile.mkdtemp(prefix="gaitmos-bench-")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import django

django.setup()

import numpy as np
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from anonymizer.models import Clip, Dataset, Sequence, Subject
from studies import dashboard, rating, votes
from studies.enrolment import withdraw
from studies.models import Mask, Presentation, Rater, Rating, Stimulus, Study
from studies.mos.statistics import mos_by_group

VOTES = 1_000_000
EACH = 30
VIEW_ANGLES = range(0, 181, 18)
CONDITIONS, PAIRS = 4, 9  # a view angle
NOW = datetime(2026, 1, 1, tzinfo=UTC)


# --- A study with many votes ------------------------------------------------------------------------
def make_study() -> Study:
    dataset = Dataset.objects.create(name="bench", slug="bench", source=Dataset.Source.WALKERS, ready=True)
    subject = Subject.objects.create(dataset=dataset, label="001")
    walk = Sequence.objects.create(
        subject=subject, gait_condition="nm", number=1, view_angle=0, frame_count=1, height=1, width=1
    )
    clip = Clip.objects.create(sequence=walk, seconds=1, sha256="0" * 64, file="none.mp4")
    scale = [{"score": score, "label": str(score)} for score in range(1, 6)]
    study = Study.objects.create(
        name="Bench", slug="bench", status=Study.Status.OPEN, scale=scale, consent_version="1"
    )
    for number in range(1, CONDITIONS + 1):
        study.conditions.create(number=number, label=f"method {number}", method="sdf")
    places = [(c, angle) for c in study.conditions.all() for angle in VIEW_ANGLES for _ in range(PAIRS)]
    Stimulus.objects.bulk_create(
        Stimulus(study=study, number=n, view_angle=angle, condition=c, test_clip=clip)
        for n, (c, angle) in enumerate(places, start=1)
    )
    return study


def fill(study: Study, votes: int) -> None:
    """`votes` scores of raters who came over some weeks, each of 30 pairs; the last rater has one to go."""
    stimuli = np.array(study.stimuli.values_list("pk", flat=True))
    raters, rng = votes // EACH, np.random.default_rng(1)
    quality = rng.normal(3.2, 0.5, len(stimuli))
    Rater.objects.bulk_create(
        (
            Rater(
                study=study, state=Rater.State.COMPLETE, consent_version="1", consented=NOW,
                last_seen=NOW + timedelta(minutes=number),
            )
            for number in range(raters)
        ),
        batch_size=500,
    )  # fmt: skip
    Rater.objects.filter(pk=Rater.objects.last().pk).update(state=Rater.State.RATING)  # type: ignore[union-attr]
    people = np.array(study.raters.order_by("pk").values_list("pk", flat=True))
    with transaction.atomic():
        _write(people, _drawn(rng, raters, len(stimuli)), stimuli, quality, rng)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _drawn(rng: np.random.Generator, raters: int, stimuli: int) -> Any:
    """The places of each rater's pairs, (raters, 30)."""
    start, stride = rng.integers(0, stimuli, (raters, 1)), rng.integers(1, stimuli // EACH, (raters, 1))
    return (start + stride * np.arange(EACH)) % stimuli


def _write(people: Any, places: Any, stimuli: Any, quality: Any, rng: np.random.Generator) -> None:
    felt = quality[places] + rng.normal(0, 0.35, (len(people), 1)) + rng.normal(0, 0.6, places.shape)
    scores = np.clip(np.round(felt), 1, 5).astype(int)
    scores[-1, -1] = 0  # not given yet
    shown: Iterator[tuple[Any, ...]] = (
        (rater * EACH + k, rater, int(stimuli[place]), k, "", NOW.isoformat())
        for rater, row in zip(people.tolist(), places, strict=True)
        for k, place in enumerate(row.tolist(), start=1)
    )
    given: Iterator[tuple[Any, ...]] = (
        (rater * EACH + k, score, "{}", 1.0, 0, NOW.isoformat())
        for rater, row in zip(people.tolist(), scores, strict=True)
        for k, score in enumerate(row.tolist(), start=1)
        if score
    )
    columns = "id, rater_id, stimulus_id, position, problem, fetched_at"
    _insert("studies_presentation", columns, shown)
    _insert("studies_rating", "presentation_id, score, playback, watched_fraction, stalls, rated_at", given)


def _insert(table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
    places = ", ".join(["%s"] * len(columns.split(",")))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)


# --- Both ways --------------------------------------------------------------------------------------
def ours(study: Study) -> dict[tuple[int, int], tuple[float, Any, int]]:
    """What a page of the dashboard takes: its version, and all its numbers and figures."""
    fresh = Study.objects.get(pk=study.pk)
    dashboard.version(fresh)
    shown = dashboard.dashboard(fresh, dashboard.Scope())
    found = shown.shown[0].by_condition_and_view_angle
    return {key: (group.mos, group.ci95_clustered, group.votes) for key, group in found.items()}


def straightforward(study: Study) -> dict[tuple[int, int], tuple[float, Any, int]]:
    """The same means and intervals from one query for the votes that count."""
    conditions = {pk: place for place, pk in enumerate(study.conditions.values_list("pk", flat=True))}
    aside = study.masks.filter(lifted=None, presentation=None).values("rater")
    rows = Rating.objects.filter(
        presentation__rater__study=study,
        presentation__rater__simulated=False,
        presentation__stimulus__role=Stimulus.Role.REGULAR,
        presentation__problem="",
    ).exclude(presentation__rater__in=aside)
    columns = zip(
        *rows.values_list(
            "presentation__stimulus__condition", "presentation__stimulus__view_angle",
            "presentation__rater", "presentation__stimulus", "score",
        ),
        strict=True,
    )  # fmt: skip
    condition, angle, rater, stimulus, score = columns
    places = [conditions[pk] * 1000 + a for pk, a in zip(condition, angle, strict=True)]
    mos_by_group([conditions[pk] for pk in condition], rater, stimulus, score)
    found = mos_by_group(places, rater, stimulus, score)
    return {divmod(g.group, 1000): (g.mos, g.ci95_clustered, g.votes) for g in found}


def timed(call: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds on the clock, seconds of the processor, and the result."""
    start, spent = time.perf_counter(), time.process_time()
    result = call()
    return time.perf_counter() - start, time.process_time() - spent, result


def report(name: str, study: Study) -> None:
    seconds, cpu, found = timed(lambda: ours(study))
    baseline, baseline_cpu, expected = timed(lambda: straightforward(study))
    print(
        f"{name:34s} {1000 * seconds:7.0f} ms (processor {1000 * cpu:6.0f})   by query {1000 * baseline:7.0f} ms "
        f"(processor {1000 * baseline_cpu:6.0f})   {baseline / seconds:6.1f} times",
        flush=True,
    )
    if not same(found, expected):
        raise SystemExit(f"{name}: the numbers differ.")


def same(found: dict[Any, Any], expected: dict[Any, Any]) -> bool:
    return found.keys() == expected.keys() and all(
        np.allclose((found[key][0], *found[key][1]), (expected[key][0], *expected[key][1]), atol=1e-9)
        and found[key][2] == expected[key][2]
        for key in found
    )


def vote(study: Study) -> None:
    rater = study.raters.get(state=Rater.State.RATING)
    Presentation.objects.filter(rater=rater, position=EACH).update(
        fetched_at=timezone.now() - timedelta(minutes=1)
    )
    rating.rate(rater, EACH, 3, {"watched_fraction": 1.0})


def main() -> None:
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else VOTES
    call_command("migrate", verbosity=0)
    study = make_study()
    seconds, _, _ = timed(lambda: fill(study, wanted))
    print(f"{Rating.objects.count():,} votes of {study.raters.count():,} raters, written in {seconds:.0f} s")
    report("cold, from the database", study)
    votes._memory.clear()
    report("cold, a new process, from the file", study)
    report("warm, nothing new", study)
    vote(study)
    report("after one vote", study)
    Mask.objects.create(study=study, rater=study.raters.first(), rule=Mask.Rule.MANUAL)
    report("after a mask", study)
    study.masks.update(lifted=timezone.now())
    report("after it is lifted", study)
    withdraw(study.raters.all()[5])
    report("after a withdrawal", study)


if __name__ == "__main__":
    main()
