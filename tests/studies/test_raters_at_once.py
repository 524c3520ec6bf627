"""Many raters at once through real HTTP, the server killed half-way: the benchmark's own check, at a smaller size."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_no_vote_is_lost_or_doubled_when_the_server_is_killed_in_the_middle(tmp_path: Path) -> None:
    told = tmp_path / "result.json"
    command = [
        sys.executable,
        "bench/raters.py",
        "--raters",
        "24",
        "--pairs",
        "6",
        "--no-clips",
        "--json",
        told,
    ]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(told.read_text())
    assert result.pop("calls_repeated") > 0  # the server was away for everybody
    assert result == {
        "raters": 24,
        "complete": 24,
        "votes_acknowledged": 144,
        "votes_kept": 144,
        "every_score_as_acknowledged": True,
        "votes_wanted": 144,
        "seats_free": 0,
        "spread_over_pairs": 1,
        "spread_over_view_angles": 1,
    }
