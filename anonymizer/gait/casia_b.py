"""CASIA-B's silhouettes in and out (Yu, Tan and Tan 2006).

One PNG a frame, `001/nm-01/090/001-nm-01-090-042.png`: subject, gait condition and number, view angle,
frame. Only the file's name counts, so that it does not matter which folders stand above. Nothing is assumed
complete: subjects lack sequences, folders are empty, frames are missing, blank or broken.

What becomes of a sequence:
- Frames are put in the order of their numbers; gaps are left as they are.
- Blank frames (fewer than 40 pixels of body) and unreadable ones are left out and counted.
- Fewer than `frames` left: dropped. More: the LAST `frames` are kept (the paper's rule, with 50).
- Grey pictures are cut at 128. Where most of the border is body, body and background are swapped: dropped.
- Frames of different sizes: dropped.
- Bodies cut by the picture's border are kept, as is usual with CASIA-B, and counted.
- A sequence that comes a second time: the second is dropped.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.archives import ArchiveError, Batch, Limits, batches
from anonymizer.gait.png import UnreadablePictureError, decode_grey
from anonymizer.gait.silhouettes import Silhouettes, checked

GAIT_CONDITIONS = ("nm", "bg", "cl")
_FRAME_FILE = re.compile(r"(\d{3})-(nm|bg|cl)-(\d{2})-(\d{3})-(\d{3})\.png")
_SEQUENCE_FOLDER = re.compile(r"(?:.*/)?(\d{3})/(nm|bg|cl)-(\d{2})/(\d{3})")
_FEWEST_BODY_PIXELS = 40
_MOST_IGNORED_NAMES = 200  # remembered by name; beyond that only counted


class SequenceName(NamedTuple):
    subject: str
    gait_condition: str
    number: int
    view_angle: int

    def __str__(self) -> str:
        return f"{self.subject}-{self.gait_condition}-{self.number:02d}-{self.view_angle:03d}"


@dataclass(frozen=True)
class CasiaSequence:
    subject: str
    gait_condition: str
    number: int
    view_angle: int
    silhouettes: Silhouettes  # (frames, height, width)
    blank_frames: int = 0  # left out
    unreadable_frames: int = 0  # left out
    border_frames: int = 0  # kept, with the body at the picture's border

    @property
    def name(self) -> SequenceName:
        return SequenceName(self.subject, self.gait_condition, self.number, self.view_angle)


@dataclass(frozen=True)
class Dropped:
    sequence: str
    reason: str
    frames: int  # usable ones


@dataclass
class Report:
    """What was kept and what not; complete once the reader is used up."""

    dropped: list[Dropped] = field(default_factory=list)
    ignored: list[tuple[str, str]] = field(default_factory=list)  # file and reason, the first 200
    ignored_files: Counter[str] = field(default_factory=Counter)  # reason to number of files
    kept_by_subject: Counter[str] = field(default_factory=Counter)
    frames: int = 0
    blank_frames: int = 0
    unreadable_frames: int = 0
    border_frames: int = 0

    def ignore(self, name: str, reason: str) -> None:
        self.ignored_files[reason] += 1
        if len(self.ignored) < _MOST_IGNORED_NAMES:
            self.ignored.append((name, reason))

    def keep(self, sequence: CasiaSequence) -> None:
        self.kept_by_subject[sequence.subject] += 1
        self.frames += len(sequence.silhouettes)
        self.blank_frames += sequence.blank_frames
        self.unreadable_frames += sequence.unreadable_frames
        self.border_frames += sequence.border_frames

    def incomplete_subjects(self) -> dict[str, int]:
        """Subjects with fewer sequences than the subject with the most, and how many they have."""
        most = max(self.kept_by_subject.values(), default=0)
        known = sorted({*self.kept_by_subject, *(entry.sequence[:3] for entry in self.dropped)})
        counts = {subject: self.kept_by_subject[subject] for subject in known}
        return {subject: count for subject, count in counts.items() if count < most}


class Reader:
    """Iterate over it once: it yields the sequences that are kept, one at a time, and fills `report`."""

    def __init__(self, path: Path, frames: int, limits: Limits) -> None:
        if frames < 1:
            raise ValueError(f"sequences of {frames} frames can't be kept: ask for at least 1")
        self.path, self.frames, self.limits = path, frames, limits
        self.report = Report()
        self._seen: set[SequenceName] = set()
        self._folders: set[SequenceName] = set()  # named for a sequence, perhaps empty

    def __iter__(self) -> Iterator[CasiaSequence]:
        for batch in batches(self.path, (".png",), self.limits):
            yield from self._sequences(batch)
        for sequence in sorted(self._folders - self._seen):
            self.report.dropped.append(Dropped(str(sequence), "its folder holds no frame", 0))
        if not self._seen:
            raise ArchiveError(
                f"{self.path}: holds no frame named as in CASIA-B, like 001/nm-01/090/001-nm-01-090-042.png"
            )

    def _sequences(self, batch: Batch) -> Iterator[CasiaSequence]:
        for name, reason in batch.skipped:
            self.report.ignore(name, reason)
        files = self._by_sequence(batch.files)
        for folder, sequence in sorted(files):
            try:
                kept = self._read(sequence, files[folder, sequence], batch.read)
            except NotKeptError as why:
                self.report.dropped.append(Dropped(str(sequence), why.reason, why.frames))
            else:
                self.report.keep(kept)
                yield kept
        self._note_folders(batch)

    def _by_sequence(self, files: Iterable[str]) -> dict[tuple[str, SequenceName], dict[int, str]]:
        """By folder and sequence each frame's number and file; of a name packed twice, one."""
        found: dict[tuple[str, SequenceName], dict[int, str]] = defaultdict(dict)
        for file in files:
            folder, _, name = file.replace("\\", "/").rpartition("/")
            if match := _FRAME_FILE.fullmatch(name):
                subject, condition, number, angle, frame = match.groups()
                sequence = SequenceName(subject, condition, int(number), int(angle))
                found[folder, sequence][int(frame)] = file
            else:
                self.report.ignore(file, "not named like a frame of CASIA-B")
        return found

    def _note_folders(self, batch: Batch) -> None:
        for folder in batch.folders:
            if match := _SEQUENCE_FOLDER.fullmatch(folder):
                subject, condition, number, angle = match.groups()
                sequence = SequenceName(subject, condition, int(number), int(angle))
                self._folders.add(sequence)

    def _read(self, name: SequenceName, files: dict[int, str], read: Callable[[str], bytes]) -> CasiaSequence:
        if name in self._seen:
            raise NotKeptError("comes a second time", len(files))
        self._seen.add(name)
        pictures = Pictures()
        for _, file in sorted(
            files.items(), reverse=True
        ):  # the last frames are kept, so the first need no decoding
            pictures.add(read(file))
            if len(pictures.usable) == self.frames:
                break
        return pictures.sequence(name, len(files), self.frames)


