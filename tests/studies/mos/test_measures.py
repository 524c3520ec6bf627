"""What a template's means are called, and scores that are differences to a hidden reference."""

import numpy as np
import pytest

from studies.mos.measures import MEASURES, NO_REFERENCE, differential


def columns(*rows):
    rater, stimulus, score = zip(*rows, strict=True)
    return np.array(rater), np.array(stimulus), np.array(score, dtype=float)


def test_each_template_has_the_name_of_its_recommendation():
    assert {key: measure.name for key, measure in MEASURES.items()} == {
        "naturalness": "MOS (ACR labels, explicit reference)",
        "acr": "MOS (ACR)",
        "acr-hr": "DMOS (ACR with hidden reference)",
        "dcr": "DMOS (DCR)",
    }
    assert [key for key, measure in MEASURES.items() if measure.differential] == ["acr-hr"]


def test_a_difference_is_to_the_same_raters_reference_plus_five_and_not_cut():
    """Stimulus 0 is the reference of 1 and 2; rater 1 likes nothing."""
    votes = columns((0, 0, 5), (0, 1, 3), (0, 2, 5), (1, 0, 2), (1, 1, 4))
    counts, score = differential(*votes, np.array([NO_REFERENCE, 0, 0]), raters=2)
    assert counts.tolist() == [False, True, True, False, True]
    assert score.tolist() == [3.0, 5.0, 7.0]


def test_a_vote_whose_reference_its_rater_did_not_score_has_no_difference():
    votes = columns((0, 0, 5), (1, 1, 4))
    counts, score = differential(*votes, np.array([NO_REFERENCE, 0]), raters=2)
    assert not counts.any()
    assert score.tolist() == []


def test_several_votes_on_a_reference_are_averaged():
    votes = columns((0, 0, 5), (0, 0, 4), (0, 1, 3))
    _, score = differential(*votes, np.array([NO_REFERENCE, 0]), raters=1)
    assert score.tolist() == [3.5]


@pytest.mark.parametrize("reference", [[NO_REFERENCE, NO_REFERENCE], [NO_REFERENCE, 0]])
def test_without_any_reference_vote_there_are_no_differences(reference):
    counts, score = differential(*columns((0, 1, 3)), np.array(reference), raters=1)
    assert (counts.tolist(), score.tolist()) == ([False], [])
