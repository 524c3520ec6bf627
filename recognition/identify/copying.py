"""The attacker anonymizes a track itself and looks at it at once, in a process of its own.

Of most copies nothing is kept but what the attackers look at; a recognizer that reads silhouettes gets these too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from anonymizer.gait import batch
from anonymizer.gait.donors import TrackName
from anonymizer.gait.silhouettes import pack, unpack
from recognition.identify.descriptions import Description, describe


@dataclass(frozen=True, eq=False)
class CopiedTrack:
    """One changed track by view angle; `error` says in words why nothing came of it."""

    name: TrackName
    donor: str = ""
    descriptions: Mapping[int, Description] = field(default_factory=dict)
    silhouettes: Mapping[int, bytes] = field(default_factory=dict)  # packed, if they are wanted
    error: str = ""


@dataclass
class _Wanted:
    size: tuple[int, int] = (0, 0)
    silhouettes: bool = False


_wanted = _Wanted()


def prepare(size: tuple[int, int], silhouettes: bool, *workshop: Any) -> None:
    """Set this process up; `workshop` is what `batch.prepare` takes."""
    _wanted.size, _wanted.silhouettes = size, silhouettes
    batch.prepare(*workshop)


def copied(job: batch.TrackJob) -> CopiedTrack:
    """One changed track, described, in a process that knows what is wanted; what can't be changed says why."""
    try:
        changed = batch.changed_views(job, {angle: unpack(data) for angle, data in job.track.views})
    except ValueError as error:
        return CopiedTrack(job.name, error=str(error))
    described = {angle: describe(each, _wanted.size) for angle, each in changed.items()}
    packed = {angle: pack(each) for angle, each in changed.items()} if _wanted.silhouettes else {}
    return CopiedTrack(job.name, ", ".join(each.name for each in job.donors), described, packed)
