"""Which frames of a walk a clip repeats, so that ten seconds can be shown of a walk of two.

The paper's clips last 10 s, its sequences 2 s. Where the walk has a gait cycle, whole cycles are repeated,
cut where the last frame is followed best by the first. Otherwise all frames are repeated, with a fade at
the joint. A plan is made on the original and applied alike to what was made of it, so that nobody can tell
the two apart by their joints.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.clip_pictures import body_heights, centred, draw
from anonymizer.gait.gait_cycle import period
from anonymizer.gait.silhouettes import Silhouettes, blank_frames

GREY = -1  # in a timeline: no frame, a plain grey picture
_SMALL = (120, 90)  # width and height of the pictures that are compared
_FADE = 0.2  # seconds
_LONGER_IS_BETTER = 0.1  # share of a joint's jump that a further cycle is worth: few look mechanical


@dataclass(frozen=True)
class LoopPlan:
    """Which frames of a walk a clip repeats, and how large the body is shown; `loop_plan` makes one."""

    start: int  # first frame repeated
    length: int  # frames repeated
    fades: bool  # whether the joint needs a fade
    heights: tuple[float, ...]  # of the body in pixels, smoothed, for every frame: the clip's scale
    fade: int = 5  # frames that a fade or a grey cut takes

    def source_frames(self, frames: int, *, grey_cuts: bool = False) -> list[int]:
        """For each of the clip's frames the walk's frame to show, or GREY."""
        once = list(range(self.start, self.start + self.length)) + [GREY] * (self.fade if grey_cuts else 0)
        return [once[index % len(once)] for index in range(frames)]

    def brightness(self, frames: int) -> NDArray[np.float64]:
        """`(frames,)`: 1, but less around each joint that fades; never at the clip's own start and end."""
        bright = np.ones(frames)
        if self.fades:
            joints = np.arange(self.length, frames, self.length) - 0.5
            away = np.abs(np.arange(frames)[:, None] - joints[None])
            bright = np.clip((away / (self.fade / 2)).min(axis=1, initial=1.0), 0, 1)
        return bright


def loop_plan(original: Silhouettes, fps: float = 25) -> LoopPlan:
    """The frames to repeat, in whole gait cycles where the walk has one; ValueError where it has no frame."""
    if len(original) == 0:
        raise ValueError("a clip needs a walk of at least one frame")
    heights = body_heights(original)
    cycle = period(original)
    best = _best_loop(_differences(original, heights), cycle) if cycle else None
    start, length = best or (0, len(original))
    fade = max(1, round(_FADE * fps))
    return LoopPlan(start, length, fades=best is None, heights=tuple(heights.tolist()), fade=fade)


def _differences(silhouettes: Silhouettes, heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(frames, frames)`: how unlike the clip's pictures are to the eye; infinite where one is blank."""
    framing = centred(silhouettes, heights, _SMALL)
    small = [draw(frame, framing, index, _SMALL) for index, frame in enumerate(silhouettes)]
    # Whole numbers, which add up to the same in any order: the plan must not hang on how many threads add.
    pictures = np.stack(small).reshape(len(small), -1).astype(np.float64)
    squares = (pictures * pictures).sum(axis=1)
    differences = np.sqrt(squares[:, None] + squares[None] - 2 * (pictures @ pictures.T)) / 255
    blank = blank_frames(silhouettes)
    return np.where(blank[:, None] | blank[None], np.inf, differences)


def _best_loop(differences: NDArray[np.float64], cycle: float) -> tuple[int, int] | None:
    """(start, length) with the smoothest joint; None where no whole cycle fits."""
    frames = len(differences)
    found: list[tuple[float, int, int]] = []
    for cycles in range(1, int((frames - 1) / cycle + 0.05) + 1):
        for length in {round(cycles * cycle) + extra for extra in (-2, -1, 0, 1, 2)}:
            worth = 1 - _LONGER_IS_BETTER * (cycles - 1)
            jumps = _jumps(differences, length) * worth
            if len(jumps):
                found.append((float(jumps.min()), int(jumps.argmin()), length))
    smoothest = min(found, default=None)
    return smoothest[1:] if smoothest and np.isfinite(smoothest[0]) else None


def _jumps(differences: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """For each start: how unlike what follows the joint is to what would have come, and how large the jump.

    The frame after the last should have been like the first, and the last like the one before the first;
    and from the last to the first it should not be further than from any frame to the next.
    """
    ahead = differences.diagonal(length)
    if len(ahead) == 0:
        return ahead
    behind = np.concatenate([ahead[:1], ahead[:-1]])
    joint = differences.diagonal(length - 1)[: len(ahead)]
    steps = differences.diagonal(1)
    shown = steps[np.isfinite(steps)]  # of frames that both show somebody
    usual = float(np.median(shown)) if len(shown) else 0.0
    return np.asarray((ahead + behind) / 2 + np.maximum(0, joint - usual), np.float64)
