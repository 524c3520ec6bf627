"""Which of the donors walks: the one that differs least from the original in a few frames of a few views.

This is the only use of the original's shape. All candidates are looked at once; none is drawn anew.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.donors import Donor
from anonymizer.gait.replace_best_donors import Candidate
from anonymizer.gait.replace_best_posing import Course, Posed, posed
from anonymizer.gait.replace_best_scene import View
from anonymizer.gait.silhouettes import Silhouettes, blank_frames
from anonymizer.gait.walkers.body_space import body_space
from anonymizer.gait.walkers.rasteriser import rasterise

Frames: TypeAlias = NDArray[np.intp]

FRAMES_COMPARED = 7
VIEWS_COMPARED = 4


class Figures:
    """One donor in a scene, posed once for each course."""

    def __init__(self, candidate: Candidate) -> None:
        self.candidate = candidate
        self._posed: dict[Course, Posed] = {}

    def seen(self, view: View, frames: Frames, shape: tuple[int, int]) -> Silhouettes:
        """The donor's clean silhouettes at these frames of one view."""
        if view.course not in self._posed:
            self._posed[view.course] = posed(self.candidate, view.course)
        points = view.see(self._posed[view.course], frames)
        return rasterise(points, body_space().faces, self.candidate.figure.hulls, *shape)


def best(track: Donor, views: Mapping[int, View], candidates: Sequence[Candidate]) -> Figures:
    """The candidate with the least difference; of equals the first drawn."""
    figures = [Figures(candidate) for candidate in candidates]
    return figures[0] if len(figures) == 1 else figures[int(differences(track, views, figures).argmin())]


def differences(track: Donor, views: Mapping[int, View], figures: Sequence[Figures]) -> NDArray[np.float64]:
    """(figures,): the area in which each differs from the original, summed over the views compared."""
    compared = evenly(sorted(views), VIEWS_COMPARED)
    return np.array([sum(_difference(track[a], views[a], each) for a in compared) for each in figures])


def _difference(original: Silhouettes, view: View, figure: Figures) -> float:
    """Area in which they differ, as a share of the original's."""
    frames = np.array(evenly(np.flatnonzero(~blank_frames(original)).tolist(), FRAMES_COMPARED), np.intp)
    own = original[frames]
    return float(
        np.count_nonzero(own ^ figure.seen(view, frames, original.shape[1:])) / np.count_nonzero(own)
    )


def evenly(values: Sequence[int], count: int) -> list[int]:
    """`count` of the values, spread evenly, none of them at the ends; all where there are no more."""
    if len(values) <= count:
        return list(values)
    at = (np.arange(count) + 0.5) * len(values) / count
    return [values[int(index)] for index in at]
