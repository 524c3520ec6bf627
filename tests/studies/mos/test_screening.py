import numpy as np
import pytest
from sureal.dataset_reader import RawDatasetReader
from sureal.subjective_model import BiasremvSubjrejMosModel, SubjrejMosModel

from studies.mos import ratings, screening
from studies.mos.ratings import from_columns


def rejected_by_sureal(matrix, model):
    from types import SimpleNamespace

    clips = [
        {"content_id": 0, "asset_id": j, "path": str(j), "os": row.tolist()} for j, row in enumerate(matrix)
    ]
    dataset = SimpleNamespace(ref_videos=[{"content_id": 0, "path": ""}], dis_videos=clips)
    return np.flatnonzero(model(RawDatasetReader(dataset)).run_modeling()["observer_rejected"]).tolist()


def with_erratic_rater(seed, *, stimuli=60, raters=20):
    """A full table, none of its stimuli unanimous, whose rater 3 often scores far off on both sides."""
    rng = np.random.default_rng(seed)
    quality = rng.uniform(2, 4, stimuli)
    scores = quality[:, None] + rng.normal(0, 0.7, (stimuli, raters)) + rng.normal(0, 0.3, raters)
    scores[:, 3] = quality + rng.choice([-2.5, 2.5], stimuli)
    scores = np.clip(np.round(scores), 1, 5)
    scores = scores[np.ptp(scores, axis=1) > 0]
    j, i = np.indices(scores.shape)
    return from_columns(j.ravel(), i.ravel(), scores.ravel()), scores


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning:sureal")
@pytest.mark.parametrize("seed", range(4))
def test_on_full_tables_the_rejections_are_those_of_the_common_implementation(seed):
    table, matrix = with_erratic_rater(seed)
    assert screening.bt500(table).rejected == rejected_by_sureal(matrix, SubjrejMosModel)
    assert screening.p913(table).rejected == rejected_by_sureal(matrix, BiasremvSubjrejMosModel)


def test_a_rater_far_off_on_both_sides_is_rejected():
    assert screening.bt500(with_erratic_rater(0)[0]).rejected == [3]


def test_a_unanimous_stimulus_speaks_against_nobody():
    table = from_columns([0] * 4 + [1] * 4, [0, 1, 2, 3] * 2, [4] * 4 + [3, 3, 4, 4])
    found = screening.bt500(table)
    assert found.rejected == []
    assert found.far_above == found.far_below == [0] * 4
    assert screening.p913(table).rejected == []


def test_a_score_exactly_at_the_limit_counts():
    table = from_columns([0] * 5, range(5), [1, 1, 1, 1, 2])  # mean 1.2, deviation .4, kurtosis 3.25: limit 2
    assert screening.bt500(table).far_above == [0, 0, 0, 0, 1]


def test_the_share_is_of_what_a_rater_saw():
    """Rater 24 saw 10 of 300 stimuli, one far above and one far below: 20 % of these, under 1 % of all."""
    j, i = np.indices((300, 24))
    score = np.full(j.shape, 3.0)
    late = [5, 1, 3, 3, 3, 3, 3, 3, 3, 3]
    columns = ([*j.ravel(), *range(10)], [*i.ravel(), *[24] * 10], [*score.ravel(), *late])
    found = screening.bt500(from_columns(*columns))
    assert (found.far_above[24], found.far_below[24]) == (1, 1)
    assert found.rejected == [24]


def test_correlation_leaves_the_rater_out_of_the_mean():
    scores = np.array([[1, 2, 5], [2, 2, 1], [4, 5, 3], [5, 4, 2]], dtype=float)
    j, i = np.indices(scores.shape)
    found = screening.correlation(from_columns(j.ravel(), i.ravel(), scores.ravel()))
    for rater in range(3):
        others = np.delete(scores, rater, axis=1).mean(axis=1)
        assert found.correlations[rater] == pytest.approx(np.corrcoef(scores[:, rater], others)[0, 1])
    r = np.array(found.correlations)
    assert found.threshold == pytest.approx(min(0.7, r.mean() - r.std()))


def test_in_a_sparse_design_correlation_catches_the_careless(study):
    table, _ = study(4, pairs=400, raters=200, per_rater=30, bias_sd=0.35, clip_sd=0.2, careless_share=0.1)
    from studies.mos.simulated_raters import Temperament, is_careless

    careless = [
        code
        for code, name in enumerate(table.raters)
        if is_careless(int(name), seed=4, temperament=Temperament(careless_share=0.1))
    ]
    found = set(screening.correlation(table).rejected)
    assert len(careless) > 10
    assert len(found & set(careless)) >= 0.9 * len(careless)
    assert len(found - set(careless)) <= 5


def test_everybody_close_to_the_others_means_a_threshold_of_point_seven(study):
    table, _ = study(11, pairs=40, raters=20, per_rater=40, clip_sd=0.1, inconsistency=0.3)
    found = screening.correlation(table)
    assert found.threshold == 0.7
    assert min(found.correlations) > 0.7
    assert found.rejected == []


def test_a_rater_who_always_gives_the_same_score_is_undefined_not_nan():
    rng = np.random.default_rng(0)
    scores = np.clip(np.round(rng.uniform(1, 5, 30)[:, None] + rng.normal(0, 0.4, (30, 6))), 1, 5)
    scores[:, 2] = 3
    j, i = np.indices(scores.shape)
    found = screening.correlation(from_columns(j.ravel(), i.ravel(), scores.ravel()))
    assert found.correlations[2] is None
    assert found.undefined == [2]
    assert 2 not in found.rejected


@pytest.mark.parametrize(
    ("stimulus", "rater", "score"),
    [([0, 1, 2], [0, 0, 0], [1, 3, 5]), ([0], [0], [2]), ([0, 0, 1, 1], [0, 1, 0, 1], [3, 3, 3, 3])],
)
def test_too_few_votes_reject_nobody_and_leave_the_threshold_undefined(stimulus, rater, score):
    table = from_columns(stimulus, rater, score)
    found = screening.correlation(table)
    assert (found.rejected, found.threshold) == ([], None)
    assert screening.bt500(table).rejected == screening.p913(table).rejected == []


def test_two_votes_of_one_rater_on_a_stimulus_are_both_left_out():
    table = from_columns([0, 0, 0, 1, 1, 2, 2], [0, 0, 1, 0, 1, 0, 1], [1, 2, 4, 3, 2, 5, 1])
    found = screening.correlation(table)
    assert found.correlations[0] == pytest.approx(np.corrcoef([1, 2, 3, 5], [4, 4, 2, 1])[0, 1])


def test_removing_bias_gives_every_rater_the_same_mean_on_a_full_table(full_table):
    corrected = full_table.with_scores(screening.without_bias(full_table))
    means = np.bincount(corrected.rater, corrected.score) / np.bincount(corrected.rater)
    assert means == pytest.approx(np.full(len(means), full_table.score.mean()))
    assert isinstance(corrected, ratings.Ratings)
