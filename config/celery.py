"""The Celery application. Tasks are doors: each app's `tasks.py` finds a row and calls `runs.py`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("gaitmos")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
