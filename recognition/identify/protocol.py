"""Who is compared with whom: subjects' splits, gallery and probes, and the nearest neighbour.

The protocol of CASIA-B as the paper uses it (section IV-B): some sequences of every test subject are
enrolled, the gallery; the others are probes; each pair of a gallery view angle g and a probe view angle p
is a cell of its own, in which every probe is named after its nearest neighbour among the gallery gaits at g.
"""

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from recognition.identify.gaits import GaitKey, Gaits, subject_order
from recognition.identify.identifications import Identifications
from recognition.identify.recognizer import Recognizer

CONDITIONS = ("nm", "bg", "cl")
PAPER_TRAIN, PAPER_NETWORK = 24, 10
LEAST_SUBJECTS = 2


class SequenceChoice(tuple[tuple[str, int], ...]):
    """Some of a subject's sequences, as (gait condition, number): what `nm-01,nm-02` stands for."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `nm-01,nm-02`; ValueError for what is no sequence or stands there twice."""
        names = [name.strip() for name in text.split(",")]
        chosen = [cls._sequence(name) for name in names]
        twice = [name for i, name in enumerate(names) if chosen[i] in chosen[:i]]
        if twice:
            raise ValueError(f"{twice[0]} is chosen twice in {text!r}. Name it once.")
        return cls(chosen)

    @staticmethod
    def _sequence(name: str) -> tuple[str, int]:
        found = re.fullmatch(rf"({'|'.join(CONDITIONS)})-(\d{{1,2}})", name)
        if not found:
            raise ValueError(f"{name!r} is not a sequence. Write nm-01, or several as nm-01,nm-02.")
        return found[1], int(found[2])

    def names(self) -> list[str]:
        return [f"{condition}-{number:02d}" for condition, number in self]

    def __str__(self) -> str:
        return ",".join(self.names())


def gallery_and_probe(gallery: str, probe: str) -> tuple[SequenceChoice, SequenceChoice]:
    """Both choices read; ValueError where they share a sequence, which would be compared with itself."""
    enrolled, tested = SequenceChoice.parse(gallery), SequenceChoice.parse(probe)
    shared = SequenceChoice(s for s in tested if s in enrolled)
    if shared:
        raise ValueError(f"{shared} is in the gallery and among the probes. Choose it for one of them.")
    return enrolled, tested


class Split(NamedTuple):
    """Subjects by what they are used for; in the paper's words D1, D2 and D3."""

    train: tuple[str, ...]  # D1 trains the recognizer
    network: tuple[str, ...]  # D2 trains the network
    test: tuple[str, ...]  # D3


def split(subjects: Iterable[str], how: str) -> Split:
    """Divide subjects by numeric id: `paper`, or percents `A:B:C` for D1:D2:D3.

    D1 are the last, D2 the first, D3 the rest. Of n subjects D1 gets A·n/100 and D2 B·n/100,
    each rounded to the nearest whole (a half up), and D3 what is left.
    """
    ordered = _by_number(subjects)
    if how == "paper":
        least = PAPER_TRAIN + PAPER_NETWORK + 10
        if len(ordered) < least:
            raise ValueError(
                f"--split paper needs at least {least} subjects, not {len(ordered)}. Use --split 30:15:55."
            )
        return _cut(ordered, PAPER_TRAIN, PAPER_NETWORK)
    percents = _percents(how)
    sizes = _sizes(len(ordered), percents)
    for size, purpose in zip(sizes, ("train the recognizer on", "train the network on", "test"), strict=True):
        if size < LEAST_SUBJECTS:
            raise ValueError(
                f"--split {how} of {len(ordered)} subjects leaves {max(size, 0) or 'none'} to {purpose}, "
                f"where {LEAST_SUBJECTS} are needed. Use at least {_enough(len(ordered), percents)} subjects."
            )
    return _cut(ordered, sizes[0], sizes[1])


def _cut(ordered: Sequence[str], train: int, network: int) -> Split:
    last = len(ordered) - train
    return Split(tuple(ordered[last:]), tuple(ordered[:network]), tuple(ordered[network:last]))


