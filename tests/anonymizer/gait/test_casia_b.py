import io
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest

from anonymizer.gait import casia_b
from anonymizer.gait.archives import ArchiveError
from anonymizer.gait.reading import RecordedSequence
from tests.anonymizer.gait.walking_figure import walking_figure

Files = dict[str, bytes]


def png(picture: np.ndarray) -> bytes:
    return bytes(cv2.imencode(".png", picture)[1].tobytes())


def sequence_files(
    subject: str = "001",
    condition: str = "nm-01",
    view_angle: str = "090",
    frames: Iterable[int] = range(1, 9),
) -> Files:
    """Eight frames or those asked for; frame k is the figure at its k-th step."""
    folder, numbers = f"{subject}/{condition}/{view_angle}", list(frames)
    walk = walking_figure(max(numbers) + 1, 8, shape=(48, 64)).astype(np.uint8) * 255
    start = f"{folder}/{subject}-{condition}-{view_angle}"
    return {f"{start}-{number:03d}.png": png(walk[number]) for number in numbers}


def in_folder(place: Path, files: Files) -> Path:
    for name, data in files.items():
        (place / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "tree" / name).write_bytes(data)
    return place / "tree"


def in_zip(place: Path, files: Files) -> Path:
    with zipfile.ZipFile(place / "casia.zip", "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return place / "casia.zip"


def in_tar(place: Path, files: Files) -> Path:
    (place / "casia.tar.gz").write_bytes(tar_bytes(files))
    return place / "casia.tar.gz"


def tar_bytes(files: Files, mode: str = "w:gz") -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return target.getvalue()


def reasons(reader: casia_b.Reader) -> dict[str, tuple[str, int]]:
    return {entry.sequence: (entry.reason, entry.frames) for entry in reader.report.dropped}


@pytest.mark.parametrize("packed", [in_folder, in_zip, in_tar])
def test_folder_zip_and_tar_give_the_same_sequences(
    tmp_path: Path, packed: Callable[[Path, Files], Path]
) -> None:
    files = sequence_files() | sequence_files("002", "cl-02", "018")
    reader = casia_b.read(packed(tmp_path, dict(reversed(files.items()))), frames=8)
    found = list(reader)
    assert [tuple(sequence.name) for sequence in found] == [("001", "nm", 1, 90), ("002", "cl", 2, 18)]
    for sequence in found:
        assert np.array_equal(sequence.silhouettes, walking_figure(9, 8, shape=(48, 64))[1:])
    assert reader.report.dropped == []
    assert reader.report.frames == 16


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_zip_of_an_archive_a_subject_below_a_doubled_top_folder(tmp_path: Path, mode: str) -> None:
    archives = {
        f"CASIA-B/CASIA-B/{subject}.tar.gz": tar_bytes(
            {f"{subject}/{name}": data for name, data in sequence_files(subject).items()}, mode
        )
        for subject in ("001", "002")
    }
    found = list(casia_b.read(in_zip(tmp_path, archives), frames=8))
    assert [sequence.subject for sequence in found] == ["001", "002"]


def test_a_folder_of_an_archive_a_subject(tmp_path: Path) -> None:
    path = in_folder(tmp_path, {"001.tar.gz": tar_bytes(sequence_files())} | sequence_files("002"))
    assert sorted(sequence.subject for sequence in casia_b.read(path, frames=8)) == ["001", "002"]


def test_the_last_frames_are_kept_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    path = in_zip(tmp_path, sequence_files(frames=[2, 11, 3, 40, 7]))
    (sequence,) = casia_b.read(path, frames=3)
    walk = walking_figure(41, 8, shape=(48, 64))
    assert np.array_equal(sequence.silhouettes, walk[[7, 11, 40]])


def test_short_sequences_are_dropped_with_the_reason(tmp_path: Path) -> None:
    files = sequence_files() | sequence_files("005", frames=range(5))
    reader = casia_b.read(in_zip(tmp_path, files), frames=8)
    assert [sequence.subject for sequence in reader] == ["001"]
    assert reasons(reader) == {"005-nm-01-090": ("fewer than 8 frames: 5", 5)}
    assert reader.report.incomplete_subjects() == {"005": 0}


def test_blank_and_broken_frames_are_left_out_and_counted(tmp_path: Path) -> None:
    files = sequence_files()
    names = list(files)
    files[names[2]] = png(np.zeros((48, 64), np.uint8))
    files[names[4]] = files[names[4]][:-30]
    files[names[5]] = b""
    reader = casia_b.read(in_zip(tmp_path, files), frames=8)
    assert list(reader) == []
    assert reasons(reader)["001-nm-01-090"] == (
        "fewer than 8 frames: 5 of 8 (1 blank, 2 unreadable: not a PNG file)",
        5,
    )
    (kept,) = casia_b.read(in_zip(tmp_path, files), frames=5)
    assert (kept.blank_frames, kept.unreadable_frames) == (1, 2)


def test_a_picture_that_would_decode_to_gigabytes_is_not_decoded(tmp_path: Path) -> None:
    files = sequence_files()
    files[next(iter(files))] = png(np.zeros((20_000, 3), np.uint8))
    reader = casia_b.read(in_zip(tmp_path, files), frames=8)
    assert list(reader) == []
    assert reasons(reader)["001-nm-01-090"] == (
        "fewer than 8 frames: 7 of 8 (1 unreadable: 20000 x 3 pixels, more than 2048 a side)",
        7,
    )


def test_an_empty_sequence_folder_is_reported(tmp_path: Path) -> None:
    path = in_folder(tmp_path, sequence_files())
    (path / "005/bg-01/036").mkdir(parents=True)
    reader = casia_b.read(path, frames=8)
    assert len(list(reader)) == 1
    assert reasons(reader) == {"005-bg-01-036": ("its folder holds no frame", 0)}


def test_grey_masks_are_cut_at_128(tmp_path: Path) -> None:
    picture = np.zeros((20, 30, 3), np.uint8)
    picture[5:15, 10:20] = 128
    picture[5:15, 20:25] = 127
    path = in_zip(tmp_path, {"001-nm-01-090-001.png": png(picture)})
    (sequence,) = casia_b.read(path, frames=1)
    assert np.array_equal(sequence.silhouettes[0], picture[..., 0] == 128)


def test_masks_of_0_and_1_show_the_body(tmp_path: Path) -> None:
    picture = np.zeros((20, 30), np.uint8)
    picture[5:15, 10:20] = 1
    (sequence,) = casia_b.read(in_zip(tmp_path, {"001-nm-01-090-001.png": png(picture)}), frames=1)
    assert np.array_equal(sequence.silhouettes[0], picture == 1)


def test_masks_that_are_too_dark_are_not_called_blank(tmp_path: Path) -> None:
    picture = np.zeros((20, 30), np.uint8)
    picture[5:15, 10:20] = 100
    reader = casia_b.read(in_zip(tmp_path, {"001-nm-01-090-001.png": png(picture)}), frames=1)
    assert list(reader) == []
    said = "fewer than 1 frames: 0 of 1 (1 too dark: a body is 128 or brighter)"
    assert reasons(reader) == {"001-nm-01-090": (said, 0)}


BLACK, WHITE = (0, 0, 0), (255, 255, 255)


@pytest.mark.parametrize(
    ("body", "ground"),
    [
        ((*BLACK, 255), (*BLACK, 0)),  # cut out: the colours are alike
        ((*BLACK, 255), (*WHITE, 0)),
        ((*WHITE, 255), (*WHITE, 0)),
        ((*WHITE, 255), (*BLACK, 255)),  # nothing is transparent
        ((*WHITE, 0), (*BLACK, 0)),  # everything is, which says nothing
    ],
)
def test_a_body_in_the_alpha_channel_is_read(
    tmp_path: Path, body: tuple[int, ...], ground: tuple[int, ...]
) -> None:
    shape = np.zeros((20, 30), np.bool_)
    shape[5:15, 10:20] = True
    picture = np.where(shape[..., None], body, ground).astype(np.uint8)
    (sequence,) = casia_b.read(in_zip(tmp_path, {"001-nm-01-090-001.png": png(picture)}), frames=1)
    assert np.array_equal(sequence.silhouettes[0], shape)


def test_what_is_transparent_beside_a_picture_is_no_body(tmp_path: Path) -> None:
    picture = np.full((20, 30, 4), 255, np.uint8)
    picture[:, :25, :3] = 0  # black ground, and on its right a white margin that nobody sees
    picture[5:15, 10:20, :3] = 255
    picture[:, 25:, 3] = 0
    (sequence,) = casia_b.read(in_zip(tmp_path, {"001-nm-01-090-001.png": png(picture)}), frames=1)
    assert np.argwhere(sequence.silhouettes[0]).min(axis=0).tolist() == [5, 10]
    assert np.argwhere(sequence.silhouettes[0]).max(axis=0).tolist() == [14, 19]


def test_several_people_in_most_frames_are_dropped_and_other_views_kept(tmp_path: Path) -> None:
    two = np.zeros((48, 64), np.uint8)
    two[10:40, 10:20] = two[10:40, 40:50] = 255
    files = sequence_files() | {name.replace("090", "036"): png(two) for name in sequence_files()}
    reader = casia_b.read(in_zip(tmp_path, files), frames=8)
    assert [sequence.view_angle for sequence in reader] == [90]
    said = "100% of the frames show several people; keep one person a sequence"
    assert reasons(reader) == {"001-nm-01-036": (said, 8)}


def test_swapped_body_and_background_are_dropped(tmp_path: Path) -> None:
    white = np.full((48, 64), 255, np.uint8)
    white[10:40, 20:40] = 0
    reader = casia_b.read(in_zip(tmp_path, {name: png(white) for name in sequence_files()}), frames=8)
    assert list(reader) == []
    assert "swapped" in reasons(reader)["001-nm-01-090"][0]


def test_frames_of_different_sizes_are_dropped(tmp_path: Path) -> None:
    files = sequence_files()
    files[next(iter(files))] = png(np.full((30, 30), 255, np.uint8))
    reader = casia_b.read(in_zip(tmp_path, files), frames=8)
    assert list(reader) == []
    assert reasons(reader) == {"001-nm-01-090": ("frames of different sizes: 30 x 30 and 48 x 64", 8)}


def test_a_body_at_the_border_is_kept_and_counted(tmp_path: Path) -> None:
    picture = np.zeros((20, 30), np.uint8)
    picture[5:20, 10:20] = 255
    reader = casia_b.read(in_zip(tmp_path, {"001-nm-01-090-001.png": png(picture)}), frames=1)
    assert [sequence.border_frames for sequence in reader] == [1]
    assert reader.report.border_frames == 1


def test_a_sequence_that_comes_twice_is_taken_once(tmp_path: Path) -> None:
    files = sequence_files()
    copies = {f"copy/{name}": data for name, data in files.items()}
    reader = casia_b.read(in_zip(tmp_path, files | copies), frames=8)
    assert len(list(reader)) == 1
    assert reasons(reader) == {"001-nm-01-090": ("comes a second time", 8)}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_frame_packed_twice_is_one_frame(tmp_path: Path) -> None:
    files = sequence_files()
    with zipfile.ZipFile(in_zip(tmp_path, files), "a") as archive:
        for name in list(files)[:4]:
            archive.writestr(name, files[name])
    reader = casia_b.read(tmp_path / "casia.zip", frames=9)
    assert list(reader) == []
    assert reasons(reader) == {"001-nm-01-090": ("fewer than 9 frames: 8", 8)}


def test_what_is_no_frame_is_ignored_and_named(tmp_path: Path) -> None:
    strangers = ["readme.txt", "001/nm-01/090/extra.png", "__MACOSX/._001-nm-01-090-001.png"]
    files = sequence_files() | dict.fromkeys(strangers, b"x")
    reader = casia_b.read(in_zip(tmp_path, files), frames=8)
    assert len(list(reader)) == 1
    assert {name for name, _ in reader.report.ignored} == set(strangers)
    assert reader.report.ignored_files == {"not a .png file": 1, "not named like a frame of CASIA-B": 2}


def test_something_else_than_casia_b_is_an_error_that_shows_the_names_expected(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"001/nm-01/090/001-nm-01-090-042\.png"):
        list(casia_b.read(in_zip(tmp_path, {"holiday.png": b"x"})))


def test_another_layout_is_told_by_a_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "001").mkdir()
    (tmp_path / "001" / "090.pkl").write_bytes(b"an array")
    with pytest.raises(ArchiveError, match=r"but one other file, '001/090\.pkl': is it another layout"):
        list(casia_b.read(tmp_path))


