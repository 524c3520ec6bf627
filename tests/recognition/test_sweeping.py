"""A sweep over methods and seeds, taken up again, and written as one table and one figure."""

import csv
import json

import pytest
from django.core.management import call_command
from django.urls import reverse

from anonymizer import jobs
from anonymizer.jobs import Refused
from anonymizer.models import Run, Sequence
from recognition import runs, sweeping
from recognition.models import Identification
from tests.recognition.conftest import GALLERY, PROBE, SPLIT

pytestmark = pytest.mark.django_db
ATTACK = {"attackers": ["naive"], "gallery": GALLERY, "probe": PROBE}


def requested(dataset, methods=("blend",), alphas=(0.3, 2.0), seeds=(0, 1), donor="random"):
    wanted = sweeping.conditions(methods, alphas)
    return sweeping.request_sweep([dataset], wanted, seeds, SPLIT, donor=donor, attack=ATTACK)


def done(run):
    assert jobs.execute(run.pk, sweeping.sweep)
    run.refresh_from_db()
    assert run.status == Run.Status.SUCCEEDED, run.error
    return run.result


def test_every_condition_and_seed_is_one_line(walkers):
    result = done(requested(walkers))
    assert [(row["alpha"], row["seed"]) for row in result["rows"]] == [(0.3, 0), (0.3, 1), (2.0, 0), (2.0, 1)]
    assert [line["seeds"] for line in result["summary"]] == [2, 2]
    assert result["figure"].startswith("<svg")


def test_a_recognizer_serves_all_conditions_of_a_seed_and_answers_are_kept_as_arrays_alone(walkers):
    done(requested(walkers))
    assert Run.objects.filter(kind=Run.Kind.TRAIN_RECOGNIZER).count() == 2
    assert not Identification.objects.exists()


def test_a_sweep_goes_on_where_it_was_interrupted(walkers, monkeypatch):
    run = requested(walkers)
    recognize, calls = runs.recognize, []

    def third_fails(work):
        calls.append(work.run.pk)
        if len(calls) == 3:
            raise RuntimeError("no worker any more")
        recognize(work)

    monkeypatch.setitem(sweeping.BODIES, Run.Kind.RECOGNIZE, third_fails)
    with pytest.raises(Refused, match="did not succeed: RuntimeError: no worker any more"):
        jobs.execute(run.pk, sweeping.sweep)
    jobs.retry(run)
    result = done(run)
    assert len(calls) == 5  # four experiments, one of them twice
    assert len(result["rows"]) == 4
    assert Run.objects.filter(kind=Run.Kind.ANONYMIZE).count() == 4


def test_a_worker_that_lost_the_sweep_asks_for_no_run_of_it(walkers, monkeypatch):
    run, ask = requested(walkers), sweeping.runs.request_recognizer

    def taken_meanwhile(*args, **kwargs):
        Run.objects.filter(pk=run.pk).update(worker="another")
        return ask(*args, **kwargs)

    monkeypatch.setattr(sweeping.runs, "request_recognizer", taken_meanwhile)
    monkeypatch.setattr(jobs, "PROGRESS_SECONDS", 3600)
    monkeypatch.setattr(jobs, "see_through", lambda run, body, bar: done_by(run, body))
    jobs.execute(run.pk, sweeping.sweep)
    assert [each.kind for each in Run.objects.exclude(pk=run.pk)] == [Run.Kind.TRAIN_RECOGNIZER]


def done_by(run, body):
    jobs.execute(run.pk, body)
    run.refresh_from_db()


def test_a_network_is_trained_outside_the_transaction_in_which_its_use_is_asked_for(walkers):
    """Inside it, nobody else could write to SQLite while it is trained: `jobs.claim` refuses that."""
    wanted = sweeping.conditions(["tieu"], [])
    run = sweeping.request_sweep([walkers], wanted, [3], SPLIT, epochs=1, stride=10, attack=ATTACK)
    (row,) = done(run)["rows"]
    assert (row["method"], Run.objects.filter(kind=Run.Kind.TRAIN_NETWORK).count()) == ("tieu", 1)


