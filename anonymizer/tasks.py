"""Celery's doors into the anonymizer, and the reaper that takes up what a lost worker left.

Tasks are named after the kinds of runs, so that the reaper can send any app's run without knowing the app.
"""

from typing import Any

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
    try:
        current_app.send_task(f"run.{run.kind}", kwargs={"run_id": run.pk}, queue=queue_of(run))
    except _unreachable():
        Run.objects.filter(pk=run.pk).update(sent=None)
        return False
    Run.objects.filter(pk=run.pk).update(sent=timezone.now())
    return True


def queue_of(run: Run) -> str:
    on_gpu = settings.GPU_QUEUE and run.kind in ON_GPU
    return str(settings.GPU_QUEUE if on_gpu else settings.CELERY_TASK_DEFAULT_QUEUE)


def _unreachable() -> tuple[type[BaseException], ...]:
    return (OperationalError, *current_app.connection().connection_errors)


def reap() -> None:
    """Queue again what lost workers left, and send what was never sent or what the broker has lost.

    A run that waits although its queue is empty is known to no broker any more: one that lost its data was
    started in its place. While the queue holds anything the run may be in it, and is not sent again.
    """
    for run in [*jobs.reap(), *(run for run in jobs.overdue() if is_empty(queue_of(run)))]:
        if jobs.may_send(run):
            send(run)


def is_empty(queue: str) -> bool:
    """Whether the broker holds nothing for `queue`; false where no broker answers."""
    with current_app.connection_for_read() as connection:
        try:
            channel: Any = connection.channel()
            return int(channel.queue_declare(queue, passive=True).message_count) == 0
        except connection.channel_errors:  # no such queue: nothing was ever sent, or all of it was taken
            return True
        except _unreachable():
            return False


@shared_task(name="run.import_casia_b")
def import_casia_b(*, run_id: int) -> None:
    runs.execute(Run.objects.get(pk=run_id))


@shared_task(name="run.import_opengait")
def import_opengait(*, run_id: int) -> None:
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
