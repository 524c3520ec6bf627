import itertools
import json
import math

import numpy as np
import pytest
import scipy.stats

from studies.mos import statistics


def votes_of(rng, *, raters=30, clips=33, each=30, rater_sd=0.35, clip_sd=0.45, mean=3.4):
    """Votes with rater and clip effects: columns (rater, clip, score)."""
    rater_effect, clip_effect = rng.normal(0, rater_sd, raters), rng.normal(0, clip_sd, clips)
    rater = np.repeat(np.arange(raters), each)
    clip = np.concatenate([rng.permutation(clips)[:each] for _ in range(raters)])
    score = mean + rater_effect[rater] + clip_effect[clip] + rng.normal(0, 0.6, len(rater))
    return rater, clip, np.clip(np.round(score), 1, 5)


def clustered_by_the_book(rater, clip, score):
    """The interval of one group, written as the formula reads."""
    n, mean = len(score), sum(score) / len(score)

    def variance(labels):
        groups = sorted(set(labels))
        sums = [sum(s - mean for s, at in zip(score, labels, strict=True) if at == g) for g in groups]
        return len(groups) / (len(groups) - 1) * sum(s * s for s in sums) / n**2

    v = variance(rater) + variance(clip) - variance(range(n))
    v = v if v > 0 else max(variance(rater), variance(clip))
    half = scipy.stats.t.ppf(0.975, min(len(set(rater)), len(set(clip))) - 1) * math.sqrt(v)
    return mean - half, mean + half


def test_mos_of_a_stimulus_has_students_interval():
    a, b = statistics.mos_by_stimulus([0, 0, 0, 1, 1], [2, 3, 4, 5, 4], 2)
    assert (a.mos, a.votes, b.mos, b.votes) == (3, 3, 4.5, 2)
    assert a.ci95 == pytest.approx(scipy.stats.t.ppf(0.975, 2) / math.sqrt(3))
    assert b.ci95 == pytest.approx(scipy.stats.t.ppf(0.975, 1) * math.sqrt(0.5) / math.sqrt(2))


def test_one_vote_has_a_mean_and_no_interval_and_no_vote_has_neither():
    lonely, unseen, agreed = statistics.mos_by_stimulus([0, 2, 2], [4, 3, 3], 3)
    assert lonely == statistics.StimulusScore(4.0, None, 1)
    assert unseen == statistics.StimulusScore(None, None, 0)
    assert agreed == statistics.StimulusScore(3.0, 0.0, 2)


def test_the_clustered_interval_is_the_formula_in_each_group():
    rng = np.random.default_rng(4)
    rater, clip, score = votes_of(rng, raters=8, clips=12, each=7)
    group = clip % 3
    for row in statistics.mos_by_group(group * 18, rater, clip, score):
        here = group * 18 == row.group
        expected = clustered_by_the_book(rater[here].tolist(), clip[here].tolist(), score[here].tolist())
        assert row.ci95_clustered == pytest.approx(expected)
        assert row.mos == pytest.approx(score[here].mean())
        assert (row.votes, row.raters, row.clips) == (here.sum(), len(set(rater[here])), len(set(clip[here])))


def test_the_naive_interval_pools_votes_as_if_independent():
    rater, clip, score = votes_of(np.random.default_rng(1))
    (row,) = statistics.mos_by_group(np.zeros_like(rater), rater, clip, score)
    expected = scipy.stats.t.interval(0.95, len(score) - 1, score.mean(), scipy.stats.sem(score))
    assert row.ci95_naive == pytest.approx(expected)
    assert row.ci95_clustered[1] - row.ci95_clustered[0] > 1.5 * (row.ci95_naive[1] - row.ci95_naive[0])


def test_a_variance_below_zero_gives_way_to_the_larger_one_way_variance():
    rater, clip, score = [0, 0, 1, 1], [0, 1, 0, 1], [5.0, 1.0, 1.0, 5.0]  # both cluster sums are zero
    (row,) = statistics.mos_by_group([0] * 4, rater, clip, score)
    assert row.ci95_clustered == (3.0, 3.0)
    rater, clip, score = [0, 0, 1, 1], [0, 1, 0, 1], [5.0, 2.0, 1.0, 5.0]
    (row,) = statistics.mos_by_group([0] * 4, rater, clip, score)
    assert row.ci95_clustered == pytest.approx(clustered_by_the_book(rater, clip, score))


def test_clustered_intervals_cover_where_naive_ones_do_not():
    covered = {"clustered": 0, "naive": 0}
    for seed in range(150):
        rng = np.random.default_rng(seed)
        rater, clip = np.repeat(np.arange(24), 20), np.tile(np.arange(20), 24)
        score = rng.normal(0, 0.35, 24)[rater] + rng.normal(0, 0.45, 20)[clip] + rng.normal(0, 0.7, 480)
        (row,) = statistics.mos_by_group(np.zeros_like(rater), rater, clip, score)
        covered["clustered"] += row.ci95_clustered[0] <= 0 <= row.ci95_clustered[1]
        covered["naive"] += row.ci95_naive[0] <= 0 <= row.ci95_naive[1]
    assert covered["clustered"] >= 135
    assert covered["naive"] <= 110


@pytest.mark.parametrize(("rater", "clip"), [([0, 0, 0], [0, 1, 2]), ([0, 1, 2], [0, 0, 0]), ([0], [0])])
def test_one_rater_or_one_clip_leaves_the_clustered_interval_undefined(rater, clip):
    (row,) = statistics.mos_by_group([90] * len(rater), rater, clip, [3, 4, 5][: len(rater)])
    assert row.ci95_clustered is None
    assert (row.ci95_naive is None) == (len(rater) == 1)


def test_a_sparse_table_with_huge_codes_gives_the_same_as_a_dense_one():
    rater, clip, score = votes_of(np.random.default_rng(2), raters=40, clips=300, each=4)
    group = np.arange(len(score)) % 50
    sparse = statistics.mos_by_group(group, rater * 10**6, clip * 10**9, score)
    assert sparse == statistics.mos_by_group(group, rater, clip, score)
    for row, key in itertools.product(sparse[:3], range(3)):
        if row.group == key:
            here = group == key
            assert row.ci95_clustered == pytest.approx(
                clustered_by_the_book(rater[here].tolist(), clip[here].tolist(), score[here].tolist())
            )


def test_no_votes_at_all_give_no_groups():
    assert statistics.mos_by_group([], [], [], []) == []
    assert statistics.mos_by_stimulus([], [], 2) == [statistics.StimulusScore(None, None, 0)] * 2


def test_sos_a_is_the_least_squares_slope():
    stimulus, score = [0, 0, 1, 1, 1, 2], [1, 3, 3, 4, 5, 2]
    f, v = np.array([1 * 3, 3 * 1]), np.array([1.0, 2 / 3])  # the stimulus with one vote has no variance
    assert statistics.sos_a(stimulus, score, 3) == pytest.approx((v * f).sum() / (f * f).sum())


@pytest.mark.parametrize("score", [[5, 5, 1, 1], [0, 3, 2, 2], []])
def test_sos_a_is_undefined_at_the_scales_ends_and_off_the_scale(score):
    assert statistics.sos_a([0, 0, 1, 1][: len(score)], score, 2) is None


def test_score_counts_name_every_score_of_the_scale():
    assert statistics.score_counts([1, 3, 3, 5]) == [1, 0, 2, 0, 1]


def test_nulls_stand_for_what_json_cannot_hold():
    assert json.dumps(statistics.nulls([1.5, np.nan, np.inf])) == "[1.5, null, null]"
