"""Files out of a folder, a zip or a tar(.gz) that a stranger may have made.

Nothing is ever written under a name from an archive: what is kept of a tar goes into one nameless temporary
file. An archive that tries to climb out of its folder, brings links or devices, or unpacks to far more than
it is, is refused as a whole (ArchiveError). Archives inside an archive (CASIA-B comes as a zip of tar.gz
files, one a subject) are opened one at a time.
"""

import errno
import gzip
import lzma
import os
import re
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

_ARCHIVE_NAME = re.compile(r".*\.(zip|tar|tar\.gz|tgz)", re.IGNORECASE | re.DOTALL)
_RATIO_COUNTS_FROM = 16 * 2**20  # bytes; the ratio says nothing about an archive that unpacks to less
_CHUNK = 2**20
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    OSError,  # unless it is `_of_the_disk`
)


class ArchiveError(ValueError):
    """The whole folder or archive can't be read or must not be."""


@dataclass(frozen=True)
class Limits:
    """How much an archive may hold, so that a hostile one fills neither memory nor disk."""

    unpacked_bytes: int = 8 * 2**30  # all of CASIA-B's silhouettes are below 2 GB
    members: int = 3_000_000  # files and folders; CASIA-B has 1.1 million frames
    ratio: int = 100  # unpacked to packed; PNGs hardly shrink, so 3 is usual
    depth: int = 2  # an archive in an archive, and no more
    file_bytes: int = 16 * 2**20  # one picture


@dataclass(frozen=True)
class Batch:
    """Files that belong together, to be read in any order before the next batch is asked for."""

    files: list[str]  # names with their folders, `/` between
    folders: list[str]  # folders seen, empty ones too, without a final `/`
    skipped: list[tuple[str, str]]  # names that can't be read here, and why
    read: Callable[[str], bytes]  # of one of `files`; b"" where it is damaged


@dataclass
class _Opening:
    """What is known while a path is being read: the limits, and how much of them is used."""

    limits: Limits
    suffixes: tuple[str, ...]  # of the files that are wanted, lower case
    members: int = 0
    unpacked: int = 0

    def count_member(self, name: str) -> None:
        self.members += 1
        if self.members > self.limits.members:
            raise ArchiveError(f"{name}: more than {self.limits.members} files are refused")

    def count_bytes(self, size: int, name: str) -> None:
        self.unpacked += size
        if self.unpacked > self.limits.unpacked_bytes:
            raise ArchiveError(f"{name}: unpacks to more than {self.limits.unpacked_bytes} bytes")

    def why_not(self, name: str, size: int) -> str | None:
        if not name.lower().endswith(self.suffixes):
            return f"not a {' or '.join(self.suffixes)} file"
        if size > self.limits.file_bytes:
            return f"larger than {self.limits.file_bytes} bytes"
        return None


@dataclass
class _Content:
    """The members of one archive, sorted by what becomes of them."""

    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    archives: list[str] = field(default_factory=list)


def batches(path: Path, suffixes: tuple[str, ...], limits: Limits | None = None) -> Iterator[Batch]:
    """All files under `path` (a folder, zip, tar or tar.gz) that end in one of `suffixes`, batch by batch.

    Raises ArchiveError, possibly after some batches: who stores must be able to take back what was stored.
    """
    opening = _Opening(limits or Limits(), tuple(suffix.lower() for suffix in suffixes))
    if path.is_dir():
        yield from _folder(path, opening)
    elif path.is_file():
        with path.open("rb") as file:
            yield from _archive(file, path.name, opening, depth=1)
    else:
        raise ArchiveError(f"{path}: there is no such folder or archive")


def _folder(root: Path, opening: _Opening) -> Iterator[Batch]:
    """One batch a folder, so that a whole data set's names are never in memory at once."""
    for folder, subfolders, names in os.walk(root, onerror=_refuse_unreadable_folder):
        subfolders.sort()
        here = Path(folder).relative_to(root)
        content = _Content(folders=[here.as_posix()])
        for name in sorted(names):
            opening.count_member(folder)
            _sort_file(root, (here / name).as_posix(), content, opening)
        yield Batch(content.files, content.folders, content.skipped, partial(_read_from, root))
        for name in content.archives:
            with (root / name).open("rb") as file:
                yield from _archive(file, name, opening, depth=1)


