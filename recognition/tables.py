"""Identifications as files to download."""

import csv
import io
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import IO, Any

Rows = Iterable[dict[str, Any]]


class _Echo:
    """A file that hands back what is written, so that a CSV can be sent row by row."""

    def write(self, text: str) -> str:
        return text


def csv_lines(rows: Rows) -> Iterator[str]:
    """The column names, then a line a row."""
    names: list[str] | None = None
    writer = csv.writer(_Echo())
    for row in rows:
        if names is None:
            names = list(row)
            yield writer.writerow(names)
        yield writer.writerow([row[name] for name in names])


def xlsx(rows: Rows, sheet: str) -> IO[bytes]:
    """A workbook with one sheet, written row by row into a temporary file, ready to be read."""
    import xlsxwriter

    file = TemporaryFile()  # noqa: SIM115  # the response closes it
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False})
    page = book.add_worksheet(sheet)
    for number, row in enumerate(rows):
        if number == 0:
            page.write_row(0, 0, list(row), book.add_format({"bold": True}))
        page.write_row(number + 1, 0, list(row.values()))
    book.close()
    file.seek(0, io.SEEK_SET)
    return file
