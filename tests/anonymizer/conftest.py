"""What the tests of the anonymizer's runs share."""

import pytest

from tests.factories import DatasetFactory, walks


@pytest.fixture
def dataset():
    """Seven subjects, two walks each, from two sides."""
    made = DatasetFactory()
    walks(made, 7)
    return made
