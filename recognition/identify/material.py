"""What attackers work on. They ask for what they need, so that only that is ever made or read.

The attacker anonymizes gaits itself, with draws of its own: the defender's draws stay unknown. `pool` says
whom its donors are drawn from: its own people, or, for who knows it, the defender's pool.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from recognition.identify.gaits import Gaits, together
from recognition.identify.identifications import Identifications
from recognition.identify.recognizer import Recognizer

GALLERY, TRAINING = "gallery", "training"  # what is copied
OWN, DEFENDERS = "own", "defender's"  # the pool of donors
COPIES, CLIPS, VIEW_ANGLES = 10, 2, 3


@dataclass(frozen=True)
class Effort:
    """How much the dear attackers spend."""

    copies: int = COPIES  # anonymized copies of each gallery gait
    clips: int = CLIPS  # known to be of one person, for who links them
    view_angles: tuple[int, ...] = ()  # at which many copies are made and classified

    def __post_init__(self) -> None:
        if not 2 <= self.copies <= 100:
            raise ValueError(f"Copies must be from 2 to 100, not {self.copies}.")
        if not 2 <= self.clips <= 20:
            raise ValueError(f"Linked clips must be from 2 to 20, not {self.clips}.")


class Material(Protocol):
    """Gaits by what is wanted of them: `form` is what a recognizer reads, or one of `descriptions.FORMS`."""

    effort: Effort
    recognizer: Recognizer  # trained on clear D1

    def clear_gallery(self, form: str) -> Gaits: ...

    def probes(self, form: str) -> Gaits:
        """Anonymized by the defender."""

    def copies(
        self, part: str, form: str, pool: str, count: int, view_angles: Sequence[int] | None = None
    ) -> Gaits:
        """Anonymized by the attacker, `count` times each, at all view angles or these."""

    def retrained(self, pool: str, view_angles: Sequence[int] | None = None) -> Recognizer:
        """A recognizer of the same kind, trained on anonymized D1."""

    def answers(self, attacker: str) -> Identifications:
        """What another attacker said, for those who build on it."""


def spread(view_angles: Sequence[int], count: int = VIEW_ANGLES) -> tuple[int, ...]:
    """`count` view angles from the first to the last, evenly."""
    places = np.linspace(0, len(view_angles) - 1, min(count, len(view_angles))).round().astype(int)
    return tuple(sorted({view_angles[place] for place in places}))


def trained_on(recognizer: Recognizer, training: Gaits) -> Recognizer:
    """Another recognizer of the same kind and parameters, trained on these."""
    return recognizer.untrained().fit(training.inputs, training.subjects, training.view_angles)


@dataclass
class Held:
    """Material that is all in memory, for notebooks and tests. Lists of copies are by (part, form, pool)."""

    recognizer: Recognizer
    gallery: Mapping[str, Gaits]  # by form, clear
    anonymized: Mapping[str, Gaits]  # by form, the probes
    own: Mapping[tuple[str, str, str], Sequence[Gaits]] = field(default_factory=dict)
    effort: Effort = Effort()
    said: dict[str, Identifications] = field(default_factory=dict)

    def clear_gallery(self, form: str) -> Gaits:
        return self.gallery[form]

    def probes(self, form: str) -> Gaits:
        return self.anonymized[form]

    def copies(
        self, part: str, form: str, pool: str, count: int, view_angles: Sequence[int] | None = None
    ) -> Gaits:
        made = self.own.get((part, form, pool), ())
        if len(made) < count:
            raise ValueError(
                f"This attacker needs {count} anonymized copies of the {part} as {form}, made with another "
                f"seed and the {pool} donors; there are {len(made)}."
            )
        found = together(list(made[:count]))
        return found if view_angles is None else found.where(np.isin(found.view_angles, view_angles))

    def retrained(self, pool: str, view_angles: Sequence[int] | None = None) -> Recognizer:
        training = self.copies(TRAINING, self.recognizer.reads, pool, 1, view_angles)
        return trained_on(self.recognizer, training)

    def answers(self, attacker: str) -> Identifications:
        from recognition.identify.attackers import ATTACKERS, attack

        if attacker not in self.said:
            self.said[attacker] = attack(ATTACKERS[attacker], self).identifications
        return self.said[attacker]
