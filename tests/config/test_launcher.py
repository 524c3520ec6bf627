"""`make run`: one command starts the site, tells what one needs to know, and leaves nothing behind."""

import http.cookiejar
import os
import signal
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import launcher
from tests.config.launched import Launched, password_in, wait

REQUEST = """
from anonymizer import runs, tasks
tasks.send(runs.request_walkers("walkers", 4, {"nm": 4}, (0, 90), frames=30, seed=3))
"""
ALL_WALKS = 4 * 4 * 2
STORED = "SELECT count(*) FROM anonymizer_sequence"
DISTINCT = "SELECT count(DISTINCT subject_id || '-' || number || '-' || view_angle) FROM anonymizer_sequence"
STATUS = "SELECT status FROM anonymizer_run"


@pytest.fixture
def site(folder: Path) -> Iterator[Launched]:
    launched = Launched(folder / "var")
    try:
        yield launched
    finally:
        launched.kill_all()


def signs_in(site: Launched, password: str) -> bool:
    """Whether the sign-in page takes this password."""
    cookies = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
    opener.open(f"{site.address}/accounts/login/").close()
    token = next(cookie.value for cookie in cookies if cookie.name == "csrftoken")
    form = {"username": "admin", "password": password, "csrfmiddlewaretoken": token}
    data = urllib.parse.urlencode(form).encode()
    opener.open(f"{site.address}/accounts/login/", data).close()
    return any(cookie.name == "sessionid" for cookie in cookies)


def test_it_answers_tells_the_sign_in_once_and_ends_by_either_signal(site: Launched):
    site.start()
    assert site.status_of("/healthz") == 200
    assert site.status_of("/accounts/login/") == 200
    (password,) = password_in([site.wait_for("Sign in as admin")])
    assert signs_in(site, password)
    assert password not in site.var.joinpath("gaitmos.sqlite3").read_bytes().decode(errors="replace")
    wait(lambda: site.status_of("/readyz") == 200, site.logs)
    assert len(site.descendants()) >= 3  # broker, web server, worker
    assert {os.getpgid(pid) for pid in site.descendants()} == {site.process.pid}
    assert site.end(signal.SIGINT) == 0
    assert site.lines()[-1] == "Stopping …"
    assert not any("/s/" in line for line in site.lines())  # without the demo there is no study

    site.start()
    site.wait_for("The administrator exists")
    assert password_in(site.lines()) == []
    assert signs_in(site, password)
    assert site.end(signal.SIGTERM) == 0


def test_a_new_password_stands_on_any_command_line():
    passwords = {launcher.new_password() for _ in range(99)}
    assert ({len(each) for each in passwords}, len(passwords)) == ({16}, 99)
    assert "".join(passwords).isalnum()


def test_killed_in_the_middle_of_a_run_the_next_start_finishes_it_with_every_walk_once(site: Launched):
    site.start()
    site.python(REQUEST)
    wait(lambda: site.one(STORED) >= 4, site.logs)
    site.process.kill()
    site.process.wait()
    site.wait_until_gone()
    assert site.one(STATUS) == "running"
    assert site.one(STORED) < ALL_WALKS

    site.start()
    wait(lambda: site.one(STATUS) not in ("queued", "running"), site.logs)
    assert site.one(STATUS) == "succeeded"
    assert site.one(STORED) == site.one(DISTINCT) == ALL_WALKS


def test_a_part_that_is_killed_is_started_again(site: Launched):
    site.start()
    wait(lambda: site.status_of("/readyz") == 200, site.logs)
    for part, name in (("valkey", "broker"), ("gunicorn", "web server"), ("celery", "worker")):
        killed = site.kill(part)
        site.wait_for(f"The {name} ended (killed by SIGKILL)")
        wait(lambda part=part, killed=killed: [pid for pid in site.named(part) if pid > killed], site.logs)
    site.python(REQUEST)
    wait(lambda: site.one(STATUS) == "succeeded", site.logs)
    assert site.status_of("/healthz") == 200


def test_under_make_a_signal_to_make_alone_ends_everything(site: Launched):
    make = ["make", "-o", f"{sys.prefix}/.runtime-installed", f"VENV={sys.prefix}", "run"]
    site.start(make)
    assert site.end(signal.SIGINT) == -signal.SIGINT
    assert "Stopping …" in site.lines()
