"""Alive, ready, metrics: what load balancers and monitors are told; and the pages for what went wrong."""

import pytest
from django.core.exceptions import SuspiciousOperation
from django.test import RequestFactory
from django.views.defaults import bad_request, server_error

from anonymizer import jobs
from anonymizer.models import Run
from config import health
from tests.factories import RunFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def broker(monkeypatch):
    """An in-memory broker in the place of a server."""
    from config.celery import app

    monkeypatch.setattr(health, "current_app", app)
    monkeypatch.setattr(app.conf, "broker_url", "memory://")
    monkeypatch.setattr(app.conf, "broker_write_url", "memory://")


def test_a_process_that_answers_is_alive(client):
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"alive": True})


def test_ready_needs_a_broker_and_a_worker(client, broker):
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"ready": False, "database": True, "broker": True, "worker": False}
    jobs.beat()
    response = client.get("/readyz")
    assert (response.status_code, response.json()["ready"]) == (200, True)
    assert "no-store" in response["Cache-Control"]


def test_without_a_broker_the_site_is_not_ready(client, monkeypatch):
    from config.celery import app

    jobs.beat()
    monkeypatch.setattr(health, "current_app", app)
    monkeypatch.setattr(app.conf, "broker_write_url", "redis://127.0.0.1:1/0")  # nobody listens on port 1
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"ready": False, "database": True, "broker": False, "worker": True}


def test_metrics_count_what_there_is(client):
    RunFactory(kind=Run.Kind.ANONYMIZE)
    RunFactory(kind=Run.Kind.ANONYMIZE)
    jobs.beat()
    lines = client.get("/metrics").content.decode().splitlines()
    assert 'gaitmos_runs{kind="anonymize",status="succeeded"} 2' in lines
    assert "# TYPE gaitmos_votes gauge" in lines
    assert "gaitmos_votes 0" in lines
    silent = next(line for line in lines if line.startswith("gaitmos_worker_silent_seconds "))
    assert 0 <= float(silent.split()[1]) < 60


def test_metrics_are_for_this_machine_and_for_staff(client, researcher, administrator):
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 403
    client.force_login(researcher)
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 403
    client.force_login(administrator)
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 200


def test_a_request_passed_on_by_a_proxy_is_not_local(client):
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 403


def test_error_pages_show_without_any_context():
    request = RequestFactory().get("/")
    assert b"Something went wrong here" in server_error(request).content
    assert b"This request was not understood" in bad_request(request, SuspiciousOperation()).content


def test_a_missing_page_and_a_forbidden_one_look_like_the_product(client):
    missing = client.get("/nowhere/")
    assert missing.status_code == 404
    assert b"There is nothing here" in missing.content
    assert b"This is not open to you" in client.get("/metrics", REMOTE_ADDR="192.0.2.7").content
