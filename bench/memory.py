"""How much memory the jobs take, and whether it grows with the number of sequences.

    python bench/memory.py
    python bench/memory.py --subjects 10 --times 4 --workers 1 --jobs "anonymize; recognize"

Each job runs as its own command on two datasets, one `--times` as large as the other, in a directory that is
thrown away. The peak of resident memory (VmHWM) is read from the system, of the command itself and of the largest
process that it started, in MB. The baseline is the smaller dataset in the same run: a ratio of 1 is what is wanted.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
VIEW_ANGLES = "0,90,180"
SPLIT = "30:15:55"
EVERY_SECONDS = 0.02  # memory is looked at


@dataclass(frozen=True)
class Peak:
    """MB of resident memory."""

    parent: float
    workers: float  # of the largest
    seconds: float


def judged(folder: Path) -> Path:
    return folder / "judged.json"


def commands(subjects: int, folder: Path) -> dict[str, list[str]]:
    """The jobs in the order in which one needs another; each is a `manage.py` command."""
    walkers = [
        f"--subjects={subjects}",
        "--sequences=nm=6",
        f"--view-angles={VIEW_ANGLES}",
        "--frames=25",
        "--seed=1",
    ]
    changed = ["--dataset=walkers", f"--split={SPLIT}", "--seed=1"]
    return {
        "generate": ["generate_walkers", "--name=walkers", *walkers],
        "export": ["generate_walkers", f"--export={folder / 'tree'}", *walkers],
        "import": ["import_casia_b", str(folder / "tree"), "--name=imported", "--frames=25"],
        "anonymize": ["anonymize", "--method=sdf", f"--json={judged(folder)}", *changed],
        "anonymize, recorded donors": ["anonymize", "--method=replace", "--donor=random", *changed],
        "render clips": ["anonymize", "--method=blur", f"--clips={subjects}", "--clip-seconds=2", *changed],
        "train": ["train_recognizer", "--dataset=walkers", f"--split={SPLIT}"],
        "recognize": ["recognize", "--copies=2"],
    }


def measured(command: list[str], environment: dict[str, str]) -> Peak:
    begun = time.monotonic()
    with tempfile.TemporaryFile() as said:
        job = subprocess.Popen(
            [sys.executable, str(HERE / "manage.py"), *command], env=environment, stdout=said, stderr=said
        )
        peaks: dict[int, float] = {}
        while job.poll() is None:
            for pid in family(job.pid):
                peaks[pid] = max(peaks.get(pid, 0.0), peak_of(pid))
            time.sleep(EVERY_SECONDS)
        if job.returncode:
            said.seek(0)
            sys.exit(f"{' '.join(command)} failed:\n{said.read().decode()[-2000:]}")
    parent = peaks.pop(job.pid)
    return Peak(parent, max(peaks.values(), default=0.0), time.monotonic() - begun)


def family(pid: int) -> list[int]:
    """The process and all that it started."""
    children = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += [int(each) for each in (task / "children").read_text().split()]
    except OSError:  # it has just ended
        return [pid]
    return [pid, *(each for child in children for each in family(child))]


def peak_of(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def peaks(subjects: int, wanted: list[str], workers: int) -> dict[str, Peak]:
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "GAITMOS_VAR": folder, "WORKERS": str(workers)}
        subprocess.run(
            [sys.executable, str(HERE / "manage.py"), "migrate", "--verbosity=0"], env=environment, check=True
        )
        every = commands(subjects, Path(folder))
        found = {}
        needed = needs(wanted, list(every))
        for name in needed:
            if name == "recognize":
                run = json.loads(judged(Path(folder)).read_text())["anonymization_run"]
                every[name].append(f"--run={run}")
            found[name] = measured(every[name], environment)
            print(f"{subjects} subjects, {name}: {found[name].parent:.0f} MB", file=sys.stderr, flush=True)
        return {name: found[name] for name in wanted}


def needs(wanted: list[str], every: list[str]) -> list[str]:
    """What must run, in order, so that these can."""
    before = {
        "import": {"export"},
        "anonymize": {"generate"},
        "anonymize, recorded donors": {"generate"},
        "render clips": {"generate"},
        "train": {"generate"},
        "recognize": {"generate", "anonymize", "train"},
    }
    all_needed = {each for name in wanted for each in {name, *before.get(name, set())}}
    return [name for name in every if name in all_needed]


def main() -> None:
    every = list(commands(1, Path()))
    parser = argparse.ArgumentParser(description="Peak memory of the jobs at two sizes.")
    parser.add_argument("--subjects", type=int, default=10, help="of the smaller dataset")
    parser.add_argument("--times", type=int, default=4, help="how many times as large the other one is")
    parser.add_argument("--workers", type=int, default=2, help="processes; with 1 the command works itself")
    parser.add_argument("--jobs", default="", help=f"some of: {'; '.join(every)}. Separated by semicolons")
    asked = parser.parse_args()
    wanted = [each.strip() for each in asked.jobs.split(";") if each.strip()] or every
    if unknown := set(wanted) - set(every):
        sys.exit(f"There is no job {unknown.pop()!r}. Choose from: {'; '.join(every)}.")
    small = peaks(asked.subjects, wanted, asked.workers)
    large = peaks(asked.subjects * asked.times, wanted, asked.workers)
    sequences = asked.subjects * 6 * len(VIEW_ANGLES.split(","))
    print(f"MB at {sequences} and at {sequences * asked.times} sequences, {asked.workers} workers")
    for name in wanted:
        one, other = small[name], large[name]
        line = f"{name:28} itself {one.parent:5.0f} {other.parent:5.0f} = {other.parent / one.parent:.2f} x"
        if one.workers:
            line += (
                f"   a worker {one.workers:5.0f} {other.workers:5.0f} = {other.workers / one.workers:.2f} x"
            )
        print(f"{line}   {one.seconds:.0f} and {other.seconds:.0f} s")


if __name__ == "__main__":
    main()
