"""What ties the apps together: settings, addresses, the API, Celery and the launcher."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
