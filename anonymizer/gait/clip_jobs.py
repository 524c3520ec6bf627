"""Clips encoded in a process of their own: a walk and what methods made of it, looped at the same places."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from anonymizer.gait.broken_walk import broken
from anonymizer.gait.renderings import RENDERINGS
from anonymizer.gait.silhouettes import Silhouettes, unpack
from anonymizer.gait.video import LoopPlan, encode, encode_pair, loop_plan


@dataclass(frozen=True)
class Take:
    """One clip to make: packed silhouettes of the changed walk, None for the original itself."""

    rendering: str  # one of RENDERINGS
    changed: bytes | None = None


@dataclass(frozen=True)
class ClipJob:
    """All the clips wanted of one walk, packed silhouettes."""

    original: bytes
    takes: tuple[Take, ...]
    seconds: float
    frame_rate: float = 25.0


def encode_clips(job: ClipJob) -> list[bytes]:
    """Each take's MP4; the gait cycles are the original's in all of them."""
    original = unpack(job.original)
    plan = loop_plan(original, job.frame_rate)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        return [_encoded(original, take, plan, job, path) for take in job.takes]


def _encoded(original: Silhouettes, take: Take, plan: LoopPlan, job: ClipJob, path: Path) -> bytes:
    rendering = RENDERINGS[take.rendering]
    walk = original if take.changed is None else unpack(take.changed)
    walk = broken(walk) if rendering.broken else walk
    seconds, fps, in_place = job.seconds, job.frame_rate, rendering.in_place
    if rendering.side_by_side:
        encode_pair(original, walk, path, seconds=seconds, fps=fps, cycle=plan, in_place=in_place)
    else:
        encode(walk, path, seconds=seconds, fps=fps, cycle=plan, in_place=in_place)
    return path.read_bytes()
