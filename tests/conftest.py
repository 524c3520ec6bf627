"""What all tests share: files of their own (see also own_state.py), and a real Chromium where there is one."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import postgresql
from tests.commands import CommandLine

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path_factory) -> None:
    """Media of its own for every test, and static files straight from where they are written."""
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.WORKERS = 1  # pure work stays in the test's process, where it can be seen and is quick to start
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def chromium() -> str | None:
    """The browser to drive: `CHROMIUM`, or the system's."""
    named = os.environ.get("CHROMIUM")
    return (
        named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for a page is a browser test; without a browser it says so, and under CI it fails."""
    for item in items:
        if "page" in getattr(item, "fixturenames", ()) or "context" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") and chromium() is None:
        missing("no Chromium: install it (apt-get install chromium) or set CHROMIUM")
    if item.get_closest_marker("postgresql") and postgresql.programs() is None:
        missing("no PostgreSQL server: install it (apt-get install postgresql)")


def missing(reason: str) -> None:
    """Skip, visibly; where everything must be tried, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    return {"executable_path": chromium(), "args": CHROMIUM_ARGUMENTS}


@pytest.fixture
def sent(monkeypatch) -> list[Any]:
    """Runs that were handed to the broker; no broker runs in these tests."""
    runs: list[Any] = []
    monkeypatch.setattr("anonymizer.tasks.send", runs.append)
    return runs


@pytest.fixture
def researcher(django_user_model):
    """Somebody who is signed up; no administrator."""
    return django_user_model.objects.create_user("researcher", password="a long enough secret")


@pytest.fixture
def administrator(django_user_model):
    return django_user_model.objects.create_superuser("administrator", password="a long enough secret")


@pytest.fixture
def signed_in(client, researcher):
    """A test client of a researcher."""
    client.force_login(researcher)
    return client


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path, for sockets and servers."""
    with tempfile.TemporaryDirectory(prefix="gaitmos-") as name:
        yield Path(name)


@pytest.fixture
def no_heartbeat(settings) -> None:
    """Runs without one: it would be a second connection to the database."""
    settings.RUN_LEASE_SECONDS = 600


@pytest.fixture
def small_runs(no_heartbeat, monkeypatch) -> None:
    """Anonymizations of a second or two: fewer frames of each donor, fewer walks to learn shapes from."""
    from anonymizer import anonymizing

    monkeypatch.setattr(anonymizing, "DONOR_FRAMES", 12)
    monkeypatch.setattr(anonymizing, "MANIFOLD_WALKS", 2)


@pytest.fixture
def manage(capfd, no_heartbeat) -> CommandLine:
    """`manage.py`."""
    return CommandLine(capfd)