def _read_from(root: Path, name: str) -> bytes:
    return (root / name).read_bytes()


def _refuse_unreadable_folder(error: OSError) -> None:
    raise ArchiveError(f"{error.filename}: can't be read ({error.strerror})")


def _sort_file(root: Path, name: str, content: _Content, opening: _Opening) -> None:
    status = (root / name).lstat()
    if not stat.S_ISREG(status.st_mode):
        content.skipped.append((name, "a link or a device"))
    elif _ARCHIVE_NAME.fullmatch(name):
        content.archives.append(name)
    elif reason := opening.why_not(name, status.st_size):
        content.skipped.append((name, reason))
    else:
        content.files.append(name)


def _archive(file: IO[bytes], name: str, opening: _Opening, depth: int) -> Iterator[Batch]:
    if depth > opening.limits.depth:
        raise ArchiveError(f"{name}: archives nested more than {opening.limits.depth} deep are refused")
    start = file.read(512)
    file.seek(0)
    try:
        if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            yield from _zip(file, name, opening, depth)
        elif start.startswith(b"\x1f\x8b") or start[257:262] == b"ustar":
            yield from _tar(file, name, opening, depth)
        else:
            what = "is neither a folder nor a zip, tar or tar.gz file" if start else "is an empty file"
            raise ArchiveError(f"{name}: {what}; pack the folder as .zip or .tar.gz")
    except ArchiveError:
        raise
    except (*_DAMAGE, ValueError) as error:
        if _of_the_disk(error):
            raise
        raise ArchiveError(f"{name}: is damaged or cut off ({error}); send it again whole") from error


def _zip(file: IO[bytes], name: str, opening: _Opening, depth: int) -> Iterator[Batch]:
    with zipfile.ZipFile(file) as archive:
        content = _Content()
        for info in archive.infolist():
            _sort_zip_member(info, f"{name}: {info.filename!r}", content, opening)
        _refuse_bomb(sum(info.file_size for info in archive.infolist()), _size(file), name, opening.limits)
        yield Batch(content.files, content.folders, content.skipped, partial(_read, archive))
        for member in content.archives:
            with tempfile.TemporaryFile() as inner:
                with archive.open(member) as packed:
                    _copy(packed, inner)
                inner.seek(0)
                yield from _archive(inner, f"{name}: {member}", opening, depth + 1)


def _sort_zip_member(info: zipfile.ZipInfo, label: str, content: _Content, opening: _Opening) -> None:
    opening.count_member(label)
    opening.count_bytes(info.file_size, label)
    member = _safe_name(info.filename, label)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveError(f"{label}: archives with links or devices are refused")
    if info.flag_bits & 1:
        raise ArchiveError(f"{label}: is encrypted; unpack it with its password first")
    if info.is_dir():
        content.folders.append(member)
    elif _ARCHIVE_NAME.fullmatch(member):
        content.archives.append(info.filename)
    elif reason := opening.why_not(member, info.file_size):
        content.skipped.append((member, reason))
    else:
        content.files.append(info.filename)


def _read(archive: zipfile.ZipFile, member: str) -> bytes:
    """One member's bytes, never more than its directory entry says; b"" where it is damaged."""
    try:
        return archive.read(member)
    except _DAMAGE as error:
        if _of_the_disk(error):
            raise
        return b""


def _of_the_disk(error: Exception) -> bool:
    """Whether a file could not be read or written, whatever is in it.

    gzip and bzip2 say OSError of damage, without a number; a zip that names a place before its own beginning gets
    EINVAL.
    """
    return isinstance(error, OSError) and error.errno not in (None, errno.EINVAL)


def _tar(file: IO[bytes], name: str, opening: _Opening, depth: int) -> Iterator[Batch]:
    """A tar has no directory and gzip no random access, so that wanted files are copied out first."""
    with tempfile.TemporaryFile() as kept, tempfile.TemporaryDirectory() as inner_folder:
        places: dict[str, tuple[int, int]] = {}
        content = _Content()
        inner = _unpack_tar(_Counted(file, name, opening), content, places, kept, Path(inner_folder))
        yield Batch(content.files, content.folders, content.skipped, partial(_cut, kept, places))
        for place, member in inner:
            with place.open("rb") as archive:
                yield from _archive(archive, f"{name}: {member}", opening, depth + 1)


