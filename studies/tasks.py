"""Celery's doors into studies."""

from celery import shared_task

from anonymizer import jobs
from studies import demo, exporting, runs


@shared_task(name="run.prepare_study")
def prepare_study(*, run_id: int) -> None:
    jobs.execute(run_id, runs.prepare_study)


@shared_task(name="run.demo")
def run_demo(*, run_id: int) -> None:
    jobs.execute(run_id, demo.body)


@shared_task(name="run.export_study")
def export_study(*, run_id: int) -> None:
    jobs.execute(run_id, exporting.export_study)
