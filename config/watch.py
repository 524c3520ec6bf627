"""What a worker does besides its jobs: it says that it lives, takes up lost runs, frees idle seats and closes studies.

It runs in a thread of the worker's main process, not as a task, so that long jobs in every slot can't stop it.
"""

import logging
import threading
from typing import Any

from celery.signals import worker_ready, worker_shutdown
from django.db import connection

from anonymizer import jobs, tasks, uploads
from studies import bringing, life, rating, webhooks

SECONDS = 5
log = logging.getLogger(__name__)
_stop = threading.Event()


def look_once() -> None:
    """One round; a failure in one part does not keep the others from their turn."""
    parts = (
        jobs.beat,
        tasks.reap,
        rating.release_idle_seats,
        life.close_overdue,
        uploads.expire,
        bringing.forget_old_uploads,
        webhooks.deliver_due,
    )
    for part in parts:
        try:
            part()
        except Exception:
            log.exception("The worker's watch failed in %s; it tries again in %s s.", part.__name__, SECONDS)


def _watch() -> None:
    while True:
        look_once()
        if _stop.wait(SECONDS):
            break
    connection.close()


@worker_ready.connect
def start(**_: Any) -> None:
    threading.Thread(target=_watch, name="watch", daemon=True).start()


@worker_shutdown.connect
def stop(**_: Any) -> None:
    _stop.set()
