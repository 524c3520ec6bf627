"""The phase map with a donor's features kept, against computing them anew each time, as a bank of donors would.

    python bench/phase_map.py

One BLAS thread, as in a worker: two threads fighting for a small product make it many times slower.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import cv2
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from timing import seconds

from anonymizer.gait.gait_cycle import period, phase_map, walk_features
from anonymizer.gait.walkers import walk


def microseconds_a_frame(work: Callable[[], object], frames: int) -> float:
    return seconds(work, 30) / frames * 1e6


def main() -> None:
    cv2.setNumThreads(1)
    original, donor = (walk(1, subject, "nm", 1, view_angles=[90])[90] for subject in (1, 2))
    ours, theirs = walk_features(original), walk_features(donor)
    with threadpool_limits(1):
        cycle = microseconds_a_frame(lambda: period(original), len(original))
        whole = microseconds_a_frame(lambda: phase_map(original, donor), len(original))
        known = microseconds_a_frame(lambda: phase_map(original, theirs), len(original))
        both = microseconds_a_frame(lambda: phase_map(ours, theirs), len(original))
    print(f"period: {cycle:.0f} us a frame; phase map: {whole:.0f} us, both walks new")
    print(f"donor's features kept: {known:.0f} us, {whole / known:.1f} times faster")
    print(f"both walks' features kept: {both:.0f} us, {whole / both:.1f} times faster")


if __name__ == "__main__":
    main()
