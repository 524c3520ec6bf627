"""What a recognition run keeps: a recognizer, every attacker's answers as rows, the experiment, the ladder."""

import numpy as np
import pytest
from django.core.files.storage import default_storage

from anonymizer import jobs
from anonymizer import runs as anonymizer_runs
from anonymizer.jobs import Refused
from anonymizer.models import Anonymization, Run
from recognition import copies, gathering, keeping, learning, reports, runs, sweeping
from recognition.described import Shelf
from recognition.identify.attackers import ATTACKERS
from recognition.models import Identification, Recognition, Recognizer
from tests.factories import AnonymizationFactory, DatasetFactory, RunFactory, walks
from tests.recognition.conftest import GALLERY, PROBE, SPLIT
from tests.recognition.test_training_recognizers import TINY, watched

pytestmark = pytest.mark.django_db
FEW = ["naive", "anonymized-gallery", "box-track"]  # one of each family


def requested(anonymization, **options):
    return runs.request_recognition(
        anonymization, gallery=GALLERY, probe=PROBE, seed=4, **{"attackers": FEW, "copies": 2, **options}
    )


def done(run, body=runs.recognize):
    assert jobs.execute(run.pk, body)
    run.refresh_from_db()
    assert run.status == Run.Status.SUCCEEDED, run.error
    return run


def test_a_recognizer_is_trained_on_d1_alone(anonymization):
    run = done(runs.request_recognizer(anonymization.dataset, SPLIT), runs.train_recognizer)
    assert run.recognizer.subjects == ["006", "007"]
    assert run.recognizer.parameters["split"] == SPLIT
    assert run.result == {"recognizer": run.recognizer.name, "subjects": 2, "sequences": 16}
    assert run.recognizer.weights.size


def test_every_attacker_answers_about_every_probe_at_every_view_angle(anonymization):
    run = done(requested(anonymization, attackers=None))
    attackers = list(run.recognitions.values_list("attacker", flat=True))
    assert attackers[0] == reports.ORIGINALS
    assert attackers[1:] == run.parameters["attackers"] == [rung["attacker"] for rung in reports.ladder(run)]
    for recognition in run.recognitions.all():
        galleries = (
            1 if recognition.recognizer is None else 2
        )  # own classifiers stay at the probe's view angle
        assert recognition.identifications.count() == 3 * 2 * 2 * galleries  # subjects, walks, angles
        assert recognition.view_angles == [0, 90]
        changed = recognition.identifications.filter(anonymized_probe=None)
        assert changed.exists() is (recognition.attacker == reports.ORIGINALS)
    without = {r.attacker for r in run.recognitions.filter(recognizer=None)}
    assert without == {name for name, attacker in ATTACKERS.items() if attacker.own_classifier}
    assert reports.count(run) == 24 * len(attackers) - 12 * len(without)


def test_the_rows_tell_the_same_as_the_matrices(anonymization):
    run = done(requested(anonymization, attackers=None))
    rows = list(reports.rows(run))
    attacker = run.parameters["attackers"][0]
    matrix = reports.matrix(run, attacker)
    named = {who: named_in(rows, who) for who in (reports.ORIGINALS, attacker)}
    for g, gallery in enumerate(matrix["view_angles"]):
        for p, probe in enumerate(matrix["view_angles"]):
            clear = named[reports.ORIGINALS][gallery, probe]
            assert matrix["recognized"][g][p] == len(clear)  # |S|
            assert matrix["original_rank1"][g][p] == pytest.approx(len(clear) / 6)
            still = len(clear & named[attacker][gallery, probe])
            success = 1 - still / len(clear) if clear else None
            assert matrix["success_rate"][g][p] == (None if success is None else pytest.approx(success))
            assert matrix["rank1"][g][p] == pytest.approx(len(named[attacker][gallery, probe]) / 6)


def named_in(rows, attacker):
    """The walks that were named rightly, by gallery and probe view angle."""
    angles = (0, 90)
    found = {(gallery, probe): set() for gallery in angles for probe in angles}
    for row in rows:
        if row["attacker"] == (attacker or "originals") and row["identified"]:
            found[row["gallery_view_angle"], row["probe_view_angle"]].add((row["subject"], row["number"]))
    return found


