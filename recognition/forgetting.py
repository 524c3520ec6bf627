"""What was computed of walks goes with them: descriptions, the attackers' copies, scores and weights."""

from functools import partial

from django.db import transaction
from django.db.models.signals import post_delete

from anonymizer import stored_files
from anonymizer.models import Anonymization, Dataset
from recognition.models import Recognition, Recognizer


def begin() -> None:
    """Once, when the apps are loaded."""
    stored_files.goes_with(Recognition, "scores")
    stored_files.goes_with(Recognizer, "weights")
    post_delete.connect(_forget_dataset, sender=Dataset)
    post_delete.connect(_forget_anonymization, sender=Anonymization)


def _forget_dataset(instance: Dataset, **_: object) -> None:
    transaction.on_commit(partial(stored_files.delete_folder, "descriptions", f"dataset-{instance.pk}-"))


def _forget_anonymization(instance: Anonymization, **_: object) -> None:
    described = f"anonymization-{instance.pk}-"
    transaction.on_commit(partial(stored_files.delete_folder, "descriptions", described))
    transaction.on_commit(partial(stored_files.delete_folder, f"copies/{instance.pk}"))
