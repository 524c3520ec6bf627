"""Celery's doors into recognition."""

from celery import shared_task

from anonymizer import jobs
from recognition import runs, sweeping


@shared_task(name="run.train_recognizer")
def train_recognizer(*, run_id: int) -> None:
    jobs.execute(run_id, runs.train_recognizer)


@shared_task(name="run.ablate")
def ablate(*, run_id: int) -> None:
    jobs.execute(run_id, runs.ablate)


@shared_task(name="run.recognize")
def recognize(*, run_id: int) -> None:
    jobs.execute(run_id, runs.recognize)


@shared_task(name="run.sweep")
def sweep(*, run_id: int) -> None:
    jobs.execute(run_id, sweeping.sweep)
