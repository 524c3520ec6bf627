"""Which walks a study shows: the same ones under each of its conditions, so that conditions are compared on them.

A walk can be shown if every condition has changed it, and nobody's fixed donor walks in it: the donor's gait is
part of every walk that was changed with it.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from django.db.models import Count, QuerySet

from anonymizer.models import Anonymization, AnonymizedSequence
from anonymizer.models import Sequence as Walk


def common(anonymizations: Iterable[Anonymization], view_angles: Sequence[int] = ()) -> dict[int, list[Walk]]:
    """The walks that can be shown, by view angle; without `view_angles` at all there are."""
    found: dict[int, list[Walk]] = {}
    for walk in (
        _common(anonymizations, view_angles).select_related("subject__dataset").order_by("view_angle", "pk")
    ):
        found.setdefault(walk.view_angle, []).append(walk)
    return found


def counted(anonymizations: Iterable[Anonymization], view_angles: Sequence[int] = ()) -> dict[int, int]:
    """How many there are at each view angle."""
    rows = _common(anonymizations, view_angles).order_by("view_angle").values_list("view_angle")
    return dict(rows.annotate(number=Count("pk")))


def _common(anonymizations: Iterable[Anonymization], view_angles: Sequence[int]) -> QuerySet[Walk]:
    chosen = list(anonymizations)
    walks = Walk.objects.all() if chosen else Walk.objects.none()
    for anonymization in chosen:
        changed = AnonymizedSequence.objects.filter(anonymization=anonymization)
        walks = walks.filter(pk__in=changed.values("source"))
        if anonymization.fixed_donor_id:
            walks = walks.exclude(subject=anonymization.fixed_donor_id)
    return walks.filter(view_angle__in=view_angles) if view_angles else walks


def drawn(walks: dict[int, list[Walk]], pairs_per_view_angle: int, seed: int = 0) -> dict[int, list[Walk]]:
    """So many of each view angle: drawn from the seed, subjects as evenly as can be."""
    return {
        angle: spread_over_subjects(rows, [seed, angle])[:pairs_per_view_angle]
        for angle, rows in walks.items()
    }


def spread_over_subjects(walks: list[Walk], seed: list[int]) -> list[Walk]:
    """Every subject once before any subject twice; who comes first is drawn."""
    shuffled = [walks[index] for index in np.random.default_rng(seed).permutation(len(walks))]
    turns: dict[int, int] = {}
    order: list[tuple[int, int, Walk]] = []
    for walk in shuffled:
        turn = turns.get(walk.subject_id, 0)
        turns[walk.subject_id] = turn + 1
        order.append((turn, len(order), walk))
    return [walk for _, _, walk in sorted(order, key=lambda entry: entry[:2])]


def changed_by(anonymization: Anonymization, walks: Iterable[Walk]) -> dict[int, AnonymizedSequence]:
    """What the anonymization made of each of the walks, by the walk's id."""
    rows = AnonymizedSequence.objects.filter(
        anonymization=anonymization, source__in=[walk.pk for walk in walks]
    )
    return {row.source_id: row for row in rows.select_related("source__subject", "anonymization")}
