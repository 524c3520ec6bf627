"""Variances out of votes whose variances are known."""

import numpy as np
import pytest

from studies.mos.pilot import spread_of


def votes(raters, clips, sd, seed, share=1.0):
    """Continuous votes of a crossed design, of which `share` are there."""
    rng = np.random.default_rng(seed)
    grid = np.array([(r, c) for r in range(raters) for c in range(clips) if rng.random() < share])
    of_rater, of_clip = rng.normal(0, sd[0], raters), rng.normal(0, sd[1], clips)
    scores = 3 + of_rater[grid[:, 0]] + of_clip[grid[:, 1]] + rng.normal(0, sd[2], len(grid))
    return grid[:, 0], grid[:, 1], scores


@pytest.mark.parametrize("share", [1.0, 0.15])
@pytest.mark.parametrize("sd", [(0.35, 0.45, 0.7), (0.6, 0.1, 0.3), (0.1, 0.7, 0.9)])
def test_the_standard_deviations_that_made_the_votes_are_found_again(sd, share):
    found = []
    for seed in range(12):
        raters, clips, scores = votes(80, 90, sd, seed, share)
        spread = spread_of(np.zeros(len(scores)), raters, clips, scores)
        found.append([spread.rater, spread.clip, spread.rest])
    assert np.abs(np.mean(found, axis=0) - sd).max() < 0.05


def test_the_sums_over_pairs_are_those_of_a_loop_over_pairs():
    raters, clips, scores = votes(5, 4, (0.4, 0.5, 0.6), 3, 0.7)
    rest = scores - scores.mean()
    halves = {"apart": [], "rater": [], "clip": []}
    for i in range(len(rest)):
        for j in range(i):
            kind = "rater" if raters[i] == raters[j] else "clip" if clips[i] == clips[j] else "apart"
            halves[kind].append((rest[i] - rest[j]) ** 2 / 2)
    apart, of_rater, of_clip = (np.mean(halves[kind]) for kind in ("apart", "rater", "clip"))
    spread = spread_of(np.zeros(len(rest)), raters, clips, scores)
    assert spread.rater**2 == pytest.approx(max(0, apart - of_rater))
    assert spread.clip**2 == pytest.approx(max(0, apart - of_clip))
    assert spread.rest**2 == pytest.approx(max(0, of_rater + of_clip - apart))


def test_how_high_a_group_lies_is_no_variance():
    raters, clips, scores = votes(40, 40, (0.3, 0.3, 0.5), 5)
    group = clips % 2
    apart = spread_of(group, raters, clips, scores + 2.0 * group)
    together = spread_of(group, raters, clips, scores)
    assert apart.clip == pytest.approx(together.clip)


@pytest.mark.parametrize(
    ("raters", "clips"),
    [([0], [0]), ([0, 0, 0], [0, 1, 2]), ([0, 1, 2], [0, 0, 0]), ([0, 1, 2], [0, 1, 2])],
    ids=["one vote", "one rater", "one clip", "nothing shared"],
)
def test_too_little_to_tell_them_apart_is_none(raters, clips):
    assert spread_of([0] * len(raters), raters, clips, [3.0] * len(raters)) is None


def test_votes_that_are_all_alike_vary_in_nothing():
    spread = spread_of([0] * 9, [0, 0, 0, 1, 1, 1, 2, 2, 2], [0, 1, 2] * 3, [4] * 9)
    assert (spread.rater, spread.clip, spread.rest) == (0.0, 0.0, 0.0)
