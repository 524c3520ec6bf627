"""The life of a run: created, claimed, kept alive by a heartbeat, finished; cancelled, retried, taken up again.

A run is a row. Whoever works on it holds a lease that a heartbeat renews; when the worker dies the lease
lapses, the reaper (in `tasks.py`) puts the run back in the queue, and the next worker goes on from what is
already done. Work is claimed by one conditional update, so a task that is delivered twice runs once.
"""

import logging
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from anonymizer.models import Anonymization, Dataset, Run, Worker

VERSION = "0.1.0"
LOG_LINES = 200
REFUSED, PUT_AWAY = "refused", "put_away"  # said of a failed run in its result, until it is tried again
log = logging.getLogger(__name__)
PROCESS_ENDED = (
    "A process that worked for this run was ended from outside, most often because memory ran out. Free memory or set "
    "WORKERS lower, then try again: what is done is kept."
)
DATABASE_TRIES = 3  # one that is busy answers the next time, one whose disk is full does not
PROGRESS_SECONDS = 0.5  # how often the row hears of progress


class Refused(Exception):
    """Asked for something that cannot be done; the message says what is wrong and what to do.

    `field` names what was asked wrongly, as forms and parameters call it.
    """

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class Cancelled(Exception):
    """Somebody asked this run to stop."""


class LeaseLost(Exception):
    """Another worker has taken this run up; this one must not touch it any more."""


@cache
def code_version() -> str:
    """The version, with the commit where the product runs from a checkout."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=settings.BASE_DIR
    )
    return f"{VERSION}+{commit.stdout.strip()}" if commit.returncode == 0 else VERSION


def worker_name() -> str:
    return f"{socket.gethostname()[:32]}:{os.getpid()}:{threading.get_ident() % 100_000}"


def check_seed(seed: int) -> None:
    if not 0 <= seed < 2**63:
        raise Refused(f"The seed must be a whole number from 0 to 2^63 - 1, not {seed}.", "seed")


def create(kind: str, parameters: dict[str, Any], *, seed: int = 0, user: User | None = None) -> Run:
    """A new run in the queue. `tasks.enqueue` sends it to a worker; a command claims it itself."""
    check_seed(seed)
    return Run.objects.create(
        kind=kind, parameters=parameters, seed=seed, requested_by=user, code_version=code_version()
    )


def unfinished() -> QuerySet[Run]:
    return Run.objects.filter(status__in=[Run.Status.QUEUED, Run.Status.RUNNING]).exclude(kind=Run.Kind.DEMO)


def lapsed(now: datetime | None = None) -> QuerySet[Run]:
    """Runs whose worker has not been heard of for longer than the lease."""
    return Run.objects.filter(status=Run.Status.RUNNING, lease_until__lt=now or timezone.now())


def lease_end() -> datetime:
    return timezone.now() + timedelta(seconds=settings.RUN_LEASE_SECONDS)


def claim(run_id: int, worker: str) -> bool:
    """Take the run if it waits, or if whoever had it is gone. True for exactly one of many callers.

    RuntimeError inside a transaction: the work would hold it to its end, unseen by others, and on SQLite nobody
    else could write meanwhile, the run's own heartbeat included.
    """
    free = Q(status=Run.Status.QUEUED) | Q(status=Run.Status.RUNNING, lease_until__lt=timezone.now())
    run = Run.objects.filter(pk=run_id).values("attempts", "started").first()
    if run is None:
        return False
    with transaction.atomic(durable=True):
        taken = Run.objects.filter(free, pk=run_id).update(
            status=Run.Status.RUNNING,
            worker=worker,
            lease_until=lease_end(),
            started=run["started"] or timezone.now(),
            finished=None,
            error="",
            attempts=run["attempts"] + 1,
        )
    return taken == 1


def note(run: Run, text: str, level: str = "info") -> None:
    """A line in the run's log, newest last."""
    with transaction.atomic():
        row = Run.objects.select_for_update().get(pk=run.pk)
        row.log = [*row.log, {"at": timezone.now().isoformat(), "text": text, "level": level}][-LOG_LINES:]
        row.save(update_fields=["log"])
    run.log = row.log


