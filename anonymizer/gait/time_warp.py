"""`phase`: other moments of the same walk. It changes when a limb swings, never what it looks like.

A gait energy image is the mean over the frames and knows nothing of their order, so a recognizer that looks at
it names these walks as surely as the originals. A privacy measure that reports a gain here is broken.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait import distance_fields
from anonymizer.gait.donors import Donor, Track, Walk
from anonymizer.gait.method_call import Call
from anonymizer.gait.parameters import Parameters
from anonymizer.gait.silhouettes import Silhouettes


def phase(track: Donor, donors: Sequence[Donor], call: Call) -> Track:
    """The same bodies at other moments, moved and warped alike in all views, along the original's path."""
    cycle = _cycle([track.walk(angle) for angle, silhouettes in track.items() if silhouettes.any()])
    begin = float(call.rng.uniform(0, 2 * math.pi))
    return {
        angle: _moved(track.walk(angle), cycle, call.parameters, begin)
        if silhouettes.any()
        else silhouettes.copy()
        for angle, silhouettes in track.items()
    }


def _cycle(walks: Sequence[Walk]) -> float | None:
    """Frames a gait cycle: the median over the views that show one, the reliable ones if there are any."""
    known = [walk.features for walk in walks if walk.features.cycle]
    best = [each for each in known if each.reliable] or known
    return float(np.median([each.cycle for each in best])) if best else None


def _moved(walk: Walk, cycle: float | None, parameters: Parameters, begin: float) -> Silhouettes:
    silhouettes, blank = walk.silhouettes, walk.features.blank
    frames = moments(len(silhouettes), cycle, parameters["shift"], parameters["warp"], begin)
    shown = np.flatnonzero(~blank)
    frames = shown[np.abs(shown[None] - frames[:, None]).argmin(axis=1)]
    result = distance_fields.replaced(walk.bodies, walk.bodies, frames, silhouettes.shape[1:])
    stays = frames == np.arange(len(frames))
    result[stays] = silhouettes[stays]
    return result


def moments(frames: int, cycle: float | None, shift: float, warp: float, begin: float) -> NDArray[np.intp]:
    """`(frames,)`: which frame is shown at each. Beyond the last one it goes back by whole cycles.

    The walk hurries and lingers once over its length; `begin` is where in that it starts, radians. Without a
    known cycle the whole walk is taken for one, and has a jump where it begins again.
    """
    whole = cycle if cycle and cycle < frames else float(frames)
    times, turn = np.arange(frames), 2 * math.pi / frames
    warped = times + warp / turn * (np.sin(turn * times + begin) - math.sin(begin))
    at = np.rint(warped + shift * whole)
    back = np.ceil(np.maximum(at - (frames - 1), 0) / whole)
    return np.asarray(np.clip(np.rint(at - back * whole), 0, frames - 1), np.intp)
