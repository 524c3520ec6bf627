import cv2
import numpy as np
import pytest

from anonymizer.gait import bodies
from anonymizer.gait import silhouettes as sil
from anonymizer.gait.bodies import scaled
from tests.anonymizer.gait.test_silhouettes import _figure


def test_scaled_bodies_fill_the_height_and_keep_their_proportions() -> None:
    frames = scaled(_figure(8, 20, 32, 12), 64, 44)
    assert sil.bounding_boxes(frames)[0].tolist() == [0, 10, 64, 34]


def test_a_blank_frame_stays_blank_when_scaled() -> None:
    assert not scaled(_figure(8, 20, 32, 12), 64, 44)[1].any()


def test_scaling_forgets_where_and_how_large_a_body_stood() -> None:
    near, far = _figure(0, 40, 48, 24), _figure(16, 2, 16, 8)
    assert np.array_equal(scaled(near, 32, 24), scaled(far, 32, 24))


def test_the_centroid_not_the_box_is_centred() -> None:
    frames = _figure(8, 20, 32, 4)
    frames[0, 30, 20:44] = True  # an outstretched arm, one row thin
    body = scaled(frames, 32, 45)[0]
    centroid = body.sum(axis=0) @ np.arange(45) / body.sum()
    assert abs(centroid - 22) <= 0.5


def test_a_body_wider_than_the_target_is_cut_at_both_sides() -> None:
    assert scaled(np.ones((1, 10, 60), np.bool_), 10, 8).all()


def test_scaling_to_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        scaled(_figure(8, 20, 32, 12), 0, 44)


def test_shrinking_is_opencvs_by_area() -> None:
    body = np.zeros((1, 150, 70), np.bool_)
    cv2.ellipse(body[0].view(np.uint8), (35, 75), (30, 74), 3, 0, 360, 1, -1)
    body[0, 60:90, 30:40] = False
    top, left, bottom, right = sil.bounding_boxes(body)[0]
    cut = body[0, top:bottom, left:right].view(np.uint8) * np.uint8(254)
    shrunk = cv2.resize(cut, (round((right - left) * 64 / (bottom - top)), 64), interpolation=cv2.INTER_AREA)
    seen = scaled(body, 64, 48)[0]
    across = np.flatnonzero(seen.any(axis=0))
    assert np.array_equal(seen[:, across[0] : across[-1] + 1], shrunk > 126)


def walk(height: int, width: int, seed: int) -> sil.Silhouettes:
    """Frames with a blot each, some large, some of a few pixels; some are blank."""
    rng = np.random.default_rng(seed)
    frames = np.zeros((12, height, width), np.bool_)
    for frame in frames[rng.random(12) < 0.8]:
        top, left = rng.integers(0, height), rng.integers(0, width)
        tall, wide = rng.integers(1, height + 1), rng.integers(1, width + 1)
        frame[top : top + tall, left : left + wide] = rng.random() < 0.7
    frames[3] = rng.random((height, width)) < 0.02
    frames[0, 0, 0] = frames[1, -1, -1] = True  # what touches the next frame's bits
    return frames


@pytest.mark.parametrize(("height", "width"), [(48, 40), (31, 37), (7, 5), (1, 9), (240, 320)])
def test_bodies_out_of_packed_silhouettes_are_those_of_opened_ones(height, width):
    for seed in range(5):
        frames = walk(height, width, seed)
        packed, opened = (
            bodies.of_packed(sil.pack(frames), 16, 12),
            bodies.of_silhouettes(frames, 16, 12),
        )
        assert np.array_equal(packed.scaled, opened.scaled)
        assert np.array_equal(packed.boxes, opened.boxes)
        assert packed.frame == opened.frame == (height, width)


def test_a_walk_without_a_frame_has_no_bodies():
    empty = bodies.of_packed(sil.pack(np.zeros((0, 48, 40), np.bool_)), 16, 12)
    assert empty.scaled.shape == (0, 16, 12)
    assert empty.boxes.shape == (0, 4)


def test_junk_is_refused_before_anything_is_opened():
    with pytest.raises(ValueError, match="silhouettes"):
        bodies.of_packed(b"junk", 16, 12)
