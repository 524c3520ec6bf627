from dataclasses import replace

import numpy as np
import pytest

from recognition.identify import attackers, success
from recognition.identify.attackers import ATTACKERS, Attacker, Material, attack
from recognition.identify.gaits import Gaits
from recognition.identify.protocol import SequenceChoice, evaluate
from recognition.identify.zheng import Parameters, Zheng

SIZE = (16, 12)


def anonymized(gaits: Gaits, seed: int) -> Gaits:
    """A crude anonymization: every image is shifted by what the method always adds and a drawn rest."""
    rng = np.random.default_rng(seed)
    method = np.random.default_rng(99).normal(scale=6, size=gaits.inputs.shape[1:])
    drawn = rng.normal(scale=0.3, size=gaits.inputs.shape)
    return replace(gaits, inputs=(np.tanh(gaits.inputs + method) * 3 + drawn).astype(np.float32))


def untrained() -> Zheng:
    return Zheng(Parameters(size=SIZE, components=12))


@pytest.fixture
def material(make_gaits) -> Material:
    gaits = make_gaits(subjects=24)
    ids = [f"{s:03d}" for s in range(1, 25)]
    train, test = gaits.of_subjects(ids[12:]), gaits.of_subjects(ids[:12])
    gallery, probes = (test.chosen(SequenceChoice.parse(c)) for c in ("nm-01,nm-02", "nm-03,nm-04"))
    return Material(
        clear_recognizer=untrained().fit(train.inputs, train.subjects, train.view_angles),
        clear_gallery=gallery,
        anonymized_probes=anonymized(probes, seed=1),
        own_gallery=anonymized(gallery, seed=2),
        own_training=anonymized(train, seed=3),
        new_recognizer=untrained,
    )


def test_the_ladder_starts_with_the_papers_attacker():
    assert list(ATTACKERS)[:2] == ["naive", "anonymized-gallery"]
    assert all(name == attacker.name for name, attacker in ATTACKERS.items())


def test_the_naive_attacker_uses_nothing_but_clear_gaits(material):
    answers = attack(ATTACKERS["naive"], replace(material, own_gallery=None, own_training=None))
    expected = evaluate(material.clear_recognizer, material.clear_gallery, material.anonymized_probes)
    assert (answers.scores == expected.scores).all()


def test_who_enrols_anonymized_copies_identifies_more(material):
    naive, aware = (success.rank_rate(attack(ATTACKERS[a], material)).mean() for a in list(ATTACKERS)[:2])
    assert aware > naive + 0.2


def test_a_later_rung_is_one_more_entry(material):
    retrained = Attacker("retrained", "Retrained", "Trains anonymized.", True, True)
    answers = attack(retrained, material)
    own = material.own_training
    recognizer = untrained().fit(own.inputs, own.subjects, own.view_angles)
    expected = evaluate(recognizer, material.own_gallery, material.anonymized_probes)
    assert (answers.scores == expected.scores).all()


def test_several_copies_of_a_gallery_gait_are_welcome(material):
    one, other = material.own_gallery, anonymized(material.clear_gallery, seed=7)
    both = Gaits(one.keys + other.keys, np.concatenate([one.inputs, other.inputs]))
    answers = attack(ATTACKERS["anonymized-gallery"], replace(material, own_gallery=both))
    single = attack(ATTACKERS["anonymized-gallery"], material)
    assert (answers.scores <= single.scores).all()
    assert (answers.scores < single.scores).any()


def test_an_attacker_without_its_own_copies_is_refused(material):
    with pytest.raises(ValueError, match="anonymized-gallery needs its own anonymized copies of the gallery"):
        attack(ATTACKERS["anonymized-gallery"], replace(material, own_gallery=None))
    retrained = Attacker("retrained", "Retrained", "Trains anonymized.", False, True)
    with pytest.raises(ValueError, match="retrained needs its own anonymized copies of the training gaits"):
        attack(retrained, replace(material, own_training=None))
    with pytest.raises(ValueError, match="retrained needs an untrained recognizer"):
        attack(retrained, replace(material, new_recognizer=None))


def test_attackers_are_chosen_by_name_and_run_by_strength():
    both = attackers.chosen("anonymized-gallery, naive")
    assert [attacker.name for attacker in both] == ["naive", "anonymized-gallery"]
    assert attackers.chosen(None) == tuple(ATTACKERS.values())


def test_an_unknown_attacker_is_named():
    with pytest.raises(ValueError, match=r"--attackers: 'nayve' is unknown\. Use some of naive, "):
        attackers.chosen("naive,nayve")
