"""Changed walks: whose, with whose gait, by which parameters; and that one bad walk does not stop the others."""

import pickle

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from anonymizer import anonymizing, jobs, runs, store
from anonymizer.gait.catalogue import METHODS
from anonymizer.gait.silhouettes import pack, unpack
from anonymizer.jobs import Refused
from anonymizer.models import Anonymization, AnonymizedSequence
from tests.anonymizer.running import SPLIT, anonymized, done, interrupted, network, of
from tests.factories import CheckpointFactory, DatasetFactory, figure, walks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_runs")]


FEWER = {"donor-mix": {"donors": 2}}


@pytest.mark.parametrize(
    ("method", "donor"), [(each.name, policy) for each in METHODS.values() for policy in each.donor_policies]
)
def test_each_method_changes_the_walks_of_d3_with_donors_of_each_policy(dataset, method, donor):
    asked = {"donor": donor, "parameters": FEWER.get(method), "walks": ["nm-01"]}
    if METHODS[method].needs_network:
        asked["checkpoint"] = done(network(dataset, method=method)).checkpoint
    made = anonymized(dataset, method, **asked)
    changed = list(made.sequences.select_related("source__subject"))
    assert {row.source.subject.label for row in changed} <= {"003", "004", "005"}
    assert len(changed) == (2 if donor == "fixed" else 3) * 2
    assert all(store.read(row) != store.read(row.source) for row in changed)
    assert all(row.frame_count == row.source.frame_count for row in changed)
    assert all(row.donor != row.source.subject.label for row in changed)
    assert 0 < made.proxies["iou"] < 1


def test_every_walk_gets_synthetic_donors_of_its_own(dataset):
    made = anonymized(dataset, "donor-mix", parameters={"donors": 2}, walks=["nm-01"])
    lent = {row.source.subject_id: row.donor.split(", ") for row in made.sequences.select_related("source")}
    drawn = [donor for some in lent.values() for donor in some]
    assert len(set(drawn)) == len(drawn) == 2 * len(lent)
    assert {int(each.removeprefix("synthetic "), 16) for each in drawn} == set(anonymizing.donor_pool(made))


def test_only_synthetic_donors_that_are_lent_make_a_pool(dataset):
    for method, donor in (("sdf", "random"), ("replace-best", "synthetic"), ("blur", "none")):
        assert anonymizing.donor_pool(anonymized(dataset, method, donor=donor, walks=["nm-01"])) is None


@pytest.mark.parametrize("method", ["sdf", "donor-mix", "phase"])
def test_another_seed_as_an_attackers_own_copy_has_draws_otherwise(dataset, method):
    asked = {"parameters": FEWER.get(method), "walks": ["nm-01"]}
    judged = anonymized(dataset, method, **asked)
    own = anonymized(dataset, method, copy=Anonymization.Copy.ATTACKER, seed=3, **asked)
    pairs = zip(judged.sequences.all(), own.sequences.all(), strict=True)
    assert any(store.read(one) != store.read(other) for one, other in pairs)


def test_the_fixed_donor_is_no_probe_and_lends_to_all(dataset):
    made = anonymized(dataset, donor="fixed")
    subjects = set(made.sequences.values_list("source__subject__label", flat=True))
    assert made.fixed_donor.label not in subjects
    assert set(made.sequences.values_list("donor", flat=True)) == {made.fixed_donor.label}


def test_the_attackers_copy_holds_the_fixed_donor_too(dataset):
    made = anonymized(dataset, donor="fixed", copy=Anonymization.Copy.ATTACKER)
    assert made.sequences.filter(source__subject=made.fixed_donor).exists()
    assert made.proxies == {}


def test_everybody_is_changed_without_a_split(dataset):
    made = anonymized(dataset, split=None, donor="random")
    assert made.sequences.count() == of(dataset).count()
    assert made.proxies["manifold_ratio"] is None  # nobody is left to learn shapes from


def test_only_the_walks_asked_for_are_changed(dataset):
    made = anonymized(dataset, walks=["nm-02"])
    assert {row.source.walk for row in made.sequences.all()} == {"nm-02"}


def test_an_interrupted_anonymization_goes_on_and_changes_the_rest_as_if_it_had_not_been(dataset):
    whole = anonymized(dataset)
    run = runs.request_anonymization(dataset, "sdf", split=SPLIT, seed=2)
    interrupted(run, anonymizing.anonymize, after=2)
    before = set(AnonymizedSequence.objects.filter(anonymization__run=run).values_list("pk", "silhouettes"))
    assert 0 < len(before) < 12
    resumed = done(run).anonymization
    assert before <= set(resumed.sequences.values_list("pk", "silhouettes"))
    assert by_source(resumed) == by_source(whole)


def by_source(anonymization):
    return {row.source_id: store.read(row) for row in anonymization.sequences.all()}


def test_what_is_left_does_not_change_the_seed_of_a_track(dataset):
    run = runs.request_anonymization(dataset, "sdf", split=SPLIT, donor="random", seed=2)
    jobs.claim(run.pk, "me")
    anonymization = anonymizing._own(run)
    every = anonymizing.wanted_tracks(anonymization, [])
    last = list(every)[-1]
    seeds = {job.name: job.seed for job in anonymizing.track_jobs(anonymization, every, every, None, [])}
    (alone,) = anonymizing.track_jobs(anonymization, {last: every[last]}, every, None, [])
    assert alone.seed == seeds[last]
    assert len(set(seeds.values())) == len(seeds)


def test_a_walk_for_which_no_donor_was_recorded_is_skipped_with_its_reason(dataset):
    of(dataset).filter(subject__label__in=["004", "005"], view_angle=0).delete()
    run = done(runs.request_anonymization(dataset, "sdf", donor="random", split=SPLIT))
    assert [entry["sequence"] for entry in run.result["skipped"]] == ["003/nm-01", "003/nm-02"]
    assert "donor" in run.result["skipped"][0]["reason"]
    assert run.anonymization.sequences.count() == 4


