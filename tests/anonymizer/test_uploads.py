"""Files that arrive in parts: in order, once, only their owner's, and gone when nobody goes on."""

import io
import json
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from anonymizer import uploads
from anonymizer.jobs import Refused
from anonymizer.models import Run, Upload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder_of_uploads(settings, tmp_path) -> Path:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    return tmp_path


@pytest.fixture
def upload(researcher) -> Upload:
    return uploads.announce(researcher, "walks.zip", 10, "yesterday")


def part(data: bytes):
    return io.BytesIO(data).read


def announce(client, **about):
    return client.post(reverse("anonymizer:uploads"), json.dumps(about), content_type="application/json")


def send(client, token: str, offset: int, data: bytes):
    address = reverse("anonymizer:upload", args=[token])
    return client.patch(
        address, data, content_type="application/octet-stream", headers={"Upload-Offset": str(offset)}
    )


def test_parts_become_the_file(upload):
    assert uploads.append(upload, 0, part(b"12345")) == 5
    assert uploads.append(upload, 5, part(b"67890")) == 10
    assert uploads.take(upload).read_bytes() == b"1234567890"
    assert not Upload.objects.exists()


def test_a_part_that_comes_twice_is_kept_once(upload):
    uploads.append(upload, 0, part(b"12345"))
    with pytest.raises(uploads.OutOfStep) as error:
        uploads.append(upload, 0, part(b"12345"))
    assert error.value.received == uploads.received(upload) == 5


def test_more_than_was_announced_is_refused_and_not_kept(upload):
    uploads.append(upload, 0, part(b"12345"))
    with pytest.raises(Refused, match="announced 10 bytes"):
        uploads.append(upload, 5, part(b"678901"))
    assert uploads.received(upload) == 5


def test_the_same_file_goes_on_where_it_stood(upload, researcher):
    uploads.append(upload, 0, part(b"123"))
    assert uploads.announce(researcher, "walks.zip", 10, "yesterday") == upload
    assert uploads.announce(researcher, "walks.zip", 10, "today") != upload
    assert uploads.announce(researcher, "walks.zip", 11, "yesterday") != upload


def test_a_long_name_keeps_its_ending(researcher):
    name = "w" * 300 + ".tar.gz"
    upload = uploads.announce(researcher, name, 10, "yesterday")
    assert uploads.path(upload).name.endswith(".tar.gz")
    assert uploads.announce(researcher, name, 10, "yesterday") == upload


def test_a_part_of_an_upload_that_was_just_given_up_harms_nobody(upload):
    rest = part(b"12345")

    def given_up_meanwhile(size: int) -> bytes:
        Upload.objects.all().delete()
        return rest(size)

    assert uploads.append(upload, 0, given_up_meanwhile) == 5
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("walks.rar", 10, "no .zip"),
        ("walks.zip", 0, "empty"),
        ("walks.zip", 2**50, "more than can be uploaded"),
    ],
)
def test_what_cannot_be_uploaded_is_refused_before_it_is_sent(researcher, name, size, words):
    with pytest.raises(Refused, match=words):
        uploads.announce(researcher, name, size)


def test_what_nobody_went_on_with_is_deleted(upload, researcher, folder_of_uploads):
    fresh = uploads.announce(researcher, "other.zip", 3)
    Upload.objects.filter(pk=upload.pk).update(last_part=timezone.now() - timedelta(days=8))
    forgotten, needed = folder_of_uploads / "import-1.zip", folder_of_uploads / "import-2.zip"
    for file in (forgotten, needed):
        file.touch()
        os.utime(file, (time.time() - 8 * 86400,) * 2)
    Run.objects.create(kind=Run.Kind.IMPORT_CASIA_B, parameters={"path": str(needed.resolve())})
    uploads.expire()
    assert list(Upload.objects.all()) == [fresh]
    assert not uploads.path(upload).exists()
    assert [file.name for file in folder_of_uploads.glob("import-*")] == ["import-2.zip"]


# --- Over HTTP --------------------------------------------------------------------------------------
def test_a_browser_announces_sends_asks_and_goes_on(signed_in):
    begun = announce(signed_in, name="walks.zip", size=6, fingerprint="a")
    assert begun.status_code == 201
    token = begun.json()["upload"]
    assert send(signed_in, token, 0, b"abc").json() == {"received": 3}
    late = send(signed_in, token, 0, b"abc")
    assert (late.status_code, late.json()["received"]) == (409, 3)
    again = announce(signed_in, name="walks.zip", size=6, fingerprint="a")
    assert (again.status_code, again.json()["received"]) == (200, 3)
    assert send(signed_in, token, 3, b"def").json() == {"received": 6}
    assert signed_in.get(reverse("anonymizer:upload", args=[token])).json() == {"received": 6, "size": 6}


def test_nobody_else_reaches_an_upload(upload, client, administrator):
    client.force_login(administrator)
    assert client.get(reverse("anonymizer:upload", args=[upload.token])).status_code == 404
    client.logout()
    assert client.get(reverse("anonymizer:upload", args=[upload.token])).status_code == 302


@pytest.mark.parametrize(
    "about",
    [{}, {"name": "walks.zip"}, {"name": "walks.zip", "size": "many"},
     {"name": "walks.zip", "size": float("inf")}],
)  # fmt: skip
def test_an_announcement_without_sense_is_refused_in_words(signed_in, about):
    answer = announce(signed_in, **about)
    assert answer.status_code == 422
    assert "size in bytes" in answer.json()["detail"]


def test_a_name_with_a_byte_that_no_database_holds_is_taken_without_it(signed_in):
    assert announce(signed_in, name="wal\0ks.zip", size=6).status_code == 201
    assert Upload.objects.get().filename == "walks.zip"


def test_an_upload_can_be_given_up(upload, signed_in):
    signed_in.delete(reverse("anonymizer:upload", args=[upload.token]))
    assert not Upload.objects.exists()
    assert not uploads.path(upload).exists()


def test_the_form_takes_an_upload_that_arrived_whole(upload, signed_in):
    fields = {"name": "brought", "frames": 8, "upload": upload.token}
    uploads.append(upload, 0, part(b"12345"))
    unfinished = signed_in.post(reverse("anonymizer:dataset_import"), fields)
    assert unfinished.status_code == 422
    assert "did not arrive whole" in unfinished.content.decode()
    uploads.append(upload, 5, part(b"67890"))
    assert signed_in.post(reverse("anonymizer:dataset_import"), fields).status_code == 302
    run = Run.objects.get(kind=Run.Kind.IMPORT_CASIA_B)
    assert Path(run.parameters["path"]).read_bytes() == b"1234567890"


def test_a_refused_name_keeps_the_upload(upload, signed_in):
    uploads.append(upload, 0, part(b"1234567890"))
    answer = signed_in.post(
        reverse("anonymizer:dataset_import"), {"name": " ", "frames": 8, "upload": upload.token}
    )
    assert answer.status_code == 422
    assert "walks.zip has arrived and is kept" in answer.content.decode()
    assert uploads.received(upload) == 10
