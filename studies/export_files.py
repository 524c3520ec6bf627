"""A study's results as a file with its manifest: how many rows, the digest, what made it."""

import hashlib
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from anonymizer.jobs import Refused, code_version
from recognition import tables
from studies import export
from studies.export import Progress
from studies.export_sureal import write_sureal
from studies.models import Study

SUFFIXES = {
    "csv": "csv",
    "xlsx": "xlsx",
    "json": "json",
    "parquet": "parquet",
    "sureal": "py",
    "bundle": "zip",
}
FORMATS = tuple(SUFFIXES)
LIBRARIES = ("django", "numpy", "scipy", "pyarrow", "xlsxwriter")


def check_format(form: str) -> None:
    if form not in FORMATS:
        raise Refused(f"Format {form!r} is not known. Use one of: {', '.join(FORMATS)}.")


def write(study: Study, form: str, path: Path, progress: Progress | None = None) -> int:
    """Write the study's results to `path`; returns how many rows. Refused where the format is not known."""
    check_format(form)
    with little_memory():
        if form == "sureal":
            return write_sureal(study, path, progress)
        if form == "bundle":
            from studies.bundle import write_bundle  # with all of statistics, which other formats do without

            return write_bundle(study, path, versions(), progress)
        return tables.write(form, export.COLUMNS, export.rows(study, progress), path)


@contextmanager
def little_memory() -> Iterator[None]:
    """SQLite maps its file into memory where it is read, up to 128 MB; not while a whole study is."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA mmap_size")
        before = cursor.fetchone()
        cursor.execute("PRAGMA mmap_size=0")
        try:
            yield
        finally:
            if before:  # a database in memory has none
                cursor.execute(f"PRAGMA mmap_size={int(before[0])}")


def write_with_manifest(
    study: Study, form: str, path: Path, progress: Progress | None = None
) -> dict[str, Any]:
    """Write `path` and `path.manifest.json`, both or neither; returns the manifest. OSError, Refused."""
    check_format(form)
    if not path.parent.is_dir():
        raise Refused(f"The folder {path.parent} does not exist. Make it, or give another path.")
    if path.is_dir():
        raise Refused(f"{path} is a folder. Give the path of a file.")
    part, manifest_part = (path.with_name(f".{path.name}.{name}") for name in ("part", "manifest"))
    try:
        found = manifest(study, form, part, write(study, form, part, progress), path.name)
        manifest_part.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(part, path)
        os.replace(manifest_part, path.with_name(f"{path.name}.manifest.json"))
    finally:
        part.unlink(missing_ok=True)
        manifest_part.unlink(missing_ok=True)
    return found


def manifest(study: Study, form: str, path: Path, rows: int, name: str) -> dict[str, Any]:
    """What the file at `path`, to be called `name`, is."""
    return {
        "file": name,
        "study": study.slug,
        "format": form,
        "rows": rows,
        "bytes": path.stat().st_size,
        "sha256": sha256(path),
        "playback_checked": study.playback_checked,
        "seed": study.seed,
        "created": timezone.now().isoformat(),
        "versions": versions(),
    }


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def versions() -> dict[str, str]:
    found = {name: version(name) for name in LIBRARIES}
    return {"gaitmos": code_version(), "python": platform.python_version(), **found}
