from dataclasses import replace

import numpy as np
import pytest

from anonymizer.gait.catalogue import DONOR_POLICIES
from recognition.identify import attackers, success
from recognition.identify.attackers import ATTACKERS, attack, outdoes
from recognition.identify.gaits import Gaits, together
from recognition.identify.material import DEFENDERS, GALLERY, OWN, TRAINING, Effort, Held, spread
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
def material(make_gaits) -> Held:
    gaits = make_gaits(subjects=24)
    ids = [f"{s:03d}" for s in range(1, 25)]
    train, test = gaits.of_subjects(ids[12:]), gaits.of_subjects(ids[:12])
    gallery, probes = (test.chosen(SequenceChoice.parse(c)) for c in ("nm-01,nm-02", "nm-03,nm-04"))
    return Held(
        recognizer=untrained().fit(train.inputs, train.subjects, train.view_angles),
        gallery={"geis": gallery},
        anonymized={"geis": anonymized(probes, seed=1)},
        own={
            (GALLERY, "geis", OWN): [anonymized(gallery, seed=2), anonymized(gallery, seed=7)],
            (TRAINING, "geis", OWN): [anonymized(train, seed=3)],
            (GALLERY, "geis", DEFENDERS): [anonymized(gallery, seed=seed) for seed in (4, 5)],
            (TRAINING, "geis", DEFENDERS): [anonymized(train, seed=6)],
        },
        effort=Effort(copies=2, view_angles=(0, 180)),
    )


def said(name: str, material: Held):
    return attack(ATTACKERS[name], material).identifications


def test_the_ladder_starts_with_the_papers_attacker():
    assert list(ATTACKERS)[:4] == ["naive", "anonymized-gallery", "retrained", "pool-aware"]
    assert all(name == attacker.name for name, attacker in ATTACKERS.items())


def test_every_attacker_says_what_it_knows_and_needs():
    for attacker in ATTACKERS.values():
        assert attacker.knows.endswith(".")
        assert attacker.needs


def test_who_outdoes_whom_is_passed_on():
    assert outdoes("linked-clips", "naive", "none")
    assert not outdoes("naive", "linked-clips", "none")
    assert not any(outdoes(name, name, donors) for name in ATTACKERS for donors in DONOR_POLICIES)


@pytest.mark.parametrize(
    ("stronger", "weaker", "donors"),
    [
        ("anonymized-gallery", "naive", {"none"}),
        ("retrained", "anonymized-gallery", {"none", "random", "synthetic"}),
        ("pool-aware", "naive", {"none", "fixed"}),
        ("pool-aware", "retrained", set(DONOR_POLICIES)),
        ("distribution-aware", "naive", {"none", "random", "synthetic"}),
        ("distribution-aware", "pool-aware", set()),
        ("joint", "box-track", set(DONOR_POLICIES)),
    ],
)
def test_who_outdoes_whom_depends_on_the_donors(stronger, weaker, donors):
    assert {each for each in DONOR_POLICIES if outdoes(stronger, weaker, each)} == donors


def test_the_naive_attacker_uses_nothing_but_clear_gaits(material):
    answers = said("naive", replace(material, own={}))
    expected = evaluate(material.recognizer, material.gallery["geis"], material.anonymized["geis"])
    assert (answers.scores == expected.scores).all()


def test_who_enrols_anonymized_copies_identifies_more(material):
    naive, aware = (
        success.rank_rate(said(name, material)).mean() for name in ("naive", "anonymized-gallery")
    )
    assert aware > naive + 0.2


def test_who_also_trains_on_anonymized_gaits_uses_that_recognizer(material):
    training = material.own[TRAINING, "geis", OWN][0]
    recognizer = untrained().fit(training.inputs, training.subjects, training.view_angles)
    expected = evaluate(recognizer, material.own[GALLERY, "geis", OWN][0], material.anonymized["geis"])
    assert (said("retrained", material).scores == expected.scores).all()


def test_the_pool_aware_attacker_enrols_every_copy_at_the_view_angles_of_its_effort(material):
    answers = attack(ATTACKERS["pool-aware"], material)
    found = answers.identifications
    assert answers.details == {"copies": 2, "view_angles": [0, 180], "donors": None}
    assert found.probes == material.anonymized["geis"].keys
    assert (success.probes(found) > 0).tolist() == [[True, False, True], [False] * 3, [True, False, True]]
    single = said("pool-aware", replace(material, effort=Effort(copies=2, view_angles=(0, 180)), own={
        **material.own, (GALLERY, "geis", DEFENDERS): [material.own[GALLERY, "geis", DEFENDERS][0]] * 2,
    }))  # fmt: skip
    assert (found.scores <= single.scores).all()
    assert (found.scores < single.scores).any()


def test_cells_that_were_left_out_have_no_rate_and_do_not_count(material):
    found = said("pool-aware", material)
    originals = said("naive", replace(material, anonymized={"geis": material.gallery["geis"]}))
    comparison = success.compare(replace(originals, probes=found.probes), found)
    assert np.isnan(success.rank_rate(found)[1]).all()
    assert np.isnan(success.success_rate(comparison)[:, 1]).all()
    assert success.recognized(comparison)[1, 1] > 0  # |S| is the same for every attacker
    assert success.attacked(comparison)[1, 1] == 0
    assert not any(row.gallery_view_angle == 90 for row in found.rows())


def test_an_attacker_without_its_own_copies_is_refused(material):
    without = replace(material, own={})
    with pytest.raises(ValueError, match="needs 1 anonymized copies of the gallery as geis"):
        said("anonymized-gallery", without)
    with pytest.raises(ValueError, match="needs 2 anonymized copies of the gallery as geis"):
        said("pool-aware", without)


def test_attackers_are_chosen_by_name_and_run_by_strength():
    both = attackers.chosen("anonymized-gallery, naive")
    assert [attacker.name for attacker in both] == ["naive", "anonymized-gallery"]
    assert attackers.chosen(None) == tuple(ATTACKERS.values())


def test_an_unknown_attacker_is_named():
    with pytest.raises(ValueError, match=r"--attackers: 'nayve' is unknown\. Use some of naive, "):
        attackers.chosen("naive,nayve")


def test_view_angles_are_spread_from_the_first_to_the_last():
    assert spread(range(0, 181, 18)) == (0, 90, 180)
    assert spread([36, 90]) == (36, 90)
    assert spread([90]) == (90,)


@pytest.mark.parametrize(("effort", "message"), [({"copies": 1}, "Copies"), ({"clips": 1}, "Linked clips")])
def test_an_effort_that_is_none_is_refused(effort, message):
    with pytest.raises(ValueError, match=f"{message} must be from 2"):
        Effort(**effort)


def test_copies_in_files_stay_there_until_they_are_asked_for(make_gaits):
    from recognition.identify.gaits import Stored

    one, fetched = make_gaits(subjects=3), []

    def fetch(rows):
        fetched.extend(rows.tolist())
        return one.inputs[rows]

    stored = replace(one, inputs=Stored(fetch, np.arange(len(one))))
    both = together([stored, one]).where([key.subject == "002" for key in (*one.keys, *one.keys)])
    assert fetched == []
    assert np.array_equal(both.read(), together([one.of_subjects(["002"])] * 2).inputs)
    assert set(fetched) == {n for n, key in enumerate(one.keys) if key.subject == "002"}
