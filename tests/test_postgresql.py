"""The product on PostgreSQL: the same tests of races, leases and pages' rows, on a server of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings

from tests import postgresql

RACES = ("tests/studies/test_rating.py", "tests/studies/test_enrolment.py", "tests/studies/test_seats.py")
JOBS = ("tests/anonymizer/test_jobs.py", "tests/anonymizer/test_tasks.py", "tests/studies/test_life.py")
pytestmark = pytest.mark.postgresql


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql.cluster() as address:
        yield address


def run(server: str, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        env={**os.environ, "GAITMOS_TEST_DATABASE_URL": server},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("files", [RACES, JOBS], ids=["raters at once", "jobs"])
def test_what_holds_on_sqlite_holds_on_postgresql(server: str, files: tuple[str, ...]):
    """pytest-django makes its database there from nothing, by every migration."""
    said = run(server, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:warnings", *files)
    assert " passed" in said
    assert "skipped" not in said


def test_these_tests_did_run_on_postgresql(server: str):
    asked = "tests/test_own_state.py::test_the_database_is_the_one_that_was_asked_for"
    assert "1 passed" in run(server, "-m", "pytest", "-q", "-p", "no:cacheprovider", asked)
