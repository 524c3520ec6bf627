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
    end: tuple[float, float]
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    first_value: str
    last_value: str
    count: int


def loss_curve(losses: list[Any]) -> Curve | None:
    """The loss by epoch; None for fewer than two finite values."""
    values = [float(each) for each in losses if isinstance(each, int | float) and math.isfinite(each)]
    if len(values) < 2:
        return None
    ticks = nice_ticks(min(values), max(values))
    low, high = ticks[0], ticks[-1]
    xs = [WIDTH * index / (len(values) - 1) for index in range(len(values))]
    ys = [HEIGHT * (1 - (value - low) / (high - low)) for value in values]
    return Curve(
        " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True)),
        (round(xs[-1], 1), round(ys[-1], 1)),
        [(WIDTH * (epoch - 1) / (len(values) - 1), str(epoch)) for epoch in _epochs(len(values))],
        [(HEIGHT * (1 - (tick - low) / (high - low)), f"{tick:.6g}") for tick in ticks],
        f"{values[0]:.4g}",
        f"{values[-1]:.4g}",
        len(values),
    )


def nice_ticks(low: float, high: float) -> list[float]:
    """Round numbers around low … high; from 0 where the values come near it."""
    low = 0.0 if 0 <= low < high / 2 else low
    least = (high - low or abs(high) or 1.0) / TICKS_Y
    scale = 10 ** math.floor(math.log10(least))
    step = next(scale * each for each in (1, 2, 2.5, 5, 10) if scale * each >= least * (1 - 1e-9))
    first, last = math.floor(low / step), math.ceil(high / step)
    return [step * index for index in range(first, max(last, first + 1) + 1)]


def _epochs(count: int) -> list[int]:
    """A few whole epochs from the first to the last."""
    return sorted({1 + round((count - 1) * index / (TICKS_X - 1)) for index in range(TICKS_X)})
