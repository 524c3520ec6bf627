"""What a dataset's page shows: a subject's walks by view angle, what was left out, how complete each is."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Max, Min, Sum

from anonymizer.models import Dataset, Run, Sequence, Subject

WALKS_SHOWN = 4
SIDES = 5  # on a dataset's card
ANGLES_NAMED = 3


@dataclass
class Row:
    """One walk: for each view angle its sequence, or what became of it."""

    walk: str
    cells: list[Sequence | dict[str, Any] | None]


@dataclass
class Sheet:
    """A subject's walks, with the neighbours to go on to."""

    subject: Subject
    number: int
    of: int
    view_angles: list[int]
    rows: list[Row]
    walks: int
    previous: str = ""
    following: str = ""


def view_angles(dataset: Dataset) -> list[int]:
    """Of everything kept or dropped, in degrees."""
    kept = set(
        Sequence.objects.filter(subject__dataset=dataset).values_list("view_angle", flat=True).distinct()
    )
    return sorted(
        kept | {entry["view_angle"] for entry in left_out_entries(dataset) if entry["view_angle"] is not None}
    )


def sheet(dataset: Dataset, label: str = "", every_walk: bool = False) -> Sheet | None:
    """The sheet of the subject named, or of the first one; None while there is none."""
    labels = list(dataset.subjects.values_list("label", flat=True))
    if not labels:
        return None
    at = labels.index(label) if label in labels else 0
    subject = dataset.subjects.get(label=labels[at])
    angles = view_angles(dataset)
    rows = _rows(subject, angles, {entry["sequence"]: entry for entry in dataset.dropped})
    return Sheet(
        subject,
        at + 1,
        len(labels),
        angles,
        rows if every_walk else _some(rows),
        len(rows),
        labels[at - 1] if at else "",
        labels[at + 1] if at + 1 < len(labels) else "",
    )


def _rows(subject: Subject, angles: list[int], dropped: dict[str, dict[str, Any]]) -> list[Row]:
    kept = {(each.walk, each.view_angle): each for each in subject.sequences.all()}
    walks = {walk for walk, _ in kept} | {
        name[len(subject.label) + 1 : -4]
        for name in dropped
        if name.startswith(f"{subject.label}-") and name.count("-") == 3
    }
    return [
        Row(
            walk,
            [
                kept.get((walk, angle)) or dropped.get(f"{subject.label}-{walk}-{angle:03d}")
                for angle in angles
            ],
        )
        for walk in sorted(walks, key=_order)
    ]


def _order(walk: str) -> tuple[int, str]:
    return (["nm", "bg", "cl"].index(walk[:2]) if walk[:2] in ("nm", "bg", "cl") else 3, walk)


def _some(rows: list[Row]) -> list[Row]:
    """A few walks that show every condition: the first of each, then the second, until enough."""
    seen: Counter[str] = Counter()
    ranked = []
    for row in rows:
        seen[row.walk[:2]] += 1
        ranked.append((seen[row.walk[:2]], row))
    chosen = [row for _, row in sorted(ranked, key=lambda each: each[0])[:WALKS_SHOWN]]
    return [row for row in rows if row in chosen]


def sides(dataset: Dataset) -> list[int]:
    """Sequences of one walk at a few view angles spread over all, for the dataset's card."""
    first = Sequence.objects.filter(subject__dataset=dataset).select_related("subject").first()
    if first is None:
        return []
    walk = Sequence.objects.filter(
        subject=first.subject, gait_condition=first.gait_condition, number=first.number
    )
    keys = list(walk.order_by("view_angle").values_list("pk", flat=True))
    spread = {round(index * (len(keys) - 1) / (SIDES - 1)) for index in range(SIDES)}
    return [keys[index] for index in sorted(spread)]


# --- What was left out ----------------------------------------------------------------------------
@dataclass
class LeftOut:
    """Sequences that were dropped for one reason."""

    reason: str
    count: int = 0
    angles: Counter[int] = field(default_factory=Counter)
    subjects: Counter[str] = field(default_factory=Counter)

    @property
    def where(self) -> str:
        """Where most of them are, in a few words."""
        if len(self.subjects) == 1:
            return f"subject {next(iter(self.subjects))}"
        if not self.angles:
            return f"{len(self.subjects)} subjects"
        most = sorted(angle for angle, _ in self.angles.most_common(ANGLES_NAMED))
        rest = "" if len(self.angles) <= ANGLES_NAMED else "mostly "
        return rest + ", ".join(f"{angle}°" for angle in most)


def left_out_entries(dataset: Dataset) -> list[dict[str, Any]]:
    """`dropped` with each name taken apart; view_angle is None where a whole folder was dropped."""
    entries = []
    for entry in dataset.dropped:
        parts = entry["sequence"].split("-")
        angle = int(parts[3]) if len(parts) == 4 and parts[3].isdecimal() else None
        entries.append({**entry, "subject": parts[0], "view_angle": angle})
    return entries


def left_out(dataset: Dataset) -> list[LeftOut]:
    reasons: dict[str, LeftOut] = {}
    for entry in left_out_entries(dataset):
        group = reasons.setdefault(entry["reason"], LeftOut(entry["reason"]))
        group.count += 1
        group.subjects[entry["subject"]] += 1
        if entry["view_angle"] is not None:
            group.angles[entry["view_angle"]] += 1
    return sorted(reasons.values(), key=lambda each: -each.count)


# --- How much there is ----------------------------------------------------------------------------
def size(dataset: Dataset) -> dict[str, Any]:
    """Subjects, sequences, view angles and frames."""
    counted = Sequence.objects.filter(subject__dataset=dataset).aggregate(
        sequences=Count("pk"), frames=Sum("frame_count"), fewest=Min("frame_count"), most=Max("frame_count")
    )
    return {
        **counted,
        "frames": counted["frames"] or 0,
        "subjects": dataset.subjects.count(),
        "view_angles": view_angles(dataset),
        "sequences_in_all": counted["sequences"] + len(dataset.dropped),
    }


@dataclass
class Completeness:
    """How many of the sequences that a subject could have are there; `step` is its colour, 0 to 8."""

    label: str
    kept: int
    of: int

    @property
    def step(self) -> int:
        return round(8 * self.kept / self.of) if self.of else 0


def completeness(dataset: Dataset) -> list[Completeness]:
    """By subject, against the fullest subject with nothing dropped."""
    dropped = Counter(entry["subject"] for entry in left_out_entries(dataset))
    rows = list(dataset.subjects.annotate(kept=Count("sequences")).values_list("label", "kept"))
    whole = max((kept + dropped[label] for label, kept in rows), default=0)
    return [Completeness(label, kept, whole) for label, kept in rows]


def used_by(dataset: Dataset) -> list[Run]:
    """Runs that work or worked on this dataset, newest first."""
    return list(Run.objects.filter(parameters__dataset=dataset.pk).order_by("-pk"))
