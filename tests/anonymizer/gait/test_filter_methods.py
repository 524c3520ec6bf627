"""Blurred, coarse, thicker and thinner silhouettes."""

import cv2
import numpy as np
import pytest

from anonymizer.gait import methods
from anonymizer.gait.catalogue import METHODS
from anonymizer.gait.silhouettes import Silhouettes, mean_iou
from tests.anonymizer.gait.walking_figure import walking_figure

every_filter = pytest.mark.parametrize("method", ["blur", "pixelate", "dilate", "erode"])


def changed(silhouettes: Silhouettes, method: str, **parameters: object) -> Silhouettes:
    rng = np.random.default_rng(0)
    return methods.anonymize({90: silhouettes}, method, parameters=parameters, rng=rng)[90]


def square(side: int = 40, frame: int = 100) -> Silhouettes:
    picture = np.zeros((1, frame, frame), np.bool_)
    first = (frame - side) // 2
    picture[0, first : first + side, first : first + side] = True
    return picture


@every_filter
def test_at_strength_0_the_original_comes_back(method: str) -> None:
    walk = walking_figure(6)
    assert np.array_equal(changed(walk, method, strength=0.0), walk)


@every_filter
def test_the_stronger_the_less_is_left(method: str) -> None:
    walk = walking_figure(6)
    ious = [mean_iou(walk, changed(walk, method, strength=each)) for each in (0.0, 1.0, 3.0, 9.0)]
    assert ious == sorted(ious, reverse=True)
    assert ious[-1] < ious[0]


@every_filter
def test_nobody_is_wiped_out_and_nobody_is_made_up(method: str) -> None:
    walk = walking_figure(6)
    walk[2] = False
    shown = changed(walk, method, strength=25.0).any(axis=(1, 2))
    assert shown.tolist() == [True, True, False, True, True, True]


@every_filter
def test_it_means_the_same_far_and_near(method: str) -> None:
    """`strength` is relative to the body: a picture of twice the size changes alike."""
    near = np.repeat(np.repeat(walking_figure(3), 2, axis=1), 2, axis=2)
    iou_near, iou_far = (
        mean_iou(walk, changed(walk, method, strength=6.0)) for walk in (near, walking_figure(3))
    )
    assert abs(iou_near - iou_far) < 0.06


@every_filter
def test_a_body_at_the_frames_edge_is_changed_too(method: str) -> None:
    walk = walking_figure(4)[:, :, 75:]
    assert walk[:, :, 0].any(axis=1).all()
    assert changed(walk, method).shape == walk.shape
    assert not np.array_equal(changed(walk, method, strength=8.0), walk)


def test_a_square_grows_by_the_radius_on_each_side() -> None:
    assert np.count_nonzero(changed(square(40), "dilate", strength=10.0)[0, 50]) == 40 + 2 * 4


def test_a_square_shrinks_by_the_radius_on_each_side() -> None:
    assert np.count_nonzero(changed(square(40), "erode", strength=10.0)[0, 50]) == 40 - 2 * 4


def test_a_blur_rounds_corners_and_leaves_straight_edges() -> None:
    before, after = square(40)[0], changed(square(40), "blur", strength=10.0)[0]
    assert np.array_equal(after[50], before[50])
    assert not after[30, 30]


def test_coarse_squares_are_as_large_as_was_asked() -> None:
    walk = walking_figure(1)
    coarse = changed(walk, "pixelate", strength=10.0)[0]
    height = int(walk[0].any(axis=1).sum())
    runs = np.flatnonzero(np.diff(coarse.astype(np.int8), axis=0).any(axis=1))
    assert min(np.diff(runs)) >= height // 10 - 1


def test_every_filter_is_offered_with_a_limit_to_its_strength() -> None:
    for method in ("blur", "pixelate", "dilate", "erode"):
        with pytest.raises(ValueError, match="'strength' must lie between 0 and 25"):
            METHODS[method].checked({"strength": 26})


def test_a_distance_is_measured_as_opencv_measures_it() -> None:
    """Diagonally a disc reaches as far as straight on, not as a square would."""
    grown = changed(square(20), "dilate", strength=25.0)[0].view(np.uint8)
    assert cv2.countNonZero(grown) < 30 * 30
