"""A small dataset, some of it anonymized, for all that recognizes."""

import pytest

from anonymizer import runs as anonymizer_runs
from anonymizer.models import Anonymization
from tests.factories import DatasetFactory, walks

SPLIT = "30:30:40"  # of 7 subjects: 2, 2 and 3
GALLERY, PROBE = "nm-01,nm-02", "nm-03,nm-04"


@pytest.fixture
def walkers(db, small_runs):
    """Seven subjects with four walks each, from two sides."""
    dataset = DatasetFactory(name="seven walkers")
    walks(dataset, 7, numbers=(1, 2, 3, 4))
    return dataset


@pytest.fixture
def anonymization(walkers):
    """Three of the seven, their third and fourth walks changed."""
    run = anonymizer_runs.request_anonymization(
        walkers, "sdf", donor="random", split=SPLIT, walks=PROBE.split(","), seed=4
    )
    assert anonymizer_runs.execute(run)
    return Anonymization.objects.get(run=run)
