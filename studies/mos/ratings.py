"""A table of votes as arrays: what every statistic here takes.

Stimuli, raters and clips are codes 0, 1, 2 …; their own names, as strings, stand beside them in order of
appearance. A stimulus may have no vote and a (rater, stimulus) pair may have none or several. Files are read in
`rating_files.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import pandas as pd  # else where it is used: it is slow to load, and a page only needs the arrays

NO_VIEW_ANGLE = -1
LARGEST = 1e12  # a score beyond it is a slip, and its fourth power would be lost
MISSING = ("", "na", "n/a", "nan", "+nan", "-nan", "null")  # how a table says that a number is not there


class BadRow(ValueError):
    """A row that is no vote. `row` counts from 1, the names of the columns not counted; `line` is a file's."""

    def __init__(self, row: int, wrong: str, line: int = 0) -> None:
        where = f"Row {row} (line {line})" if line else f"Row {row}"
        super().__init__(f"{where} {wrong}")
        self.wrong = wrong


@dataclass(frozen=True, eq=False)
class Ratings:
    """Votes; all arrays are (votes,)."""

    stimulus: NDArray[np.int64]
    rater: NDArray[np.int64]
    score: NDArray[np.float64]
    stimuli: tuple[str, ...]
    raters: tuple[str, ...]
    clip: NDArray[np.int64]  # codes; the stimulus itself where no clip is named
    view_angle: NDArray[np.int64] | None = None  # degrees, NO_VIEW_ANGLE where a row has none
    missing: int = 0  # rows without a score, which are no votes

    def without_raters(self, rejected: Sequence[int]) -> "Ratings":
        """The same table without these raters' votes (codes and names stay)."""
        kept = ~np.isin(self.rater, np.asarray(rejected, dtype=np.int64))
        angles = None if self.view_angle is None else self.view_angle[kept]
        return Ratings(
            self.stimulus[kept], self.rater[kept], self.score[kept],
            self.stimuli, self.raters, self.clip[kept], angles, self.missing,
        )  # fmt: skip

    @property
    def repeated_votes(self) -> int:
        """How many votes are a rater's second or later one on the same stimulus. They count like any other."""
        return len(self.score) - len(np.unique(self.stimulus * len(self.raters) + self.rater))

    def with_scores(self, score: NDArray[np.float64]) -> "Ratings":
        return replace(self, score=score)


def from_columns(
    stimulus: ArrayLike,
    rater: ArrayLike,
    score: ArrayLike,
    *,
    view_angle: ArrayLike | None = None,
    clip: ArrayLike | None = None,
) -> Ratings:
    """Ratings of equally long columns; rows without a score (blank, NA, None, NaN) count as votes not given.

    ValueError where there is no row or the columns differ in length; BadRow, which is one, where a stimulus
    or rater is blank or a number is none.
    """
    import pandas as pd

    table = {"stimulus": stimulus, "rater": rater, "score": score, "view_angle": view_angle, "clip": clip}
    columns = {name: pd.Series(values) for name, values in table.items() if values is not None}
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"The columns differ in length ({lengths}): every vote needs a value in each.")
    if not lengths["score"]:
        raise ValueError("The table holds no votes: give at least one row.")
    scores = _numbers(columns["score"], "score")
    given = ~np.isnan(scores)
    stimulus_codes, stimuli = _codes(columns["stimulus"], "stimulus")
    rater_codes, raters = _codes(columns["rater"], "rater")
    clip_codes = _codes(columns["clip"], "clip")[0] if clip is not None else stimulus_codes
    angles = _angles(columns["view_angle"])[given] if view_angle is not None else None
    return Ratings(
        stimulus_codes[given], rater_codes[given], scores[given], stimuli, raters, clip_codes[given], angles,
        int(np.count_nonzero(~given)),
    )  # fmt: skip


def _codes(column: "pd.Series[Any]", name: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    import pandas as pd

    blank = column.isna() | (column.astype(str).str.strip() == "") if column.dtype.kind not in "iu" else None
    if blank is not None and blank.any():
        raise BadRow(int(np.argmax(blank)) + 1, f"has no {name}: every row needs one.")
    codes, keys = pd.factorize(column)
    return np.asarray(codes, dtype=np.int64), tuple(str(key) for key in keys)


def _numbers(column: "pd.Series[Any]", name: str) -> NDArray[np.float64]:
    """The column as numbers, NaN where it says that there is none."""
    import pandas as pd

    if column.dtype.kind in "iufb":
        values = column.to_numpy(dtype=np.float64)
        blank = np.isnan(values)
    else:
        text = column.where(column.notna(), "").astype(str).str.strip()
        blank = text.str.lower().isin(MISSING).to_numpy(dtype=bool)
        values = pd.to_numeric(text.where(~blank), errors="coerce").to_numpy(dtype=np.float64)
    wrong = ~blank & ~(np.abs(values) <= LARGEST)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise BadRow(row + 1, f"has the {name} {str(column.iloc[row])!r}: a {name} must be a number.")
    return values


def _angles(column: "pd.Series[Any]") -> NDArray[np.int64]:
    values = np.where(np.isnan(numbers := _numbers(column, "view_angle")), NO_VIEW_ANGLE, numbers)
    wrong = (values != np.round(values)) | (~np.isnan(numbers) & (values < 0)) | (values > 360)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise BadRow(
            row + 1, f"has the view_angle {str(column.iloc[row])!r}: use whole degrees from 0 to 360."
        )
    return values.astype(np.int64)
