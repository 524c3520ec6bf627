from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.signing import BadSignature, SignatureExpired
from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpResponseBase
from django.test import RequestFactory

from anonymizer import media
from anonymizer.models import Clip

CONTENT = bytes(range(256)) * 700  # more than one piece


@pytest.fixture
def clip_file(tmp_path: Path) -> FieldFile:
    storage = FileSystemStorage(location=tmp_path)
    clip = Clip()
    clip.file.storage = storage
    clip.file.name = storage.save("a.mp4", ContentFile(CONTENT))
    return clip.file


def get(file: FieldFile, **headers: str) -> HttpResponseBase:
    return media.ranged(RequestFactory().get("/", headers=headers), file, "video/mp4")


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_without_a_range_the_whole_file_comes(clip_file: FieldFile) -> None:
    answer = get(clip_file)

    assert answer.status_code == 200
    assert answer["Content-Length"] == str(len(CONTENT))
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["Content-Type"] == "video/mp4"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert body(answer) == CONTENT


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-", 0, len(CONTENT)),
        ("bytes=0-0", 0, 1),
        ("bytes=100-70099", 100, 70100),
        ("bytes=179000-999999", 179000, len(CONTENT)),
        ("bytes=-200", len(CONTENT) - 200, len(CONTENT)),
        ("bytes=-999999", 0, len(CONTENT)),
    ],
)
def test_a_range_gets_that_part(clip_file: FieldFile, asked: str, start: int, end: int) -> None:
    answer = get(clip_file, range=asked)

    assert answer.status_code == 206
    assert answer["Content-Range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
    assert answer["Content-Length"] == str(end - start)
    assert body(answer) == CONTENT[start:end]


@pytest.mark.parametrize("asked", [f"bytes={len(CONTENT)}-", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(clip_file: FieldFile, asked: str) -> None:
    answer = get(clip_file, range=asked)

    assert answer.status_code == 416
    assert answer["Content-Range"] == f"bytes */{len(CONTENT)}"


@pytest.mark.parametrize("asked", ["bytes=-", "bytes=5-2", "bytes=a-b", "frames=0-3", "bytes=0-1,4-5"])
def test_what_is_no_single_range_gets_the_whole_file(clip_file: FieldFile, asked: str) -> None:
    answer = get(clip_file, range=asked)

    assert answer.status_code == 200
    assert body(answer) == CONTENT


def test_a_browser_that_has_the_file_is_told_so(clip_file: FieldFile) -> None:
    first = get(clip_file)

    assert get(clip_file, **{"if-none-match": first["ETag"]}).status_code == 304
    assert get(clip_file, **{"if-none-match": f'"x", W/{first["ETag"]}'}).status_code == 304
    assert get(clip_file, **{"if-modified-since": first["Last-Modified"]}).status_code == 304
    assert get(clip_file, **{"if-none-match": '"x"'}).status_code == 200


def test_a_part_of_an_older_file_is_not_continued(clip_file: FieldFile) -> None:
    same = get(clip_file)["ETag"]

    assert get(clip_file, range="bytes=5-", **{"if-range": same}).status_code == 206
    assert get(clip_file, range="bytes=5-", **{"if-range": '"older"'}).status_code == 200


def test_a_changed_file_has_another_etag(clip_file: FieldFile) -> None:
    before = get(clip_file)["ETag"]
    Path(clip_file.path).write_bytes(CONTENT[:-1])

    assert get(clip_file)["ETag"] != before


def test_a_file_that_is_gone_is_not_found(clip_file: FieldFile) -> None:
    Path(clip_file.path).unlink()

    with pytest.raises(Http404):
        get(clip_file)


def test_a_row_without_a_file_is_not_found() -> None:
    with pytest.raises(Http404):
        get(Clip().file)


def test_a_signed_address_opens_what_it_was_made_for() -> None:
    signed = media.sign("presentation", 7, "original", seconds=60)

    assert media.unsign("presentation", signed, "original") == 7


def test_a_signed_address_opens_nothing_else() -> None:
    signed = media.sign("presentation", 7, "original", seconds=60)

    for kind, text, scope in [
        ("presentation", signed, "changed"),
        ("clip", signed, "original"),
        ("presentation", "8" + signed[1:], "original"),
        ("presentation", signed[:-1], "original"),
        ("presentation", "", "original"),
    ]:
        with pytest.raises(BadSignature):
            media.unsign(kind, text, scope)


def test_a_signed_address_expires() -> None:
    with pytest.raises(SignatureExpired):
        media.unsign("presentation", media.sign("presentation", 7, "original", seconds=-2), "original")
