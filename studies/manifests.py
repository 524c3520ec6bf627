"""Clips that somebody brings, named by a manifest: a CSV or JSON file beside the video files, or with them in a zip.

Columns: `processed` and `view_angle`; `original`, unless walks are shown alone; `label` or `method` for the
condition; `role` (regular, training, check) with `expected_score`. Further columns are kept as they are. Only
files that the manifest names are ever read.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from anonymizer.gait.archives import ArchiveError, Limits, batches
from anonymizer.jobs import Refused
from studies.models import Stimulus, Study
from studies.showing import ALONE

NAMES = ("manifest.csv", "manifest.json")
KNOWN = ("original", "processed", "view_angle", "label", "method", "role", "expected_score")
SUFFIXES = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi")
LIMITS = Limits(unpacked_bytes=4 * 2**30, members=20_000, depth=1, file_bytes=256 * 2**20)
MOST_ROWS, TOLD = 5000, 12
LONGEST_MANIFEST = 4 * 2**20  # bytes


@dataclass(frozen=True)
class Row:
    """One pair, as the manifest names it. `line` is the row's number there, from 1."""

    line: int
    original: str
    processed: str
    view_angle: int
    label: str
    method: str
    role: str
    expected_score: int | None
    labels: dict[str, str]

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(name for name in (self.original, self.processed) if name)


@dataclass(frozen=True)
class Manifest:
    """What was read, and what is wrong with it by row; `root` is the folder that the names count from."""

    path: Path
    root: str
    rows: tuple[Row, ...]
    wrong: tuple[str, ...]

    def problems(self, template: str) -> list[str]:
        """A sentence, then the rows that stand in the way."""
        wrong = [*self.wrong, *self._unfit(template)]
        if not wrong:
            return []
        left = len(wrong) - TOLD
        count = "1 row" if len(wrong) == 1 else f"{len(wrong)} rows"
        return [
            f"The manifest can't be used: {count} to correct. "
            + "; ".join(wrong[:TOLD])
            + (f"; and {left} more." if left > 0 else ".")
        ]

    def _unfit(self, template: str) -> Iterator[str]:
        for row in self.rows:
            if template not in ALONE and not row.original:
                yield f"row {row.line}: it names no original, and template {template} shows one"
            if template == Study.Template.ACR_HR and row.role == Stimulus.Role.REGULAR and not row.original:
                yield f"row {row.line}: it names no original, and template {template} hides one among the walks"
        if not self.wrong and not self.of_role(Stimulus.Role.REGULAR):
            yield "there is no regular row"

    def of_role(self, role: str) -> list[Row]:
        return [row for row in self.rows if row.role == role]

    @cached_property
    def labels(self) -> list[str]:
        """The conditions, in the order of their first rows."""
        return list(dict.fromkeys(row.label for row in self.of_role(Stimulus.Role.REGULAR)))

    def hidden_references(self) -> list[Row]:
        """The first regular row of each original."""
        first: dict[tuple[str, int], Row] = {}
        for row in self.of_role(Stimulus.Role.REGULAR):
            first.setdefault((row.original, row.view_angle), row)
        return list(first.values())

    def pairs_by_view_angle(self, template: str) -> dict[int, int]:
        counted = Counter(row.view_angle for row in self.of_role(Stimulus.Role.REGULAR))
        if template == Study.Template.ACR_HR:
            counted.update(row.view_angle for row in self.hidden_references())
        return dict(sorted(counted.items()))


def read(path: Path) -> Manifest:
    """The manifest at `path`: the file itself, or the folder or archive that holds it. Refused where there is none."""
    try:
        name, text, is_there = _found(path)
    except ArchiveError as error:
        raise Refused(f"The clips can't be read. {error}.") from error
    entries = _entries(name, text)
    if len(entries) > MOST_ROWS:
        raise Refused(f"{name} has {len(entries)} rows; at most {MOST_ROWS} can be used.")
    root = PurePosixPath(name).parent.as_posix()
    rows, wrong = [], []
    for line, entry in enumerate(entries, start=1):
        row = _row(line, entry)
        reason = row if isinstance(row, str) else _missing(row, root, is_there)
        if reason:
            wrong.append(f"row {line}: {reason}")
        elif isinstance(row, Row):
            rows.append(row)
    return Manifest(path, root, tuple(rows), tuple(wrong))


