import cv2
import numpy as np
import pytest

from anonymizer.gait import distance_fields
from anonymizer.gait.silhouettes import Silhouettes, bounding_boxes, mean_iou
from tests.anonymizer.gait.walking_figure import walking_figure


def disc(radius: int, centre: tuple[int, int], shape: tuple[int, int] = (100, 120)) -> Silhouettes:
    walk = np.zeros((1, *shape), np.bool_)
    cv2.circle(walk[0].view(np.uint8), centre, radius, 1, -1)
    return walk


def block(width: int, left: int) -> Silhouettes:
    """A body 60 pixels tall."""
    walk = np.zeros((1, 100, 120), np.bool_)
    walk[0, 20:80, left : left + width] = True
    return walk


def blended(original: Silhouettes, donor: Silhouettes, weight: float) -> Silhouettes:
    frames = np.arange(len(original)) % len(donor)
    bodies = distance_fields.bodies(donor)
    return distance_fields.blended(
        distance_fields.bodies(original), [(bodies, frames, weight)], original.shape[1:]
    )


def test_the_distance_is_negative_inside_and_passes_zero_between_pixels() -> None:
    picture = np.zeros((3, 9), np.uint8)
    picture[:, :4] = 1
    assert distance_fields.signed_distance(picture)[1, 2:6] == pytest.approx([-2, -1, 1, 2], abs=0.05)


def test_without_a_donors_weight_the_original_comes_back_pixel_for_pixel() -> None:
    walk = walking_figure(6, shape=(150, 200))
    assert np.array_equal(blended(walk, walking_figure(6, stoutness=1.8), 0.0), walk)


def test_a_walk_blended_with_itself_stays_itself() -> None:
    walk = walking_figure(6, shape=(150, 200))
    assert np.array_equal(blended(walk, walk, 1.5), walk)


def test_equal_weights_meet_half_way() -> None:
    assert blended(block(20, 50), block(30, 10), 1.0)[0, 50].sum() == pytest.approx(25, abs=1)


def test_a_heavy_donor_prevails_at_the_originals_place_and_height() -> None:
    original, donor = walking_figure(4, shape=(150, 200)), walking_figure(4, shape=(240, 200), stoutness=1.8)
    result = blended(original, donor, 1000.0)
    assert bounding_boxes(result)[:, [0, 2]] == pytest.approx(bounding_boxes(original)[:, [0, 2]], abs=2)
    assert result.sum() > 1.1 * original.sum()


def test_donors_of_any_size_come_out_alike() -> None:
    original = walking_figure(4, shape=(150, 200))
    large = walking_figure(4, shape=(300, 400), stoutness=1.5)
    small = large[:, ::2, ::2]
    assert mean_iou(blended(original, small, 1.5), blended(original, large, 1.5)) > 0.95


def test_tall_bodies_are_blended_on_a_coarser_grid_and_keep_their_shape() -> None:
    tall = np.kron(walking_figure(2, shape=(150, 200)), np.ones((1, 4, 4), np.bool_))
    assert (
        distance_fields.bodies(tall).boxes[0, 2] - distance_fields.bodies(tall).boxes[0, 0]
        > distance_fields.TALLEST
    )
    assert mean_iou(blended(tall, walking_figure(2), 0.0), tall) > 0.96


def test_a_body_at_the_frames_edge_is_cut_off_there() -> None:
    edge = block(20, 100)
    result = blended(edge, block(60, 30), 5.0)
    assert result.shape == edge.shape
    assert result[0, 50, -1]


def test_a_speck_apart_does_not_move_the_body() -> None:
    walk = block(20, 50)
    walk[0, 2, 2] = True
    assert distance_fields.bodies(walk).boxes[0].tolist() == [20, 50, 80, 70]


def test_a_leg_that_came_off_still_belongs_to_the_body() -> None:
    walk = block(20, 50)
    walk[0, 60:62] = False
    assert distance_fields.bodies(walk).boxes[0].tolist() == [20, 50, 80, 70]


def test_blank_frames_stay_blank() -> None:
    walk = walking_figure(3)
    walk[1] = False
    result = blended(walk, walking_figure(3, stoutness=1.5), 1.5)
    assert result.any(axis=(1, 2)).tolist() == [True, False, True]


def test_a_blank_donor_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="frame 0 is blank"):
        blended(disc(20, (50, 50)), np.zeros((1, 100, 120), np.bool_), 1.0)
