"""The Celery application. Tasks are doors: each app's `tasks.py` finds a row and calls `runs.py`."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init, worker_process_init

from config import lifeline

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("gaitmos")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def keep_watch(**_: Any) -> None:
    """Register the worker's watch; it needs the apps, which are not loaded when this module is."""
    import config.watch  # noqa: F401


@worker_process_init.connect
def end_with_the_worker(**_: Any) -> None:
    """A worker that is killed leaves no job process behind."""
    lifeline.die_with_parent()
