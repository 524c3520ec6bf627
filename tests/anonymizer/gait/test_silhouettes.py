import zlib
from collections.abc import Callable

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


def test_iou_is_the_mean_over_frames_and_blank_frames_agree() -> None:
    a, b = _figure(8, 20, 32, 12), _figure(8, 20, 32, 12)
    b[2] = False
    b[2, 8:24, 20:32] = True  # half the body
    assert sil.mean_iou(a, b) == pytest.approx((1 + 1 + 0.5) / 3)


def test_iou_of_different_shapes_is_refused() -> None:
    with pytest.raises(ValueError, match="compared"):
        sil.mean_iou(np.zeros((2, 4, 4), np.bool_), np.zeros((3, 4, 4), np.bool_))
