"""Silhouettes between files, rows and arrays."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from django.core.files.base import ContentFile
from django.db import transaction

from anonymizer.models import Anonymization, AnonymizedSequence, Dataset, Sequence, StoredSilhouettes, Subject

if TYPE_CHECKING:  # the web process stays without OpenCV
    from anonymizer.gait.batch import Measures
    from anonymizer.gait.donors import TrackName
    from anonymizer.gait.packing import Packed


def read(stored: StoredSilhouettes) -> bytes:
    """The packed silhouettes of a row."""
    with stored.silhouettes.open("rb") as file:
        return bytes(file.read())


def _files(row: StoredSilhouettes, name: str, packed: "Packed") -> None:
    row.frame_count, row.height, row.width = packed.shape
    row.silhouettes.save(f"{name}.gsil", ContentFile(packed.silhouettes), save=False)
    row.picture.save(f"{name}.png", ContentFile(packed.picture), save=False)


def add_walk(dataset: Dataset, name: "TrackName", views: Mapping[int, "Packed"]) -> None:
    """Store one walk of a subject, all its view angles in one transaction."""
    rows = []
    for view_angle, packed in views.items():
        row = Sequence(gait_condition=name.condition, number=name.number, view_angle=view_angle)
        _files(
            row, f"{dataset.slug}-{name.subject}-{name.condition}-{name.number:02d}-{view_angle:03d}", packed
        )
        rows.append(row)
    with transaction.atomic():
        subject, _ = Subject.objects.get_or_create(dataset=dataset, label=name.subject)
        for row in rows:
            row.subject = subject
        Sequence.objects.bulk_create(rows, ignore_conflicts=True)


def add_changed(
    anonymization: Anonymization,
    sources: Mapping[int, int],
    views: Mapping[int, "Packed"],
    *,
    donor: str,
    measures: Mapping[int, "Measures"],
) -> None:
    """Store what a method made of one walk: `sources` are sequence ids, by view angle as the measures are."""
    rows = []
    for view_angle, packed in views.items():
        row = AnonymizedSequence(
            anonymization=anonymization,
            source_id=sources[view_angle],
            donor=donor,
            iou=_number(measures[view_angle].iou),
            jitter=_number(measures[view_angle].jitter),
            detached=_number(measures[view_angle].detached),
            detached_before=_number(measures[view_angle].detached_before),
        )
        _files(row, f"a{anonymization.pk}-{sources[view_angle]}", packed)
        rows.append(row)
    AnonymizedSequence.objects.bulk_create(rows, ignore_conflicts=True)


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def tracks(sequences: Iterable[Sequence]) -> dict["TrackName", dict[int, Sequence]]:
    """Sequences gathered into walks: one walk, seen by several cameras, is one track."""
    from anonymizer.gait.donors import TrackName

    gathered: dict[tuple[str, str, int], dict[int, Sequence]] = defaultdict(dict)
    for each in sequences:
        gathered[each.subject.label, each.gait_condition, each.number][each.view_angle] = each
    return {TrackName(*key, view_angles=frozenset(views)): views for key, views in gathered.items()}
