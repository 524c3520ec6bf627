"""A large archive is sent in parts; a connection that is lost on the way costs nothing."""

import zipfile

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from anonymizer import uploads
from anonymizer.models import Run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("patience")]


@pytest.fixture(autouse=True)
def _parts_lie_apart(settings, tmp_path) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)


def test_an_upload_goes_on_after_a_lost_connection(page: Page, site, tmp_path_factory, monkeypatch):
    monkeypatch.setattr(uploads, "PART_BYTES", 400)
    archive = tmp_path_factory.mktemp("archive") / "walks.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("001/nm-01/090/001-nm-01-090-001.png", b"x" * 1000)
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
