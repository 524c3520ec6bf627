from itertools import pairwise

import numpy as np
import pytest

from anonymizer.gait.clip_loop import GREY, LoopPlan, loop_plan
from anonymizer.gait.clip_pictures import body_heights, centred, draw
from anonymizer.gait.silhouettes import Silhouettes
from tests.anonymizer.gait.walking_figure import walking_figure


def steps_and_seam(walk: Silhouettes, plan: LoopPlan) -> tuple[np.ndarray, float]:
    """How far the clip's pictures are apart from frame to frame, and at the joint."""
    size = (160, 120)
    framing = centred(walk, np.array(plan.heights), size)
    shown = [
        draw(walk[index], framing, index, size).astype(float) for index in plan.source_frames(plan.length + 1)
    ]
    apart = np.array([np.linalg.norm(b - a) for a, b in pairwise(shown)])
    return apart[:-1], float(apart[-1])


@pytest.mark.parametrize("view_angle", [0, 36, 54, 90])
@pytest.mark.parametrize("cycle", [23.4, 29])
def test_whole_cycles_are_repeated_with_at_most_a_step_at_the_joint(view_angle: int, cycle: float) -> None:
    walk = walking_figure(64, cycle, view_angle=view_angle)
    plan = loop_plan(walk)
    cycles = plan.length / cycle
    steps, seam = steps_and_seam(walk, plan)
    assert not plan.fades
    assert abs(cycles - round(cycles)) * cycle < 2
    assert seam <= steps.max()


def test_two_cycles_are_taken_where_they_join_as_well_as_one() -> None:
    assert loop_plan(walking_figure(60, 26, view_angle=36)).length == 52


def test_a_walk_without_a_cycle_is_shown_whole_with_a_fade() -> None:
    plan = loop_plan(walking_figure(15, 26))
    assert (plan.start, plan.length, plan.fades) == (0, 15, True)


def test_the_joint_avoids_blank_frames() -> None:
    walk = walking_figure(60, 26, view_angle=36)
    walk[:5] = False
    plan = loop_plan(walk)
    assert plan.start >= 5
    assert not plan.fades


def test_a_walk_that_lost_every_third_frame_is_repeated_in_whole_cycles() -> None:
    walk = walking_figure(80, 26, view_angle=36)
    walk[::3] = False
    plan = loop_plan(walk)
    assert (plan.length, plan.fades) == (27, False)


def test_a_fade_darkens_about_a_fifth_of_a_second_at_each_joint_alone() -> None:
    bright = LoopPlan(0, 20, fades=True, heights=(1.0,) * 20).brightness(50)
    assert np.flatnonzero(bright < 1).tolist() == [18, 19, 20, 21, 38, 39, 40, 41]
    assert bright[19] == bright[20] == pytest.approx(0.2)


def test_frames_repeat_from_the_start_and_grey_cuts_part_them() -> None:
    plan = LoopPlan(7, 3, fades=False, heights=(1.0,) * 12)
    assert plan.source_frames(7) == [7, 8, 9, 7, 8, 9, 7]
    assert plan.source_frames(9, grey_cuts=True) == [7, 8, 9, GREY, GREY, GREY, GREY, GREY, 7]


def test_a_clip_of_no_frames_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        loop_plan(np.zeros((0, 24, 32), np.bool_))


def test_a_walker_at_one_distance_has_one_height() -> None:
    heights = body_heights(walking_figure(50, 26))
    assert len(set(heights.tolist())) == 1
    assert heights[0] == pytest.approx(100, abs=4)


def test_a_walker_who_comes_nearer_grows_steadily_without_bob() -> None:
    sizes = np.linspace(60, 100, 50)
    frames = np.zeros((50, 140, 100), np.bool_)
    for index, (frame, size) in enumerate(zip(frames, sizes, strict=True)):
        bob = 3 * np.sin(2 * np.pi * index / 13)
        frame[round(130 - size - bob) : 130, 40:60] = True
    assert np.abs(body_heights(frames) - sizes).max() < 2.5
    assert (np.diff(body_heights(frames)) > 0).all()


def test_a_broken_frame_does_not_change_the_scale() -> None:
    walk = walking_figure(50, 26)
    broken = walk.copy()
    broken[20, :80] = False
    assert np.abs(body_heights(broken) - body_heights(walk)).max() < 2
