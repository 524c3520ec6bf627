"""The course that the original took over the floor, from what known cameras saw of it.

Fitted is one smooth line, passed at a steady (or steadily changing) speed: that the trunk stays above it and the
lowest foot on it, in the mean over the cycle. The stature is fitted along with it; it is thrown away, or chooses one
of a few public statures. The boxes of the single frames are thrown away: bob, sway and steps never reach the donor.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.replace_best_observed import Observed
from anonymizer.gait.replace_best_posing import Course
from anonymizer.gait.replace_best_public import public, towards
from anonymizer.gait.walkers.cameras import project, scale_at

Doubles: TypeAlias = NDArray[np.float64]

# Unknowns: across, back (m), speed (m/s), heading (radians), stature (m), acceleration (m/s²); what is expected
# of them, and how far they usually are from it, which matters only where the silhouettes say little.
_EXPECTED = np.array([0.0, -0.08, 1.2, 0.0, 1.72, 0.0])
_SPREAD = np.array([0.5, 0.5, 0.4, 0.05, 0.15, 0.1])
_STEPS = np.array([1e-3, 1e-3, 1e-3, 1e-4, 1e-3, 1e-3])  # for the derivatives
# How far columns and rows lie from the smooth line, as a share of the body's height: steps lift and lower them.
_COLUMN_ERROR, _ROW_ERROR = 0.012, 0.018
_ROUNDS = 8
_TRUNK_HEIGHT = 0.65  # of the stature
_SEEN_LOWER = 1.0126  # times as tall as the fit says: a walker is lower than one who stands
POORLY_FITTED = 0.08  # of the body's height, in the root mean square


@dataclass(frozen=True)
class FittedCourse:
    """Place, speed and heading of the original; `error` as a share of its height in the picture."""

    middle: tuple[float, float]
    speed: float
    heading: float
    acceleration: float
    stature: float  # only to tell whether these cameras can have seen this
    error: float

    @property
    def plausible(self) -> bool:
        """Whether somebody could have walked so before these cameras."""
        return self.error < POORLY_FITTED and 0.9 < self.stature < 2.3 and 0.2 < self.speed < 3


def fitted(views: Mapping[int, Observed], changing_speed: bool = False) -> FittedCourse:
    """The course that all views saw at once, (view angle: what it saw), frame by frame at the same time."""
    unknowns = 6 if changing_speed else 5
    found = _EXPECTED.copy()
    target = np.concatenate([_seen(view) for view in views.values()])
    scale = np.concatenate([_errors(view) for view in views.values()])
    for _ in range(_ROUNDS):
        predicted, slopes = _linearised(found, views, unknowns)
        weight = _trust((target - predicted) / scale) / scale
        rows = np.concatenate([slopes * weight[:, None], np.diag(1 / _SPREAD[:unknowns])])
        prior = ((_EXPECTED - found) / _SPREAD)[:unknowns]
        change = np.linalg.lstsq(rows, np.concatenate([(target - predicted) * weight, prior]), rcond=None)[0]
        found[:unknowns] += change
    heights = np.concatenate([np.tile(view.heights, 3) for view in views.values()])
    error = float(np.sqrt(np.mean(((target - _predicted(found, views)) / heights) ** 2)))
    across, back, speed, heading, stature, acceleration = found.tolist()
    return FittedCourse((across, back), speed, heading, acceleration, stature, error)


def _seen(view: Observed) -> Doubles:
    return np.concatenate([view.columns, view.bottoms, view.tops])


def _errors(view: Observed) -> Doubles:
    heights = view.heights
    return np.concatenate([_COLUMN_ERROR * heights, _ROW_ERROR * heights, _ROW_ERROR * heights])


def _trust(residuals: Doubles) -> Doubles:
    """Less weight for what lies far off (Huber), so that a frame with a broken body moves nothing."""
    return np.minimum(1.0, 2.0 / np.maximum(np.abs(residuals), 1e-9)) ** 0.5


def _linearised(found: Doubles, views: Mapping[int, Observed], unknowns: int) -> tuple[Doubles, Doubles]:
    here = _predicted(found, views)
    slopes = np.empty((len(here), unknowns))
    for k in range(unknowns):
        moved = found.copy()
        moved[k] += _STEPS[k]
        slopes[:, k] = (_predicted(moved, views) - here) / _STEPS[k]
    return here, slopes


def _predicted(unknowns: Doubles, views: Mapping[int, Observed]) -> Doubles:
    return np.concatenate([_predicted_view(unknowns, angle, view) for angle, view in views.items()])


def _predicted_view(unknowns: Doubles, view_angle: int, view: Observed) -> Doubles:
    """Columns of the trunk, rows of the lowest foot and of the crown, (3 · used,), in pixels."""
    across, back, speed, heading, stature, acceleration = unknowns
    way = speed * view.times + acceleration * view.times**2 / 2
    ground = np.column_stack(
        [across + np.sin(heading) * way, back - np.cos(heading) * way, np.zeros(len(way))]
    )
    known = public(view_angle)
    metres = scale_at(ground, view_angle)
    foot, trunk, crown = (
        _projected(ground + offset, view_angle)
        for offset in (
            known.before_path * towards(view_angle),
            np.array([0, 0, _TRUNK_HEIGHT * stature]),
            np.array([0, 0, stature]),
        )
    )
    return np.concatenate([trunk[:, 0] + known.right_of_path * metres, foot[:, 1], crown[:, 1]])


def _projected(points: Doubles, view_angle: int) -> Doubles:
    return np.asarray(project(points[:, None].astype(np.float32), view_angle)[:, 0], np.float64)


def course_of(found: FittedCourse, view: Observed) -> Course:
    """The course of a clip like this view's; its phase is not known yet."""
    return Course(
        view.frames,
        found.middle,
        found.heading,
        found.speed,
        found.acceleration,
        frame_rate=view.frame_rate,
        stature=found.stature * _SEEN_LOWER,
    )
