"""Exports and keys in a real browser: readable by everyone; a key is copied once; a file comes with its digest."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from anonymizer import jobs
from studies import exporting, keys, webhooks
from studies.models import Export, Study
from tests.browser.reading import everybody_can_read
from tests.studies.rows import enrol, make_study, rate

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("patience", "errors")]


@pytest.fixture
def study() -> Study:
    made = make_study()
    rater = enrol(made)
    rate(rater, 1, 4)
    rate(rater, 2, 2)
    return made


def test_a_small_studys_file_is_downloaded_at_once(page: Page, site: str, study: Study):
    page.goto(site + reverse("studies:exports", args=[study.slug]))
    expect(page.get_by_role("heading", level=1)).to_have_text("Exports")
    everybody_can_read(page)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download CSV").click()
    assert waiting.value.suggested_filename == "street-walks-ratings.csv"


def test_a_large_studys_file_is_made_while_the_page_waits(
    page: Page,
    site: str,
    study: Study,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(exporting, "DIRECT_ROWS", 1)
    run = exporting.request_export(study, "csv", None)
    page.goto(site + reverse("studies:exports", args=[study.slug]))
    expect(page.get_by_role("region", name="Files, scrolls sideways")).to_contain_text("Queued")
    jobs.execute(run.pk, exporting.export_study)
    made = Export.objects.get()
    expect(page.get_by_role("region", name="Files, scrolls sideways")).to_contain_text(made.sha256)
    everybody_can_read(page)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download csv").click()
    assert hashlib.sha256(Path(waiting.value.path()).read_bytes()).hexdigest() == made.sha256


def test_a_key_is_made_shown_once_and_revoked(page: Page, site: str, researcher: Any):
    page.goto(site + reverse("api_keys"))
    expect(page.get_by_role("main")).to_contain_text("No key yet.")
    page.get_by_label("Name").fill("notebook")
    page.get_by_role("button", name="Make key").click()
    secret = page.locator("#secret").inner_text()
    assert keys.user_of(secret) == researcher
    everybody_can_read(page)
    page.goto(site + reverse("api_keys"))
    expect(page.locator("#secret")).to_have_count(0)
    page.get_by_role("button", name="Revoke notebook").click()
    page.get_by_role("button", name="Press again to revoke").click()
    expect(page.get_by_role("main")).to_contain_text("The key is revoked.")
    assert keys.user_of(secret) is None
    everybody_can_read(page)


def test_webhooks_are_readable(page: Page, site: str, study: Study):
    webhooks.make(study, "https://example.org/gaitmos")
    webhooks.tell(study, "study.closed")
    page.goto(site + reverse("studies:webhooks", args=[study.slug]))
    expect(page.get_by_role("main")).to_contain_text("study.closed")
    everybody_can_read(page)