def test_the_report_of_a_probe_view_angle_sums_up_its_column(anonymization):
    run = done(requested(anonymization))
    for attacker in ("naive", "box-track"):  # the second leaves out cells of two view angles
        entries = reports.by_probe_view_angle(run, attacker)
        matrix = reports.matrix(run, attacker)
        tried = np.array([[rate is not None for rate in row] for row in matrix["success_rate"]])
        assert [entry["view_angle"] for entry in entries] == [0, 90]
        expected = (np.array(matrix["recognized"]) * tried).sum(axis=0)
        assert [entry["recognized"] for entry in entries] == expected.tolist()
        assert tried.all() == (attacker == "naive")
    assert all(gate["text"] for gate in reports.gates(run))
    assert reports.newest_run(anonymization) == run
    assert {row.attacker for row in reports.recognitions(anonymization)} == set(run.parameters["attackers"])


def test_a_missing_recognizer_is_trained_and_found_again(anonymization):
    done(requested(anonymization))
    done(requested(anonymization))
    clear = Recognizer.objects.filter(trained_on=Recognizer.TrainedOn.CLEAR)
    assert clear.count() == Run.objects.filter(kind=Run.Kind.TRAIN_RECOGNIZER).count() == 1


def test_a_training_that_an_earlier_attempt_asked_for_is_gone_on_with(anonymization):
    begun = runs.request_recognizer(anonymization.dataset, SPLIT, seed=4)
    Run.objects.filter(pk=begun.pk).update(status=Run.Status.FAILED)
    run = done(requested(anonymization))
    assert Recognition.objects.filter(run=run).first().recognizer.run == begun


def test_the_attackers_copies_are_drawn_with_seeds_of_their_own_and_made_once(anonymization, monkeypatch):
    drawn = []

    def noted(draw, files, told):
        drawn.append(draw)
        return make(draw, files, told)

    make = copies._make
    monkeypatch.setattr(copies, "_make", noted)
    done(requested(anonymization, attackers=None))
    assert len({draw.name for draw in drawn}) == len(drawn) > 2
    assert anonymization.run.seed not in {draw.seed for draw in drawn}
    assert {name.subject for draw in drawn if "gallery" in draw.name for name in draw.tracks} == {
        "003", "004", "005",
    }  # fmt: skip
    before = len(drawn)
    done(requested(anonymization, attackers=None))
    assert len(drawn) == before
    assert not Anonymization.objects.filter(copy=Anonymization.Copy.ATTACKER).exists()


def test_the_attackers_donors_are_its_own_people_unless_it_knows_the_pool(anonymization, monkeypatch):
    lenders = {}
    make = copies._make
    monkeypatch.setattr(
        copies,
        "_make",
        lambda draw, *rest: (
            lenders.update({draw.name: {n.subject for n in draw.lenders}}),
            make(draw, *rest),
        ),
    )
    done(requested(anonymization, attackers=None))
    own = [people for name, people in lenders.items() if "-own-" in name]
    pool = [people for name, people in lenders.items() if "-pool-" in name]
    assert own
    assert pool
    assert all(people == {"001", "002", "006", "007"} for people in own)
    assert all(people == {"003", "004", "005"} for people in pool)


def test_answers_that_are_there_are_kept_when_a_run_is_taken_up_again(anonymization, monkeypatch):
    run = requested(anonymization)
    with monkeypatch.context() as patch:
        patch.setattr(gathering, "copy", gone)
        with pytest.raises(RuntimeError):
            jobs.execute(run.pk, runs.recognize)
    before = set(Identification.objects.values_list("pk", flat=True))
    kept = set(run.recognitions.values_list("attacker", flat=True))
    assert {reports.ORIGINALS} < kept < {reports.ORIGINALS, *run.parameters["attackers"]}
    jobs.retry(run)
    done(run)
    assert before < set(Identification.objects.values_list("pk", flat=True))
    assert reports.count(run) == reports.count(done(requested(anonymization)))


def test_rows_are_written_a_few_at_a_time_and_taken_up_where_a_lost_worker_stopped(
    anonymization, monkeypatch
):
    monkeypatch.setattr(keeping, "ROWS_AT_ONCE", 5)
    run, create, written = requested(anonymization), Identification.objects.bulk_create, []

    def gone_in_the_middle(rows):
        written.append(len(rows))
        if len(written) == 2:
            raise RuntimeError("no worker any more")
        return create(rows)

    with monkeypatch.context() as patch:
        patch.setattr(Identification.objects, "bulk_create", gone_in_the_middle)
        with pytest.raises(RuntimeError):
            jobs.execute(run.pk, runs.recognize)
    assert (written, reports.count(run)) == ([5, 5], 5)
    before = set(Identification.objects.values_list("pk", flat=True))
    jobs.retry(run)
    done(run)
    assert before < set(Identification.objects.values_list("pk", flat=True))
    assert reports.count(run) == reports.count(done(requested(anonymization)))


