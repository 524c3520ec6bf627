"""What must be so before the site starts. What is not ends the start with one line that says what to do."""

import errno
import importlib
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

OLDEST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 500 * 2**20  # the demo's files and the database fit with room to spare


class Refusal(Exception):
    """The site cannot start; the message says why and what to do."""


def check_machine() -> None:
    if sys.version_info < OLDEST_PYTHON:
        version = ".".join(map(str, sys.version_info[:3]))
        raise Refusal(
            f"Python {version} is too old; GaitMOS needs 3.11: make setup PYTHON=/path/to/python3.11"
        )
    if sys.platform not in ("linux", "darwin"):
        raise Refusal("GaitMOS runs on Linux and macOS; on Windows use WSL.")


def load_settings() -> Any:
    """The settings, with whatever is wrong in them or their folder told in one line."""
    from django.core.exceptions import ImproperlyConfigured

    try:
        module: ModuleType = importlib.import_module("config.settings")
    except ImproperlyConfigured as error:
        raise Refusal(str(error)) from None
    except OSError as error:
        raise Refusal(not_writable(str(error.filename or "var"), error)) from None
    except ValueError as error:  # django-environ on a variable that is no boolean, no address, …
        raise Refusal(f"An environment variable has a bad value: {error}.") from None
    return module


def not_writable(path: str, error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return f"The disk of {path} is full; free some space, or put GAITMOS_VAR on another disk."
    return f"Cannot write to {path}: {error.strerror}; make it writable, or set GAITMOS_VAR to another one."


def check_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"0" * 4096)
    except OSError as error:
        raise Refusal(not_writable(str(folder), error)) from None


def check_disk(folder: Path, least_bytes: int = LEAST_FREE_BYTES) -> None:
    free = shutil.disk_usage(folder).free
    if free < least_bytes:
        raise Refusal(
            f"Only {free // 2**20} MB are free on the disk of {folder}, where {least_bytes // 2**20} MB are "
            "needed; free some space, or set GAITMOS_VAR to a folder on another disk."
        )


def check_port(port: int) -> None:
    """Whether the site can listen there. A connection that just ended does not count as taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Refusal(port_problem(port, error)) from None


def port_problem(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program; choose another: PORT={port % 65535 + 1} make run"
    return f"Cannot listen on port {port}: {error.strerror}; choose another: PORT=8000 make run"


def check_redis(url: str) -> None:
    """Whether the broker that `REDIS_URL` names answers. Its password is not repeated."""
    from config import broker

    if problem := broker.problem(url):
        place = urlsplit(url).netloc.rpartition("@")[2] or url
        raise Refusal(
            f"REDIS_URL: the server at {place} does not answer ({problem}); "
            "start it, or unset REDIS_URL to use the embedded one."
        )
