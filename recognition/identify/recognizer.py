"""What a recognizer must do, so that another one can be added in one file.

A recognizer turns gaits into features a view angle at a time, and says how far features of one view angle
lie from those of another. It learns both from other people's gaits, which `fit` is given. `reads` says what
it wants of a gait; whoever calls it reads that and nothing else.
"""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from recognition.identify.gaits import Inputs

GEIS, SILHOUETTES = "geis", "silhouettes"
BATCH = 256  # gaits whose features are computed at once


class Recognizer(Protocol):
    """Structural: a class with these methods is a recognizer, no base class needed.

    Inputs are gait energy images (gaits, *size) where `reads` is "geis", and packed silhouettes
    (`anonymizer.gait.silhouettes.unpack`), a list of bytes, where it is "silhouettes".
    """

    name: str
    reads: str

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the gait energy images it reads, or of those the attackers may use beside it."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What it was made with, as JSON can hold it."""

    def untrained(self) -> "Recognizer":
        """Another one with the same parameters that has learned nothing yet."""

    def fit(
        self,
        inputs: Inputs,  # index it by rows: it may lie in files
        subjects: NDArray[np.str_],  # (gaits,)
        view_angles: NDArray[np.int64],  # (gaits,)
    ) -> "Recognizer":
        """Learn from training gaits and return itself; ValueError where they don't suffice."""

    def features(self, inputs: Any, view_angle: int) -> NDArray[np.float32]:
        """Gaits of one view angle -> (gaits, features)."""

    def distances(
        self,
        probe_features: NDArray[np.float32],  # (probes, features)
        probe_view_angle: int,
        gallery_features: NDArray[np.float32],  # (gallery, features)
        gallery_view_angle: int,
    ) -> NDArray[np.float32]:
        """(probes, gallery) distances, the smaller the more alike; finite."""

    def save(self, file: BinaryIO) -> None:
        """Write what `load` of its module reads, without pickles."""


def features_of(recognizer: Recognizer, inputs: Inputs, view_angle: int) -> NDArray[np.float32]:
    """Features of gaits of one view angle, read and computed some at a time."""
    starts = range(0, max(1, len(inputs)), BATCH)
    rows = [np.arange(start, min(start + BATCH, len(inputs))) for start in starts]
    return np.concatenate([recognizer.features(inputs[some], view_angle) for some in rows])


@runtime_checkable
class LearnsBySteps(Protocol):
    """What a recognizer has besides where its training is long: it says how far it is, and can go on later."""

    device: Any  # where it computes
    losses: list[float]  # one a training step

    def learn(
        self, inputs: Inputs, subjects: NDArray[np.str_], view_angles: NDArray[np.int64]
    ) -> Iterator[tuple[int, int]]:
        """As `fit`, some steps at a time: yields (steps done, steps in all), also right at the beginning."""

    def kept(self) -> bytes:
        """All that `resume` needs to go on with an unfinished training."""

    def resume(self, kept: bytes) -> None:
        """Go on where `kept` was written; ValueError where it is of another network."""
