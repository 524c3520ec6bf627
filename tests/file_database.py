"""A test database in a file. SQLite's in-memory one is a single connection that threads and servers fight over.

Import this from a conftest; it takes effect before the database is made.
"""

import os
from pathlib import Path

from django.db import connection

if connection.vendor == "sqlite" and not connection.settings_dict["TEST"].get("NAME"):
    connection.settings_dict["TEST"]["NAME"] = str(Path(os.environ["GAITMOS_VAR"]) / "test.sqlite3")
