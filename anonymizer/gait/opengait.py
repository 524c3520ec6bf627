"""OpenGait's silhouettes in and out: `001/nm-01/090/090.pkl`, one array of uint8 (frames, 64, 64) a sequence.

The folders are subject, gait condition and number, and view angle; the file's own name does not count. A pickle
from a stranger can run code, so `arrays_only` reads nothing but a plain array of numbers; `.npy` files are
read as well, and taken where a sequence has both. `reading` says what becomes of a sequence.
"""

import io
import pickle
import pickletools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.archives import Batch, Limits
from anonymizer.gait.bodies import scaled
from anonymizer.gait.gait_key import GaitKey
from anonymizer.gait.reading import NotKeptError, Pictures, Reader, RecordedSequence
from anonymizer.gait.silhouettes import Silhouettes

SIDE = 64  # pixels, height and width of OpenGait's pictures
FORMATS = ("pkl", "npy")
_FILE = re.compile(r"(?:.*/)?(\d{3})/(nm|bg|cl)-(\d{2})/(\d{3})/[^/]+\.(pkl|npy)", re.IGNORECASE)
_MOST_STEPS = 100  # of a pickle; one array takes 50 to 70
_NUMBERS = re.compile(r"[|<>=]?[bBiufc?][1248]?")  # a dtype of plain numbers, as numpy writes it


class NotAnArrayError(ValueError):
    """The file holds something else than one array of frames."""


# --- Reading one file -------------------------------------------------------------------------------
def arrays_only(data: bytes) -> NDArray[np.generic]:
    """The array in a pickle. NotAnArrayError for anything else, of which nothing is run."""
    try:
        _refuse_long(data)
        found = _ArrayUnpickler(io.BytesIO(data)).load()
    except NotAnArrayError:
        raise
    except Exception as error:  # a damaged pickle may raise anything
        raise NotAnArrayError(f"is no readable pickle ({type(error).__name__})") from error
    if not isinstance(found, _Array):
        raise NotAnArrayError(f"holds {type(found).__name__}, not an array")
    return found.value


def _refuse_long(data: bytes) -> None:
    """A few bytes of a pickle can ask for gigabytes: a far place to remember something in, or the same text again
    and again."""
    for step, (operation, place, _) in enumerate(pickletools.genops(data)):
        far = operation.name in ("PUT", "BINPUT", "LONG_BINPUT") and place > _MOST_STEPS  # type: ignore[operator]
        if far or step > _MOST_STEPS:
            raise NotAnArrayError("holds more than one array")


class _ArrayUnpickler(pickle.Unpickler):
    """Knows the few names that numpy writes for an array, each behind a check of its own.

    What a pickle says of an array and its type is taken down and checked here. Numpy's own objects would believe
    it, and a type that claims more bytes than it has reads past the end of memory.
    """

    def find_class(self, module: str, name: str) -> Any:
        module = module.replace("numpy.core", "numpy._core")
        if (module, name) == ("numpy", "ndarray"):
            return _NDARRAY  # named, never called
        known = _KNOWN.get((module, name))
        if known is None:
            raise NotAnArrayError(f"asks for {module}.{name}, which an array does not need; it was not run")
        return lambda *given: known(*given)  # a new one: a pickle may set attributes of what it is given


class _Array:
    """An array as a pickle describes it: empty at first, its state comes after."""

    value: NDArray[np.generic]

    def __init__(self, kind: object, shape: object, code: object) -> None:
        if kind != _NDARRAY or shape != (0,) or code not in (b"b", "b"):
            raise NotAnArrayError("holds an array of an unknown kind")
        self.value = np.empty((0,), np.int8)

    def __setstate__(self, state: tuple[object, Any, object, object, Any]) -> None:
        _, shape, kind, column_by_column, data = state
        self.value = _numbers(data, kind, shape, "F" if column_by_column else "C")


class _NumberType:
    """A dtype of plain numbers as a pickle describes it: of its state only the byte order counts."""

    def __init__(self, code: object, *_: object) -> None:
        if not isinstance(code, str) or not _NUMBERS.fullmatch(code):
            raise NotAnArrayError(f"holds an array of {code!r}, not of numbers")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.dtype = self.dtype.newbyteorder(state[1])


def _numbers(data: Any, kind: object, shape: Any, order: Any) -> NDArray[np.generic]:
    """The array that these bytes hold; an error where they are too few or too many for its shape."""
    if not isinstance(kind, _NumberType) or order not in ("C", "F"):
        raise NotAnArrayError("holds an array of an unknown kind")
    return np.frombuffer(data, kind.dtype).reshape(shape, order=order)


