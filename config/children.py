"""A process that the launcher starts, watches and ends."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from config import lifeline

LOG_BYTES = 5 * 2**20  # a longer log is set aside at the next start
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before a process that died is started again
SETTLED = 60.0  # seconds after which a process that runs is taken to be well
TRIES = 6  # deaths in a row before the launcher gives up


class Child:
    """One child process in the launcher's process group, its output in a log file.

    `blocked` signals never reach it: Ctrl-C goes to the whole group, but the order in which its members end is
    the launcher's to keep.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        mark: str,
        blocked: frozenset[signal.Signals] = frozenset({signal.SIGINT, signal.SIGHUP}),
    ) -> None:
        self.name, self.command, self.log, self.mark, self.blocked = name, command, log, mark, blocked
        self.process: subprocess.Popen[bytes] | None = None
        self.deaths = 0
        self.started = self.next_start = 0.0

    def start(self, stdin: bytes = b"", keep: tuple[int, ...] = ()) -> None:
        """Start it, with `stdin` to read and the descriptors `keep` to hold."""
        self.log.parent.mkdir(exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={**os.environ, lifeline.MARK: self.mark, "PYTHONUNBUFFERED": "1"},
                pass_fds=keep,
                preexec_fn=_tie(os.getpid(), self.blocked),
            )
        self.started = time.monotonic()
        self._feed(stdin)

    def _feed(self, text: bytes) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        with suppress(BrokenPipeError), self.process.stdin as pipe:  # it may have died at once
            pipe.write(text)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def how_it_ended(self) -> str:
        """A sentence for people, with the end of its log, where the reason usually stands."""
        code = self.process.returncode if self.process else None
        how = (
            f"killed by {signal.Signals(-code).name}"
            if code is not None and code < 0
            else f"exit status {code}"
        )
        # Whoever is killed says nothing more: what stands last in the log is then no reason.
        said = "Last in its log:" if code is not None and code < 0 else "It said:"
        return f"The {self.name} ended ({how}). {said} {self.last_line()} (log: {self.log})."

    def pause_after_death(self) -> float | None:
        """Seconds to wait before starting it again; None when it has died too often in a row."""
        self.deaths = 1 if time.monotonic() - self.started > SETTLED else self.deaths + 1
        if self.deaths >= TRIES:
            return None
        pause = min(FIRST_PAUSE * 2.0 ** (self.deaths - 1), LONGEST_PAUSE)
        self.next_start = time.monotonic() + pause
        return pause

    def end(self, steps: Sequence[tuple[signal.Signals, float]], hurry: Callable[[], bool]) -> None:
        """Send each step's signal and give it that many seconds; then, or when `hurry()`, kill it."""
        for number, seconds in steps:
            if not hurry():
                self.ask(number)
                self.wait(seconds, hurry)
        if self.alive:
            self.ask(signal.SIGKILL)
            self.wait(5, lambda: False)

    def wait(self, seconds: float, hurry: Callable[[], bool]) -> None:
        deadline = time.monotonic() + seconds
        while self.alive and time.monotonic() < deadline and not hurry():
            time.sleep(0.02)

    def last_line(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return lines[-1].strip() if lines else "nothing in its log"

    def ask(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)  # does nothing once it has ended


def _tie(parent: int, blocked: frozenset[signal.Signals]) -> Callable[[], None]:
    """What a child does before it becomes its program: die with the launcher, hear no `blocked` signal."""

    def tie() -> None:
        lifeline.die_with_parent()
        if os.getppid() != parent:  # the launcher died before we could ask
            os._exit(1)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    return tie
