"""Attackers who let a recognizer compare probes with a gallery: they differ in what they train on and enrol."""

import numpy as np

from recognition.identify.answers import Answers
from recognition.identify.descriptions import GEIS
from recognition.identify.donor_check import donors_named
from recognition.identify.gaits import Gaits
from recognition.identify.identifications import Identifications
from recognition.identify.material import DEFENDERS, GALLERY, OWN, Material
from recognition.identify.protocol import evaluate
from recognition.identify.recognizer import Recognizer


def naive(material: Material) -> Answers:
    """Clear training, clear gallery (the paper, section IV-B)."""
    form = material.recognizer.reads
    return Answers(evaluate(material.recognizer, material.clear_gallery(form), material.probes(form)))


def anonymized_gallery(material: Material) -> Answers:
    """Clear training; everybody enrolled as the attacker anonymized them, once."""
    form = material.recognizer.reads
    gallery = material.copies(GALLERY, form, OWN, 1)
    return Answers(evaluate(material.recognizer, gallery, material.probes(form)), {"copies": 1})


def retrained(material: Material) -> Answers:
    """Training and gallery anonymized by the attacker."""
    form = material.recognizer.reads
    gallery = material.copies(GALLERY, form, OWN, 1)
    return Answers(evaluate(material.retrained(OWN), gallery, material.probes(form)), {"copies": 1})


def pool_aware(material: Material) -> Answers:
    """As `retrained`, with donors from the defender's own pool and several copies of everybody.

    The nearest of the copies counts, so that it is enough if one copy shares the probe's donor.
    """
    effort, form = material.effort, material.recognizer.reads
    gallery = material.copies(GALLERY, form, DEFENDERS, effort.copies, effort.view_angles)
    recognizer = material.retrained(DEFENDERS, effort.view_angles)
    found = compared_at(recognizer, gallery, material.probes(form), effort.view_angles)
    copies = material.copies(GALLERY, GEIS, DEFENDERS, effort.copies, effort.view_angles)
    details = {
        "copies": effort.copies,
        "view_angles": list(effort.view_angles),
        "donors": donors_named(copies, material.probes(GEIS)),
    }
    return Answers(found, details)


def compared_at(
    recognizer: Recognizer, gallery: Gaits, probes: Gaits, view_angles: tuple[int, ...]
) -> Identifications:
    """As `evaluate`, with these view angles alone tried; the other probes are kept, unanswered."""
    tried = probes.where(np.isin(probes.view_angles, view_angles))
    return evaluate(recognizer, gallery, tried).among(probes.keys, view_angles)
