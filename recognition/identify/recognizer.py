"""What a recognizer must do, so that another one can be added in one file.

A recognizer turns gait energy images into features a view angle at a time, and says how far features of
one view angle lie from those of another. It learns both from other people's gaits, which `fit` is given.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Recognizer(Protocol):
    """Structural: a class with these methods is a recognizer, no base class needed."""

    name: str

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What it was made with, as JSON can hold it."""

    def fit(
        self,
        geis: NDArray[np.float32],  # (gaits, height, width)
        subjects: NDArray[np.str_],  # (gaits,)
        view_angles: NDArray[np.int64],  # (gaits,)
    ) -> "Recognizer":
        """Learn from training gaits and return itself; ValueError where they don't suffice."""

    def features(self, geis: NDArray[np.float32], view_angle: int) -> NDArray[np.float32]:
        """(gaits, height, width) images of one view angle -> (gaits, features)."""

    def distances(
        self,
        probe_features: NDArray[np.float32],  # (probes, features)
        probe_view_angle: int,
        gallery_features: NDArray[np.float32],  # (gallery, features)
        gallery_view_angle: int,
    ) -> NDArray[np.float32]:
        """(probes, gallery) distances, the smaller the more alike; finite."""
