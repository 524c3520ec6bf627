"""All that the attackers look at of one walk, computed once from its silhouettes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.silhouettes import Silhouettes, scaled, unpack
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
    bodies = scaled(silhouettes, *SIZE)
    shown = bool(bodies.any())
    sized = bodies if tuple(size) == SIZE else scaled(silhouettes, *size)
    energy = energy_of(sized) if shown and sized.any() else np.zeros(size, np.float32)
    return Description(energy, harmonics(bodies), box_track(silhouettes), shown)


def describe_packed(job: tuple[str, bytes, tuple[int, int]]) -> Description:
    """The description of packed silhouettes, for a process of its own; a damaged walk is named."""
    name, data, size = job
    try:
        return describe(unpack(data), size)
    except ValueError as error:
        raise ValueError(f"Sequence {name} can't be read: {error}. Import or anonymize it again.") from error
