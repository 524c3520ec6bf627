import numpy as np
import pytest

from anonymizer.gait.replace_best_donors import draw
from anonymizer.gait.replace_best_levels import SPEEDS, STATURES, level_of, levels
from anonymizer.gait.replace_best_posing import at_speed


def speeds_of_walkers(count: int) -> np.ndarray:
    return np.array([at_speed(each, None)[2] for each in draw(np.random.default_rng(11), count)])


def test_the_public_speeds_are_those_of_donors() -> None:
    drawn = np.log(speeds_of_walkers(120))
    assert abs(drawn.mean() - SPEEDS.mean) < 0.06
    assert abs(drawn.std() - SPEEDS.stdev) < 0.04


def test_the_public_statures_are_those_of_donors() -> None:
    drawn = np.log([each.stature for each in draw(np.random.default_rng(11), 120)])
    assert abs(drawn.mean() - STATURES.mean) < 0.012
    assert abs(drawn.std() - STATURES.stdev) < 0.008


def test_one_level_is_the_same_for_all() -> None:
    assert levels(1) == pytest.approx((np.exp(SPEEDS.mean),))
    assert {level_of([speed], 1) for speed in (0.4, 1.2, 2.5)} == set(levels(1))


@pytest.mark.parametrize("count", [2, 3, 4])
def test_equally_many_walk_at_each_level_and_it_is_the_nearest_to_them(count: int) -> None:
    rng = np.random.default_rng(count)
    walked = np.exp(rng.normal(SPEEDS.mean, SPEEDS.stdev, 4000))
    given = np.array([level_of([speed], count) for speed in walked])
    share = np.array([np.mean(given == level) for level in levels(count)])
    assert np.abs(share - 1 / count).max() < 0.03
    means = [np.log(walked[given == level]).mean() for level in levels(count)]
    assert np.abs(np.exp(means) - levels(count)).max() < 0.03


def test_views_of_one_walk_choose_together() -> None:
    slow, fast = levels(2)
    assert level_of([0.9, 0.9, 1.3], 2) == slow
    assert level_of([1.4, 1.4, 1.0], 2) == fast
