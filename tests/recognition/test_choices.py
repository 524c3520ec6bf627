"""Gallery and probes where nobody chose them: as CASIA-B's, as far as the walks go."""

import pytest

from anonymizer.models import Run
from recognition import choices
from tests.factories import AnonymizationFactory, DatasetFactory, walks

pytestmark = pytest.mark.django_db


def dataset_of(count: int):
    made = DatasetFactory()
    walks(made, 1, view_angles=(0,), numbers=range(1, count + 1))
    return made


@pytest.mark.parametrize(
    ("count", "gallery", "probe"),
    [
        (6, "nm-01,nm-02,nm-03,nm-04", "nm-05,nm-06"),
        (5, "nm-01,nm-02,nm-03,nm-04", "nm-05"),
        (4, "nm-01,nm-02", "nm-03,nm-04"),
        (2, "nm-01", "nm-02"),
    ],
)
def test_fewer_walks_are_divided_in_halves(count, gallery, probe):
    assert choices.of_dataset(dataset_of(count), None, None) == (gallery, probe)


def test_what_is_said_stands_and_the_other_follows():
    assert choices.of_dataset(dataset_of(4), "nm-03", None) == ("nm-03", "nm-04")
    assert choices.of_dataset(dataset_of(4), None, "nm-01") == ("nm-02,nm-03,nm-04", "nm-01")


def test_walks_may_be_written_with_blanks_and_without_zeros():
    assert choices.of_dataset(dataset_of(4), "nm-1, nm-03", None) == ("nm-01,nm-03", "nm-04")
    assert choices.of_dataset(dataset_of(4), None, "nm-3, nm-4") == ("nm-01,nm-02", "nm-03,nm-04")
    assert choices.of_dataset(dataset_of(4), "all", "nm-4") == ("all", "nm-04")


def test_the_walks_that_were_changed_are_the_probes():
    run = Run.objects.create(kind=Run.Kind.ANONYMIZE, parameters={"walks": ["nm-02"]})
    made = AnonymizationFactory(dataset=dataset_of(3), run=run)
    assert choices.of_anonymization(made, None, None) == ("nm-01,nm-03", "nm-02")
