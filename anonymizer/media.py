"""Serving stored files: parts of them on demand, and signed addresses that need no cookie and expire.

Browsers play and seek a video by asking for byte ranges (RFC 9110, section 14), which Django's own
`FileResponse` does not answer. Whether somebody may see a file at all is decided by each app's view.
"""

import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from django.core.signing import BadSignature, SignatureExpired, Signer
from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import http_date, parse_http_date_safe, quote_etag

PIECE = 2**16  # bytes read at a time

Unsatisfiable = Literal["unsatisfiable"]


@dataclass(frozen=True)
class StoredFile:
    """What headers need to know of a file."""

    size: int  # bytes
    modified: int  # seconds since 1970
    etag: str


def ranged(request: HttpRequest, file: FieldFile, content_type: str) -> HttpResponseBase:
    """The stored file, or the one part of it that `Range` asks for: 200, 206, 304 or 416.

    Works with every storage whose files can seek. The caller sets Cache-Control. Raises Http404 when the row
    has no file or the file is gone. A request for several ranges gets the whole file, as the standard allows.
    """
    stored = _stored(file)
    if _is_known(request, stored):
        return _described(HttpResponse(status=304), stored)
    part = _asked_part(request, stored)
    if part == "unsatisfiable":
        answer = _described(HttpResponse(status=416, content_type="text/plain"), stored)
        answer["Content-Range"] = f"bytes */{stored.size}"
        return answer
    start, end = part or (0, stored.size)
    body = _described(StreamingHttpResponse(_pieces(file, start, end), content_type=content_type), stored)
    body["Content-Length"] = str(end - start)
    if part:
        body.status_code = 206
        body["Content-Range"] = f"bytes {start}-{end - 1}/{stored.size}"
    return body


def _stored(file: FieldFile) -> StoredFile:
    if not file or not file.name:
        raise Http404("There is no file.")
    try:
        size = int(file.size)
        modified = int(file.storage.get_modified_time(file.name).timestamp())
    except FileNotFoundError:
        raise Http404("The file is gone from the store.") from None
    digest = hashlib.sha256(f"{file.name}\n{size}\n{modified}".encode()).hexdigest()
    return StoredFile(size, modified, quote_etag(digest[:32]))


def _described(answer: HttpResponseBase, stored: StoredFile) -> HttpResponseBase:
    answer["Accept-Ranges"] = "bytes"
    answer["ETag"] = stored.etag
    answer["Last-Modified"] = http_date(stored.modified)
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _is_known(request: HttpRequest, stored: StoredFile) -> bool:
    """Whether the browser holds this very file already."""
    known = request.headers.get("If-None-Match")
    if known is not None:
        return known.strip() == "*" or stored.etag in re.findall(r'"[^"]*"', known)
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    return since is not None and stored.modified <= since


def _asked_part(request: HttpRequest, stored: StoredFile) -> tuple[int, int] | Unsatisfiable | None:
    """The wanted part as (first byte, byte after the last); None for the whole file."""
    asked = re.fullmatch(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", request.headers.get("Range", ""))
    condition = request.headers.get("If-Range")
    if asked is None or asked.groups() == ("", "") or request.method != "GET":
        return None
    if condition is not None and condition not in (stored.etag, http_date(stored.modified)):
        return None  # the browser's part is of an older file: it needs the whole new one
    first, last = asked.groups()
    if not first:  # the last so many bytes
        start, end = max(stored.size - int(last), 0), stored.size
    else:
        start, end = int(first), min(int(last) + 1 if last else stored.size, stored.size)
        if last and int(last) < int(first):
            return None  # not a range at all
    return (start, end) if start < end else "unsatisfiable"


def _pieces(file: FieldFile, start: int, end: int) -> Iterator[bytes]:
    with file.storage.open(file.name or "", "rb") as stream:
        stream.seek(start)
        left = end - start
        while left > 0 and (piece := stream.read(min(PIECE, left))):
            left -= len(piece)
            yield piece


def sign(kind: str, pk: int, scope: str, seconds: int) -> str:
    """A part of an address that shows `pk` of this kind, within this scope, for so many seconds from now."""
    return _signer(kind, scope).sign(f"{pk}.{int(time.time()) + seconds}")


def unsign(kind: str, signed: str, scope: str) -> int:
    """The pk that `sign` put in. Raises SignatureExpired when its time is over, BadSignature if forged."""
    pk, _, until = _signer(kind, scope).unsign(signed).partition(".")
    if not (pk.isdecimal() and until.isdecimal()):
        raise BadSignature("This address was not made here.")
    if int(until) < time.time():
        raise SignatureExpired("This address has expired.")
    return int(pk)


def _signer(kind: str, scope: str) -> Signer:
    return Signer(salt=f"gaitmos.media:{kind}:{scope}", sep="~")
