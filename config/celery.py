"""The Celery application. Tasks are doors: each app's `tasks.py` finds a row and calls `runs.py`."""

import multiprocessing.process
import os
from typing import Any

from celery import Celery
from celery.signals import worker_init, worker_process_init

from config import lifeline

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

THIS_PROCESS = multiprocessing.process.current_process()  # before Celery forks

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


@worker_process_init.connect
def may_have_children(**_: Any) -> None:
    """Let a job spread over processes of its own (`anonymizer/parallel.py`), which end with it.

    Celery puts its own kind of process object in the standard library's place: a daemon, which may not have
    children, with a key that cannot be handed on to them.
    """
    standard: Any = multiprocessing.process
    standard._current_process = THIS_PROCESS
