"""Keeps what takes long to work out: for these very votes, or, where it took long, for a while after new ones."""

import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.utils import timezone

Value = TypeVar("Value")
REST = 10  # times as long as it took, a result is good enough although newer votes came
LONGEST_REST = 300.0  # seconds
KEPT = 64


@dataclass(frozen=True)
class Result(Generic[Value]):
    """A value, when it was worked out, and of which votes."""

    value: Value
    at: datetime
    marker: Hashable
    until: float  # on the monotonic clock

    def suits(self, marker: Hashable) -> bool:
        return self.marker == marker or time.monotonic() < self.until


_kept: OrderedDict[Hashable, Result[object]] = OrderedDict()
_locks: defaultdict[Hashable, threading.Lock] = defaultdict(threading.Lock)
_guard = threading.Lock()


def lately(key: Hashable, marker: Hashable, work: Callable[[], Value]) -> Result[Value]:
    """The value of `work` under `key`; `marker` stands for the votes, everything else belongs in the key."""
    with _locks[key]:
        known: Result[Value] | None = _kept.get(key)  # type: ignore[assignment]
        if known is not None and known.suits(marker):
            return known
        begun = time.monotonic()
        value = work()
        ended = time.monotonic()
        rest = min(LONGEST_REST, REST * (ended - begun))
        found = Result(value, timezone.now(), marker, ended + (rest if ended - begun > 0.5 else 0))
        with _guard:
            _kept[key] = found  # type: ignore[assignment]
            _kept.move_to_end(key)
            while len(_kept) > KEPT:
                _kept.popitem(last=False)
        return found
