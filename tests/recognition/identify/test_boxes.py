import numpy as np
import pytest

from anonymizer.gait.silhouettes import bounding_boxes
from recognition.identify.boxes import NAMES, box_track


def walk(
    frames: int = 50, *, height: float = 80, speed: float = 2.0, bob: float = 0.0, width: int = 20
) -> np.ndarray:
    """(frames, 120, 240): an upright bar that walks to the right, its head bobbing twice a cycle of 25 frames."""
    found = np.zeros((frames, 120, 240), bool)
    for t in range(frames):
        top = round(110 - height - bob * np.sin(4 * np.pi * t / 25))
        left = round(60 + speed * t)
        found[t, top:110, left : left + width] = True
    return found


def numbers(silhouettes) -> np.ndarray:
    return box_track(bounding_boxes(silhouettes), silhouettes.shape[1])


def track(silhouettes) -> dict[str, float]:
    return dict(zip(NAMES, numbers(silhouettes).tolist(), strict=True))


def test_height_foot_line_and_speed_are_those_of_the_walk():
    found = track(walk())
    assert found["height"] == pytest.approx(80)
    assert found["foot line"] == pytest.approx(110)
    assert found["speed"] == pytest.approx(2 * 25)  # pixels a second at 25 frames/s
    assert found["bob"] == pytest.approx(0, abs=0.1)


def test_a_bobbing_head_is_seen_with_its_frequency():
    found = track(walk(bob=4))
    assert found["bob"] == pytest.approx(4, abs=0.5)
    assert found["bob frequency"] == pytest.approx(2 / 25, abs=0.003)


def test_the_shape_says_nothing():
    bar, holed = walk(), walk()
    holed[:, 60:80, :][:, ::2] = False  # within the box, which stays
    assert (numbers(holed) == numbers(bar)).all()


def test_blank_frames_are_skipped():
    silhouettes = walk()
    silhouettes[10:13] = False
    assert track(silhouettes)["speed"] == pytest.approx(2 * 25)


def test_a_walk_that_shows_hardly_anybody_has_no_track():
    assert not numbers(walk(3)).any()
    assert not numbers(np.zeros((9, 4, 4), bool)).any()
