"""How people walk: a statistical model of walking fitted to motion capture, and walks drawn from it.

The coefficients, `gait_kinematics.json`, were fitted to the CMU Graphics Lab Motion Capture Database
(mocap.cs.cmu.edu, created with funding from NSF EIA-0196217); the file's own `about` tells how.
"""

import functools
import json
from dataclasses import dataclass, replace
from importlib import resources

import numba
import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.walkers.skeleton import DRIVEN, rotation_matrices

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]

_HARMONICS = 5
_FURTHEST = 2.2  # standard deviations: beyond them the linear model makes no people


@dataclass(frozen=True)
class Gait:
    """One gait: Fourier coefficients of the rotation vectors (22, 3, 11) and ln(cycles a second)."""

    rotation: Doubles
    log_cadence: float

    def with_swing(self, segments: list[int], scale: float) -> "Gait":
        """The same gait with these segments' movement about their mean scaled."""
        rotation = self.rotation.copy()
        rotation[segments, :, 1:] *= scale
        return replace(self, rotation=rotation)


@dataclass(frozen=True)
class Variation:
    """Independent directions in which gaits differ, by one standard deviation: (n, 22, 3, 11) and (n,)."""

    rotation: Doubles
    log_cadence: Doubles

    def applied(self, gait: Gait, z: Doubles) -> Gait:
        """`gait` moved by `z` (n,) standard deviations."""
        return Gait(
            gait.rotation + np.einsum("n,nsac->sac", z, self.rotation),
            gait.log_cadence + float((z * self.log_cadence).sum()),
        )


@dataclass(frozen=True)
class Kinematics:
    """The whole model: the mean gait, and its variation between people, walks and cycles, and with speed."""

    mean: Gait
    between: Variation
    walk: Variation
    cycle: Variation
    speed: Variation


@functools.cache
def kinematics() -> Kinematics:
    """The model that comes with the package."""
    text = resources.files(__package__).joinpath("gait_kinematics.json").read_text()
    stored = json.loads(text)
    mean = _variation([stored["mean"]])
    return Kinematics(
        Gait(mean.rotation[0], float(mean.log_cadence[0])),
        between=_variation(stored["between"]),
        walk=_variation(stored["walk"]),
        cycle=_variation(stored["cycle"]),
        speed=_variation([stored["speed_per_log"]]),
    )


def _variation(records: list[dict[str, object]]) -> Variation:
    rotation = np.array([record["rot"] for record in records], np.float64)
    if rotation.shape[1:] != (DRIVEN, 3, 1 + 2 * _HARMONICS):
        raise ValueError(
            f"gait_kinematics.json holds rotations of shape {rotation.shape[1:]}: not this model's"
        )
    return Variation(rotation, np.array([record["logcadence"] for record in records], np.float64))


def clipped_normal(rng: np.random.Generator, count: int) -> Doubles:
    """Standard normal draws (count,), held within what the model can express."""
    return rng.standard_normal(count).clip(-_FURTHEST, _FURTHEST)


def own_gait(rng: np.random.Generator) -> Gait:
    """The gait of somebody new."""
    model = kinematics()
    return model.between.applied(model.mean, clipped_normal(rng, len(model.between.rotation)))


def gait_of_a_walk(own: Gait, rng: np.random.Generator, variation: float, log_speed: float) -> Gait:
    """`own` as it is in one walk: `variation` scales the change from walk to walk, `log_speed` is the
    standard deviation of ln(speed / usual speed)."""
    model = kinematics()
    changed = model.walk.applied(own, variation * clipped_normal(rng, len(model.walk.rotation)))
    return model.speed.applied(changed, log_speed * clipped_normal(rng, 1))


@dataclass(frozen=True)
class Motion:
    """A gait unrolled in time, at equal steps: `rotations` (times, 22, 3, 3) and `phases` (times,), where 0
    is the left heel's strike and 1 the next one."""

    rotations: Floats
    phases: Doubles
    step: float  # seconds


def unrolled(gait: Gait, rng: np.random.Generator, times: int, step: float, variation: float) -> Motion:
    """`gait` over `times` steps of `step` seconds, from a random phase, no cycle quite like another:
    `variation` scales the change from cycle to cycle."""
    cycle = kinematics().cycle
    start = rng.random()
    cadence = float(np.exp(gait.log_cadence))
    knots = int(np.ceil(times * step * cadence * 1.5)) + 3
    z = variation * rng.standard_normal((knots, len(cycle.rotation))).clip(-_FURTHEST, _FURTHEST)
    drawn = _eased(z, np.asarray(start + cadence * step * np.arange(times), np.float64))
    speed = np.exp(gait.log_cadence + (drawn * cycle.log_cadence).sum(axis=1))
    phases = start + np.concatenate([[0.0], np.cumsum(speed * step)[:-1]])
    return _motion(gait, drawn, phases, step)


def in_phases(gait: Gait, rng: np.random.Generator, phases: Doubles, step: float, variation: float) -> Motion:
    """`gait` at these phases (times,), which rise at about the gait's own cadence, over steps of `step` seconds:
    `variation` scales the change from cycle to cycle."""
    first = int(np.floor(phases.min()))
    knots = int(np.floor(phases.max())) - first + 2
    components = len(kinematics().cycle.rotation)
    z = variation * rng.standard_normal((knots, components)).clip(-_FURTHEST, _FURTHEST)
    return _motion(gait, _eased(z, np.asarray(phases - first, np.float64)), phases, step)


def _eased(z: Doubles, position: Doubles) -> Doubles:
    """One draw of `z` (cycles, components) a cycle, eased from one to the next, so that nothing jumps:
    (times, components)."""
    whole = position.astype(np.int64)
    ease = (position - whole)[:, None]
    ease = ease * ease * (3 - 2 * ease)
    return np.asarray(z[whole] * (1 - ease) + z[whole + 1] * ease, np.float64)


def _motion(gait: Gait, drawn: Doubles, phases: Doubles, step: float) -> Motion:
    vectors = _rotation_vectors(gait.rotation, kinematics().cycle.rotation, drawn, phases)
    matrices = rotation_matrices(vectors.reshape(-1, 3)).reshape(len(phases), DRIVEN, 3, 3)
    return Motion(matrices, phases, step)


@numba.njit(cache=True)
def _rotation_vectors(mean, components, drawn, phases):  # type: ignore[no-untyped-def]
    """(times, 22, 3): the Fourier series of the mean plus the drawn share of each component."""
    terms = mean.shape[2]
    out = np.empty((len(phases), mean.shape[0], 3), np.float32)
    basis = np.ones(terms)
    for t in range(len(phases)):
        for k in range(1, terms // 2 + 1):
            basis[2 * k - 1] = np.cos(2 * np.pi * k * phases[t])
            basis[2 * k] = np.sin(2 * np.pi * k * phases[t])
        for s in range(mean.shape[0]):
            for axis in range(3):
                value = 0.0
                for c in range(terms):
                    coefficient = mean[s, axis, c]
                    for n in range(len(components)):
                        coefficient += drawn[t, n] * components[n, s, axis, c]
                    value += coefficient * basis[c]
                out[t, s, axis] = value
    return out
