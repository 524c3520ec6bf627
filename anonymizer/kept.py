"""What deleting rows takes along, and why some can't go: what still stands on them, and what to do about it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model, ProtectedError
from django.db.models.deletion import Collector

from anonymizer.models import Anonymization

Reason = Callable[[list[Any]], str]
REASONS: list[tuple[tuple[type[Model], ...], Reason]] = []
NAMED = 5  # of what holds a row; more are counted


def because(*models: type[Model]) -> Callable[[Reason], Reason]:
    """Let a function say, given rows of these models, why what they protect stays. Each app tells of its own."""

    def registered(reason: Reason) -> Reason:
        REASONS.append((models, reason))
        return reason

    return registered


def why_kept(rows: Sequence[Model]) -> str:
    """A sentence or more for each kind of row that would be left in the air; empty where all may go."""
    holding = _holding(rows)
    said = []
    for models, reason in REASONS:
        of_kind = [row for row in holding if isinstance(row, models)]
        holding = [row for row in holding if not isinstance(row, models)]
        said += [reason(of_kind)] if of_kind else []
    if holding:  # a kind of row that nobody has words for
        others = (f"{row._meta.verbose_name} “{row}”" for row in holding)
        said.append(f"It is used by {several(others)}: delete that first, or keep it.")
    return " ".join(said)


def _holding(rows: Sequence[Model]) -> list[Model]:
    """The rows that protect these, or what would be deleted with them."""
    try:
        Collector(using=DEFAULT_DB_ALIAS).collect(rows)
    except ProtectedError as error:
        return list(error.protected_objects)
    return []


def going_with(rows: Sequence[Model]) -> dict[type[Model], int]:
    """How many rows of each kind would be deleted together with these, which are counted too."""
    collector = Collector(using=DEFAULT_DB_ALIAS)
    collector.collect(rows)
    going: dict[type[Model], set[Any]] = {
        model: {row.pk for row in found} for model, found in collector.data.items()
    }
    for unseen in collector.fast_deletes:  # a row that hangs on several stands in several of these
        going.setdefault(unseen.model, set()).update(unseen.values_list("pk", flat=True))
    return {model: len(keys) for model, keys in going.items() if keys}


def quoted(names: Iterable[str]) -> str:
    """As `several`, of names that people gave, which may look like any words."""
    return several(f"“{name}”" for name in names)


def several(names: Iterable[object]) -> str:
    """'A, B and C', or 'A, B, C, D, E and 7 more'; each name once, in order."""
    known = sorted({str(name) for name in names})
    shown, more = known[:NAMED], len(known) - NAMED
    last = f"{more:,} more" if more > 0 else shown.pop()
    return f"{', '.join(shown)} and {last}" if shown else last


@because(Anonymization)
def _made_with_it(anonymizations: list[Anonymization]) -> str:
    runs = [each.run_id for each in anonymizations]
    return f"Walks were changed with it, by run {several(runs)}: delete those runs first, or keep it."
