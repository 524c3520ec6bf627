"""Clips encoded in a process of their own: a walk and what a method made of it, looped at the same places."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from anonymizer.gait.silhouettes import unpack
from anonymizer.gait.video import encode, loop_plan


@dataclass(frozen=True)
class ClipJob:
    """What is to be encoded: packed silhouettes."""

    original: bytes
    changed: bytes | None
    seconds: float


def encode_clips(job: ClipJob) -> tuple[bytes, bytes | None]:
    """The original's MP4 and the changed one's; the gait cycles are the original's in both."""
    original = unpack(job.original)
    plan = loop_plan(original)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        encode(original, path, seconds=job.seconds, cycle=plan)
        first = path.read_bytes()
        if job.changed is None:
            return first, None
        encode(unpack(job.changed), path, seconds=job.seconds, cycle=plan)
        return first, path.read_bytes()
