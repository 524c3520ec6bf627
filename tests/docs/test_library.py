"""The worked example in the guide runs as it stands, without Django."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHECKS = """
import sys
assert not {"django", "celery"} & set(sys.modules)
assert len(changed) == 12 and changed[1, 2][90].shape == tracks[1, 2][90].shape
assert 0.5 < likeness < 1
assert rank1.shape == success_rate.shape == (2, 2)
assert rank1.min() > 1 / 6 and recognized.min() >= 1
assert [(one.group, one.mos, one.votes) for one in opinions] == [(54, 4.0, 4), (90, 2.75, 4)]
print("as written")
"""


def test_the_example_runs_as_it_stands(tmp_path):
    guide = (ROOT / "docs/guide/library.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    assert len(blocks) == 4
    program = tmp_path / "example.py"
    program.write_text("\n".join([*blocks, CHECKS]), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )
    assert ran.stderr == ""
    assert ran.stdout == "as written\n"
