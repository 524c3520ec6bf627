import numpy as np
import pytest

from studies.mos import ratings


def test_columns_of_numbers_make_the_same_table():
    table = ratings.from_columns(np.array([3, 1]), np.array([0, 0]), np.array([2.0, np.nan]))
    assert (table.stimuli, table.raters, table.score.tolist()) == (("3", "1"), ("0",), [2.0])


def test_columns_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="differ in length"):
        ratings.from_columns(["a"], ["r", "s"], [1])


def test_setting_raters_aside_keeps_everyones_code():
    table = ratings.from_columns(["a", "a", "b"], ["r", "s", "r"], [1, 2, 3], view_angle=[0, 18, 0])
    rest = table.without_raters([0])
    assert (rest.rater.tolist(), rest.raters, rest.view_angle.tolist()) == ([1], ("r", "s"), [18])


def test_a_row_that_is_no_vote_is_named():
    with pytest.raises(ratings.BadRow, match=r"^Row 2 has the score 'good': a score must be a number\.$"):
        ratings.from_columns(["a", "b"], ["r", "r"], ["1", "good"])
    with pytest.raises(ratings.BadRow, match="Row 1 has no rater"):
        ratings.from_columns(["a"], [None], [1])
    with pytest.raises(ratings.BadRow, match="use whole degrees"):
        ratings.from_columns(["a"], ["r"], [1], view_angle=[22.5])


def test_a_score_that_is_not_there_is_a_vote_not_given():
    table = ratings.from_columns(list("abcd"), list("rrrr"), ["NA", "", None, "3"])
    assert (table.stimuli, table.score.tolist()) == (tuple("abcd"), [3])


def test_a_second_vote_on_the_same_stimulus_counts_and_is_counted():
    table = ratings.from_columns(["a", "a", "a", "b"], ["r", "r", "s", "r"], [1, 1, 2, 3])
    assert (len(table.score), table.repeated_votes) == (4, 1)


def test_a_table_without_a_row_is_refused():
    with pytest.raises(ValueError, match="no votes"):
        ratings.from_columns([], [], [])
