"""Clips that somebody brings: checked, and encoded anew with the settings of every other clip.

A stranger's video is decoded under a short list of containers (no playlist, which could name other files) and
within limits of size and length; what raters are sent is never the file itself, but what was decoded from it.
"""

import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from anonymizer.gait.video import PAIR_GAP, write

FPS = 25
SHORTEST, LONGEST = 0.4, 60.0  # seconds
LARGEST = (1920, 1080)  # that is read; larger pictures take more memory than a clip is worth
SHOWN = (960, 720)  # that is shown; larger ones are scaled down
UNLIKE = 0.1  # share by which the two clips of a pair may differ in length
SUFFIXES = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi")
_CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi"
_MOST_FRAMES = 20_000
Planes = NDArray[np.uint8]  # (height * 3 / 2, width), yuv420p


class NoClip(ValueError):
    """The file can't be shown as a clip; the message says why, without the file's name."""


@dataclass(frozen=True)
class EncodedClip:
    """A clip that was brought, ready to be shown."""

    data: bytes  # MP4
    seconds: float
    size: tuple[int, int]  # width, height as shown


@dataclass(frozen=True)
class Job:
    """One file, or two whose pictures are put side by side."""

    files: tuple[bytes, ...]


def prepared(job: Job) -> EncodedClip | str:
    """The clip, or why there is none; never an exception, so that one file does not end the others' work."""
    try:
        return _side_by_side(*job.files) if len(job.files) == 2 else _alone(*job.files)
    except NoClip as reason:
        return str(reason)


def unlike(original: EncodedClip, processed: EncodedClip) -> str:
    """Why the two can't be one pair; empty where they can."""
    if original.size != processed.size:
        return "the original has {} x {} pixels and the processed clip {} x {}: make them alike".format(
            *original.size, *processed.size
        )
    if abs(original.seconds - processed.seconds) > UNLIKE * max(original.seconds, processed.seconds):
        return f"the original lasts {original.seconds:.1f} s and the processed clip {processed.seconds:.1f} s"
    return ""


def _alone(data: bytes) -> EncodedClip:
    return _encoded(_pictures(data))


def _side_by_side(left: bytes, right: bytes) -> EncodedClip:
    reason = unlike(_measured(left), _measured(right))
    if reason:
        raise NoClip(reason)
    both = zip(_pictures(left), _pictures(right), strict=False)  # one may be a little longer
    return _encoded(_beside(one, other) for one, other in both)


def _measured(data: bytes) -> EncodedClip:
    """Length and size alone."""
    number, size = 0, (0, 0)
    for picture in _pictures(data):
        number, size = number + 1, _size(picture)
    return EncodedClip(b"", number / FPS, size)


def _encoded(pictures: Iterator[Planes]) -> EncodedClip:
    """Encoded picture by picture: a minute of them would not fit into memory at once."""
    first, number = next(pictures), 0

    def counted() -> Iterator[Planes]:
        nonlocal number
        for number, picture in enumerate(chain([first], pictures), start=1):  # noqa: B007
            yield picture

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        write(counted(), path, FPS, _size(first))
        return EncodedClip(path.read_bytes(), number / FPS, _size(first))


def _size(picture: Planes) -> tuple[int, int]:
    return picture.shape[1], picture.shape[0] * 2 // 3


def _pictures(data: bytes) -> Iterator[Planes]:
    """The video's pictures at 25 a second, scaled to what is shown."""
    number = 0
    for picture, until in _decoded(data):
        while number / FPS < until - 1e-6:
            if number >= LONGEST * FPS:
                raise NoClip(f"it lasts longer than {LONGEST:g} s")
            yield picture
            number += 1
    if number < SHORTEST * FPS:
        raise NoClip(f"it lasts {number / FPS:.2f} s: at least {SHORTEST:g} s are needed")


def _decoded(data: bytes) -> Iterator[tuple[Planes, float]]:
    """Each picture and the second at which the next one takes its place."""
    try:
        with av.open(io.BytesIO(data), "r", options={"format_whitelist": _CONTAINERS}) as container:
            stream = next(iter(container.streams.video), None)
            if stream is None:
                raise NoClip("it holds no video")
            _check_size(stream.width, stream.height)
            yield from _with_ends(container, stream)
    except (av.FFmpegError, EOFError) as error:
        raise NoClip(f"it can't be read as a video ({type(error).__name__})") from error


def _check_size(width: int, height: int) -> None:
    if width < 16 or height < 16:
        raise NoClip(f"it has {width} x {height} pixels: at least 16 x 16 are needed")
    if width > LARGEST[0] or height > LARGEST[1]:
        raise NoClip(f"it has {width} x {height} pixels: at most {LARGEST[0]} x {LARGEST[1]} can be read")


def _with_ends(
    container: "av.container.InputContainer", stream: "av.VideoStream"
) -> Iterator[tuple[Planes, float]]:
    step = 1 / float(stream.average_rate or stream.guessed_rate or Fraction(FPS))
    waiting, began, first = None, 0.0, None
    for number, frame in enumerate(container.decode(stream)):
        if number >= _MOST_FRAMES:
            raise NoClip(f"it has more than {_MOST_FRAMES} pictures")
        at = number * step if frame.time is None else float(frame.time)
        first = at if first is None else first
        if waiting is not None:
            yield waiting, at - first
        waiting, began = _planes(frame), at - first
    if waiting is None:
        raise NoClip("it holds no picture")
    yield waiting, began + step


def _planes(frame: "av.VideoFrame") -> Planes:
    scale = min(1.0, SHOWN[0] / frame.width, SHOWN[1] / frame.height)
    width, height = (max(16, 2 * round(side * scale / 2)) for side in (frame.width, frame.height))
    shown = frame.reformat(
        width, height, "yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
    )
    return np.asarray(shown.to_ndarray(), np.uint8)


def _beside(left: Planes, right: Planes) -> Planes:
    """Both in one picture with a dark gap between them."""
    width, height = _size(left)
    result = np.full((height * 3 // 2, 2 * width + PAIR_GAP), 16, np.uint8)
    result[height:] = 128
    chroma = result[height:].reshape(2, height // 2, width + PAIR_GAP // 2)
    for at, picture in ((0, left), (width + PAIR_GAP, right)):
        result[:height, at : at + width] = picture[:height]
        chroma[:, :, at // 2 : (at + width) // 2] = picture[height:].reshape(2, height // 2, width // 2)
    return result
