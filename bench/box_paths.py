"""How much of a walker's box is the path: who is named by the box alone, for walkers whose place and heading vary
more from walk to walk.

    python bench/box_paths.py [--subjects 42] [--variations 0,1,3,6,10] [--view-angle 90]

The boxes are of clear walks, which is what methods that paste into the original's box leave of them. Everybody is
known by walks 1 to 3 and named in walks 4 to 6, by the classifier of the `box-track` attacker.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.silhouettes import bounding_boxes
from anonymizer.gait.walkers import walk
from recognition.identify.boxes import box_track
from recognition.identify.classifiers import Lda

KNOWN, NAMED = (1, 2, 3), (4, 5, 6)
FRAMES = 50


def boxes(
    subjects: int, variation: float, view_angle: int
) -> tuple[dict[int, NDArray[np.float32]], list[int]]:
    """Features (subjects, features) by walk, and how many frames each walk has in the picture."""
    found, frames = {}, []
    for number in (*KNOWN, *NAMED):
        walks = [
            walk(
                60, subject, "nm", number,
                view_angles=(view_angle,), frames=FRAMES, path_variation=variation,
            )[view_angle]
            for subject in range(1, subjects + 1)
        ]  # fmt: skip
        frames += [len(each) for each in walks]
        found[number] = np.stack([box_track(bounding_boxes(each), each.shape[1]) for each in walks])
    return found, frames


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--subjects", type=int, default=42)
    parser.add_argument("--variations", default="0,1,3,6,10")
    parser.add_argument("--view-angle", type=int, default=90)
    options = parser.parse_args()
    who = np.array([f"{subject:03d}" for subject in range(1, options.subjects + 1)])
    print(f"{options.subjects} subjects, chance {100 / len(who):.1f} %, view angle {options.view_angle}°")
    for text in options.variations.split(","):
        seen, frames = boxes(options.subjects, float(text), options.view_angle)
        learned = np.concatenate([seen[number] for number in KNOWN])
        attacker = Lda(standardised=True).fit(learned, np.tile(who, len(KNOWN)))
        named = [
            attacker.subjects[attacker.distances(seen[number]).argmin(axis=1)] == who for number in NAMED
        ]
        heights = np.stack([seen[number][:, 0] for number in KNOWN + NAMED])  # (walks, subjects)
        own, others = heights.std(axis=0).mean(), heights.mean(axis=0).std()
        print(
            f"path variation {text:>3}: {100 * np.mean(named):5.1f} % named by the box; height in the picture varies "
            f"{own:.2f} px from walk to walk, {others:.2f} px between people; "
            f"{100 * np.mean(np.array(frames) < FRAMES):.0f} % of walks leave the picture"
        )


if __name__ == "__main__":
    main()
