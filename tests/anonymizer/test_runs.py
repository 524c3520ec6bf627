"""What the anonymizer's runs make of rows: datasets, networks, changed walks; once, however often they are begun."""

import itertools
import pickle

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from anonymizer import anonymizing, importing, jobs, making_datasets, runs, store, tasks, training_networks
from anonymizer.gait import casia_b
from anonymizer.gait.catalogue import METHODS
from anonymizer.gait.donors import fixed_subject
from anonymizer.gait.reading import RecordedSequence
from anonymizer.gait.silhouettes import pack, unpack
from anonymizer.jobs import Refused
from anonymizer.models import Anonymization, AnonymizedSequence, Dataset, Run, Sequence
from tests.factories import CheckpointFactory, DatasetFactory, figure, walks

pytestmark = pytest.mark.django_db
SPLIT = "30:30:40"  # of 7 subjects: 2, 2 and 3


@pytest.fixture(autouse=True)
def _small(settings, monkeypatch):
    settings.RUN_LEASE_SECONDS = 600  # no heartbeat, which would be a second connection to the database
    monkeypatch.setattr(anonymizing, "DONOR_FRAMES", 12)
    monkeypatch.setattr(anonymizing, "MANIFOLD_WALKS", 2)


class Interrupted(BaseException):
    """The worker is gone in the middle of its work."""


def interrupted(run, body, after):
    """Let the run's worker die once `after` steps are done: nobody writes anything down."""
    jobs.claim(run.pk, "gone")
    run.refresh_from_db()
    work = jobs.Work(run, "gone")
    steps, tell = itertools.count(1), work.progress

    def progress(done, total, stage=""):
        tell(done, total, stage)
        if done and next(steps) > after:
            raise Interrupted

    work.progress = progress
    with pytest.raises(Interrupted):
        body(work)
    jobs.retry(fail(run))


def fail(run):
    Run.objects.filter(pk=run.pk).update(status=Run.Status.FAILED)
    return run


def done(run):
    assert runs.execute(run)
    run.refresh_from_db()
    assert run.status == Run.Status.SUCCEEDED, run.error
    return run


def walkers(name="made", subjects=2, **options):
    asked = {"sequences": {"nm": 2}, "view_angles": (0, 90), "frames": 20, "seed": 5, **options}
    return runs.request_walkers(name, subjects, **asked)


@pytest.fixture
def dataset():
    """Seven subjects, two walks each, from two sides."""
    made = DatasetFactory()
    walks(made, 7)
    return made


# --- Walkers --------------------------------------------------------------------------------------
def test_walkers_fill_a_dataset_that_may_be_shown():
    run = done(walkers())
    assert (run.dataset.ready, run.dataset.may_be_shown_to_raters) == (True, True)
    assert run.result["sequences"] == Sequence.objects.count() == 2 * 2 * 2
    assert {row.frame_count for row in Sequence.objects.all()} == {20}
    assert all(row.picture.size for row in Sequence.objects.all())


def test_walkers_that_were_interrupted_go_on_and_make_no_walk_twice():
    run = walkers()
    interrupted(run, making_datasets.generate_walkers, after=2)
    before = dict(Sequence.objects.values_list("pk", "silhouettes"))
    assert 0 < len(before) < 8
    done(run)
    assert Sequence.objects.count() == 8
    assert before.items() <= dict(Sequence.objects.values_list("pk", "silhouettes")).items()
    assert Dataset.objects.count() == 1


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("queued", "Run {} waits for a worker to fill it: wait for it, or choose another name."),
        ("running", "Run {} still fills it: wait for it, or choose another name."),
        (
            "failed",
            "It is not finished, since run {} failed: press Retry on that run's page to go on, delete the",
        ),
        (
            "cancelled",
            "It is not finished, since run {} was cancelled: press Retry on that run's page to go on,",
        ),
    ],
)
def test_a_name_that_an_unfinished_dataset_has_is_refused_with_what_to_do(status, said):
    run = walkers()
    interrupted(run, making_datasets.generate_walkers, after=1)
    Run.objects.update(status=status)
    with pytest.raises(Refused, match=f"A dataset is named 'made' already. {said.format(run.pk)}"):
        walkers()
    assert Run.objects.count() == 1


def test_the_same_seed_gives_the_same_walkers():
    one, other = done(walkers("one", 1)), done(walkers("other", 1))
    assert [store.read(row) for row in of(one.dataset)] == [store.read(row) for row in of(other.dataset)]


