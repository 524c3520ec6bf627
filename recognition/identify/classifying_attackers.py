"""Attackers with classifiers of their own, trained on many anonymized copies of the gallery.

Where donors are drawn fresh for every walk, one copy says little about a person: what all copies of a person's
walks have in common is what the method lets through. The attacker draws the copies, holds out one walk of
everybody to choose a classifier and to learn how sure it may be, then fits it to all of them. It works at the
probes' own view angle. Its scores are −log probabilities, which can be added over what is seen and over clips.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from recognition.identify import harmonics
from recognition.identify.answers import Answers
from recognition.identify.classifiers import Calibrated, Classifier, Features, Lda, Pls, fitted_temperature
from recognition.identify.descriptions import BOXES, GEIS, HARMONICS
from recognition.identify.gaits import GaitKey, Gaits, subject_order
from recognition.identify.identifications import Identifications
from recognition.identify.material import GALLERY, OWN, Material

Read = Callable[
    [dict[str, Gaits]], Features
]  # of gaits by form; phases are turned to those of the copies fitted


@dataclass(frozen=True)
class Way:
    """One way to look at a walk and to classify it."""

    name: str
    forms: tuple[str, ...]
    classifier: Callable[[], Classifier]


SHAPE_WAYS = (
    Way("LDA on GEIs", (GEIS,), Lda),
    Way("PLS on GEIs", (GEIS,), Pls),
    Way("LDA on GEIs and two harmonics", (GEIS, HARMONICS), Lda),
    Way("PLS on GEIs and two harmonics", (GEIS, HARMONICS), Pls),
)
BOX_WAYS = (Way("LDA on boxes", (BOXES,), lambda: Lda(standardised=True)),)


def distribution_aware(material: Material) -> Answers:
    """Shape and motion, by the way that names most of the held-out walk's copies."""
    return _classified(material, SHAPE_WAYS)


def box_track(material: Material) -> Answers:
    """Where the body stands in the frame, and nothing of its shape."""
    return _classified(material, BOX_WAYS)


def joint(material: Material) -> Answers:
    """Shape and box together: their −log probabilities add up, as if they were independent."""
    shape, box = material.answers("distribution-aware"), material.answers("box-track")
    matched = box.in_order_of(shape.probes)
    scores, tried = shape.scores + matched.scores, shape.tried & matched.tried
    found = Identifications(shape.probes, shape.view_angles, shape.subjects, scores, tried)
    return Answers(found, {"adds": ["distribution-aware", "box-track"]})


def linked_clips(material: Material) -> Answers:
    """Several probes known to be of one person at one view angle: what `joint` says of them is added up.

    Each probe stands for itself and the next ones of its subject; who has too few is left out.
    """
    clips, single = material.effort.clips, material.answers("joint")
    scores, tried = np.full_like(single.scores, np.inf), np.zeros_like(single.tried)
    for group in _together(single.probes):
        if len(group) >= clips:
            for place, n in enumerate(group):
                linked = [group[(place + step) % len(group)] for step in range(clips)]
                scores[:, n] = single.scores[:, linked].sum(axis=1)
                tried[:, n] = single.tried[:, linked].all(axis=1)
    found = Identifications(single.probes, single.view_angles, single.subjects, scores, tried)
    return Answers(found, {"clips": clips, "adds": ["joint"]})


def _together(probes: Sequence[GaitKey]) -> list[list[int]]:
    """Probes by subject and view angle, each group in the order of the walks."""
    groups: dict[tuple[str, int], list[int]] = {}
    for n in sorted(range(len(probes)), key=lambda n: probes[n]):
        groups.setdefault((probes[n].subject, probes[n].view_angle), []).append(n)
    return list(groups.values())


# --- Choosing and classifying ---------------------------------------------------------------------
def _classified(material: Material, ways: Sequence[Way]) -> Answers:
    """The best of the ways at all view angles together; answers at the probes' own view angle."""
    with threadpool_limits(1, "blas"):  # the matrices are small: a second thread costs more than it gives
        return _chosen(material, ways)


def _chosen(material: Material, ways: Sequence[Way]) -> Answers:
    effort = material.effort
    forms = sorted({form for way in ways for form in way.forms})
    tried: dict[str, list[_Trial]] = {way.name: [] for way in ways}
    for view_angle in effort.view_angles:
        seen = {form: _copies(material, form, view_angle) for form in forms}
        for way in ways:
            tried[way.name].append(_trial(way, seen))
    named = {name: _mean([trial.named for trial in trials]) for name, trials in tried.items()}
    best = max(ways, key=lambda way: named[way.name])
    found = _answered(material, best, [trial.inverse_temperature for trial in tried[best.name]])
    details: dict[str, Any] = {
        "copies": effort.copies,
        "view_angles": list(effort.view_angles),
        "chosen": best.name,
        "held_out_rank1": {name: round(rate, 4) for name, rate in named.items()},
    }
    return Answers(found, details)


