"""Exports: documented columns, one row a presentation, nothing that a spreadsheet would run."""

import csv
import io

import pytest
from openpyxl import load_workbook

from studies import export

INTERFACE = (
    "study, template, pair, role, dataset, subject, gait_condition, number, view_angle, method, alpha, donor, "
    "reference_sha256, clip_sha256, rater, rater_state, position, score, fetched_at, presented_at, rated_at, "
    "watched_fraction, stalls, excluded, exclusion_reason, simulated, playback_checked"
)


def test_the_columns_are_those_that_others_rely_on():
    assert ", ".join(export.COLUMNS) == INTERFACE


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_formula_becomes_a_text(text):
    assert export.harmless(text) == f"'{text}"


@pytest.mark.parametrize("value", [-1.5, 3, None, "R-7F2A", True])
def test_everything_else_stays_as_it_is(value):
    assert export.harmless(value) == value


def test_csv_begins_with_the_columns_names():
    lines = "".join(export.csv_lines(("a", "b"), [(1, "=x"), (None, "y")]))
    assert list(csv.reader(io.StringIO(lines))) == [["a", "b"], ["1", "'=x"], ["", "y"]]


def test_a_sheet_holds_the_same_rows(tmp_path):
    path = tmp_path / "results.xlsx"
    assert export.write_xlsx(("a", "b"), iter([(1, "=x"), (2.5, "y")]), path) == 2
    sheet = load_workbook(path).active
    assert [list(row) for row in sheet.values] == [["a", "b"], [1, "'=x"], [2.5, "y"]]
