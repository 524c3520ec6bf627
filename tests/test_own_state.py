"""No test touches the state of whoever runs it."""

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.db import connection


def test_settings_were_read_after_the_tests_own_folder_was_made():
    assert Path(os.environ["GAITMOS_VAR"]) == settings.VAR
    assert settings.BASE_DIR not in settings.VAR.parents
    assert settings.STATIC_ROOT.parent == settings.VAR


def test_the_database_is_the_one_that_was_asked_for():
    asked = os.environ.get("GAITMOS_TEST_DATABASE_URL", "sqlite:")
    assert connection.vendor == {"sqlite": "sqlite", "postgres": "postgresql"}[asked.partition(":")[0]]


def test_a_developers_state_is_left_alone(tmp_path: Path):
    theirs = tmp_path / "theirs"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"{__file__}::{_FIRST}"]
    done = subprocess.run(
        command,
        env={**os.environ, "GAITMOS_VAR": str(theirs)},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
    )
    assert "1 passed" in done.stdout, done.stdout
    assert not theirs.exists()


_FIRST = test_settings_were_read_after_the_tests_own_folder_was_made.__name__
