"""`phase` changes when, never what: the null against which measures of privacy are held."""

import numpy as np
import pytest

from anonymizer.gait import methods
from anonymizer.gait.bodies import scaled
from anonymizer.gait.donors import Track
from anonymizer.gait.silhouettes import Silhouettes, bounding_boxes, mean_iou
from anonymizer.gait.time_warp import moments
from tests.anonymizer.gait.walking_figure import walking_figure

CYCLE = 20.0


def gei(silhouettes: Silhouettes) -> np.ndarray:
    return scaled(silhouettes, 64, 48).mean(axis=0)


def changed(track: Track, **parameters: object) -> Track:
    return methods.anonymize(track, "phase", parameters=parameters, rng=np.random.default_rng(3))


@pytest.fixture(scope="module")
def track() -> Track:
    return {angle: walking_figure(60, CYCLE, view_angle=angle) for angle in (90, 54)}


def test_without_shift_and_warp_the_original_comes_back(track: Track) -> None:
    result = changed(track, shift=0.0, warp=0.0)
    assert all(np.array_equal(result[angle], track[angle]) for angle in track)


def test_the_gait_energy_image_stays_almost_the_same(track: Track) -> None:
    """Nearer to the original's than another walker's by far, while the frames are not the same."""
    other = walking_figure(60, CYCLE, stoutness=1.3)
    away = np.abs(gei(changed(track)[90]) - gei(track[90])).mean()
    assert away < 0.2 * np.abs(gei(other) - gei(track[90])).mean()
    assert mean_iou(changed(track)[90], track[90]) < 0.95


def test_the_path_is_the_originals(track: Track) -> None:
    before, after = (bounding_boxes(each[90])[:, [0, 2]] for each in (track, changed(track)))
    assert np.abs(before - after).max() <= 1


def test_all_views_are_warped_alike(track: Track) -> None:
    """Else whoever sees two of them could tell the warp from the difference."""
    result = changed({90: track[90], 54: track[90]})
    assert np.array_equal(result[90], result[54])


def test_a_shift_of_half_a_cycle_shows_the_other_foot_first() -> None:
    assert moments(60, CYCLE, 0.5, 0.0, 0.0).tolist()[:3] == [10, 11, 12]


def test_beyond_the_last_frame_it_goes_back_by_whole_cycles() -> None:
    shown = moments(60, CYCLE, 0.5, 0.0, 0.0)
    assert (shown % CYCLE).tolist() == [(10 + frame) % CYCLE for frame in range(60)]
    assert shown.max() <= 59


@pytest.mark.parametrize("begin", [0.0, 1.0, 4.0])
def test_a_warp_hurries_and_lingers_but_never_goes_back(begin: float) -> None:
    shown = moments(60, None, 0.0, 0.6, begin)
    assert shown[0] == 0
    assert set(np.diff(shown).tolist()) == {0, 1, 2}


def test_a_walk_too_short_for_a_cycle_is_moved_in_itself() -> None:
    assert moments(4, None, 0.5, 0.0, 0.0).tolist() == [2, 3, 0, 1]
    assert moments(1, None, 0.5, 0.2, 1.0).tolist() == [0]
