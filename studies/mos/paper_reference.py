"""What the paper reports (Tieu et al., WIFS 2017, Table I and section IV): for comparison, never our results.

Percent in the file, rates from 0 to 1 here, since every other rate of the product is one.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SOURCE = "Tieu 2017, reported"


@dataclass(frozen=True)
class PaperReference:
    """Success rates are against the naive attacker; the paper gives two MOS values of its eleven."""

    view_angles: tuple[int, ...]
    success_rate: tuple[tuple[float, ...], ...]  # [gallery view angle][probe view angle]
    success_rate_by_probe_view_angle: dict[int, float]
    mos_by_view_angle: dict[int, float]
    raters: int
    pairs_per_rater: int


@cache
def paper_reference() -> PaperReference:
    file = Path(__file__).with_name("paper_reference.json")
    values = json.loads(file.read_text(encoding="utf-8"))
    angles = tuple(values["view_angles_deg"])
    by_probe = zip(angles, values["column_mean_percent_by_probe_view"], strict=True)
    mos = values["mos"]
    return PaperReference(
        view_angles=angles,
        success_rate=tuple(tuple(cell / 100 for cell in row) for row in values["success_rate_percent"]),
        success_rate_by_probe_view_angle={angle: percent / 100 for angle, percent in by_probe},
        mos_by_view_angle={mos[end]["view_angle_deg"]: mos[end]["mos"] for end in ("highest", "lowest")},
        raters=mos["raters"],
        pairs_per_rater=mos["pairs_per_rater"],
    )
