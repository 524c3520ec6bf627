"""A PostgreSQL server of the tests' own, thrown away afterwards."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.config.launched import free_port

OPTIONS = "-c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=60"


def programs() -> Path | None:
    """The folder of PostgreSQL's programs; Debian keeps them away from the path."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


@contextmanager
def cluster() -> Iterator[str]:
    """A new server with an empty database; its address."""
    bin_folder, port = programs(), free_port()
    assert bin_folder is not None  # whoever asks looks first
    with tempfile.TemporaryDirectory(prefix="gaitmos-postgresql-") as name:
        data, folder = Path(name) / "data", Path(name)
        if os.geteuid() == 0:  # the server refuses root
            shutil.chown(folder, "postgres")
        _run([bin_folder / "initdb", "-D", data, "-U", "gaitmos", "-A", "trust", "--no-sync"], folder)
        control = [bin_folder / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
        _run([*control, "-o", f"{OPTIONS} -p {port} -k {folder}", "start"], folder)
        try:
            yield f"postgres://gaitmos@127.0.0.1:{port}/postgres"
        finally:
            _run([*control, "-m", "immediate", "stop"], folder)


def _run(command: list[object], folder: Path) -> None:
    """Run it in `folder`, not as root."""
    as_somebody = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    prefix = as_somebody if os.geteuid() == 0 else []
    done = subprocess.run(
        [*prefix, *map(str, command)],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert done.returncode == 0, done.stderr