def of(dataset):
    return Sequence.objects.filter(subject__dataset=dataset)


# --- Import ---------------------------------------------------------------------------------------
@pytest.fixture
def tree(tmp_path):
    """Two subjects in CASIA-B's layout; one walk is too short."""
    sequences = [
        RecordedSequence(f"{subject:03d}", "nm", number, 90, figure(subject, number))
        for subject in (1, 2)
        for number in (1, 2)
    ]
    short = RecordedSequence("002", "bg", 1, 90, figure(2, 1)[:5])
    casia_b.export(tmp_path / "tree", [*sequences, short])
    return tmp_path / "tree"


def test_an_import_keeps_what_is_long_enough_and_says_what_was_dropped(tree):
    run = done(runs.request_import(tree, "brought", frames=12, licence="for research"))
    assert [str(row) for row in of(run.dataset)] == [
        "001-nm-01-090", "001-nm-02-090", "002-nm-01-090", "002-nm-02-090"
    ]  # fmt: skip
    assert [(each["sequence"], each["frames"]) for each in run.dataset.dropped] == [("002-bg-01-090", 5)]
    assert (run.dataset.licence, run.dataset.may_be_shown_to_raters) == ("for research", False)
    assert (unpack(store.read(of(run.dataset)[0])).any(axis=(1, 2))).all()


def test_an_interrupted_import_goes_on_and_brings_nothing_twice(tree):
    run = runs.request_import(tree, "brought", frames=12)
    interrupted(run, importing.import_walks, after=1)
    before = set(Sequence.objects.values_list("pk", "silhouettes"))
    assert 0 < len(before) < 4
    done(run)
    assert before <= set(Sequence.objects.values_list("pk", "silhouettes"))
    assert Sequence.objects.count() == 4
    assert len(run.result["dropped"]) == 1


def test_an_import_that_keeps_nothing_is_refused_and_leaves_no_dataset(tree):
    run = runs.request_import(tree, "brought", frames=13)
    with pytest.raises(Refused, match=r"Nothing was kept: .*13"):
        runs.execute(run)
    run.refresh_from_db()
    assert run.status == Run.Status.FAILED
    assert run.error.startswith("Nothing was kept: ")
    assert not Dataset.objects.exists()


def test_an_import_of_something_else_fails_in_one_line_and_leaves_no_dataset(tmp_path):
    (tmp_path / "walks.zip").write_bytes(b"no archive")
    run = runs.request_import(tmp_path / "walks.zip", "brought")
    with pytest.raises(ValueError, match="walks"):
        runs.execute(run)
    run.refresh_from_db()
    assert run.status == Run.Status.FAILED
    assert run.error
    assert "\n" not in run.error
    assert not Dataset.objects.exists()


def test_an_uploaded_archive_is_removed_when_it_is_in(tree, settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "uploads")
    (tmp_path / "uploads").mkdir()
    import shutil

    upload = shutil.make_archive(str(tmp_path / "uploads" / "walks"), "zip", tree)
    done(runs.request_import(upload, "uploaded", frames=12))
    assert list((tmp_path / "uploads").iterdir()) == []
    assert Sequence.objects.count() == 4


@pytest.mark.parametrize("kind", [Run.Kind.IMPORT_CASIA_B, Run.Kind.IMPORT_OPENGAIT])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no archive", "fake.zip: is neither a folder nor a zip, tar or tar.gz file"),
        (b"PK\x05\x06" + bytes(18), "fake.zip: holds no "),
    ],
)
def test_what_is_wrong_with_an_upload_names_it_as_it_came(settings, tmp_path, kind, content, said):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    upload = tmp_path / "import-1d8aad.zip"
    upload.write_bytes(content)
    run = runs.request_import(upload, "brought", kind=kind, filename="fake.zip")
    with pytest.raises(Refused):
        runs.execute(run)
    run.refresh_from_db()
    assert run.error.startswith(said)
    assert "import-1d8aad" not in run.error
    assert str(tmp_path) not in run.error


# --- Networks -------------------------------------------------------------------------------------
def network(dataset, epochs=3, method="tieu"):
    return runs.request_network(dataset, method, split=SPLIT, epochs=epochs, stride=4, seed=1)


