"""Files that arrive in parts, so that a lost connection costs one part and not the whole.

A browser announces a file, sends its parts in order, and after a break asks how far it came. What has arrived lies
in one growing file in `FILE_UPLOAD_TEMP_DIR`; with several web servers that folder must be shared.
"""

import fcntl
import secrets
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from anonymizer.jobs import Refused, unfinished
from anonymizer.models import Upload

NOT_WHOLE = "The upload did not arrive whole. Choose the file again; it goes on."
ARCHIVES = (".zip", ".tar.gz", ".tgz", ".tar")
PART_BYTES = 8 * 2**20  # what a browser sends at once
NAME_LENGTH = 255  # as the row has room for
KEPT_DAYS = 7  # after its last part


class OutOfStep(Exception):
    """A part began elsewhere than where the file ends; `received` says where it must begin."""

    def __init__(self, received: int) -> None:
        super().__init__(f"The next part must begin at byte {received}.")
        self.received = received


def path(upload: Upload) -> Path:
    return Path(settings.FILE_UPLOAD_TEMP_DIR) / f"upload-{upload.token}{ending(upload.filename)}"


def ending(filename: str) -> str:
    """The archive's ending; Refused where it is none."""
    found = next((each for each in ARCHIVES if filename.lower().endswith(each)), None)
    if found is None:
        raise Refused("This is no .zip and no .tar.gz. Pack the folder first.")
    return found


def check_size(size: int) -> None:
    if not size >= 1:
        raise Refused("The file is empty. Choose another.")
    if size > settings.UPLOAD_LIMIT_BYTES:
        raise Refused(
            f"{filesizeformat(size)} is more than can be uploaded here, "
            f"{filesizeformat(settings.UPLOAD_LIMIT_BYTES)}. Put it on the server and bring it in there with manage.py."
        )


def announce(user: User, filename: str, size: int, fingerprint: str = "") -> Upload:
    """A new upload, or the same file's earlier one, which goes on where it stood."""
    check_size(size)
    ending(filename)
    filename, fingerprint = filename.replace("\0", ""), fingerprint.replace("\0", "")
    filename = filename[-NAME_LENGTH:]  # its ending says what it is
    alike = Upload.objects.filter(user=user, filename=filename, size=size, fingerprint=fingerprint)
    begun = alike.first() if fingerprint else None
    if begun is not None and path(begun).exists():
        return begun
    upload = Upload.objects.create(
        token=secrets.token_hex(16), user=user, filename=filename, size=size, fingerprint=fingerprint
    )
    path(upload).touch(mode=0o600)
    return upload


def received(upload: Upload) -> int:
    """Bytes that have arrived."""
    return path(upload).stat().st_size if path(upload).exists() else 0


def arrived(user: User | None, token: str) -> Upload | None:
    """A file of this person's that has arrived whole."""
    found = Upload.objects.filter(token=token, user=user).first() if token else None
    return found if found and received(found) == found.size else None


def append(upload: Upload, offset: int, read: Callable[[int], bytes]) -> int:
    """Write a part behind what is there; returns the bytes that have arrived now.

    Raises OutOfStep where `offset` is not the file's end, so a part that is sent twice is kept once, and
    Refused where more comes than was announced.
    """
    with path(upload).open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # two tabs may send the same file
        if offset != file.seek(0, 2):
            raise OutOfStep(file.tell())
        while part := read(2**20):
            if file.tell() + len(part) > upload.size:
                file.truncate(offset)
                raise Refused(f"More than the announced {upload.size} bytes came. Begin the upload anew.")
            file.write(part)
        Upload.objects.filter(pk=upload.pk).update(last_part=timezone.now())  # it may just have been given up
        return file.tell()


def take(upload: Upload, kind: str = "import") -> Path:
    """The finished file under a name of its own, for a run, which removes it; the upload is over."""
    target = new_file(upload.filename, kind)
    path(upload).rename(target)
    upload.delete()
    return target


def store(file: "UploadedFile[bytes]", kind: str = "import") -> Path:
    """The same for a file that came whole with a form: one that outlives the request."""
    target = new_file(str(file.name), kind)
    with target.open("xb") as stored:
        for chunk in file.chunks():
            stored.write(chunk)
    return target


def new_file(filename: str, kind: str) -> Path:
    return Path(settings.FILE_UPLOAD_TEMP_DIR) / f"{kind}-{secrets.token_hex(16)}{ending(filename)}"


def expire() -> None:
    """Delete what nobody went on with for a week."""
    for upload in Upload.objects.filter(last_part__lt=timezone.now() - timedelta(days=KEPT_DAYS)):
        path(upload).unlink(missing_ok=True)
        upload.delete()
    used = {run.parameters.get("path") for run in unfinished()}
    for file in Path(settings.FILE_UPLOAD_TEMP_DIR).glob("import-*"):
        if time.time() - file.stat().st_mtime > KEPT_DAYS * 86400 and str(file.resolve()) not in used:
            file.unlink(missing_ok=True)
