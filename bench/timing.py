"""How the benchmarks take time: the fastest of several runs, since other programs can only slow one down."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def timed(
    work: Callable[[], Found], times: int = 1, clock: Callable[[], float] = time.perf_counter
) -> tuple[float, Found]:
    """Seconds of the fastest run, and what the last one gave; `clock` may be `time.process_time`."""
    taken = []
    for _ in range(times):
        start = clock()
        found = work()
        taken.append(clock() - start)
    return min(taken), found


def seconds(work: Callable[[], object], times: int = 5) -> float:
    """Seconds of the fastest of several runs."""
    return timed(work, times)[0]
