import numpy as np
import pytest

from studies.mos import planning, statistics
from studies.mos.planning import Spread


def test_the_expected_width_is_about_what_studies_get():
    spread = Spread(0.35, 0.45, 0.7)
    widths = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        rater, clip = np.repeat(np.arange(30), 12), np.tile(np.arange(12), 30)
        score = rng.normal(0, 0.35, 30)[rater] + rng.normal(0, 0.45, 12)[clip] + rng.normal(0, 0.7, 360)
        (row,) = statistics.mos_by_group(np.zeros_like(rater), rater, clip, score)
        widths.append((row.ci95_clustered[1] - row.ci95_clustered[0]) / 2)
    expected = planning.expected_half_width(raters=30, clips=12, votes_per_rater=12, spread=spread)
    assert np.mean(widths) == pytest.approx(expected, rel=0.1)


def test_more_raters_narrow_it_but_not_below_what_the_clips_allow():
    widths = [
        planning.expected_half_width(raters=n, clips=9, votes_per_rater=30 / 11)
        for n in (10, 30, 100, 10_000)
    ]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] > 1.96 * 0.45 / 3


def test_raters_needed_is_the_fewest_that_suffice():
    plan = {"clips": 40, "votes_per_rater": 3}
    needed = planning.raters_needed(0.25, **plan)
    assert planning.expected_half_width(raters=needed, **plan) <= 0.25
    assert planning.expected_half_width(raters=needed - 1, **plan) > 0.25


def test_no_number_of_raters_makes_up_for_few_clips():
    assert planning.raters_needed(0.1, clips=9, votes_per_rater=3) is None


def test_one_rater_or_one_clip_promises_no_interval():
    assert planning.expected_half_width(raters=1, clips=9, votes_per_rater=3) is None
    assert planning.expected_half_width(raters=30, clips=1, votes_per_rater=1) is None
    assert planning.expected_half_width(raters=30, clips=9, votes_per_rater=0) is None


def test_the_papers_study_lacks_raters_and_a_full_one_nothing():
    study = {"pairs_per_rater": 30, "training_pairs": 5, "clip_seconds": 10}
    assert planning.advice(raters=30, **study) == [
        "30 raters: use at least 35 after screening in uncontrolled surroundings."
    ]
    assert planning.advice(raters=30, **study, controlled=True) == []


def test_advice_names_every_shortcoming():
    given = planning.advice(raters=3, pairs_per_rater=200, training_pairs=1, clip_seconds=5)
    assert len(given) == 4
    assert given[1] == "A session takes 54 minutes: keep it to 30."


def test_a_session_counts_both_clips_the_grey_and_the_choice():
    assert planning.session_minutes(pairs=30, clip_seconds=10) == 13


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: planning.expected_half_width(raters=3, clips=2, votes_per_rater=3),
            "between 0 and the 2 clips",
        ),
        (lambda: planning.raters_needed(0, clips=9, votes_per_rater=3), "above 0"),
        (lambda: Spread(rater=-1), "0 or more"),
        (lambda: Spread(rest=float("nan")), "0 or more"),
    ],
)
def test_impossible_plans_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
