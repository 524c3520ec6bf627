import numpy as np

from anonymizer.gait.walkers.body_space import Body, body_space
from anonymizer.gait.walkers.footing import Feet, root_path, stance_of_the_left_foot
from anonymizer.gait.walkers.kinematics import Motion, own_gait, unrolled
from anonymizer.gait.walkers.skeleton import SEGMENT, segment_transforms, skin

STEP = 0.01  # s


def foot(body: Body, motion: Motion, side: str) -> np.ndarray:
    chosen = (body.segments[:, 0] == SEGMENT[f"foot.{side}"]) | (
        body.segments[:, 0] == SEGMENT[f"toe.{side}"]
    )
    transforms = segment_transforms(motion.rotations, body.joints)
    return skin(body.points[chosen], body.segments[chosen], body.weights[chosen], transforms)


def somebody_walking(number: int) -> tuple[Body, Motion]:
    rng = np.random.default_rng(number)
    body = body_space().somebody(rng, number % 2 == 0)
    return body, unrolled(own_gait(rng), rng, 240, STEP, 1.0)


def slip(feet: np.ndarray, carrying: np.ndarray) -> np.ndarray:
    """m/s of the points near the ground while the foot carries everything."""
    low = feet[..., 2].min(axis=1)
    return np.array(
        [
            np.linalg.norm((feet[t + 1] - feet[t])[feet[t, :, 2] <= low[t] + 0.012, :2].mean(axis=0)) / STEP
            for t in np.nonzero(carrying[:-1] > 0.99)[0]
        ]
    )


def test_standing_feet_neither_slide_nor_sink() -> None:
    for number in range(6):
        body, motion = somebody_walking(number)
        feet = Feet(foot(body, motion, "L"), foot(body, motion, "R"))
        path = root_path(feet, motion.phases, STEP)[:, None]
        left = stance_of_the_left_foot(motion.phases)
        slips = np.concatenate([slip(feet.left + path, left), slip(feet.right + path, 1 - left)])
        assert slips.mean() < 0.05  # 5 cm/s, where the body moves at 1.2 m/s
        lowest = np.minimum((feet.left + path)[..., 2].min(), (feet.right + path)[..., 2].min())
        assert lowest > -0.0201


def test_strides_are_as_long_as_people_make_them_and_keep_their_line() -> None:
    for number in range(6):
        body, motion = somebody_walking(number)
        path = root_path(Feet(foot(body, motion, "L"), foot(body, motion, "R")), motion.phases, STEP)
        stride = (path[0, 1] - path[-1, 1]) / (motion.phases[-1] - motion.phases[0])
        assert 0.9 < stride < 1.9  # m
        assert abs(path[-1, 0] - path[0, 0]) < 1e-6
        assert np.ptp(path[:, 0]) < 0.15
        assert np.ptp(path[:, 2]) < 0.12


def test_the_left_foot_carries_the_first_half_of_the_cycle() -> None:
    assert stance_of_the_left_foot(np.array([0.3, 0.8, 1.3])).tolist() == [1.0, 0.0, 1.0]
    both = stance_of_the_left_foot(np.array([0.03, 0.54]))
    assert ((both > 0) & (both < 1)).all()


def test_bodies_are_as_tall_as_people() -> None:
    rng = np.random.default_rng(0)
    men, women = (
        [np.ptp(body_space().somebody(rng, female).points[:, 2]) for _ in range(60)]
        for female in (False, True)
    )
    assert 1.70 < np.mean(men) < 1.76
    assert 1.58 < np.mean(women) < 1.64
    assert min(women) > 1.42
    assert max(men) < 1.95
