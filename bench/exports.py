"""A study of many votes exported in every format: seconds and peak memory, beside the usual way of doing it.

python bench/exports.py [--votes 1000000] [--baseline-votes 100000]

The usual way holds every row as an object (a queryset with select_related, as admin exports do) and then writes
a CSV. Every export runs in a process of its own, whose peak is what the operating system says. State lies in a
temporary folder; nothing is left.
"""

import argparse
import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anonymizer.models import Anonymization
    from studies.models import Stimulus, Study

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
PAIRS, EACH, RATERS_AT_ONCE = 400, 30, 500
FORMATS = ("csv", "json", "parquet", "xlsx", "sureal", "bundle")


def fill(votes: int) -> None:
    """A closed study of synthetic votes: 400 pairs at 11 view angles, 30 votes a rater."""
    import django

    django.setup()
    import numpy as np
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=OFF")
    rng = np.random.default_rng(1)
    study, pairs = _study_of_pairs()
    quality = rng.uniform(1.5, 4.5, PAIRS)
    for start in range(0, votes // EACH, RATERS_AT_ONCE):
        shown = [
            rng.choice(PAIRS, EACH, replace=False)
            for _ in range(start, min(start + RATERS_AT_ONCE, votes // EACH))
        ]
        felt = [quality[seen] + rng.normal(0, 0.35) + rng.normal(0, 0.7, EACH) for seen in shown]
        scores = np.clip(np.round(felt), 1, 5).astype(int)
        _rate(study, pairs, start, [seen.tolist() for seen in shown], scores.tolist())


def _study_of_pairs() -> tuple["Study", list["Stimulus"]]:
    from anonymizer.models import Anonymization, Dataset, Run
    from studies.models import Stimulus, Study

    dataset = Dataset.objects.create(name="bench", slug="bench", source="walkers", ready=True)
    run = Run.objects.create(kind=Run.Kind.ANONYMIZE, status="succeeded")
    anonymization = Anonymization.objects.create(
        run=run, dataset=dataset, method="sdf", alpha=1.5, donor_policy="synthetic"
    )
    study = Study.objects.create(name="bench", slug="bench", status="closed", consent_text="-")
    study.conditions.create(number=1, label="sdf α 1.5", method="sdf", anonymization=anonymization)
    pairs = [_pair(study, anonymization, number) for number in range(1, PAIRS + 1)]
    return study, Stimulus.objects.bulk_create(pairs)


def _pair(study: "Study", anonymization: "Anonymization", number: int) -> "Stimulus":
    """A subject's walk and the changed one, each with a clip."""
    from anonymizer.models import AnonymizedSequence, Clip, Sequence, Subject
    from studies.models import Stimulus

    stored = {"frame_count": 50, "height": 240, "width": 320}
    angle = 18 * (number % 11)
    subject = Subject.objects.create(dataset=anonymization.dataset, label=f"{number:03d}")
    walk = Sequence.objects.create(subject=subject, gait_condition="nm", number=1, view_angle=angle, **stored)
    changed = AnonymizedSequence.objects.create(anonymization=anonymization, source=walk, **stored)
    reference, test = (
        Clip.objects.create(seconds=10, sha256=f"{2 * number + k:064x}", file="none.mp4", **owner)
        for k, owner in enumerate(({"sequence": walk}, {"anonymized_sequence": changed}))
    )
    return Stimulus(
        study=study, number=number, view_angle=angle, condition=study.conditions.get(),
        reference_clip=reference, test_clip=test, anonymized_sequence=changed,
    )  # fmt: skip


def _rate(
    study: "Study", pairs: list["Stimulus"], before: int, shown: list[list[int]], scores: list[list[int]]
) -> None:
    """Some raters more: each one's seat, what it showed, and the scores; `before` sat there already."""
    from django.db import transaction
    from django.utils import timezone

    from studies.models import Presentation, Rater, Rating, Seat

    now = timezone.now()
    seats = [
        Seat(study=study, position=position, pairs=seen, occupied=True)
        for position, seen in enumerate(shown, start=before + 1)
    ]
    with transaction.atomic():
        Seat.objects.bulk_create(seats)
        raters = Rater.objects.bulk_create(
            Rater(
                study=study, seat=seat, pseudonym=f"R-{seat.position:08X}", state="complete",
                consent_version="1", consented=now, last_seen=now,
            )
            for seat in seats
        )  # fmt: skip
        presentations = Presentation.objects.bulk_create(
            Presentation(rater=rater, stimulus=pairs[pair], position=place, fetched_at=now)
            for rater, seen in zip(raters, shown, strict=True)
            for place, pair in enumerate(seen, start=1)
        )
        every = [score for of_rater in scores for score in of_rater]
        Rating.objects.bulk_create(
            Rating(
                presentation=each, score=score, watched_fraction=1, stalls=0, presented_at=now, rated_at=now
            )
            for each, score in zip(presentations, every, strict=True)
        )


def export(form: str, path: str) -> None:
    """One export in this process; prints seconds, peak and rows."""
    import django

    django.setup()
    before = _peak()
    start = time.perf_counter()
    rows = _usual_way(path) if form == "usual" else _ours(form, path)
    print(f"{time.perf_counter() - start:.1f} {_peak():.0f} {before:.0f} {rows} {os.path.getsize(path)}")


def _ours(form: str, path: str) -> int:
    from studies import export_files
    from studies.models import Study

    return int(export_files.write_with_manifest(Study.objects.get(), form, Path(path))["rows"])


def _usual_way(path: str) -> int:
    from studies.models import Presentation

    found = Presentation.objects.select_related(
        "rater__study",
        "rating",
        "stimulus__condition__anonymization",
        "stimulus__test_clip",
        "stimulus__anonymized_sequence__source__subject",
    )
    rows = [
        [
            each.rater.study.slug,
            each.stimulus.number,
            each.stimulus.anonymized_sequence.source.subject.label,
            each.stimulus.condition.method,
            each.rater.pseudonym,
            each.position,
            each.rating.score,
            each.rating.rated_at,
        ]
        for each in list(found)
    ]
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows(rows)
    return len(rows)


def _peak() -> float:
    """MB that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(votes: int, forms: tuple[str, ...]) -> dict[str, list[float]]:
    """Seconds, peak MB, MB before, rows and bytes of each export of one filled database."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "GAITMOS_VAR": folder, "DJANGO_SETTINGS_MODULE": "config.settings"}
        call = [sys.executable, __file__]
        manage = [sys.executable, str(ROOT / "manage.py"), "migrate", "-v0"]
        subprocess.run(manage, check=True, env=environment, cwd=ROOT)
        start = time.perf_counter()
        subprocess.run([*call, "--fill", str(votes)], check=True, env=environment, cwd=ROOT)
        size = (Path(folder) / "gaitmos.sqlite3").stat().st_size / 2**20
        print(f"{votes:,} votes bulk-created in {time.perf_counter() - start:.0f} s, {size:.0f} MB of SQLite")
        for form in forms:
            one = [*call, "--one", form, "--path", str(Path(folder) / f"out.{form}")]
            said = subprocess.run(one, check=True, env=environment, cwd=ROOT, capture_output=True, text=True)
            found[form] = list(map(float, said.stdout.split()))
            seconds, peak, before, rows, size = found[form]
            print(
                f"{form:8} {rows:>11,.0f} rows {seconds:7.1f} s {rows / seconds:>9,.0f} rows/s  peak {peak:5.0f} MB "
                f"({before:.0f} before)  {size / 2**20:7.1f} MB file",
                flush=True,
            )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--votes", type=int, default=1_000_000)
    parser.add_argument("--baseline-votes", type=int, default=100_000)
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--fill", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--path", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.fill:
        fill(asked.fill)
    elif asked.one:
        export(asked.one, asked.path)
    else:
        small = measure(asked.baseline_votes, ("usual", "csv"))
        above = [peak - before for _, peak, before, *_ in small.values()]
        print(f"the usual way needs {above[0] / max(above[1], 1):.0f} times our memory for the rows")
        measure(asked.votes, tuple(asked.formats.split(",")))


if __name__ == "__main__":
    main()
