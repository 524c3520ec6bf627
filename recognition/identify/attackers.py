"""Attackers by what they know, from the weakest to the strongest.

The paper's attacker never learns that anyone anonymizes. The others do, and anonymize gaits themselves
with donors of their own drawing (another seed), which is all they have: the defender's draws stay unknown.
Another attacker is another entry in `ATTACKERS`, in its place by strength.
"""

from collections.abc import Callable
from dataclasses import dataclass

from recognition.identify.gaits import Gaits
from recognition.identify.identifications import Identifications
from recognition.identify.protocol import evaluate
from recognition.identify.recognizer import Recognizer


@dataclass(frozen=True)
class Attacker:
    """One rung of the ladder."""

    name: str
    label: str
    knows: str  # one sentence for people
    anonymized_gallery: bool  # the attacker enrols its own anonymized copies
    anonymized_training: bool  # and trains on its own anonymized copies of D1


@dataclass(frozen=True)
class Material:
    """Gait energy images, and what the attackers have of their own."""

    clear_recognizer: Recognizer  # trained on clear D1
    clear_gallery: Gaits
    anonymized_probes: Gaits  # by the defender
    own_gallery: Gaits | None = None  # anonymized by the attacker; several copies of a gait are welcome
    own_training: Gaits | None = None  # D1, likewise
    new_recognizer: Callable[[], Recognizer] | None = None  # untrained, for who trains on own_training


_LADDER = (
    Attacker(
        "naive",
        "Naive",
        "Does not know that anyone anonymizes: clear training, clear gallery. The paper's attacker.",
        anonymized_gallery=False,
        anonymized_training=False,
    ),
    Attacker(
        "anonymized-gallery",
        "Anonymized gallery",
        "Knows the method and enrols everyone anonymized, with donors of its own; clear training.",
        anonymized_gallery=True,
        anonymized_training=False,
    ),
)
ATTACKERS = {attacker.name: attacker for attacker in _LADDER}  # from the weakest to the strongest


def chosen(names: str | None = None) -> tuple[Attacker, ...]:
    """The attackers of `naive,anonymized-gallery`, all without a choice; in the order of strength."""
    if names is None:
        return tuple(ATTACKERS.values())
    wanted = [name.strip() for name in names.split(",")]
    for name in wanted:
        if name not in ATTACKERS:
            raise ValueError(f"--attackers: {name!r} is unknown. Use some of {', '.join(ATTACKERS)}.")
    return tuple(attacker for attacker in ATTACKERS.values() if attacker.name in wanted)


def attack(attacker: Attacker, material: Material) -> Identifications:
    """Name the anonymized probes as this attacker would."""
    gallery = material.clear_gallery
    if attacker.anonymized_gallery:
        gallery = _given(material.own_gallery, attacker, "anonymized copies of the gallery")
    return evaluate(_recognizer(attacker, material), gallery, material.anonymized_probes)


def _recognizer(attacker: Attacker, material: Material) -> Recognizer:
    if not attacker.anonymized_training:
        return material.clear_recognizer
    training = _given(material.own_training, attacker, "anonymized copies of the training gaits")
    if material.new_recognizer is None:
        raise ValueError(f"Attacker {attacker.name} needs an untrained recognizer to train.")
    return material.new_recognizer().fit(training.geis, training.subjects, training.view_angles)


def _given(gaits: Gaits | None, attacker: Attacker, what: str) -> Gaits:
    if gaits is None or not len(gaits):
        raise ValueError(f"Attacker {attacker.name} needs its own {what}, made with another seed.")
    return gaits
