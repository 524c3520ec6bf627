"""CASIA-B's silhouettes in and out (Yu, Tan and Tan 2006).

One PNG a frame, `001/nm-01/090/001-nm-01-090-042.png`: subject, gait condition and number, view angle,
frame. Only the file's name counts, so that it does not matter which folders stand above. `reading` says what
becomes of a sequence.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from anonymizer.gait.archives import Batch, Limits
from anonymizer.gait.gait_key import GaitKey
from anonymizer.gait.reading import Dropped, Pictures, Reader, RecordedSequence
from anonymizer.gait.silhouettes import checked

_FRAME_FILE = re.compile(r"(\d{3})-(nm|bg|cl)-(\d{2})-(\d{3})-(\d{3})\.png")
_SEQUENCE_FOLDER = re.compile(r"(?:.*/)?(\d{3})/(nm|bg|cl)-(\d{2})/(\d{3})")


class CasiaB(Reader):
    """The sequences of a CASIA-B tree; `read` makes one."""

    suffixes = (".png",)
    example = "frame named as in CASIA-B, like 001/nm-01/090/001-nm-01-090-042.png"

    def __init__(self, path: Path, frames: int, limits: Limits) -> None:
        super().__init__(path, frames, limits)
        self._folders: set[GaitKey] = set()  # named for a sequence, perhaps empty

    def _named(self, batch: Batch) -> Iterator[tuple[GaitKey, dict[int, str]]]:
        self._note_folders(batch)
        files = self._by_sequence(batch.files)
        for folder, sequence in sorted(files):
            yield sequence, files[folder, sequence]

    def _by_sequence(self, files: Iterable[str]) -> dict[tuple[str, GaitKey], dict[int, str]]:
        """By folder and sequence each frame's number and file; of a name packed twice, one."""
        found: dict[tuple[str, GaitKey], dict[int, str]] = defaultdict(dict)
        for file in files:
            folder, _, name = file.replace("\\", "/").rpartition("/")
            if match := _FRAME_FILE.fullmatch(name):
                subject, condition, number, angle, frame = match.groups()
                sequence = GaitKey(subject, condition, int(number), int(angle))
                found[folder, sequence][int(frame)] = file
            else:
                self.report.ignore(file, "not named like a frame of CASIA-B")
        return found

    def _note_folders(self, batch: Batch) -> None:
        for folder in batch.folders:
            if match := _SEQUENCE_FOLDER.fullmatch(folder):
                subject, condition, number, angle = match.groups()
                sequence = GaitKey(subject, condition, int(number), int(angle))
                self._folders.add(sequence)

    def _read(self, name: GaitKey, files: dict[int, str], read: Callable[[str], bytes]) -> RecordedSequence:
        self._first_time(name, len(files))
        pictures = Pictures()
        for frame in sorted(files, reverse=True):  # the last are kept, so the first need no decoding
            pictures.add(read(files[frame]))
            if len(pictures.usable) == self.frames:
                break
        return pictures.sequence(name, len(files), self.frames)

    def _lacking(self) -> list[Dropped]:
        empty = sorted(self._folders - self._seen)
        return [Dropped(str(sequence), "its folder holds no frame", 0) for sequence in empty]


def read(path: Path | str, frames: int = 50, *, limits: Limits | None = None) -> CasiaB:
    """The sequences in a folder, zip or tar.gz, also tar.gz files inside a folder or zip.

    Iterating raises ArchiveError where the whole is hostile, damaged or not CASIA-B, possibly after some
    sequences.
    """
    return CasiaB(Path(path), frames, limits or Limits())


def export(root: Path | str, sequences: Iterable[Any]) -> int:
    """Write sequences, anything with RecordedSequence's first five fields, as a CASIA-B tree. Returns the
    number of frames.

    Frames are numbered from 001. A sequence's folder that already holds something is refused, since frames
    of two walks would mix.
    """
    return sum(_export_one(Path(root), sequence) for sequence in sequences)


def _export_one(root: Path, sequence: Any) -> int:
    name = _exportable_name(sequence)
    folder = root / name.subject / f"{name.condition}-{name.number:02d}" / f"{name.view_angle:03d}"
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder}: already holds files; export into another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for index, body in enumerate(sequence.silhouettes, start=1):
        _, png = cv2.imencode(".png", body.astype(np.uint8) * 255)
        (folder / f"{name}-{index:03d}.png").write_bytes(png.tobytes())
    return len(sequence.silhouettes)


def _exportable_name(sequence: Any) -> GaitKey:
    name = GaitKey(
        str(sequence.subject), sequence.gait_condition, int(sequence.number), int(sequence.view_angle)
    )
    frames = len(checked(sequence.silhouettes))
    if not _FRAME_FILE.fullmatch(f"{name}-{frames:03d}.png"):
        raise ValueError(
            f"{name} with {frames} frames has no name in CASIA-B's layout: subjects have three digits, gait "
            "conditions are nm, bg and cl, numbers below 100, frames below 1000"
        )
    return name
