"""What limits `replace-best`: what each part of a person is worth in likeness, and how many people speed alone names.

    python bench/replace_best_limits.py --subjects 20

Likeness: the original's nm-05 is replaced on its fitted path at its own speed, by itself and by figures that have
some of its parts. IoU in the scene, mean over the view angles 0° and 90°. What even the person itself loses is
what changes from cycle to cycle, outline noise, and the error of path and phase.

Speed: an attacker who knows everybody's usual speed and how much it varies from walk to walk, and sees nothing but
the speed that was shown, which is the exact one, a jittered one or one of a few public levels. Rank-1 of 60 people
in %, for 1 to 4 linked clips. An optimal attacker: whoever has to learn from copies names fewer.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")
sys.path.remove(str(Path(__file__).resolve().parent))  # its names would hide installed packages
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from anonymizer.gait import catalogue
from anonymizer.gait.donors import Donor
from anonymizer.gait.replace_best import rendered
from anonymizer.gait.replace_best_choice import Figures
from anonymizer.gait.replace_best_donors import Candidate, draw
from anonymizer.gait.replace_best_levels import SPEEDS, level_of
from anonymizer.gait.replace_best_scene import Chances, scene
from anonymizer.gait.silhouettes import mean_iou
from anonymizer.gait.walkers import walk, walking
from anonymizer.gait.walkers.body_space import body_space
from anonymizer.gait.walkers.clothing import dressed
from anonymizer.gait.walkers.difficulty import difficulty_named
from anonymizer.gait.walkers.kinematics import gait_of_a_walk

WORLD, NUMBER, FRAMES = 41, 5, 50  # WORLD is that of bench/replace_best.py
ANGLES = (0, 90)
PEOPLE, TRIES, CLIPS = 60, 4000, (1, 2, 3, 4)
BETWEEN, WITHIN = 0.221, 0.047  # standard deviations of ln speed of bench/replace_best.py's 60 walkers


def main() -> None:
    parser = argparse.ArgumentParser(description="what limits replace-best")
    parser.add_argument("--subjects", type=int, default=20)
    print("| walks in the original's place | IoU |\n|---|---|")
    for name, iou in likeness(parser.parse_args().subjects).items():
        print(f"| {name} | {iou:.3f} |", flush=True)
    print("\n| speed shown | typical error in ln | 1 clip | 2 | 3 | 4 |\n" + "|---" * 6 + "|")
    for name, error, rates in speed_alone():
        print(f"| {name} | {error:.3f} | " + " | ".join(f"{100 * rate:.0f}" for rate in rates) + " |")


def likeness(subjects: int) -> dict[str, float]:
    """Mean IoU by who walks."""
    method = catalogue.named("replace-best")
    parameters = method.checked(method.parsed({"pace": "steady"}))
    found: dict[str, list[float]] = {}
    for subject in range(subjects):
        track = Donor(walk(WORLD, subject, "nm", NUMBER, view_angles=ANGLES, frames=FRAMES))
        if any(len(each) < FRAMES for each in track.values()):
            continue
        views = scene(track, parameters, Chances(0.0, 0.5))
        for name, candidate in figures(subject).items():
            figure = Figures(candidate)
            found.setdefault(name, []).extend(
                mean_iou(track[a], rendered(track[a], view, figure, a, parameters["noise"]))
                for a, view in views.items()
            )
    return {name: float(np.mean(each)) for name, each in found.items()}


def figures(subject: int) -> dict[str, Candidate]:
    own = itself(subject)
    rng = np.random.default_rng(subject)
    other, mean = draw(rng, 1)[0], draw(rng, 1, spread=0.0)[0]
    tall = mean.of_stature(own.stature)
    return {
        "the person itself": own,
        "its body, the mean gait": replace(own, gait=mean.gait),
        "its body, somebody's gait": replace(own, gait=other.gait),
        "the mean body, its gait": replace(mean, gait=own.gait),
        "the mean body at its stature, its gait": replace(tall, gait=own.gait),
        "the mean walker at its stature": tall,
        "the mean walker": mean,
        "somebody": other,
    }


def itself(subject: int) -> Candidate:
    """The person in the gait of that very walk, as `walking` draws it."""
    settings = difficulty_named("casia", 1.0)
    who = walking.somebody(walking._random(WORLD, 0, 0, subject))
    rng = walking._random(WORLD, 0, 1, subject, 0, NUMBER)
    gait = gait_of_a_walk(who.gait, rng, settings.walk_variation, settings.log_speed)
    return Candidate(dressed(body_space(), who.body, who.outfit, None), gait, key=1)


def speed_alone() -> Iterator[tuple[str, float, list[float]]]:
    rng = np.random.default_rng(0)
    usual = rng.normal(SPEEDS.mean, BETWEEN, PEOPLE)
    named = rng.integers(0, PEOPLE, TRIES)
    walked = usual[named, None] + rng.normal(0, WITHIN, (TRIES, max(CLIPS)))
    for jitter in (0.0, 0.05, 0.08, 0.15):
        shown = walked + rng.normal(0, jitter, walked.shape)
        rates = [float(np.mean(nearest(shown[:, :k], usual) == named)) for k in CLIPS]
        yield f"the original's, jitter {jitter:.2f}" if jitter else "the original's", jitter, rates
    for count in (12, 8, 6, 4, 3, 2, 1):
        shown = np.array([[level_of([np.exp(each)], count) for each in some] for some in walked])
        error = float(np.sqrt(np.mean((np.log(shown) - walked) ** 2)))
        rates = [float(np.mean(likeliest(shown[:, :k], usual, count, rng) == named)) for k in CLIPS]
        yield f"one of {count} levels", error, rates


def nearest(shown: np.ndarray, usual: np.ndarray) -> np.ndarray:
    chosen: np.ndarray = np.abs(shown.mean(axis=1)[:, None] - usual).argmin(axis=1)
    return chosen


def likeliest(shown: np.ndarray, usual: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Whom the levels (tries, clips) make most likely; chance decides among equals."""
    walks = np.exp(usual[:, None] + rng.normal(0, WITHIN, (PEOPLE, 1000)))
    given = np.array([[level_of([each], count) for each in some] for some in walks])
    levels = np.unique(np.concatenate([given.ravel(), shown.ravel()]))
    chances = np.log([[np.mean(some == level) + 1e-6 for level in levels] for some in given])
    scores = chances[:, np.searchsorted(levels, shown)].sum(axis=2)
    chosen: np.ndarray = (scores + 1e-6 * rng.random(scores.shape)).argmax(axis=0)
    return chosen


if __name__ == "__main__":
    main()
