"""Gaits as the recognizers take them: gait energy images and the keys that tell them apart."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class GaitKey(NamedTuple):
    """What tells one recorded gait from all others, in CASIA-B's words."""

    subject: str
    condition: str
    number: int
    view_angle: int

    def __str__(self) -> str:
        return f"{self.subject}-{self.condition}-{self.number:02d}-{self.view_angle:03d}"


def subject_order(subject: str) -> tuple[bool, int, str]:
    """Sort key: numeric ids by number, then all others by name."""
    numeric = subject.isascii() and subject.isdigit()
    return (not numeric, int(subject) if numeric else 0, subject)


@dataclass(frozen=True, eq=False)
class Gaits:
    """Keyed gait energy images. A gallery may hold several copies of one gait, probes may not."""

    keys: tuple[GaitKey, ...]
    geis: NDArray[np.float32]  # (gaits, height, width)

    def __post_init__(self) -> None:
        if len(self.keys) != len(self.geis):
            raise ValueError(f"{len(self.keys)} gaits are named, but there are {len(self.geis)} images.")

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def subjects(self) -> NDArray[np.str_]:  # (gaits,)
        return np.array([key.subject for key in self.keys], np.str_)

    @cached_property
    def view_angles(self) -> NDArray[np.int64]:  # (gaits,)
        return np.array([key.view_angle for key in self.keys], np.int64)

    def where(self, chosen: Sequence[bool] | NDArray[np.bool_]) -> "Gaits":
        """The gaits at which `chosen` (gaits,) is true."""
        index = np.flatnonzero(np.asarray(chosen, np.bool_))
        return Gaits(tuple(self.keys[i] for i in index), self.geis[index])

    def of_subjects(self, subjects: Iterable[str]) -> "Gaits":
        kept = set(subjects)
        return self.where([key.subject in kept for key in self.keys])

    def without_subject(self, subject: str) -> "Gaits":
        """Everyone else: the fixed donor stays in the gallery but is no probe."""
        return self.where(self.subjects != subject)

    def chosen(self, choice: Collection[tuple[str, int]]) -> "Gaits":
        """The gaits of these sequences, (gait condition, number) each."""
        return self.where([(key.condition, key.number) in choice for key in self.keys])
