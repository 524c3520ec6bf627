from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest

from anonymizer.gait import methods
from anonymizer.gait.donors import Donor, Track
from anonymizer.gait.replace_best import replaced
from anonymizer.gait.replace_best_bound import bound
from anonymizer.gait.replace_best_choice import Figures, differences, evenly
from anonymizer.gait.replace_best_donors import draw, secret_generator
from anonymizer.gait.replace_best_levels import STATURES, level_of
from anonymizer.gait.replace_best_observed import observed
from anonymizer.gait.replace_best_parameters import PARAMETERS
from anonymizer.gait.replace_best_path import course_of, fitted
from anonymizer.gait.replace_best_scene import Chances, View, scene
from anonymizer.gait.silhouettes import Silhouettes, blank_frames, bounding_boxes, mean_iou
from anonymizer.gait.walkers import walk
from tests.anonymizer.gait.walking_figure import walking_figure

ANGLES = (0, 90)
STEADY = {**{name: spec.default for name, spec in PARAMETERS.items()}, "pace": "steady"}


@cache
def original(subject: int = 0) -> Donor:
    return Donor(walk(31, subject, "nm", 1, view_angles=ANGLES, frames=30))


@cache
def place(subject: int = 0) -> dict[int, View]:
    return scene(original(subject), STEADY, Chances(0.0, 0.5))


def anonymized(track: Track, seed: int = 0, **parameters: object) -> dict[int, Silhouettes]:
    settings = {"draws": "seeded", "n": 3, "pace": "steady", **parameters}
    return methods.anonymize(track, "replace-best", parameters=settings, rng=np.random.default_rng(seed))


def same(one: Track, other: Track) -> bool:
    return all(np.array_equal(one[angle], other[angle]) for angle in one)


# --- What comes of it -----------------------------------------------------------------------------
def test_a_replaced_walk_keeps_frame_count_view_angles_and_place() -> None:
    result = anonymized(original())
    assert {angle: shown.shape for angle, shown in result.items()} == {
        angle: shown.shape for angle, shown in original().items()
    }
    for angle, shown in result.items():
        assert 0.55 < mean_iou(original()[angle], shown) < 0.95
        assert not blank_frames(shown).any()


def test_the_same_generator_gives_the_same_bits_and_another_another_walker() -> None:
    assert same(anonymized(original(), seed=1), anonymized(original(), seed=1))
    assert not same(anonymized(original(), seed=1), anonymized(original(), seed=2))


def test_secret_draws_cannot_be_repeated() -> None:
    assert not same(anonymized(original(), draws="secret"), anonymized(original(), draws="secret"))
    one, other = secret_generator(), secret_generator()
    assert one.integers(2**62) != other.integers(2**62)


def test_of_more_donors_the_best_lies_nearer() -> None:
    def nearness(n: int) -> float:
        return float(
            np.mean(
                [
                    mean_iou(original(s)[90], anonymized(original(s), seed, n=n)[90])
                    for s in range(2)
                    for seed in range(3)
                ]
            )
        )

    assert nearness(1) < nearness(8)


# --- What of the original reaches it --------------------------------------------------------------
def test_all_views_share_one_donor() -> None:
    candidates = draw(np.random.default_rng(5), 4)
    both = replaced(original(), place(), candidates, 7, 0.0)
    alone = [replaced(original(), place(), [each], 7, 0.0) for each in candidates]
    assert sum(same(both, each) for each in alone) == 1
    assert sum(np.array_equal(both[0], each[0]) for each in alone) == 1  # so the views can be told apart


def test_with_one_donor_nothing_but_the_path_of_the_original_is_used() -> None:
    candidates = draw(np.random.default_rng(6), 1)
    first, other = (replaced(original(subject), place(0), candidates, 7, 0.35) for subject in (0, 1))
    assert same(first, other)


def test_the_original_decides_only_among_the_donors_drawn() -> None:
    candidates = draw(np.random.default_rng(8), 3)
    alone = [replaced(original(0), place(0), [each], 7, 0.35) for each in candidates]
    for subject in range(3):
        among = replaced(original(subject), place(0), candidates, 7, 0.35)
        assert sum(same(among, each) for each in alone) == 1


def test_donors_are_drawn_before_the_original_is_looked_at() -> None:
    rngs = [np.random.default_rng(9), np.random.default_rng(9)]
    one, other = (draw(rng, 2) for rng in rngs)
    assert [each.key for each in one] == [each.key for each in other]
    assert one[0].key != one[1].key
    # The stream goes on alike, however much of its own stream a donor used.
    assert rngs[0].integers(2**62) == rngs[1].integers(2**62)
    longer = draw(np.random.default_rng(9), 3)
    assert [each.key for each in longer[:2]] == [each.key for each in one]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_an_attacker_who_knows_the_whole_draw_names_no_more_than_the_bound(n: int) -> None:
    """Exactly, over all ways to draw n of five donors, with the walkers' own differences from four people."""
    donors = [Figures(each) for each in draw(np.random.default_rng(10), 5)]
    fits = np.array([differences(original(person), place(person), donors) for person in range(4)])
    chances = np.zeros(fits.shape)  # p(donor | person)
    for drawn in product(range(5), repeat=n):
        for person in range(4):
            chances[person, drawn[int(fits[person, list(drawn)].argmin())]] += 5.0**-n
    assert (chances <= n / 5 + 1e-12).all()
    assert chances.max(axis=0).sum() / 4 <= bound(n, 4) + 1e-12


