import zlib
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from anonymizer.gait import silhouettes as sil


def _figure(top: int, left: int, height: int, width: int) -> sil.Silhouettes:
    frames = np.zeros((3, 48, 64), np.bool_)
    frames[0, top : top + height, left : left + width] = True
    frames[2, top : top + height, left : left + width] = True
    return frames


def test_packed_silhouettes_come_back_equal() -> None:
    frames = np.random.default_rng(5).random((4, 7, 9)) < 0.5
    assert np.array_equal(sil.unpack(sil.pack(frames)), frames)


def test_packing_keeps_the_shape_of_no_frames() -> None:
    assert sil.unpack(sil.pack(np.zeros((0, 24, 32), np.bool_))).shape == (0, 24, 32)


def test_packing_is_far_smaller_than_the_pixels() -> None:
    frames = _figure(8, 20, 32, 12)
    assert len(sil.pack(frames)) < frames.size / 20


def test_unpacked_silhouettes_may_be_written_to() -> None:
    frames = sil.unpack(sil.pack(_figure(8, 20, 32, 12)))
    frames[1, 0, 0] = True
    assert frames[1, 0, 0]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"PK\x03\x04" + data,
        lambda data: data[:-3],
        lambda data: data + b"more",
        lambda data: data[:17] + zlib.compress(b"too short"),
        lambda data: data[:17] + zlib.compress(b"\0" * 10**6),
        lambda data: data[:17] + b"no deflate stream",
        lambda data: data[:4] + b"\x09" + data[5:],
        lambda data: data[:5] + b"\xff" * 12 + data[17:],
    ],
)
def test_junk_is_refused(damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ValueError, match="silhouettes"):
        sil.unpack(damage(sil.pack(_figure(8, 20, 32, 12))))


def test_only_bool_frames_are_packed() -> None:
    with pytest.raises(ValueError, match="must be bool"):
        sil.pack(np.zeros((2, 4, 4), np.uint8))


def test_bounding_boxes_end_behind_the_last_pixel_and_are_zero_where_blank() -> None:
    boxes = sil.bounding_boxes(_figure(8, 20, 32, 12))
    assert boxes.tolist() == [[8, 20, 40, 32], [0, 0, 0, 0], [8, 20, 40, 32]]


def test_a_body_that_fills_the_frame_has_the_frame_as_its_box() -> None:
    assert sil.bounding_boxes(np.ones((1, 6, 9), np.bool_)).tolist() == [[0, 0, 6, 9]]


def test_blank_frames_are_found() -> None:
    assert sil.blank_frames(_figure(8, 20, 32, 12)).tolist() == [False, True, False]


def test_scaled_bodies_fill_the_height_and_keep_their_proportions() -> None:
    frames = sil.scaled(_figure(8, 20, 32, 12), 64, 44)
    assert sil.bounding_boxes(frames)[0].tolist() == [0, 10, 64, 34]


def test_a_blank_frame_stays_blank_when_scaled() -> None:
    assert not sil.scaled(_figure(8, 20, 32, 12), 64, 44)[1].any()


def test_scaling_forgets_where_and_how_large_a_body_stood() -> None:
    near, far = _figure(0, 40, 48, 24), _figure(16, 2, 16, 8)
    assert np.array_equal(sil.scaled(near, 32, 24), sil.scaled(far, 32, 24))


def test_the_centroid_not_the_box_is_centred() -> None:
    frames = _figure(8, 20, 32, 4)
    frames[0, 30, 20:44] = True  # an outstretched arm, one row thin
    body = sil.scaled(frames, 32, 45)[0]
    centroid = body.sum(axis=0) @ np.arange(45) / body.sum()
    assert abs(centroid - 22) <= 0.5


def test_a_body_wider_than_the_target_is_cut_at_both_sides() -> None:
    assert sil.scaled(np.ones((1, 10, 60), np.bool_), 10, 8).all()


def test_scaling_to_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        sil.scaled(_figure(8, 20, 32, 12), 0, 44)


def test_iou_is_the_mean_over_frames_and_blank_frames_agree() -> None:
    a, b = _figure(8, 20, 32, 12), _figure(8, 20, 32, 12)
    b[2] = False
    b[2, 8:24, 20:32] = True  # half the body
    assert sil.frames_of_iou(a, b) == pytest.approx((1 + 1 + 0.5) / 3)


def test_iou_of_different_shapes_is_refused() -> None:
    with pytest.raises(ValueError, match="compared"):
        sil.frames_of_iou(np.zeros((2, 4, 4), np.bool_), np.zeros((3, 4, 4), np.bool_))


def test_shrinking_is_opencvs_by_area() -> None:
    body = np.zeros((1, 150, 70), np.bool_)
    cv2.ellipse(body[0].view(np.uint8), (35, 75), (30, 74), 3, 0, 360, 1, -1)
    body[0, 60:90, 30:40] = False
    top, left, bottom, right = sil.bounding_boxes(body)[0]
    cut = body[0, top:bottom, left:right].view(np.uint8) * np.uint8(254)
    shrunk = cv2.resize(cut, (round((right - left) * 64 / (bottom - top)), 64), interpolation=cv2.INTER_AREA)
    seen = sil.scaled(body, 64, 48)[0]
    across = np.flatnonzero(seen.any(axis=0))
    assert np.array_equal(seen[:, across[0] : across[-1] + 1], shrunk > 126)
