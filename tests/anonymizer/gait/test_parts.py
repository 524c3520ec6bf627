"""Held against OpenCV's `connectedComponentsWithStats`."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from anonymizer.gait.parts import Pixels, boxes_without_specks, measured_parts, without_specks

shapes = st.tuples(st.integers(1, 14), st.sampled_from((1, 5, 8, 11, 16, 24, 40)))
speckled = shapes.flatmap(lambda shape: arrays.arrays(np.uint8, shape, elements=st.integers(0, 1)))


@settings(deadline=None)  # the first call compiles
@given(speckled, st.booleans())
def test_parts_are_opencvs(frame: Pixels, margin: bool) -> None:
    frame = np.pad(frame, 8) if margin else frame
    _, labels, stats, _ = cv2.connectedComponentsWithStats(frame)
    left, top, width, height, pixels = stats[1:].T
    theirs = np.stack([top, left, top + height, left + width, pixels], axis=1)
    assert sorted(measured_parts(frame).tolist()) == sorted(theirs.tolist())
    large = np.flatnonzero(pixels >= 0.5 * max(pixels, default=0)) + 1
    assert np.array_equal(without_specks(frame, 0.5), np.isin(labels, large))


def test_specks_do_not_move_the_box() -> None:
    frames = np.zeros((2, 20, 24), np.uint8)
    frames[0, 4:16, 8:14] = 1
    frames[0, 1, 22] = 1
    assert boxes_without_specks(frames, 0.1).tolist() == [[4, 8, 16, 14], [0, 0, 0, 0]]
