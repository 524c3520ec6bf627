import numpy as np
import pytest
from scipy.spatial.distance import cdist

from recognition.identify.cityblock import cityblock


@pytest.mark.parametrize("shape", [(1, 1, 1), (7, 5, 40), (3, 9, 3072), (0, 4, 8), (2, 0, 8)])
def test_it_is_the_sum_of_absolute_differences(shape):
    rng = np.random.default_rng(0)
    some, others = (rng.normal(size=(n, shape[2])).astype(np.float32) for n in shape[:2])
    found = cityblock(some, others)
    assert found.dtype == np.float32
    assert found == pytest.approx(cdist(some, others, "cityblock"), rel=1e-5)


def test_a_feature_that_is_no_number_does_not_pass_for_near():
    some = np.array([[np.nan, 0]], np.float32)
    assert not np.isfinite(cityblock(some, np.zeros((1, 2), np.float32))).any()


def test_views_of_other_arrays_are_read_as_they_stand():
    features = np.arange(24, dtype=np.float32).reshape(4, 6)
    assert cityblock(features[::2, ::3], features[1::2, ::3]).tolist() == [[12, 36], [12, 12]]
