"""A researcher's whole way in a real browser: from nobody to a file of ratings, by pages alone."""

import csv
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from anonymizer import jobs
from anonymizer.models import Run
from studies import demo, simulation
from studies.models import Presentation, Rating, Study
from tests.browser.reading import violations

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("small_runs")]
LONG = 30_000  # ms; two cores may be busy with other tests


class Researcher:
    """Somebody at the site who does what a page offers, and whose worker then does the work."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address

    def open(self, path: str, heading: str) -> None:
        self.page.goto(self.address + path)
        self.sees(heading)

    def sees(self, heading: str) -> None:
        """The page of this heading, without a violation."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)
        assert violations(self.page) == []

    def fill(self, **values: Any) -> None:
        """Fields by their names; those that a form does not have are left alone."""
        for name, value in values.items():
            field = self.page.locator(f"main [name={name}]:not([type=hidden])")
            if field.count():
                field.first.fill(str(value))

    def choose(self, name: str, *values: str) -> None:
        """Of the boxes of this name, these and no others."""
        for box in self.page.locator(f"main input[name={name}]").all():
            box.set_checked(not values or box.get_attribute("value") in values)

    def send(self) -> Run:
        """Send the form, see the page of what it began, and let a worker do it."""
        self.page.locator("main form button.primary[type=submit]").last.click()
        expect(self.page.locator("main")).not_to_contain_text("to correct")
        run = Run.objects.exclude(kind=Run.Kind.DEMO).latest("pk")
        assert jobs.execute(run.pk, demo.BODIES[run.kind])
        run.refresh_from_db()
        assert run.status == Run.Status.SUCCEEDED, run.error
        return run


@pytest.fixture
def she(page: Page, site: str) -> Researcher:
    page.set_default_timeout(LONG)
    expect.set_options(timeout=LONG)
    return Researcher(page, site)


def test_from_making_walkers_to_an_export_that_is_opened_and_read(she: Researcher, tmp_path: Path):
    page = she.page
    she.open("/", "Welcome")
    she.open("/datasets/generate/", "Make walkers")
    she.fill(name="twelve", subjects=12, normal=4, bag=0, coat=0, frames=16)
    she.choose("view_angles", "0", "90")
    assert she.send().result["sequences"] == 12 * 4 * 2
    she.open("/datasets/twelve/", "twelve")
    expect(page.get_by_role("img", name="nm-01 at 90°")).to_be_visible()

    she.open("/recognition/train/", "Train a recognizer")
    she.send()

    she.open("/anonymizer/anonymize/", "Anonymize")
    page.locator("input[name=method][value=sdf]").check()
    changed = she.send()
    page.goto(f"{she.address}/anonymizer/runs/{changed.pk}/")
    expect(page.get_by_role("heading", name="What became of them")).to_be_visible()

    she.open("/recognition/start/", "Who is still named?")
    she.fill(gallery="nm-01,nm-02", probe="nm-03,nm-04")
    she.choose("attackers", "naive")
    attacked = she.send()
    page.goto(f"{she.address}/recognition/{attacked.pk}/")
    expect(page.get_by_role("heading", name="Who can still name them?")).to_be_visible()

    study = make_study(she)
    rated(she, study)
    assert_what_is_exported(she, study, tmp_path / "ratings.csv")


def make_study(she: Researcher) -> Study:
    """A study by its form, open: the form or the study's page opens it."""
    she.page.goto(f"{she.address}/studies/new/")
    she.choose("anonymizations")
    she.fill(name="How do they walk?", pairs_per_view_angle=3, clip_seconds=0.6, raters=3, pairs_per_rater=4)
    she.send()
    study = Study.objects.get(name="How do they walk?")
    she.open(f"/studies/{study.slug}/", "How do they walk?")
    if study.status == Study.Status.DRAFT:
        she.page.get_by_role("button", name="Open", exact=False).first.click()
    expect(she.page.get_by_role("button", name="Copy rater link")).to_be_visible()
    study.refresh_from_db()
    assert study.status == Study.Status.OPEN
    return study


def rated(she: Researcher, study: Study) -> None:
    """Three come, the page shows what they say without being loaded again."""
    simulation.simulate(study, 3, seed=1)
    shown = Presentation.objects.filter(rater__study=study).count()
    assert (
        Rating.objects.filter(presentation__rater__study=study).count() == shown >= 3 * study.pairs_per_rater
    )
    she.open(f"/studies/{study.slug}/", study.name)
    expect(she.page.get_by_role("main")).to_contain_text("simulated")


def assert_what_is_exported(she: Researcher, study: Study, path: Path) -> None:
    she.page.get_by_role("button", name="Export").click()
    with she.page.expect_download() as download:
        she.page.get_by_role("link", name="CSV").first.click()
    download.value.save_as(path)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["study"] for row in rows} == {study.slug}
    assert {row["method"] for row in rows if row["role"] == "regular"} == {"sdf"}
    kept = Rating.objects.values_list("presentation__rater__pseudonym", "presentation__position", "score")
    assert {(row["rater"], int(row["position"]), int(row["score"])) for row in rows} == set(kept)
