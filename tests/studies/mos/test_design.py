import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.mos import design

CASIA_B = list(range(0, 181, 18))
PAPER = [angle for angle in CASIA_B for _ in range(9)]  # 99 pairs


def exposures_by_seat(plan, labels):
    """How often each label was shown after each prefix of seats, (seats, labels)."""
    seen = np.asarray(labels)[plan]
    return np.stack([(seen == label).sum(axis=1) for label in np.unique(labels)], axis=1).cumsum(axis=0)


def spread(exposures):
    return (exposures.max(axis=1) - exposures.min(axis=1)).max()


def equal_neighbours(view_angles):
    return int((view_angles[1:] == view_angles[:-1]).sum())


@st.composite
def shapes(draw, equal):
    angles = draw(st.integers(1, 12))
    if equal:
        counts = [draw(st.integers(1, 10))] * angles
    else:
        counts = draw(st.lists(st.integers(1, 10), min_size=angles, max_size=angles))
    pairs = [18 * a for a, n in enumerate(counts) for _ in range(n)]
    pairs = list(draw(st.permutations(pairs)))
    return pairs, draw(st.integers(1, len(pairs))), draw(st.integers(1, 25)), draw(st.integers(0, 10**6))


@settings(max_examples=60, deadline=None)
@given(shapes(equal=True))
def test_every_prefix_of_seats_is_balanced_to_one_over_pairs_and_view_angles(shape):
    view_angles, per_rater, seats, seed = shape
    plan = design.seats(view_angles, seats=seats, pairs_per_rater=per_rater, seed=seed)
    assert plan.shape == (seats, per_rater)
    assert spread(exposures_by_seat(plan, range(len(view_angles)))) <= 1
    assert spread(exposures_by_seat(plan, view_angles)) <= 1


@settings(max_examples=60, deadline=None)
@given(shapes(equal=False))
def test_with_unequal_view_angles_pairs_stay_balanced_and_angles_stay_within_their_share(shape):
    view_angles, per_rater, seats, seed = shape
    plan = design.seats(view_angles, seats=seats, pairs_per_rater=per_rater, seed=seed)
    assert spread(exposures_by_seat(plan, range(len(view_angles)))) <= 1
    _, counts = np.unique(view_angles, return_counts=True)
    shown = np.arange(1, seats + 1)[:, None] * per_rater
    exposures = exposures_by_seat(plan, view_angles) * len(view_angles)
    assert (np.abs(exposures - shown * counts) < len(view_angles)).all()


@settings(max_examples=40, deadline=None)
@given(shapes(equal=False))
def test_nobody_sees_a_pair_twice(shape):
    view_angles, per_rater, seats, seed = shape
    plan = design.seats(view_angles, seats=seats, pairs_per_rater=per_rater, seed=seed)
    assert all(len(set(row)) == per_rater for row in plan.tolist())


@settings(max_examples=40, deadline=None)
@given(shapes(equal=False))
def test_neighbours_share_a_view_angle_only_as_often_as_the_numbers_force(shape):
    view_angles, per_rater, seats, seed = shape
    for row in design.seats(view_angles, seats=seats, pairs_per_rater=per_rater, seed=seed):
        seen = np.asarray(view_angles)[row]
        most = np.unique(seen, return_counts=True)[1].max()
        assert equal_neighbours(seen) == max(0, most - (per_rater - most) - 1)


def test_the_papers_study_shows_each_rater_two_or_three_pairs_of_every_angle():
    plan = design.seats(PAPER, seats=30, pairs_per_rater=30, seed=7)
    for row in plan:
        _, counts = np.unique(np.asarray(PAPER)[row], return_counts=True)
        assert sorted(set(counts.tolist())) == [2, 3]
        assert equal_neighbours(np.asarray(PAPER)[row]) == 0
    assert np.bincount(plan.ravel()).tolist().count(9) + np.bincount(plan.ravel()).tolist().count(10) == 99


def test_the_seed_decides_and_more_seats_only_append():
    some = design.seats(PAPER, seats=5, pairs_per_rater=30, seed=1)
    assert (design.seats(PAPER, seats=9, pairs_per_rater=30, seed=1)[:5] == some).all()
    assert (design.seats(PAPER, seats=5, pairs_per_rater=30, seed=2) != some).any()