def test_a_network_is_trained_on_d2_and_kept_with_its_losses(dataset):
    checkpoint = done(network(dataset)).checkpoint
    assert (checkpoint.method, checkpoint.dataset, len(checkpoint.losses)) == ("tieu", dataset, 3)
    assert checkpoint.parameters["alpha"] == 0.3
    assert checkpoint.weights.size
    assert checkpoint.parameters["frames"] == 2 * 2 * 3  # one of D2's two subjects: walks, angles, frames


def test_an_interrupted_training_goes_on_and_ends_with_the_same_network(dataset, monkeypatch):
    monkeypatch.setattr(training_networks, "KEEP_EVERY", 1)
    whole = done(network(dataset)).checkpoint
    run = network(dataset)
    interrupted(run, training_networks.train_network, after=3)  # two walks are traced, one epoch trained
    assert default_storage.exists(f"checkpoints/unfinished-run-{run.pk}.npz")
    resumed = done(run).checkpoint
    assert resumed.losses == whole.losses
    assert not default_storage.exists(f"checkpoints/unfinished-run-{run.pk}.npz")


def test_walks_that_the_noise_subject_was_not_recorded_for_are_left_out_of_the_training(dataset):
    from anonymizer.gait import donors

    noise = donors.fixed_subject(["001", "002"], seed=1)
    other = {"001": "002", "002": "001"}[noise]
    of(dataset).filter(subject__label=noise, view_angle=0).delete()
    of(dataset).filter(subject__label=other, number=2, view_angle=0).delete()
    assert done(network(dataset)).checkpoint.parameters["frames"] == 3  # the walk seen from 90° alone


def test_a_network_without_walks_to_learn_from_says_whose_are_missing_and_what_to_do(dataset):
    noise = fixed_subject(["001", "002"], seed=1)
    Sequence.objects.filter(subject__dataset=dataset, subject__label=noise, view_angle=0).delete()
    run = network(dataset)
    with pytest.raises(
        ValueError, match=f"subjects 001, 002 with {noise} as their noise gait, .* another seed"
    ):
        runs.execute(run)


# --- Anonymization --------------------------------------------------------------------------------
def anonymized(dataset, method="sdf", **options):
    run = done(runs.request_anonymization(dataset, method, **{"split": SPLIT, "seed": 2, **options}))
    return run.anonymization


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
def test_the_attackers_own_copy_draws_otherwise(dataset, method):
    asked = {"parameters": FEWER.get(method), "walks": ["nm-01"]}
    judged = anonymized(dataset, method, **asked)
    own = anonymized(dataset, method, copy=Anonymization.Copy.ATTACKER, **{**asked, "seed": 3})
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
    assert "no donor" in run.result["skipped"][0]["reason"] or "donors" in run.result["skipped"][0]["reason"]
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


# --- What is refused ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": " "}, "needs a name"),
        ({"name": "n" * 101}, "more than 100 characters"),
        ({"subjects": 0}, "Subjects must be from 1 to 999, not 0"),
        ({"frames": 0}, "Frames must be from 1 to"),
        ({"sequences": {"nm": 0}}, "No sequence is asked for"),
        ({"sequences": {"jog": 1}}, "'jog' is not known"),
        ({"view_angles": ()}, "View angles must be given"),
        ({"view_angles": (0, 0)}, "each once"),
        ({"view_angles": (90, 181)}, "View angle must be from 0 to 180, not 181"),
        ({"difficulty": "trivial"}, "'trivial' is not known. Use one of"),
        ({"path_variation": -1.0}, "Path variation must be from 0 to 10, not -1"),
        ({"path_variation": float("nan")}, "Path variation must be from 0 to 10, not nan"),
    ],
)
def test_walkers_that_cannot_be_made_are_refused_in_words(options, message):
    with pytest.raises(Refused, match=message):
        walkers(**{"name": "made", **options})
    assert not Run.objects.exists()


def test_a_name_is_given_once(dataset):
    with pytest.raises(Refused, match=r"named .* already\. Choose another name"):
        walkers(dataset.name)
    Dataset.objects.update(ready=False)
    with pytest.raises(Refused, match="was never finished: delete it in the administration"):
        walkers(dataset.name)


