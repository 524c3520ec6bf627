"""The subject model of P.910 Annex E: this package and the sureal library side by side, then a million votes.

python bench/subject_model.py
"""

import contextlib
import io
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sureal.dataset_reader import RawDatasetReader
from sureal.subjective_model import SubjectMLEModelProjectionSolver

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from timing import timed

from studies.mos import statistics, subject_model

Columns = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def votes(stimuli: int, raters: int, each: int) -> Columns:
    """Columns stimulus, rater, score by the model itself, for raters who see `each` stimuli apiece."""
    rng = np.random.default_rng(1)
    start, stride = rng.integers(0, stimuli, (raters, 1)), rng.integers(1, stimuli // each + 1, (raters, 1))
    stimulus = ((start + stride * np.arange(each)) % stimuli).ravel()
    rater = np.repeat(np.arange(raters), each)
    felt = rng.uniform(1.5, 4.5, stimuli)[stimulus] + rng.normal(0, 0.35, raters)[rater]
    felt += 0.6 * rng.lognormal(0, 0.3, raters)[rater] * rng.normal(0, 1, len(rater))
    return stimulus, rater, np.clip(np.round(felt), 1, 5).astype(np.int64)


def ours(columns: Columns, stimuli: int, raters: int) -> subject_model.SubjectModel:
    return subject_model.fit(*columns, stimuli=stimuli, raters=raters, version="standard")


def by_sureal(columns: Columns, stimuli: int, raters: int) -> dict[str, Any]:
    matrix = np.full((stimuli, raters), np.nan)
    matrix[columns[0], columns[1]] = columns[2]
    rows = [
        {"content_id": 0, "asset_id": j, "path": str(j), "os": row.tolist()} for j, row in enumerate(matrix)
    ]
    dataset = SimpleNamespace(ref_videos=[{"content_id": 0, "path": ""}], dis_videos=rows)
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        result: dict[str, Any] = SubjectMLEModelProjectionSolver(RawDatasetReader(dataset)).run_modeling()
    return result


def compare(name: str, stimuli: int, raters: int, each: int) -> None:
    columns = votes(stimuli, raters, each)
    mine, model = timed(lambda: ours(columns, stimuli, raters), 3)
    theirs, reference = timed(lambda: by_sureal(columns, stimuli, raters), 3)
    difference = float(np.abs(np.array(model.psi, dtype=float) - reference["quality_scores"]).max())
    print(
        f"{name}: {len(columns[0])} votes ({stimuli} stimuli, {raters} raters): ours {mine:.3f} s, "
        f"sureal {theirs:.3f} s, {theirs / mine:.0f} times; largest difference of psi {difference:.1e}"
    )


def main() -> None:
    compare("full table", 200, 100, 200)
    compare("full table of a million votes", 1000, 1000, 1000)
    compare("30 of 400 pairs a rater", 400, 400, 30)
    compare("30 of 1000 pairs a rater", 1000, 3334, 30)  # sureal holds a cell for every pair and rater
    stimuli, raters, each = 4000, 33_334, 30
    columns = votes(stimuli, raters, each)
    seconds, model = timed(lambda: ours(columns, stimuli, raters), 3)
    print(f"subject model, {len(columns[0])} votes: {seconds:.2f} s, {model.iterations} rounds")
    seconds, _ = timed(lambda: statistics.mos_by_stimulus(columns[0], columns[2], stimuli), 3)
    print(f"MOS by stimulus, {len(columns[0])} votes: {seconds:.3f} s")
    group = columns[0] % 11
    seconds, _ = timed(lambda: statistics.mos_by_group(group, columns[1], columns[0], columns[2]), 3)
    print(f"clustered intervals of 11 groups, {len(columns[0])} votes: {seconds:.3f} s")


if __name__ == "__main__":
    main()
