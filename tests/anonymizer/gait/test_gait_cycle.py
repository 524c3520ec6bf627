import cv2
import numpy as np
import pytest

from anonymizer.gait.gait_cycle import period, phase_map, walk_features
from anonymizer.gait.walkers import walk
from tests.anonymizer.gait.walking_figure import walking_figure


@pytest.mark.parametrize("view_angle", [0, 18, 36, 54, 72, 90])
@pytest.mark.parametrize("cycle", [22, 26.5, 32])
def test_the_cycle_is_found_at_every_view_angle(view_angle: int, cycle: float) -> None:
    assert period(walking_figure(50, cycle, view_angle=view_angle)) == pytest.approx(cycle, abs=0.8)


def test_from_the_side_two_equal_steps_make_one_cycle() -> None:
    walk = walking_figure(60, 28, view_angle=90)
    swings = walk_features(walk).swings
    assert np.linalg.norm(swings[0] - swings[14]) < 0.3 * np.linalg.norm(swings[0] - swings[7])
    assert period(walk) == pytest.approx(28, abs=0.5)


def test_a_limp_makes_the_cycle_unmistakable() -> None:
    assert period(walking_figure(60, 30, limp=0.5)) == pytest.approx(30, abs=0.5)


def test_a_recording_with_few_frames_a_second_has_a_short_cycle() -> None:
    assert period(walking_figure(50, 8.3, view_angle=30)) == pytest.approx(8.3, abs=0.3)


def test_noise_at_the_edges_does_not_hide_the_cycle() -> None:
    walk = walking_figure(50, 26)
    noisy = walk ^ (np.random.default_rng(1).random(walk.shape) < 0.01)
    assert period(noisy) == pytest.approx(26, abs=1)


def test_blank_frames_do_not_hide_the_cycle() -> None:
    walk = walking_figure(50, 26)
    walk[[3, 4, 20, 41]] = False
    assert period(walk) == pytest.approx(26, abs=0.6)


@pytest.mark.parametrize("frames", [1, 4, 12])
def test_a_walk_shorter_than_a_cycle_has_none(frames: int) -> None:
    assert period(walking_figure(frames, 26)) is None


def test_who_only_glides_has_no_cycle() -> None:
    still = np.repeat(walking_figure(1), 50, axis=0)
    assert period(still) is None
    assert period(np.stack([np.roll(frame, index, axis=1) for index, frame in enumerate(still)])) is None


@pytest.mark.parametrize("seed", range(8))
def test_an_outline_that_flickers_is_no_cycle(seed: int) -> None:
    still = np.repeat(walking_figure(1), 50, axis=0)
    outline = cv2.morphologyEx(still[0].astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    assert period(still ^ (outline & (np.random.default_rng(seed).random(still.shape) < 0.5))) is None


def test_blank_silhouettes_have_no_cycle() -> None:
    assert period(np.zeros((50, 120, 160), np.bool_)) is None


def _phase_error(frames: np.ndarray, ours: float, theirs: float, start: float) -> np.ndarray:
    """How far, in cycles, each chosen donor frame's phase is from the original frame's."""
    apart = np.arange(len(frames)) / ours - (frames / theirs + start)
    return np.abs(apart - np.rint(apart))


@pytest.mark.parametrize("view_angle", [18, 54])
@pytest.mark.parametrize(("theirs", "start"), [(26, 0.0), (26, 0.4), (22, 0.7), (31, 0.2)])
def test_the_phase_map_shows_the_same_moment_of_the_cycle(
    view_angle: int, theirs: float, start: float
) -> None:
    original = walking_figure(50, 26, view_angle=view_angle)
    donor = walking_figure(50, theirs, view_angle=view_angle, start=start, stoutness=1.4)
    assert _phase_error(phase_map(original, donor), 26, theirs, start).max() < 0.08


@pytest.mark.parametrize("every", [1, 2])
def test_a_lag_that_may_be_a_step_or_a_cycle_is_tried_as_both(every: int) -> None:
    """30 frames at 25 a second, of a cycle too long to be seen in them, and 30 at 12.5."""
    frames = 30 if every == 1 else 60
    donor = walk(6, 1, "nm", 1, view_angles=(90,), frames=50)[90]
    slow = np.ascontiguousarray(walk(6, 0, "nm", 1, view_angles=(90,), frames=frames)[90][::every])
    cycle = period(donor)
    assert cycle is not None
    pace = np.diff(phase_map(slow, donor)) % cycle  # going back by a cycle is going on
    assert np.median(pace) == pytest.approx(every, abs=0.35 * every)


@pytest.mark.parametrize(("every", "frames"), [(2, 15), (3, 12), (4, 15)])
def test_a_short_clip_with_few_frames_a_second_is_kept_in_step_though_its_cycle_is_not_sure(
    every: int, frames: int
) -> None:
    donor = walk(6, 1, "nm", 1, view_angles=(90,), frames=50)[90]
    whole = walk(6, 0, "nm", 1, view_angles=(90,), frames=60)[90]
    short = np.ascontiguousarray(whole[::every][:frames])
    ours, theirs = period(whole), period(donor)
    assert period(short) is None
    assert ours is not None
    assert theirs is not None
    pace = np.diff(phase_map(short, donor)) % theirs  # going back by a cycle is going on
    assert pace.mean() == pytest.approx(every * theirs / ours, rel=0.12)


def test_the_phase_map_of_a_walk_onto_itself_changes_no_frame() -> None:
    walk = walking_figure(50, 26, view_angle=36)
    assert phase_map(walk, walk).tolist() == list(range(50))


def test_a_short_donor_is_repeated_by_whole_cycles() -> None:
    donor = walking_figure(40, 26, view_angle=36, start=0.5)
    frames = phase_map(walking_figure(80, 26, view_angle=36), donor)
    assert _phase_error(frames, 26, 26, 0.5).max() < 0.08
    assert set(np.diff(frames)) <= {1, -25}  # on by one, or back by a whole cycle


def test_kept_features_give_the_same_map_as_the_silhouettes() -> None:
    original, donor = walking_figure(50, 26), walking_figure(50, 23, start=0.3)
    kept = walk_features(donor)
    assert phase_map(original, kept).tolist() == phase_map(original, donor).tolist()


def test_blank_donor_frames_are_not_chosen_where_others_serve() -> None:
    donor = walking_figure(80, 26, view_angle=36)
    donor[:4] = False
    assert phase_map(walking_figure(50, 26, view_angle=36), donor).min() >= 4


def test_every_original_frame_gets_a_frame_the_donor_has() -> None:
    for frames in (1, 2, 7, 90):
        chosen = phase_map(walking_figure(50, 26), walking_figure(frames, 26))
        assert chosen.shape == (50,)
        assert 0 <= chosen.min() <= chosen.max() <= frames - 1


def test_a_donor_without_a_body_is_refused() -> None:
    with pytest.raises(ValueError, match="into phase"):
        phase_map(walking_figure(10), np.zeros((10, 120, 160), np.bool_))
