"""Tracks changed one by one in a process of their own: packed bits in, packed bits out.

`prepare` runs once in a process, so that the network is loaded once and a donor that serves many tracks is
prepared once; `change` then needs no more than a track and its donors.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

import cv2
import numpy as np

from anonymizer.gait import checkpoints, methods, proxies, walkers
from anonymizer.gait.donors import Donor, Track, TrackName
from anonymizer.gait.packing import Packed, packed
from anonymizer.gait.silhouettes import Silhouettes, mean_iou, unpack
from anonymizer.gait.training import Checkpoint

_DONORS_KEPT = 4  # unpacked, with what is computed of them, one of 11 views takes some 60 MB


@dataclass(frozen=True)
class PackedTrack:
    """A track that can be sent to a process, compared and remembered."""

    name: str
    views: tuple[tuple[int, bytes], ...]  # (view angle, packed silhouettes)

    @classmethod
    def of(cls, name: object, views: Mapping[int, bytes]) -> "PackedTrack":
        return cls(str(name), tuple(sorted(views.items())))


@dataclass(frozen=True)
class FreshDonor:
    """A walker who exists nowhere: rendered in the process that changes the track, for this track alone."""

    number: int  # says who it is
    view_angles: tuple[int, ...]
    frames: int

    @property
    def name(self) -> str:
        return f"synthetic {self.number:x}"


Lent: TypeAlias = PackedTrack | FreshDonor


@dataclass(frozen=True)
class TrackJob:
    """One track to be changed, its donors, and the seed of whatever else the method draws."""

    name: TrackName
    track: PackedTrack
    donors: tuple[Lent, ...]
    seed: int


@dataclass(frozen=True)
class Measures:
    """How one view looks beside its original; None where that is undefined."""

    iou: float
    jitter: float | None  # ratio against the original
    detached: float | None  # share of the frames in which something has come off the body
    detached_before: float | None  # the same in the original

    @classmethod
    def of(cls, original: Silhouettes, changed: Silhouettes) -> "Measures":
        return cls(
            mean_iou(original, changed),
            proxies.jitter_ratio(original, changed),
            proxies.detached_share(changed),
            proxies.detached_share(original),
        )


@dataclass(frozen=True)
class ChangedTrack:
    """What came of it; `error` says in words why nothing did."""

    name: TrackName
    donor: str = ""
    views: Mapping[int, Packed] = field(default_factory=dict)
    measures: Mapping[int, Measures] = field(default_factory=dict)  # by view angle, as `views`
    error: str = ""


@dataclass
class Workshop:
    """What this process has at hand."""

    method: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    network: Checkpoint | None = None


_workshop = Workshop()


def prepare(method: str, parameters: Mapping[str, Any], checkpoint: bytes | None, device: str) -> None:
    """Set this process up for one method. `checkpoint` is a checkpoint's file."""
    _workshop.method, _workshop.parameters = method, dict(parameters)
    _workshop.network = None
    if checkpoint is not None:
        _workshop.network = checkpoints.from_bytes(checkpoint, method=method, device=device)


@lru_cache(_DONORS_KEPT)
def _recorded(track: PackedTrack) -> Donor:
    return Donor({angle: unpack(data) for angle, data in track.views})


def _donor(lent: Lent) -> Donor:
    return _rendered(lent) if isinstance(lent, FreshDonor) else _recorded(lent)


def _rendered(lent: FreshDonor) -> Donor:
    """From beyond 180° a walker is seen as the mirror image of 360° less the angle."""
    before = {angle: 360 - angle % 360 if angle % 360 > 180 else angle % 360 for angle in lent.view_angles}
    seen = walkers.donor(0, lent.number, view_angles=sorted(set(before.values())), frames=lent.frames)
    return Donor(
        {
            angle: seen[known] if known == angle % 360 else np.ascontiguousarray(seen[known][..., ::-1])
            for angle, known in before.items()
        }
    )


def changed_views(job: TrackJob, original: Track) -> dict[int, Silhouettes]:
    """One unpacked track changed; ValueError where it can't be, whatever the reason."""
    try:
        return methods.anonymize(
            original,
            _workshop.method,
            parameters=_workshop.parameters,
            donors=[_donor(each) for each in job.donors],
            network=_workshop.network,
            rng=np.random.default_rng(job.seed),
        )
    except (ArithmeticError, IndexError, cv2.error) as error:
        text = " ".join(str(error).split())
        raise ValueError(f"it can't be changed ({type(error).__name__}: {text})") from error


def change(job: TrackJob) -> ChangedTrack:
    """Change one track. A track that can't be changed is reported, so that it does not end the job."""
    donor = ", ".join(each.name for each in job.donors)
    try:
        original = {angle: unpack(data) for angle, data in job.track.views}
        changed = changed_views(job, original)
    except ValueError as error:
        return ChangedTrack(job.name, donor, error=str(error))
    return ChangedTrack(
        job.name,
        donor,
        {angle: packed(silhouettes) for angle, silhouettes in changed.items()},
        {angle: Measures.of(original[angle], changed[angle]) for angle in changed},
    )