class Work:
    """What a running job holds: its row, progress, and the heartbeat that keeps its lease."""

    def __init__(self, run: Run, worker: str, bar: Any = None) -> None:
        self.run, self.worker, self.bar = run, worker, bar
        self._told = 0.0
        self._stop = threading.Event()
        self._beat = threading.Thread(target=self._keep_alive, daemon=True)

    def progress(self, done: int, total: int, stage: str = "") -> None:
        """Say how far the work is; raises `Cancelled` or `LeaseLost` when it should stop."""
        if self.bar is not None:
            self.bar(done, total, stage)
        due = time.monotonic() - self._told >= PROGRESS_SECONDS
        if due or done >= total or stage != self.run.stage:
            self._tell(min(done, total), total, stage)

    def note(self, text: str, level: str = "info") -> None:
        note(self.run, text, level)

    def checkpoint(self) -> None:
        """Raise if somebody cancelled the run or another worker holds it."""
        row = Run.objects.filter(pk=self.run.pk).values("worker", "status", "cancel_requested").first()
        if row is None or row["worker"] != self.worker or row["status"] != Run.Status.RUNNING:
            raise LeaseLost
        if row["cancel_requested"]:
            raise Cancelled

    def _tell(self, done: int, total: int, stage: str) -> None:
        self._told = time.monotonic()
        self.run.done, self.run.total, self.run.stage = done, total, stage
        self._mine().update(done=done, total=total, stage=stage, lease_until=lease_end())
        self.checkpoint()

    def _mine(self) -> QuerySet[Run]:
        return Run.objects.filter(pk=self.run.pk, worker=self.worker, status=Run.Status.RUNNING)

    def _keep_alive(self) -> None:
        while not self._stop.wait(settings.RUN_LEASE_SECONDS / 3):
            try:
                close_old_connections()
                self._mine().update(lease_until=lease_end())
            except OperationalError as error:  # a database that is busy, or away, is no reason to die
                log.warning("Run %s: the heartbeat waits for the database: %s.", self.run.pk, error)
            except Exception:
                log.exception("Run %s: the heartbeat failed; the next one tries again.", self.run.pk)
        connection.close()

    def __enter__(self) -> "Work":
        self._beat.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._beat.join()


@contextmanager
def working(run: Run, worker: str, bar: Any = None) -> Iterator[Work]:
    """Work on a claimed run; its end, however it comes, is written down once, by its holder alone.

    Raises whatever the work raised except `Cancelled` and `LeaseLost`, which are ends of their own.
    """
    run.refresh_from_db()
    if run.attempts > 1:
        note(run, "Taken up again. What was done is kept; nothing is done twice.")
    try:
        with Work(run, worker, bar) as work:
            yield work
    except LeaseLost:  # or a run that works through this one has lost its: then this one is free, too
        _give_back(run, worker)
    except Cancelled:
        _finish(run, worker, Run.Status.CANCELLED, "Cancelled. What was done is kept.")
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            _give_back(run, worker)
        else:
            gone = _deleted(run)
            if gone or isinstance(error, Refused | ValueError):  # the same again won't help
                run.result = {**run.result, REFUSED: True}
            _finish(run, worker, Run.Status.FAILED, gone or message_of(error))
        raise
    else:
        _finish(run, worker, Run.Status.SUCCEEDED, "")


def _deleted(run: Run) -> str:
    """Said of a run whose datasets, or whose anonymization, somebody has deleted meanwhile; else nothing."""
    asked = run.parameters
    datasets = {key for key in (asked.get("dataset"), *asked.get("datasets", [])) if isinstance(key, int)}
    judged = {key for key in (asked.get("anonymization_run"),) if isinstance(key, int)}
    if Dataset.objects.filter(pk__in=datasets).count() < len(datasets):
        return "A dataset that this run works on was deleted. Choose another."
    if Anonymization.objects.filter(run__in=judged).count() < len(judged):
        return "The anonymization that is to be judged was deleted. Choose another."
    return ""


