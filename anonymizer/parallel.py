"""Many pure computations over several processes, in order, with little in memory at once.

Processes, not threads: the work is Python and numpy. They are spawned, not forked, so no database connection
and no lock of the parent goes along, and they end with the parent however that ends.
"""

import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any, TypeVar

from django.conf import settings

Job = TypeVar("Job")
Result = TypeVar("Result")
FEW_VIEWS = 100  # of a walk to change or render; for so few a process takes longer to start than to work
AHEAD = 3  # jobs handed out ahead, a process: enough to keep it busy, too few to fill memory


def ordered_map(
    function: Callable[[Job], Result],
    jobs: Iterable[Job],
    *,
    processes: int | None = None,
    prepare: Callable[..., None] | None = None,
    prepare_with: tuple[Any, ...] = (),
) -> Iterator[Result]:
    """`function` of every job, in the jobs' order. `prepare(*prepare_with)` runs once in every process.

    `function`, `prepare` and all that goes in and out must pickle. With one process nothing is spawned.
    """
    count = settings.WORKERS if processes is None else processes
    if count <= 1:
        if prepare:
            prepare(*prepare_with)
        yield from map(function, jobs)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, context, _start, (os.getpid(), prepare, prepare_with))
    try:
        yield from _windowed(pool, function, jobs, count * AHEAD)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def for_views(count: int) -> int | None:
    """How many processes are worth it for work on so many views of walks: one, or as many as there may be."""
    return 1 if count <= FEW_VIEWS else None


def _windowed(
    pool: ProcessPoolExecutor, function: Callable[[Job], Result], jobs: Iterable[Job], window: int
) -> Iterator[Result]:
    waiting: deque[Future[Result]] = deque()
    for job in jobs:
        waiting.append(pool.submit(function, job))
        if len(waiting) >= window:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _start(parent: int, prepare: Callable[..., None] | None, prepare_with: tuple[Any, ...]) -> None:
    """Begin a process: one thread a library, and a watch on the parent."""
    import cv2
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    cv2.setNumThreads(1)
    threadpool_limits(1)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    if prepare:
        prepare(*prepare_with)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
