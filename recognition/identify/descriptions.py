"""All that the attackers look at of one walk, computed once from its silhouettes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait import bodies
from anonymizer.gait.bodies import ScaledBodies
from anonymizer.gait.silhouettes import Silhouettes
from recognition.identify.boxes import box_track
from recognition.identify.gei import SIZE, energy_of
from recognition.identify.harmonics import Harmonics, harmonics

GEIS, HARMONICS, BOXES = "geis", "harmonics", "boxes"
FORMS = (GEIS, HARMONICS, BOXES)


@dataclass(frozen=True, eq=False)
class Description:
    """One walk as numbers."""

    geis: NDArray[np.float32]  # size
    harmonics: Harmonics  # (2, 32, 24)
    boxes: NDArray[np.float32]  # (features,)
    shown: bool  # whether anybody is to be seen at all


def describe(silhouettes: Silhouettes, size: tuple[int, int] = SIZE) -> Description:
    """All that attackers look at in a walk, (frames, height, width); its gait energy image in `size` pixels."""
    seen = bodies.of_silhouettes(silhouettes, *SIZE)
    sized = seen.scaled if tuple(size) == SIZE else bodies.scaled(silhouettes, *size)
    return _description(seen, sized)


def describe_packed(job: tuple[str, bytes, tuple[int, int]]) -> Description:
    """The description of packed silhouettes, for a process of its own; a damaged walk is named."""
    name, data, size = job
    try:
        seen = bodies.of_packed(data, *SIZE)
        sized = seen.scaled if tuple(size) == SIZE else bodies.of_packed(data, *size).scaled
    except ValueError as error:
        raise ValueError(f"Sequence {name} can't be read: {error}. Import or anonymize it again.") from error
    return _description(seen, sized)


def _description(seen: ScaledBodies, sized: Silhouettes) -> Description:
    """`sized` are the same bodies in the size of the gait energy image."""
    shown = bool(seen.scaled.any())
    energy = energy_of(sized) if shown and sized.any() else np.zeros(sized.shape[1:], np.float32)
    return Description(energy, harmonics(seen.scaled), box_track(seen.boxes, seen.frame[0]), shown)
