from typing import Any

from django.apps import AppConfig
from django.db import transaction
from django.db.models.signals import post_delete


class StudiesConfig(AppConfig):
    name = "studies"
    verbose_name = "Studies"

    def ready(self) -> None:
        from anonymizer import stored_files
        from studies.models import Export, Rater

        stored_files.goes_with(Export, "file")
        post_delete.connect(_votes_erased, sender=Rater, dispatch_uid="studies.votes")


def _votes_erased(instance: Any, **_: object) -> None:
    """A rater's votes stand in a file beside the database, too: it goes with the row, whichever way that is deleted."""
    from studies import votes  # with NumPy, which not every process needs

    transaction.on_commit(lambda: votes.forget(instance.study_id))