def _unpack_tar(
    unpacked: "_Counted", content: _Content, places: dict[str, tuple[int, int]], kept: IO[bytes], inner: Path
) -> list[tuple[Path, str]]:
    """Copy the wanted files behind one another into `kept`; returns where archives inside were put."""
    archives: list[tuple[Path, str]] = []
    with tarfile.open(fileobj=unpacked, mode="r|") as archive:  # type: ignore[call-overload]
        while info := unpacked.next_header(archive):
            label = f"{unpacked.name}: {info.name!r}"
            unpacked.opening.count_member(label)
            member = _safe_name(info.name, label)
            if info.isdir():
                content.folders.append(member)
                continue
            data = _plain_file(archive, info, label)
            if _ARCHIVE_NAME.fullmatch(member):
                archives.append((inner / str(len(archives)), member))
                with archives[-1][0].open("wb") as place:
                    _copy(data, place)
            elif reason := unpacked.opening.why_not(member, info.size):
                content.skipped.append((member, reason))
                _copy(data, None)
            else:
                if member not in places:
                    content.files.append(member)
                places[member] = (kept.tell(), info.size)
                _copy(data, kept)
    return archives


def _plain_file(archive: tarfile.TarFile, info: tarfile.TarInfo, label: str) -> IO[bytes]:
    data = archive.extractfile(info) if info.isreg() and not info.issparse() else None
    if data is None:
        raise ArchiveError(f"{label}: archives with links or devices are refused")
    return data


class _Counted:
    """A tar's bytes as they are unpacked, counted against the limits."""

    def __init__(self, file: IO[bytes], name: str, opening: _Opening) -> None:
        self.name, self.opening, self.packed_size = name, opening, _size(file)
        gzipped = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        self.file: IO[bytes] | gzip.GzipFile = gzip.GzipFile(fileobj=file) if gzipped else file
        self.unpacked = 0
        self.may_reach: int | None = _CHUNK  # opening reads the first header already

    def read(self, size: int) -> bytes:
        data = self.file.read(size)
        self.unpacked += len(data)
        self.opening.count_bytes(len(data), self.name)
        _refuse_bomb(self.unpacked, self.packed_size, self.name, self.opening.limits)
        if self.may_reach is not None and self.unpacked > self.may_reach:
            raise ArchiveError(f"{self.name}: its headers are larger than any real archive's")
        return data

    def next_header(self, archive: tarfile.TarFile) -> tarfile.TarInfo | None:
        """The next member. tarfile takes its header into memory, however long: a megabyte must do."""
        archive.members = []  # type: ignore[attr-defined]  # it would remember them all
        self.may_reach = self.unpacked + _CHUNK
        info = archive.next()
        self.may_reach = None
        return info


def _safe_name(name: str, label: str) -> str:
    """The name with `/` between folders and no `.`; ArchiveError where it leads out of the archive."""
    parts = name.replace("\\", "/").split("/")
    if not parts[0] or ":" in parts[0] or ".." in parts or "\0" in name:
        raise ArchiveError(f"{label}: archives with paths that lead out of their folder are refused")
    return "/".join(part for part in parts if part not in ("", "."))


def _refuse_bomb(unpacked: int, packed: int, name: str, limits: Limits) -> None:
    if unpacked > _RATIO_COUNTS_FROM and unpacked > limits.ratio * packed:
        raise ArchiveError(f"{name}: unpacks to more than {limits.ratio} times its size")


def _size(file: IO[bytes]) -> int:
    here = file.tell()
    size = file.seek(0, os.SEEK_END)
    file.seek(here)
    return size


def _cut(file: IO[bytes], places: dict[str, tuple[int, int]], name: str) -> bytes:
    start, size = places[name]
    file.seek(start)
    return file.read(size)


def _copy(source: IO[bytes], target: IO[bytes] | None) -> None:
    while chunk := source.read(_CHUNK):
        if target is not None:
            target.write(chunk)
