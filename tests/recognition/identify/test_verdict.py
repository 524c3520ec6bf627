import numpy as np
import pytest

from recognition.identify import verdict
from recognition.identify.gaits import GaitKey
from recognition.identify.identifications import Identifications
from recognition.identify.success import compare

SUBJECTS = tuple(f"{s:03d}" for s in range(1, 21))
PROBES = tuple(GaitKey(s, "nm", number, 0) for s in SUBJECTS for number in (5, 6))


def identified_by(*right: int) -> Identifications:
    """Of 20 subjects with two probes each, those at the positions `right` are identified, others never."""
    own = np.repeat(np.arange(20), 2)
    named = np.where(np.isin(own, right), own, (own + 1) % 20)
    return Identifications(PROBES, (0,), SUBJECTS, 1 - np.eye(20, dtype=np.float32)[named][None])


EVERYBODY = identified_by(*range(20))


def test_skill_is_one_for_certainty_and_zero_at_chance():
    assert verdict.skill(EVERYBODY) == 1
    assert verdict.skill(identified_by(0)) == pytest.approx(0)  # 1 of 20 is chance


def test_skill_is_taken_at_the_best_gallery_view_angle():
    keys = tuple(key._replace(view_angle=v) for v in (0, 90) for key in PROBES)
    at_0 = np.concatenate([EVERYBODY.scores[0], identified_by(0).scores[0]])
    at_90 = np.concatenate([identified_by(0).scores[0], identified_by(*range(10)).scores[0]])
    both = Identifications(keys, (0, 90), SUBJECTS, np.stack([at_0, at_90]))
    assert verdict.skill(both) == pytest.approx((1 + (0.5 - 0.05) / 0.95) / 2)


def test_one_enrolled_subject_shows_no_skill():
    alone = Identifications(PROBES[:2], (0,), SUBJECTS[:1], np.zeros((1, 2, 1), np.float32))
    assert np.isnan(verdict.skill(alone))
    assert "nothing can be said" in verdict.refusals(alone, {})[0]


def test_a_weak_recognizer_refuses_the_verdict():
    weak = identified_by(*range(8))
    (reason,) = verdict.refusals(weak, {"naive": identified_by()})
    assert "weak on clear gaits" in reason
    assert "37% of that way" in reason


def test_a_sound_evaluation_refuses_nothing():
    attacked = {"naive": identified_by(0), "anonymized-gallery": identified_by(*range(9))}
    assert verdict.refusals(EVERYBODY, attacked) == ()


def test_a_stronger_attacker_who_does_worse_refuses_the_verdict():
    attacked = {"naive": identified_by(*range(12)), "anonymized-gallery": identified_by(0)}
    (reason,) = verdict.refusals(EVERYBODY, attacked)
    assert reason.startswith("anonymized-gallery knows more than naive and identifies fewer gaits")


def test_with_donors_of_their_own_two_copies_may_be_less_alike_than_a_copy_and_the_clear_walk():
    attacked = {"naive": identified_by(*range(12)), "anonymized-gallery": identified_by(0)}
    assert verdict.refusals(EVERYBODY, attacked, donors="synthetic") == ()


def test_many_copies_outdo_the_clear_walk_with_donors_of_their_own_as_well():
    attacked = {"naive": identified_by(*range(12)), "distribution-aware": identified_by(0)}
    (reason,) = verdict.refusals(EVERYBODY, attacked, donors="synthetic")
    assert reason.startswith("distribution-aware knows more than naive")


def test_a_small_difference_is_noise():
    attacked = {"naive": identified_by(0, 1, 2), "anonymized-gallery": identified_by(0, 5)}
    assert verdict.refusals(EVERYBODY, attacked) == ()


def test_the_same_answers_are_not_worse_than_themselves():
    same = compare(EVERYBODY, identified_by(3))
    assert not verdict.worse_by_more_than_noise(same, same)


def test_an_unknown_attacker_is_named():
    with pytest.raises(ValueError, match="'psychic' is unknown"):
        verdict.refusals(EVERYBODY, {"psychic": EVERYBODY})
