"""The address that files arrive at in parts. Its answers are JSON, for `upload.js` and for programs."""

import json

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods, require_POST

from anonymizer import uploads
from anonymizer.jobs import Refused
from anonymizer.models import Upload


@login_required
@require_POST
def announce(request: HttpRequest) -> JsonResponse:
    """`{"name", "size", "fingerprint"?}` -> 201 `{"upload", "received", "part_bytes"}`; 200 where it goes on."""
    try:
        asked = json.loads(request.body)
        name, size = str(asked["name"]), int(asked["size"])
    except (ValueError, TypeError, LookupError, OverflowError):
        return JsonResponse({"detail": "Send the file's name and its size in bytes as JSON."}, status=422)
    try:
        upload = uploads.announce(request.user, name, size, str(asked.get("fingerprint", ""))[:64])  # type: ignore[arg-type]
    except Refused as refused:
        return JsonResponse({"detail": str(refused)}, status=422)
    received = uploads.received(upload)
    answer = {"upload": upload.token, "received": received, "part_bytes": uploads.PART_BYTES}
    return JsonResponse(answer, status=200 if received else 201)


@login_required
@require_http_methods(["GET", "PATCH", "DELETE"])
def upload(request: HttpRequest, token: str) -> JsonResponse:
    """GET: how far it is. PATCH with `Upload-Offset`: the next part; 409 says where it must begin."""
    found = get_object_or_404(Upload, token=token, user=request.user)
    if request.method == "DELETE":
        uploads.path(found).unlink(missing_ok=True)
        found.delete()
        return JsonResponse({"received": 0})
    if request.method == "GET":
        return JsonResponse({"received": uploads.received(found), "size": found.size})
    return _part(request, found)


def _part(request: HttpRequest, found: Upload) -> JsonResponse:
    offset = request.headers.get("Upload-Offset", "")
    if not offset.isdecimal():
        return JsonResponse({"detail": "Upload-Offset must say at which byte this part begins."}, status=422)
    try:
        return JsonResponse({"received": uploads.append(found, int(offset), request.read)})
    except uploads.OutOfStep as error:
        return JsonResponse({"detail": str(error), "received": error.received}, status=409)
    except Refused as refused:
        return JsonResponse({"detail": str(refused)}, status=422)
