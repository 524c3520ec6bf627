"""Small charts drawn on the server as lines of an inline SVG."""

import math
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 640, 220  # the plot, px
TICKS_X, TICKS_Y = 5, 4


@dataclass(frozen=True)
class Curve:
    """A line with its axes, in the plot's pixels."""

    points: str  # an SVG polyline's
    last: tuple[float, float]
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    first: str
    last_value: str
    count: int


def loss_curve(losses: list[Any]) -> Curve | None:
    """The loss by epoch; None for fewer than two finite values."""
    values = [float(each) for each in losses if isinstance(each, int | float) and math.isfinite(each)]
    if len(values) < 2:
        return None
    low, high = _nice_range(min(values), max(values))
    xs = [WIDTH * index / (len(values) - 1) for index in range(len(values))]
    ys = [HEIGHT * (1 - (value - low) / (high - low)) for value in values]
    return Curve(
        " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True)),
        (round(xs[-1], 1), round(ys[-1], 1)),
        [(WIDTH * (epoch - 1) / (len(values) - 1), str(epoch)) for epoch in _epochs(len(values))],
        [
            (HEIGHT * index / TICKS_Y, f"{high - (high - low) * index / TICKS_Y:.3g}")
            for index in range(TICKS_Y + 1)
        ],
        f"{values[0]:.4g}",
        f"{values[-1]:.4g}",
        len(values),
    )


def _nice_range(low: float, high: float) -> tuple[float, float]:
    """From 0 where the values come near it, else with a little room on both sides."""
    room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return (0.0 if 0 <= low < high / 2 else low - room, high + room)


def _epochs(count: int) -> list[int]:
    """A few whole epochs from the first to the last."""
    return sorted({1 + round((count - 1) * index / (TICKS_X - 1)) for index in range(TICKS_X)})
