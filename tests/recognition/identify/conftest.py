"""Made-up gaits whose structure is known: a few traits a subject, seen by smoothly changing cameras."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from recognition.identify.gaits import GaitKey, Gaits

SIZE = (16, 12)
MakeGaits = Callable[..., Gaits]


def made_up_gaits(
    subjects: int = 12,
    *,
    view_angles: Sequence[int] = (0, 90, 180),
    sequences: int = 4,
    traits: int = 5,
    noise: float = 0.3,
    seed: int = 0,
) -> Gaits:
    """Subjects 001, 002, … with sequences nm-01, …; image = camera · traits + noise."""
    rng = np.random.default_rng(seed)
    pixels = SIZE[0] * SIZE[1]
    who = rng.normal(size=(subjects, traits))
    cameras = rng.normal(size=(2, pixels, traits))
    keys, images = [], []
    for v in view_angles:
        turn = np.deg2rad(v)
        camera = np.cos(turn) * cameras[0] + np.sin(turn) * cameras[1]  # (pixels, traits)
        for s in range(subjects):
            for number in range(1, sequences + 1):
                keys.append(GaitKey(f"{s + 1:03d}", "nm", number, v))
                images.append(camera @ who[s] + rng.normal(scale=noise, size=pixels))
    return Gaits(tuple(keys), np.array(images, np.float32).reshape(-1, *SIZE))


@pytest.fixture
def make_gaits() -> MakeGaits:
    return made_up_gaits