def _copies(material: Material, form: str, view_angle: int) -> Gaits:
    return material.copies(GALLERY, form, OWN, material.effort.copies, [view_angle])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


@dataclass(frozen=True)
class _Trial:
    """How a way did on the held-out copies at one view angle."""

    named: float  # share of them, 0 to 1
    inverse_temperature: float


def _trial(way: Way, seen: dict[str, Gaits]) -> _Trial:
    gaits = seen[way.forms[0]]
    learned, asked = _learned_and_asked(gaits)
    fitted, read = _fitted(way, {form: each.where(learned) for form, each in seen.items()})
    kept = {form: each.where(asked) for form, each in seen.items()}
    own = np.searchsorted(fitted.subjects, gaits.where(asked).subjects)
    distances = fitted.distances(read(kept))
    named = float(np.mean(distances.argmin(axis=1) == own))
    return _Trial(named, fitted_temperature(distances, own))


def _learned_and_asked(copies: Gaits) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:  # (gaits,) each
    """Copies to learn from, and those of held-out walks to ask about.

    Where donors lend to several people, every third donor is held out too: the defender's are others than the
    attacker's, and who was asked about donors that it knows would be far too sure.
    """
    walks, donors = _held_out(copies), _held_out_donors(copies)
    learned, asked = ~walks & ~donors, walks & donors
    enough = all(
        np.count_nonzero(learned & (copies.subjects == each)) > 1 for each in np.unique(copies.subjects)
    )
    return (learned, asked) if asked.any() and enough else (~walks, walks)


def _held_out_donors(copies: Gaits) -> NDArray[np.bool_]:  # (gaits,)
    """Whose donor is to be a stranger; nobody's, where each donor lends to one person alone."""
    lent: dict[str, set[str]] = {}
    for key, donor in zip(copies.keys, copies.donors, strict=False):
        lent.setdefault(donor, set()).add(key.subject)
    if all(len(people) == 1 for people in lent.values()):
        return np.zeros(len(copies), np.bool_)
    strangers = set(sorted(lent)[1::3])
    return np.array([donor in strangers for donor in copies.donors])


def _held_out(copies: Gaits) -> NDArray[np.bool_]:  # (gaits,)
    """Everybody's last walk where they have several; else every fifth copy, the last of few, none of one."""
    walks = np.array([f"{key.condition}-{key.number:02d}" for key in copies.keys])
    out = np.zeros(len(copies), np.bool_)
    for subject in np.unique(copies.subjects):
        mine = np.flatnonzero(copies.subjects == subject)
        last = max(walks[mine])
        several = len(set(walks[mine])) > 1
        out[mine[walks[mine] == last] if several else mine[4::5] if len(mine) > 4 else mine[1:][-1:]] = True
    return out


def _fitted(way: Way, seen: dict[str, Gaits]) -> tuple[Classifier, Read]:
    """The classifier fitted to copies at one view angle, and how it reads others."""
    common = harmonics.template(seen[HARMONICS].read()) if HARMONICS in way.forms else None

    def read(gaits: dict[str, Gaits]) -> Features:
        parts = [_flat(gaits[form].read(), common if form == HARMONICS else None) for form in way.forms]
        return np.concatenate(parts, axis=1)

    return way.classifier().fit(read(seen), seen[way.forms[0]].subjects), read


def _flat(values: Any, common: Any) -> Features:
    if common is not None:
        turned = harmonics.aligned(values, common).reshape(len(values), -1)
        return np.concatenate([turned.real, turned.imag], axis=1).astype(np.float32)
    return np.asarray(values, np.float32).reshape(len(values), -1)


def _answered(material: Material, way: Way, inverse_temperatures: Sequence[float]) -> Identifications:
    probes = {form: material.probes(form) for form in way.forms}
    keys = probes[way.forms[0]].keys
    enrolled = material.clear_gallery(material.recognizer.reads)
    subjects = tuple(sorted(set(enrolled.subjects.tolist()), key=subject_order))
    angles = tuple(sorted({*enrolled.view_angles.tolist(), *(key.view_angle for key in keys)}))
    scores = np.full((len(angles), len(keys), len(subjects)), np.inf, np.float32)
    for view_angle, inverse in zip(material.effort.view_angles, inverse_temperatures, strict=True):
        seen = {form: _copies(material, form, view_angle) for form in way.forms}
        fitted, read = _fitted(way, seen)
        rows = np.flatnonzero([key.view_angle == view_angle for key in keys])
        if not len(rows):
            continue
        found = Calibrated(fitted, inverse).surprises(
            read({form: each.at(view_angle) for form, each in probes.items()})
        )
        columns = [subjects.index(subject) for subject in fitted.subjects.tolist()]
        scores[angles.index(view_angle), rows[:, None], columns] = found
    here = np.array(angles)[:, None] == [key.view_angle for key in keys]
    tried = here & np.isin(angles, material.effort.view_angles)[:, None]
    return Identifications(keys, angles, subjects, scores, tried)
