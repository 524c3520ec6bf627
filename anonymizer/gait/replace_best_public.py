"""What is publicly known of walkers, at each view angle: their mean gait cycle and where their body stands.

`replace_best_public.npz` was computed from synthetic walkers who take part in nothing else, by

    python -m anonymizer.gait.replace_best_public

It holds nothing of any recorded person. Between the eleven cameras the nearest one's values are used; an angle
past 180° is the mirror image of 360° less it.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.distance_fields import bodies
from anonymizer.gait.gait_cycle import small_shapes
from anonymizer.gait.replace_best_donors import draw
from anonymizer.gait.replace_best_posing import Course, posed
from anonymizer.gait.silhouettes import Silhouettes
from anonymizer.gait.walkers.body_space import body_space
from anonymizer.gait.walkers.cameras import CASIA_B_VIEW_ANGLES, HEIGHT, WIDTH, project, scale_at
from anonymizer.gait.walkers.rasteriser import rasterise

Doubles: TypeAlias = NDArray[np.float64]

HARMONICS = 5
_FILE = "replace_best_public.npz"
_WALKERS, _SEED = 64, 20170904
_PHASES = 32


@dataclass(frozen=True)
class Public:
    """The mean walker at one view angle."""

    cycle: Doubles  # (harmonics, 2, 768): cosine and sine parts of the small shapes over the phase
    right_of_path: float  # m in the picture's plane, from the path's place on the floor to the trunk's column
    before_path: (
        float  # m over the floor towards the camera, from there to the foot that is lowest in the picture
    )
    height: float  # m in the picture's plane, of the box around the body, over the cycle


@cache
def public(view_angle: int) -> Public:
    """Of the camera nearest to a view angle from 0 to 180."""
    stored = _stored()
    at = int(np.abs(np.asarray(CASIA_B_VIEW_ANGLES) - view_angle).argmin())
    right, before, height = stored["offsets"][at].tolist()
    return Public(stored["cycles"][at].astype(np.float64), right, before, height)


@cache
def _stored() -> dict[str, NDArray[np.float32]]:
    with (
        resources.files(__package__).joinpath(_FILE).open("rb") as file,
        np.load(file, allow_pickle=False) as found,
    ):
        return {"cycles": found["cycles"], "offsets": found["offsets"]}


def _computed() -> dict[str, NDArray[np.float32]]:
    """Means over walkers on the middle of the walkway, each shown over one cycle about mid-clip."""
    walkers = draw(np.random.default_rng(_SEED), _WALKERS)
    cycles = np.zeros((len(CASIA_B_VIEW_ANGLES), HARMONICS, 2, 768))
    offsets = np.zeros((len(CASIA_B_VIEW_ANGLES), 3))
    for index, walker in enumerate(walkers):
        walk = posed(walker, Course(40, phase=index / _WALKERS))
        cycle = np.abs(walk.phases - walk.course.phase) <= 0.5
        frames = np.flatnonzero(cycle)
        points = walk.points(frames)
        floor = np.column_stack([walk.course.places(walk.speed)[frames], np.zeros(len(frames))])
        for at, angle in enumerate(CASIA_B_VIEW_ANGLES):
            shown = rasterise(project(points, angle), body_space().faces, walker.figure.hulls, HEIGHT, WIDTH)
            cycles[at] += _harmonics(shown, walk.phases[frames]) / _WALKERS
            offsets[at] += _offsets(shown, floor, angle) / _WALKERS
    return {"cycles": cycles.astype(np.float16), "offsets": offsets.astype(np.float32)}


def _harmonics(shown: Silhouettes, phases: Doubles) -> Doubles:
    """(harmonics, 2, 768) of one walk's small shapes, by least squares, since frames share out phases unevenly."""
    turns = 2 * np.pi * np.arange(1, HARMONICS + 1)[:, None] * phases
    basis = np.concatenate([np.ones((1, len(phases))), np.cos(turns), np.sin(turns)])
    found = np.linalg.lstsq(basis.T, small_shapes(shown).astype(np.float64), rcond=None)[0]
    return np.stack([found[1 : HARMONICS + 1], found[HARMONICS + 1 :]], axis=1)


def _offsets(shown: Silhouettes, floor: Doubles, view_angle: int) -> Doubles:
    """Metres to the right of the path and before it, and the box's height, (3,), the mean over the frames."""
    cut = bodies(shown)
    seen = project(floor[:, None].astype(np.float32), view_angle)[:, 0]
    columns, rows = cut.boxes[:, 1] + cut.trunks - seen[:, 0], cut.boxes[:, 2] - seen[:, 1]
    metres = scale_at(floor, view_angle)
    nearer = project((floor + 0.1 * towards(view_angle))[:, None].astype(np.float32), view_angle)[:, 0, 1]
    before = rows / (nearer - seen[:, 1]) * 0.1
    heights = cut.boxes[:, 2] - cut.boxes[:, 0]
    return np.array([(columns / metres).mean(), before.mean(), (heights / metres).mean()])


def towards(view_angle: int) -> Doubles:
    """The direction over the floor to the camera, (3,)."""
    angle = np.radians(view_angle)
    return np.array([np.sin(angle), -np.cos(angle), 0.0])


if __name__ == "__main__":
    np.savez_compressed(Path(__file__).with_name(_FILE), **_computed())  # type: ignore[arg-type]
