"""What the figures are made of: their data, their tokens, their common layout.

A figure is plotly's own JSON (`data` and `layout`), built without plotly. Colours and the font are not values
but tokens: any string "var:--name", however deep in the dict, stands for the CSS custom property `--name`.
The page's script replaces each by its computed value before `Plotly.react`, and again when the theme changes,
so one figure serves light and dark. Colour means method and a marker (in bars, a hatch) repeats it; hollow
and dashed means simulated; grey dashes and open diamonds are the paper's. What stands under "narrow" is laid
over the layout where the figure has little width.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

Cell = str | int | float | None
PlotlyDict = dict[str, Any]

INK, INK_2, LINE, LINE_STRONG = "var:--ink", "var:--ink-2", "var:--line", "var:--line-strong"
SURFACE, SUNKEN, WARN, OTHER = "var:--surface", "var:--sunken", "var:--warn", "var:--m-other"
CLEAR = "rgba(0,0,0,0)"
BY_ANGLE_HEIGHT = 356  # px, the same for both figures by view angle, so that they can be read across
WALKERS_BELOW = 54  # px from the axis down to the walkers' feet


@dataclass(frozen=True)
class Table:
    """The same numbers as the figure's, for reading and for CSV; None where undefined."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Named:
    """An entry of a legend: a method's colour and marker, hollow for simulated raters, or the paper's."""

    name: str
    method: str
    simulated: bool = False


PAPER = "paper"  # the method of a legend's entry for what the paper reports


@dataclass(frozen=True)
class Figure:
    """A figure, what it says in words, its numbers, and how they were made.

    `legend` is for a page that draws legends itself, so that figures side by side keep the same plot height;
    what stands under "page" in `figure` is laid over the layout there.
    """

    key: str
    title: str
    subtitle: str
    figure: PlotlyDict
    summary: str
    table: Table
    footer: str
    legend: tuple[Named, ...] = ()


@dataclass(frozen=True)
class Point:
    """A mean at a view angle with its 95 % interval; rates run from 0 to 1. n = votes, or |S| for rates."""

    view_angle: int
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None


@dataclass(frozen=True)
class Series:
    """The points of one condition. `method` chooses colour and marker, `label` is what people read."""

    label: str
    method: str
    points: Sequence[Point] = field(default_factory=tuple)
    simulated: bool = False

    @property
    def name(self) -> str:
        return f"{self.label} · simulated" if self.simulated else self.label


@dataclass(frozen=True)
class Look:
    """A method's colour, marker, line and hatch."""

    colour: str
    marker: str
    dash: str = "solid"
    hatch: str = ""


_LOOKS = {
    "sdf": Look("var:--m-sdf", "circle"),
    "tieu": Look("var:--m-tieu", "diamond", hatch="/"),
    "tieu-unshared": Look("var:--m-tieu", "diamond", dash="dash", hatch="\\"),
    "blend": Look("var:--m-blend", "triangle-up", hatch="-"),
    "donor-mix": Look("var:--m-donor-mix", "square", hatch="x"),
    "replace": Look("var:--m-replace", "triangle-down", hatch="|"),
    "replace-best": Look("var:--m-replace", "triangle-down", hatch="|"),
}
_OTHER = Look(OTHER, "x", hatch=".")


def look_of(method: str) -> Look:
    """Colour, marker and dash of a method, the same in every figure."""
    return _LOOKS.get(method, _OTHER)


def marker(method: str, *, simulated: bool, size: int = 9) -> PlotlyDict:
    """A method's marker, in pixels; open where the raters are simulated."""
    look = look_of(method)
    if simulated:
        return {"symbol": f"{look.marker}-open", "size": size, "color": look.colour, "line": {"width": 2}}
    outline = {"color": SURFACE, "width": 1.5}
    return {"symbol": look.marker, "size": size, "color": look.colour, "line": outline}


def line(method: str, *, simulated: bool) -> PlotlyDict:
    """A method's line; dashed where the raters are simulated."""
    look = look_of(method)
    return {"color": look.colour, "width": 2, "dash": "dash" if simulated else look.dash}


def error_bars(
    values: Sequence[float | None],
    lows: Sequence[float | None],
    highs: Sequence[float | None],
    colour: str,
) -> PlotlyDict:
    """Plotly's asymmetric bars; none where the interval is undefined."""
    return {
        "type": "data", "symmetric": False, "width": 0, "thickness": 2, "color": colour,
        "array": [_gap(high, value) for value, high in zip(values, highs, strict=True)],
        "arrayminus": [_gap(value, low) for value, low in zip(values, lows, strict=True)],
    }  # fmt: skip


def _gap(upper: float | None, lower: float | None) -> float | None:
    return None if upper is None or lower is None else upper - lower


def layout(*, height: int, x: PlotlyDict, y: PlotlyDict, **more: Any) -> PlotlyDict:
    """The common layout; `x` and `y` are added to the axes' common look."""
    axis = {"fixedrange": True, "zeroline": False, "gridcolor": LINE, "linecolor": LINE_STRONG}
    return {
        "height": height, "autosize": True, "paper_bgcolor": CLEAR, "plot_bgcolor": CLEAR,
        "margin": {"l": 44, "r": 16, "t": 36, "b": 32},
        "font": {"family": "var:--font", "size": 12, "color": INK_2},
        "hoverlabel": {"bgcolor": SURFACE, "bordercolor": LINE_STRONG, "font": {"color": INK}},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"color": INK}},
        "xaxis": axis | x, "yaxis": axis | y, **more,
    }  # fmt: skip


def title(text: str) -> PlotlyDict:
    """An axis title in the size of its ticks."""
    return {"text": text, "font": {"size": 12}}


