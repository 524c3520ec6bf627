"""Where a donor goes in each view of a track: a course over the floor, and how that is seen.

Known cameras that saw the walk at the same time give one course for all views. Otherwise each view has a course
of its own, seen by the nearest known camera and moved onto the path through its picture.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.donors import Donor, Walk
from anonymizer.gait.parameters import Parameters
from anonymizer.gait.replace_best_frame_path import FramePath, frame_path
from anonymizer.gait.replace_best_levels import STATURES, level_of
from anonymizer.gait.replace_best_observed import Observed, observed
from anonymizer.gait.replace_best_path import course_of, fitted
from anonymizer.gait.replace_best_phase import Phase, phase
from anonymizer.gait.replace_best_posing import Course, Posed
from anonymizer.gait.replace_best_public import public, towards
from anonymizer.gait.walkers import cameras

Doubles: TypeAlias = NDArray[np.float64]
Floats: TypeAlias = NDArray[np.float32]
See: TypeAlias = Callable[
    [Posed, NDArray[np.intp]], Floats
]  # points of these frames, (frames, points, 2), in pixels

MOST_JITTER = 2.0  # standard deviations
_REACH = 1.5  # m from the middle of the walkway, up to which known cameras see the whole body
_CLEARLY = 1.1  # times as well as the other way round


@dataclass(frozen=True, eq=False)
class View:
    """One view of the scene."""

    course: Course
    see: See


@dataclass(frozen=True)
class Chances:
    """What is left to chance, drawn before the original is looked at."""

    speed: float  # standard normal
    phase: float  # 0 to 1, where the original shows none

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "Chances":
        return cls(float(np.clip(rng.standard_normal(), -MOST_JITTER, MOST_JITTER)), float(rng.random()))


def scene(track: Donor, parameters: Parameters, chances: Chances) -> dict[int, View]:
    """For each view angle at which somebody is seen, the donor's place in it."""
    views = _of_one_stature(_views(track, parameters, chances), parameters["statures"])
    return _at_one_level(views, parameters["speeds"]) if parameters["pace"] == "level" else views


def _of_one_stature(views: Mapping[int, View], count: int) -> dict[int, View]:
    """All views with donors of one public stature; of their own where none is asked for, or none can be seen."""
    seen = [view.course.stature for view in views.values() if view.course.stature is not None]
    stature = level_of(seen, count, STATURES) if seen and count else None
    return {
        angle: replace(view, course=replace(view.course, stature=stature)) for angle, view in views.items()
    }


def _at_one_level(views: Mapping[int, View], count: int) -> dict[int, View]:
    """All views at one public speed; the donor's own where no view shows how fast the original goes."""
    seen = [view.course.speed for view in views.values() if view.course.speed is not None]
    if not seen:
        return dict(views)
    speed = level_of(seen, count)
    return {
        angle: replace(view, course=replace(view.course, speed=speed, acceleration=0.0))
        for angle, view in views.items()
    }


def _views(track: Donor, parameters: Parameters, chances: Chances) -> dict[int, View]:
    walks = {angle: track.walk(angle) for angle, silhouettes in track.items() if silhouettes.any()}
    seen = {angle: observed(walk, parameters["frame_rate"]) for angle, walk in walks.items()}
    if parameters["path"] in ("auto", "camera") and _of_known_cameras(seen):
        known = _camera_scene(walks, seen, parameters, chances)
        if known is not None:
            return known
    if parameters["path"] == "camera":
        raise ValueError("the walk does not fit the known cameras: choose the path 'frame' or 'auto'")
    return {angle: _frame_view(walks[angle], seen[angle], angle, parameters, chances) for angle in walks}


# --- Known cameras --------------------------------------------------------------------------------
def _of_known_cameras(seen: Mapping[int, Observed]) -> bool:
    shape = (cameras.HEIGHT, cameras.WIDTH)
    return all(view.shape == shape and 0 <= angle <= 180 for angle, view in seen.items())


def _camera_scene(
    walks: Mapping[int, Walk], seen: Mapping[int, Observed], parameters: Parameters, chances: Chances
) -> dict[int, View] | None:
    """One course for all views, or one for each where they did not see the walk at the same time; None where
    nobody can have walked so before these cameras."""
    together = _course(walks, seen, parameters, chances)
    if together is not None and len({view.frames for view in seen.values()}) == 1:
        return {angle: View(together, _camera(angle)) for angle in walks}
    views: dict[int, View] = {}
    for angle, walk in walks.items():
        alone = _course({angle: walk}, {angle: seen[angle]}, parameters, chances)
        if alone is None:
            return None
        views[angle] = View(alone, _camera(angle))
    return views


def _course(
    walks: Mapping[int, Walk], seen: Mapping[int, Observed], parameters: Parameters, chances: Chances
) -> Course | None:
    found = fitted(seen, changing_speed=parameters["pace"] == "changing")
    if not found.plausible:
        return None
    course = course_of(found, next(iter(seen.values())))
    at_middle = _at_middle(phase(walks, parameters["frame_rate"]), chances)
    return _as_wished(replace(course, phase=at_middle), parameters, chances)


