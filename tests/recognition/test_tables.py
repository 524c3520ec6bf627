"""Rows as files: every format holds the same rows, and a spreadsheet runs none of them."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta, timezone

import pyarrow.parquet
import pytest
from openpyxl import load_workbook

from recognition import tables

COLUMNS = {"name": "text", "score": "integer", "distance": "number", "kept": "boolean", "at": "moment"}
TOKYO = timezone(timedelta(hours=9))
ROWS = [
    ("=x", 3, 0.25, True, datetime(2026, 3, 1, 21, 30, tzinfo=TOKYO)),
    ("é, “y”", None, None, False, None),
]
AT = "2026-03-01T12:30:00+00:00"


def test_csv_begins_with_the_columns_names(tmp_path):
    assert tables.write("csv", COLUMNS, iter(ROWS), tmp_path / "t") == 2
    assert list(csv.reader(io.StringIO((tmp_path / "t").read_text()))) == [
        list(COLUMNS),
        ["'=x", "3", "0.25", "True", AT],
        ["é, “y”", "", "", "False", ""],
    ]


def test_a_sheet_holds_the_same_rows(tmp_path):
    assert tables.write("xlsx", COLUMNS, iter(ROWS), tmp_path / "t.xlsx") == 2
    (sheet,) = load_workbook(tmp_path / "t.xlsx")
    assert [list(row) for row in sheet.values] == [
        list(COLUMNS),
        ["'=x", 3, 0.25, True, AT],
        ["é, “y”", None, None, False, None],
    ]


@pytest.mark.parametrize(
    ("rows", "sheets"),
    [(0, [[]]), (2, [[0, 1]]), (4, [[0, 1], [2, 3]]), (5, [[0, 1], [2, 3], [4]])],
)
def test_a_full_sheet_is_followed_by_another_with_the_names_again(tmp_path, monkeypatch, rows, sheets):
    monkeypatch.setattr(tables, "SHEET_ROWS", 2)
    assert tables.write("xlsx", {"a": "integer"}, ((n,) for n in range(rows)), tmp_path / "t.xlsx") == rows
    book = load_workbook(tmp_path / "t.xlsx")
    assert [[row[0] for row in sheet.values] for sheet in book] == [["a", *numbers] for numbers in sheets]


def test_a_sheet_is_filled_to_the_last_row_that_a_spreadsheet_has():
    assert tables.SHEET_ROWS + 1 == 2**20


@pytest.mark.parametrize("rows", [[], ROWS])
def test_json_is_a_list_of_objects(tmp_path, rows):
    assert tables.write("json", COLUMNS, iter(rows), tmp_path / "t") == len(rows)
    found = json.loads((tmp_path / "t").read_text())
    assert (
        found
        == [
            {"name": "=x", "score": 3, "distance": 0.25, "kept": True, "at": AT},
            {"name": "é, “y”", "score": None, "distance": None, "kept": False, "at": None},
        ][: len(rows)]
    )


def test_parquet_keeps_the_types(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "PIECE_ROWS", 1)
    monkeypatch.setattr(tables, "PIECES_IN_GROUP", 1)
    assert tables.write("parquet", COLUMNS, iter(ROWS), tmp_path / "t") == 2
    table = pyarrow.parquet.read_table(tmp_path / "t")
    assert [str(kind) for kind in table.schema.types] == [
        "string", "int64", "double", "bool", "timestamp[us, tz=UTC]",
    ]  # fmt: skip
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        ("=x", 3, 0.25, True, datetime(2026, 3, 1, 12, 30, tzinfo=UTC)),
        ROWS[1],
    ]
    assert pyarrow.parquet.ParquetFile(tmp_path / "t").num_row_groups == 2


def test_parquet_gathers_pieces_into_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "PIECE_ROWS", 2)
    monkeypatch.setattr(tables, "PIECES_IN_GROUP", 2)
    assert tables.write("parquet", {"a": "integer"}, ((n,) for n in range(9)), tmp_path / "t") == 9
    file = pyarrow.parquet.ParquetFile(tmp_path / "t")
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [4, 4, 1]
    assert file.read().column("a").to_pylist() == list(range(9))


def test_parquet_without_a_row_still_names_its_columns(tmp_path):
    assert tables.write("parquet", COLUMNS, iter([]), tmp_path / "t") == 0
    assert pyarrow.parquet.read_table(tmp_path / "t").column_names == list(COLUMNS)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_download_is_named_after_what_it_holds(form):
    answer = tables.download("results", form, COLUMNS, iter(ROWS))
    assert answer.headers["Content-Disposition"] == f'attachment; filename="results.{form}"'
    assert answer.headers["Content-Type"] == tables.CONTENT_TYPES[form]
    assert b"".join(answer.streaming_content)[:4] in (b"name", b"PK\x03\x04")
