"""The whole site as `make run` starts it, on state of its own and a free port, and how one ends it."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from config.lifeline import die_with_parent, left_behind

SECONDS = 120  # a bound on a hang; nothing here is measured
LAUNCHER = (sys.executable, "-m", "config.launcher")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait(until: Callable[[], Any], why: Callable[[], str]) -> Any:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if found := until():
            return found
        time.sleep(0.05)
    return pytest.fail(why())


def _as_from_a_terminal() -> None:
    """Heed Ctrl-C, which whoever runs the tests in the background has told its children to ignore."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    die_with_parent(signal.SIGTERM)


class Launched:
    """One `var/`, and the site that runs on it now."""

    def __init__(self, var: Path, **environment: str) -> None:
        self.var, self.port = var, free_port()
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = {
            **kept,
            "GAITMOS_VAR": str(var),
            "PORT": str(self.port),
            "GAITMOS_DEMO": "off",
            "RUN_LEASE_SECONDS": "3",
            "WORKERS": "1",
            **environment,
        }
        self.output = var.with_name(f"{var.name}.output")
        self.process: subprocess.Popen[bytes] | None = None

    # --- Start and end -------------------------------------------------------------------------
    def start(self, command: Sequence[str] = LAUNCHER) -> "Launched":
        """Start it with its output in a file, and wait for its address. It ends when the tests end, killed or not."""
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                env=self.environment,
                cwd=settings.BASE_DIR,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_as_from_a_terminal,
            )
        self.wait_for(f"GaitMOS is at {self.address}/")
        return self

    def end(self, number: signal.Signals) -> int:
        """Ask it to end and wait until it has; the exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        status = self.process.wait(SECONDS)
        self.wait_until_gone()
        return status

    def wait_until_gone(self) -> None:
        wait(lambda: not self.processes(), lambda: f"still there: {self.processes()}")

    def kill_all(self) -> None:
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    # --- What it says and does --------------------------------------------------------------------
    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def mark(self) -> str:
        return str(self.var.resolve())

    def lines(self) -> list[str]:
        return self.output.read_text().splitlines()

    def wait_for(self, text: str) -> str:
        """The first line with this in it."""
        return str(wait(lambda: next((line for line in self.lines() if text in line), ""), self.logs))

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in [self.output, *self.var.glob("logs/*.log")])

    def status_of(self, path: str) -> int:
        try:
            with urllib.request.urlopen(self.address + path, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return refused.code

    def processes(self) -> list[int]:
        """All that it started, itself included while it runs: its process group, and who carries its mark."""
        if self.process is None:
            return []
        self.process.poll()  # one that ended is no process any more
        group = [pid for pid, (_, group) in all_processes().items() if group == self.process.pid]
        return sorted({*group, *left_behind(self.mark)})

    def descendants(self) -> list[int]:
        """The launcher's children, their children and so on."""
        assert self.process is not None
        every, found = all_processes(), [self.process.pid]
        for pid in found:
            found += [child for child, (parent, _) in every.items() if parent == pid]
        return found[1:]

    def kill(self, part: str) -> int:
        """Kill the oldest process with this in its command, without a word; its id."""
        killed: int = min(wait(lambda: self.named(part), self.logs))
        os.kill(killed, signal.SIGKILL)
        return killed

    def named(self, part: str) -> list[int]:
        """The processes with this in their command."""
        return [pid for pid in self.processes() if part in command_of(pid)]

    # --- Its state --------------------------------------------------------------------------------
    def python(self, text: str) -> str:
        """Run Python inside the site."""
        done = subprocess.run(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", text],
            env=self.environment,
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def one(self, query: str) -> Any:
        with closing(sqlite3.connect(self.var / "gaitmos.sqlite3", timeout=20)) as database:
            return database.execute(query).fetchone()[0]


def all_processes() -> dict[int, tuple[int, int]]:
    """Every process's id with its parent's and its group's."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # gone meanwhile
            continue
        found[int(path.parent.name)] = (int(fields[1]), int(fields[2]))
    return found


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def password_in(lines: Sequence[str]) -> list[str]:
    return re.findall(r"Sign in as admin with the password (\S+) \(shown this once\)", "\n".join(lines))
