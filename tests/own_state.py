"""State of their own for the tests, under a temporary folder. A plugin: it must be there before settings are read.

pytest-django reads the settings before any conftest.py is; `-p tests.own_state` in pyproject.toml comes first.
"""

import os
import shutil
import tempfile

os.environ["GAITMOS_VAR"] = tempfile.mkdtemp(prefix="gaitmos-tests-")
os.mkdir(os.path.join(os.environ["GAITMOS_VAR"], "static"))  # nobody collects static files here
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # playwright runs an event loop beside the ORM
for name in ("REDIS_URL", "MEDIA_ROOT", "S3_BUCKET", "SITE_URL", "PORT", "DATABASE_URL"):
    os.environ.pop(name, None)
if database := os.environ.get("GAITMOS_TEST_DATABASE_URL"):  # the same tests on another database
    os.environ["DATABASE_URL"] = database


def pytest_unconfigure() -> None:
    shutil.rmtree(os.environ["GAITMOS_VAR"], ignore_errors=True)
