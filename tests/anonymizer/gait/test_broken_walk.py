"""A walk that is broken on purpose: as long, as large, nothing like a walk, and the same every time."""

from itertools import pairwise

import numpy as np
import pytest

from anonymizer.gait.broken_walk import broken
from anonymizer.gait.silhouettes import mean_iou
from tests.anonymizer.gait.walking_figure import walking_figure


def test_a_broken_walk_has_the_frames_and_the_size_of_the_walk():
    walk = walking_figure(30)
    assert broken(walk).shape == walk.shape
    assert broken(walk).dtype == np.bool_


def test_little_of_the_body_stays_in_its_place():
    walk = walking_figure(50)
    assert mean_iou(walk, broken(walk)) < 0.35


def test_the_body_jumps_between_pieces_as_no_body_does():
    walk, spoilt = walking_figure(48), broken(walking_figure(48))

    def jumps(frames):
        return np.array([(one != other).sum() for one, other in pairwise(frames)])

    assert np.median(jumps(spoilt)[3::4]) > 3 * np.median(jumps(walk))


def test_the_same_seed_breaks_alike():
    walk = walking_figure(20)
    assert (broken(walk, 3) == broken(walk, 3)).all()
    assert (broken(walk, 3) != broken(walk, 4)).any()


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_short_walks_break_too(frames):
    assert broken(walking_figure(frames)).any()


def test_blank_frames_stay_blank():
    assert not broken(np.zeros((6, 20, 20), np.bool_)).any()
