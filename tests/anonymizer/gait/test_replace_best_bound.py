from itertools import product

import numpy as np
import pytest

from anonymizer.gait.replace_best_bound import bound


def test_the_bound_is_n_of_g_and_grows_with_every_linked_clip() -> None:
    assert bound(8, 60) == 8 / 60
    assert bound(1, 60, clips=5) == 1 / 60
    assert bound(2, 60, clips=3) == 8 / 60
    assert bound(8, 60, clips=2) == 1.0
    assert bound(64, 2, clips=400) == 1.0
    assert bound(4, 60, levels=2) == 8 / 60
    assert bound(1, 60, clips=3, levels=2) == 8 / 60


@pytest.mark.parametrize("wrong", [(0, 60, 1, 1), (8, 0, 1, 1), (8, 60, 0, 1), (8, 60, 1, 0)])
def test_a_bound_of_nobody_is_refused(wrong: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="at least 1 donor, person, clip and level"):
        bound(*wrong)


def chosen_given_person(fits: np.ndarray, n: int) -> np.ndarray:
    """p(donor | person), (people, donors), by going through all ways to draw `n` of the donors.

    `fits` (people, donors) is how far each donor lies from each person: the nearest of the n is taken.
    """
    people, donors = fits.shape
    chances = np.zeros((people, donors))
    for drawn in product(range(donors), repeat=n):
        for person in range(people):
            chances[person, min(drawn, key=lambda donor: fits[person, donor])] += donors**-n
    return chances


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_an_attacker_who_knows_the_whole_draw_stays_under_the_bound(n: int, seed: int) -> None:
    fits = np.random.default_rng(seed).random((5, 6))
    chances = chosen_given_person(fits, n)
    assert np.allclose(chances.sum(axis=1), 1)
    assert (chances <= n / 6 + 1e-12).all()
    best_guess = chances.max(axis=0).sum() / 5  # of the Bayes attacker
    assert best_guess <= bound(n, 5) + 1e-12
    # Two clips of one person, drawn apart: the attacker multiplies what each of them says.
    two = np.einsum("pd,pe->pde", chances, chances).reshape(5, -1)
    assert two.max(axis=0).sum() / 5 <= bound(n, 5, clips=2) + 1e-12


@pytest.mark.parametrize("levels", [1, 2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_levels_count_as_so_many_times_more_donors(levels: int, seed: int) -> None:
    """Whoever sees donor and level, where a person's walks fall into every level with some probability."""
    rng = np.random.default_rng(seed)
    chances = chosen_given_person(rng.random((12, 6)), 2)
    level = rng.dirichlet(np.full(levels, 0.3), size=12)  # p(level | person)
    seen = np.einsum("pd,pl->pdl", chances, level).reshape(12, -1)
    assert seen.max(axis=0).sum() / 12 <= bound(2, 12, levels=levels) + 1e-12
