"""How a body moves within the gait cycle: the first two harmonics of every pixel.

With T the gait cycle and s(t, x, y) the scaled silhouettes less their mean and linear trend,

    H_k(x, y) = 2/N · Σ_t s(t, x, y) · exp(−2πi·k·t/T),  k = 1, 2.

A gait energy image is the mean over time, H_0, so it cannot see how somebody moves; these can (frequency-domain
features: Makihara et al., ECCV 2006). They turn with the moment at which the recording begins, by
exp(−ikφ), which `aligned` undoes against a template.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.gait_cycle import halved, take_off_trend
from anonymizer.gait.silhouettes import Silhouettes

HEIGHT, WIDTH = 32, 24  # pixels of the harmonics, whatever the size of the gait energy image
SHORTEST, LONGEST = 16.0, 45.0  # frames a gait cycle
CYCLES = 1 / np.linspace(1 / LONGEST, 1 / SHORTEST, 88)  # searched, evenly in frequency
PHASES = np.exp(-1j * np.linspace(0, 2 * np.pi, 72, endpoint=False))

Harmonics = NDArray[np.complex64]  # (…, 2, HEIGHT, WIDTH)


def harmonics(bodies: Silhouettes) -> Harmonics:  # (2, HEIGHT, WIDTH)
    """Of (frames, 64, 48) scaled bodies; zeros where nothing moves or there are too few frames to say."""
    swings = _swings(bodies)
    frames = len(swings)
    if frames < 8 or not swings.any():
        return np.zeros((2, HEIGHT, WIDTH), np.complex64)
    turns = 2j * np.pi * np.arange(frames) / cycle(swings)
    waves = np.exp(-np.stack([turns, 2 * turns]))  # (2, frames)
    found = 2 / frames * (waves @ swings)
    return np.asarray(found, np.complex64).reshape(2, HEIGHT, WIDTH)


def cycle(swings: NDArray[np.float32]) -> float:
    """Frames a gait cycle: where most of the motion (frames, pixels) lies in the first two harmonics."""
    products = (swings @ swings.T).astype(np.float64)  # (frames, frames)
    waves = _waves(len(swings))
    energy = np.einsum("cf,cf->c", waves @ products, waves).reshape(len(CYCLES), -1)
    return float(CYCLES[energy.sum(axis=1).argmax()])


@lru_cache(maxsize=64)
def _waves(frames: int) -> NDArray[np.float64]:
    """(4 · cycles, frames): cosine and sine of the first two harmonics of every cycle searched."""
    turns = 2 * np.pi * np.arange(frames) / CYCLES[:, None]
    return np.stack([np.cos(turns), np.sin(turns), np.cos(2 * turns), np.sin(2 * turns)], axis=1).reshape(
        -1, frames
    )


def _swings(bodies: Silhouettes) -> NDArray[np.float32]:
    """(frames, pixels) of half the size, less mean and linear trend; blank frames are zero."""
    swings = halved(bodies)
    shown = np.asarray(swings.any(axis=1), np.bool_)
    if np.count_nonzero(shown) > 2:
        take_off_trend(swings, shown)
    return swings


def template(walks: Harmonics, rounds: int = 3) -> Harmonics:
    """(2, HEIGHT, WIDTH): what walks (gaits, 2, HEIGHT, WIDTH) have in common once they begin alike."""
    common = walks[np.abs(walks).sum(axis=(1, 2, 3)).argmax()]
    for _ in range(rounds):
        common = aligned(walks, common).mean(axis=0)
    return np.asarray(common, np.complex64)


def aligned(walks: Harmonics, common: Harmonics) -> Harmonics:
    """The walks (gaits, 2, HEIGHT, WIDTH) turned to the phase at which each is most like the template."""
    alike = np.einsum("nkhw,khw->nk", walks, common.conj())  # (gaits, 2)
    fit = (alike[:, :1] * PHASES + alike[:, 1:] * PHASES**2).real  # (gaits, phases)
    turn = PHASES[fit.argmax(axis=1)]
    turned = walks * np.stack([turn, turn**2], axis=1)[:, :, None, None]
    return np.asarray(turned, np.complex64)
