"""A donor set on a course: it covers the ground at the course's speed with its own stride, so that no foot skates.

Axes and units are the walkers': x = the walker's left, y = backward (walking goes along -y), z = up; metres.
"""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.replace_best_donors import Candidate
from anonymizer.gait.walkers.cameras import FRAMES_PER_SECOND
from anonymizer.gait.walkers.footing import Feet, root_path
from anonymizer.gait.walkers.kinematics import Gait, Motion, in_phases, kinematics
from anonymizer.gait.walkers.skeleton import segment_transforms, skin

Doubles: TypeAlias = NDArray[np.float64]
Floats: TypeAlias = NDArray[np.float32]

CYCLE_VARIATION = 1.0  # of the gait from cycle to cycle, in units of what motion capture shows
FURTHEST_SPEED = 0.35  # |ln(speed / own speed)| up to which a gait is changed as people change theirs
_STEPS_A_SECOND = 50  # at least: so often are the feet followed
_MARGIN = 0.16  # s before and after, so that smoothing has no edge in the walk
_STEPS_OF_A_CYCLE = 48


@dataclass(frozen=True)
class Course:
    """Where and when somebody walks over the floor: a straight line, passed at a steady or changing speed."""

    frames: int
    middle: tuple[float, float] = (0.0, -0.08)  # m: where the walker is at mid-clip
    heading: float = 0.0  # radians, from the walkway's direction to the walker's right
    speed: float | None = None  # m/s at mid-clip; None lets donors walk as fast as they like
    acceleration: float = 0.0  # m/s²
    phase: float = 0.0  # of the gait cycle at mid-clip; 0 is the left heel's strike
    frame_rate: float = FRAMES_PER_SECOND
    stature: float | None = None  # m, to which donors are scaled; None leaves them their own

    @property
    def steps_a_frame(self) -> int:
        return math.ceil(_STEPS_A_SECOND / self.frame_rate)

    @property
    def margin(self) -> int:
        """Frames before and after the clip that are posed along with it."""
        return math.ceil(_MARGIN * self.frame_rate)

    def at_speed(self, natural: float) -> tuple[float, float]:
        """Speed and acceleration for a donor who by itself walks at `natural` m/s."""
        return (natural, 0.0) if self.speed is None else (self.speed, self.acceleration)

    def times(self) -> Doubles:
        """Seconds from mid-clip, a frame each."""
        return np.asarray((np.arange(self.frames) - (self.frames - 1) / 2) / self.frame_rate, np.float64)

    def places(self, natural: float) -> Doubles:
        """The smooth line (frames, 2) over the floor that such a donor's body follows."""
        speed, acceleration = self.at_speed(natural)
        return self._on_the_line(_way(self.times(), speed, acceleration))

    def _on_the_line(self, way: Doubles) -> Doubles:
        ahead = np.array([np.sin(self.heading), -np.cos(self.heading)])
        return np.asarray(np.array(self.middle) + way[:, None] * ahead, np.float64)


def _way(times: Doubles, speed: float, acceleration: float) -> Doubles:
    """Metres gone since mid-clip; a walker who slows down stops, but does not walk backward."""
    if acceleration:
        limit = -speed / acceleration  # when standing still
        times = np.minimum(times, limit) if acceleration < 0 else np.maximum(times, limit)
    return np.asarray(speed * times + acceleration * times**2 / 2, np.float64)


@dataclass(frozen=True)
class Posed:
    """A donor on its course: where all segments go, (times, 26, 3, 4), and the root (times, 3)."""

    candidate: Candidate
    course: Course
    transforms: Floats
    root: Floats
    speed: float  # m/s at mid-clip
    phases: Doubles  # (frames,)

    def points(self, frames: NDArray[np.intp]) -> Floats:
        """The surface and what hangs loose at these frames of the clip, (frames, points, 3), in metres."""
        steps = (frames + self.course.margin) * self.course.steps_a_frame
        body = self.candidate.figure.body
        chosen = np.ascontiguousarray(self.transforms[steps])
        moving: Floats = skin(body.points, body.segments, body.weights, chosen) + self.root[steps, None]
        return _turned(moving, self.course)


def posed(candidate: Candidate, course: Course) -> Posed:
    """The donor on the course: in phase with the original at mid-clip, everything else its own."""
    if course.stature is not None:
        candidate = candidate.of_stature(course.stature)
    gait, stride, speed = at_speed(candidate, course.speed)
    acceleration = course.at_speed(speed)[1]
    fine, margin = course.steps_a_frame, course.margin
    steps = np.arange(-margin * fine, (course.frames + margin) * fine)
    step = 1 / (course.frame_rate * fine)
    times = np.asarray((steps - (course.frames - 1) / 2 * fine) * step, np.float64)
    way = _way(times, speed, acceleration)
    phases = course.phase + way / stride
    rng = np.random.default_rng(candidate.key)
    motion = in_phases(gait, rng, phases, step, CYCLE_VARIATION)
    transforms = _transforms(candidate, motion)
    root = _root(candidate, transforms, phases, step)
    root[:, 1] -= np.float32(np.mean(root[:, 1] + way))  # the smooth line goes through the middle
    root[:, 0] -= root[:, 0].mean()
    shown = slice(margin * fine, -margin * fine, fine)
    return Posed(candidate, course, transforms, root, speed, phases[shown])


def at_speed(candidate: Candidate, speed: float | None) -> tuple[Gait, float, float]:
    """The donor's gait at that speed, its stride in metres, and the speed: its own where none is asked for.

    Stride and cadence change with the speed as people's do; what is left to reach the speed is cadence.
    """
    own = stride(candidate, candidate.gait)
    natural = own * float(np.exp(candidate.gait.log_cadence))
    if speed is None:
        return candidate.gait, own, natural
    change = float(np.clip(np.log(max(speed, 0.05) / natural), -FURTHEST_SPEED, FURTHEST_SPEED))
    gait = kinematics().speed.applied(candidate.gait, np.array([change]))
    return gait, stride(candidate, gait), speed


def stride(candidate: Candidate, gait: Gait) -> float:
    """Metres that one cycle of this gait carries the donor."""
    phases = np.arange(_STEPS_OF_A_CYCLE + 1) / _STEPS_OF_A_CYCLE
    step = float(np.exp(-gait.log_cadence)) / _STEPS_OF_A_CYCLE
    motion = in_phases(gait, np.random.default_rng(0), phases, step, 0.0)
    transforms = _transforms(candidate, motion)
    root = _root(candidate, transforms, phases, step)
    return float(root[0, 1] - root[-1, 1])


def _transforms(candidate: Candidate, motion: Motion) -> Floats:
    return segment_transforms(motion.rotations, candidate.figure.body.joints, candidate.aligned)


def _root(candidate: Candidate, transforms: Floats, phases: Doubles, step: float) -> Floats:
    left, right = (skin(foot.points, foot.segments, foot.weights, transforms) for foot in candidate.feet)
    return root_path(Feet(left, right), phases, step)


def _turned(points: Floats, course: Course) -> Floats:
    """Points of a walk along -y through the origin, moved onto the course."""
    cosine, sine = np.float32(np.cos(course.heading)), np.float32(np.sin(course.heading))
    x, y = points[..., 0], points[..., 1]
    across, back = np.float32(course.middle[0]), np.float32(course.middle[1])
    return np.stack([cosine * x - sine * y + across, sine * x + cosine * y + back, points[..., 2]], axis=-1)
