"""A ten-second clip, against drawing all 250 frames in colour and letting ffmpeg convert them.

    python bench/clips.py

Both encode with the same x264 settings at the same size, so the difference is what comes before the encoder.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from anonymizer.gait import video
from anonymizer.gait.clip_pictures import centred, draw
from anonymizer.gait.silhouettes import Silhouettes
from anonymizer.gait.walkers import walk


def plain_clip(silhouettes: Silhouettes, path: Path) -> None:
    plan = video.loop_plan(silhouettes)
    framing = centred(silhouettes, np.array(plan.heights), video.SIZE)
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=25, options=dict(video._X264))
        stream.width, stream.height, stream.pix_fmt = *video.SIZE, "yuv420p"
        for source in plan.source_frames(250):
            opacity = draw(silhouettes[source], framing, source, video.SIZE)[..., None] / 255
            colours = (1 - opacity) * video.BACKGROUND + opacity * video.BODY
            frame = av.VideoFrame.from_ndarray(colours.astype(np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def seconds(work: Callable[[], object], times: int = 3) -> float:
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    cv2.setNumThreads(1)
    original = walk(1, 1, "nm", 1, view_angles=[90])[90]
    with tempfile.TemporaryDirectory() as folder:
        ours = seconds(lambda: video.encode(original, Path(folder) / "ours.mp4"))
        plain = seconds(lambda: plain_clip(original, Path(folder) / "plain.mp4"))
    print(
        f"10 s clip: {ours:.2f} s of processor; drawn in colour {plain:.2f} s: {plain / ours:.1f} times faster"
    )


if __name__ == "__main__":
    main()