def test_the_kind_of_recognizer_and_its_parameters_can_be_chosen(walkers):
    wanted = sweeping.conditions(["blend"], [])
    small = {"kind": "set-network", "parameters": {"steps": 2, "subjects": 2, "gaits": 2, "frames": 4}}
    run = sweeping.request_sweep(
        [walkers], wanted, [3], SPLIT, donor="random", attack=ATTACK, recognizer=small
    )
    (row,) = done(run)["rows"]
    assert row["recognizer"] == "set-network"
    training = Run.objects.get(kind=Run.Kind.TRAIN_RECOGNIZER)
    assert (training.parameters["kind"], training.parameters["parameters"]["steps"]) == ("set-network", 2)
    with pytest.raises(Refused, match="no parameter 'rank'"):
        sweeping.request_sweep(
            [walkers], wanted, [3], SPLIT, recognizer={"kind": "set-network", "parameters": {"rank": 3}}
        )


# --- Its page ---------------------------------------------------------------------------------------
@pytest.fixture
def signed_in(client, researcher, sent):
    client.force_login(researcher)
    return client


FORM = {
    "split": SPLIT, "methods": ["blend", "blur"], "alphas": "0.3, 2", "seeds": "0 1", "attackers": ["naive"],
    "gallery": GALLERY, "probe": PROBE, "kind": "set-network", "parameters": "steps=2",
}  # fmt: skip


def test_a_sweep_has_a_page_with_its_table_its_frontier_and_every_attacker(walkers, signed_in):
    run = requested(walkers)
    address = reverse("recognition:sweep", args=[run.pk])
    assert signed_in.get(address)["Location"] == reverse("anonymizer:run", args=[run.pk])
    line = done(run)["summary"][0]
    page = signed_in.get(address).content.decode()
    assert page.count('<th scope="row">') == 2 * 2  # two conditions, in two tables
    assert f"<b>{100 * line['strongest_rank1']['mean']:.1f}\u00a0%</b>" in page
    assert 'role="img" class="frontier"' in page
    assert "4 of 4 experiments" in page
    assert str(run.pk) in signed_in.get(reverse("recognition:sweeps")).content.decode()


def test_its_table_and_figure_can_be_downloaded(walkers, signed_in):
    run = requested(walkers)
    result = done(run)
    address = reverse("recognition:sweep_export", args=[run.pk])
    lines = b"".join(signed_in.get(address).streaming_content).decode().splitlines()
    assert [float(row["naive_rank1"]) for row in csv.DictReader(lines)] == [
        row["naive_rank1"] for row in result["rows"]
    ]
    found = signed_in.get(address, {"format": "json"}).json()
    assert found == {name: result[name] for name in ("sweep_run", "rows", "summary")}
    svg = signed_in.get(address, {"format": "svg"})
    assert (svg["Content-Type"], svg.content.decode()) == ("image/svg+xml; charset=utf-8", result["figure"])


def test_the_page_asks_for_a_sweep(walkers, signed_in):
    answer = signed_in.post(reverse("recognition:sweeps"), {**FORM, "dataset": walkers.pk})
    run = Run.objects.get(kind=Run.Kind.SWEEP)
    assert answer["Location"] == reverse("recognition:sweep", args=[run.pk])
    asked = run.parameters
    assert [(each["method"], each["alpha"]) for each in asked["conditions"]] == [
        ("blend", 0.3), ("blend", 2.0), ("blur", None),
    ]  # fmt: skip
    assert (asked["seeds"], asked["recognizer"]) == (
        [0, 1],
        {"kind": "set-network", "parameters": {"steps": 2}},
    )
    assert asked["attack"] == {**ATTACK, "copies": runs.COPIES, "clips": runs.CLIPS}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"seeds": "one"}, "Write whole numbers with commas between"),
        ({"seeds": "1, 1"}, "Seeds must be whole numbers from 0, each once"),
        ({"alphas": "nan"}, "Write numbers with commas between"),
        ({"methods": []}, "This is needed."),
        ({"parameters": "rank=3"}, "has no parameter &#x27;rank&#x27;"),
        ({"probe": GALLERY}, "gallery"),
    ],
)
def test_a_sweep_that_cannot_be_is_an_error_of_the_form(walkers, signed_in, wrong, said):
    answer = signed_in.post(reverse("recognition:sweeps"), {**FORM, "dataset": walkers.pk, **wrong})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Run.objects.filter(kind=Run.Kind.SWEEP).exists()


def test_methods_without_alpha_are_run_once(walkers):
    found = sweeping.conditions(["sdf", "replace"], [1.0, 2.0])
    assert [(each["method"], each["alpha"]) for each in found] == [
        ("sdf", 1.0),
        ("sdf", 2.0),
        ("replace", None),
    ]
    assert sweeping.conditions(["sdf"], [1.0], {"sdf": {"alpha": 9.0}})[0]["alpha"] == 9.0