def test_a_run_that_is_taken_up_again_goes_on_counting_where_it_stopped(anonymization, monkeypatch):
    run, told = requested(anonymization), []
    with monkeypatch.context() as patch:
        patch.setattr(gathering, "copy", gone)
        with pytest.raises(RuntimeError):
            jobs.execute(run.pk, runs.recognize)
    kept, every = (
        run.recognitions.exclude(attacker=reports.ORIGINALS).count(),
        len(run.parameters["attackers"]),
    )
    assert 0 < kept < every
    monkeypatch.setattr(jobs.Work, "progress", lambda work, *said: told.append(said))
    jobs.retry(run)
    done(run)
    attacking = [said[:2] for said in told if said[2] == "Attacking"]
    assert attacking == [(count, every) for count in range(kept, every + 1)]


def gone(*_, **__):
    raise RuntimeError("no worker any more")


def test_a_run_that_was_interrupted_finds_the_same_as_one_that_was_not(anonymization):
    first, second = done(requested(anonymization, attackers=None)), requested(anonymization, attackers=None)
    jobs.execute(second.pk, lambda work: runs._Ladder(work, anonymization, first_recognizer()).originals())
    Run.objects.filter(pk=second.pk).update(status=Run.Status.FAILED)
    jobs.retry(second)
    done(second)
    assert told(first) == told(second)


def first_recognizer():
    return Recognizer.objects.get(trained_on=Recognizer.TrainedOn.CLEAR)


def told(run):
    rungs = [{**rung, "details": {**rung["details"], "seconds": 0}} for rung in reports.ladder(run)]
    return list(reports.rows(run)), rungs


def test_the_run_stops_when_somebody_cancels_it_while_it_trains(anonymization, monkeypatch):
    run = requested(anonymization)

    def cancelled_meanwhile(work):
        jobs.cancel(Run.objects.get(pk=run.pk))
        work.progress(1, 1, "Fitting")

    monkeypatch.setattr(runs, "train_recognizer", cancelled_meanwhile)
    jobs.execute(run.pk, runs.recognize)
    run.refresh_from_db()
    assert run.status == Run.Status.CANCELLED
    assert Run.objects.get(kind=Run.Kind.TRAIN_RECOGNIZER).status == Run.Status.CANCELLED


def test_a_training_that_fails_fails_the_run_that_needs_it(anonymization, monkeypatch):
    monkeypatch.setattr(runs, "train_recognizer", gone)
    run = requested(anonymization)
    with pytest.raises(Refused, match="which this one needs, did not succeed: RuntimeError: no worker"):
        jobs.execute(run.pk, runs.recognize)


def test_walks_are_described_once(anonymization):
    rows = gathering.sequences(anonymization.dataset, ["001"])
    told = []
    first = Shelf("x", (32, 22)).gaits(rows, "geis", lambda done, total: told.append(done))
    again = Shelf("x", (32, 22)).gaits(rows, "geis", lambda done, total: told.append(done))
    assert told == list(range(1, 9))
    assert first.keys == again.keys
    assert np.array_equal(first.read(), again.read())


# --- What is refused ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"copy": Anonymization.Copy.ATTACKER}, "attacker's own copy"),
        ({"split": ""}, "nobody is left to train on"),
        ({"run__status": Run.Status.RUNNING}, "has not succeeded"),
    ],
)
def test_an_anonymization_that_cannot_be_judged_is_refused(fields, message):
    with pytest.raises(Refused, match=message):
        runs.request_recognition(AnonymizationFactory(**{"split": SPLIT, **fields}))


@pytest.mark.parametrize(
    "options", [{"gallery": "nm-1x"}, {"gallery": "nm-01", "probe": "nm-01"}, {"attackers": ["nobody"]}]
)
def test_what_is_not_understood_is_refused(options):
    with pytest.raises(Refused):
        runs.request_recognition(AnonymizationFactory(split=SPLIT, run=RunFactory()), **options)
    assert not Run.objects.filter(kind=Run.Kind.RECOGNIZE).exists()


def test_unknown_parameters_are_refused(anonymization):
    with pytest.raises(Refused, match="parameters don't fit"):
        runs.request_recognizer(anonymization.dataset, SPLIT, {"depth": 3})


def test_nothing_is_learned_from_a_dataset_that_is_not_ready(anonymization):
    dataset = anonymization.dataset
    dataset.ready = False
    sweep = sweeping.conditions(["sdf"], [])
    for request in (
        lambda: runs.request_recognizer(dataset, SPLIT),
        lambda: runs.request_ablation(dataset, SPLIT),
        lambda: sweeping.request_sweep([dataset], sweep, split=SPLIT),
    ):
        with pytest.raises(Refused, match="is not ready: its run has not finished"):
            request()


