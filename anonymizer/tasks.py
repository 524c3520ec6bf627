"""Celery's doors into the anonymizer, and the reaper that takes up what a lost worker left.

Tasks are named after the kinds of runs, so that the reaper can send any app's run without knowing the app.
"""

from celery import current_app, shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from anonymizer import jobs, runs
from anonymizer.models import Run

ON_GPU = {Run.Kind.TRAIN_NETWORK}


def enqueue(run: Run) -> None:
    """Send the run to a worker once the transaction that made it is committed."""
    transaction.on_commit(lambda: send(run))


def send(run: Run) -> bool:
    """Hand the run to the broker. Without one it waits; the reaper sends it when there is one."""
    queue = (
        settings.GPU_QUEUE
        if settings.GPU_QUEUE and run.kind in ON_GPU
        else settings.CELERY_TASK_DEFAULT_QUEUE
    )
    unreachable: tuple[type[BaseException], ...] = (
        OperationalError,
        *current_app.connection().connection_errors,
    )
    try:
        current_app.send_task(f"run.{run.kind}", kwargs={"run_id": run.pk}, queue=queue)
    except unreachable:
        return False
    Run.objects.filter(pk=run.pk).update(sent=timezone.now())
    return True


def reap() -> None:
    """Queue again what lost workers left, and send what still waits."""
    for run in jobs.reap():
        send(run)


@shared_task(name="run.import_casia_b")
def import_casia_b(*, run_id: int) -> None:
    runs.execute(Run.objects.get(pk=run_id))


@shared_task(name="run.generate_walkers")
def generate_walkers(*, run_id: int) -> None:
    runs.execute(Run.objects.get(pk=run_id))


@shared_task(name="run.train_network")
def train_network(*, run_id: int) -> None:
    runs.execute(Run.objects.get(pk=run_id))


@shared_task(name="run.anonymize")
def anonymize(*, run_id: int) -> None:
    runs.execute(Run.objects.get(pk=run_id))
