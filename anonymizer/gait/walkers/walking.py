"""One walk of one walker who exists nowhere, seen by all cameras at once.

Everything is drawn from the seed and from what names the walk, so a walk is the same whoever makes it, in
whatever order and in however many processes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.silhouettes import Silhouettes
from anonymizer.gait.walkers.body_space import Body, body_space
from anonymizer.gait.walkers.cameras import (
    CASIA_B_VIEW_ANGLES,
    FRAMES_PER_SECOND,
    HEIGHT,
    WIDTH,
    checked_view_angles,
    project,
)
from anonymizer.gait.walkers.clothing import Bag, Figure, Outfit, coat_over, dressed, everyday, some_bag
from anonymizer.gait.walkers.difficulty import Difficulty, difficulty_named
from anonymizer.gait.walkers.footing import Feet, root_path
from anonymizer.gait.walkers.kinematics import Gait, Motion, gait_of_a_walk, own_gait, unrolled
from anonymizer.gait.walkers.rasteriser import inside, rasterise
from anonymizer.gait.walkers.segmentation_noise import segmented
from anonymizer.gait.walkers.skeleton import SEGMENT, segment_transforms, skin

Floats = NDArray[np.float32]

CONDITIONS = ("nm", "bg", "cl")

# Which stream of random numbers: two of them never meet, so no donor is ever a subject.
_SUBJECTS, _DONORS = 0, 1
_IDENTITY, _SEQUENCE = 0, 1

_STEPS_A_FRAME = 4  # the feet are followed at 100 Hz
_MARGIN = 4  # frames before and after, so that smoothing has no edge in the walk
FEMALE = 0.3
_AHEAD = 0.08  # m past the middle of the walkway: the leg left behind reaches further than the one ahead


@dataclass(frozen=True)
class Identity:
    """Who walks: what stays from walk to walk."""

    body: Body
    outfit: Outfit
    gait: Gait


@dataclass(frozen=True)
class Scene:
    """A walk in the world: points over time (frames, points, 3), and how they make a surface."""

    points: Floats
    hulls: NDArray[np.int32]


def walk(
    seed: int,
    subject: int,
    condition: str,
    number: int,
    *,
    view_angles: Sequence[int] = CASIA_B_VIEW_ANGLES,
    frames: int = 50,
    difficulty: str = "casia",
    path_variation: float = 1.0,
) -> dict[int, Silhouettes]:
    """Walk `number` of `subject` under a condition (nm, bg: a bag, cl: a coat), keyed by view angle.

    `path_variation` = how many times as much as the difficulty has it place and heading differ from walk to walk.

    Frames in which the body touches the picture's border are dropped, as a real recording's would be, so
    there may be fewer than `frames`. ValueError for what cannot be.
    """
    if condition not in CONDITIONS:
        raise ValueError(f"condition must be one of {', '.join(CONDITIONS)}, not {condition!r}")
    _refuse_negative(seed=seed, subject=subject, number=number)
    settings = difficulty_named(difficulty, path_variation)
    who = somebody(_random(seed, _SUBJECTS, _IDENTITY, subject))
    rng = _random(seed, _SUBJECTS, _SEQUENCE, subject, CONDITIONS.index(condition), number)
    return _recorded(who, condition, rng, view_angles, frames, settings)


def donor(
    seed: int,
    index: int,
    *,
    view_angles: Sequence[int] = CASIA_B_VIEW_ANGLES,
    frames: int = 50,
    difficulty: str = "casia",
) -> dict[int, Silhouettes]:
    """A normal walk of somebody who is no `walk()`'s subject under any seed: a donor, keyed by view angle."""
    _refuse_negative(seed=seed, index=index)
    who = somebody(_random(seed, _DONORS, _IDENTITY, index))
    rng = _random(seed, _DONORS, _SEQUENCE, index)
    return _recorded(who, "nm", rng, view_angles, frames, difficulty_named(difficulty))


def _refuse_negative(**numbers: int) -> None:
    for name, value in numbers.items():
        if value < 0:
            raise ValueError(f"{name} must be 0 or more, not {value}")


def _random(seed: int, *names: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=names))


def somebody(rng: np.random.Generator) -> Identity:
    """A walker who exists nowhere, drawn at random."""
    female = bool(rng.random() < FEMALE)
    return Identity(body_space().somebody(rng, female), everyday(rng, female), own_gait(rng))