def test_orders_and_company_differ_between_raters():
    plan = design.seats(PAPER, seats=33, pairs_per_rater=33, seed=3)
    assert len({tuple(row) for row in plan.tolist()}) == 33
    assert len({frozenset(row) for row in plan.tolist()}) == 33


def test_a_rater_who_sees_everything_sees_everything_once():
    plan = design.seats(PAPER, seats=4, pairs_per_rater=99, seed=0)
    assert (np.sort(plan, axis=1) == np.arange(99)).all()


def test_one_view_angle_is_fine():
    plan = design.seats([90] * 4, seats=3, pairs_per_rater=3, seed=0)
    assert spread(exposures_by_seat(plan, range(4))) <= 1


@pytest.mark.parametrize(
    ("view_angles", "seats", "per_rater", "message"),
    [
        ([0, 18], 3, 3, "use at most 2 pairs per rater"),
        ([], 3, 3, "at least one pair"),
        ([0, 18], 0, 1, "0 seats of 1 pairs"),
        ([0, 18], 1, 0, "1 seats of 0 pairs"),
    ],
)
def test_an_impossible_study_says_what_to_change(view_angles, seats, per_rater, message):
    with pytest.raises(ValueError, match=message):
        design.seats(view_angles, seats=seats, pairs_per_rater=per_rater, seed=0)


# --- Several conditions ---------------------------------------------------------------------------
@st.composite
def studies_of_conditions(draw):
    """The same walks under each condition, as many at a view angle as there happen to be."""
    conditions = draw(st.integers(2, 5))
    walks = draw(st.lists(st.integers(1, 6), min_size=1, max_size=11))
    pairs = [(18 * a, c) for a, n in enumerate(walks) for _ in range(n) for c in range(conditions)]
    pairs = list(draw(st.permutations(pairs)))
    view_angles, of_condition = zip(*pairs, strict=True)
    per_rater, seats = draw(st.integers(1, len(pairs))), draw(st.integers(1, 25))
    return view_angles, of_condition, per_rater, seats, draw(st.integers(0, 10**6)), len(set(walks)) == 1


@settings(max_examples=80, deadline=None)
@given(studies_of_conditions())
def test_every_prefix_of_seats_is_balanced_to_one_over_conditions_and_within_each_view_angle(study):
    view_angles, conditions, per_rater, seats, seed, even = study
    plan = design.seats(
        view_angles, conditions_of_pairs=conditions, seats=seats, pairs_per_rater=per_rater, seed=seed
    )
    assert spread(exposures_by_seat(plan, range(len(view_angles)))) <= 1
    assert spread(exposures_by_seat(plan, conditions)) <= 1
    for angle in set(view_angles):
        there = np.array([c if a == angle else -1 for a, c in zip(view_angles, conditions, strict=True)])
        seen = np.stack([(there[plan] == c).sum(axis=1) for c in set(conditions)], axis=1).cumsum(axis=0)
        assert spread(seen) <= 1
    if even:
        assert spread(exposures_by_seat(plan, view_angles)) <= 1
    assert all(len(set(row)) == per_rater for row in plan.tolist())


def test_one_condition_is_drawn_as_none_is():
    plain = design.seats(PAPER, seats=9, pairs_per_rater=30, seed=4)
    one = design.seats(PAPER, conditions_of_pairs=[7] * 99, seats=9, pairs_per_rater=30, seed=4)
    assert (plain == one).all()


@pytest.mark.parametrize("counts", [(1, 4), (3, 2)])
def test_conditions_of_unequal_size_are_shown_in_proportion(counts):
    conditions = [c for c, n in enumerate(counts) for _ in range(n)] * 3
    view_angles = [18 * (i // sum(counts)) for i in range(len(conditions))]
    plan = design.seats(view_angles, conditions_of_pairs=conditions, seats=20, pairs_per_rater=4, seed=1)
    assert spread(exposures_by_seat(plan, range(len(conditions)))) <= 1


def test_as_many_conditions_as_pairs_are_needed():
    with pytest.raises(ValueError, match="2 conditions for 3 pairs"):
        design.seats([0, 0, 90], conditions_of_pairs=[0, 1], seats=1, pairs_per_rater=1, seed=0)
