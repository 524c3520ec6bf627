"""A run's page: how far it is, what came of it, what can be done with it; and the list of runs."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from anonymizer import jobs, run_page
from anonymizer.models import Run
from tests.anonymizer.running import running
from tests.factories import (
    AnonymizationFactory,
    AnonymizedSequenceFactory,
    DatasetFactory,
    RunFactory,
    SequenceFactory,
    clip_of,
)
from tests.pages import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


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