def _as_wished(course: Course, parameters: Parameters, chances: Chances) -> Course:
    """The course with the speed that the parameters want."""
    if parameters["pace"] == "donor" or course.speed is None:
        return replace(course, speed=None, acceleration=0.0)
    return replace(course, speed=course.speed * float(np.exp(parameters["speed_jitter"] * chances.speed)))


def _at_middle(found: Phase | None, chances: Chances) -> float:
    return found.at_middle if found is not None and found.reliable else chances.phase


def _camera(view_angle: int) -> See:
    return lambda posed, frames: cameras.project(posed.points(frames), view_angle)


# --- Cameras that nobody knows --------------------------------------------------------------------
def _frame_view(
    walk: Walk, seen: Observed, view_angle: int, parameters: Parameters, chances: Chances
) -> View:
    mirror_image = view_angle % 360 > 180
    angle = 360 - view_angle % 360 if mirror_image else view_angle % 360
    path = frame_path(seen, angle)
    found, mirrored = _phase_and_side({angle: walk}, seen, path, mirror_image)
    course = Course(
        seen.frames, speed=path.speed, phase=_at_middle(found, chances), frame_rate=seen.frame_rate
    )
    return View(_as_wished(course, parameters, chances), _moved_onto(path, angle, mirrored))


def _phase_and_side(
    views: Mapping[int, Walk], seen: Observed, path: FramePath, mirror_image: bool
) -> tuple[Phase | None, bool]:
    """The phase, and whether the walker goes the other way than past the known camera: told by the path, else by
    which way round the walk agrees clearly better, else by the angle."""
    if path.rightward is not None:  # known walkers go to the left
        return phase(views, seen.frame_rate, path.rightward), path.rightward
    usual, other = (phase(views, seen.frame_rate, side) for side in (mirror_image, not mirror_image))
    if usual is not None and other is not None and other.agreement > _CLEARLY * usual.agreement:
        return other, not mirror_image
    return usual, mirror_image


def _moved_onto(path: FramePath, view_angle: int, mirrored: bool) -> See:
    side = -1.0 if mirrored else 1.0
    reach = 0.0 if path.followed else _REACH

    def see(posed: Posed, frames: NDArray[np.intp]) -> Floats:
        points, ground = _within_reach(posed, frames, reach)
        pixels = cameras.project(points, view_angle).astype(np.float64)
        pixels[..., 0] *= side
        if path.one_height:
            return _filling(pixels, path, frames)
        known = public(view_angle)
        here = cameras.scale_at(ground, view_angle)
        foot = _seen(ground + known.before_path * towards(view_angle), view_angle)[:, 1]
        trunk = side * (_seen(ground, view_angle)[:, 0] + known.right_of_path * here)
        larger = path.heights[frames] / (known.height * here)
        return _placed(
            pixels,
            np.column_stack([trunk, foot]),
            larger,
            np.column_stack([path.columns, path.bottoms])[frames],
        )

    return see


def _within_reach(posed: Posed, frames: NDArray[np.intp], reach: float) -> tuple[Floats, Doubles]:
    """The donor's points, and the floor under it (frames, 3), held back where it would walk out of the known
    camera's sight: its place and size in the picture are told by the path there."""
    middle = np.array(posed.course.middle)
    gone = posed.course.places(posed.speed)[frames] - middle
    way = np.hypot(gone[:, 0], gone[:, 1])
    held = gone * (np.minimum(way, reach) / np.maximum(way, 1e-9))[:, None]
    back = np.column_stack([held - gone, np.zeros(len(frames))])
    points = posed.points(frames) + back[:, None].astype(np.float32)
    return points, np.column_stack([middle + held, np.zeros(len(frames))])


def _seen(points: Doubles, view_angle: int) -> Doubles:
    return np.asarray(cameras.project(points[:, None].astype(np.float32), view_angle)[:, 0], np.float64)


def _filling(pixels: Doubles, path: FramePath, frames: NDArray[np.intp]) -> Floats:
    """Every body from the crown's row to the foot's, as the originals, its middle over the path."""
    tops, bottoms = pixels[..., 1].min(axis=1), pixels[..., 1].max(axis=1)
    upper = pixels[..., 1] < (tops + 0.45 * (bottoms - tops))[:, None]
    middle = (pixels[..., 0] * upper).sum(axis=1) / upper.sum(axis=1)
    larger = path.heights[frames] / (bottoms - tops)
    return _placed(
        pixels,
        np.column_stack([middle, bottoms]),
        larger,
        np.column_stack([path.columns, path.bottoms])[frames],
    )


def _placed(pixels: Doubles, origin: Doubles, larger: Doubles, target: Doubles) -> Floats:
    """Pixels (frames, points, 2) scaled about `origin` (frames, 2), which goes to `target` (frames, 2)."""
    moved = (pixels - origin[:, None]) * larger[:, None, None] + target[:, None]
    return np.asarray(moved, np.float32)
