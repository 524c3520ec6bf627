"""What a recorded gait is called, wherever it comes from and wherever it goes."""

from typing import NamedTuple


class GaitKey(NamedTuple):
    """What tells one recorded gait, seen by one camera, from all others, in CASIA-B's words."""

    subject: str
    condition: str
    number: int
    view_angle: int

    def __str__(self) -> str:
        return f"{self.subject}-{self.condition}-{self.number:02d}-{self.view_angle:03d}"