def _from_buffer(data: Any, kind: object, shape: Any, order: Any) -> _Array:
    """What protocol 5 writes: all at once."""
    found = _Array(_NDARRAY, (0,), "b")
    found.value = _numbers(data, kind, shape, order)
    return found


def _latin1(text: object, coding: object = "latin1") -> bytes:
    if not isinstance(text, str) or coding != "latin1":
        raise NotAnArrayError("holds text in an unknown coding")
    return text.encode("latin1")


_NDARRAY = "numpy.ndarray"
_KNOWN: dict[tuple[str, str], Any] = {
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.numeric", "_frombuffer"): _from_buffer,
    ("numpy", "dtype"): _NumberType,
    ("_codecs", "encode"): _latin1,
}


def frames_of(data: bytes, suffix: str) -> Silhouettes:
    """`(frames, height, width)` of a .pkl or .npy file's bytes; NotAnArrayError says what is wrong."""
    found = arrays_only(data) if suffix == "pkl" else _npy(data)
    if found.dtype.kind not in "bu" or found.ndim != 3 or 0 in found.shape[1:]:
        raise NotAnArrayError(f"holds {found.dtype} {found.shape}, not uint8 (frames, height, width)")
    if found.dtype.kind == "b" or found.max(initial=0) <= 1:
        return np.asarray(found, np.bool_)
    return np.asarray(np.greater_equal(found, 128), np.bool_)


def _npy(data: bytes) -> NDArray[np.generic]:
    try:
        found: NDArray[np.generic] = np.load(io.BytesIO(data), allow_pickle=False)
    except Exception as error:  # a damaged header may raise anything
        raise NotAnArrayError("is no readable .npy file of numbers") from error
    return found


# --- Reading a data set -----------------------------------------------------------------------------
class OpenGait(Reader):
    """The sequences of a tree as OpenGait prepares it; `read` makes one."""

    suffixes = tuple(f".{each}" for each in FORMATS)
    example = "sequence named as in OpenGait, like 001/nm-01/090/090.pkl"

    def _named(self, batch: Batch) -> list[tuple[GaitKey, tuple[str, str]]]:
        """Each sequence with its file and that file's format, `.npy` before `.pkl`."""
        found = []
        for file in batch.files:
            if match := _FILE.fullmatch(file.replace("\\", "/")):
                subject, condition, number, angle, suffix = match.groups()
                sequence = GaitKey(subject, condition.lower(), int(number), int(angle))
                found.append((sequence, (suffix.lower(), file)))
            else:
                self.report.ignore(file, "not in a folder like 001/nm-01/090")
        return sorted(found)

    def _read(self, name: GaitKey, files: tuple[str, str], read: Callable[[str], bytes]) -> RecordedSequence:
        self._first_time(name, 0)
        suffix, file = files
        try:
            bodies = frames_of(read(file), suffix)
        except NotAnArrayError as error:
            raise NotKeptError(f"its file {error}", 0) from error
        pictures = Pictures()
        for body in bodies[::-1]:  # the last frames are kept
            pictures.add_body(body)
            if len(pictures.usable) == self.frames:
                break
        return pictures.sequence(name, len(bodies), self.frames)


def read(path: Path | str, frames: int = 50, *, limits: Limits | None = None) -> OpenGait:
    """The sequences in a folder, zip or tar.gz in OpenGait's layout; as `casia_b.read` else."""
    return OpenGait(Path(path), frames, limits or Limits())


# --- Writing ----------------------------------------------------------------------------------------
def export(root: Path | str, name: GaitKey, silhouettes: Silhouettes, form: str = "pkl") -> Path:
    """Write one sequence as OpenGait prepares it: equal height, centred, 64 x 64, 0 and 255. Returns the file.

    A sequence's folder that already holds something is refused. ValueError where nothing is shown.
    """
    if form not in FORMATS:
        raise ValueError(f"format {form!r} is not known: use {' or '.join(FORMATS)}")
    if not silhouettes.any():
        raise ValueError(f"{name}: shows nobody")
    folder = Path(root) / name.subject / f"{name.condition}-{name.number:02d}" / f"{name.view_angle:03d}"
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder}: already holds files; export into another folder")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name.view_angle:03d}.{form}"
    pictures = np.asarray(scaled(silhouettes, SIDE, SIDE), np.uint8) * np.uint8(255)
    with file.open("wb") as target:
        if form == "npy":
            np.save(target, pictures, allow_pickle=False)
        else:
            pickle.dump(pictures, target, protocol=4)
    return file
