"""How often the 95 % interval of a view angle's MOS holds the truth: clustered beside naive.

python bench/interval_coverage.py [--studies 2000]

A vote is round(view angle's mean + rater's bias + clip's effect + rest), kept on 1 to 5; standard deviations
.35 (rater), .45 (clip) and .7 (rest); 11 view angles, 30 votes a rater, seats as studies fix them. Every study
draws raters and clips anew, and the truth is the mean over all raters and clips that there could be.
"""

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from studies.mos import design
from studies.mos.statistics import mos_by_group

ANGLES, EACH = 11, 30
RATER, CLIP, REST = 0.35, 0.45, 0.7
MEANS = np.linspace(2.0, 4.2, ANGLES)
DESIGNS = ((30, 9), (30, 27), (100, 9), (100, 27), (200, 40))  # raters, clips a view angle
Floats = NDArray[np.float64]


@dataclass
class Tally:
    """Intervals of one kind: how many held the truth, how many fell on each side, how long they were."""

    held: int = 0
    below: int = 0
    above: int = 0
    length: float = 0

    def add(self, interval: tuple[float, float], truth: float) -> None:
        low, high = interval
        self.below += high < truth
        self.above += low > truth
        self.held += low <= truth <= high
        self.length += high - low

    @property
    def count(self) -> int:
        return self.held + self.below + self.above

    @property
    def coverage(self) -> float:
        return self.held / self.count


def true_means() -> Floats:
    """E[round(N(mean, total variance)) kept on 1 to 5] of each view angle, (angles,)."""
    total = np.sqrt(RATER**2 + CLIP**2 + REST**2)
    steps = norm.sf((np.array([1.5, 2.5, 3.5, 4.5]) - MEANS[:, None]) / total)
    return np.asarray(1 + steps.sum(axis=1), dtype=np.float64)


def scores(rng: np.random.Generator, seats: NDArray[np.int64], angle: NDArray[np.int64]) -> Floats:
    """Votes for each seat's pairs, (raters, 30)."""
    clip_effect, bias = rng.normal(0, CLIP, len(angle)), rng.normal(0, RATER, len(seats))
    felt = (MEANS[angle] + clip_effect)[seats] + bias[:, None] + rng.normal(0, REST, seats.shape)
    return np.clip(np.round(felt), 1, 5)


def simulate(raters: int, clips: int, studies: int) -> tuple[Tally, Tally]:
    """Clustered and naive intervals of so many studies."""
    angle = np.repeat(np.arange(ANGLES), clips)
    order = [design.seats(angle, seats=raters, pairs_per_rater=EACH, seed=seed) for seed in range(20)]
    clustered, naive, truth = Tally(), Tally(), true_means()
    rng = np.random.default_rng([raters, clips])
    for number in range(studies):
        seats = order[number % len(order)]
        rater = np.repeat(np.arange(raters), EACH)
        votes = scores(rng, seats, angle).ravel()
        for row in mos_by_group(angle[seats.ravel()], rater, seats.ravel(), votes):
            for tally, interval in ((clustered, row.ci95_clustered), (naive, row.ci95_naive)):
                if interval is not None:
                    tally.add(interval, truth[row.group])
    return clustered, naive


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=2000)
    studies = parser.parse_args().studies
    print(f"{studies} studies of {ANGLES} view angles a line")
    print("| raters | clips an angle | votes an angle | clustered covers | length | naive covers | length |")
    print("|---|---|---|---|---|---|---|")
    for raters, clips in DESIGNS:
        start = time.perf_counter()
        clustered, naive = simulate(raters, clips, studies)
        print(
            f"| {raters} | {clips} | {raters * EACH / ANGLES:.0f} "
            f"| {100 * clustered.coverage:.1f} % | {clustered.length / clustered.count:.2f} "
            f"| {100 * naive.coverage:.1f} % | {naive.length / naive.count:.2f} |",
            flush=True,
        )
        print(f"  ({time.perf_counter() - start:.0f} s)", file=sys.stderr)


if __name__ == "__main__":
    main()
