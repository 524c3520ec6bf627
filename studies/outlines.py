"""Small walkers seen from every view angle, as paths of an SVG: what a choice of view angles shows."""

import json
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "mos" / "walker_outlines.json"
HEIGHT = 26  # of the drawn walker


@cache
def walker_paths() -> dict[int, str]:
    """By view angle in degrees; feet at 0, head at -HEIGHT, the middle at 0."""
    outlines = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        int(angle): "M" + "L".join(f"{x:g} {-y:g}" for x, y in points) + "Z"
        for angle, points in outlines.items()
    }


def nearest(view_angle: int) -> str:
    paths = walker_paths()
    return paths[min(paths, key=lambda known: abs(known - view_angle))]
