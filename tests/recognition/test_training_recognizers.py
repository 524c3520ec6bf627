"""A recognizer of either kind out of a dataset, by job, command and page; variants compared."""

import csv
import io
import json

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.urls import reverse

from anonymizer import jobs
from anonymizer.jobs import Refused
from anonymizer.models import Run
from recognition import gathering, learning, runs
from recognition.identify import ablation, vtm
from recognition.models import Recognizer
from tests.factories import DatasetFactory, walks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_heartbeat")]
SPLIT = "30:30:40"  # of 7 subjects: 2, 2 and 3
TINY = {
    "frame": [16, 12],
    "channels": [2, 4, 4],
    "strips": [1, 2],
    "strip_features": 4,
    "frames": 3,
    "steps": 30,
}


@pytest.fixture
def dataset():
    made = DatasetFactory(name="seven walkers", slug="seven-walkers")
    walks(made, 7, numbers=(1, 2, 3, 4))
    return made


def done(run, body):
    assert jobs.execute(run.pk, body)
    run.refresh_from_db()
    assert run.status == Run.Status.SUCCEEDED, run.error
    return run


def watched(body, stage: str, seen: list[int], lost_at: list[int] | None = None):
    """The body of a run that notes how far a stage says it is, and is lost once it has said `lost_at`."""

    def work_on(work: jobs.Work) -> None:
        tell = work.progress

        def progress(done: int, total: int, at: str = "") -> None:
            tell(done, total, at)
            if at == stage:
                seen.append(done)
                if seen == lost_at:
                    raise KeyboardInterrupt

        work.progress = progress  # type: ignore[method-assign]
        body(work)

    return work_on


def test_a_set_network_is_trained_and_can_be_used(dataset):
    run = done(runs.request_recognizer(dataset, SPLIT, TINY, kind="set-network"), runs.train_recognizer)
    assert run.recognizer.kind == "set-network"
    assert run.recognizer.parameters["steps"] == 30
    assert len(run.result["losses"]) == 30
    assert run.device == "cpu"
    assert gathering.loaded(run.recognizer).losses == run.result["losses"]


def test_a_lost_training_goes_on_where_it_was_last_kept(dataset, monkeypatch):
    monkeypatch.setattr(learning, "KEEP_EVERY", 10)
    run = runs.request_recognizer(dataset, SPLIT, TINY, kind="set-network")
    seen: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        jobs.execute(run.pk, watched(runs.train_recognizer, "Fitting", seen, lost_at=[0, 10, 20]))
    assert default_storage.exists(f"recognizers/unfinished-run-{run.pk}.npz")
    done(run, watched(runs.train_recognizer, "Fitting", seen))
    assert seen == [0, 10, 20, 10, 20, 30]
    assert not default_storage.exists(f"recognizers/unfinished-run-{run.pk}.npz")


def test_a_training_whose_kept_state_is_damaged_begins_again_and_says_so(dataset):
    run = runs.request_recognizer(dataset, SPLIT, TINY, kind="set-network")
    default_storage.save(f"recognizers/unfinished-run-{run.pk}.npz", ContentFile(b"cut off"))
    done(run, runs.train_recognizer)
    assert len(run.result["losses"]) == 30
    assert any("training begins again" in line["text"] for line in run.log)


def test_a_parameter_of_the_other_kind_is_refused(dataset):
    with pytest.raises(Refused, match="no parameter 'components'"):
        runs.request_recognizer(dataset, SPLIT, {"components": 5}, kind="set-network")
    with pytest.raises(Refused, match="no recognizer of kind 'gaitset'"):
        runs.request_recognizer(dataset, SPLIT, kind="gaitset")


def test_the_command_takes_any_parameter(dataset):
    out = io.StringIO()
    call_command(
        "train_recognizer", "--dataset", "seven walkers", "--split", SPLIT,
        "--set", "projection=joint-pls", "--set", "columns=sequence", "--set", "size=32x24", stdout=out,
    )  # fmt: skip
    row = Recognizer.objects.get()
    assert row.name in out.getvalue()
    kept = {name: row.parameters[name] for name in ("projection", "columns", "size", "components")}
    assert kept == {"projection": "joint-pls", "columns": "sequence", "size": [32, 24], "components": 40}


@pytest.mark.parametrize("given", ["projection", "depth=3", "components=many", "components=0"])
def test_the_command_names_what_it_does_not_understand(dataset, given):
    with pytest.raises(CommandError) as error:
        call_command("train_recognizer", "--dataset", "seven walkers", "--set", given)
    assert given.split("=")[0].removesuffix("s") in str(error.value)
    assert not Run.objects.filter(kind=Run.Kind.TRAIN_RECOGNIZER).exists()


