import numpy as np
import pytest

from recognition.identify.gei import gait_energy_image, gait_energy_images


def bar(column: int, *, top: int = 2, height: int = 4) -> np.ndarray:
    """One frame of 8 x 8 with an upright bar, one pixel wide."""
    frame = np.zeros((8, 8), bool)
    frame[top : top + height, column] = True
    return frame


def test_the_image_is_the_mean_of_the_centred_frames():
    walk = np.stack([bar(1), bar(6)])
    image = gait_energy_image(walk, size=(4, 3))
    assert image.dtype == np.float32
    assert image.tolist() == [[0.0, 1.0, 0.0]] * 4


def test_a_pixel_in_half_of_the_frames_has_half_the_energy():
    narrow = np.zeros((8, 8), bool)
    narrow[2:6, 3] = True
    wide = np.zeros((8, 8), bool)
    wide[2:6, 2:5] = True
    image = gait_energy_image(np.stack([narrow, wide]), size=(4, 3))
    assert image.tolist() == [[0.5, 1.0, 0.5]] * 4


def test_bodies_of_any_size_are_scaled_to_equal_height():
    small, large = bar(3, height=2), bar(3, top=0, height=8)
    image = gait_energy_image(np.stack([small, large]), size=(8, 5))
    assert image[:, 2].tolist() == [1.0] * 8


def test_blank_frames_are_left_out_of_the_mean():
    walk = np.stack([bar(1), np.zeros((8, 8), bool), bar(1)])
    assert gait_energy_image(walk, size=(4, 3)).max() == 1.0


def test_a_walk_that_shows_nobody_is_refused():
    with pytest.raises(ValueError, match="None of 3 frames shows a silhouette"):
        gait_energy_image(np.zeros((3, 8, 8), bool))


def test_walks_are_stacked_in_their_order():
    images = gait_energy_images([np.stack([bar(1)]), np.stack([bar(1), bar(2)])], size=(4, 3))
    assert images.shape == (2, 4, 3)
    assert gait_energy_images([]).shape == (0, 64, 48)
