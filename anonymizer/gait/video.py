"""Clips: a walk as an H.264 file that any browser plays.

Off-white on near-black, in yuv420p with the index in front (`+faststart`), since that is what browsers
start and seek in at once. One encoding thread: the same walk gives the same bytes on every machine with the
same x264, and several clips are encoded side by side anyway.
"""

import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.clip_loop import GREY, LoopPlan, loop_plan
from anonymizer.gait.clip_pictures import Framing, Picture, centred, draw, in_place
from anonymizer.gait.silhouettes import Silhouettes, checked

__all__ = [
    "GREY",
    "PAIR_GAP",
    "SIZE",
    "LoopPlan",
    "clip_frames",
    "encode",
    "encode_pair",
    "loop_plan",
    "write",
]

SIZE = (480, 360)  # width, height; both even
BACKGROUND, BODY = (0x0E, 0x11, 0x14), (0xF2, 0xF4, 0xF5)  # red, green, blue
_GREY_OPACITY = 110
PAIR_GAP = 16  # pixels of background between the two walks of a pair
_LONGEST = 120.0  # seconds
_BT709 = 1  # in all three of H.264's tables of colour descriptions
_X264 = {"preset": "veryfast", "crf": "20", "profile": "main", "g": "25", "threads": "1"}


def encode(
    silhouettes: Silhouettes,
    path: Path | str,
    *,
    seconds: float = 10.0,
    fps: float = 25,
    cycle: LoopPlan | None = None,
    in_place: bool = False,
    size: tuple[int, int] = SIZE,
) -> None:
    """Write the walk as an MP4 of `round(seconds * fps)` frames, one frame of the walk a frame of the clip.

    `cycle` is the original's plan; without one the walk's own is made. `in_place` shows the walk where it
    went, with a short grey cut at each repeat, instead of centred at constant height.
    """
    pictures = clip_frames(silhouettes, seconds=seconds, fps=fps, cycle=cycle, in_place=in_place, size=size)
    write(_planes(pictures), Path(path), fps, size)


def encode_pair(
    left: Silhouettes,
    right: Silhouettes,
    path: Path | str,
    *,
    seconds: float = 10.0,
    fps: float = 25,
    cycle: LoopPlan | None = None,
    in_place: bool = False,
    size: tuple[int, int] = SIZE,
) -> None:
    """Both walks side by side in one clip, so that they can't drift apart; `size` is that of each half."""
    plan = cycle or loop_plan(left, fps)
    halves = [
        clip_frames(walk, seconds=seconds, fps=fps, cycle=plan, in_place=in_place, size=size)
        for walk in (left, right)
    ]
    gap = np.zeros((size[1], PAIR_GAP), np.uint8)
    pictures = (np.concatenate([one, gap, other], axis=1) for one, other in zip(*halves, strict=True))
    write(_planes(pictures), Path(path), fps, (2 * size[0] + PAIR_GAP, size[1]))


def clip_frames(
    silhouettes: Silhouettes,
    *,
    seconds: float = 10.0,
    fps: float = 25,
    cycle: LoopPlan | None = None,
    in_place: bool = False,
    size: tuple[int, int] = SIZE,
) -> Iterator[Picture]:
    """The clip's pictures one by one, `(height, width)` from 0 (background) to 255 (body)."""
    frames = _checked_frames(seconds, fps, size)
    plan = cycle or loop_plan(checked(silhouettes), fps)
    if len(plan.heights) != len(silhouettes):
        raise ValueError(
            f"a plan for {len(plan.heights)} frames can't show a walk of {len(silhouettes)}: "
            "both clips of a pair must have the same number of frames"
        )
    framing = _framing(silhouettes, plan, in_place, size)
    return _pictures(silhouettes, plan, framing, frames, in_place, size)


def _checked_frames(seconds: float, fps: float, size: tuple[int, int]) -> int:
    if not (0 < seconds <= _LONGEST and 1 <= fps <= 120 and seconds * fps >= 0.5):
        raise ValueError(f"no clip of {seconds} s at {fps} frames/s: at most {_LONGEST:g} s and 120 frames/s")
    if min(size) < 16 or size[0] % 2 or size[1] % 2:
        raise ValueError(f"no clip of {size[0]} x {size[1]}: width and height must be even and at least 16")
    return round(seconds * fps)


def _framing(silhouettes: Silhouettes, plan: LoopPlan, stays: bool, size: tuple[int, int]) -> Framing:
    return in_place(silhouettes, size) if stays else centred(silhouettes, np.array(plan.heights), size)


def _pictures(
    silhouettes: Silhouettes,
    plan: LoopPlan,
    framing: Framing,
    frames: int,
    grey_cuts: bool,
    size: tuple[int, int],
) -> Iterator[Picture]:
    drawn: dict[int, Picture] = {GREY: np.full((size[1], size[0]), _GREY_OPACITY, np.uint8)}
    brightness = np.ones(frames) if grey_cuts else plan.brightness(frames)
    for source, bright in zip(plan.source_frames(frames, grey_cuts=grey_cuts), brightness, strict=True):
        if source not in drawn:
            drawn[source] = draw(silhouettes[source], framing, source, size)
        picture = drawn[source]
        yield picture if bright == 1 else (picture * bright).astype(np.uint8)


def write(pictures: Iterable[NDArray[np.uint8]], path: Path, fps: float, size: tuple[int, int]) -> None:
    """Encode pictures, planes of yuv420p as `(height * 3 / 2, width)`, with the settings of every clip.

    The file beside the wanted one appears under its name only when it is whole.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with av.open(str(unfinished), "w", format="mp4", options={"movflags": "+faststart"}) as container:
            stream = container.add_stream(
                "libx264", rate=Fraction(fps).limit_denominator(1001), options=_X264
            )
            stream.width, stream.height, stream.pix_fmt = size[0], size[1], "yuv420p"
            context = stream.codec_context
            context.color_range, context.colorspace = av.video.reformatter.ColorRange.MPEG, _BT709
            context.color_primaries = context.color_trc = _BT709
            for planes in pictures:
                frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _planes(pictures: Iterable[Picture]) -> Iterator[NDArray[np.uint8]]:
    """`(height * 3 / 2, width)`: brightness, then both colour differences at half size, as yuv420p lies."""
    brightness, blue, red = _colour_tables()
    for picture in pictures:
        height, width = picture.shape
        planes = np.empty((height * 3 // 2, width), np.uint8)
        cv2.LUT(picture, brightness, planes[:height])
        small = np.ascontiguousarray(picture[::2, ::2])
        planes[height:].reshape(2, height // 2, width // 2)[:] = cv2.LUT(small, blue), cv2.LUT(small, red)
        yield planes


def _colour_tables() -> NDArray[np.uint8]:
    """`(3, 256)`: opacity to brightness, blue and red difference (ITU-R BT.709, limited range)."""
    opacity = np.arange(256)[:, None] / 255
    red, green, blue = ((1 - opacity) * BACKGROUND + opacity * BODY).T / 255
    bright = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    table = [16 + 219 * bright, 128 + 224 * (blue - bright) / 1.8556, 128 + 224 * (red - bright) / 1.5748]
    return np.asarray(np.rint(np.array(table)), np.uint8)