def _recorded(
    who: Identity,
    condition: str,
    rng: np.random.Generator,
    view_angles: Sequence[int],
    frames: int,
    settings: Difficulty,
) -> dict[int, Silhouettes]:
    angles = checked_view_angles(view_angles)
    if frames < 1:
        raise ValueError(f"frames must be 1 or more, not {frames}")
    scene = _scene(who, condition, rng, frames, settings)
    key = int(rng.integers(2**63))
    return {angle: _seen(scene, angle, key, settings) for angle in angles}


def _seen(scene: Scene, view_angle: int, key: int, settings: Difficulty) -> Silhouettes:
    pixels = project(scene.points, view_angle)
    pixels = pixels[inside(pixels, HEIGHT, WIDTH)]
    clean = rasterise(pixels, body_space().faces, scene.hulls, HEIGHT, WIDTH)
    return segmented(clean, key + view_angle, settings.noise, settings.holes)


def _scene(
    who: Identity, condition: str, rng: np.random.Generator, frames: int, settings: Difficulty
) -> Scene:
    gait = gait_of_a_walk(who.gait, rng, settings.walk_variation, settings.log_speed)
    outfit = who.outfit.sitting(rng, settings.clothing)
    bag = None
    if condition == "bg":
        bag = some_bag(rng)
        gait = _carrying(gait, bag)
    if condition == "cl":
        outfit = coat_over(outfit, rng)
    figure = dressed(body_space(), who.body, outfit, bag)
    motion = unrolled(
        gait,
        rng,
        (frames + 2 * _MARGIN) * _STEPS_A_FRAME,
        1 / (FRAMES_PER_SECOND * _STEPS_A_FRAME),
        settings.cycle_variation,
    )
    moving = _moving(figure, motion)
    return Scene(_placed(moving, rng, settings), figure.hulls)


def _carrying(gait: Gait, bag: Bag) -> Gait:
    """Arms swing less with a bag, that which holds it least."""
    swing = {"backpack": (0.85, 0.85), "hand": (0.35, 1.0), "shoulder": (0.6, 0.9)}[bag.kind]
    other = "R" if bag.side == "L" else "L"
    for side, scale in zip((bag.side, other), swing, strict=True):
        arm = [SEGMENT[f"{part}.{side}"] for part in ("upperarm", "forearm", "hand")]
        gait = gait.with_swing(arm, scale)
    return gait


def _moving(figure: Figure, motion: Motion) -> Floats:
    """The figure's points over the frames (frames, points, 3), walking along -y from x = y = 0."""
    transforms = segment_transforms(motion.rotations, figure.body.joints)
    feet = Feet(foot(figure.body, transforms, "L"), foot(figure.body, transforms, "R"))
    path = root_path(feet, motion.phases, motion.step)
    shown = slice(_MARGIN * _STEPS_A_FRAME, -_MARGIN * _STEPS_A_FRAME, _STEPS_A_FRAME)
    body = figure.body
    points = skin(body.points, body.segments, body.weights, np.ascontiguousarray(transforms[shown]))
    return points + path[shown, None]


def foot(body: Body, transforms: Floats, side: str) -> Floats:
    """One foot's points over time, (times, points, 3)."""
    own = foot_of(body, side)
    posed: Floats = skin(own.points, own.segments, own.weights, transforms)
    return posed


def foot_of(body: Body, side: str) -> Body:
    """The part of a body that can touch the floor on one side."""
    own = np.isin(body.segments, [SEGMENT[f"foot.{side}"], SEGMENT[f"toe.{side}"]])
    chosen = (body.weights * own).sum(axis=1) > 0.5
    return replace(
        body, points=body.points[chosen], segments=body.segments[chosen], weights=body.weights[chosen]
    )


def _placed(points: Floats, rng: np.random.Generator, settings: Difficulty) -> Floats:
    """The walk about the middle of the walkway, a little aside, a little askew."""
    middle = points.mean(axis=1)  # (frames, 3)
    centre = (middle[0] + middle[-1]) / 2
    aside = settings.place * rng.standard_normal(2).clip(-2, 2)
    turn = np.radians(settings.heading * float(np.clip(rng.standard_normal(), -2, 2)))
    cosine, sine = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    x, y = points[..., 0] - centre[0], points[..., 1] - centre[1]
    return np.stack(
        [
            cosine * x - sine * y + np.float32(aside[0]),
            sine * x + cosine * y + np.float32(aside[1] - _AHEAD),
            points[..., 2],
        ],
        axis=-1,
    )
