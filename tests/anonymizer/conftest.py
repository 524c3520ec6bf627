"""What the tests of the anonymizer's runs share."""

import pytest

from anonymizer import anonymizing
from tests.factories import DatasetFactory, walks


@pytest.fixture
def dataset():
    """Seven subjects, two walks each, from two sides."""
    made = DatasetFactory()
    walks(made, 7)
    return made


@pytest.fixture
def small_runs(settings, monkeypatch):
    """Work of a second or two, without a heartbeat, which would be a second connection to the database."""
    settings.RUN_LEASE_SECONDS = 600
    monkeypatch.setattr(anonymizing, "DONOR_FRAMES", 12)
    monkeypatch.setattr(anonymizing, "MANIFOLD_WALKS", 2)
