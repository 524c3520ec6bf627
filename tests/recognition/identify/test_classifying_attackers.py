"""Attackers with classifiers of their own, on methods whose leak is planted, so that the right answer is known."""

from dataclasses import replace

import numpy as np
import pytest

from recognition.identify import success, verdict
from recognition.identify.attackers import ATTACKERS, attack
from recognition.identify.classifying_attackers import _held_out, _learned_and_asked
from recognition.identify.gaits import GaitKey, Gaits
from recognition.identify.harmonics import HEIGHT, WIDTH
from recognition.identify.material import GALLERY, OWN, Effort, Held
from recognition.identify.protocol import evaluate
from recognition.identify.zheng import Parameters, Zheng

SUBJECTS, COPIES, ANGLES, SIZE = 10, 6, (0, 90), (8, 6)
FORMS = {"geis": SIZE, "harmonics": (2, HEIGHT, WIDTH), "boxes": (13,)}
CHANCE = 1 / SUBJECTS


class Walkers:
    """People with a shape, a motion and a box of their own; a method lets a share of each through."""

    def __init__(self, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.own = {form: self.rng.normal(size=(SUBJECTS, *shape)) for form, shape in FORMS.items()}

    def changed(self, numbers, leaks) -> dict[str, Gaits]:
        """Walks as the method leaves them: `leaks[form]` of the person's own among a fresh donor's."""
        keys = [GaitKey(f"{s + 1:03d}", "nm", n, v) for v in ANGLES for s in range(SUBJECTS) for n in numbers]
        found = {}
        for form, shape in FORMS.items():
            own = np.array([self.own[form][int(key.subject) - 1] for key in keys])
            values = leaks.get(form, 0) * own + self.rng.normal(size=(len(keys), *shape))
            found[form] = Gaits(tuple(keys), self._recorded(values) if form == "harmonics" else values)
        return found

    def mixed_with_one_donor(self, donor, numbers, leaks) -> dict[str, Gaits]:
        """The same, with one donor for everybody, whose shape mixes differently with each person's."""
        found = self.changed(numbers, leaks)
        mixed = 3 * self.rng.normal(size=(SUBJECTS, *SIZE))
        geis = found["geis"].inputs + mixed[[int(key.subject) - 1 for key in found["geis"].keys]]
        return {
            form: Gaits(gaits.keys, geis if form == "geis" else gaits.inputs, (donor,) * len(gaits))
            for form, gaits in found.items()
        }

    def _recorded(self, values):
        """Complex, and turned to wherever in the cycle the recording began."""
        turn = np.exp(-1j * self.rng.uniform(0, 2 * np.pi, len(values)))
        return (values * np.stack([turn, turn**2], axis=1)[:, :, None, None]).astype(np.complex64)


def material_of(seed: int = 0, probes=(5, 6), **leaks: float) -> Held:
    walkers = Walkers(seed)
    copies = [walkers.changed((1, 2), leaks) for _ in range(COPIES)]
    clear = walkers.changed((1, 2), dict.fromkeys(FORMS, 5.0))
    geis = clear["geis"]
    return Held(
        recognizer=Zheng(Parameters(size=SIZE, components=9)).fit(
            geis.inputs, geis.subjects, geis.view_angles
        ),
        gallery=clear,
        anonymized=walkers.changed(probes, leaks),
        own={(GALLERY, form, OWN): [copy[form] for copy in copies] for form in FORMS},
        effort=Effort(copies=COPIES, view_angles=ANGLES),
    )


def rank1(name: str, material: Held) -> float:
    found = attack(ATTACKERS[name], material).identifications
    return float(np.nanmean(np.diag(success.rank_rate(found))))


def test_a_part_of_the_shape_is_found_by_who_draws_copies_and_not_by_who_compares():
    material = material_of(geis=0.5)
    naive = evaluate(material.recognizer, material.gallery["geis"], material.anonymized["geis"])
    answers = attack(ATTACKERS["distribution-aware"], material)
    assert (
        np.diag(success.rank_rate(answers.identifications)).mean()
        > np.diag(success.rank_rate(naive)).mean() + 0.2
    )
    assert answers.details["chosen"].endswith("on GEIs")


def test_motion_alone_is_found_in_the_harmonics_whenever_the_recording_begins():
    material = material_of(harmonics=0.5)
    answers = attack(ATTACKERS["distribution-aware"], material)
    assert answers.details["chosen"].endswith("and two harmonics")
    assert rank1("distribution-aware", material) > 0.8


def test_a_method_that_keeps_the_box_is_named_by_the_box_alone():
    material = material_of(boxes=1.5)
    assert rank1("box-track", material) > 0.9
    assert rank1("distribution-aware", material) < 0.35


def test_joint_names_at_least_as_many_as_either_of_what_it_adds():
    material = material_of(geis=0.3, boxes=0.7)
    joint = rank1("joint", material)
    assert joint >= max(rank1("distribution-aware", material), rank1("box-track", material))


def test_a_look_that_says_nothing_costs_joint_nothing():
    material = material_of(boxes=1.5)
    assert rank1("joint", material) >= rank1("box-track", material) - 0.05


def test_who_knows_other_donors_than_the_defenders_is_not_too_sure_of_shapes():
    joint, box = [], []
    for seed in range(3):
        walkers, leaks = Walkers(seed), {"boxes": 1.0}
        copies = [walkers.mixed_with_one_donor(f"own {n}", (1, 2), leaks) for n in range(COPIES)]
        material = replace(
            material_of(seed),
            anonymized=walkers.mixed_with_one_donor("the defender's", (5, 6), leaks),
            own={(GALLERY, form, OWN): [copy[form] for copy in copies] for form in FORMS},
        )
        joint.append(rank1("joint", material))
        box.append(rank1("box-track", material))
    assert np.mean(joint) >= np.mean(box) - 0.05


def test_held_out_walks_have_held_out_donors_where_donors_lend_to_several():
    keys = [GaitKey(s, "nm", n, 0) for s in ("001", "002") for n in (1, 2, 3) for _ in range(5)]
    copies = Gaits(tuple(keys), np.zeros((30, 1)), tuple("abcde" * 6))
    learned, asked = _learned_and_asked(copies)
    assert {(key.number, donor) for key, donor, each in zip(keys, copies.donors, asked, strict=True) if each} == {
        (3, "b"), (3, "e"),
    }  # fmt: skip
    assert {donor for donor, each in zip(copies.donors, learned, strict=True) if each} == set("acd")
    fresh = Gaits(copies.keys, copies.inputs, tuple(map(str, range(30))))
    assert _learned_and_asked(fresh)[1].tolist() == [key.number == 3 for key in keys]


def test_clips_that_are_linked_name_more_than_one_of_them():
    material = material_of(geis=0.25, probes=(3, 4, 5, 6))
    three = replace(material, effort=Effort(copies=COPIES, clips=3, view_angles=ANGLES), said={})
    assert rank1("joint", material) < rank1("linked-clips", material) <= rank1("linked-clips", three) + 0.05


def test_who_has_too_few_clips_is_left_out_and_not_counted_as_private():
    material = material_of(geis=1)
    lonely = material.anonymized["geis"].keys[0]
    kept = {
        form: gaits.where([key.subject != lonely.subject or key.number == 5 for key in gaits.keys])
        for form, gaits in material.anonymized.items()
    }
    found = attack(ATTACKERS["linked-clips"], replace(material, anonymized=kept)).identifications
    alone = [key.subject == lonely.subject for key in found.probes]
    assert not found.tried[:, alone].any()
    assert np.diag(success.probes(found)).tolist() == [2 * (SUBJECTS - 1)] * 2


def test_where_nothing_leaks_everyone_is_at_chance():
    named = [rank1(name, material_of(seed=s)) for s in range(3) for name in ("joint", "linked-clips")]
    assert np.mean(named) == pytest.approx(CHANCE, abs=0.08)


def test_they_answer_at_the_probes_own_view_angle_alone():
    found = attack(ATTACKERS["distribution-aware"], material_of(geis=1)).identifications
    assert (success.probes(found) > 0).tolist() == [[True, False], [False, True]]


def test_view_angles_that_the_effort_leaves_out_are_left_out():
    material = replace(material_of(geis=1), effort=Effort(copies=COPIES, view_angles=(90,)))
    answers = attack(ATTACKERS["joint"], material).identifications
    assert (success.probes(answers) > 0).tolist() == [[False, False], [False, True]]


def test_scores_are_how_surprising_each_subject_would_be():
    found = attack(ATTACKERS["box-track"], material_of(boxes=1)).identifications
    at_0 = found.scores[0][[key.view_angle == 0 for key in found.probes]]
    assert np.exp(-at_0).sum(axis=1) == pytest.approx(1, abs=1e-4)


def test_a_planted_leak_makes_the_stronger_rung_win_and_the_verdict_stands():
    material = material_of(geis=0.5, boxes=0.8)
    originals = evaluate(material.recognizer, material.gallery["geis"], material.anonymized["geis"])
    certain = replace(originals, scores=perfect(originals))
    names = ("naive", "distribution-aware", "box-track", "joint")
    attacked = {name: attack(ATTACKERS[name], material).identifications for name in names}
    assert rank1("joint", material) > rank1("naive", material) + 0.3
    assert verdict.refusals(certain, attacked) == ()


def perfect(answers):
    own = np.arange(len(answers.subjects)) == answers.true_subject[:, None]
    return np.where(own, 0, 1).astype(np.float32)[None].repeat(len(answers.view_angles), axis=0)


def test_everybodys_last_walk_is_held_out_or_every_fifth_copy_of_a_single_one():
    keys = [GaitKey("001", "nm", n, 0) for n in (1, 2)] * 3
    assert _held_out(Gaits(tuple(keys), np.zeros((6, 1)))).tolist() == [False, True] * 3
    single = [GaitKey("001", "nm", 1, 0)] * 10
    assert np.flatnonzero(_held_out(Gaits(tuple(single), np.zeros((10, 1))))).tolist() == [4, 9]


def test_who_has_one_copy_left_is_learned_and_not_asked_about():
    keys = [GaitKey("001", "nm", 1, 0), GaitKey("002", "nm", 1, 0), GaitKey("002", "nm", 1, 0)]
    assert _held_out(Gaits(tuple(keys), np.zeros((3, 1)))).tolist() == [False, False, True]
