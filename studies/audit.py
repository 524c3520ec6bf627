"""The draw of a study, place by place: enough to check its balance, and to draw it again from its seed."""

from collections.abc import Iterator
from typing import Any

from studies.models import Study

COLUMNS = (
    "study", "seed", "seat", "occupied", "position", "pair", "role", "view_angle", "condition", "expected_score",
    "reference_sha256", "clip_sha256",
)  # fmt: skip


def rows(study: Study) -> Iterator[tuple[Any, ...]]:
    """One row a place of a seat, in the order of showing."""
    pairs = {
        each.number: (
            each.number,
            each.role,
            each.view_angle,
            each.condition.label if each.condition else "",
            each.expected_score,
            each.reference_clip.sha256 if each.reference_clip else "",
            each.test_clip.sha256,
        )
        for each in study.stimuli.select_related("condition", "reference_clip", "test_clip")
    }
    for seat in study.seats.filter(simulated=False).order_by("position").iterator(chunk_size=500):
        for position, number in enumerate(seat.pairs, start=1):
            yield (study.slug, study.seed, seat.position, seat.occupied, position, *pairs[number])
