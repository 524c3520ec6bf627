"""Rows as files: CSV, XLSX, JSON and Parquet, written as the rows come, whatever their number.

A text that a spreadsheet would take for a formula gets an apostrophe before it in CSV and XLSX.
"""

import csv
import itertools
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render

from anonymizer.formulas import harmless

Kind = Literal["text", "integer", "number", "boolean", "moment"]
Columns = Mapping[str, Kind]
Row = Sequence[Any]
Rows = Iterable[Row]

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
}
SHEET_ROWS = 1_048_575  # a sheet's 2**20 less the columns' names
PIECE_ROWS = 1000  # of Parquet, that stand in memory as Python's objects
PIECES_IN_GROUP = 50  # that stand there as arrays


def plain(value: Any) -> Any:
    """Moments as ISO 8601 in UTC; everything else stays."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def write(form: str, columns: Columns, rows: Rows, path: Path) -> int:
    """Write the rows in one of the formats of `CONTENT_TYPES`; returns how many there were."""
    return WRITERS[form](columns, rows, path)


# --- Formats --------------------------------------------------------------------------------------
class _Echo:
    """What csv writes into, giving each line straight back."""

    def write(self, line: str) -> str:
        return line


def csv_lines(columns: Iterable[str], rows: Rows) -> Iterator[str]:
    """The columns' names, then a line a row."""
    writer = csv.writer(_Echo())
    yield writer.writerow(list(columns))
    for row in rows:
        yield writer.writerow([harmless(plain(value)) for value in row])


def _write_csv(columns: Columns, rows: Rows, path: Path) -> int:
    lines = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        for line in csv_lines(columns, rows):
            file.write(line)
            lines += 1
    return lines - 1  # the first holds the columns' names


def _write_xlsx(columns: Columns, rows: Rows, path: Path) -> int:
    """A workbook; where a sheet is full the next one begins, with the columns' names again."""
    import xlsxwriter

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    left, written = iter(rows), 0
    with xlsxwriter.Workbook(path, options) as book:
        for number in itertools.count(1):
            first = next(left, None)
            if first is None and number > 1:
                return written
            sheet = book.add_worksheet("results" if number == 1 else f"results {number}")
            sheet.write_row(0, 0, list(columns))
            filled = itertools.chain([] if first is None else [first], left)
            for place, row in enumerate(itertools.islice(filled, SHEET_ROWS), start=1):
                sheet.write_row(place, 0, [harmless(plain(value)) for value in row])
                written += 1
    raise AssertionError("unreachable")


def _write_json(columns: Columns, rows: Rows, path: Path) -> int:
    """A list with an object a row."""
    names, written = list(columns), 0
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        for row in rows:
            entry = dict(zip(names, map(plain, row), strict=True))
            file.write(",\n" if written else "\n")
            file.write(json.dumps(entry, ensure_ascii=False, allow_nan=False))
            written += 1
        file.write("\n]\n")
    return written


def _write_parquet(columns: Columns, rows: Rows, path: Path) -> int:
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {
        "text": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "moment": pa.timestamp("us", tz="UTC"),
    }
    schema = pa.schema([(name, kinds[kind]) for name, kind in columns.items()])
    left, written, waiting = iter(rows), 0, []
    with parquet.ParquetWriter(path, schema) as file:
        while piece := list(itertools.islice(left, PIECE_ROWS)):
            columns_of_piece = zip(zip(*piece, strict=True), schema.types, strict=True)
            arrays = [pa.array(column, kind) for column, kind in columns_of_piece]
            waiting.append(pa.RecordBatch.from_arrays(arrays, schema=schema))
            written += len(piece)
            if len(waiting) == PIECES_IN_GROUP:
                file.write_table(pa.Table.from_batches(waiting))
                waiting.clear()
        if waiting:
            file.write_table(pa.Table.from_batches(waiting))
    return written


WRITERS: dict[str, Callable[[Columns, Rows, Path], int]] = {
    "csv": _write_csv,
    "xlsx": _write_xlsx,
    "json": _write_json,
    "parquet": _write_parquet,
}


# --- Answers --------------------------------------------------------------------------------------
def download(name: str, form: str, columns: Columns, rows: Rows) -> HttpResponseBase:
    """The rows as an attachment `name.form`: CSV while it is made, the others once they are."""
    if form == "csv":
        disposition = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
        lines = csv_lines(columns, rows)
        return StreamingHttpResponse(lines, content_type=CONTENT_TYPES[form], headers=disposition)
    file: IO[bytes] = tempfile.NamedTemporaryFile(suffix=f".{form}")  # noqa: SIM115 - the answer closes it
    write(form, columns, rows, Path(file.name))
    return FileResponse(file, as_attachment=True, filename=f"{name}.{form}", content_type=CONTENT_TYPES[form])


def no_such(request: HttpRequest, sentence: str) -> HttpResponse:
    """What was asked for does not exist; the sentence names what does."""
    return render(request, "404.html", {"sentence": sentence}, status=404)


def no_such_format(request: HttpRequest, form: str, known: Iterable[str], of: str = "") -> HttpResponse:
    """There is nothing in the format `form`; the answer names those there are."""
    what = f" of {of}" if of else ""
    return no_such(request, f"There is no format {form!r}{what}. Use one of: {', '.join(known)}.")
