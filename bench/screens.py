"""Random clickers: how many each screening rule catches, how many honest raters it rejects; and what the subject
model makes of few votes.

python bench/screens.py [--studies 200]

Honest votes are round(quality + clip's effect + rater's bias + inconsistency·N(0, 1)) on 1 to 5, as
`simulated_raters` makes them; clickers press any button. The usual form of BT.500 (every stimulus in the
denominator, unanimous ones counted on both sides) is the baseline of the corrected one.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from studies.mos import design, ratings, screening, simulated_raters, statistics, subject_model

Floats = NDArray[np.float64]
# name, pairs, honest raters, clickers, pairs a rater
DESIGNS = (
    ("full: 40 of 40 pairs", 40, 27, 3, 40),
    ("30 of 99 pairs", 99, 36, 4, 30),
    ("sparse: 30 of 400 pairs", 400, 180, 20, 30),
)


def study(pairs: int, honest: int, clickers: int, each: int, seed: int) -> tuple[ratings.Ratings, Floats]:
    """Votes, the clickers' last, and every pair's true quality with its clip's effect."""
    quality = np.random.default_rng(seed).uniform(1.5, 4.5, pairs)
    angle = [18 * (pair % 11) for pair in range(pairs)]
    seats = design.seats(angle, seats=honest + clickers, pairs_per_rater=each, seed=seed)
    votes = simulated_raters.scores(quality, seats, seed=seed)
    votes[honest:] = np.random.default_rng([seed, 1]).integers(1, 6, (clickers, each))
    rater = np.repeat(np.arange(honest + clickers), each)
    truth = quality + simulated_raters.clip_effects(pairs, seed=seed, clip_sd=0.45)
    return ratings.from_columns(seats.ravel(), rater, votes.ravel()), truth


def usual_bt500(table: ratings.Ratings) -> list[int]:
    """BT.500 as it is commonly written: no stimulus skipped, all stimuli in everybody's denominator."""
    stimuli, raters = len(table.stimuli), len(table.raters)
    votes = np.full((stimuli, raters), np.nan)
    votes[table.stimulus, table.rater] = table.score
    mean, spread = np.nanmean(votes, axis=1), np.nanstd(votes, axis=1)
    off = votes - mean[:, None]
    second, fourth = np.nanmean(off**2, axis=1), np.nanmean(off**4, axis=1)
    kurtosis = np.divide(fourth, second**2, out=np.zeros(stimuli), where=second > 0)
    reach = (np.where((kurtosis >= 2) & (kurtosis <= 4), 2.0, np.sqrt(20.0)) * spread)[:, None]
    above, below = (off >= reach).sum(axis=0), (off <= -reach).sum(axis=0)
    far = above + below
    one_sided = np.abs(above - below) / np.maximum(far, 1)
    return np.flatnonzero((far / stimuli > 0.05) & (one_sided < 0.3)).tolist()


RULES: dict[str, Callable[[ratings.Ratings], list[int]]] = {
    "BT.500, usual form": usual_bt500,
    "BT.500, corrected": lambda table: screening.bt500(table).rejected,
    "P.913, after bias removal": lambda table: screening.p913(table).rejected,
    "correlation": lambda table: screening.correlation(table).rejected,
}


def screens(studies: int) -> None:
    print("| design | rule | clickers caught | honest raters rejected | a study: caught, falsely rejected |")
    print("|---|---|---|---|---|")
    for name, pairs, honest, clickers, each in DESIGNS:
        caught, wrong = dict.fromkeys(RULES, 0), dict.fromkeys(RULES, 0)
        for seed in range(studies):
            table, _ = study(pairs, honest, clickers, each, seed)
            numbers = {code: int(rater) for code, rater in enumerate(table.raters)}
            for rule, rejects in RULES.items():
                rejected = [numbers[code] for code in rejects(table)]
                caught[rule] += sum(rater >= honest for rater in rejected)
                wrong[rule] += sum(rater < honest for rater in rejected)
        for rule in RULES:
            print(
                f"| {name} | {rule} | {100 * caught[rule] / clickers / studies:.0f} % "
                f"| {100 * wrong[rule] / honest / studies:.2f} % "
                f"| {caught[rule] / studies:.1f} of {clickers}, {wrong[rule] / studies:.2f} of {honest} |",
                flush=True,
            )


def few_votes(studies: int) -> None:
    """RMSE of each pair's quality, less the common shift, with votes of 10 % clickers among the rest."""
    print(
        "\n| votes a pair | plain MOS | standard's version | regularised | raters with inconsistency < 0.05, standard |"
    )
    print("|---|---|---|---|---|")
    for honest, clickers in ((54, 6), (108, 12), (270, 30)):
        errors, collapsed = np.zeros(3), 0.0
        for seed in range(studies):
            table, truth = study(400, honest, clickers, 30, seed)
            columns = (table.stimulus, table.rater, table.score)
            size = {"stimuli": len(table.stimuli), "raters": len(table.raters)}
            plain = [each.mos for each in statistics.mos_by_stimulus(columns[0], columns[2], size["stimuli"])]
            models = [subject_model.fit(*columns, **size, version=v) for v in ("standard", "regularised")]
            found = np.array([plain, models[0].psi, models[1].psi], dtype=float)
            off = found - truth[[int(name) for name in table.stimuli]]
            errors += np.sqrt(np.mean((off - off.mean(axis=1, keepdims=True)) ** 2, axis=1)) / studies
            collapsed += float(np.mean(np.array(models[0].inconsistency) < 0.05)) / studies
        votes = (honest + clickers) * 30 / 400
        print(
            f"| {votes:.1f} | {errors[0]:.3f} | {errors[1]:.3f} | {errors[2]:.3f} | {100 * collapsed:.1f} % |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=200)
    studies = parser.parse_args().studies
    print(f"{studies} studies a line")
    screens(studies)
    few_votes(max(10, studies // 4))


if __name__ == "__main__":
    main()
