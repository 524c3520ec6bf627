from typing import Any

import pytest

import tests.file_database  # noqa: F401  raters come at once, each in a thread
from studies.models import Rater, Study
from tests.factories import AnonymizationFactory, AnonymizedSequenceFactory, DatasetFactory, walks
from tests.studies.rows import enrol, make_study, rate


@pytest.fixture
def study() -> Study:
    return make_study()


@pytest.fixture
def own_rater(study: Study) -> Rater:
    return enrol(study)


@pytest.fixture
def rated_study(researcher: Any) -> Study:
    """A researcher's, whose only rater has scored both pairs."""
    study = make_study(owner=researcher)
    rater = enrol(study)
    rate(rater, 1, 4)
    rate(rater, 2, 2)
    return study


@pytest.fixture
def judged() -> Any:
    """A finished anonymization of 3 subjects at two view angles, two walks each."""
    dataset = DatasetFactory(name="three walkers")
    made = AnonymizationFactory(dataset=dataset)
    for walk in walks(dataset, subjects=3):
        AnonymizedSequenceFactory(anonymization=made, source=walk)
    return made
