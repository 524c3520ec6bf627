"""Who may walk in the original's place: walkers who exist nowhere, drawn before anything of the original is used.

Each has a seed of 256 bits of its own, so that nothing of one donor follows from another. Where the generator
given is `secret_generator()`, the seeds come from the operating system and are kept nowhere.
"""

import secrets
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.walkers.body_space import Body, body_space
from anonymizer.gait.walkers.clothing import Figure, Outfit, dressed
from anonymizer.gait.walkers.kinematics import Gait, gait_of_a_walk, kinematics
from anonymizer.gait.walkers.skeleton import alignments
from anonymizer.gait.walkers.walking import FEMALE, foot_of, somebody

Floats: TypeAlias = NDArray[np.float32]

WALK_VARIATION = 0.75  # of the gait from walk to walk, in units of what motion capture shows
_SEED_WORDS = 8  # of 32 bits each
_LOOSE = {"hem", "long_hair", "flare"}  # not thicknesses: worn or not


@dataclass(frozen=True, eq=False)
class Candidate:
    """A donor: who walks, in which gait, and the seed of what changes from cycle to cycle and of the noise."""

    figure: Figure
    gait: Gait
    key: int

    @property
    def stature(self) -> float:
        """Metres from sole to crown, in shoes and with hair."""
        return float(np.ptp(self.figure.body.points[:, 2]))

    def of_stature(self, stature: float) -> "Candidate":
        """The same donor, larger or smaller in all proportions."""
        body, factor = self.figure.body, np.float32(stature / self.stature)
        scaled = replace(body, points=body.points * factor, joints=body.joints * factor)
        return replace(self, figure=replace(self.figure, body=scaled))

    @cached_property
    def aligned(self) -> Floats:
        return alignments(self.figure.body.joints)

    @cached_property
    def feet(self) -> tuple[Body, Body]:
        """The parts that can touch the floor, left and right."""
        return foot_of(self.figure.body, "L"), foot_of(self.figure.body, "R")


def secret_generator() -> np.random.Generator:
    """A generator that nobody can draw from again: 256 bits of the operating system's, kept nowhere."""
    return np.random.default_rng(secrets.randbits(256))


def draw(rng: np.random.Generator, count: int, spread: float = 1.0) -> list[Candidate]:
    """`count` donors, each independent of all others and of the original.

    `spread` scales how much they differ from the mean walker: 1 as people do, 0 not at all.
    """
    seeds = [rng.integers(0, 2**32, _SEED_WORDS, np.uint64).tolist() for _ in range(count)]
    return [_candidate(np.random.default_rng(seed), spread) for seed in seeds]


def _candidate(rng: np.random.Generator, spread: float) -> Candidate:
    who = somebody(rng)
    gait = gait_of_a_walk(who.gait, rng, WALK_VARIATION, log_speed=0.0)
    figure = dressed(
        body_space(), _between(_mean_body(), who.body, spread), _outfit(who.outfit, spread), None
    )
    return Candidate(figure, _towards_mean(gait, spread), int(rng.integers(2**62)))


@cache
def _mean_body() -> Body:
    space = body_space()
    man, woman = space.centres
    return space.body((1 - FEMALE) * man + FEMALE * woman)


def _between(mean: Body, own: Body, spread: float) -> Body:
    if spread == 1:
        return own
    share = np.float32(spread)
    return replace(
        own,
        points=mean.points + share * (own.points - mean.points),
        joints=mean.joints + share * (own.joints - mean.joints),
    )


def _towards_mean(gait: Gait, spread: float) -> Gait:
    mean = kinematics().mean
    return Gait(
        mean.rotation + spread * (gait.rotation - mean.rotation),
        mean.log_cadence + spread * (gait.log_cadence - mean.log_cadence),
    )


_USUAL = {
    "torso": 0.013,
    "upper_arm": 0.008,
    "forearm": 0.005,
    "thigh": 0.009,
    "shank": 0.014,
    "foot": 0.009,
    "hair": 0.017,
}  # m


def _outfit(own: Outfit, spread: float) -> Outfit:
    """The clothes with their thickness moved towards the usual; what hangs loose stays."""
    worn = {each.name: getattr(own, each.name) for each in fields(own) if each.name not in _LOOSE}
    return replace(own, **{name: _USUAL[name] + spread * (worn[name] - _USUAL[name]) for name in worn})
