"""Walkers made one walk at a time in a process of their own."""

from dataclasses import dataclass

from anonymizer.gait.packing import Packed, packed
from anonymizer.gait.walkers import walk


@dataclass(frozen=True)
class WalkerJob:
    """One walk to be made."""

    seed: int
    subject: int
    condition: str
    number: int
    view_angles: tuple[int, ...]
    frames: int
    difficulty: str
    path_variation: float = 1.0

    @property
    def key(self) -> tuple[str, str, int]:
        return f"{self.subject:03d}", self.condition, self.number


def make_walk(job: WalkerJob) -> tuple[WalkerJob, dict[int, Packed], dict[int, int]]:
    """Pose and render one walk. Returns what is kept by view angle, and frame counts of what is too short."""
    views = walk(
        job.seed,
        job.subject,
        job.condition,
        job.number,
        view_angles=job.view_angles,
        frames=job.frames,
        difficulty=job.difficulty,
        path_variation=job.path_variation,
    )
    kept = {angle: packed(each) for angle, each in views.items() if len(each) >= job.frames}
    return job, kept, {angle: len(each) for angle, each in views.items() if len(each) < job.frames}
