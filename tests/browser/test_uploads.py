"""A large archive is sent in parts; a connection that is lost on the way costs nothing."""

import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from anonymizer import uploads
from anonymizer.models import Run
from studies.models import Study
from tests.studies.test_manifests import put, rows, zipped

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("patience")]


@pytest.fixture(autouse=True)
def _parts_lie_apart(settings, tmp_path) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)


@pytest.fixture
def lost(page: Page, monkeypatch) -> list[str]:
    """Small parts, the second of which is lost once on its way."""
    monkeypatch.setattr(uploads, "PART_BYTES", 400)
    lost: list[str] = []

    def once_lost(route: Route) -> None:
        if (
            route.request.method == "PATCH"
            and len(lost) < 1
            and route.request.headers["upload-offset"] == "400"
        ):
            lost.append(route.request.url)
            route.abort("internetdisconnected")
        else:
            route.continue_()

    page.route("**/datasets/uploads/**", once_lost)
    return lost


def test_an_upload_goes_on_after_a_lost_connection(page: Page, site, lost, tmp_path_factory):
    archive = tmp_path_factory.mktemp("archive") / "walks.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("001/nm-01/090/001-nm-01-090-001.png", b"x" * 1000)
    page.goto(site + reverse("anonymizer:dataset_import"))
    page.get_by_label("Name").fill("brought")
    page.get_by_label("Archive").set_input_files(archive)
    page.get_by_role("button", name="Import").click()
    expect(page.locator("[data-upload-says]")).to_contain_text("What was sent is kept")
    page.wait_for_url("**/anonymizer/runs/*/")
    assert len(lost) == 1
    stored = Run.objects.get(kind=Run.Kind.IMPORT_CASIA_B).parameters["path"]
    with open(stored, "rb") as file:
        assert file.read() == archive.read_bytes()


def test_clips_for_a_study_go_on_too_and_the_pressed_button_decides(page: Page, site, lost, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mine")
    archive = zipped(put(folder, rows()), tmp_path_factory.mktemp("archive") / "clips.zip")
    page.goto(site + reverse("studies:new"))
    page.get_by_label("Name").fill("Theirs")
    page.get_by_label("Clips of your own").set_input_files(archive)
    page.get_by_label("Pairs a rater").fill("2")
    page.get_by_role("button", name="Prepare, open later").click()
    expect(page.locator("[data-upload-says]")).to_contain_text("What was sent is kept")
    expect(page.get_by_role("heading", level=1)).to_have_text("Theirs", timeout=60_000)
    study = Study.objects.get()
    assert (len(lost), study.open_when_prepared) == (1, False)
    assert Path(study.run.parameters["manifest"]).read_bytes() == archive.read_bytes()


def test_who_was_signed_out_meanwhile_is_told_and_loses_nothing(page: Page, site, tmp_path_factory):
    archive = tmp_path_factory.mktemp("archive") / "walks.zip"
    archive.write_bytes(b"x" * 1000)
    page.goto(site + reverse("anonymizer:dataset_import"))
    page.get_by_label("Name").fill("brought")
    page.get_by_label("Archive").set_input_files(archive)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("alert")).to_contain_text("What was sent is kept: sign in in another tab")
    expect(page.get_by_label("Name")).to_have_value("brought")


def test_a_refused_file_is_told_as_an_error(page: Page, site, tmp_path_factory):
    empty = tmp_path_factory.mktemp("archive") / "empty.zip"
    empty.touch()
    page.goto(site + reverse("anonymizer:dataset_import"))
    page.get_by_label("Name").fill("brought")
    page.get_by_label("Archive").set_input_files(empty)
    page.get_by_role("button", name="Import").click()
    said = page.get_by_role("alert")
    expect(said).to_have_text("The file is empty. Choose another.")
    expect(page.locator("[data-upload]")).to_have_class("upload err")
    expect(page.locator("[data-upload] progress")).to_be_hidden()
