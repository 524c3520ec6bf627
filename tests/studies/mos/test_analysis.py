import json
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.mos import ratings
from studies.mos.analysis import analysis


def table(stimulus, rater, score, **more):
    return ratings.from_columns(stimulus, rater, score, **more)


def test_the_result_has_the_published_names_and_the_tables_own_keys(full_table):
    found = analysis(full_table)
    assert list(found) == [
        "stimuli", "raters", "votes", "missing_votes", "repeated_votes", "mos", "sos_a",
        "screening", "subject_model", "subject_model_default", "agreement", "by_view_angle",
    ]  # fmt: skip
    assert (found["stimuli"], found["raters"], found["votes"]) == (40, 20, 800)
    assert found["mos"][0].keys() == {"stimulus", "mos", "ci95", "votes"}
    assert {key: set(value) for key, value in found["screening"].items()} == {
        "bt500": {"rejected"}, "correlation": {"rejected", "threshold"}, "p913": {"rejected"},
    }  # fmt: skip
    assert set(found["subject_model"]) == {"standard", "regularised"}
    for model in found["subject_model"].values():
        assert set(model) == {"psi", "bias", "inconsistency", "iterations"}
        assert list(model["psi"]) == list(full_table.stimuli)
        assert list(model["bias"]) == list(full_table.raters)
    assert set(found["agreement"]) == {
        "icc_2_1", "icc_2_k", "krippendorff_alpha_interval", "krippendorff_alpha_ordinal",
    }  # fmt: skip
    assert set(found["by_view_angle"][0]) == {
        "view_angle", "mos", "ci95_clustered", "ci95_naive", "votes", "raters", "clips",
    }  # fmt: skip
    json.dumps(found, allow_nan=False)


def test_by_view_angle_counts_only_rows_that_name_one():
    found = analysis(table(list("abab"), list("xyyx"), [1, 2, 3, 4], view_angle=["90", "90", "", "0"]))
    assert [(row["view_angle"], row["votes"], row["mos"]) for row in found["by_view_angle"]] == [
        (0, 1, 4),
        (90, 2, 1.5),
    ]
    assert analysis(table(["a", "b"], ["x", "y"], [1, 2]))["by_view_angle"] == []


@pytest.mark.parametrize(
    ("stimulus", "rater", "score"),
    [
        (["a"], ["r"], [3]),
        (["a", "b", "c"], ["r", "r", "r"], [1, 2, 3]),
        (["a", "a", "a"], ["r", "s", "t"], [4, 4, 4]),
        (["a", "b", "a", "b"], ["r", "r", "s", "s"], [3, 3, 3, 3]),
        (["a", "a", "b"], ["r", "s", "s"], [1, 5, None]),
        (["a", "a", "b", "b"], ["r", "r", "r", "s"], [1, 5, 3, 4]),
        (["a", "a", "b", "b"], ["r", "s", "r", "s"], [55.5, 80, 0, 100]),
        (["a", "a", "b", "b"], ["r", "s", "r", "s"], [1e9, -1e9, 0, 5]),
    ],
)
def test_every_well_formed_table_succeeds_with_nulls_where_undefined(stimulus, rater, score):
    found = analysis(table(stimulus, rater, score, view_angle=[90] * len(score)))
    assert json.loads(json.dumps(found, allow_nan=False))["stimuli"] == len(set(stimulus))


def test_a_stimulus_without_votes_is_listed_with_nulls():
    found = analysis(table(["a", "b"], ["r", "s"], [np.nan, 2]))
    assert found["mos"][0] == {"stimulus": "a", "mos": None, "ci95": None, "votes": 0}
    assert found["subject_model"]["standard"]["psi"]["a"] is None
    assert found["subject_model"]["standard"]["bias"] == {"r": None, "s": 0.0}


def test_a_table_without_a_single_vote_has_counts_and_nulls():
    found = analysis(table(["a", "b"], ["r", "r"], [None, None], view_angle=[0, 90]))
    assert (found["stimuli"], found["raters"], found["votes"]) == (2, 1, 0)
    assert found["mos"][1] == {"stimulus": "b", "mos": None, "ci95": None, "votes": 0}
    assert found["screening"]["correlation"] == {"rejected": [], "threshold": None}
    assert found["by_view_angle"] == []


def test_raters_who_always_give_the_same_score_are_rejected_by_no_rule():
    found = analysis(table(list("abcabcabc"), list("rrrssstTt"), [3, 3, 3, 1, 3, 5, 2, 3, 4]))
    assert [rule["rejected"] for rule in found["screening"].values()] == [[], [], []]


VOTES = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.integers(0, 4),
        st.one_of(st.none(), st.integers(1, 5), st.floats(-1e12, 1e12)),
        st.sampled_from([0, 90]),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(votes=VOTES)
def test_whatever_the_votes_are_nothing_is_nan_and_no_interval_is_upside_down(votes):
    stimulus, rater, score, angle = zip(*votes, strict=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = analysis(table(stimulus, rater, score, view_angle=angle))
    found = json.loads(json.dumps(result, allow_nan=False))
    assert found["votes"] == sum(each is not None for each in score)
    for row in found["by_view_angle"]:
        for low, high in filter(None, (row["ci95_clustered"], row["ci95_naive"])):
            assert low <= row["mos"] <= high
