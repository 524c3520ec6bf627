"""The first page, and the jobs at every page's foot."""

import re

import pytest
from django.template.loader import render_to_string
from django.urls import reverse

from anonymizer.models import Run
from config.context import site
from tests.anonymizer.running import running
from tests.factories import RunFactory
from tests.pages import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


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


def test_the_rail_counts_what_its_pages_list(signed_in):
    RunFactory(kind=Run.Kind.ANONYMIZE)
    RunFactory(kind=Run.Kind.RECOGNIZE)
    rail = signed_in.get("/").context["rail"]
    assert (rail["runs"], rail["recognitions"]) == (2, 1)


def test_jobs_of_other_peoples_studies_are_neither_counted_nor_named(signed_in):
    RunFactory(kind=Run.Kind.PREPARE_STUDY, status=Run.Status.RUNNING)
    assert text(signed_in.get(reverse("anonymizer:jobs_foot"))) == ""
    assert signed_in.get("/").context["rail"]["runs"] == 0
