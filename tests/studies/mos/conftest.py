import numpy as np
import pytest

from studies.mos import design, ratings, simulated_raters


def study_votes(seed, *, pairs, raters, per_rater, **temperament):
    """Simulated votes of a study, as a table, with the true quality of each pair."""
    quality = np.random.default_rng(seed).uniform(1.5, 4.5, pairs)
    seats = design.seats(
        [18 * (pair % 11) for pair in range(pairs)], seats=raters, pairs_per_rater=per_rater, seed=seed
    )
    kind = simulated_raters.Temperament(**temperament)
    scores = simulated_raters.scores(quality, seats, seed=seed, temperament=kind)
    columns = (seats.ravel(), np.repeat(np.arange(raters), per_rater), scores.ravel())
    return ratings.from_columns(*columns, view_angle=18 * (seats.ravel() % 11)), quality


@pytest.fixture(scope="session")
def study():
    return study_votes


@pytest.fixture(scope="session")
def full_table():
    """40 stimuli by 20 raters, no vote missing."""
    return study_votes(11, pairs=40, raters=20, per_rater=40, clip_sd=0.1)[0]


@pytest.fixture(scope="session")
def sparse_table(full_table):
    """The same with a third of the votes missing."""
    kept = np.random.default_rng(5).random(len(full_table.score)) > 1 / 3
    return ratings.from_columns(
        np.array(full_table.stimuli)[full_table.stimulus],
        np.array(full_table.raters)[full_table.rater],
        np.where(kept, full_table.score, np.nan),
    )


@pytest.fixture(scope="session")
def matrix_of():
    """A table as (stimuli, raters), NaN where a vote is missing."""

    def matrix(table):
        votes = np.full((len(table.stimuli), len(table.raters)), np.nan)
        votes[table.stimulus, table.rater] = table.score
        return votes

    return matrix