def test_no_frames_at_all_can_not_be_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        casia_b.read(tmp_path, frames=0)


def test_an_exported_tree_is_read_back_equal(tmp_path: Path) -> None:
    walk = RecordedSequence("017", "bg", 2, 144, walking_figure(9, 8, shape=(48, 64)))
    assert casia_b.export(tmp_path, [walk]) == 9
    assert (tmp_path / "017/bg-02/144/017-bg-02-144-009.png").exists()
    (back,) = casia_b.read(tmp_path, frames=9)
    assert back.name == walk.name
    assert np.array_equal(back.silhouettes, walk.silhouettes)


def test_an_export_never_mixes_two_walks(tmp_path: Path) -> None:
    walk = RecordedSequence("017", "bg", 2, 144, walking_figure(2, 8, shape=(48, 64)))
    casia_b.export(tmp_path, [walk])
    with pytest.raises(ValueError, match="already holds files"):
        casia_b.export(tmp_path, [walk])


def test_what_has_no_name_in_the_layout_is_not_exported(tmp_path: Path) -> None:
    walk = RecordedSequence("1017", "bg", 2, 144, walking_figure(2, 8, shape=(48, 64)))
    with pytest.raises(ValueError, match="three digits"):
        casia_b.export(tmp_path, [walk])
    assert list(tmp_path.iterdir()) == []