def spoil(row, content):
    """Another content in the file of a stored walk."""
    default_storage.delete(row.silhouettes.name)
    if content is not None:
        default_storage.save(row.silhouettes.name, ContentFile(content))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "a file can't be read"),
        (b"junk", "not packed silhouettes"),
        (pack(figure(3, 1))[:-9], "packed silhouettes are damaged"),
        (pack(~figure(3, 1)), "view angle 90°: body and background are swapped"),
        (pack(np.concatenate([figure(3, 1)] * 2, axis=2)), "view angle 90°: 100% of the frames show several"),
    ],
)
@pytest.mark.parametrize("method", ["sdf", "phase", "replace-best"])
def test_one_bad_sequence_is_reported_and_the_others_are_changed(dataset, method, content, reason):
    walk = of(dataset).get(subject__label="003", number=1, view_angle=90)
    spoil(walk, content)
    run = done(runs.request_anonymization(dataset, method, split=SPLIT, walks=["nm-01"], seed=2))
    (skipped,) = run.result["skipped"]
    assert skipped["sequence"] == "003/nm-01"
    assert reason in skipped["reason"]
    assert run.anonymization.sequences.count() == 4  # the other two subjects, from two sides


def test_detached_parts_are_measured_before_and_after(dataset):
    crumbs = figure(3, 1).copy()
    crumbs[:6, 2:12, 2:6] = True
    spoil(of(dataset).get(subject__label="003", number=1, view_angle=90), pack(crumbs))
    made = anonymized(dataset, "erode", parameters={"strength": 0}, walks=["nm-01"])
    row = made.sequences.get(source__subject__label="003", source__view_angle=90)
    assert (row.detached, row.detached_before) == (0.5, 0.5)
    assert made.proxies["frag"] == made.proxies["frag_original"] == 0.5 / 6


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, r"its file can't be read \(No such file or directory\)"),
        (pickle.dumps({"first": 1}), "not a checkpoint of the contour network"),
        (b"", "not a checkpoint of the contour network"),
    ],
)
def test_a_checkpoint_that_cannot_be_read_is_refused_before_anything_is_changed(dataset, content, reason):
    network = CheckpointFactory(dataset=dataset)
    network.weights.save("broken.npz", ContentFile(content or b"1"))
    if content is None:
        default_storage.delete(network.weights.name)
    run = runs.request_anonymization(dataset, "tieu", checkpoint=network, split=SPLIT)
    with pytest.raises(Refused, match=rf"Checkpoint .* can't be used: .*{reason}.*Train another"):
        runs.execute(run)
    assert not AnonymizedSequence.objects.exists()


@pytest.mark.parametrize("donor", ["fixed", "random"])
def test_one_subject_has_nobody_to_lend_a_gait(donor):
    alone = DatasetFactory()
    walks(alone, 1)
    with pytest.raises(Refused, match=r"needs at least 2 tested subjects, and there are 1\. Use synthetic"):
        runs.request_anonymization(alone, "sdf", donor=donor, split=None)
    assert anonymized(alone, "sdf", split=None).sequences.count() == 4


def test_an_anonymization_that_changes_nothing_fails_and_says_why(dataset):
    run = runs.request_anonymization(dataset, "sdf", split=SPLIT, walks=["nm-02"])
    of(dataset).filter(number=2).delete()
    with pytest.raises(Refused, match="Nothing was changed: there was no walk to change"):
        runs.execute(run)


def test_a_methods_own_parameters_are_kept_and_used(dataset):
    usual = anonymized(dataset, "blend", walks=["nm-01"])
    literal = anonymized(dataset, "blend", walks=["nm-01"], parameters={"order": "raster"})
    assert literal.parameters == {
        "order": "raster",
        "padding": "resampled",
        "phase": "aligned",
        "noise_view_angle": "original",
    }
    assert (str(literal), str(usual)) == (
        f"blend α 0.3, order raster on {dataset.name}",
        f"blend α 0.3 on {dataset.name}",
    )
    pairs = zip(literal.sequences.all(), usual.sequences.all(), strict=True)
    assert all(store.read(one) != store.read(other) for one, other in pairs)


@pytest.mark.parametrize("policy", ["fixed", "random", "synthetic"])
def test_the_noise_may_be_seen_from_elsewhere(dataset, policy):
    asked = {"walks": ["nm-01"], "donor": policy}
    same, other = (
        anonymized(dataset, "blend", parameters={"noise_view_angle": angle}, **asked)
        for angle in ("original", 0)
    )
    for one, changed in zip(same.sequences.all(), other.sequences.all(), strict=True):
        assert (store.read(one) == store.read(changed)) == (one.source.view_angle == 0)


def test_clips_are_rendered_once_a_pair(dataset):
    run = anonymized(dataset).run
    first = runs.render_clips(run, pairs=2, seconds=0.6)
    assert runs.render_clips(run, pairs=2, seconds=0.6) == first
    assert len({each[kind] for each in first for kind in ("original", "changed")}) == 4
    assert all(default_storage.size(each["original"]) for each in first)


def test_a_seeded_run_of_replace_best_gives_the_same_walks_again():
    dataset = DatasetFactory()
    walks(dataset, 7)

    def made() -> list[bytes]:
        run = done(
            runs.request_anonymization(dataset, "replace-best", split=SPLIT, parameters={"n": 2}, seed=5)
        )
        return [unpack(store.read(each)).tobytes() for each in run.anonymization.sequences.all()]

    first = made()
    assert first
    assert first == made()