def test_by_default_not_even_the_speed_is_the_originals() -> None:
    usual = {name: spec.default for name, spec in PARAMETERS.items()}
    courses = [scene(original(subject), usual, Chances(0.0, 0.5))[90].course for subject in range(2)]
    assert [course.speed for course in courses] == [None, None]


@pytest.mark.parametrize("speeds", [1, 2])
def test_of_the_originals_speed_only_the_level_is_used(speeds: int) -> None:
    settings = {**STEADY, "pace": "level", "speeds": speeds}
    for subject in range(2):
        views = scene(original(subject), settings, Chances(0.0, 0.5)).values()
        measured = [view.course.speed for view in place(subject).values() if view.course.speed is not None]
        assert {view.course.speed for view in views} == {level_of(measured, speeds)}


@pytest.mark.parametrize("statures", [1, 3])
def test_of_the_originals_stature_only_the_level_is_used(statures: int) -> None:
    settings = {**STEADY, "statures": statures}
    for subject in range(2):
        walk = original(subject)
        views = {angle: observed(walk.walk(angle), 25.0) for angle in walk}
        measured = course_of(fitted(views), views[90]).stature
        assert measured is not None
        given = {view.course.stature for view in scene(walk, settings, Chances(0.0, 0.5)).values()}
        assert given == {level_of([measured], statures, STATURES)}


# --- Parameters -----------------------------------------------------------------------------------
def test_the_donors_own_pace_and_jitter_change_the_course_alone() -> None:
    steady = place()[90].course
    assert steady.speed is not None
    own = scene(original(), {**STEADY, "pace": "donor"}, Chances(0.0, 0.5))[90].course
    assert own == replace(steady, speed=None)
    faster = scene(original(), {**STEADY, "speed_jitter": 0.1}, Chances(1.0, 0.5))[90].course
    assert faster == replace(steady, speed=steady.speed * float(np.exp(0.1)))


def test_without_spread_everybody_becomes_the_mean_walker() -> None:
    one, other = draw(np.random.default_rng(3), 2, spread=0.0)
    mesh = 1229
    assert np.allclose(one.figure.body.points[:mesh], other.figure.body.points[:mesh], atol=1e-6)
    assert np.allclose(one.gait.rotation, other.gait.rotation)


# --- Difficult input ------------------------------------------------------------------------------
def test_blank_frames_and_views_stay_blank() -> None:
    gaps = {0: np.zeros_like(original()[0]), 90: original()[90].copy()}
    gaps[90][[3, 4, 20]] = False
    result = anonymized(gaps)
    assert not result[0].any()
    assert np.flatnonzero(blank_frames(result[90])).tolist() == [3, 4, 20]


def test_a_body_cut_off_by_the_border_does_not_pull_the_path() -> None:
    cut = {90: original()[90].copy()}
    cut[90][:4, :125] = False  # the first frames lose their heads
    cut[90][-3:, 215:] = False
    whole, broken = (anonymized({90: track[90]}, n=1)[90] for track in (original(), cut))
    assert mean_iou(whole, broken) > 0.8


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_a_walk_too_short_for_phase_and_speed_is_replaced_all_the_same(frames: int) -> None:
    short = {angle: shown[10 : 10 + frames] for angle, shown in original().items()}
    result = anonymized(short)
    for angle, shown in result.items():
        assert shown.shape == short[angle].shape
        assert mean_iou(short[angle], shown) > 0.4


def test_crops_that_follow_the_walker_keep_their_height_in_every_frame() -> None:
    crops = np.zeros((30, 64, 64), np.bool_)
    for frame, crop in zip(walking_figure(30, shape=(240, 320), drift=0), crops, strict=True):
        rows, columns = np.nonzero(frame)
        middle = int(columns.mean())
        height = np.ptp(rows) + 1
        at = (np.arange(64) + 0.5) / 64 * height
        crop[:] = frame[rows.min() + at.astype(int)][:, (middle - height / 2 + at).astype(int)]
    boxes = bounding_boxes(anonymized({90: crops}, noise=0.0)[90])
    assert np.abs((boxes[:, 2] - boxes[:, 0]) - 64).max() <= 2


def test_a_long_walk_that_the_frame_follows_stays_in_it_at_any_frame_rate() -> None:
    crops = {90: walking_figure(60, cycle=8.0, shape=(192, 192), drift=0)}
    result = anonymized(crops, frame_rate=7.5)[90]
    boxes, before = bounding_boxes(result), bounding_boxes(crops[90])
    assert np.abs((boxes - before)[:, [0, 2]]).mean() < 8
    assert np.abs((boxes[:, 1] + boxes[:, 3] - 192) / 2).mean() < 20


def test_who_goes_to_the_right_is_replaced_by_who_goes_to_the_right() -> None:
    left = walk(31, 0, "nm", 1, view_angles=(90,), frames=30)[90][:, 20:, 20:300]  # no known camera's size
    right = {90: np.ascontiguousarray(left[:, :, ::-1])}
    result = anonymized(right)[90]
    boxes = bounding_boxes(result)
    assert boxes[-1, 1] - boxes[0, 1] > 60
    assert mean_iou(right[90], result) > 0.55


def test_a_path_that_these_cameras_cannot_have_seen_is_refused_where_it_is_asked_for() -> None:
    track = {90: walking_figure(30, shape=(240, 320))}
    with pytest.raises(ValueError, match="does not fit the known cameras"):
        anonymized(track, path="camera")
    assert anonymized(track)[90].shape == (30, 240, 320)


def test_frames_compared_are_spread_evenly() -> None:
    assert evenly(range(50), 7) == [3, 10, 17, 25, 32, 39, 46]
    assert evenly([4, 9], 7) == [4, 9]
