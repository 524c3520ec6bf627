"""What a spreadsheet would run is a text."""

import pytest

from anonymizer.formulas import harmless


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_formula_becomes_a_text(text):
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("value", [-1.5, 3, None, "R-7F2A", True])
def test_everything_else_stays_as_it_is(value):
    assert harmless(value) == value
