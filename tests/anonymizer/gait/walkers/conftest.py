from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from anonymizer.gait.bodies import scaled
from anonymizer.gait.silhouettes import Silhouettes
from anonymizer.gait.walkers import walk

Walks = Callable[[int, str, int], dict[int, Silhouettes]]


@cache
def _walk(subject: int, condition: str, number: int) -> dict[int, Silhouettes]:
    return walk(11, subject, condition, number, view_angles=(0, 90), frames=30)


@pytest.fixture
def walks() -> Walks:
    """Walks of one world at 0° and 90°, each made once for all tests."""
    return _walk


@pytest.fixture
def energy() -> Callable[[Silhouettes], np.ndarray]:
    """The gait energy image of silhouettes, flattened."""
    return lambda silhouettes: scaled(silhouettes, 64, 48).mean(axis=0).ravel()
