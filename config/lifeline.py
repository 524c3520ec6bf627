"""Processes that end with the one that started them, one holder a file, and those left behind.

Linux tells a process when its parent dies (`prctl`, PR_SET_PDEATHSIG). That request does not pass on to a
process's own children, so web and job processes ask for themselves (`gunicorn_settings.py`, `celery.py`).
Elsewhere, and for what slips through, the next start ends what the last one left behind.
"""

import ctypes
import fcntl
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
MARK = "GAITMOS_LAUNCHED_FOR"  # in the environment of all that the launcher starts: whose state it works on
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class Held(Exception):
    """Somebody else holds the file; the message is what they wrote into it."""


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Ask the kernel to send this process signal `number` when its parent dies."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def hold(path: Path, text: str) -> int:
    """Hold `path` until the returned descriptor, and every copy a child has of it, is closed.

    A lock of the kernel's: it is gone with its holder, however that ended. Raises `Held`.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 100).decode(errors="replace").strip()
        os.close(descriptor)
        raise Held(holder) from None
    rewrite(descriptor, text)
    return descriptor


def rewrite(descriptor: int, text: str) -> None:
    """Say something else in a held file."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)


def left_behind(mark: str) -> list[int]:
    """Ids of the processes whose environment carries `mark`, this one excepted."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
        except OSError:  # gone meanwhile, or somebody else's
            continue
        if wanted in environment and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


def end_left_behind(mark: str, seconds: float = 3) -> None:
    """Kill them, and wait until they are gone so that their port and files are free."""
    deadline = time.monotonic() + seconds
    while (found := left_behind(mark)) and time.monotonic() < deadline:
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def run_by_make() -> bool:
    """Whether this process's parent is make, which passes SIGTERM on but not SIGINT."""
    return "MAKELEVEL" in os.environ and _parent_status().get("Name") in ("make", "gmake")


def make_was_interrupted() -> bool:
    """Whether make, our parent, got a SIGINT of its own (`kill -INT`, not Ctrl-C) and now waits for us.

    While it waits, it blocks that signal; the bit shows in its status.
    """
    blocked = int(_parent_status().get("SigBlk", "0"), 16)
    return bool(blocked & 1 << signal.SIGINT - 1)


def _parent_status() -> dict[str, str]:
    try:
        lines = Path(f"/proc/{os.getppid()}/status").read_text().splitlines()
    except OSError:
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
