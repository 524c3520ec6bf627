"""How the anonymizer's runs are asked for, done and interrupted in tests."""

import itertools
from datetime import timedelta

import pytest
from django.utils import timezone

from anonymizer import jobs, runs
from anonymizer.models import Run, Sequence
from tests.factories import RunFactory

SPLIT = "30:30:40"  # of 7 subjects: 2, 2 and 3


class Interrupted(BaseException):
    """The worker is gone in the middle of its work."""


def interrupted(run, body, after):
    """Let the run's worker die once `after` steps are done: nobody writes anything down."""
    jobs.claim(run.pk, "gone")
    run.refresh_from_db()
    work = jobs.Work(run, "gone")
    steps, tell = itertools.count(1), work.progress

    def progress(done, total, stage=""):
        tell(done, total, stage)
        if done and next(steps) > after:
            raise Interrupted

    work.progress = progress
    with pytest.raises(Interrupted):
        body(work)
    jobs.retry(fail(run))


def fail(run):
    Run.objects.filter(pk=run.pk).update(status=Run.Status.FAILED)
    return run


def done(run):
    assert runs.execute(run)
    run.refresh_from_db()
    assert run.status == Run.Status.SUCCEEDED, run.error
    return run


def walkers(name="made", subjects=2, **options):
    asked = {"sequences": {"nm": 2}, "view_angles": (0, 90), "frames": 20, "seed": 5, **options}
    return runs.request_walkers(name, subjects, **asked)


def of(dataset):
    return Sequence.objects.filter(subject__dataset=dataset)


def network(dataset, epochs=3, method="tieu"):
    return runs.request_network(dataset, method, split=SPLIT, epochs=epochs, stride=4, seed=1)


def anonymized(dataset, method="sdf", **options):
    run = done(runs.request_anonymization(dataset, method, **{"split": SPLIT, "seed": 2, **options}))
    return run.anonymization


def running(**fields) -> Run:
    started = timezone.now() - timedelta(seconds=60)
    values = {"status": Run.Status.RUNNING, "stage": "Walking", "done": 30, "total": 120, "attempts": 1}
    return RunFactory(**{**values, "started": started, "parameters": {"name": "w", "frames": 9}, **fields})