def test_what_cannot_be_swept_is_refused_at_once(walkers):
    with pytest.raises(Refused, match="Method 'none' is not known"):
        sweeping.conditions(["none"], [])
    with pytest.raises(Refused, match="finite numbers"):
        sweeping.conditions(["blur"], [float("nan")])
    with pytest.raises(Refused, match="each once"):
        requested(walkers, seeds=(1, 1))
    with pytest.raises(Refused, match="'psychic' is unknown"):
        sweeping.request_sweep(
            [walkers], sweeping.conditions(["sdf"], []), split=SPLIT, attack={"attackers": ["psychic"]}
        )
    with pytest.raises(Refused, match="'alpha' must lie between 0 and 100, not -1"):
        requested(walkers, alphas=(-1.0,))
    with pytest.raises(Refused, match="Donor policy 'borrowed' is not known"):
        sweeping.request_sweep([walkers], sweeping.conditions(["sdf"], []), split=SPLIT, donor="borrowed")
    assert not Run.objects.filter(kind=Run.Kind.SWEEP).exists()


def test_a_view_angle_that_too_few_train_on_is_refused_before_any_work(walkers):
    missing = Sequence.objects.filter(subject__label="007", view_angle=0)  # D1 are 006 and 007
    assert missing.delete()[0]
    with pytest.raises(
        Refused, match="who train the recognizer 1 were seen at view angle 0°, where 2 are needed"
    ):
        requested(walkers)


def test_several_sweeps_are_joined_into_one_table(walkers, tmp_path):
    first, second = (
        requested(walkers, alphas=(0.3,)),
        requested(walkers, methods=("blur",), seeds=(5,), donor=None),
    )
    unfinished = requested(walkers)
    done(first), done(second)
    call_command("sweep", join=f"{first.pk},{second.pk}", output=str(tmp_path))
    table = json.loads((tmp_path / "table.json").read_text())
    assert table["sweep_run"] == [first.pk, second.pk]
    assert [(line["method"], line["seeds"]) for line in table["summary"]] == [("blend", 2), ("blur", 1)]
    assert "blur" in (tmp_path / "frontier.svg").read_text()
    again = requested(walkers, alphas=(0.3,))
    done(again)
    joined = sweeping.joined([first, first, again])
    assert (joined["sweep_run"], joined["summary"]) == ([first.pk, again.pk], first.result["summary"])
    with pytest.raises(Refused, match=f"Run {unfinished.pk} is no sweep with a finished experiment"):
        sweeping.joined([first, unfinished])


def test_the_same_command_goes_on_where_it_was_stopped(walkers, manage, monkeypatch):
    asked = ("--datasets", walkers.name, "--methods", "blend,blur", "--seeds", 0, "--split", SPLIT)
    chosen = ("--attackers", "naive", "--gallery", GALLERY, "--probe", PROBE)
    recognize, calls = runs.recognize, []

    def second_is_stopped(work):
        calls.append(work.run.pk)
        if len(calls) == 2:
            raise KeyboardInterrupt
        recognize(work)

    monkeypatch.setitem(sweeping.BODIES, Run.Kind.RECOGNIZE, second_is_stopped)
    stopped = manage("sweep", *asked, *chosen)
    assert (stopped.status, "give the same command again, and it goes on" in stopped.err) == (130, True)
    assert "was stopped: going on with it" in manage("sweep", *asked, *chosen).err
    assert (len(calls), calls[1] == calls[2]) == (3, True)
    for kind, count in {Run.Kind.SWEEP: 1, Run.Kind.ANONYMIZE: 2, Run.Kind.RECOGNIZE: 2}.items():
        assert Run.objects.filter(kind=kind).count() == count


def test_the_command_writes_the_table_twice_and_the_figure(walkers, tmp_path):
    call_command(
        "sweep", datasets=walkers.name, methods="blend", seeds="0,1", split=SPLIT, donor="random",
        attackers="naive", gallery=GALLERY, probe=PROBE, output=str(tmp_path), json=str(tmp_path / "all.json"),
    )  # fmt: skip
    with (tmp_path / "table.csv").open() as file:
        rows = list(csv.DictReader(file))
    table = json.loads((tmp_path / "table.json").read_text())
    assert [row["seed"] for row in rows] == ["0", "1"]
    assert [float(row["naive_rank1"]) for row in rows] == [row["naive_rank1"] for row in table["rows"]]
    assert json.loads((tmp_path / "all.json").read_text()) == table
    assert (tmp_path / "frontier.svg").read_text().startswith("<svg")