def test_probes_that_were_not_changed_cannot_be_judged(anonymization):
    with pytest.raises(Refused, match="holds none of the probes nm-01,nm-02"):
        runs.request_recognition(anonymization, gallery="nm-03", probe="nm-01,nm-02")


def test_a_recognizer_that_was_trained_on_who_is_tested_is_refused(anonymization):
    done(runs.request_recognizer(anonymization.dataset, "40:30:30"), runs.train_recognizer)
    knows_them = Recognizer.objects.get()
    assert knows_them.subjects == ["005", "006", "007"]
    with pytest.raises(Refused, match=r"trained on subjects who are tested here \(005\)"):
        requested(anonymization, recognizer=knows_them)


def test_a_recognizer_of_another_dataset_knows_nobody_of_this_one(anonymization):
    others = DatasetFactory()
    walks(others, 7, numbers=(1, 2))
    done(runs.request_recognizer(others, "40:30:30"), runs.train_recognizer)
    assert requested(anonymization, recognizer=Recognizer.objects.get()).parameters["recognizer"]


def test_a_damaged_walk_is_named(anonymization):
    row = gathering.sequences(anonymization.dataset, ["006"])[0]
    with row.silhouettes.storage.open(row.silhouettes.name, "wb") as file:
        file.write(b"GSIL and nothing more")
    run = runs.request_recognizer(anonymization.dataset, SPLIT)
    with pytest.raises(
        ValueError, match=r"Sequence 006-nm-01-000 can't be read: .*Import or anonymize it again"
    ):
        jobs.execute(run.pk, runs.train_recognizer)


def test_view_angles_that_were_not_anonymized_are_refused(anonymization):
    with pytest.raises(Refused, match=r"Nothing was anonymized at view angle 45\. Choose from 0, 90\."):
        requested(anonymization, view_angles=[0, 45])


def test_beside_each_rung_stands_what_the_donor_alone_can_give_away():
    dataset = DatasetFactory()
    walks(dataset, 7, numbers=(1, 2, 3, 4))
    request = anonymizer_runs.request_anonymization(
        dataset, "replace-best", split=SPLIT, walks=PROBE.split(","), parameters={"n": 1}, seed=4
    )
    assert anonymizer_runs.execute(request)
    run = done(
        requested(Anonymization.objects.get(run=request), attackers=["naive", "joint", "linked-clips"])
    )
    bounds = {rung["attacker"]: rung["bound"] for rung in reports.ladder(run)}
    assert set(bounds.values()) == {1 / 3}  # one donor, three people, however many clips are linked


def test_no_bound_is_claimed_where_there_is_none(anonymization):
    run = done(requested(anonymization, attackers=["naive"]))
    assert [rung["bound"] for rung in reports.ladder(run)] == [None]


def test_the_whole_ladder_stands_on_a_recognizer_that_reads_silhouettes(anonymization):
    done(
        runs.request_recognizer(anonymization.dataset, SPLIT, TINY, kind="set-network"),
        runs.train_recognizer,
    )
    run = done(requested(anonymization, recognizer=Recognizer.objects.get(), attackers=None))
    assert [rung["attacker"] for rung in reports.ladder(run)] == list(ATTACKERS)
    kept = run.recognitions.exclude(recognizer=None)
    assert {recognition.recognizer.kind for recognition in kept} == {"set-network"}
    retrained = Recognizer.objects.filter(trained_on=Recognizer.TrainedOn.ANONYMIZED)
    assert {row.kind for row in retrained} == {"set-network"}


def test_an_attacker_whose_training_was_lost_goes_on_with_it(anonymization, monkeypatch):
    monkeypatch.setattr(learning, "KEEP_EVERY", 10)
    done(
        runs.request_recognizer(anonymization.dataset, SPLIT, TINY, kind="set-network"),
        runs.train_recognizer,
    )
    run = requested(anonymization, recognizer=Recognizer.objects.get(), attackers=["naive", "retrained"])
    seen: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        jobs.execute(run.pk, watched(runs.recognize, "The attacker trains", seen, lost_at=[0, 10, 20]))
    done(run, watched(runs.recognize, "The attacker trains", seen))
    assert seen == [0, 10, 20, 10, 20, 30]
    assert not default_storage.exists(f"recognizers/unfinished-run-{run.pk}-own.npz")
