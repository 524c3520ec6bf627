"""Donors: the walkers whose gait is mixed in (the paper's noise gait, section III-E), and who is given to
whom.

Policies: `fixed` is the paper's, one subject for a whole set; `random` draws a subject anew for every
track; `synthetic` draws a walker who exists nowhere, so that nobody real is impersonated. Every choice
follows from the seed and from the track's own name alone: it does not depend on the order, on the number
of processes, or on which other tracks are in the job.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np

from anonymizer.gait import contours, distance_fields, gait_cycle
from anonymizer.gait.silhouettes import Silhouettes

_SIDEWAYS = 0.3  # |sin of the view angle| from which it shows which way somebody walks
_CLEARLY = 1.02  # walkers who go the same way never reached 0.95, real ones who go the other way 1.00 to 1.17

Track: TypeAlias = Mapping[int, Silhouettes]  # one walk as one or several cameras saw it, by view angle


class Walk:
    """One view of a track with what the methods need of it, each computed once, on its first use."""

    def __init__(self, silhouettes: Silhouettes) -> None:
        self.silhouettes = silhouettes

    @cached_property
    def features(self) -> gait_cycle.WalkFeatures:
        """What phase alignment compares."""
        return gait_cycle.walk_features(self.silhouettes)

    @cached_property
    def contours(self) -> contours.Contours:
        """Contour vectors in the form that works: traced, of equal arc length."""
        return contours.contours(self.silhouettes)

    @cached_property
    def bodies(self) -> distance_fields.Bodies:
        """Bodies cut out of their frames."""
        return distance_fields.bodies(self.silhouettes)

    @cached_property
    def mirrored(self) -> "Walk":
        """The same walk to the other side."""
        return Walk(np.ascontiguousarray(self.silhouettes[..., ::-1]))


def facing_alike(original: Walk, donor: Walk, view_angle: int) -> Walk:
    """The donor, or its mirror image where that moves clearly more like the original: who walks the other way past a
    camera than it is filed under would else be mixed with a body that faces backwards."""
    if abs(math.sin(math.radians(view_angle))) < _SIDEWAYS or not original.silhouettes.any():
        return donor  # from the front both sides are alike
    usual, other = (
        gait_cycle.disagreement(original.features, each.features) for each in (donor, donor.mirrored)
    )
    return donor.mirrored if usual > _CLEARLY * other else donor


class Donor(Mapping[int, Silhouettes]):
    """A track that keeps what was computed of it, so that who lends to many is prepared once."""

    def __init__(self, track: Track) -> None:
        self._walks = {angle: Walk(silhouettes) for angle, silhouettes in track.items()}

    def __getitem__(self, view_angle: int) -> Silhouettes:
        return self._walks[view_angle].silhouettes

    def __iter__(self) -> Iterator[int]:
        return iter(self._walks)

    def __len__(self) -> int:
        return len(self._walks)

    def walk(self, view_angle: int) -> Walk:
        """The donor as seen at a view angle; ValueError where it was not recorded or shows nobody."""
        if view_angle not in self._walks:
            known = ", ".join(f"{angle}°" for angle in sorted(self._walks))
            raise ValueError(
                f"the donor has no silhouettes at view angle {view_angle}°, only at {known or 'none'}"
            )
        walk = self._walks[view_angle]
        if not walk.silhouettes.any():
            raise ValueError(f"the donor's silhouettes at view angle {view_angle}° show nobody")
        return walk


def prepared(track: Track) -> Donor:
    """The track as a Donor; a Donor is returned as it is, with all that it already holds."""
    return track if isinstance(track, Donor) else Donor(track)


@dataclass(frozen=True, order=True)
class TrackName:
    """Which walk: subject, condition (nm, bg, cl) and number, with the view angles that were recorded."""

    subject: str
    condition: str
    number: int
    view_angles: frozenset[int] = field(default=frozenset(), compare=False)

    def __str__(self) -> str:
        return f"{self.subject}/{self.condition}-{self.number:02d}"


def fixed_subject(subjects: Sequence[str], seed: int) -> str:
    """The one noise subject of a set."""
    if not subjects:
        raise ValueError("a fixed donor can't be chosen from a set without subjects")
    return sorted(set(subjects))[_number(seed, "fixed subject") % len(set(subjects))]


def fixed_donor(track: TrackName, candidates: Sequence[TrackName], seed: int) -> TrackName:
    """The noise subject's walk for this track: its first normal one that was recorded at all the track's
    angles.
    """
    subject = fixed_subject([each.subject for each in candidates], seed)
    return _fitting(track, [each for each in candidates if each.subject == subject])[0]


def random_donors(
    track: TrackName, candidates: Sequence[TrackName], wanted: int, seed: int
) -> list[TrackName]:
    """Walks of `wanted` different subjects other than the track's own, drawn for this track alone."""
    fitting = _fitting(track, [each for each in candidates if each.subject != track.subject])
    subjects = sorted({each.subject for each in fitting})
    if len(subjects) < wanted:
        raise ValueError(
            f"{track} needs {wanted} donors of other subjects, and there are only {len(subjects)}"
        )
    rng = np.random.default_rng(_number(seed, f"random {track}"))
    drawn = [subjects[index] for index in rng.permutation(len(subjects))[:wanted]]
    walks = [[each for each in fitting if each.subject == subject] for subject in drawn]
    return [choice[int(rng.integers(len(choice)))] for choice in walks]


def synthetic_donors(
    track: TrackName, wanted: int, seed: int, pool: Sequence[int] | None = None
) -> list[int]:
    """Numbers of synthetic walkers for this track: fresh ones, or some of a pool.

    Fresh numbers are 62 bits wide, so that no two tracks share a walker. A pool is drawn from without repetition
    within a track.
    """
    key = _number(seed, f"synthetic {track}")
    if pool is None:
        return [_number(key, str(index)) for index in range(wanted)]
    if wanted > len(pool):
        raise ValueError(f"{track} needs {wanted} different donors and the pool holds only {len(pool)}")
    return [pool[index] for index in np.random.default_rng(key).permutation(len(pool))[:wanted]]


def _fitting(track: TrackName, candidates: Sequence[TrackName]) -> list[TrackName]:
    """Those that were recorded at all the track's view angles, normal walks first, then by name."""
    fitting = [each for each in candidates if each.view_angles >= track.view_angles]
    if not fitting:
        raise ValueError(
            f"no donor for {track} was recorded at {_degrees(track)}; choose another policy or seed"
        )
    return sorted(fitting, key=lambda each: (each.condition != "nm", each))


def _degrees(track: TrackName) -> str:
    return " and ".join(f"{angle}°" for angle in sorted(track.view_angles)) or "any view angle"


def _number(seed: int, text: str) -> int:
    """62 bits that follow from seed and text, the same on every machine and in every process."""
    return int.from_bytes(hashlib.blake2b(f"{seed} {text}".encode(), digest_size=8).digest(), "big") >> 2
