"""Practice first, checks in between, and every seat's own order."""

import pytest

from studies.mos.sessions import sessions

SEATS = [list(range(1, 31))] * 40


def test_practice_stands_first_and_checks_are_spread_over_the_pairs():
    for session in sessions(SEATS, training=[101, 102, 103], checks=[201, 202, 203], seed=4):
        assert sorted(session[:3]) == [101, 102, 103]
        places = [index - 3 for index, name in enumerate(session) if name > 200]
        assert len(places) == 3
        assert [name for name in session[3:] if name < 100] == SEATS[0]
        for number, place in enumerate(
            places
        ):  # the number-th of three stretches, after the checks before it
            assert 10 * number + 1 + number <= place <= 10 * (number + 1) + number


def test_no_session_begins_with_a_check():
    assert all(session[0] < 100 for session in sessions(SEATS, training=[], checks=[201, 202], seed=1))


def test_orders_differ_between_seats_and_follow_from_the_seed():
    drawn = sessions(SEATS, training=[101, 102, 103], checks=[201, 202, 203], seed=4)
    assert len({tuple(session) for session in drawn}) > 30
    assert drawn == sessions(SEATS, training=[101, 102, 103], checks=[201, 202, 203], seed=4)
    assert drawn[:7] == sessions(SEATS[:7], training=[101, 102, 103], checks=[201, 202, 203], seed=4)


@pytest.mark.parametrize("checks", [1, 2, 5])
def test_more_checks_than_pairs_are_shown_all_the_same(checks):
    names = list(range(201, 201 + checks))
    (session,) = sessions([[1, 2]], training=[], checks=names, seed=2)
    assert sorted(session) == [1, 2, *names]


def test_without_practice_and_checks_a_session_is_its_pairs():
    assert sessions([[3, 1, 2]], training=[], checks=[], seed=0) == [[3, 1, 2]]
