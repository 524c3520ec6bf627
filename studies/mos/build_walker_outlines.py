"""Draws the small walkers of walker_outlines.json: one synthetic walker at one moment, seen from every view angle.

python -m studies.mos.build_walker_outlines. Nobody real is drawn; the outlines are made once and kept.
"""

import json
from pathlib import Path

import numpy as np

from anonymizer.gait.silhouettes import Silhouettes
from anonymizer.gait.walkers import CASIA_B_VIEW_ANGLES, walk

SEED, SUBJECT = 7, 3
SIDE = 90  # degrees; the step is chosen where it is seen best
HEIGHT = 26.0  # px, of the outline in a figure
TOLERANCE = 1.0  # px of the picture that a simpler outline may be off


def main() -> None:
    views = walk(SEED, SUBJECT, "nm", 1, view_angles=CASIA_B_VIEW_ANGLES, frames=50, difficulty="easy")
    moment = _widest(views[SIDE])
    outlines = {str(angle): outline(_middle(frames, moment)) for angle, frames in sorted(views.items())}
    path = Path(__file__).with_name("walker_outlines.json")
    path.write_text(_one_a_line(outlines), encoding="utf-8")


def _widest(frames: Silhouettes) -> float:
    """The moment of the longest step, as a share of the walk."""
    widths = np.array([np.ptp(np.flatnonzero(frame.any(axis=0))) for frame in frames])
    return float(widths.argmax() / len(frames))


def _middle(frames: Silhouettes, moment: float) -> Silhouettes:
    return frames[int(moment * len(frames))]  # type: ignore[no-any-return]


def outline(frame: Silhouettes) -> list[list[float]]:
    """Points (x, y) in px: x about the body's middle, y upwards from the feet."""
    import cv2

    found, _ = cv2.findContours(frame.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(found, key=cv2.contourArea)
    points = cv2.approxPolyDP(largest, TOLERANCE, closed=True)[:, 0].astype(np.float64)
    left, top = points.min(axis=0)
    right, bottom = points.max(axis=0)
    points = (points - [(left + right) / 2, bottom]) * [1, -1] * HEIGHT / (bottom - top)
    return [[round(x, 1), round(y, 1)] for x, y in points.tolist()]


def _one_a_line(outlines: dict[str, list[list[float]]]) -> str:
    lines = (f'"{angle}": {json.dumps(points, separators=(",", ":"))}' for angle, points in outlines.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    main()
