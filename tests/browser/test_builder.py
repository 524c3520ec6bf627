"""A study is built, rehearsed, opened and looked after in a real browser; everybody can read the pages."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

import tests.file_database  # noqa: F401  the live server answers in threads of its own
from anonymizer import jobs
from studies import runs
from studies.models import Study, StudyDraft
from tests.browser.reading import everybody_can_read
from tests.factories import AnonymizationFactory, AnonymizedSequenceFactory, DatasetFactory, walks
from tests.studies.rows import make_study

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("patience", "errors")]


@pytest.fixture
def judged(settings: Any) -> list[Any]:
    """Two methods over the same twelve walks."""
    settings.RUN_LEASE_SECONDS = 600
    dataset = DatasetFactory(name="three walkers")
    rows = walks(dataset, subjects=3)
    found = []
    for method, alpha in (("sdf", 1.5), ("blend", 0.3)):
        found.append(AnonymizationFactory(dataset=dataset, method=method, alpha=alpha))
        for row in rows:
            AnonymizedSequenceFactory(anonymization=found[-1], source=row)
    return found


def fill(page: Page) -> None:
    page.get_by_label("Name").fill("Natural and unnamed")
    page.get_by_label("sdf α 1.5").check()
    page.get_by_label("Pairs a view angle").fill("3")
    page.get_by_label("Pairs a rater").fill("4")
    page.get_by_label("Raters wanted").fill("4")
    page.get_by_label("Seconds a clip").fill("0.4")
    page.keyboard.press("Tab")


def test_without_a_run_the_invitation_stands_apart_from_the_form_and_hints_look_alike(
    page: Page,
    site: str,
):
    page.goto(site + reverse("studies:new"))
    card, form = page.locator(".card.empty").bounding_box(), page.locator(".builder").bounding_box()
    assert form["y"] - (card["y"] + card["height"]) >= 16
    look = "hint => [getComputedStyle(hint).color, getComputedStyle(hint).fontSize]"
    of_field, below = page.locator("#id_clips_helptext"), page.get_by_text("Every clip is checked")
    assert below.evaluate(look) == of_field.evaluate(look)


def test_from_an_empty_form_to_an_open_study(page: Page, site: str, judged: list[Any]):
    page.goto(site + reverse("studies:new"))
    fill(page)
    aside = page.locator("#aside")
    expect(aside).to_contain_text("12 pairs at 2 view angles, 6 clips a condition")
    expect(aside).to_contain_text("at 4 raters")
    page.get_by_label("dcr").check()
    expect(aside).to_contain_text("Imperceptible")
    page.get_by_text("Desktop").click()
    expect(page.locator(".preview")).to_have_class("card preview desktop")
    expect(page.locator("#saved")).to_contain_text("Saved")
    assert "/studies/drafts/" in page.url
    page.get_by_role("button", name="Open study").click()
    page.wait_for_url("**/studies/natural-and-unnamed/")
    study = Study.objects.get()
    assert [each.label for each in study.conditions.all()] == ["blend α 0.3", "sdf α 1.5"]
    jobs.execute(study.run.pk, runs.prepare_study)  # the page notices by itself
    expect(page.get_by_role("main")).to_contain_text("First votes show here", timeout=30_000)
    assert not StudyDraft.objects.exists()


def test_what_is_typed_survives_a_reload(page: Page, site: str, judged: list[Any]):
    page.goto(site + reverse("studies:new"))
    page.get_by_label("Name").fill("Half a study")
    page.get_by_label("Raters wanted").fill("0")
    expect(page.locator("#saved")).to_contain_text("Saved")
    page.reload()
    expect(page.get_by_label("Name")).to_have_value("Half a study")
    expect(page.get_by_label("Raters wanted")).to_have_value("0")
    page.goto(site + reverse("studies:studies"))
    page.get_by_role("link", name="Half a study").click()
    expect(page.get_by_label("Name")).to_have_value("Half a study")


def test_who_was_signed_out_meanwhile_is_told_and_goes_on_after_signing_in_elsewhere(
    page: Page, site: str, judged: list[Any], researcher: Any
):
    page.goto(site + reverse("studies:new"))
    fill(page)
    expect(page.locator("#saved")).to_contain_text("Saved")
    page.context.clear_cookies()
    page.get_by_label("Name").fill("Typed after signing out")
    expect(page.get_by_role("alert")).to_contain_text("Not saved: you are signed out.")
    page.wait_for_timeout(1200)  # longer than the line takes to be written anew
    page.get_by_role("button", name="Prepare, open later").click()
    expect(page.get_by_role("alert")).to_contain_text("Not saved: you are signed out.")

    other = page.context.new_page()
    other.goto(site + reverse("login"))
    other.get_by_label("Name").fill(researcher.username)
    other.get_by_label("Password").fill("a long enough secret")
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("heading", level=1)).to_be_visible()
    other.close()
    page.get_by_role("button", name="Prepare, open later").click()

    expect(page.get_by_role("heading", name="Typed after signing out")).to_be_visible()
    assert Study.objects.get().name == "Typed after signing out"
    assert not StudyDraft.objects.exists()


def test_errors_take_the_focus_lead_to_their_fields_and_clear_nothing(
    page: Page,
    site: str,
    judged: list[Any],
):
    page.goto(site + reverse("studies:new"))
    fill(page)
    page.get_by_label("Closes on").fill("2024-03-02")
    page.get_by_role("button", name="Open study").click()
    expect(page.locator("[data-focus]")).to_be_focused()
    expect(page).to_have_title("Error: New study · GaitMOS")
    everybody_can_read(page)
    page.get_by_role("link", name="Closes on: That day has passed.").click()
    expect(page.get_by_label("Closes on")).to_be_focused()
    expect(page.get_by_label("Closes on")).to_have_value("2024-03-02")
    expect(page.get_by_label("Name")).to_have_value("Natural and unnamed")
    expect(page.get_by_label("sdf α 1.5")).to_be_checked()


def test_a_rehearsal_fills_a_study_of_its_own(page: Page, site: str, judged: list[Any]):
    page.goto(site + reverse("studies:new"))
    fill(page)
    page.get_by_role("button", name="Rehearse with simulated raters").click()
    page.wait_for_url("**/studies/natural-and-unnamed-rehearsal/")
    study = Study.objects.get()
    jobs.execute(study.run.pk, runs.prepare_study)  # the page notices by itself
    expect(page.locator("#raters")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("main")).to_contain_text("simulated")
    assert study.raters.filter(simulated=True).count() == 4
    page.goto(site + reverse("studies:studies"))
    expect(page.get_by_role("link", name="Natural and unnamed", exact=True)).to_be_visible()


def test_without_scripts_a_study_is_made_all_the_same(
    browser: Any,
    live_server: Any,
    page: Page,
    site: str,
    judged: list[Any],
):
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(page.context.cookies())
    bare = context.new_page()
    bare.goto(site + reverse("studies:new"))
    bare.get_by_label("Name").fill("Plain")
    bare.get_by_label("Pairs a rater").fill("4")
    bare.get_by_role("button", name="Save draft").click()
    expect(bare.get_by_label("Name")).to_have_value("Plain")
    bare.get_by_role("button", name="Prepare, open later").click()
    bare.wait_for_url("**/studies/plain/")
    context.close()
    assert Study.objects.get().pairs_per_rater == 4


def test_the_builder_is_readable_and_works_by_keyboard(page: Page, site: str, judged: list[Any]):
    page.goto(site + reverse("studies:new"))
    everybody_can_read(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_label("naturalness").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator('input[value="acr"]')).to_be_checked()
    page.get_by_label("One after the other").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Side by side")).to_be_checked()
    page.get_by_role("checkbox", name="90°").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name="90°")).not_to_be_checked()


@pytest.mark.parametrize("status", ["draft", "open", "closed"])
def test_a_studys_life_is_readable(page: Page, site: str, status: str):
    study = make_study(status=status)
    page.goto(site + reverse("studies:manage", args=[study.slug]))
    everybody_can_read(page)


def test_a_study_is_closed_frozen_and_copied(page: Page, site: str):
    study = make_study()
    address = site + reverse("studies:manage", args=[study.slug])
    page.goto(address)
    close = page.get_by_role("button", name="Close study")
    close.click()
    page.get_by_role("button", name="Press again to close").click()
    page.goto(address)
    page.get_by_role("button", name="Freeze").click()
    page.get_by_role("button", name="It can’t be undone. Press again").click()
    expect(page.get_by_role("main")).to_contain_text("nothing of it changes any more")
    expect(page.get_by_role("main")).to_contain_text("Frozen.")
    page.get_by_role("button", name="Copy study").click()
    page.wait_for_url("**/studies/drafts/*/")
    expect(page.get_by_label("Name")).to_have_value("Street walks, copy")
