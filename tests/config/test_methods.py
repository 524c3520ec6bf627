"""An address asked by a method it doesn't take, and signing in after a button was pressed."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import RunFactory

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
pytestmark = pytest.mark.django_db


def test_a_browser_at_an_address_for_forms_sees_a_page_that_leads_on(signed_in: Client):
    response = signed_in.get(reverse("anonymizer:run_retry", args=[RunFactory().pk]), headers=BROWSER)
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert "This address only takes forms" in response.content.decode()
    assert 'href="/">Back to the overview' in response.content.decode()


def test_signing_out_takes_a_form(signed_in: Client):
    response = signed_in.get(reverse("logout"), headers=BROWSER)
    assert (response.status_code, "only takes forms" in response.content.decode()) == (405, True)


def test_a_program_keeps_its_short_answer(signed_in: Client):
    address = reverse("anonymizer:run_retry", args=[RunFactory().pk])
    assert signed_in.get(address, headers={"Accept": "*/*"}).content == b""


def test_the_api_answers_as_ever(client: Client):
    plain, browser = (client.put("/api/v1/rater", headers=headers) for headers in ({}, BROWSER))
    assert (browser.status_code, browser.content) == (plain.status_code, plain.content)


@pytest.mark.parametrize(
    ("referer", "next_page"),
    [
        ("http://testserver/anonymizer/runs/7/?at=3", "/anonymizer/runs/7/%3Fat%3D3"),
        ("http://testserver/accounts/login/?next=/", "/"),
        ("https://elsewhere.example/anonymizer/", "/"),
        ("", "/"),
    ],
)
def test_after_a_lost_session_signing_in_leads_to_the_page_the_button_was_on(
    client: Client, referer: str, next_page: str
):
    response = client.post(
        reverse("anonymizer:run_retry", args=[RunFactory().pk]), headers={"Referer": referer}
    )
    assert response["Location"] == f"/accounts/login/?next={next_page.replace('/', '%2F')}"


def test_a_page_that_was_asked_for_is_where_signing_in_leads(client: Client):
    assert client.get("/datasets/")["Location"] == "/accounts/login/?next=/datasets/"


def test_a_refused_form_offers_signing_in():
    response = Client(enforce_csrf_checks=True).post(reverse("login"), {"username": "x"})
    assert response.status_code == 403
    assert 'href="/accounts/login/">Sign in' in response.content.decode()
