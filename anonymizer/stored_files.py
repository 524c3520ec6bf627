"""Files in the media storage: written whole or not at all, and gone with the rows that they belong to."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_delete

from anonymizer.models import AnonymizedSequence, Clip, Dataset, Sequence


def replace(name: str, data: bytes) -> None:
    """Put `data` at `name`. Whoever reads meanwhile, or after a crash, finds the old file or the new one, whole."""
    try:
        path = Path(default_storage.path(name))
    except NotImplementedError:  # an object store writes whole objects; for a moment there is none
        default_storage.delete(name)
        default_storage.save(name, ContentFile(data))
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(fresh).replace(path)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise


def delete_dataset(dataset: Dataset) -> None:
    """Delete a dataset with all that hangs on it; the files go once the rows are gone for certain."""
    walks = Sequence.objects.filter(subject__dataset=dataset)
    changed = AnonymizedSequence.objects.filter(source__in=walks)
    clips = Clip.objects.filter(sequence__in=walks) | Clip.objects.filter(anonymized_sequence__in=changed)
    stored = [*walks.values_list("silhouettes", "picture"), *changed.values_list("silhouettes", "picture")]
    files = [name for names in [*stored, *clips.values_list("file")] for name in names]
    with transaction.atomic():
        dataset.delete()
        transaction.on_commit(lambda: _delete(files))


def goes_with(model: type[Model], field: str) -> None:
    """Let the file in `field` go with its row, whichever way the row is deleted."""

    def gone(instance: Model, **_: object) -> None:
        name = getattr(instance, field).name
        transaction.on_commit(lambda: _delete([name] if name else []))

    post_delete.connect(gone, sender=model, weak=False, dispatch_uid=f"{model._meta.label}.{field}")


def delete_folder(folder: str, start: str = "") -> None:
    """Delete the files in a folder whose names start so; none is fine."""
    try:
        _, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    _delete(f"{folder}/{name}" for name in names if name.startswith(start))


def _delete(names: Iterable[str]) -> None:
    for name in names:
        default_storage.delete(name)


def forget(name: str) -> None:
    """Delete a file that may be there."""
    if default_storage.exists(name):
        default_storage.delete(name)
