from types import SimpleNamespace

import numpy as np
import pytest
from sureal.dataset_reader import RawDatasetReader
from sureal.subjective_model import SubjectMLEModelProjectionSolver

from studies.mos import ratings, subject_model


def fitted(table, version=None):
    return subject_model.fit(
        table.stimulus, table.rater, table.score,
        stimuli=len(table.stimuli), raters=len(table.raters), version=version,
    )  # fmt: skip


def by_sureal(matrix):
    references = [{"content_id": 0, "path": ""}]
    clips = [
        {"content_id": 0, "asset_id": j, "path": str(j), "os": row.tolist()} for j, row in enumerate(matrix)
    ]
    dataset = SimpleNamespace(ref_videos=references, dis_videos=clips)
    return SubjectMLEModelProjectionSolver(RawDatasetReader(dataset)).run_modeling()


@pytest.mark.parametrize("kind", ["full_table", "sparse_table"])
def test_the_standards_version_equals_sureals(kind, request, matrix_of):
    table = request.getfixturevalue(kind)
    theirs, ours = by_sureal(matrix_of(table)), fitted(table, "standard")
    assert ours.psi == pytest.approx(theirs["quality_scores"], abs=1e-7)
    assert ours.bias == pytest.approx(theirs["observer_bias"], abs=1e-7)
    assert ours.inconsistency == pytest.approx(theirs["observer_inconsistency"], abs=1e-7)
    assert ours.psi_ci95 == pytest.approx(theirs["quality_scores_ci95"][0], rel=1e-4)
    assert ours.iterations == theirs["num_iter"]
    assert ours.converged


def test_it_finds_the_raters_whom_it_was_given(study):
    table, _ = study(2, pairs=99, raters=40, per_rater=60, bias_sd=0.5, clip_sd=0.0)
    from studies.mos.simulated_raters import Temperament, bias_and_inconsistency

    kind = Temperament(bias_sd=0.5, clip_sd=0.0)
    truth = np.array([bias_and_inconsistency(r, seed=2, temperament=kind) for r in range(40)])
    found = fitted(table)
    assert np.corrcoef(found.bias, truth[:, 0])[0, 1] > 0.9
    assert np.corrcoef(found.inconsistency, truth[:, 1])[0, 1] > 0.7
    assert sum(found.bias) == pytest.approx(0, abs=1e-9)


def test_with_few_votes_the_regularised_version_does_not_collapse_and_errs_less(study):
    table, quality = study(3, pairs=400, raters=60, per_rater=30, clip_sd=0.0, careless_share=0.1)
    truth = quality[[int(name) for name in table.stimuli]]
    models = {version: fitted(table, version) for version in ("standard", "regularised")}
    errors = {
        version: np.sqrt(np.mean((np.array(model.psi) - truth - np.mean(np.array(model.psi) - truth)) ** 2))
        for version, model in models.items()
    }
    assert errors["regularised"] < errors["standard"]
    assert min(models["regularised"].inconsistency) > 0.25 > min(models["standard"].inconsistency)


def test_eight_votes_on_every_stimulus_choose_the_standards_version():
    assert subject_model.default_version(np.repeat([0, 1], 8)) == "standard"
    assert subject_model.default_version([*np.repeat([0, 1], 8), 2]) == "regularised"


@pytest.mark.parametrize("version", ["standard", "regularised"])
@pytest.mark.parametrize(
    ("stimulus", "rater", "score"),
    [
        ([0, 1, 2], [0, 0, 0], [1, 3, 5]),  # one rater
        ([0, 0, 0], [0, 1, 2], [1, 3, 5]),  # one stimulus
        ([0, 0, 1, 1], [0, 1, 0, 1], [3, 3, 3, 3]),  # unanimous
        ([0], [0], [2]),  # one vote
        ([0, 1], [0, 1], [2, 4]),  # nothing in common
    ],
)
def test_degenerate_tables_give_finite_numbers(version, stimulus, rater, score):
    model = fitted(ratings.from_columns(stimulus, rater, score), version)
    for values in (model.psi, model.psi_ci95, model.bias, model.inconsistency):
        assert np.isfinite(np.array(values, dtype=float)).all()


def test_a_stimulus_or_rater_without_votes_has_no_value():
    model = subject_model.fit([0, 0, 2], [0, 1, 0], [3, 4, 2], stimuli=3, raters=3)
    assert model.psi[1] is None
    assert model.psi_ci95[1] is None
    assert (model.bias[2], model.inconsistency[2]) == (None, None)
    assert None not in (model.psi[0], model.psi[2], model.bias[0], model.bias[1])


def test_an_unknown_version_is_refused():
    with pytest.raises(ValueError, match="no subject model 'bayes'"):
        subject_model.fit([0], [0], [1], stimuli=1, raters=1, version="bayes")