def _sizes(subjects: int, percents: tuple[int, int, int]) -> tuple[int, int, int]:
    train, network = ((subjects * percent + 50) // 100 for percent in percents[:2])
    return train, network, subjects - train - network


def _enough(subjects: int, percents: tuple[int, int, int]) -> int:
    """The next number of subjects that gives every part its least."""
    while min(_sizes(subjects, percents)) < LEAST_SUBJECTS:
        subjects += 1
    return subjects


def _percents(how: str) -> tuple[int, int, int]:
    found = re.fullmatch(r"(\d{1,3}):(\d{1,3}):(\d{1,3})", how)
    if not found:
        raise ValueError(f"--split {how} is not a split. Write paper, or whole percents such as 30:15:55.")
    train, network, test = (int(percent) for percent in found.groups())
    if train + network + test != 100 or 0 in (train, network, test):
        raise ValueError(f"--split {how}: three percents above 0 must add up to 100.")
    return train, network, test


def _by_number(subjects: Iterable[str]) -> list[str]:
    names = list(subjects)
    odd = [name for name in names if not re.fullmatch(r"[0-9]+", name)]
    if odd:
        raise ValueError(f"Subject {odd[0]!r} has no numeric id, and --split goes by numeric id. Rename it.")
    ordered = sorted(names, key=int)
    for one, next_one in itertools.pairwise(ordered):
        if int(one) == int(next_one):
            raise ValueError(f"Subjects {one!r} and {next_one!r} have the same numeric id. Name each once.")
    return ordered


def evaluate(recognizer: Recognizer, gallery: Gaits, probes: Gaits) -> Identifications:
    """Compare every probe with every gallery gait, a pair of view angles at a time.

    A fixed donor belongs into `gallery` and not into `probes` (`Gaits.without_subject`).
    """
    _check(gallery, probes)
    names = sorted(set(gallery.subjects.tolist()), key=subject_order)
    enrolled = {v: _enrolled(recognizer, gallery, names, v) for v in np.unique(gallery.view_angles).tolist()}
    view_angles = sorted({*enrolled, *probes.view_angles.tolist()})
    scores = np.full((len(view_angles), len(probes), len(names)), np.inf, np.float32)
    for p in np.unique(probes.view_angles).tolist():
        rows = np.flatnonzero(probes.view_angles == p)
        tested = recognizer.features(probes.geis[rows], p)  # (rows, features)
        for g, (features, columns, starts) in enrolled.items():
            distances = recognizer.distances(tested, p, features, g)  # (rows, gallery gaits at g)
            if not np.isfinite(distances).all():
                raise ValueError(f"Recognizer {recognizer.name} gave a distance that is no finite number.")
            nearest = np.minimum.reduceat(distances, starts, axis=1)  # (rows, subjects enrolled at g)
            scores[view_angles.index(g), rows[:, None], columns] = nearest
    return Identifications(probes.keys, tuple(view_angles), tuple(names), scores)


def _enrolled(
    recognizer: Recognizer, gallery: Gaits, names: list[str], view_angle: int
) -> tuple[NDArray[np.float32], NDArray[np.intp], NDArray[np.intp]]:
    """Features of the gallery at a view angle by subject, the subjects' columns, where each one starts."""
    rows = np.flatnonzero(gallery.view_angles == view_angle)
    position = {name: i for i, name in enumerate(names)}
    who = np.array([position[gallery.keys[row].subject] for row in rows], np.intp)
    order = np.argsort(who, kind="stable")
    columns, starts = np.unique(who[order], return_index=True)
    return recognizer.features(gallery.geis[rows[order]], view_angle), columns, starts


def _check(gallery: Gaits, probes: Gaits) -> None:
    if not len(gallery):
        raise ValueError("The gallery is empty: choose other gallery sequences or another split.")
    if not len(probes):
        raise ValueError("There are no probes: choose other probe sequences or another split.")
    seen: set[GaitKey] = set()
    for key in probes.keys:
        if key in seen:
            raise ValueError(f"Probe {key} is there twice. Leave one out.")
        seen.add(key)
