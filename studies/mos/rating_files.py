"""Rating tables from CSV files as people have them: commas, semicolons or tabs, with or without a BOM.

Read row by row, so that a wrong row can be named and a huge file needs little more memory than its votes.
"""

import csv
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studies.mos.ratings import LARGEST, MISSING, NO_VIEW_ANGLE, BadRow, Ratings

if TYPE_CHECKING:
    from _csv import Reader

NEEDED = ("stimulus", "rater", "score")
OPTIONAL = ("view_angle", "clip")
SEPARATORS = (",", ";", "\t")


def read_csv(path: str | Path) -> Ratings:
    """Ratings of a CSV with the columns stimulus, rater, score and, if there, view_angle and clip.

    Other columns are ignored, and so are empty lines. A score may be left out (blank, NA, NaN): the vote was
    not given, and is counted as missing. ValueError with one line on what is wrong, and where, if the file is
    no such table.
    """
    try:
        names, separator = _header(path)
        _check(path, names)
        with open(path, encoding="utf-8-sig", newline="") as file:
            return _Columns(names, separator).filled(csv.reader(file, delimiter=separator, strict=True))
    except UnicodeError as error:
        raise ValueError(f"{path} can't be read as CSV: it is not UTF-8. Save it as CSV in UTF-8.") from error
    except OSError as error:
        raise ValueError(f"{path} can't be read as CSV: {error.strerror}.") from error
    except csv.Error as error:
        raise ValueError(f"{path} can't be read as CSV: {error}.") from error
    except (BadRow, NoVotes) as error:
        raise ValueError(f"{path}: {error}") from error


def _header(path: str | Path) -> tuple[list[str], str]:
    """The columns' names without case and spaces, and what stands between two of them."""
    readings = []
    for separator in SEPARATORS:
        with open(path, encoding="utf-8-sig", newline="") as file:
            names = next(csv.reader(file, delimiter=separator), [])
        readings.append(([name.strip().lower() for name in names], separator))
    return max(readings, key=lambda reading: len(set(reading[0]) & {*NEEDED, *OPTIONAL}))


def _check(path: str | Path, names: list[str]) -> None:
    if not any(names):
        raise ValueError(f"{path} can't be read as CSV: it is empty, or its line 1 is.")
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise ValueError(
            f"{path} has no column {' or '.join(missing)}: name stimulus, rater and score in line 1."
        )
    twice = [name for name in (*NEEDED, *OPTIONAL) if names.count(name) > 1]
    if twice:
        raise ValueError(f"{path} names the column {twice[0]} twice in line 1: keep one of them.")


class NoVotes(ValueError):
    """A table of a header alone."""


class _Columns:
    """A table's columns while it is read."""

    def __init__(self, names: list[str], separator: str) -> None:
        self.width = len(names)
        self.place = {name: names.index(name) for name in (*NEEDED, *OPTIONAL) if name in names}
        self.comma_is_point = separator == ";"
        self.keys: dict[str, dict[str, int]] = {"stimulus": {}, "rater": {}, "clip": {}}
        self.numbers: dict[str, float] = {}  # texts that were read before
        self.codes = {name: array("q") for name in self.keys}
        self.score, self.view_angle = array("d"), array("q")
        self.missing = 0

    def filled(self, reader: "Reader") -> Ratings:
        """The whole table. BadRow where a row is no vote, NoVotes where there is no row at all."""
        next(reader)
        number = 0
        try:
            for row in self._rows(reader):
                number += 1
                self._add(row)
        except BadRow as error:
            raise BadRow(number, error.wrong, reader.line_num) from None
        except csv.Error as error:
            raise csv.Error(f"after line {reader.line_num}: {error}") from error
        if not number:
            raise NoVotes("The table holds no votes.")
        return self._ratings()

    def _rows(self, reader: "Reader") -> Iterator[list[str]]:
        return (row for row in reader if row and (len(row) > 1 or row[0].strip()))

    def _add(self, row: list[str]) -> None:
        if len(row) != self.width:
            raise BadRow(0, f"has {len(row)} values: line 1 names {self.width} columns.")
        for name in ("stimulus", "rater"):
            if not row[self.place[name]].strip():
                raise BadRow(0, f"has no {name}: every row needs one.")
        score = self._number(row, "score")
        angle = self._view_angle(row)
        codes = [self._code(row, name) for name in self.keys]
        if score != score:  # NaN: the vote was not given
            self.missing += 1
        else:
            self.score.append(score)
            self.view_angle.append(angle)
            for column, code in zip(self.codes.values(), codes, strict=True):
                column.append(code)

    def _code(self, row: list[str], name: str) -> int:
        """Without a clip's name the stimulus stands for it."""
        key = row[self.place[name]] if name in self.place else row[self.place["stimulus"]]
        known = self.keys[name]
        return known.setdefault(key, len(known))

    def _number(self, row: list[str], name: str) -> float:
        """NaN where there is none."""
        text = row[self.place[name]]
        if text not in self.numbers:
            self.numbers[text] = self._read(text, name)
        return self.numbers[text]

    def _read(self, text: str, name: str) -> float:
        plain = text.strip().lower()
        if plain in MISSING:
            return float("nan")
        try:
            value = float(plain.replace(",", ".") if self.comma_is_point else plain)
        except ValueError:
            value = float("inf")
        if not abs(value) <= LARGEST or "_" in plain:
            raise BadRow(0, f"has the {name} {text!r}: a {name} must be a number.")
        return value

    def _view_angle(self, row: list[str]) -> int:
        value = self._number(row, "view_angle") if "view_angle" in self.place else float("nan")
        if value != value:
            return NO_VIEW_ANGLE
        if not 0 <= value <= 360 or value != round(value):
            text = row[self.place["view_angle"]]
            raise BadRow(0, f"has the view_angle {text!r}: use whole degrees from 0 to 360.")
        return int(value)

    def _ratings(self) -> Ratings:
        stimulus, rater, clip = (np.array(column, dtype=np.int64) for column in self.codes.values())
        angles = np.array(self.view_angle, dtype=np.int64) if "view_angle" in self.place else None
        score = np.array(self.score, dtype=np.float64)
        return Ratings(
            stimulus, rater, score, tuple(self.keys["stimulus"]), tuple(self.keys["rater"]), clip, angles,
            self.missing,
        )  # fmt: skip