# --- Files ----------------------------------------------------------------------------------------
def _found(path: Path) -> tuple[str, bytes, Callable[[str], bool]]:
    """The manifest's name, its content, and whether there is a file of a name beside it."""
    if _stands_alone(path):
        with path.open("rb") as file:
            return path.name, file.read(LONGEST_MANIFEST + 1), lambda name: (path.parent / name).is_file()
    manifests: dict[str, bytes] = {}
    files: set[str] = set()
    for batch in batches(path, (*SUFFIXES, ".csv", ".json"), LIMITS):
        for name in batch.files:
            if PurePosixPath(name).name.lower() in NAMES:
                manifests[name] = batch.read(name)
            files.add(_plain(name))
    if len(manifests) != 1:
        there = ", ".join(sorted(manifests)) or "none"
        raise Refused(
            f"{path.name} must hold one manifest.csv or manifest.json beside the clips; found: {there}."
        )
    name, text = next(iter(manifests.items()))
    return _plain(name), text, files.__contains__


def _stands_alone(path: Path) -> bool:
    """Whether the path is the manifest itself, its clips beside it."""
    return path.is_file() and path.suffix.lower() in (".csv", ".json")


def clips(manifest: Manifest, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """The named files' contents, one at a time, in any order. The names are the manifest's."""
    wanted = {_plain(f"{manifest.root}/{name}"): name for name in names}
    if _stands_alone(manifest.path):
        for place, name in wanted.items():
            yield name, (manifest.path.parent / place).read_bytes()
        return
    for batch in batches(manifest.path, SUFFIXES, LIMITS):
        for file in batch.files:
            if _plain(file) in wanted:
                yield wanted[_plain(file)], batch.read(file)


def _plain(name: str) -> str:
    return "/".join(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))


def _missing(row: Row, root: str, is_there: Callable[[str], bool]) -> str:
    for name in row.files:
        if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or ":" in name:
            return f"{name!r} leads out of the manifest's folder"
        if not name.lower().endswith(SUFFIXES):
            return f"{name!r} is no video file: use one of {', '.join(SUFFIXES)}"
        if not is_there(_plain(f"{root}/{name}")):
            return f"{name!r} is not there"
    return ""


# --- Rows -----------------------------------------------------------------------------------------
def _entries(name: str, text: bytes) -> list[dict[str, Any]]:
    if len(text) > LONGEST_MANIFEST:
        raise Refused(f"{name} is larger than {LONGEST_MANIFEST} bytes.")
    try:
        decoded = text.decode("utf-8-sig")
        entries = (
            json.loads(decoded)
            if name.lower().endswith(".json")
            else list(csv.DictReader(io.StringIO(decoded)))
        )
    except (UnicodeDecodeError, ValueError, csv.Error) as error:
        raise Refused(
            f"{name} can't be read ({error}). Save it as UTF-8, CSV with a first line of names or JSON."
        ) from error
    if isinstance(entries, dict):
        entries = entries.get("pairs")
    if not isinstance(entries, list) or not entries or not all(isinstance(each, dict) for each in entries):
        raise Refused(f"{name} holds no rows. Write a line of column names first, then one line a pair.")
    return [_lowered(each) for each in entries]


def _lowered(entry: dict[Any, Any]) -> dict[str, str]:
    """Names in lower case; values as text, lists of left-over cells and empty cells dropped."""
    return {
        str(name).strip().lower().replace(" ", "_"): str(value).strip()
        for name, value in entry.items()
        if name is not None and value is not None and not isinstance(value, list | dict)
    }


def _row(line: int, entry: dict[str, str]) -> Row | str:
    """The row, or what is wrong with it."""
    processed, angle = entry.get("processed", ""), entry.get("view_angle", "").rstrip("°")
    role = (entry.get("role") or Stimulus.Role.REGULAR.value).lower()
    expected = entry.get("expected_score", "")
    if not processed:
        return "it names no processed clip"
    if not angle.isdecimal() or int(angle) > 359:
        return f"its view angle is {angle!r}: write whole degrees from 0 to 359"
    if role not in Stimulus.Role.values:
        return f"its role is {role!r}: use one of {', '.join(Stimulus.Role.values)}"
    if expected and expected not in ("1", "2", "3", "4", "5"):
        return f"its expected score is {expected!r}: use 1 to 5"
    if role == Stimulus.Role.CHECK and not expected:
        return "a check needs its expected score"
    method = entry.get("method", "")[:32]
    return Row(
        line=line,
        original=entry.get("original", ""),
        processed=processed,
        view_angle=int(angle),
        label=(entry.get("label") or method or "brought")[:64],
        method=method,
        role=role,
        expected_score=int(expected) if expected else None,
        labels={name: value[:200] for name, value in entry.items() if name not in KNOWN and value},
    )
