"""Pages where little is as usual: names of a hundred letters, a phone, the system's own colours."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from anonymizer.models import Run
from recognition.models import Recognizer
from studies.models import Study
from tests.factories import RunFactory
from tests.studies.attacks import attack
from tests.studies.rows import make_study

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("patience", "errors")]
LONG = "W" * 99
ACROSS = "[...document.querySelectorAll('html, .scroll')].map((each) => each.scrollWidth)"


@pytest.fixture
def study() -> Study:
    """Of walks whose names are as long as names can be."""
    made = make_study(name=LONG)
    made.conditions.update(label="C" * 64)
    attack(made.anonymization)
    Recognizer.objects.create(name=LONG, dataset=made.anonymization.dataset, sha256="0" * 64)
    return made


def test_a_long_name_breaks_and_widens_no_page(page: Page, site: str, study: Study, researcher: Any):
    researcher.username = "u" * 150
    researcher.save()
    Run.objects.update(requested_by=researcher)
    dataset = study.anonymization.dataset
    asked = {"dataset": dataset.pk, "split": "30:15:55"}
    RunFactory(kind=Run.Kind.TRAIN_RECOGNIZER, status=Run.Status.FAILED, parameters=asked, error="E" * 200)
    page.set_viewport_size({"width": 1280, "height": 900})
    for name, named in (
        ("anonymizer:runs", []), ("anonymizer:dataset", [dataset.slug]), ("recognition:index", []),
        ("studies:studies", []), ("studies:study", [study.slug]), ("studies:manage", [study.slug]),
    ):  # fmt: skip
        page.goto(site + reverse(name, args=named))
        expect(page.get_by_role("main")).to_contain_text(LONG)
        widest = max(page.evaluate(ACROSS))
        assert widest <= 1280, name


def test_on_a_phone_a_runs_state_stands_with_its_name(page: Page, site: str):
    RunFactory(kind=Run.Kind.RECOGNIZE, status=Run.Status.FAILED, error="The gallery is empty.")
    page.set_viewport_size({"width": 390, "height": 844})
    for name in ("recognition:index", "anonymizer:runs"):
        page.goto(site + reverse(name))
        state = page.locator("table .badge", has_text="Failed").filter(visible=True)
        expect(state).to_have_count(1)
        expect(state).to_be_in_viewport(ratio=1)


def test_the_systems_colours_hide_neither_walks_nor_what_is_chosen(page: Page, site: str, study: Study):
    page.emulate_media(forced_colors="active")
    page.goto(site + reverse("anonymizer:dataset", args=[study.anonymization.dataset.slug]))
    expect(page.locator(".sheet .half").first).to_have_css("forced-color-adjust", "none")
    expect(page.get_by_role("link", name="Silhouettes")).to_have_css("outline-style", "solid")
    expect(page.get_by_role("link", name="GEI")).to_have_css("outline-style", "none")
