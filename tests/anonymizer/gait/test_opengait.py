import io
import pickle
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from anonymizer.gait import opengait
from anonymizer.gait.archives import ArchiveError
from anonymizer.gait.gait_key import GaitKey
from anonymizer.gait.opengait import NotAnArrayError
from tests.anonymizer.gait.walking_figure import walking_figure

NAME = GaitKey("001", "nm", 1, 90)


def pictures(frames: int = 8) -> np.ndarray:
    return walking_figure(frames, 8, shape=(64, 64)).astype(np.uint8) * 255


def put(root: Path, name: str, data: bytes) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(data)


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


# --- Pickles ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("kind", [np.uint8, np.bool_, np.int32])
def test_an_array_is_read_whatever_protocol_wrote_it(protocol, kind):
    array = (pictures() > 0).astype(kind)
    assert (opengait.arrays_only(pickle.dumps(array, protocol)) == array).all()


def test_a_pickle_of_older_numpy_is_read():
    data = pickle.dumps(pictures(), 2).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    assert (opengait.arrays_only(data) == pictures()).all()


class Touching:
    """Pickles as a call that makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_code_in_a_pickle_is_refused_and_not_run(tmp_path):
    mark = tmp_path / "ran"
    with pytest.raises(NotAnArrayError, match="does not need; it was not run"):
        opengait.arrays_only(pickle.dumps(Touching(mark)))
    assert not mark.exists()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([1, 2, 3], "holds list"),
        (np.array([{"a": 1}], dtype=object), "'O8'"),
        (np.array(["walk"]), "not of numbers"),
    ],
    ids=["list", "objects", "text"],
)
def test_what_is_no_array_of_numbers_is_refused(value, words):
    with pytest.raises(NotAnArrayError, match=words):
        opengait.arrays_only(pickle.dumps(value))


@pytest.mark.parametrize("data", [b"", b"no pickle", pickle.dumps(pictures())[:-50]])
def test_a_damaged_pickle_is_said(data):
    with pytest.raises(NotAnArrayError, match="no readable pickle"):
        opengait.arrays_only(data)


def test_a_state_that_claims_more_than_its_bytes_is_refused():
    forged = pickle.dumps(pictures(), 4).replace(b"K\x08K@K@", b"K\xffK@K@")
    with pytest.raises(NotAnArrayError):
        opengait.arrays_only(forged)


class Forged:
    """Pickles as an array of three numbers whose type has this state."""

    def __init__(self, *of_the_type: object) -> None:
        self.of_the_type = of_the_type

    def __reduce__(self):
        numbers = Forged.Number(self.of_the_type)
        state = (1, (3, 1, 1), numbers, False, bytes(range(24)))
        return np._core.multiarray._reconstruct, (np.ndarray, (0,), b"b"), state

    class Number:
        def __init__(self, state: tuple[object, ...]) -> None:
            self.state = state

        def __reduce__(self):
            return np.dtype, ("u8", False, True), self.state


@pytest.mark.parametrize(
    "state",
    [
        (3, "<", (np.dtype("u8"), (10**6,)), None, None, -1, -1, 0),
        (3, "<", None, ("far",), {"far": (np.dtype("u8"), 8000)}, -1, -1, 0),
        (3, "<", None, None, None, -1, -1, 63),
    ],
    ids=["many numbers in one", "a field far off", "objects"],
)
def test_of_a_type_only_its_byte_order_is_believed(state):
    """Numpy itself would read past the end of memory here."""
    found = opengait.arrays_only(pickle.dumps(Forged(*state), 4))
    assert found.dtype == np.dtype("<u8")
    assert (found.dtype.subdtype, found.dtype.names, found.dtype.hasobject) == (None, None, False)
    assert found.tobytes() == bytes(range(24))


@pytest.mark.parametrize(
    "steps",
    [b"Nr" + (2**26).to_bytes(4, "little"), b"c_codecs\nencode\n" + b"X\x01\x00\x00\x00a\x85Rh\x00" * 200],
    ids=["a far place", "many calls"],
)
def test_a_pickle_that_asks_for_more_memory_than_an_array_is_refused(steps):
    with pytest.raises(NotAnArrayError, match="more than one array"):
        opengait.arrays_only(b"\x80\x02" + steps + b".")


def test_a_big_endian_array_is_read():
    array = np.arange(6, dtype=">i4").reshape(1, 2, 3)
    assert (opengait.arrays_only(pickle.dumps(array)) == array).all()


def test_a_pickle_changes_nothing_of_what_reads_the_next_one():
    spoil = b"\x80\x04c_codecs\nencode\n(N}\x8c\x0c__defaults__(\x8c\x04utf8tstb."
    with pytest.raises(NotAnArrayError):
        opengait.arrays_only(spoil)
    assert (opengait.arrays_only(pickle.dumps(pictures(), 0)) == pictures()).all()
    assert opengait._latin1.__defaults__ == ("latin1",)


# --- Frames -----------------------------------------------------------------------------------------
def test_grey_pictures_are_cut_in_the_middle():
    shades = np.array([[[0, 127], [128, 255]]], np.uint8)
    assert opengait.frames_of(npy(shades), "npy").tolist() == [[[False, False], [True, True]]]


def test_zeros_and_ones_are_masks():
    assert opengait.frames_of(npy(np.eye(2, dtype=np.uint8)[None]), "npy").tolist() == [
        (np.eye(2) == 1).tolist()
    ]


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (1099511627776, 64, 64)}",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (1",
        b"{'descr': '|u1', b'fortran_order': False, 'shape': (1, 2, 2)}",
    ],
    ids=["petabytes", "cut off", "another key"],
)
def test_a_damaged_header_is_said(header):
    data = b"\x93NUMPY\x01\x00" + (len(header) + 1).to_bytes(2, "little") + header + b"\n1234"
    with pytest.raises(NotAnArrayError, match=r"no readable \.npy file"):
        opengait.frames_of(data, "npy")


@pytest.mark.parametrize("array", [np.zeros((4, 64), np.uint8), np.zeros((2, 3, 4), np.float32)])
def test_other_shapes_and_kinds_are_refused(array):
    with pytest.raises(NotAnArrayError, match=r"not uint8 \(frames, height, width\)"):
        opengait.frames_of(npy(array), "npy")


# --- Data sets --------------------------------------------------------------------------------------
def test_what_is_exported_comes_back(tmp_path):
    walk = pictures() > 0
    for form in opengait.FORMATS:
        opengait.export(tmp_path / form, NAME, walk, form)
        reader = opengait.read(tmp_path / form, frames=8)
        (kept,) = reader
        assert kept.name == NAME
        assert kept.silhouettes.shape == (8, 64, 64)
        again = tmp_path / f"{form} again"
        opengait.export(again, kept.name, kept.silhouettes, form)
        assert (next(iter(opengait.read(again, frames=8))).silhouettes == kept.silhouettes).all()


def test_an_export_is_not_written_into_a_folder_that_is_in_use(tmp_path):
    opengait.export(tmp_path, NAME, pictures() > 0)
    with pytest.raises(ValueError, match="already holds files"):
        opengait.export(tmp_path, NAME, pictures() > 0)


def test_the_last_frames_are_kept_and_blank_ones_left_out(tmp_path):
    array = pictures(10)
    array[9] = 0
    put(tmp_path, "001/nm-01/090/090.pkl", pickle.dumps(array))
    reader = opengait.read(tmp_path, frames=4)
    (kept,) = reader
    assert (kept.silhouettes == (array[5:9] > 0)).all()
    assert reader.report.blank_frames == 1


def test_what_cannot_be_kept_is_dropped_with_its_reason(tmp_path):
    put(tmp_path, "001/nm-01/000/000.pkl", pickle.dumps(pictures(3)))
    put(tmp_path, "001/nm-01/018/018.pkl", pickle.dumps(Touching(tmp_path / "ran")))
    put(tmp_path, "001/nm-01/090/090.pkl", pickle.dumps(pictures(8)))
    put(tmp_path, "notes/readme.pkl", b"")
    reader = opengait.read(tmp_path, frames=8)
    assert [each.name.view_angle for each in reader] == [90]
    reasons = {entry.sequence: entry.reason for entry in reader.report.dropped}
    assert reasons["001-nm-01-000"] == "fewer than 8 frames: 3"
    assert "it was not run" in reasons["001-nm-01-018"]
    assert reader.report.ignored == [("notes/readme.pkl", "not in a folder like 001/nm-01/090")]


def test_npy_is_preferred_where_a_sequence_has_both(tmp_path):
    put(tmp_path, "001/nm-01/090/090.pkl", b"broken")
    put(tmp_path, "001/nm-01/090/090.npy", npy(pictures()))
    reader = opengait.read(tmp_path, frames=8)
    assert len(list(reader)) == 1
    assert [entry.reason for entry in reader.report.dropped] == ["comes a second time"]


@pytest.mark.parametrize("form", ["zip", "tar"])
def test_archives_with_a_doubled_top_folder_are_read(tmp_path, form):
    data, name = pickle.dumps(pictures()), "CASIA-B/CASIA-B/001/nm-01/090/090.pkl"
    place = tmp_path / f"walks.{form}"
    if form == "zip":
        with zipfile.ZipFile(place, "w") as packed:
            packed.writestr(name, data)
    else:
        with tarfile.open(place, "w") as packed:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            packed.addfile(info, io.BytesIO(data))
    assert [each.name for each in opengait.read(place, frames=8)] == [NAME]


def test_a_folder_without_sequences_is_refused(tmp_path):
    put(tmp_path, "001.pkl", b"")
    with pytest.raises(ArchiveError, match="named as in OpenGait"):
        list(opengait.read(tmp_path))
