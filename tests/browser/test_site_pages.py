"""The researcher's pages in a real browser: readable by everyone, by keyboard, narrow and wide, light and dark."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from anonymizer import jobs
from anonymizer.models import Dataset, Run
from tests.browser.reading import everybody_can_read, violations
from tests.factories import AnonymizationFactory, AnonymizedSequenceFactory, DatasetFactory, RunFactory, walks
from tests.recognition.rows import result

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("patience", "errors")]


@pytest.fixture
def who(administrator: Any) -> Any:
    return administrator


@pytest.fixture
def dataset() -> Dataset:
    made: Dataset = DatasetFactory(
        name="three walkers",
        slug="three-walkers",
        dropped=[{"sequence": "001-nm-02-000", "reason": "under 12 frames", "frames": 9}],
    )
    walks(made, subjects=3, view_angles=(0, 90), numbers=(1,))
    return made


@pytest.fixture
def running() -> Run:
    started = timezone.now() - timedelta(seconds=30)
    run: Run = RunFactory(
        status=Run.Status.RUNNING, stage="Walking", done=18, total=100, started=started, attempts=1,
        lease_until=timezone.now() + timedelta(hours=1), parameters={"name": "coming walkers", "frames": 12},
    )  # fmt: skip
    jobs.note(run, "Started.")
    return run


@pytest.fixture
def anonymized(dataset: Dataset) -> Run:
    made = AnonymizationFactory(
        dataset=dataset, proxies={"iou": 0.8, "jitter_ratio": 1.0, "manifold_ratio": 1.1}
    )
    for subject in dataset.subjects.all():
        for sequence in subject.sequences.all():
            AnonymizedSequenceFactory(anonymization=made, source=sequence)
    return made.run  # type: ignore[no-any-return]


@pytest.fixture
def recognized(anonymized: Run) -> Run:
    parameters = {
        "anonymization_run": anonymized.pk,
        "attackers": ["naive"],
        "gallery": "nm-01",
        "probe": "nm-02",
    }
    run: Run = RunFactory(
        kind=Run.Kind.RECOGNIZE, parameters=parameters, result=result(), finished=timezone.now()
    )
    return run


# --- Every page, empty ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "heading", "content"),
    [
        ("overview", "Welcome", "Begin with walkers who don’t exist"),
        ("anonymizer:datasets", "Datasets", "No walks yet"),
        ("anonymizer:dataset_import", "Import a dataset", "Frames a sequence"),
        ("anonymizer:dataset_generate", "Make walkers", "How often, seen from where"),
        ("anonymizer:runs", "Anonymizer", "No walks to change yet"),
        ("anonymizer:anonymize", "Anonymize", "There is no dataset to change"),
        ("recognition:index", "Recognition", "Nobody has been attacked yet"),
        ("password_change", "Change password", "You stay signed in here."),
    ],
)
def test_a_page_with_nothing_to_show_says_what_to_do(
    page: Page, site: str, name: str, heading: str, content: str
):
    page.goto(site + reverse(name))
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    expect(page.get_by_role("main")).to_contain_text(content)
    everybody_can_read(page)


# --- Every page, full -----------------------------------------------------------------------------
def test_the_overview_leads_with_what_needs_somebody(page: Page, site: str, running: Run, recognized: Run):
    RunFactory(
        kind=Run.Kind.IMPORT_CASIA_B,
        status=Run.Status.FAILED,
        error="The disk is full.",
        parameters={"name": "x"},
    )
    page.goto(site)
    expect(page.get_by_role("heading", level=2).first).to_have_text("Needs you")
    expect(page.get_by_role("main")).to_contain_text("Walkers for coming walkers")
    expect(page.get_by_role("main")).to_contain_text("Still named by the strongest attacker 40.0 %")
    everybody_can_read(page)


def test_a_dataset_is_a_sheet_of_walks(page: Page, site: str, dataset: Dataset, anonymized: Run):
    page.goto(site + reverse("anonymizer:dataset", args=[dataset.slug]))
    expect(page.get_by_role("heading", level=1)).to_have_text("three walkers")
    expect(page.get_by_role("img", name="nm-01 at 90°")).to_be_visible()
    expect(page.get_by_role("region", name="Contact sheet of subject 001")).to_contain_text("dropped")
    everybody_can_read(page)
    page.goto(site + reverse("anonymizer:datasets"))
    expect(page.get_by_role("link", name="three walkers")).to_be_visible()
    everybody_can_read(page)


def test_a_running_run_is_readable(page: Page, site: str, running: Run):
    page.goto(site + reverse("anonymizer:run", args=[running.pk]))
    expect(page.get_by_role("region", name="Progress")).to_contain_text("18 of 100 walks")
    everybody_can_read(page)
    page.goto(site + reverse("anonymizer:runs"))
    expect(page.get_by_role("link", name="Walkers for coming walkers")).to_be_visible()
    everybody_can_read(page)


def test_a_finished_anonymization_is_readable(page: Page, site: str, anonymized: Run):
    page.goto(site + reverse("anonymizer:run", args=[anonymized.pk]))
    expect(page.get_by_role("heading", name="What became of them")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("IoU with the originals 0.80")
    everybody_can_read(page)


def test_a_failed_training_with_its_loss_is_readable(page: Page, site: str):
    run = RunFactory(
        kind=Run.Kind.TRAIN_NETWORK, status=Run.Status.FAILED, error="The loss is not finite.",
        parameters={"method": "tieu"}, result={"losses": [3.0, 2.0, 1.5]},
    )  # fmt: skip
    page.goto(site + reverse("anonymizer:run", args=[run.pk]))
    expect(page.get_by_role("alert")).to_contain_text("The loss is not finite.")
    expect(page.get_by_role("img", name="Loss fell from 3 to 1.5 in 3 epochs.")).to_be_visible()
    everybody_can_read(page)


def test_forms_over_a_dataset_are_readable(page: Page, site: str, anonymized: Run):
    for name, content in (
        ("anonymizer:anonymize", "Changed how"),
        ("anonymizer:train_network", "Trained how"),
        ("recognition:start", "Who attacks"),
        ("recognition:train", "Split"),
    ):
        page.goto(site + reverse(name))
        expect(page.get_by_role("main")).to_contain_text(content)
        everybody_can_read(page)


def test_a_recognition_is_a_ladder_and_a_matrix(page: Page, site: str, recognized: Run):
    page.goto(site + reverse("recognition:recognition", args=[recognized.pk]))
    expect(page.get_by_role("heading", name="Who can still name them?")).to_be_visible()
    expect(page.get_by_role("table", name="Success rate in percent")).to_contain_text("n/a")
    everybody_can_read(page)
    page.get_by_role("link", name="Rank-1").click()
    expect(page.get_by_role("heading", name="Still named, rank-1, gallery by probe")).to_be_visible()
    page.goto(site + reverse("recognition:index"))
    expect(page.get_by_role("main")).to_contain_text("Anonymized gallery")
    everybody_can_read(page)


def test_whose_numbers_they_are_stays_in_view_on_a_phone(page: Page, site: str, recognized: Run):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(site + reverse("recognition:recognition", args=[recognized.pk]))
    table = page.get_by_role("region", name="The ladder as a table, scrolls sideways")
    name = table.get_by_role("rowheader", name="Naive")
    place = name.bounding_box()
    assert table.evaluate("table => (table.scrollLeft = 1000) && table.scrollLeft") > 100
    assert name.bounding_box() == place


def test_a_sweep_is_a_frontier_and_its_table(page: Page, site: str, dataset: Dataset):
    rates = {f"{name}_rank1": rate for name, rate in (("clear", 0.95), ("naive", 0.1), ("strongest", 0.6))}
    row = {
        "dataset": dataset.name, "method": "sdf", "condition": "sdf α 1.5", "alpha": 1.5, "seed": 0, "refused": "",
        "recognizer": "zheng", "strongest": "naive", "chance": 0.02, "iou": 0.8, **rates,
    }  # fmt: skip
    asked = {"datasets": [dataset.pk], "conditions": [{"method": "sdf"}], "seeds": [0, 1]}
    run = RunFactory(
        kind=Run.Kind.SWEEP,
        parameters={**asked, "attack": {}, "split": "30:15:55"},
        result={"rows": [row, {**row, "seed": 1, "strongest_rank1": 0.7}]},
    )
    page.goto(site + reverse("recognition:sweep", args=[run.pk]))
    expect(page.get_by_role("region", name="Conditions, scrolls sideways")).to_contain_text("60.0–70.0")
    expect(page.get_by_role("img", name="Strongest attacker’s rank-1")).to_be_visible()
    everybody_can_read(page)
    page.goto(site + reverse("recognition:sweeps"))
    expect(page.get_by_role("main")).to_contain_text("Begin a sweep")
    everybody_can_read(page)


def test_signing_in_and_its_error_are_readable(page: Page, live_server: Any, researcher: Any):
    page.goto(f"{live_server.url}/datasets/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    everybody_can_read(page)
    page.get_by_label("Username").fill("researcher")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_title("Error: Sign in · GaitMOS")
    expect(page.locator("[data-focus]")).to_be_focused()
    expect(page.get_by_label("Username")).to_have_value("researcher")
    everybody_can_read(page)
    page.get_by_label("Password").fill("a long enough secret")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Datasets")


def test_an_address_without_a_page_says_so(page: Page, site: str):
    page.goto(f"{site}/nowhere/")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing here")
    everybody_can_read(page)


# --- What pages do --------------------------------------------------------------------------------
def test_progress_moves_is_said_aloud_each_tenth_and_ends_with_the_whole_page(
    page: Page, site: str, running: Run
):
    page.goto(site + reverse("anonymizer:run", args=[running.pk]))
    said = page.locator("#announcer")
    Run.objects.filter(pk=running.pk).update(done=19)
    expect(page.get_by_role("region", name="Progress")).to_contain_text("19 of 100 walks")
    assert said.text_content() == ""  # still in the same tenth
    Run.objects.filter(pk=running.pk).update(done=42)
    expect(said).to_contain_text("42 percent")
    Run.objects.filter(pk=running.pk).update(done=100, status=Run.Status.SUCCEEDED, finished=timezone.now())
    expect(page.locator(".head .badge")).to_have_text("Done")
    expect(page.get_by_role("button", name="Cancel run")).to_have_count(0)


def test_cancelling_asks_once(page: Page, site: str, running: Run):
    page.goto(site + reverse("anonymizer:run", args=[running.pk]))
    page.get_by_role("button", name="Cancel run").click()
    expect(page.get_by_role("button", name="Press again to cancel")).to_be_visible()
    assert not Run.objects.get(pk=running.pk).cancel_requested
    page.get_by_role("button", name="Press again to cancel").click()
    expect(page.get_by_role("button", name="Stopping …")).to_be_disabled()
    assert Run.objects.get(pk=running.pk).cancel_requested


def test_a_pair_of_walks_plays_and_gives_the_focus_back(page: Page, site: str, anonymized: Run):
    page.goto(site + reverse("anonymizer:run", args=[anonymized.pk]))
    link = page.get_by_role("link", name="Original, 90° changed")
    link.focus()
    page.keyboard.press("Enter")
    player = page.get_by_role("dialog")
    expect(player.get_by_role("img", name="Original")).to_be_visible()
    expect(player.get_by_role("img", name="Changed")).to_be_visible()
    expect(player.get_by_role("button", name="Pause")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(player).to_have_count(0)
    expect(link).to_be_focused()


def test_nothing_moves_by_itself_where_motion_is_unwanted(page: Page, site: str, anonymized: Run):
    page.emulate_media(reduced_motion="reduce")
    page.goto(site + reverse("anonymizer:run", args=[anonymized.pk]))
    page.get_by_role("link", name="Original, 90° changed").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Play")).to_be_visible()


def test_the_next_subject_comes_without_leaving_the_page(page: Page, site: str, dataset: Dataset):
    page.goto(site + reverse("anonymizer:dataset", args=[dataset.slug]))
    page.evaluate("window.stayed = true")
    page.get_by_role("link", name="Next subject, 002").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Subject 002")).to_be_visible()
    expect(page.get_by_role("link", name="Next subject, 003")).to_be_focused()
    page.get_by_role("link", name="GEI").click()
    expect(page.get_by_role("link", name="GEI")).to_have_attribute("aria-current", "true")
    assert page.evaluate("window.stayed")
    assert "subject=002" in page.url


def test_errors_take_the_focus_and_lead_to_their_fields(page: Page, site: str):
    page.goto(site + reverse("anonymizer:dataset_generate"))
    page.get_by_label("Subjects").fill("5000")
    page.get_by_role("button", name="Make walkers").click()
    expect(page).to_have_title("Error: Make walkers · GaitMOS")
    expect(page.locator("[data-focus]")).to_be_focused()
    expect(page.locator("[data-focus]")).to_contain_text("2 things to correct")
    everybody_can_read(page)
    page.get_by_role("link", name="Subjects: Use at most 999.").click()
    expect(page.get_by_label("Subjects")).to_be_focused()
    expect(page.get_by_label("Subjects")).to_have_value("5000")


def test_a_field_is_checked_when_it_is_left(page: Page, site: str):
    page.goto(site + reverse("anonymizer:dataset_generate"))
    page.get_by_label("Subjects").fill("0")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Use at least 1.")).to_be_visible()
    page.get_by_label("Subjects").fill("3")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Use at least 1.")).to_have_count(0)


def test_the_menu_of_a_phone_opens_and_closes_by_keyboard(page: Page, site: str):
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(reduced_motion="reduce")
    page.goto(site)
    menu = page.get_by_role("button", name="Menu")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    expect(page.locator("#side")).to_have_class("side offcanvas-lg offcanvas-start show")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(menu).to_be_focused()


def test_the_first_tab_stop_skips_to_the_content(page: Page, site: str):
    page.goto(site)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_a_chosen_theme_stays(page: Page, site: str):
    page.emulate_media(color_scheme="light")
    page.goto(site)
    page.get_by_role("button", name="Dark").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
