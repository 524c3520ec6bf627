import gzip
import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from anonymizer.gait.archives import ArchiveError, Limits, batches


def contents(path: Path, limits: Limits | None = None) -> dict[str, bytes]:
    return {name: batch.read(name) for batch in batches(path, (".png",), limits) for name in batch.files}


def make_zip(
    place: Path,
    *members: tuple[str | zipfile.ZipInfo, bytes],
    name: str = "a.zip",
    compression: int = zipfile.ZIP_DEFLATED,
) -> Path:
    with zipfile.ZipFile(place / name, "w", compression) as archive:
        for member, data in members:
            archive.writestr(member, data)
    return place / name


def make_tar(place: Path, *members: tuple[tarfile.TarInfo, bytes], name: str = "a.tar.gz") -> Path:
    with tarfile.open(place / name, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for member, data in members:
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return place / name


def tar_member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize("name", ["../up.png", "/etc/up.png", "a/../../up.png", "C:\\up.png", "..\\up.png"])
def test_paths_that_climb_out_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArchiveError, match="lead out"):
        contents(make_zip(tmp_path, (name, b"x")))
    with pytest.raises(ArchiveError, match="lead out"):
        contents(make_tar(tmp_path, (tar_member(name), b"x")))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(ArchiveError, match="links or devices"):
        contents(make_tar(tmp_path, (tar_member("a.png"), b"x"), (tar_member("b.png", kind, "a.png"), b"")))


def test_links_in_a_zip_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("a.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(ArchiveError, match="links or devices"):
        contents(make_zip(tmp_path, (link, b"/etc/passwd")))


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.png").symlink_to(tmp_path / "secret.png")
    (tmp_path / "in/b.png").write_bytes(b"open")
    (batch,) = batches(tmp_path / "in", (".png",))
    assert batch.files == ["b.png"]
    assert batch.skipped == [("a.png", "a link or a device")]


@pytest.mark.parametrize("make", ["zip", "tar"])
def test_bombs_are_refused_before_they_are_kept(tmp_path: Path, make: str) -> None:
    nothing = bytes(40 * 2**20)
    if make == "zip":
        path = make_zip(tmp_path, *((f"{index}.png", nothing[: 15 * 2**20]) for index in range(3)))
    else:
        path = make_tar(tmp_path, (tar_member("a.txt"), nothing))
    assert path.stat().st_size < 200_000
    with pytest.raises(ArchiveError, match="100 times its size"):
        contents(path)


def test_a_bomb_inside_an_archive_is_refused(tmp_path: Path) -> None:
    inner = make_tar(tmp_path, (tar_member("a.png"), bytes(40 * 2**20)), name="inner.tar.gz").read_bytes()
    with pytest.raises(ArchiveError, match=r"inner\.tar\.gz: unpacks to more than"):
        contents(make_zip(tmp_path, ("inner.tar.gz", inner)))


def test_a_header_that_claims_gigabytes_is_not_taken_into_memory(tmp_path: Path) -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 2**32
    rest = os.urandom(2**14) * 2**7  # hardly a bomb by its ratio, yet more than a header needs
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(header.tobuf(tarfile.USTAR_FORMAT) + rest, compresslevel=1))
    with pytest.raises(ArchiveError, match="headers are larger"):
        contents(path)


def test_too_many_members_and_too_many_bytes_are_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path, *((f"{index}.png", b"123") for index in range(5)))
    with pytest.raises(ArchiveError, match="more than 4 files"):
        contents(path, Limits(members=4))
    with pytest.raises(ArchiveError, match="more than 14 bytes"):
        contents(path, Limits(unpacked_bytes=14))
    assert len(contents(path, Limits(members=5, unpacked_bytes=15))) == 5


def test_archives_nested_too_deep_are_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path, ("a.png", b"x"), name="0.zip")
    for depth in (1, 2):
        path = make_zip(tmp_path, (f"{depth - 1}.zip", path.read_bytes()), name=f"{depth}.zip")
        if depth == 1:
            assert contents(path) == {"a.png": b"x"}
    with pytest.raises(ArchiveError, match="nested more than 2 deep"):
        contents(path)


def test_a_tar_of_tars_is_read(tmp_path: Path) -> None:
    inner = make_tar(tmp_path, (tar_member("a.png"), b"x"), name="i.tar.gz").read_bytes()
    path = make_tar(tmp_path, (tar_member("b.png"), b"y"), (tar_member("i.tar.gz"), inner))
    assert contents(path) == {"b.png": b"y", "a.png": b"x"}


def test_files_larger_than_a_picture_are_skipped(tmp_path: Path) -> None:
    path = make_tar(tmp_path, (tar_member("a.png"), b"12345"), (tar_member("b.png"), b"1234"))
    assert contents(path, Limits(file_bytes=4)) == {"b.png": b"1234"}


def test_an_encrypted_zip_says_so(tmp_path: Path) -> None:
    path = make_zip(tmp_path, ("a.png", b"x"))
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(ArchiveError, match="encrypted"):
        contents(path)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x1f\x8b" + b"junk" * 9, b"PK\x03\x04" + b"junk" * 9])
def test_what_is_no_archive_is_refused_by_name(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "walks.zip").write_bytes(data)
    with pytest.raises(ArchiveError, match=r"walks\.zip: is (an empty file|neither|damaged)"):
        contents(tmp_path / "walks.zip")


def test_a_tar_that_is_cut_short_is_damaged(tmp_path: Path) -> None:
    path = make_tar(tmp_path, (tar_member("a.png"), os.urandom(50_000)))
    path.write_bytes(path.read_bytes()[:30_000])
    with pytest.raises(ArchiveError, match="damaged"):
        contents(path)


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_one_damaged_member_of_a_zip_reads_as_nothing(tmp_path: Path, compression: int) -> None:
    path = make_zip(tmp_path, ("a.png", b"first picture"), ("b.png", b"x"), compression=compression)
    data = bytearray(path.read_bytes())
    for damaged in range(14, 20):
        data[data.index(b"a.png") + damaged] ^= 0xFF
    path.write_bytes(data)
    assert contents(path) == {"a.png": b"", "b.png": b"x"}


def test_a_member_that_lies_before_the_zips_beginning_reads_as_nothing(tmp_path: Path) -> None:
    path = make_zip(tmp_path, ("a.png", b"x"))
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x05\x06") + 16
    data[at : at + 4] = (2**31).to_bytes(4, "little")
    path.write_bytes(data)
    assert contents(path) == {"a.png": b""}


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="no such folder or archive"):
        contents(tmp_path / "nowhere")


def test_no_temporary_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    inner = make_tar(tmp_path, (tar_member("a.png"), b"x"), name="i.tar.gz").read_bytes()
    path = make_tar(tmp_path, (tar_member("b.png"), b"y"), (tar_member("i.tar.gz"), inner))
    assert len(contents(path)) == 2
    assert list((tmp_path / "temporary").iterdir()) == []
