import cv2
import numpy as np
import pytest

from anonymizer.gait import contours
from anonymizer.gait.silhouettes import mean_iou
from tests.anonymizer.gait.walking_figure import walking_figure


def ring(corners: list[tuple[float, float]]) -> contours.Outline:
    return np.array(corners, np.float64)


def test_a_walk_becomes_vectors_of_4000_and_back() -> None:
    walk = walking_figure(8, shape=(240, 320))
    traced = contours.contours(walk)
    assert traced.vectors.shape == (8, 4000)
    drawn = contours.drawn(traced.vectors, traced.places, *walk.shape[1:])
    assert mean_iou(walk, drawn) > 0.98


def test_a_filled_body_comes_back_pixel_for_pixel() -> None:
    walk = np.zeros((1, 60, 50), np.bool_)
    cv2.ellipse(walk[0].view(np.uint8), (24, 30), (9, 25), 10, 0, 360, 1, -1)
    traced = contours.contours(walk)
    assert np.array_equal(contours.drawn(traced.vectors, traced.places, 60, 50), walk)


def test_coordinates_are_those_of_a_240_crop_that_the_body_fills_from_top_to_bottom() -> None:
    rows = contours.contours(walking_figure(4, shape=(240, 320))).vectors[:, 0::2]
    assert rows.min(axis=1) == pytest.approx(0, abs=1.5)
    assert rows.max(axis=1) == pytest.approx(239, abs=1.5)


def test_the_outline_starts_at_the_top_of_the_head() -> None:
    vectors = contours.contours(walking_figure(5)).vectors
    assert np.array_equal(vectors[:, 0], vectors[:, 0::2].min(axis=1))


def test_every_step_along_the_outline_is_equally_long() -> None:
    points = contours.resampled(ring([(0, 0), (0, 30), (10, 30), (10, 0)]), 40)
    steps = np.linalg.norm(np.diff(points, axis=0, append=points[:1]), axis=1)
    assert steps == pytest.approx(2.0)
    assert np.array_equal(points[0], (0, 0))


def test_the_same_body_elsewhere_and_larger_has_the_same_vector() -> None:
    small = walking_figure(1, shape=(120, 160))[0]
    large = np.kron(small, np.ones((2, 2), np.bool_))
    moved = np.zeros_like(large)
    moved[:, 20:] = large[:, :-20]
    first = contours.contours(small[None]).vectors
    second = contours.contours(moved[None]).vectors
    assert np.abs(first - second).mean() < 2


def test_only_the_largest_part_is_traced() -> None:
    walk = walking_figure(1, shape=(120, 160))
    with_speck = walk.copy()
    with_speck[0, 5:9, 5:9] = True
    assert np.array_equal(contours.contours(with_speck).vectors, contours.contours(walk).vectors)


def test_a_body_cut_by_a_thin_line_is_traced_as_one() -> None:
    walk = walking_figure(1, shape=(120, 160))
    walk[0, 60:62] = False
    rows = contours.contours(walk).vectors[0, 0::2]
    here = contours.contours(walk).places[0]
    assert here is not None
    assert here.scale == pytest.approx(np.ptp(np.flatnonzero(walk[0].any(axis=1)) + 1) / 240, rel=0.02)
    assert rows.max() > 235


def test_blank_frames_have_no_place_and_stay_blank() -> None:
    walk = walking_figure(3)
    walk[1] = False
    traced = contours.contours(walk)
    assert traced.places[1] is None
    assert not contours.drawn(traced.vectors, traced.places, *walk.shape[1:])[1].any()


def test_what_reaches_beyond_the_frame_is_cut_off() -> None:
    target = np.zeros((10, 10), np.bool_)
    contours.draw(target, ring([(-5, -5), (-5, 20), (4.5, 20), (4.5, -5)]))
    assert target[:5].all()
    assert not target[5:].any()


def test_an_outline_that_crosses_itself_has_no_holes() -> None:
    target = np.zeros((20, 20), np.bool_)
    star = [(10 - 9 * np.cos(a), 10 + 9 * np.sin(a)) for a in 2 * np.pi * np.arange(0, 10, 2) / 5]
    contours.draw(target, ring(star))
    assert target[10, 10]  # the pentagon in the middle, which the even-odd rule leaves out


def test_nan_coordinates_are_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        contours.draw(np.zeros((5, 5), np.bool_), ring([(0, 0), (np.nan, 1), (2, 2)]))
