"""Naturalness against privacy: one point a condition."""

from collections.abc import Sequence
from dataclasses import dataclass

from studies.mos.figure_parts import (
    INK,
    INK_2,
    Figure,
    PlotlyDict,
    Point,
    Table,
    error_bars,
    layout,
    look_of,
    marker,
    scaled,
    spoken,
    title,
)
from studies.mos.measures import MEASURES, Measure

LETTER, LINE_HEIGHT = 1.85, 0.28  # about, of a label in the figure's units: percent points and scores


@dataclass(frozen=True)
class FrontierPoint:
    """One condition: its success rate (0 to 1) and its MOS, each a `Point` whose view angle means nothing."""

    label: str
    method: str
    success: Point
    mos: Point
    simulated: bool = False
    here: bool = True  # of this study; others are drawn smaller
    short: str = ""  # what stands beside the point, where the whole label is too long for it


def frontier(
    points: Sequence[FrontierPoint],
    *,
    attacker: str,
    measure: Measure = MEASURES["naturalness"],
    note: str = "",
) -> Figure:
    """Naturalness against privacy, one point a condition; the shade ends where people's best points do."""
    drawn = [point for point in points if point.success.value is not None and point.mos.value is not None]
    x = {
        "range": [0, 100],
        "dtick": 25,
        "showgrid": False,
        "title": title(f"success rate, {attacker}, % →"),
    }
    summary = "; ".join(
        f"{p.label}: {measure.short} {spoken(p.mos, 1, 2)}, success {spoken(p.success, 100, 1)}"
        for p in drawn
    )
    return Figure(
        key="frontier",
        title="Naturalness against privacy",
        subtitle="One point a condition; up and right is better",
        figure={
            "data": [*_shade(drawn), *_frontier_traces(drawn, measure)],
            "layout": layout(height=340, x=x, y=_axis(drawn, measure), showlegend=False)
            | {"margin": {"l": 44, "r": 16, "t": 12, "b": 44}},
        },
        summary=f"{summary}."
        if summary
        else f"No condition has both a {measure.short} and a success rate yet.",
        table=_frontier_table(points, measure),
        footer=f"{measure.name}; success rate at the same view angle. Bars: 95 % intervals, clustered and by "
        f"bootstrap over subjects; n in the table. Large: this study. Small: others with the same template. "
        f"Hollow: simulated raters.{' ' + note if note else ''}",
    )


def _axis(points: Sequence[FrontierPoint], measure: Measure) -> PlotlyDict:
    highest = max([measure.highest, *(p.mos.value + 0.5 for p in points if p.mos.value is not None)])
    return {"range": [measure.lowest, highest], "dtick": 1, "title": title(measure.short)}


def _shade(points: Sequence[FrontierPoint]) -> list[PlotlyDict]:
    """The ground below people's points that no other one beats in both."""
    people = [
        (100 * point.success.value, point.mos.value)
        for point in points
        if not point.simulated and point.success.value is not None and point.mos.value is not None
    ]
    best = sorted(p for p in people if not any(q != p and q[0] >= p[0] and q[1] >= p[1] for q in people))
    if not best:
        return []
    corners = [(0.0, 1.0), (0.0, best[0][1]), *best, (best[-1][0], 1.0)]
    return [
        {"type": "scatter", "mode": "lines", "x": [x for x, _ in corners], "y": [y for _, y in corners],
         "fill": "toself", "fillcolor": "var:--accent-soft", "line": {"width": 0}, "hoverinfo": "skip",
         "opacity": 0.6, "showlegend": False}
    ]  # fmt: skip


def _frontier_traces(points: Sequence[FrontierPoint], measure: Measure) -> list[PlotlyDict]:
    """Each point with its label, where that stands on no other label or point if it can."""
    taken = [
        (100 * p.success.value - 1.5, 100 * p.success.value + 1.5, p.mos.value - 0.1, p.mos.value + 0.1)
        for p in points
        if p.success.value is not None and p.mos.value is not None
    ]
    traces = []
    for point in points:
        side, box = _free_side(point, taken)
        taken.append(box)
        traces.append(_frontier_trace(point, measure, side))
    return traces


def _name(point: FrontierPoint) -> str:
    name = point.short or point.label
    return f"{name} · simulated" if point.simulated else name


def _free_side(
    point: FrontierPoint, taken: Sequence[tuple[float, float, float, float]]
) -> tuple[str, tuple[float, float, float, float]]:
    """Where the label goes, and its box (left, right, bottom, top) in the figure's units."""
    x, y, width = 100 * (point.success.value or 0), point.mos.value or 0, LETTER * len(_name(point))
    first, second = ("right", "left") if x + width < 100 else ("left", "right")
    boxes = {}
    for side in (f"top {first}", f"bottom {first}", f"top {second}", f"bottom {second}"):
        left = x + 1.6 if side.endswith("right") else x - 1.6 - width
        bottom = y + 0.11 if side.startswith("top") else y - 0.11 - LINE_HEIGHT
        boxes[side] = (left, left + width, bottom, bottom + LINE_HEIGHT)
    inside = {side: box for side, box in boxes.items() if box[0] > -2 and box[1] < 103}
    free = (side for side, box in inside.items() if not any(_overlap(box, other) for other in taken))
    side = next(free, next(iter(inside), f"top {first}"))
    return side, boxes[side]


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]


def _frontier_trace(point: FrontierPoint, measure: Measure, side: str) -> PlotlyDict:
    ends = (point.success.value, point.success.low, point.success.high)
    value, low, high = (scaled(end, 100) for end in ends)
    colour = look_of(point.method).colour
    name = f"{point.label} · simulated" if point.simulated else point.label
    return {
        "type": "scatter", "mode": "markers+text", "name": name, "x": [value], "y": [point.mos.value],
        "error_x": error_bars([value], [low], [high], colour),
        "error_y": error_bars([point.mos.value], [point.mos.low], [point.mos.high], colour),
        "marker": marker(point.method, simulated=point.simulated, size=12 if point.here else 8),
        "text": [_name(point)], "textposition": side,
        "textfont": {"color": INK if point.here else INK_2},
        "hovertemplate": measure.short + " %{y:.2f}, success %{x:.1f} %<extra>" + name + "</extra>",
    }  # fmt: skip


def _frontier_table(points: Sequence[FrontierPoint], measure: Measure) -> Table:
    rows = tuple(
        (f"{p.label} · simulated" if p.simulated else p.label, p.mos.value, p.mos.low, p.mos.high, p.mos.n,
         *(scaled(value, 100) for value in (p.success.value, p.success.low, p.success.high)), p.success.n)
        for p in points
    )  # fmt: skip
    short = measure.short
    columns = ("Condition", short, f"{short} 95 % low", f"{short} 95 % high", "Votes",
               "Success rate, %", "Success 95 % low", "Success 95 % high", "|S|")  # fmt: skip
    return Table(columns, rows)
