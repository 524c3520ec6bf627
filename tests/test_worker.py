"""A real worker on a real broker: what it was doing when it was killed is taken up by the next one."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings

from config.broker import Broker

SECONDS = 90  # a bound on a hang; nothing here is measured
REQUEST = """
from anonymizer import runs, tasks
run = runs.request_walkers("killed", 4, {"nm": 4}, (0, 90), frames=30, seed=3)
assert tasks.send(run)
"""
STORED = "SELECT status, (SELECT count(*) FROM anonymizer_sequence) FROM anonymizer_run"
OUTCOME = """
from anonymizer.models import Run, Sequence
from anonymizer import jobs
run = Run.objects.get()
print(run.status, run.error)
for line in run.log: print(line["text"])
print("worker alive:", jobs.worker_alive())
for row in Sequence.objects.select_related("subject"): print("walk", row)
"""


class Site:
    """The product's processes on state of their own."""

    def __init__(self, var: Path, url: str) -> None:
        self.var = var
        keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = {
            **keep,
            "GAITMOS_VAR": str(var),
            "REDIS_URL": url,
            "RUN_LEASE_SECONDS": "3",
            "WORKERS": "1",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        self.workers: list[subprocess.Popen[bytes]] = []

    def run(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            env=self.environment,
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def python(self, text: str) -> str:
        return self.run("shell", "--no-imports", "-c", text)

    def worker(self) -> subprocess.Popen[bytes]:
        with (self.var / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "config", "worker", "-c", "1", "-l", "warning"],
                env=self.environment,
                cwd=settings.BASE_DIR,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.workers.append(process)
        return process

    def stored(self) -> tuple[str, int]:
        """The run's status and how many views are stored, straight from the file: Django starts too slowly."""
        with closing(sqlite3.connect(self.var / "gaitmos.sqlite3", timeout=20)) as database:
            status, views = database.execute(STORED).fetchone()
        return str(status), int(views)

    def wait(self, until: Callable[[str, int], bool]) -> None:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            if until(*self.stored()):
                return
            time.sleep(0.1)
        pytest.fail(f"{self.python(OUTCOME)}\n{(self.var / 'worker.log').read_text()}")


def kill(process: subprocess.Popen[bytes]) -> None:
    """The worker and all its processes, without a word."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def site(folder: Path) -> Iterator[Site]:
    broker = Broker(folder / "broker", folder / "broker_url", folder / "broker.log", str(folder))
    broker.start()
    site = Site(folder, broker.url)
    site.run("migrate", "-v0")
    try:
        yield site
    finally:
        for process in site.workers:
            kill(process)
        broker.stop()


def test_a_run_whose_worker_is_killed_is_finished_by_the_next_one_with_every_walk_once(site: Site):
    site.python(REQUEST)
    first = site.worker()
    site.wait(lambda _, views: views >= 4)
    kill(first)
    status, views = site.stored()
    assert status == "running"
    assert views < 32

    site.worker()
    site.wait(lambda status, _: status not in ("queued", "running"))
    outcome = site.python(OUTCOME)
    assert outcome.startswith("succeeded")
    assert "Worker lost" in outcome
    assert "Taken up again" in outcome
    assert "worker alive: True" in outcome
    walks = [line for line in outcome.splitlines() if line.startswith("walk ")]
    assert len(walks) == len(set(walks)) == 32


def test_a_job_of_a_worker_spreads_over_processes_of_its_own(site: Site):
    site.environment["WORKERS"] = "2"
    site.python(REQUEST)
    site.worker()
    site.wait(lambda status, _: status not in ("queued", "running"))
    outcome = site.python(OUTCOME)
    assert outcome.startswith("succeeded"), outcome
    assert outcome.count("\nwalk ") == 32