def test_the_page_trains_either_kind(signed_in, dataset):
    fields = {
        "dataset": dataset.pk,
        "split": SPLIT,
        "seed": 3,
        "kind": "set-network",
        "parameters": "steps=7\nframe=16x12\nstrips=1,2",
    }
    assert signed_in.post(reverse("recognition:train"), fields).status_code == 302
    run = Run.objects.get(kind=Run.Kind.TRAIN_RECOGNIZER)
    assert run.parameters["parameters"] == {"steps": 7, "frame": [16, 12], "strips": [1, 2]}
    wrong = signed_in.post(reverse("recognition:train"), {**fields, "parameters": "steps"})
    assert wrong.status_code == 422
    assert "Write name=value, one a line." in wrong.content.decode()


# --- Variants ---------------------------------------------------------------------------------------
VARIANTS = (ablation.VARIANTS[0], ablation.VARIANTS[1])
CHOICES = {"gallery": "nm-01,nm-02", "probe": "nm-03,nm-04"}


@pytest.fixture
def compared(dataset, monkeypatch):
    monkeypatch.setattr(ablation, "VARIANTS", VARIANTS)
    return done(runs.request_ablation(dataset, SPLIT, **CHOICES), runs.ablate)


def test_every_variant_has_its_rates_by_difference_of_view_angles(compared):
    rows = compared.result["variants"]
    assert [row["variant"] for row in rows] == ["standard", "no-vtm"]
    assert [each["difference"] for each in rows[0]["by_difference"]] == [0, 90]
    assert (
        rows[0]["by_difference"][0]["rank1"] == rows[1]["by_difference"][0]["rank1"]
    )  # the VTM is for others


def test_a_variant_that_these_walks_cannot_train_says_why_and_the_others_go_on(
    dataset, monkeypatch, signed_in
):
    impossible = ablation.Variant("impossible", "every direction cut", {"robust": True})
    monkeypatch.setattr(vtm, "LEAST_LEFT", 2.0)
    monkeypatch.setattr(ablation, "VARIANTS", (VARIANTS[0], impossible, VARIANTS[1]))
    rows = done(runs.request_ablation(dataset, SPLIT, **CHOICES), runs.ablate).result["variants"]
    assert [row["cross_view"]["rank1"] is None for row in rows] == [False, True, False]
    assert rows[1]["reason"].startswith("Robust PCA leaves")
    assert rows[1]["reason"] in signed_in.get(reverse("recognition:ablations")).content.decode()


def test_an_interrupted_comparison_goes_on(dataset, monkeypatch):
    monkeypatch.setattr(ablation, "VARIANTS", VARIANTS)
    run = runs.request_ablation(dataset, SPLIT, **CHOICES)
    Run.objects.filter(pk=run.pk).update(result={"variants": [{"variant": "kept from before"}]})
    done(run, runs.ablate)
    assert [row["variant"] for row in run.result["variants"]] == ["kept from before", "no-vtm"]


def test_the_page_shows_the_comparison_and_gives_it_as_csv(compared, signed_in):
    page = signed_in.get(reverse("recognition:ablations")).content.decode()
    assert "no view transformation" in page
    table = signed_in.get(reverse("recognition:ablation_table", args=[compared.pk])).content.decode()
    rows = list(csv.DictReader(io.StringIO(table)))
    assert len(rows) == 2 * 3
    assert rows[0]["rank1"] == str(compared.result["variants"][0]["by_difference"][0]["rank1"])


def test_the_page_starts_one(signed_in, dataset):
    fields = {"dataset": dataset.pk, "split": SPLIT, "seed": 0, **CHOICES}
    assert signed_in.post(reverse("recognition:ablations"), fields).status_code == 302
    assert Run.objects.get(kind=Run.Kind.ABLATE).parameters["split"] == SPLIT
    wrong = signed_in.post(reverse("recognition:ablations"), {**fields, "probe": "nm-01"})
    assert wrong.status_code == 422


def test_the_command_prints_a_line_a_variant(dataset, monkeypatch):
    monkeypatch.setattr(ablation, "VARIANTS", VARIANTS)
    out = io.StringIO()
    call_command("ablate", "--dataset", "seven walkers", "--split", SPLIT, *_words(CHOICES), stdout=out)
    assert [line.split(":")[0] for line in out.getvalue().splitlines()] == [
        "as it stands",
        "no view transformation",
    ]


def test_its_json_is_the_result(dataset, monkeypatch, tmp_path):
    monkeypatch.setattr(ablation, "VARIANTS", VARIANTS)
    place = tmp_path / "variants.json"
    call_command(
        "ablate",
        "--dataset",
        "seven walkers",
        "--split",
        SPLIT,
        *_words(CHOICES),
        "--json",
        str(place),
        stdout=io.StringIO(),
    )
    assert json.loads(place.read_text()) == Run.objects.get(kind=Run.Kind.ABLATE).result


def _words(options: dict[str, str]) -> list[str]:
    return [word for name, value in options.items() for word in (f"--{name}", value)]
