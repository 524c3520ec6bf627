"""Held against OpenCV's `findContours`, whose points and order they have."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from anonymizer.gait.outlines import Pixels, largest_outline

shapes = st.tuples(st.integers(1, 14), st.sampled_from((1, 5, 8, 11, 16, 24, 40)))
speckled = shapes.flatmap(lambda shape: arrays.arrays(np.uint8, shape, elements=st.integers(0, 1)))


def by_opencv(frame: Pixels) -> tuple[NDArray[np.float64], bool]:
    found, _ = cv2.findContours(frame, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    enclosed = [cv2.contourArea(each) + len(each) / 2 + 1 for each in found]
    if not found:
        return np.empty((0, 2)), True
    largest = found[int(np.argmax(enclosed))][:, 0, ::-1]
    top = largest[:, 0] == largest[:, 0].min()
    off_the_middle = np.where(top, abs(largest[:, 1] - largest[top, 1].mean()), np.inf)
    turned = np.roll(largest, -int(off_the_middle.argmin()), axis=0)
    return turned.astype(np.float64), max(enclosed) >= 0.97 * np.count_nonzero(frame)


def same(frame: Pixels) -> bool:
    ours, theirs = largest_outline(frame), by_opencv(frame)
    return np.array_equal(ours[0], theirs[0]) and ours[1] == theirs[1]


@settings(deadline=None)  # the first call compiles
@given(speckled)
def test_speckled_frames_have_opencvs_outline(frame: Pixels) -> None:
    assert same(frame)


@settings(deadline=None)  # the first call compiles
@given(speckled, st.integers(2, 5), st.booleans())
def test_bodies_with_holes_and_specks_have_opencvs_outline(frame: Pixels, size: int, margin: bool) -> None:
    body = cv2.dilate(frame, np.ones((size, size), np.uint8))
    assert same(np.pad(body, 8) if margin else body)


def test_one_pixel_is_an_outline_of_one_point() -> None:
    frame = np.zeros((9, 16), np.uint8)
    frame[4, 7] = 1
    assert largest_outline(frame)[0].tolist() == [[4, 7]]


def test_a_blank_frame_has_no_outline() -> None:
    assert largest_outline(np.zeros((9, 16), np.uint8))[0].tolist() == []


def test_a_ring_round_a_larger_block_is_the_largest_part() -> None:
    frame = np.zeros((24, 32), np.uint8)
    frame[2, 4:8] = 1  # met first
    frame[5:22, 8:28] = 1
    frame[6:21, 9:27] = 0
    frame[8:19, 11:25] = 1  # more pixels than the ring, and within it
    outline, whole = largest_outline(frame)
    assert (outline.min(axis=0).tolist(), outline.max(axis=0).tolist()) == ([5, 8], [21, 27])
    assert whole


def test_an_outline_longer_than_the_room_first_given() -> None:
    comb = np.zeros((130, 160), np.uint8)
    comb[1:129:2, 1:159] = 1
    comb[1:129, 1] = 1
    assert len(largest_outline(comb)[0]) > 8192
    assert same(comb)
