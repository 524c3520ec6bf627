"""Screens by check pairs and by playback."""

import numpy as np

from studies.mos.evidence import checks, playback

NONE = float("nan")


def test_a_check_is_passed_within_a_point_and_two_thirds_must_be():
    rater = np.array([0, 0, 0, 1, 1, 1, 2])
    score = np.array([5.0, 4, 3, 5, 3, 3, 1])
    expected = np.array([5.0, 5, 5, 5, 5, 5, 5])
    found = checks(rater, score, expected, raters=4)
    assert found.passed.tolist() == [2, 1, 0, 0]
    assert found.answered.tolist() == [3, 3, 1, 0]
    assert found.rejected == [1, 2]


def test_playback_rejects_over_a_fifth_of_votes_that_stalled_often_or_were_cut_short():
    rater = np.repeat([0, 1, 2], 5)
    watched = np.array([1, 1, 1, 1, 0.5] + [1, 1, 1, 0.9, 0.9] + [1] * 5)
    stalls = np.array([0] * 5 + [0] * 5 + [3, 3, 0, 2, 1])
    found = playback(rater, watched, stalls, raters=3)
    assert found.spoilt.tolist() == [1, 2, 2]
    assert found.rejected == [1, 2]
    assert found.stalls.tolist() == [0, 0, 9]
    assert found.watched.round(2).tolist() == [0.9, 0.96, 1.0]


def test_playback_that_was_not_reported_tells_nothing():
    found = playback(np.array([0, 0]), np.array([NONE, NONE]), np.array([-1, -1]), raters=2)
    assert (found.reported.tolist(), found.stalls.tolist(), found.rejected) == ([0, 0], [0, 0], [])
    assert np.isnan(found.watched).all()
