"""What the set network is built and trained with; light to import, since pages and commands check it too."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NAME = "set-network"
LARGEST = 256  # pixels a side of a frame
BOUNDS = {  # from, to: what is beyond would end hours later, or never
    "strip_features": (1, 1024),
    "frames": (1, 1000),
    "subjects": (2, 1000),
    "gaits": (2, 1000),
    "steps": (1, 1_000_000),
    "seed": (0, 2**63 - 1),
}


@dataclass(frozen=True)
class Parameters:
    """How the network is built and trained; the defaults train on the demo's walks in minutes on two cores."""

    frame: tuple[int, int] = (
        32,
        22,
    )  # what it sees of a frame: height, width in pixels, multiples of 4 and 2
    channels: tuple[int, int, int] = (16, 32, 64)
    strips: tuple[int, ...] = (1, 2, 4, 8)  # the map's rows are cut into so many strips, each way at once
    strip_features: int = 32
    frames: int = 10  # of a walk in one training step, drawn anew each time
    subjects: int = 6  # in a training step, as far as there are
    gaits: int = 6  # of each of them, of any view angles
    margin: float = 0.2
    steps: int = 500
    learning_rate: float = 2e-3
    seed: int = 0

    def __post_init__(self) -> None:
        self._check_shapes()
        for name, (least, most) in BOUNDS.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be from {least} to {most}, not {getattr(self, name)}.")
        if not 0 < self.learning_rate < 1 or not 0 < self.margin < 10:
            raise ValueError(
                f"Learning rate {self.learning_rate} and margin {self.margin} must be small and positive."
            )

    def _check_shapes(self) -> None:
        if len(self.frame) != 2 or self.frame[0] % 4 or self.frame[1] % 2 or min(self.frame) < 8:
            raise ValueError(
                f"Frames of {self.frame} don't fit: they take a height that is a multiple of 4 and a width of 2."
            )
        if max(self.frame) > LARGEST:
            raise ValueError(f"Frames of {self.frame} are too large. Use at most {LARGEST} pixels a side.")
        if len(self.channels) != 3 or not all(1 <= channels <= 1024 for channels in self.channels):
            raise ValueError(f"Channels {self.channels} must be three numbers from 1 to 1024.")
        rows = self.frame[0] // 4
        if not self.strips or any(strips < 1 or rows % strips for strips in self.strips):
            raise ValueError(f"{rows} rows can't be cut into {self.strips} strips of equal height.")


def checked(given: Mapping[str, Any]) -> Parameters:
    """The parameters, given ones and defaults; ValueError where one is unknown or out of range."""
    unknown = set(given) - set(Parameters.__dataclass_fields__)
    if unknown:
        raise ValueError(f"The set network has no parameter {min(unknown)!r}.")
    lists: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
    }
    return Parameters(**lists)
