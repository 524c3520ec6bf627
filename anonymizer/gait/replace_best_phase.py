"""The phase of a walk at mid-clip, against the public mean cycle of its view angle.

The small shapes of the frames, less what stays and what drifts, are compared with the mean walker's at every
phase and at every usual cadence; how well they agree over the clip is summed over the views of one track.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.donors import Walk
from anonymizer.gait.replace_best_public import HARMONICS, public
from anonymizer.gait.walkers.cameras import FRAMES_PER_SECOND

Doubles: TypeAlias = NDArray[np.float64]

_FREQUENCIES = np.arange(0.70, 1.301, 0.02)  # cycles a second
_PHASES = np.arange(128) / 128
_RELIABLE = 0.35  # of the agreement of a walk with itself; noise reaches .2
_FEWEST_FRAMES = 8


@dataclass(frozen=True)
class Phase:
    """The phase at mid-clip in cycles, 0 to 1, and how well the walk agrees with the mean cycle, up to 1."""

    at_middle: float
    frequency: float  # Hz
    agreement: float

    @property
    def reliable(self) -> bool:
        return self.agreement >= _RELIABLE


def phase(
    views: Mapping[int, Walk], frame_rate: float = FRAMES_PER_SECOND, mirrored: bool = False
) -> Phase | None:
    """The phase that all views show at once; None where too few frames show anybody."""
    enough = {a: w for a, w in views.items() if np.count_nonzero(~w.features.blank) >= _FEWEST_FRAMES}
    if not enough:
        return None
    tables = [_agreement(walk, angle, frame_rate, mirrored) for angle, walk in enough.items()]
    size = sum(size for _, size in tables)
    table = np.sum([agreement for agreement, _ in tables], axis=0) / max(size, 1e-9)
    frequency, at = np.unravel_index(int(table.argmax()), table.shape)
    return Phase(float(_PHASES[at]), float(_FREQUENCIES[frequency]), float(table.max()))


def _agreement(walk: Walk, view_angle: int, frame_rate: float, mirrored: bool) -> tuple[Doubles, float]:
    """(frequencies, phases): inner products summed over the frames, and what they can be at most."""
    swings = walk.features.swings.astype(np.float64)
    if mirrored:
        swings = swings.reshape(-1, 32, 24)[:, :, ::-1].reshape(len(swings), -1)
    cycle = public(view_angle).cycle  # (harmonics, 2, 768)
    parts = np.einsum("tp,hcp->tch", swings, cycle, optimize=True)
    phasors = parts[:, 0] - 1j * parts[:, 1]  # (frames, harmonics)
    times = (np.arange(len(swings)) - (len(swings) - 1) / 2) / frame_rate
    order = np.arange(1, HARMONICS + 1)
    turned = np.exp(2j * np.pi * _FREQUENCIES[:, None, None] * times[:, None] * order)
    summed = np.einsum("th,fth->fh", phasors, turned)  # (frequencies, harmonics)
    table = (summed[:, None] * np.exp(2j * np.pi * _PHASES[:, None] * order)).real.sum(axis=2)
    shown = np.count_nonzero(~walk.features.blank)
    most = np.sqrt((swings**2).sum() * shown * (cycle**2).sum() / 2)
    return table, float(most)
