"""What one view of a walk tells of where the walker was: a trunk, a crown and a lowest foot by frame.

Frames in which the body is cut off by the border or fell to pieces tell nothing reliable and are left out.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.donors import Walk
from anonymizer.gait.walkers.cameras import FRAMES_PER_SECOND

Doubles: TypeAlias = NDArray[np.float64]

_FEWEST = 3  # frames to follow a path through
_WHOLE = 0.8  # of the usual height: what is lower has lost its head or its feet


@dataclass(frozen=True)
class Observed:
    """One view of a walk of `frames` frames; the arrays are of the frames that can be relied on."""

    shape: tuple[int, int]
    frames: int
    used: NDArray[np.intp]  # (used,): which frames
    columns: Doubles  # of the trunk
    tops: Doubles  # rows, the edge above the highest pixel
    bottoms: Doubles  # rows, the edge below the lowest pixel
    frame_rate: float

    @property
    def times(self) -> Doubles:
        """Seconds from mid-clip, (used,)."""
        return np.asarray((self.used - (self.frames - 1) / 2) / self.frame_rate, np.float64)

    @property
    def heights(self) -> Doubles:
        return self.bottoms - self.tops


def observed(walk: Walk, frame_rate: float = FRAMES_PER_SECOND) -> Observed:
    """ValueError where no frame shows anybody."""
    frames, height, width = walk.silhouettes.shape
    boxes = walk.bodies.boxes
    shown = np.flatnonzero(boxes[:, 2] > 0)
    if len(shown) == 0:
        raise ValueError("no frame shows anybody, so there is no path to walk on")
    used = _reliable(boxes, shown, height, width)
    columns = boxes[used, 1] + walk.bodies.trunks[used]
    tops, bottoms = boxes[used, 0].astype(np.float64), boxes[used, 2].astype(np.float64)
    return Observed((height, width), frames, used, columns, tops, bottoms, frame_rate)


def _reliable(boxes: NDArray[np.int64], shown: NDArray[np.intp], height: int, width: int) -> NDArray[np.intp]:
    """Frames that show a whole body. Crops may fill their frame: where most bodies touch the border, all may."""
    top, left, bottom, right = boxes[shown].T
    inside = (top > 0) & (left > 0) & (bottom < height) & (right < width)
    candidates = shown[inside] if np.mean(inside) > 0.5 else shown
    heights = boxes[candidates, 2] - boxes[candidates, 0]
    # Against the neighbours in time, since who comes nearer grows.
    usual = np.array([np.median(heights[max(0, at - 4) : at + 5]) for at in range(len(heights))])
    whole = candidates[heights >= _WHOLE * usual]
    return whole if len(whole) >= _FEWEST else shown
