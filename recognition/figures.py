"""What the page of a recognition shows, in words and cells: the ladder's marks, the matrix's shades."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

FEW = 10  # under so many gaits in S a cell gets a corner mark
STEPS = 8  # the darkest shade
MEASURES = {
    "success_rate": "Success rate",
    "rank1": "Still named, rank-1",
    "original_rank1": "Originals named, rank-1",
}


def percent(rate: float | None) -> str:
    return "n/a" if rate is None else f"{100 * rate:.1f}\u00a0%"


def interval(ends: list[float] | None) -> str:
    return "no interval" if ends is None else f"{100 * ends[0]:.1f} to {100 * ends[1]:.1f}"


def from_to(numbers: Iterable[int]) -> str:
    """'279', or '25 to 279'."""
    known = set(numbers)
    return " to ".join(f"{number:,}" for number in sorted({min(known), max(known)}))


# --- The ladder -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Rung:
    """One attacker as the page says it; x positions are percent of the plot's width."""

    attacker: str
    label: str
    knows: str
    rank1: str
    rank1_interval: str
    success: str
    success_interval: str
    recognized: int
    probes: int
    subjects: int
    x: float | None
    low: float
    high: float
    strongest: bool
    clear: str  # the originals, on the same probes at the same view angles
    clear_x: float | None
    compares: str
    rank5: str
    eer: str
    impersonation: str
    worst: str
    view_angles: str
    how: str  # what it chose and spent


def rungs(ladder: list[dict[str, Any]], strongest: str | None) -> list[Rung]:
    return [_rung(entry, entry["attacker"] == strongest) for entry in ladder]


def _rung(entry: dict[str, Any], strongest: bool) -> Rung:
    rank1, ends = entry["rank1"], entry["ci95"]
    low, high = ends or (rank1 or 0, rank1 or 0)
    return Rung(
        entry["attacker"],
        entry["label"],
        entry["knows"],
        percent(rank1),
        interval(ends),
        percent(entry["success_rate"]),
        interval(entry["success_ci95"]),
        entry["recognized"],
        entry["probes"],
        entry["subjects"],
        None if rank1 is None else round(100 * rank1, 2),
        round(100 * low, 2),
        round(100 * high, 2),
        strongest,
        percent(entry["clear_rank1"]),
        None if entry["clear_rank1"] is None else round(100 * entry["clear_rank1"], 2),
        entry.get("compares", ""),
        percent(entry.get("rank5")),
        percent(entry.get("eer")),
        percent(entry.get("impersonation")),
        _worst(entry.get("worst")),
        ", ".join(f"{angle}°" for angle in entry.get("view_angles", [])),
        _how(entry.get("details", {})),
    )


def _worst(worst: dict[str, Any] | None) -> str:
    return "n/a" if worst is None else f"{worst['subject']}: {worst['named']} of {worst['probes']}"


def _how(details: dict[str, Any]) -> str:
    """What an attacker chose and spent, in a few words."""
    said = [
        details.get("chosen"),
        f"{details['copies']} copies" if details.get("copies", 0) > 1 else None,
        f"{details['clips']} clips" if "clips" in details else None,
        f"adds {' and '.join(details['adds'])}" if "adds" in details else None,
    ]
    return ", ".join(each for each in said if each)


# --- The matrix -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Cell:
    """One pair of gallery and probe view angles."""

    text: str
    look: str  # classes: a shade and the colour of its text, or none
    few: bool
    said: str


def matrix(found: dict[str, Any], measure: str) -> list[tuple[int, list[Cell]]]:
    """Rows by gallery view angle, of a `reports.matrix`; an attacker may have left out cells."""
    return [
        (angle, [_cell(found, measure, g, p) for p in range(len(found["view_angles"]))])
        for g, angle in enumerate(found["view_angles"])
    ]


def _cell(found: dict[str, Any], measure: str, g: int, p: int) -> Cell:
    rate, n = found[measure][g][p], found["recognized" if measure == "success_rate" else "probes"][g][p]
    name = "|S|" if measure == "success_rate" else "probes"
    if not found["tried"][g][p] and measure != "original_rank1":
        return Cell("–", "na", False, "not tried by this attacker")
    if rate is None:
        return Cell("n/a", "na", False, f"not defined, {name} {n}")
    ends = found["success_ci95"][g][p] if measure == "success_rate" else None
    said = f"{percent(rate)}, {name} {n}" + (f", 95 % interval {interval(ends)}" if ends else "")
    return Cell(f"{100 * rate:.0f}", look(rate), n < FEW, said)


def look(rate: float | None) -> str:
    """Classes of a cell: its shade, and the colour of text that can be read on it."""
    if rate is None:
        return "na"
    step = round(STEPS * rate)
    return f"q{step} {_ink(step)}"


def _ink(step: int) -> str:
    """The colour of text that can be read on this shade."""
    return "td" if step <= 4 else "tm" if step == 5 else "tl"


def diagonal_mean(found: dict[str, Any], measure: str) -> str:
    values = [row[i] for i, row in enumerate(found[measure]) if row[i] is not None]
    return percent(sum(values) / len(values)) if values else "n/a"


def all_named(found: dict[str, Any]) -> int:
    """Gaits in S over the cells that the attacker tried."""
    rows = zip(found["recognized"], found["tried"], strict=True)
    return sum(n for row, flags in rows for n, tried in zip(row, flags, strict=True) if tried)


def left_out(found: dict[str, Any]) -> int:
    """Cells that the attacker did not try."""
    return sum(not tried for row in found["tried"] for tried in row)