def by_angle_layout(view_angles: Sequence[int], y: PlotlyDict) -> PlotlyDict:
    """The layout of a figure by view angle: given the same angles, two figures have the same x axis."""
    half = step(view_angles) / 2
    low, high = (min(view_angles), max(view_angles)) if view_angles else (0, 180)
    x = {
        "type": "linear", "range": [low - half, high + half], "showgrid": False,
        "tickmode": "array", "tickvals": list(view_angles), "ticktext": [f"{a}°" for a in view_angles],
    }  # fmt: skip
    axes = layout(height=BY_ANGLE_HEIGHT, x=x, y=y, hovermode="closest")
    axes["margin"] |= {"b": WALKERS_BELOW + 6}
    return axes | {"shapes": [_walker(angle) for angle in view_angles]}


BY_ANGLE_PAGE: PlotlyDict = {"showlegend": False, "margin": {"t": 12}}


def legend_of(series: Sequence[Series], paper: str = "") -> tuple[Named, ...]:
    """Entries of series, and of the paper's values under the name `paper`."""
    entries = [Named(one.name, one.method, one.simulated) for one in series]
    return (*entries, Named(paper, PAPER)) if paper else tuple(entries)


def _walker(view_angle: int) -> PlotlyDict:
    """Somebody as seen from this view angle, under its place on the axis."""
    return {
        "type": "path", "name": "walker", "path": _walker_paths()[_nearest(view_angle)],
        "xref": "x", "xsizemode": "pixel", "xanchor": view_angle,
        "yref": "paper", "ysizemode": "pixel", "yanchor": 0,
        "fillcolor": "var:--silhouette", "line": {"width": 0},
    }  # fmt: skip


def _nearest(view_angle: int) -> int:
    return min(_walker_paths(), key=lambda known: abs(known - view_angle))


@cache
def _walker_paths() -> dict[int, str]:
    """By view angle; in px, y upwards from the axis. Drawn once by `build_walker_outlines`."""
    outlines = json.loads(Path(__file__).with_name("walker_outlines.json").read_text(encoding="utf-8"))
    return {
        int(angle): f"M{'L'.join(_at(*point) for point in points)}Z" for angle, points in outlines.items()
    }


def _at(x: float, y: float) -> str:
    return f"{x:g},{y - WALKERS_BELOW:g}"


def step(view_angles: Sequence[int]) -> float:
    """The smallest distance between two view angles; 18 where there is none."""
    angles = sorted(set(view_angles))
    return min((b - a for a, b in pairwise(angles)), default=18)


def angle_traces(
    series: Sequence[Series], view_angles: Sequence[int], *, factor: float, decimals: int
) -> list[PlotlyDict]:
    """One line with markers and bars for each series, moved aside a little so that bars stay apart.

    `customdata` holds the view angle, by which the page links the figures' hovering.
    """
    aside = step(view_angles) * min(0.12, 0.7 / max(1, len(series)))
    return [
        _angle_trace(one, (place - (len(series) - 1) / 2) * aside, factor, decimals)
        for place, one in enumerate(series)
    ]


def _angle_trace(series: Series, aside: float, factor: float, decimals: int) -> PlotlyDict:
    points = sorted(series.points, key=lambda point: point.view_angle)
    values = [scaled(point.value, factor) for point in points]
    lows, highs = [scaled(p.low, factor) for p in points], [scaled(p.high, factor) for p in points]
    return {
        "type": "scatter", "mode": "lines+markers", "name": series.name, "connectgaps": False,
        "x": [point.view_angle + aside for point in points], "y": values,
        "customdata": [point.view_angle for point in points],
        "error_y": error_bars(values, lows, highs, look_of(series.method).colour),
        "marker": marker(series.method, simulated=series.simulated),
        "line": line(series.method, simulated=series.simulated),
        "text": [f"{p.view_angle}°: {spoken(p, factor, decimals)}" for p in points],
        "hovertemplate": "%{text}<extra>" + series.name + "</extra>",
    }  # fmt: skip


def reference_trace(values: dict[int, float], name: str, *, factor: float, decimals: int) -> PlotlyDict:
    """The paper's values: open diamonds, joined by grey dashes, unless there are too few to join."""
    return {
        "type": "scatter", "mode": "lines+markers" if len(values) > 2 else "markers", "name": name,
        "x": list(values), "y": [value * factor for value in values.values()],
        "customdata": list(values),
        "marker": {"symbol": "diamond-open", "size": 8, "color": OTHER, "line": {"width": 1.5}},
        "line": {"color": OTHER, "width": 1.5, "dash": "dash"},
        "text": [f"{angle}°: {value * factor:.{decimals}f}" for angle, value in values.items()],
        "hovertemplate": "%{text}<extra>" + name + "</extra>",
    }  # fmt: skip


def scaled(value: float | None, factor: float) -> float | None:
    """The value in the axis' unit; None stays None."""
    return None if value is None else value * factor


def spoken(point: Point, factor: float, decimals: int) -> str:
    """A value with its interval and n, in words; with the factor 100 in percent."""
    if point.value is None:
        return "no value" if point.n is None else f"no value, n {point.n}"
    parts = [f"{point.value * factor:.{decimals}f}" + (" %" if factor == 100 else "")]
    if point.low is not None and point.high is not None:
        parts.append(f"95 % interval {point.low * factor:.{decimals}f} to {point.high * factor:.{decimals}f}")
    if point.n is not None:
        parts.append(f"n {point.n}")
    return ", ".join(parts)


def between(values: Iterable[int]) -> str:
    """'5', '5 to 6' or 'none'."""
    known = sorted(set(values))
    if not known:
        return "none"
    return str(known[0]) if len(known) == 1 else f"{known[0]} to {known[-1]}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """'1 vote', '2 votes'."""
    return f"{number} {one if number == 1 else many or one + 's'}"
