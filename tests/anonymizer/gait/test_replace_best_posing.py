import numpy as np
import pytest

from anonymizer.gait.replace_best_donors import Candidate, draw
from anonymizer.gait.replace_best_posing import Course, at_speed, posed
from anonymizer.gait.walkers.cameras import FRAMES_PER_SECOND
from anonymizer.gait.walkers.footing import stance_of_the_left_foot
from anonymizer.gait.walkers.skeleton import SEGMENT

FRAMES = 40


@pytest.fixture(scope="module")
def donors() -> list[Candidate]:
    return draw(np.random.default_rng(2), 5)


def points_of(donor: Candidate, course: Course) -> np.ndarray:
    return posed(donor, course).points(np.arange(course.frames))


@pytest.mark.parametrize(("speed", "stature"), [(0.9, None), (1.2, 1.6), (1.5, 1.85)])
def test_the_standing_foot_does_not_skate(
    donors: list[Candidate], speed: float, stature: float | None
) -> None:
    """Measured on the points near the floor while one foot carries everything, at 25 frames/s."""
    for donor in donors:
        walk = posed(donor, Course(FRAMES, heading=0.2, speed=speed, phase=0.3, stature=stature))
        points = walk.points(np.arange(FRAMES))
        carrying = stance_of_the_left_foot(walk.phases)
        slips = []
        for side, share in (("L", carrying), ("R", 1 - carrying)):
            own = np.isin(donor.figure.body.segments[:, 0], [SEGMENT[f"foot.{side}"], SEGMENT[f"toe.{side}"]])
            foot = points[:, own]
            for t in np.nonzero((share[:-1] > 0.99) & (share[1:] > 0.99))[0]:
                touching = foot[t, :, 2] <= foot[t, :, 2].min() + 0.012
                moved = (foot[t + 1] - foot[t])[touching, :2].mean(axis=0)
                slips.append(np.linalg.norm(moved) * FRAMES_PER_SECOND)
        assert len(slips) > 10
        assert np.mean(slips) < 0.08  # m/s, where the body moves at `speed`


def test_the_body_follows_the_course_at_its_speed(donors: list[Candidate]) -> None:
    course = Course(FRAMES, middle=(0.3, -0.5), heading=0.15, speed=1.3)
    for donor in donors:
        middle = points_of(donor, course).mean(axis=1)[:, :2]
        assert np.abs(middle - course.places(1.3)).max() < 0.16  # leaning, swaying and bobbing go on
        gone = np.linalg.norm(middle[-1] - middle[0]) / (FRAMES - 1) * FRAMES_PER_SECOND
        assert abs(gone / 1.3 - 1) < 0.08


def test_a_stature_scales_the_whole_donor(donors: list[Candidate]) -> None:
    for donor in donors:
        tall = posed(donor, Course(FRAMES, speed=1.2, stature=1.8)).candidate
        assert abs(tall.stature - 1.8) < 1e-5
        _, own, _ = at_speed(donor, None)
        _, longer, _ = at_speed(tall, None)
        assert abs(longer / own - 1.8 / donor.stature) < 0.01


def test_cadence_is_the_speed_over_the_donors_own_stride(donors: list[Candidate]) -> None:
    for donor in donors:
        _, stride, _ = at_speed(donor, 1.1)
        phases = posed(donor, Course(FRAMES, speed=1.1)).phases
        assert np.allclose(np.diff(phases) * FRAMES_PER_SECOND, 1.1 / stride)


def test_phases_meet_in_mid_clip(donors: list[Candidate]) -> None:
    for donor in donors:
        phases = posed(donor, Course(41, speed=1.2, phase=0.7)).phases
        assert abs(phases[20] - 0.7) < 1e-9


def test_without_a_speed_a_donor_walks_at_its_own(donors: list[Candidate]) -> None:
    speeds = [posed(donor, Course(FRAMES)).speed for donor in donors]
    assert len(set(speeds)) == len(donors)
    assert 0.6 < min(speeds) < max(speeds) < 2.2


def test_faster_walkers_take_longer_strides(donors: list[Candidate]) -> None:
    for donor in donors:
        assert at_speed(donor, 1.5)[1] > at_speed(donor, 1.0)[1]


def test_who_slows_down_stops_and_does_not_walk_backward(donors: list[Candidate]) -> None:
    course = Course(100, speed=1.0, acceleration=-1.0)
    way = -course.places(1.0)[:, 1]
    assert (np.diff(way) >= 0).all()
    assert way[-1] == way[-20]
