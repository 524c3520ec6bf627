"""Gaits as the recognizers take them: what is read of each, and the keys that tell them apart."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.gait_key import GaitKey

__all__ = ["GaitKey", "Gaits", "Inputs", "Stored", "some_of", "subject_order", "together"]


def subject_order(subject: str) -> tuple[bool, int, str]:
    """Sort key: numeric ids by number, then all others by name."""
    numeric = subject.isascii() and subject.isdigit()
    return (not numeric, int(subject) if numeric else 0, subject)


@dataclass(frozen=True, eq=False)
class Stored:
    """What is read of gaits, where it lies in files: fetched when it is asked for, so little is in memory."""

    fetch: Callable[[NDArray[np.intp]], Any]  # rows of the store -> an array, or packed silhouettes
    rows: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: NDArray[np.intp]) -> Any:
        return self.fetch(self.rows[index])

    def at(self, index: NDArray[np.intp]) -> "Stored":
        """These alone, still in their files."""
        return Stored(self.fetch, self.rows[index])


# One entry a gait: gait energy images (gaits, height, width), packed silhouettes, …; indexed by an array of rows.
Inputs: TypeAlias = NDArray[Any] | Stored


def some_of(inputs: Inputs, rows: NDArray[np.intp]) -> Inputs:
    """These alone; what lies in files stays there."""
    return inputs.at(rows) if isinstance(inputs, Stored) else inputs[rows]


@dataclass(frozen=True, eq=False)
class Gaits:
    """Keyed gaits. A gallery may hold several copies of one gait, probes may not."""

    keys: tuple[GaitKey, ...]
    inputs: Inputs
    donors: tuple[str, ...] = ()  # who lent each anonymized gait its own; empty where nobody knows

    def __post_init__(self) -> None:
        if len(self.keys) != len(self.inputs):
            raise ValueError(f"{len(self.keys)} gaits are named, but there are {len(self.inputs)} to read.")

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
        donors = tuple(self.donors[i] for i in index) if self.donors else ()
        return Gaits(tuple(self.keys[i] for i in index), some_of(self.inputs, index), donors)

    def at(self, view_angle: int) -> "Gaits":
        return self.where(self.view_angles == view_angle)

    def read(self) -> Any:
        """All inputs, fetched."""
        return self.inputs[np.arange(len(self))]

    def of_subjects(self, subjects: Iterable[str]) -> "Gaits":
        kept = set(subjects)
        return self.where([key.subject in kept for key in self.keys])

    def without_subject(self, subject: str) -> "Gaits":
        """Everyone else: the fixed donor stays in the gallery but is no probe."""
        return self.where(self.subjects != subject)

    def chosen(self, choice: Collection[tuple[str, int]]) -> "Gaits":
        """The gaits of these sequences, (gait condition, number) each."""
        return self.where([(key.condition, key.number) in choice for key in self.keys])


def together(parts: Sequence[Gaits]) -> Gaits:
    """Several as one, such as the copies of a gallery; what lies in files stays there."""
    if len(parts) == 1:
        return parts[0]
    keys = tuple(key for part in parts for key in part.keys)
    donors = tuple(donor for part in parts for donor in part.donors)
    if len(donors) != len(keys):
        donors = ()
    if all(isinstance(part.inputs, np.ndarray) for part in parts):
        return Gaits(keys, np.concatenate([part.read() for part in parts]), donors)
    ends = np.cumsum([len(part) for part in parts])

    def fetch(rows: NDArray[np.intp]) -> Any:
        which = np.searchsorted(ends, rows, side="right")
        fetched: list[Any] = [None] * len(rows)
        for number in np.unique(which).tolist():
            mine = np.flatnonzero(which == number)
            found = parts[number].inputs[rows[mine] - (ends[number] - len(parts[number]))]
            for place, each in zip(mine.tolist(), found, strict=True):
                fetched[place] = each
        return np.stack(fetched) if fetched and isinstance(fetched[0], np.ndarray) else fetched

    return Gaits(keys, Stored(fetch, np.arange(len(keys))), donors)
