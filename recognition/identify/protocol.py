"""Who is compared with whom: subjects' splits, gallery and probes, and the nearest neighbour.

The protocol of CASIA-B as the paper uses it (section IV-B): some sequences of every test subject are
enrolled, the gallery; the others are probes; each pair of a gallery view angle g and a probe view angle p
is a cell of its own, in which every probe is named after its nearest neighbour among the gallery gaits at g.
"""

import re
from typing import Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from anonymizer.gait.splits import Split, split
from recognition.identify.cityblock import least_by_group
from recognition.identify.gaits import GaitKey, Gaits, subject_order
from recognition.identify.identifications import Identifications
from recognition.identify.recognizer import Recognizer, features_of

__all__ = ["SequenceChoice", "Split", "evaluate", "gallery_and_probe", "split"]

CONDITIONS = ("nm", "bg", "cl")


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


def evaluate(recognizer: Recognizer, gallery: Gaits, probes: Gaits) -> Identifications:
    """Compare every probe with every gallery gait, a pair of view angles at a time.

    A fixed donor belongs into `gallery` and not into `probes` (`Gaits.without_subject`).
    """
    _check(gallery, probes)
    with threadpool_limits(1, "blas"):  # the products are small: a second thread costs more than it gives
        return _evaluated(recognizer, gallery, probes)


def _evaluated(recognizer: Recognizer, gallery: Gaits, probes: Gaits) -> Identifications:
    names = sorted(set(gallery.subjects.tolist()), key=subject_order)
    enrolled = {v: _enrolled(recognizer, gallery, names, v) for v in np.unique(gallery.view_angles).tolist()}
    view_angles = sorted({*enrolled, *probes.view_angles.tolist()})
    scores = np.full((len(view_angles), len(probes), len(names)), np.inf, np.float32)
    for p in np.unique(probes.view_angles).tolist():
        rows = np.flatnonzero(probes.view_angles == p)
        tested = features_of(recognizer, probes.at(p).inputs, p)  # (rows, features)
        for g, (features, columns, starts) in enrolled.items():
            distances = recognizer.distances(tested, p, features, g)  # (rows, gallery gaits at g)
            if not np.isfinite(distances).all():
                raise ValueError(f"Recognizer {recognizer.name} gave a distance that is no finite number.")
            nearest = least_by_group(
                np.ascontiguousarray(distances, np.float32), starts
            )  # (rows, subjects enrolled at g)
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
    at = gallery.at(view_angle)
    return features_of(recognizer, at.inputs, view_angle)[order], columns, starts


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
