from functools import cache

import numpy as np
import pytest

from anonymizer.gait.donors import Donor
from anonymizer.gait.replace_best_donors import draw
from anonymizer.gait.replace_best_observed import observed
from anonymizer.gait.replace_best_path import fitted
from anonymizer.gait.replace_best_phase import phase
from anonymizer.gait.replace_best_posing import Course, posed
from anonymizer.gait.walkers.body_space import body_space
from anonymizer.gait.walkers.cameras import HEIGHT, WIDTH, project
from anonymizer.gait.walkers.rasteriser import rasterise

ANGLES = (0, 54, 90)
COURSE = Course(40, middle=(0.1, -0.2), heading=0.05, speed=1.25, phase=0.3)
NUMBERS = range(5)


@cache
def known_walk(number: int) -> Donor:
    """Somebody whose course and phase are known exactly."""
    somebody = draw(np.random.default_rng(100 + number), 1)[0]
    points = posed(somebody, COURSE).points(np.arange(COURSE.frames))
    faces, hulls = body_space().faces, somebody.figure.hulls
    return Donor({angle: rasterise(project(points, angle), faces, hulls, HEIGHT, WIDTH) for angle in ANGLES})


def seen(number: int, *angles: int):
    return {angle: observed(known_walk(number).walk(angle)) for angle in angles}


@pytest.mark.parametrize("angles", [(0,), (54,), (90,), ANGLES], ids=str)
def test_place_and_speed_are_found_from_one_view_or_from_several(angles: tuple[int, ...]) -> None:
    for number in NUMBERS:
        found = fitted(seen(number, *angles))
        assert found.plausible
        assert np.hypot(found.middle[0] - 0.1, found.middle[1] + 0.2) < 0.15  # m
        assert abs(found.speed / 1.25 - 1) < 0.08
        assert abs(found.heading - 0.05) < 0.08


def test_a_changing_speed_is_followed_only_where_it_is_asked_for() -> None:
    views = seen(0, *ANGLES)
    assert fitted(views).acceleration == 0.0
    assert fitted(views, changing_speed=True).acceleration != 0.0


def test_the_phase_at_mid_clip_is_found_left_from_right() -> None:
    for number in NUMBERS:
        for angles in ((0,), (54,), (90,), ANGLES):
            found = phase({angle: known_walk(number).walk(angle) for angle in angles})
            assert found is not None
            assert found.reliable
            assert abs((found.at_middle - 0.3 + 0.5) % 1 - 0.5) < 0.1


def test_a_still_figure_has_no_reliable_phase() -> None:
    still = Donor({90: np.repeat(known_walk(0)[90][:1], 30, axis=0)})
    found = phase({90: still.walk(90)})
    assert found is not None
    assert not found.reliable
    assert phase({90: Donor({90: known_walk(0)[90][:4]}).walk(90)}) is None


def test_frames_that_touch_the_border_or_lost_their_head_are_left_out() -> None:
    frames = known_walk(0)[90].copy()
    frames[5, :100] = False
    columns = np.nonzero(frames[7])[1]
    frames[7] = np.roll(frames[7], -int(columns.min()), axis=1)
    used = observed(Donor({90: frames}).walk(90)).used.tolist()
    assert 5 not in used
    assert 7 not in used
    assert len(used) == 38
