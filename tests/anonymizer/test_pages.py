"""The pages of datasets and runs, as a researcher meets them."""

import io
import re
import zlib
from datetime import timedelta

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from anonymizer import charts, jobs, run_page
from anonymizer.command_line import command
from anonymizer.film import film, png
from anonymizer.models import Run
from config.context import site
from tests.factories import (
    AnonymizationFactory,
    AnonymizedSequenceFactory,
    CheckpointFactory,
    DatasetFactory,
    RunFactory,
    SequenceFactory,
    SubjectFactory,
    clip_of,
    figure,
    walks,
)

pytestmark = pytest.mark.django_db
PAGES = ["overview", "anonymizer:datasets", "anonymizer:dataset_import", "anonymizer:dataset_generate"]
PAGES += ["anonymizer:runs", "anonymizer:anonymize", "anonymizer:train_network"]
WALKERS = {
    "name": "new walkers",
    "subjects": 3,
    "normal": 2,
    "bag": 0,
    "coat": 1,
    "frames": 25,
    "view_angles": ["0", "90"],
    "difficulty": "casia",
    "seed": 7,
}


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    """Runs that were handed to the broker; no broker runs in these tests."""
    runs: list[Run] = []
    monkeypatch.setattr("anonymizer.tasks.send", runs.append)
    return runs


