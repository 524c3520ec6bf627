"""The site under test does not outlive the tests that started it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from tests.config.launched import command_of, wait

# Starts what stands for the site, says its id, and then only waits.
TESTING = """
import pathlib, sys, time
from tests.config.launched import Launched

launched = Launched(pathlib.Path(sys.argv[1]))
said = f"import time; print('GaitMOS is at {launched.address}/', flush=True); time.sleep(600)"
print(launched.start([sys.executable, "-c", said]).process.pid, flush=True)
time.sleep(600)
"""


def test_a_site_whose_tests_are_killed_ends(folder: Path):
    tests = subprocess.Popen(
        [sys.executable, "-c", TESTING, str(folder / "var")],
        cwd=settings.BASE_DIR,
        env={**os.environ, "PYTHONPATH": str(settings.BASE_DIR)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert tests.stdout is not None
    site = int(tests.stdout.readline())
    assert "GaitMOS is at" in command_of(site)
    tests.kill()
    tests.communicate()
    try:
        wait(lambda: not command_of(site), lambda: f"{site} is still there")
    finally:
        if command_of(site):
            os.kill(site, signal.SIGKILL)
