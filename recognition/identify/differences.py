"""Two results compared, number by number."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NOT_A_RESULT = frozenset({"seconds", "recognition_run", "provenance"})  # time and names, which may differ


@dataclass(frozen=True)
class Difference:
    """Where two results are not the same."""

    where: str  # as in attackers.naive.rank1[0][3]
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.where}: {self.before} before, {self.after} now"


def numbers(result: Any) -> int:
    """How many numbers a result holds."""
    if isinstance(result, Mapping):
        return sum(numbers(value) for key, value in result.items() if key not in NOT_A_RESULT)
    if isinstance(result, list):
        return sum(map(numbers, result))
    return int(isinstance(result, int | float) and not isinstance(result, bool))


def differences(before: Any, after: Any, tolerance: float = 0.0, where: str = "") -> Iterator[Difference]:
    """Every place at which they differ; numbers by more than the tolerance."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*before, *(key for key in after if key not in before)]:
            if key not in NOT_A_RESULT:
                place = f"{where}.{key}" if where else str(key)
                yield from differences(before.get(key), after.get(key), tolerance, place)
    elif _listed(before) and _listed(after) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, tolerance, f"{where}[{index}]")
    elif _number(before) and _number(after):
        if abs(before - after) > tolerance:
            yield Difference(where, before, after)
    elif before != after:
        yield Difference(where, before, after)


def _listed(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