def text(response) -> str:
    """What a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


# --- Who may see what -----------------------------------------------------------------------------
@pytest.mark.parametrize("name", PAGES)
def test_a_visitor_is_sent_to_sign_in(client, name):
    response = client.get(reverse(name))
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=")


def test_pictures_films_and_clips_are_for_those_who_signed_in(client):
    sequence = SequenceFactory()
    for name in ("anonymizer:sequence_picture", "anonymizer:sequence_film"):
        assert client.get(reverse(name, args=[sequence.pk])).status_code == 302
    assert client.get(reverse("anonymizer:clip", args=[clip_of(sequence).pk])).status_code == 302


@pytest.mark.parametrize("name", PAGES)
def test_every_page_shows_on_an_empty_database(signed_in, name):
    assert signed_in.get(reverse(name)).status_code == 200


# --- Datasets -------------------------------------------------------------------------------------
def test_a_dataset_shows_what_is_in_it_and_what_was_left_out(signed_in):
    dataset = DatasetFactory(
        name="three walkers",
        dropped=[{"sequence": "001-nm-02-090", "reason": "under 12 frames", "frames": 9}],
    )
    walks(dataset, subjects=3, view_angles=(0, 90), numbers=(1,))
    page = text(signed_in.get(reverse("anonymizer:dataset", args=[dataset.slug])))
    assert "3 subjects" in page
    assert "6 sequences of 7" in page
    assert "2 view angles, 0° to 90°" in page
    assert "72 frames, 12 each" in page
    assert "dropped under 12 frames: 9" in page
    assert "Under 12 frames 1 subject 001" in page
    assert "synthetic walkers" in page


def test_the_next_subject_is_one_link_away(signed_in):
    dataset = DatasetFactory()
    walks(dataset, subjects=3, view_angles=(90,), numbers=(1,))
    page = signed_in.get(
        reverse("anonymizer:dataset", args=[dataset.slug]), {"subject": "002", "show": "gei"}
    )
    assert "Subject 002" in text(page)
    assert 'aria-label="Previous subject, 001"' in page.content.decode()
    assert 'aria-label="Next subject, 003"' in page.content.decode()
    assert "show=gei&amp;" in page.content.decode() or "?subject=003&amp;show=gei" in page.content.decode()


def test_few_walks_show_every_gait_condition_and_all_can_be_asked_for(signed_in):
    subject = SubjectFactory(label="001")
    for condition, count in (("nm", 5), ("bg", 2), ("cl", 1)):
        for number in range(1, count + 1):
            SequenceFactory(subject=subject, gait_condition=condition, number=number)
    address = reverse("anonymizer:dataset", args=[subject.dataset.slug])
    few = signed_in.get(address).content.decode()
    assert re.findall(r'scope="row">((?:nm|bg|cl)-\d\d)', few) == ["nm-01", "nm-02", "bg-01", "cl-01"]
    every = signed_in.get(address, {"walks": "all"}).content.decode()
    assert len(re.findall(r'scope="row">(?:nm|bg|cl)-\d\d', every)) == 8


def test_what_was_left_out_can_be_downloaded_in_full(signed_in):
    dataset = DatasetFactory(dropped=[{"sequence": "005-cl-01-000", "reason": "folder empty", "frames": 0}])
    response = signed_in.get(reverse("anonymizer:dataset_left_out", args=[dataset.slug]))
    assert response["Content-Type"].startswith("text/csv")
    assert response.content.decode().splitlines() == [
        "sequence,reason,frames",
        "005-cl-01-000,folder empty,0",
    ]


def test_the_sequences_can_be_downloaded(signed_in):
    dataset = DatasetFactory()
    walks(dataset, subjects=1, view_angles=(0, 90), numbers=(1,))
    lines = (
        signed_in.get(reverse("anonymizer:dataset_sequences", args=[dataset.slug])).content.decode().split()
    )
    assert lines == ["subject,gait_condition,number,view_angle,frames", "001,nm,1,0,12", "001,nm,1,90,12"]


def test_a_dataset_whose_run_failed_says_why_and_where_to_retry(signed_in):
    run = RunFactory(status=Run.Status.FAILED, error="the archive ends in the middle")
    dataset = DatasetFactory(ready=False, run=run)
    response = signed_in.get(reverse("anonymizer:dataset", args=[dataset.slug]))
    assert "the archive ends in the middle" in text(response)
    assert reverse("anonymizer:run", args=[run.pk]) in response.content.decode()


def test_a_dataset_lists_the_runs_that_use_it(signed_in):
    dataset = DatasetFactory(name="used walkers")
    RunFactory(kind=Run.Kind.ANONYMIZE, parameters={"dataset": dataset.pk, "method": "sdf", "alpha": 1.5})
    RunFactory(
        kind=Run.Kind.ANONYMIZE, parameters={"dataset": dataset.pk + 1, "method": "blend", "alpha": 0.3}
    )
    page = text(signed_in.get(reverse("anonymizer:dataset", args=[dataset.slug])))
    assert "sdf α 1.5 on used walkers" in page
    assert "blend" not in page


# --- Forms ----------------------------------------------------------------------------------------
def test_making_walkers_starts_a_run_and_goes_to_its_page(
    signed_in, researcher, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        response = signed_in.post(reverse("anonymizer:dataset_generate"), WALKERS)
    run = Run.objects.get()
    assert response["Location"] == reverse("anonymizer:run", args=[run.pk])
    assert run.kind == Run.Kind.GENERATE_WALKERS
    assert run.parameters["sequences"] == {"nm": 2, "cl": 1}
    assert run.parameters["view_angles"] == [0, 90]
    assert (run.seed, run.requested_by) == (7, researcher)
    assert sent == [run]


def test_an_error_is_listed_linked_and_named_in_the_title_and_no_input_is_lost(signed_in):
    response = signed_in.post(reverse("anonymizer:dataset_generate"), {**WALKERS, "subjects": 5000})
    page = response.content.decode()
    assert response.status_code == 422
    assert "<title>Error: Make walkers" in page
    assert "1 thing to correct" in page
    assert 'href="#id_subjects"' in page
    assert 'value="5000"' in page
    assert 'value="new walkers"' in page
    assert 'aria-describedby="id_subjects_helptext id_subjects_error"' in page
    assert not Run.objects.exists()


def test_what_the_anonymizer_refuses_becomes_an_error_of_the_form(signed_in):
    DatasetFactory(name="new walkers")
    response = signed_in.post(reverse("anonymizer:dataset_generate"), WALKERS)
    assert response.status_code == 422
    assert "A dataset is named &#x27;new walkers&#x27; already" in response.content.decode()
    assert not Run.objects.exists()


def test_a_form_needs_its_token(client, researcher):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(researcher)
    assert strict.post(reverse("anonymizer:dataset_generate"), WALKERS).status_code == 403


def archive(name: str = "walks.zip") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"PK\x05\x06" + bytes(18))


def test_an_upload_outlives_its_request(signed_in, settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    fields = {"name": "mine", "frames": 50, "licence": "my own", "archive": archive()}
    signed_in.post(reverse("anonymizer:dataset_import"), fields)
    run = Run.objects.get()
    assert run.kind == Run.Kind.IMPORT_CASIA_B
    with open(run.parameters["path"], "rb") as file:
        assert file.read().startswith(b"PK")
    assert run.parameters["path"].startswith(str(tmp_path.resolve()))
    assert run.parameters["filename"] == fields["archive"].name
    page = text(signed_in.get(reverse("anonymizer:run", args=[run.pk])))
    assert f"Archive {fields['archive'].name} " in page
    assert run.parameters["may_be_shown_to_raters"] is False


def test_a_refused_upload_is_not_kept(signed_in, settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    DatasetFactory(name="mine")
    fields = {"name": "mine", "frames": 50, "archive": archive()}
    assert signed_in.post(reverse("anonymizer:dataset_import"), fields).status_code == 422
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "limit", "said"),
    [
        ("walks.rar", 1000, "This is no .zip and no .tar.gz"),
        ("walks.zip", 5, "is more than can be uploaded here"),
    ],
)
def test_an_upload_that_can_not_be_read_is_refused_with_what_to_do(signed_in, settings, name, limit, said):
    settings.UPLOAD_LIMIT_BYTES = limit
    fields = {"name": "mine", "frames": 50, "archive": archive(name)}
    response = signed_in.post(reverse("anonymizer:dataset_import"), fields)
    assert response.status_code == 422
    assert said in text(response)


def test_only_staff_may_name_a_path_on_the_server(signed_in, client, administrator, tmp_path):
    fields = {"name": "mine", "frames": 50, "path": str(tmp_path)}
    assert signed_in.post(reverse("anonymizer:dataset_import"), fields).status_code == 422
    client.force_login(administrator)
    assert client.post(reverse("anonymizer:dataset_import"), fields).status_code == 302
    assert Run.objects.get().parameters["path"] == str(tmp_path.resolve())


def test_a_method_with_a_network_asks_for_its_checkpoint(signed_in):
    dataset = DatasetFactory()
    walks(dataset, subjects=8, view_angles=(90,), numbers=(1,))
    fields = {"dataset": dataset.pk, "method": "tieu", "split": "30:30:40", "seed": 0}
    response = signed_in.post(reverse("anonymizer:anonymize"), fields)
    assert response.status_code == 422
    assert "needs a trained network" in text(response)
    checkpoint = CheckpointFactory(method="tieu")
    assert (
        signed_in.post(reverse("anonymizer:anonymize"), {**fields, "checkpoint": checkpoint.pk}).status_code
        == 302
    )
    assert Run.objects.filter(kind=Run.Kind.ANONYMIZE).get().parameters["checkpoint"] == checkpoint.pk


def test_a_methods_own_parameters_are_asked_for_and_kept(signed_in):
    dataset = DatasetFactory()
    walks(dataset, subjects=8, view_angles=(90,), numbers=(1,))
    assert 'name="blend.order"' in signed_in.get(reverse("anonymizer:anonymize")).content.decode()
    fields = {"dataset": dataset.pk, "method": "blend", "split": "30:30:40", "seed": 0}
    wrong = signed_in.post(reverse("anonymizer:anonymize"), {**fields, "blend.noise_view_angle": "left"})
    assert (wrong.status_code, "must be &#x27;original&#x27; or whole degrees" in wrong.content.decode()) == (
        422,
        True,
    )
    signed_in.post(reverse("anonymizer:anonymize"), {**fields, "blend.order": "raster"})
    assert Run.objects.get().parameters["parameters"]["order"] == "raster"
    assert command(Run.objects.get()).endswith("--set order=raster --seed 0")


def test_too_few_subjects_for_a_split_are_refused_in_words(signed_in):
    dataset = DatasetFactory()
    walks(dataset, subjects=2, view_angles=(90,), numbers=(1,))
    fields = {"dataset": dataset.pk, "method": "sdf", "split": "30:15:55", "seed": 0}
    response = signed_in.post(reverse("anonymizer:anonymize"), fields)
    assert response.status_code == 422
    assert "Use at least" in text(response)


def test_without_a_split_everybody_is_changed_as_few_as_there_are(signed_in):
    dataset = DatasetFactory()
    walks(dataset, subjects=2, view_angles=(90,), numbers=(1,))
    fields = {"dataset": dataset.pk, "method": "sdf", "split": "", "seed": 0}
    response = signed_in.post(reverse("anonymizer:anonymize"), fields)
    run = Run.objects.get()
    assert response["Location"] == reverse("anonymizer:run", args=[run.pk])
    assert run.parameters["split"] is None
    assert signed_in.get(response["Location"]).status_code == 200
    assert "--split" not in command(run)


def test_training_a_network_starts_a_run(signed_in):
    dataset = DatasetFactory()
    walks(dataset, subjects=8, view_angles=(90,), numbers=(1,))
    fields = {
        "dataset": dataset.pk,
        "method": "tieu",
        "split": "30:30:40",
        "epochs": 3,
        "stride": 2,
        "seed": 0,
    }
    assert signed_in.post(reverse("anonymizer:train_network"), fields).status_code == 302
    assert Run.objects.get(kind=Run.Kind.TRAIN_NETWORK).parameters["epochs"] == 3


def test_a_refused_split_is_an_error_of_its_field_without_a_commands_dashes(signed_in):
    dataset = DatasetFactory()
    fields = {"dataset": dataset.pk, "method": "sdf", "split": "90:90:90", "seed": 0}
    response = signed_in.post(reverse("anonymizer:anonymize"), fields)
    assert response.context["form"].errors == {
        "split": ["Split 90:90:90: three percents above 0 must add up to 100."]
    }


def test_a_taken_name_is_an_error_of_its_field(signed_in):
    DatasetFactory(name="mine")
    response = signed_in.post(reverse("anonymizer:dataset_generate"), {**WALKERS, "name": "mine"})
    assert list(response.context["form"].errors) == ["name"]
    assert '<a href="#id_name">' in response.content.decode()


def test_a_link_can_choose_the_dataset_beforehand(signed_in):
    DatasetFactory()
    chosen = DatasetFactory()
    page = signed_in.get(reverse("anonymizer:anonymize"), {"dataset": chosen.pk}).content.decode()
    assert f'<option value="{chosen.pk}" selected>' in page


# --- Runs -----------------------------------------------------------------------------------------
def running(**fields) -> Run:
    started = timezone.now() - timedelta(seconds=60)
    values = {"status": Run.Status.RUNNING, "stage": "Walking", "done": 30, "total": 120, "attempts": 1}
    return RunFactory(**{**values, "started": started, "parameters": {"name": "w", "frames": 9}, **fields})


def test_a_running_run_says_how_far_it_is_and_how_long_it_takes(signed_in):
    run = running()
    response = signed_in.get(reverse("anonymizer:run", args=[run.pk]))
    page = text(response)
    assert "30 of 120 walks" in page
    assert "about 3 min left" in page
    assert "you may close this page" in page
    assert 'hx-trigger="every 2s"' in response.content.decode()
    assert "Cancel run" in page


def test_a_finished_run_is_not_polled_and_a_poll_asks_for_the_whole_page(signed_in):
    run = RunFactory()
    assert "every 2s" not in signed_in.get(reverse("anonymizer:run", args=[run.pk])).content.decode()
    assert signed_in.get(reverse("anonymizer:run_progress", args=[run.pk]))["HX-Refresh"] == "true"


def test_a_poll_of_an_unfinished_run_brings_its_moving_part_alone(signed_in):
    response = signed_in.get(reverse("anonymizer:run_progress", args=[running().pk]))
    assert "HX-Refresh" not in response
    assert "<html" not in response.content.decode()


def test_a_poll_brings_the_heading_too_so_that_the_page_does_not_contradict_itself(signed_in):
    run = running()
    whole = signed_in.get(reverse("anonymizer:run", args=[run.pk])).content.decode()
    moved = signed_in.get(reverse("anonymizer:run_progress", args=[run.pk]))
    assert (whole.count('id="run-state"'), whole.count('id="run-sub"'), "hx-swap-oob" in whole) == (
        1,
        1,
        False,
    )
    state = moved.content.decode().split('<span id="run-state" hx-swap-oob="true">')[1]
    assert '<span class="badge run">Running</span></span>' in state.replace("\n", "")
    assert 'id="run-sub" hx-swap-oob="true"' in moved.content.decode()
    assert "It begins when a worker takes it up" not in text(moved)
    assert "Begun at" in text(moved)


def test_pace_is_measured_since_the_page_looked_so_that_an_earlier_attempt_does_not_count():
    run = running(attempts=2)
    seen = run_page.Seen(timezone.now() - timedelta(seconds=10), 20, "Walking")
    assert run_page.rate(run, seen) == pytest.approx(1.0, rel=0.05)
    assert run_page.rate(run, run_page.Seen.now(run)) is None


@pytest.mark.parametrize(
    "query",
    [{}, {"at": "x", "done": "1", "stage": "Walking"}, {"at": "1e99", "done": "1", "stage": "Walking"}],
)
def test_a_wrong_poll_address_begins_anew(query):
    run = running()
    assert run_page.Seen.read(run, query).done == run.done


def test_a_waiting_run_says_its_place_and_that_no_worker_is_there(signed_in):
    running()
    waiting = RunFactory(status=Run.Status.QUEUED, parameters={"name": "w"})
    page = text(signed_in.get(reverse("anonymizer:run", args=[waiting.pk])))
    assert "1 run before this one" in page
    assert "No worker has been heard of lately" in page
    jobs.beat()
    assert "No worker" not in text(signed_in.get(reverse("anonymizer:run", args=[waiting.pk])))


def test_a_failed_run_says_why_and_is_retried_by_one_press(
    signed_in, sent, django_capture_on_commit_callbacks
):
    run = RunFactory(status=Run.Status.FAILED, error="Nothing was kept: folder empty.")
    assert "Nothing was kept: folder empty." in text(signed_in.get(reverse("anonymizer:run", args=[run.pk])))
    with django_capture_on_commit_callbacks(execute=True):
        response = signed_in.post(reverse("anonymizer:run_retry", args=[run.pk]))
    assert response["Location"] == reverse("anonymizer:run", args=[run.pk])
    run.refresh_from_db()
    assert run.status == Run.Status.QUEUED
    assert sent == [run]


def test_a_refused_request_leads_to_asking_anew_and_only_then_to_a_retry(signed_in):
    run = RunFactory(
        kind=Run.Kind.IMPORT_CASIA_B,
        status=Run.Status.FAILED,
        error="fake.zip: no.",
        result={"refused": True},
    )
    page = signed_in.get(reverse("anonymizer:run", args=[run.pk])).content.decode()
    assert f'<a class="btn primary" href="{reverse("anonymizer:dataset_import")}">Import again</a>' in page
    assert "Retry goes on from where it stood" not in page
    assert page.count('<button class="btn" type="submit">') == 1
    assert "Import again" in text(signed_in.get("/"))


def test_a_second_retry_sends_nothing(signed_in, sent, django_capture_on_commit_callbacks):
    run = RunFactory(status=Run.Status.FAILED)
    with django_capture_on_commit_callbacks(execute=True):
        signed_in.post(reverse("anonymizer:run_retry", args=[run.pk]))
        signed_in.post(reverse("anonymizer:run_retry", args=[run.pk]))
    assert sent == [run]


def test_cancelling_stops_a_waiting_run_at_once_and_asks_a_running_one(signed_in):
    waiting, busy = RunFactory(status=Run.Status.QUEUED), running()
    for run in (waiting, busy):
        signed_in.post(reverse("anonymizer:run_cancel", args=[run.pk]))
        run.refresh_from_db()
    assert waiting.status == Run.Status.CANCELLED
    assert (busy.status, busy.cancel_requested) == (Run.Status.RUNNING, True)


@pytest.mark.parametrize("name", ["anonymizer:run_cancel", "anonymizer:run_retry"])
def test_a_run_is_never_changed_by_a_link(signed_in, name):
    assert signed_in.get(reverse(name, args=[RunFactory().pk])).status_code == 405


def test_an_anonymization_shows_pairs_to_play_and_what_comes_next(signed_in):
    anonymization = AnonymizationFactory(proxies={"iou": 0.81, "jitter_ratio": 0.97, "manifold_ratio": None})
    source = SequenceFactory(view_angle=54)
    changed = AnonymizedSequenceFactory(anonymization=anonymization, source=source)
    clip = clip_of(changed)
    page = signed_in.get(reverse("anonymizer:run", args=[anonymization.run.pk])).content.decode()
    assert reverse("anonymizer:anonymized_film", args=[changed.pk]) in page
    assert reverse("anonymizer:clip", args=[clip.pk]) in page
    assert "IoU with the originals 0.81" in page
    assert f"{reverse('recognition:start')}?anonymization={anonymization.pk}" in page
    assert f"{reverse('studies:new')}?anonymization={anonymization.pk}" in page


def test_a_trained_network_shows_its_loss(signed_in):
    run = RunFactory(
        kind=Run.Kind.TRAIN_NETWORK, parameters={"method": "tieu"}, result={"losses": [310.0, 290.0, 285.5]}
    )
    response = signed_in.get(reverse("anonymizer:run", args=[run.pk]))
    assert "Loss fell from 310 to 285.5 in 3 epochs." in response.content.decode()


def test_a_trained_set_network_shows_its_loss_as_what_it_is(signed_in):
    run = RunFactory(kind=Run.Kind.TRAIN_RECOGNIZER, result={"losses": [0.196, 0.16, 0.197]})
    page = signed_in.get(reverse("anonymizer:run", args=[run.pk])).content.decode()
    assert "Loss went from 0.196 to 0.197 in 3 steps." in page
    assert "lower is nearer to both gaits" not in page


def test_a_run_can_be_copied_as_a_command(signed_in):
    parameters = {
        "name": "two words",
        "subjects": 3,
        "sequences": {"nm": 2},
        "view_angles": [0, 90],
        "frames": 25,
        "difficulty": "casia",
        "path_variation": 2.5,
    }
    line = command(RunFactory(parameters=parameters, seed=4))
    assert line == (
        ".venv/bin/python manage.py generate_walkers --name 'two words' --subjects 3 --sequences nm=2 "
        "--view-angles 0,90 --frames 25 --difficulty casia --path-variation 2.5 --seed 4"
    )


def test_a_sweep_can_be_copied_as_a_command():
    dataset = DatasetFactory(name="two words")
    parameters = {
        "datasets": [dataset.pk],
        "conditions": [
            {"method": "sdf", "alpha": 1.5, "parameters": {}},
            {"method": "sdf", "alpha": 5.0, "parameters": {}},
            {"method": "blur", "alpha": None, "parameters": {"strength": 3.0}},
        ],
        "seeds": [0, 1],
        "split": "20:10:70",
        "attack": {"attackers": ["naive", "joint"], "copies": 5, "view_angles": [90]},
        "recognizer": {"kind": "zheng", "parameters": {"rank": 8}},
    }
    line = command(RunFactory(kind=Run.Kind.SWEEP, parameters=parameters))
    assert line == (
        ".venv/bin/python manage.py sweep --datasets 'two words' --methods sdf,blur --seeds 0,1 --split 20:10:70 "
        "--attackers naive,joint --copies 5 --attack-view-angles 90 --recognizer zheng --alphas 1.5,5 "
        "--set blur:strength=3.0 --recognizer-set rank=8"
    )


def test_runs_are_filtered_by_kind_and_state(signed_in):
    RunFactory(kind=Run.Kind.GENERATE_WALKERS, parameters={"name": "ready ones"})
    RunFactory(kind=Run.Kind.IMPORT_CASIA_B, parameters={"name": "broken ones"}, status=Run.Status.FAILED)
    running(parameters={"name": "coming ones"})
    address = reverse("anonymizer:runs")
    assert "broken ones" not in text(signed_in.get(address, {"kind": "generate_walkers"}))
    only_failed = text(signed_in.get(address, {"status": "failed"}))
    assert "broken ones" in only_failed
    assert "ready ones" not in only_failed
    unfinished = text(signed_in.get(address, {"status": "unfinished"}))
    assert "coming ones" in unfinished
    assert "ready ones" not in unfinished


def test_the_list_of_runs_costs_no_query_a_run(signed_in, django_assert_max_num_queries):
    dataset = DatasetFactory()
    for _ in range(15):
        RunFactory(kind=Run.Kind.ANONYMIZE, parameters={"dataset": dataset.pk, "method": "sdf", "alpha": 1.5})
    with django_assert_max_num_queries(16):
        signed_in.get(reverse("anonymizer:runs"))


# --- The first page -------------------------------------------------------------------------------
def test_an_empty_site_makes_walkers_by_one_press(signed_in):
    page = signed_in.get("/").content.decode()
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    data: dict[str, list[str]] = {}
    for name, value in fields:
        data.setdefault(name, []).append(value)
    assert signed_in.post(reverse("anonymizer:dataset_generate"), data).status_code == 302
    assert Run.objects.get().parameters["subjects"] == 24


def test_failures_come_first_and_can_be_retried_there(signed_in):
    run = RunFactory(status=Run.Status.FAILED, error="the disk is full", parameters={"name": "mine"})
    response = signed_in.get("/")
    assert "Needs you" in text(response)
    assert "the disk is full" in text(response)
    assert reverse("anonymizer:run_retry", args=[run.pk]) in response.content.decode()


def test_a_failed_run_is_put_away_until_it_is_tried_again_and_fails(signed_in):
    run = RunFactory(status=Run.Status.FAILED, error="the disk is full", result={"dropped": 1})
    signed_in.post(reverse("anonymizer:run_put_away", args=[run.pk]))
    assert "Needs you" not in text(signed_in.get("/"))
    assert "the disk is full" in text(signed_in.get(reverse("anonymizer:runs")))
    signed_in.post(reverse("anonymizer:run_retry", args=[run.pk]))
    run.refresh_from_db()
    assert run.result == {"dropped": 1}
    Run.objects.filter(pk=run.pk).update(status=Run.Status.FAILED)
    assert "Needs you" in text(signed_in.get("/"))


def test_a_run_that_did_not_fail_is_not_put_away(signed_in):
    run = RunFactory(status=Run.Status.RUNNING)
    signed_in.post(reverse("anonymizer:run_put_away", args=[run.pk]))
    run.refresh_from_db()
    assert run.result == {}


def test_the_demo_shows_its_stages_until_it_is_complete(signed_in):
    walkers = RunFactory(parameters={"name": "Demo walkers"})
    demo = RunFactory(
        kind=Run.Kind.DEMO,
        status=Run.Status.RUNNING,
        parameters={"subjects": 24},
        result={"runs": {"walkers": walkers.pk}},
        done=100,
        total=900,
    )
    page = text(signed_in.get("/"))
    assert "1 of 9 stages" in page
    assert "Study with simulated raters" in page
    Run.objects.filter(pk=demo.pk).update(status=Run.Status.SUCCEEDED)
    assert "stages" not in text(signed_in.get("/"))


def test_jobs_at_the_rails_foot_are_polled_while_there_are_any(signed_in):
    address = reverse("anonymizer:jobs_foot")
    assert "hx-get" not in signed_in.get(address).content.decode()
    run = running()
    assert f"1 job running {run} Walking: 25 %" in text(signed_in.get(address))
    RunFactory.create_batch(3, status=Run.Status.QUEUED)
    assert f"1 job running, 3 waiting {run} Walking: 25 %" in text(signed_in.get(address))


def test_a_job_that_ends_while_a_page_is_made_is_still_on_it(rf, researcher):
    run = running()
    request = rf.get("/")
    request.user = researcher
    context = site(request)
    Run.objects.update(status=Run.Status.SUCCEEDED)
    assert reverse("anonymizer:run", args=[run.pk]) in render_to_string("_jobs_foot.html", context)


def test_jobs_of_other_peoples_studies_are_neither_counted_nor_named(signed_in):
    RunFactory(kind=Run.Kind.PREPARE_STUDY, status=Run.Status.RUNNING)
    assert text(signed_in.get(reverse("anonymizer:jobs_foot"))) == ""
    assert signed_in.get("/").context["rail"]["runs"] == 0


# --- Pictures, films, clips -----------------------------------------------------------------------
def test_pictures_are_kept_by_the_browser_and_by_nobody_between(signed_in):
    response = signed_in.get(reverse("anonymizer:sequence_picture", args=[SequenceFactory().pk]))
    assert response["Content-Type"] == "image/png"
    assert {"private", "immutable"} <= set(response["Cache-Control"].split(", "))


def test_a_clip_plays_by_ranges(signed_in):
    clip = clip_of(SequenceFactory())
    response = signed_in.get(reverse("anonymizer:clip", args=[clip.pk]), headers={"Range": "bytes=0-99"})
    assert response.status_code == 206
    assert len(b"".join(response.streaming_content)) == 100


def size_of(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def test_a_film_holds_as_many_frames_as_asked_for(signed_in):
    address = reverse("anonymizer:anonymized_film", args=[AnonymizedSequenceFactory().pk])
    width, height = size_of(signed_in.get(address, {"frames": 4}).content)
    whole = size_of(signed_in.get(address).content)
    assert whole == (3 * width, height)  # 12 frames
    assert width == 4 * round(height * 0.6875)


def test_a_png_written_by_hand_is_read_back_bit_for_bit():
    from PIL import Image

    pixels = np.random.default_rng(3).random((13, 29)) < 0.5
    image = Image.open(io.BytesIO(png(pixels)))
    assert np.array_equal(np.asarray(image), pixels.astype(np.uint8))


def test_a_film_centres_every_body_in_its_cell():
    walk = figure()
    strip = film(walk, 6)
    width, height = size_of(strip)
    start = strip.index(b"IDAT") + 4
    raw = zlib.decompress(strip[start:])
    rows = np.frombuffer(raw, np.uint8).reshape(height, -1)[:, 1:]
    cells = np.unpackbits(rows, axis=1)[:, :width].reshape(height, 6, -1)
    for cell in cells.transpose(1, 0, 2):
        columns = np.flatnonzero(cell.any(axis=0))
        assert abs((columns[0] + columns[-1]) / 2 - (cell.shape[1] - 1) / 2) <= 1


def test_a_loss_curve_needs_two_finite_values():
    assert charts.loss_curve([1.0]) is None
    assert charts.loss_curve([1.0, float("nan")]) is None
    curve = charts.loss_curve([4.0, 2.0, 1.0])
    assert curve is not None
    assert curve.points.startswith("0.0,")
    assert [label for _, label in curve.x_ticks] == ["1", "2", "3"]
    assert [label for _, label in curve.y_ticks] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(55.2, 199.3, [0, 50, 100, 150, 200]), (286, 310, [280, 290, 300, 310]), (7, 7, [6, 8])],
)
def test_an_axis_has_round_numbers(low, high, ticks):
    assert charts.nice_ticks(low, high) == ticks


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("queued", "Waiting for a worker"),
        ("running", "Beginning; nothing counted yet"),
        ("failed", "Stopped before anything was counted"),
        ("cancelled", "Cancelled before anything was counted"),
    ],
)
def test_a_run_without_a_count_says_how_it_stands(status, said):
    run = RunFactory.build(kind=Run.Kind.ANONYMIZE, status=status, stage="", done=0, total=0)
    assert run_page.counted(run) == said
    waits = "waits" if status in ("queued", "running") else "not begun"
    assert {stage.about for stage in run_page.stages(run)} == {waits}


def test_what_a_sweep_was_asked_reads_as_words():
    conditions = [
        {"method": "sdf", "alpha": 1.5, "parameters": {}},
        {"method": "donor-mix", "alpha": None, "parameters": {"donors": 3}},
    ]
    asked = {"conditions": conditions, "attack": {"attackers": None, "copies": 5}}
    said = dict(run_page.asked(RunFactory(kind=Run.Kind.SWEEP, parameters=asked)))
    assert said["Conditions"] == "sdf α 1.5; donor-mix, donors 3"
    assert said["Attack"] == "copies 5"
