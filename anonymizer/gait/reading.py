"""Sequences out of an archive, whatever its layout: what is kept of each, and why others are not.

Nothing is assumed complete: subjects lack sequences, folders are empty, frames are missing, blank or broken.

What becomes of a sequence:
- Frames are put in the order of their numbers; gaps are left as they are.
- Blank frames (fewer than 40 pixels of body), too dark and unreadable ones are left out and counted.
- Fewer than `frames` left: dropped. More: the LAST `frames` are kept (the paper's rule, with 50).
- Grey pictures are cut at 128; in one of 0 and 1 alone, as masks often are, 1 is body. What is transparent is no
  body; where all that can be seen is dark, or all bright, it is the body.
- Body and background swapped, several people, or frames of different sizes: dropped.
- Bodies cut by the picture's border are kept, as is usual with CASIA-B, and counted.
- A sequence that comes a second time: the second is dropped.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.archives import ArchiveError, Batch, Limits, batches
from anonymizer.gait.gait_key import GaitKey
from anonymizer.gait.png import UnreadablePictureError, decode_grey
from anonymizer.gait.silhouettes import Silhouettes
from anonymizer.gait.usable import what_is_wrong

_FEWEST_BODY_PIXELS = 40
_BODY = 128  # grey from which a pixel is body
_SHADE = 16  # grey from which a pixel that is no body shows that something was meant
_MOST_IGNORED_NAMES = 200  # remembered by name; beyond that only counted


@dataclass(frozen=True)
class RecordedSequence:
    """One recorded walk seen by one camera, and what was wrong with its frames."""

    subject: str
    gait_condition: str
    number: int
    view_angle: int
    silhouettes: Silhouettes  # (frames, height, width)
    blank_frames: int = 0  # left out
    unreadable_frames: int = 0  # left out
    border_frames: int = 0  # kept, with the body at the picture's border

    @property
    def name(self) -> GaitKey:
        return GaitKey(self.subject, self.gait_condition, self.number, self.view_angle)


@dataclass(frozen=True)
class Dropped:
    """A sequence that was not kept, and why."""

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

    def keep(self, sequence: RecordedSequence) -> None:
        self.kept_by_subject[sequence.subject] += 1
        self.frames += len(sequence.silhouettes)
        self.blank_frames += sequence.blank_frames
        self.unreadable_frames += sequence.unreadable_frames
        self.border_frames += sequence.border_frames

    def incomplete_subjects(self) -> dict[str, int]:
        """Subjects with fewer sequences than the subject with the most, and how many they have."""
        most = max(self.kept_by_subject.values(), default=0)
        dropped = {entry.sequence.partition("-")[0] for entry in self.dropped}
        known = sorted({*self.kept_by_subject, *dropped})
        counts = {subject: self.kept_by_subject[subject] for subject in known}
        return {subject: count for subject, count in counts.items() if count < most}


class Reader(ABC):
    """Iterate over it once: it yields the sequences that are kept, one at a time, and fills `report`.

    A layout is a subclass that says which files it takes, and which of them belong to what sequence.
    Iterating raises ArchiveError where the whole is hostile, damaged or of another layout, possibly after
    some sequences.
    """

    suffixes: ClassVar[tuple[str, ...]]
    example: ClassVar[str]  # what an archive without a single sequence is told it lacks

    def __init__(self, path: Path, frames: int, limits: Limits) -> None:
        if frames < 1:
            raise ValueError(f"sequences of {frames} frames can't be kept: ask for at least 1")
        self.path, self.frames, self.limits = path, frames, limits
        self.report = Report()
        self._seen: set[GaitKey] = set()

    def __iter__(self) -> Iterator[RecordedSequence]:
        for batch in batches(self.path, self.suffixes, self.limits):
            yield from self._sequences(batch)
        self.report.dropped += self._lacking()
        if not self._seen:
            raise ArchiveError(f"{self.path}: holds no {self.example}{self._instead()}")

    def _instead(self) -> str:
        """What there is where no sequence was found, which is most often another layout or a folder too far down."""
        if not self.report.ignored:
            return ""
        count = sum(self.report.ignored_files.values())
        files = f"{count} other files, such as" if count > 1 else "one other file,"
        return (
            f", but {files} {self.report.ignored[0][0]!r}: is it another layout, or a folder inside of the one "
            "that holds the subjects?"
        )

    def _sequences(self, batch: Batch) -> Iterator[RecordedSequence]:
        for name, reason in batch.skipped:
            self.report.ignore(name, reason)
        for sequence, files in self._named(batch):
            try:
                kept = self._read(sequence, files, batch.read)
            except NotKeptError as why:
                self.report.dropped.append(Dropped(str(sequence), why.reason, why.frames))
            else:
                self.report.keep(kept)
                yield kept

    def _first_time(self, name: GaitKey, frames: int) -> None:
        if name in self._seen:
            raise NotKeptError("comes a second time", frames)
        self._seen.add(name)

    @abstractmethod
    def _named(self, batch: Batch) -> Iterable[tuple[GaitKey, Any]]:
        """The batch's sequences in their order, each with whatever `_read` needs to find its frames."""

    @abstractmethod
    def _read(self, name: GaitKey, files: Any, read: Callable[[str], bytes]) -> RecordedSequence:
        """One sequence; raises NotKeptError."""

    def _lacking(self) -> list[Dropped]:
        """Sequences that the archive has a place for and nothing in it."""
        return []


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
    dark: int = 0  # blank because nothing in it is as bright as a body has to be
    unreadable: int = 0
    unreadable_because: str = ""  # what was wrong with the first of them

    def add(self, data: bytes) -> None:
        """A PNG's bytes."""
        try:
            grey = decode_grey(data)
        except UnreadablePictureError as error:
            self.unreadable += 1
            self.unreadable_because = self.unreadable_because or str(error)
            return
        body = grey > 0 if grey.max(initial=0) <= 1 else grey >= _BODY
        if not body.any() and np.count_nonzero(grey >= _SHADE) >= _FEWEST_BODY_PIXELS:
            self.dark += 1
        else:
            self.add_body(body)

    def add_body(self, body: NDArray[np.bool_]) -> None:
        """One frame (height, width)."""
        if np.count_nonzero(body) < _FEWEST_BODY_PIXELS:
            self.blank += 1
        else:
            self.usable.append(body)

    def sequence(self, name: GaitKey, files: int, wanted: int) -> RecordedSequence:
        """What is kept of it. Raises NotKeptError."""
        sizes = sorted({body.shape for body in self.usable})
        if len(sizes) > 1:
            listed = " and ".join(f"{height} x {width}" for height, width in sizes[:3])
            raise NotKeptError(f"frames of different sizes: {listed}", len(self.usable))
        silhouettes = np.stack(self.usable[::-1]) if self.usable else np.zeros((0, 1, 1), np.bool_)
        if wrong := what_is_wrong(silhouettes):
            raise NotKeptError(wrong, len(self.usable))
        if len(self.usable) < wanted:
            raise NotKeptError(self._too_few(files, wanted), len(self.usable))
        touching = int(np.count_nonzero(touches_border(silhouettes)))
        return RecordedSequence(*name, silhouettes, self.blank + self.dark, self.unreadable, touching)

    def _too_few(self, files: int, wanted: int) -> str:
        left_out = [
            (self.blank, "blank"),
            (self.dark, f"too dark: a body is {_BODY} or brighter"),
            (self.unreadable, f"unreadable: {self.unreadable_because}"),
        ]
        because = ", ".join(f"{count} {what}" for count, what in left_out if count)
        of = f" of {files} ({because})" if because else ""
        return f"fewer than {wanted} frames: {len(self.usable)}{of}"


def touches_border(silhouettes: Silhouettes) -> NDArray[np.bool_]:
    """`(frames,)`: whether the body reaches the picture's border."""
    rows, columns = silhouettes[:, [0, -1]].any(axis=(1, 2)), silhouettes[:, :, [0, -1]].any(axis=(1, 2))
    return np.asarray(rows | columns, np.bool_)
