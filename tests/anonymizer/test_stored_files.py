"""Files are whole or not there, and go with their rows."""

from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import transaction

from anonymizer import stored_files
from anonymizer.models import Dataset
from tests.factories import AnonymizedSequenceFactory, DatasetFactory, clip_of, walks


def files() -> set[str]:
    root = Path(default_storage.path(""))
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def content(name: str) -> bytes:
    with default_storage.open(name) as file:
        return bytes(file.read())


def test_a_file_is_replaced_whole():
    stored_files.replace("geis/dataset-1.npz", b"first")
    stored_files.replace("geis/dataset-1.npz", b"second")
    assert files() == {"geis/dataset-1.npz"}
    assert content("geis/dataset-1.npz") == b"second"


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(monkeypatch):
    stored_files.replace("geis/dataset-1.npz", b"first")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        stored_files.replace("geis/dataset-1.npz", b"second")
    assert files() == {"geis/dataset-1.npz"}
    assert content("geis/dataset-1.npz") == b"first"


@pytest.fixture
def dataset(db) -> Dataset:
    made = DatasetFactory()
    original = walks(made, subjects=1, view_angles=(90,), numbers=(1,))[0]
    clip_of(original)
    clip_of(AnonymizedSequenceFactory(anonymization__dataset=made, source=original))
    return made


@pytest.mark.django_db(transaction=True)
def test_a_deleted_dataset_leaves_no_file(dataset):
    assert len(files()) == 6  # two walks, each with its silhouettes, its picture and its clip
    stored_files.delete_dataset(dataset)
    assert files() == set()
    assert not Dataset.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_files_stay_where_the_deletion_is_undone(dataset):
    before = files()
    with transaction.atomic():
        stored_files.delete_dataset(dataset)
        transaction.set_rollback(True)
    assert files() == before
    assert Dataset.objects.exists()
