"""What was computed of walks goes with them."""

import pytest

from anonymizer import stored_files
from recognition.models import Recognizer
from tests.anonymizer.test_stored_files import files
from tests.factories import AnonymizationFactory, DatasetFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept():
    """Two anonymizations of one dataset, with what attackers keep of them."""
    dataset = DatasetFactory()
    made = [AnonymizationFactory(dataset=dataset) for _ in range(2)]
    stored_files.replace(f"descriptions/dataset-{dataset.pk}-64x48-090.npz", b"clear")
    for each in made:
        stored_files.replace(f"descriptions/anonymization-{each.pk}-64x48-090.npz", b"changed")
        stored_files.replace(f"copies/{each.pk}/gallery-own-00-0.npz", b"copy")
    return made


def test_copies_and_descriptions_go_with_their_anonymization_alone(kept, django_capture_on_commit_callbacks):
    gone, stays = kept
    before, number = files(), gone.pk
    with django_capture_on_commit_callbacks(execute=True):
        gone.delete()
    assert before - files() == {
        f"descriptions/anonymization-{number}-64x48-090.npz",
        f"copies/{number}/gallery-own-00-0.npz",
    }
    assert f"copies/{stays.pk}/gallery-own-00-0.npz" in files()


def test_with_the_dataset_nothing_stays(kept, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        stored_files.delete_dataset(kept[0].dataset)
    assert files() == set()


def test_a_recognizers_weights_go_with_it(django_capture_on_commit_callbacks):
    stored_files.replace("recognizers/one.npz", b"weights")
    row = Recognizer.objects.create(
        name="one", kind="zheng", weights="recognizers/one.npz", dataset=DatasetFactory()
    )
    with django_capture_on_commit_callbacks(execute=True):
        row.delete()
    assert files() == set()