class NotKeptError(Exception):
    """This sequence is dropped; the others go on."""

    def __init__(self, reason: str, frames: int) -> None:
        super().__init__(reason)
        self.reason, self.frames = reason, frames


@dataclass
class Pictures:
    """The frames of one sequence as they are read, last first: usable ones, and how many were not."""

    usable: list[NDArray[np.bool_]] = field(default_factory=list)
    blank: int = 0
    unreadable: int = 0

    def add(self, data: bytes) -> None:
        try:
            self.add_body(decode_grey(data) >= 128)
        except UnreadablePictureError:
            self.unreadable += 1

    def add_body(self, body: NDArray[np.bool_]) -> None:
        """`(height, width)`"""
        if np.count_nonzero(body) < _FEWEST_BODY_PIXELS:
            self.blank += 1
        else:
            self.usable.append(body)

    def sequence(self, name: SequenceName, files: int, wanted: int) -> CasiaSequence:
        """What is kept of it. Raises NotKeptError."""
        self._refuse_if_unusable()
        if len(self.usable) < wanted:
            raise NotKeptError(self._too_few(files, wanted), len(self.usable))
        silhouettes = np.stack(self.usable[::-1])
        touching = int(np.count_nonzero(touches_border(silhouettes)))
        return CasiaSequence(*name, silhouettes, self.blank, self.unreadable, touching)

    def _refuse_if_unusable(self) -> None:
        sizes = sorted({body.shape for body in self.usable})
        if len(sizes) > 1:
            listed = " and ".join(f"{height} x {width}" for height, width in sizes[:3])
            raise NotKeptError(f"frames of different sizes: {listed}", len(self.usable))
        swapped = sum(_border(body).mean() > 0.5 for body in self.usable)
        if swapped * 2 > len(self.usable):
            raise NotKeptError("body and background are swapped", len(self.usable))

    def _too_few(self, files: int, wanted: int) -> str:
        left_out = [(self.blank, "blank"), (self.unreadable, "unreadable")]
        because = ", ".join(f"{count} {what}" for count, what in left_out if count)
        of = f" of {files} ({because})" if because else ""
        return f"fewer than {wanted} frames: {len(self.usable)}{of}"


def _border(body: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.concatenate([body[0], body[-1], body[:, 0], body[:, -1]])


def touches_border(silhouettes: Silhouettes) -> NDArray[np.bool_]:
    """`(frames,)`"""
    rows, columns = silhouettes[:, [0, -1]].any(axis=(1, 2)), silhouettes[:, :, [0, -1]].any(axis=(1, 2))
    return np.asarray(rows | columns, np.bool_)


def read(path: Path | str, frames: int = 50, *, limits: Limits | None = None) -> Reader:
    """The sequences in a folder, zip or tar.gz, also tar.gz files inside a folder or zip.

    Iterating raises ArchiveError where the whole is hostile, damaged or not CASIA-B, possibly after some
    sequences.
    """
    return Reader(Path(path), frames, limits or Limits())


def export(root: Path | str, sequences: Iterable[Any]) -> int:
    """Write sequences (anything with CasiaSequence's first five fields) as a CASIA-B tree; returns the
    frames.

    Frames are numbered from 001. A sequence's folder that already holds something is refused, since frames
    of two walks would mix.
    """
    return sum(_export_one(Path(root), sequence) for sequence in sequences)


def _export_one(root: Path, sequence: Any) -> int:
    name = _exportable_name(sequence)
    folder = root / name.subject / f"{name.gait_condition}-{name.number:02d}" / f"{name.view_angle:03d}"
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder}: already holds files; export into another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for index, body in enumerate(sequence.silhouettes, start=1):
        _, png = cv2.imencode(".png", body.astype(np.uint8) * 255)
        (folder / f"{name}-{index:03d}.png").write_bytes(png.tobytes())
    return len(sequence.silhouettes)


def _exportable_name(sequence: Any) -> SequenceName:
    name = SequenceName(
        str(sequence.subject), sequence.gait_condition, int(sequence.number), int(sequence.view_angle)
    )
    frames = len(checked(sequence.silhouettes))
    if not _FRAME_FILE.fullmatch(f"{name}-{frames:03d}.png"):
        raise ValueError(
            f"{name} with {frames} frames has no name in CASIA-B's layout: subjects have three digits, gait "
            "conditions are nm, bg and cl, numbers below 100, frames below 1000"
        )
    return name
