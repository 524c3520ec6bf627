import numpy as np
import pytest

from studies.mos import design, simulated_raters
from studies.mos.simulated_raters import Temperament

QUALITY = np.linspace(1.5, 4.5, 99)
SEATS = design.seats([18 * (i % 11) for i in range(99)], seats=40, pairs_per_rater=30, seed=5)


def test_votes_stand_on_the_scale_and_follow_from_the_seed():
    votes = simulated_raters.scores(QUALITY, SEATS, seed=1)
    assert votes.shape == SEATS.shape
    assert set(np.unique(votes)) == {1, 2, 3, 4, 5}
    assert (votes == simulated_raters.scores(QUALITY, SEATS, seed=1)).all()
    assert (votes != simulated_raters.scores(QUALITY, SEATS, seed=2)).any()


def test_a_raters_votes_do_not_depend_on_who_else_rates():
    everyone = simulated_raters.scores(QUALITY, SEATS, seed=1)
    alone = simulated_raters.scores(QUALITY, SEATS[17:18], seed=1, first_rater=17)
    assert (alone[0] == everyone[17]).all()


def test_better_pairs_get_better_votes():
    votes = simulated_raters.scores(QUALITY, SEATS, seed=1)
    assert np.corrcoef(QUALITY[SEATS].ravel(), votes.ravel())[0, 1] > 0.6


def test_without_spread_a_vote_is_the_rounded_quality():
    exact = Temperament(bias_sd=0, clip_sd=0, inconsistency=0)
    votes = simulated_raters.scores(QUALITY, SEATS, seed=1, temperament=exact)
    assert (votes == np.round(QUALITY[SEATS])).all()


def test_biases_and_inconsistencies_have_the_spread_asked_for():
    kind = Temperament()
    truth = np.array(
        [simulated_raters.bias_and_inconsistency(r, seed=0, temperament=kind) for r in range(2000)]
    )
    assert truth[:, 0].std() == pytest.approx(0.35, rel=0.1)
    assert np.median(truth[:, 1]) == pytest.approx(0.6, rel=0.1)
    assert simulated_raters.clip_effects(5000, seed=0, clip_sd=0.45).std() == pytest.approx(0.45, rel=0.1)


def test_careless_raters_ignore_what_they_see():
    careless = Temperament(careless_share=1)
    votes = simulated_raters.scores(QUALITY, SEATS, seed=1, temperament=careless)
    assert abs(np.corrcoef(QUALITY[SEATS].ravel(), votes.ravel())[0, 1]) < 0.1
    share = [
        simulated_raters.is_careless(r, seed=3, temperament=Temperament(careless_share=0.3))
        for r in range(2000)
    ]
    assert np.mean(share) == pytest.approx(0.3, abs=0.05)


def test_nearly_everybody_knows_a_plain_answer():
    plain = np.zeros(99, dtype=bool)
    plain[:2] = True
    quality = np.where(plain, [5.0, 1.0] * 49 + [5.0], 3.0)
    votes = simulated_raters.scores(quality, [[0, 1]] * 500, seed=1, plain=plain)
    assert (np.abs(votes - [5, 1]) <= 1).mean() > 0.99
    assert (votes == [5, 1]).mean() > 0.9


def test_plain_answers_change_nobodys_other_votes():
    plain = np.arange(99) == 7
    with_plain = simulated_raters.scores(QUALITY, SEATS, seed=1, plain=plain)
    assert (with_plain == simulated_raters.scores(QUALITY, SEATS, seed=1))[SEATS != 7].all()


def test_alike_clips_are_assumed_to_look_better():
    assert simulated_raters.assumed_quality([0, 0.5, 1]).tolist() == [1.5, 3.0, 4.5]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Temperament(bias_sd=-1), "0 or more"),
        (lambda: Temperament(careless_share=2), "careless share"),
        (lambda: Temperament(lowest=5), "nothing to choose"),
        (lambda: simulated_raters.assumed_quality([1.2]), "Alikeness"),
        (lambda: simulated_raters.scores([6.0], [[0]], seed=0), "on the scale"),
        (lambda: simulated_raters.scores([np.nan], [[0]], seed=0), "finite"),
        (lambda: simulated_raters.scores([3.0], [[1]], seed=0), "below 1"),
        (lambda: simulated_raters.scores([3.0], [0], seed=0), "rows of pair numbers"),
    ],
)
def test_impossible_wishes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
