"""The pictures of the methods that stand in the documentation."""

from pathlib import Path

import numpy as np
import pytest

from anonymizer.gait import method_sheets
from anonymizer.gait.catalogue import METHODS

IMAGES = Path(__file__).parents[3] / "docs" / "method" / "img"


def test_every_method_has_its_sheet_in_the_documentation() -> None:
    assert {each.name for each in method_sheets.subjects()} >= METHODS.keys()
    missing = [each.name for each in method_sheets.subjects() if not (IMAGES / f"{each.name}.png").exists()]
    assert missing == []


@pytest.mark.parametrize("method", ["dilate", "replace"])
def test_a_sheet_has_a_row_for_the_original_the_donor_and_the_change(method: str) -> None:
    (subject,) = (each for each in method_sheets.subjects() if each.name == method)
    sheet = method_sheets.sheet(subject)
    rows = 3 if method == "replace" else 2
    assert sheet.shape[1] == method_sheets.LABELS + method_sheets.MOMENTS * method_sheets.CELL_WIDTH
    assert sheet.shape[0] == 26 + len(method_sheets.VIEW_ANGLES) * (rows * method_sheets.CELL_HEIGHT + 8)
    assert {int(sheet.min()), int(sheet.max())} == {method_sheets.CHANGED, method_sheets.PAPER}


def test_the_literal_readings_say_what_they_are() -> None:
    literal = [
        each for each in method_sheets.subjects() if set(each.parameters) & {"order", "padding", "phase"}
    ]
    assert len(literal) == 4
    assert all("literal reading" in each.note for each in literal)


def test_a_method_that_draws_its_donors_in_secret_has_the_same_sheet_again() -> None:
    (subject,) = (each for each in method_sheets.subjects() if each.name == "replace-best")
    assert np.array_equal(method_sheets.sheet(subject), method_sheets.sheet(subject))


def test_an_unknown_sheet_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no sheet of that name\. Use: replace-best, sdf, tieu"):
        method_sheets.main(str(tmp_path), "magic")
