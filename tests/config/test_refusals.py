"""Why `make run` may not start: each reason is one line on standard error that says what to do, and status 1."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from config import preflight
from config.preflight import Refusal
from tests.config.launched import LAUNCHER, Launched


def refusal(var: Path, **environment: str) -> str:
    """What the launcher says when it does not start."""
    site = Launched(var, **environment)
    done = subprocess.run(
        LAUNCHER, env=site.environment, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1, done
    assert "GaitMOS is at" not in done.stdout
    (line,) = done.stderr.splitlines()
    assert site.processes() == []
    return line


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("PORT", "web", "PORT='web' is not a whole number from 1 to 65535."),
        ("WORKERS", "0", "WORKERS='0' is not a whole number from 1 to 1024."),
        ("GAITMOS_DEVICE", "tpu", "GAITMOS_DEVICE='tpu' is not one of auto, cpu, cuda."),
        ("SITE_URL", "gait.example", "SITE_URL='gait.example' does not start with http:// or https://."),
        ("DEBUG", "perhaps", "DEBUG='perhaps' is not one of on, true, yes, 1, off, false, no, 0."),
        ("DATABASE_URL", "gaitmos", "DATABASE_URL='gaitmos' does not start with sqlite:// or postgres://"),
        ("TIME_ZONE", "Tokyo", "TIME_ZONE='Tokyo' is not a known time zone; write one like Asia/Tokyo."),
        ("REDIS_URL", "redis://127.0.0.1:1/0", "REDIS_URL: the server at 127.0.0.1:1 does not answer"),
        ("REDIS_URL", "redis.example", "REDIS_URL='redis.example' does not start with redis://"),
    ],
)
def test_a_bad_variable_names_itself(folder: Path, variable: str, value: str, said: str):
    assert refusal(folder / "var", **{variable: value}).startswith(said)


def test_a_database_that_does_not_answer(folder: Path):
    line = refusal(folder / "var", DATABASE_URL="postgres://nobody:secret@127.0.0.1:1/gaitmos")
    assert line.startswith("The database does not work: ")
    assert "Look at DATABASE_URL." in line
    assert "secret" not in line


def test_a_taken_port(folder: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = refusal(folder / "var", PORT=str(port))
    other = port % 65535 + 1
    assert line == f"Port {port} is taken by another program; choose another: PORT={other} make run"


def test_a_folder_that_cannot_be_written(folder: Path):
    (folder / "file").write_text("in the way")
    line = refusal(folder / "file" / "var")
    assert line.startswith(f"Cannot write to {folder / 'file' / 'var'}: Not a directory; make it writable")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(folder: Path):
    (folder / "var").mkdir(mode=0o500)
    assert refusal(folder / "var").startswith(f"Cannot write to {folder / 'var'}")


@pytest.fixture
def running(folder: Path) -> Iterator[Launched]:
    site = Launched(folder / "var")
    try:
        yield site.start()
    finally:
        site.kill_all()


def test_a_second_one_on_the_same_folder(running: Launched):
    other = Launched(running.var)
    done = subprocess.run(
        LAUNCHER, env=other.environment, cwd=settings.BASE_DIR, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"GaitMOS is already running on {running.var} (process {running.process.pid}). "
        f"Stop it (kill {running.process.pid}), or start another one beside it: "
        "GAITMOS_VAR=/another/folder PORT=8001 make run\n"
    )
    assert running.status_of("/healthz") == 200
    assert running.end(signal.SIGTERM) == 0


def test_a_full_disk(tmp_path: Path):
    with pytest.raises(Refusal, match=r"^Only \d+ MB are free on the disk of .* free some space"):
        preflight.check_disk(tmp_path, least_bytes=2**60)


def test_a_disk_that_is_full_to_the_last_byte():
    full = OSError(28, "No space left on device")
    assert preflight.not_writable("var", full).startswith("The disk of var is full; free some space")
