"""A database of an older version comes along: what was in it means the same afterwards."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests import postgresql

BEFORE = """
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

executor = MigrationExecutor(connection)
old = [("anonymizer", "0002_anonymizedsequence_jitter_alter_anonymization_split"), ("recognition", "0001_initial"),
       ("studies", "0002_withdrawn_identities")]
executor.migrate(old)
model = executor.loader.project_state(old).apps.get_model

run = model("anonymizer", "Run").objects.create(kind="anonymize", status="succeeded")
dataset = model("anonymizer", "Dataset").objects.create(name="walkers", slug="walkers", source="walkers")
subject = model("anonymizer", "Subject").objects.create(dataset=dataset, label="001")
size = {"frame_count": 12, "height": 60, "width": 80, "silhouettes": "a.gsil", "picture": "a.png"}
walk = model("anonymizer", "Sequence").objects.create(
    subject=subject, gait_condition="nm", number=1, view_angle=90, **size)
Anonymization = model("anonymizer", "Anonymization")
changed = Anonymization.objects.create(run=run, dataset=dataset, method="tieu", alpha=0.3, donor_policy="fixed")
row = model("anonymizer", "AnonymizedSequence").objects.create(anonymization=changed, source=walk, **size)
Clip = model("anonymizer", "Clip")
original = Clip.objects.create(sequence=walk, seconds=10, file="o.mp4", sha256="0" * 64)
own = Clip.objects.create(anonymized_sequence=row, seconds=10, file="c.mp4", sha256="1" * 64)

now = timezone.now()
study = model("studies", "Study").objects.create(
    name="Old study", slug="old-study", anonymization=changed, status="open", pairs_per_rater=1, target_raters=1,
    scale=[], completion_code="ABCDEF")
stimulus = model("studies", "Stimulus").objects.create(
    study=study, number=1, view_angle=90, reference_clip=original, test_clip=own, anonymized_sequence=row)
seat = model("studies", "Seat").objects.create(study=study, position=1, pairs=[1])
rater = model("studies", "Rater").objects.create(study=study, seat=seat, consented=now, last_seen=now)
shown = model("studies", "Presentation").objects.create(rater=rater, position=1, stimulus=stimulus)
model("studies", "Rating").objects.create(presentation=shown, score=4, rated_at=now)
taken = model("studies", "Seat").objects.create(study=study, position=2, pairs=[1], occupied=True)
model("studies", "Rater").objects.create(
    study=study, seat=taken, simulated=True, state="complete", consented=now, last_seen=now, pseudonym="simulated")
"""
AFTER = """
from studies.models import Rating, Study
study = Study.objects.get(slug="old-study")
condition = study.conditions.get()
print(condition.number, condition.label, condition.method, condition.anonymization.method, sep=", ")
rating = Rating.objects.get()
print(rating.score, rating.presentation.stimulus.condition == condition, rating.presentation.rater.study == study)
print(rating.presentation.stimulus.test_clip.rendering)
second = study.seats.filter(position=2).order_by("simulated")
print([(seat.simulated, seat.occupied, seat.pairs, seat.raters.count()) for seat in second])
"""


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/old.sqlite3"


@pytest.fixture
def on_postgresql() -> Iterator[str]:
    with postgresql.cluster() as address:
        yield address


@pytest.mark.parametrize("database", ["sqlite", pytest.param("on_postgresql", marks=pytest.mark.postgresql)])
def test_a_study_of_one_anonymization_becomes_one_of_one_condition(request, database: str):
    address = request.getfixturevalue(database)
    python(address, BEFORE)
    manage(address, "migrate", "-v0")
    assert python(address, AFTER).splitlines() == [
        "1, tieu α 0.3, tieu, tieu",
        "4 True True",
        "centred",
        "[(False, False, [1], 0), (True, True, [1], 1)]",  # a simulated rater's seat is people's again
    ]


def python(address: str, text: str) -> str:
    return manage(address, "shell", "--no-imports", "-c", text)


def manage(address: str, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        env={**os.environ, "DATABASE_URL": address},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