def test_what_is_not_there_is_not_imported(tmp_path):
    with pytest.raises(Refused, match=r"does not exist\. Give a folder"):
        runs.request_import(tmp_path / "missing", "brought")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "magic"}, "'magic' is not known. Use one of: replace-best, sdf"),
        ({"donor": "nobody"}, "'nobody' is not known. Use one of: fixed"),
        ({"donor": "none"}, "'sdf' can't work with donor policy 'none'. Use: synthetic or fixed"),
        ({"alpha": -1}, "Parameter 'alpha' must lie between 0 and 100, not -1"),
        ({"alpha": float("nan")}, "Parameter 'alpha' must be a number"),
        ({"parameters": {"order": "raster"}}, "'sdf' has no parameter 'order'; it knows: alpha"),
        (
            {"method": "blend", "parameters": {"noise_view_angle": 400}},
            "whole degrees from 0 to 359, not 400",
        ),
        ({"method": "tieu"}, "needs a trained network"),
        ({"split": "paper"}, "at least 44 subjects"),
        ({"split": "1:1"}, "is not a split"),
    ],
)
def test_an_anonymization_that_cannot_be_is_refused_in_words(dataset, options, message):
    with pytest.raises(Refused, match=message):
        runs.request_anonymization(dataset, **{"method": "sdf", "split": SPLIT, **options})


def test_a_network_of_another_method_is_refused(dataset):
    with pytest.raises(Refused, match="was trained for 'sdf', not for 'tieu'"):
        runs.request_anonymization(
            dataset, "tieu", checkpoint=CheckpointFactory(dataset=dataset, method="sdf"), split=SPLIT
        )


def test_a_network_brings_the_parameters_it_was_trained_with(dataset):
    trained = {"alpha": 0.7, "parameters": {"order": "raster"}}
    network = CheckpointFactory(dataset=dataset, parameters=trained)
    run = runs.request_anonymization(dataset, "tieu", checkpoint=network, split=SPLIT)
    assert (run.parameters["alpha"], run.parameters["parameters"]["order"]) == (0.7, "raster")
    with pytest.raises(Refused, match=r"trained with alpha = 0\.7; for 0\.3 train another"):
        runs.request_anonymization(dataset, "tieu", 0.3, checkpoint=network, split=SPLIT)


def test_only_methods_with_a_network_are_trained(dataset):
    with pytest.raises(Refused, match=r"'sdf' has no network to train\. Those that have: tieu"):
        runs.request_network(dataset, "sdf")
    with pytest.raises(Refused, match="Epochs must be from 1 to"):
        runs.request_network(dataset, split=SPLIT, epochs=0)
    with pytest.raises(Refused, match="do not depend on 'noise_view_angle'"):
        runs.request_network(dataset, split=SPLIT, parameters={"noise_view_angle": 90})


def test_nothing_is_made_of_a_dataset_that_is_not_ready(dataset):
    dataset.ready = False
    for request in (
        lambda: runs.request_network(dataset),
        lambda: runs.request_anonymization(dataset, "sdf"),
    ):
        with pytest.raises(Refused, match="is not ready"):
            request()


# --- Clips and sending ----------------------------------------------------------------------------
def test_clips_are_rendered_once_a_pair(dataset):
    run = anonymized(dataset).run
    first = runs.render_clips(run, pairs=2, seconds=0.6)
    assert runs.render_clips(run, pairs=2, seconds=0.6) == first
    assert len({each[kind] for each in first for kind in ("original", "changed")}) == 4
    assert all(default_storage.size(each["original"]) for each in first)


def test_without_a_broker_a_run_waits(monkeypatch):
    from celery import current_app

    from config.broker import free_port

    monkeypatch.setattr(current_app.conf, "broker_url", f"redis://127.0.0.1:{free_port()}/0")
    monkeypatch.setattr(current_app.conf, "broker_write_url", f"redis://127.0.0.1:{free_port()}/0")
    run = walkers()
    assert tasks.send(run) is False
    run.refresh_from_db()
    assert (run.status, run.sent) == (Run.Status.QUEUED, None)


@pytest.mark.parametrize(
    ("source", "given", "draws"),
    [
        (Dataset.Source.WALKERS, {}, "seeded"),
        (Dataset.Source.CASIA_B, {}, "secret"),
        (Dataset.Source.CASIA_B, {"draws": "seeded"}, "seeded"),
        (Dataset.Source.WALKERS, {"draws": "secret"}, "secret"),
    ],
)
def test_donors_of_real_people_can_be_drawn_by_nobody_again_those_of_walkers_can(source, given, draws):
    dataset = DatasetFactory(source=source)
    walks(dataset, 7)
    run = runs.request_anonymization(dataset, "replace-best", split=SPLIT, parameters=given)
    assert run.parameters["parameters"]["draws"] == draws


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