def message_of(error: BaseException) -> str:
    """One line for people; an unexpected error keeps its type so that it can be found in the logs."""
    if isinstance(error, BrokenProcessPool):
        return PROCESS_ENDED
    text = " ".join(str(error).split())
    if isinstance(error, Refused | ValueError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _finish(run: Run, worker: str, status: str, error: str) -> None:
    if not connection.in_atomic_block:  # else it would end the caller's transaction
        close_old_connections()  # one that broke under long work must not hide how the run ended
    held = Run.objects.filter(pk=run.pk, worker=worker, status=Run.Status.RUNNING)
    if held.update(status=status, error=error, finished=timezone.now(), lease_until=None, result=run.result):
        run.refresh_from_db()
        note(run, error or "Done.", "bad" if status == Run.Status.FAILED else "info")


def _give_back(run: Run, worker: str) -> None:
    """Put the run back, if this worker still holds it, so that the next one need not wait for the lease."""
    Run.objects.filter(pk=run.pk, worker=worker, status=Run.Status.RUNNING).update(
        status=Run.Status.QUEUED, worker="", lease_until=None, sent=None
    )


def cancel(run: Run) -> None:
    """Stop a waiting run at once and a running one at its next step. Finished runs stay as they are."""
    waiting = Run.objects.filter(pk=run.pk, status=Run.Status.QUEUED).update(
        status=Run.Status.CANCELLED, finished=timezone.now(), error="Cancelled before it started."
    )
    if not waiting:
        Run.objects.filter(pk=run.pk, status=Run.Status.RUNNING).update(cancel_requested=True)
    run.refresh_from_db()


def retry(run: Run) -> bool:
    """Put a failed or cancelled run back in the queue; it goes on from where it stood."""
    run.refresh_from_db()
    again = Run.objects.filter(pk=run.pk, status__in=[Run.Status.FAILED, Run.Status.CANCELLED]).update(
        status=Run.Status.QUEUED,
        cancel_requested=False,
        error="",
        worker="",
        lease_until=None,
        sent=None,
        finished=None,
        result={name: value for name, value in run.result.items() if name not in (REFUSED, PUT_AWAY)},
    )
    run.refresh_from_db()
    return again == 1


def put_away(run: Run) -> bool:
    """A failed run need not be shown any more as one that waits for somebody; it stays in the list of runs."""
    run.refresh_from_db()
    failed = Run.objects.filter(pk=run.pk, status=Run.Status.FAILED)
    done = failed.update(result={**run.result, PUT_AWAY: True}) == 1
    run.refresh_from_db()
    return done


def not_put_away(runs: QuerySet[Run]) -> QuerySet[Run]:
    return runs.filter(result__put_away__isnull=True)


def reap() -> list[Run]:
    """Put runs whose worker was lost back in the queue, and return all that wait to be sent."""
    for run in lapsed():
        back = (
            lapsed()
            .filter(pk=run.pk)
            .update(status=Run.Status.QUEUED, worker="", lease_until=None, sent=None)
        )
        if back:
            note(run, f"Worker lost: no heartbeat for {settings.RUN_LEASE_SECONDS} s. Queued again.", "warn")
    return list(Run.objects.filter(sent=None, status=Run.Status.QUEUED))


def overdue() -> list[Run]:
    """Runs that were sent a while ago and that no worker has claimed: they wait their turn, or are lost."""
    return list(Run.objects.filter(sent__lt=timezone.now() - timedelta(minutes=2), status=Run.Status.QUEUED))


def may_send(run: Run) -> bool:
    """Whether the caller is the one to send this waiting run: true for one of several reapers."""
    waiting = Run.objects.filter(pk=run.pk, status=Run.Status.QUEUED, sent=run.sent)
    return waiting.update(sent=timezone.now()) == 1


def beat() -> None:
    """Write down that a worker lives, here and now."""
    Worker.objects.update_or_create(name=socket.gethostname()[:64], defaults={"last_beat": timezone.now()})


def worker_alive(within: float = 30) -> bool:
    """Whether any worker has been heard of in the last `within` seconds."""
    return Worker.objects.filter(last_beat__gte=timezone.now() - timedelta(seconds=within)).exists()


def execute(run_id: int, body: Callable[[Work], None], bar: Any = None) -> bool:
    """Claim the run and do its work here; False where somebody else has it, or it is finished."""
    worker = worker_name()
    if not claim(run_id, worker):
        return False
    with working(Run.objects.get(pk=run_id), worker, bar) as work:
        body(work)
    return True


def see_through(run: Run, body: Callable[[Work], None], bar: Any = None) -> Run:
    """Do the run's work here, or wait while another process does; returns it finished, however it ended.

    Whatever `bar` raises ends the waiting: that is how a run that stands on this one is cancelled. RuntimeError
    inside a transaction, as of `claim`; DatabaseError where the database, full or gone, can't be told how it ended.
    """
    with transaction.atomic(durable=True):
        pass
    broken = 0
    while True:
        try:
            execute(run.pk, body, bar)
        except (Refused, ValueError, OSError) as error:  # written down in the row, for whoever reads it there
            log.info("%s: %s", run, error)
        except (OperationalError, InterfaceError) as error:
            broken += 1
            if broken == DATABASE_TRIES:
                raise
            log.warning("%s: the database does not answer as it should: %s.", run, message_of(error))
        except Exception:
            log.exception("%s failed.", run)
        run.refresh_from_db()
        if run.is_finished:
            return run
        if bar is not None:
            bar(run.done, run.total, run.stage)
        time.sleep(0.5)  # whoever holds it finishes, or the lease lapses
