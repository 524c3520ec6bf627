"""Who can still name the walkers, attacker by attacker, and what that costs in naturalness."""

from collections.abc import Sequence
from dataclasses import dataclass

from studies.mos.figure_parts import (
    INK,
    INK_2,
    WARN,
    Figure,
    PlotlyDict,
    Point,
    Table,
    between,
    error_bars,
    layout,
    look_of,
    marker,
    scaled,
    spoken,
    title,
)

CLOSE = 45  # percent points: nearer to one another, two labels of vertical lines don't fit on one line


@dataclass(frozen=True)
class Rung:
    """How often one attacker still names the walkers (0 to 1); n = probes."""

    attacker: str
    rank1: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None


@dataclass(frozen=True)
class Ladder:
    """One condition's rungs."""

    label: str
    method: str
    rungs: Sequence[Rung]
    simulated: bool = False


def attackers_ladder(
    ladders: Sequence[Ladder],
    *,
    attackers: Sequence[str],
    chance: float | None,
    clear: float | None,
    recognizer: str,
    interval: str = "bootstrap over subjects",
) -> Figure:
    """Rank-1 by attacker, the weakest on top; the strongest, the last of `attackers`, at the bottom."""
    strongest = attackers[-1] if attackers else None
    probes = between(rung.n for ladder in ladders for rung in ladder.rungs if rung.n is not None)
    lines = [
        line
        for line in (_limit(chance, "chance", WARN, "dot"), _limit(clear, "clear", INK_2, "dash"))
        if line
    ]
    shapes, notes = [shape for shape, _ in lines], _apart([note for _, note in lines])
    y = {
        "tickmode": "array", "tickvals": list(range(len(attackers))), "showgrid": False, "showline": False,
        "ticktext": [f"<b>{a}</b>" if a == strongest else a for a in attackers],
        "range": [len(attackers) - 0.5, -0.5], "automargin": True,
    }  # fmt: skip
    axes = layout(
        height=max(320, 124 + 34 * len(attackers)),
        x={"range": [-3, 103], "dtick": 25, "ticksuffix": " %"},
        y=y,
    )
    axes |= {"shapes": shapes, "annotations": notes}
    axes["margin"] |= {"t": 76}
    axes["legend"] |= {"y": 1.16}  # above the labels of the two lines
    narrow = {
        "height": 124 + 44 * len(attackers),
        "annotations": [*notes, *_rung_names(attackers, strongest)],
        "yaxis": {"showticklabels": False},
        "margin": {"l": 8},
    }
    return Figure(
        key="attackers-ladder",
        title="Who can still name them?",
        subtitle="Rank-1 at the same view angle, %, by what the attacker knows",
        figure={
            "data": [_ladder_trace(ladder, attackers) for ladder in ladders],
            "layout": axes,
            "narrow": narrow,
        },
        summary=_ladder_summary(ladders, strongest, chance, clear),
        table=_ladder_table(ladders),
        footer=f"{recognizer}, {probes} probes, 95 % interval by {interval}. Lower is better.",
    )


def _limit(rate: float | None, name: str, colour: str, dash: str) -> tuple[PlotlyDict, PlotlyDict] | None:
    """A line from top to bottom and its label."""
    if rate is None:
        return None
    at = 100 * rate
    shape = {"type": "line", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1,
             "line": {"color": colour, "width": 1.5, "dash": dash}}  # fmt: skip
    note = {"x": at, "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False,
            "xanchor": "left" if at < 50 else "right", "text": f"{name} {at:.1f}"}  # fmt: skip
    return shape, note


def _apart(notes: list[PlotlyDict]) -> list[PlotlyDict]:
    """The same labels, the second one a line higher where both would stand on one another."""
    close = len(notes) == 2 and abs(notes[1]["x"] - notes[0]["x"]) < CLOSE
    return [note | {"yshift": 16} if close and place else note for place, note in enumerate(notes)]


def _rung_names(attackers: Sequence[str], strongest: str | None) -> list[PlotlyDict]:
    """The attackers' names inside the plot, each above its rung: a phone has no room beside it."""
    return [
        {"x": 0, "xref": "paper", "xanchor": "left", "y": place, "yshift": 16, "showarrow": False,
         "text": f"<b>{name}</b>" if name == strongest else name}
        for place, name in enumerate(attackers)
    ]  # fmt: skip


def _ladder_trace(ladder: Ladder, attackers: Sequence[str]) -> PlotlyDict:
    rungs = [rung for rung in ladder.rungs if rung.attacker in attackers]
    values = [scaled(rung.rank1, 100) for rung in rungs]
    lows, highs = [scaled(r.low, 100) for r in rungs], [scaled(r.high, 100) for r in rungs]
    last = attackers[-1] if attackers else None
    shown = [
        f"{v:.1f}" if r.attacker == last and v is not None else "" for r, v in zip(rungs, values, strict=True)
    ]
    name = f"{ladder.label} · simulated" if ladder.simulated else ladder.label
    return {
        "type": "scatter", "mode": "markers+text", "name": name, "x": values,
        "y": [list(attackers).index(rung.attacker) for rung in rungs],
        "error_x": error_bars(values, lows, highs, look_of(ladder.method).colour),
        "marker": marker(ladder.method, simulated=ladder.simulated),
        "text": shown, "textposition": "top center",
        "textfont": {"color": INK}, "cliponaxis": False,
        "hovertext": [f"{r.attacker}: {spoken(_as_point(r), 100, 1)}" for r in rungs],
        "hovertemplate": "%{hovertext}<extra>" + name + "</extra>",
    }  # fmt: skip


def _as_point(rung: Rung) -> Point:
    return Point(0, rung.rank1, rung.low, rung.high, rung.n)


def _ladder_summary(
    ladders: Sequence[Ladder], strongest: str | None, chance: float | None, clear: float | None
) -> str:
    named = [
        f"{ladder.label} {spoken(_as_point(rung), 100, 1)}"
        for ladder in ladders
        for rung in ladder.rungs
        if rung.attacker == strongest and rung.rank1 is not None
    ]
    if not named:
        return "No attacker has been run yet."
    limits = [
        f"{name} {100 * rate:.1f} %"
        for name, rate in (("chance", chance), ("clear gaits", clear))
        if rate is not None
    ]
    given = f" For comparison: {', '.join(limits)}." if limits else ""
    return f"Still named by {strongest}, the strongest attacker: {'; '.join(named)}.{given}"


def _ladder_table(ladders: Sequence[Ladder]) -> Table:
    rows = tuple(
        (ladder.label, r.attacker, *(scaled(value, 100) for value in (r.rank1, r.low, r.high)), r.n)
        for ladder in ladders
        for r in ladder.rungs
    )
    return Table(("Condition", "Attacker", "Rank-1, %", "95 % low", "95 % high", "Probes"), rows)


@dataclass(frozen=True)
class FrontierPoint:
    """One condition: its success rate (0 to 1) and its MOS, each a `Point` whose view angle means nothing."""

    label: str
    method: str
    success: Point
    mos: Point
    simulated: bool = False
    here: bool = True  # of this study; others are drawn smaller


def frontier(points: Sequence[FrontierPoint], *, attacker: str) -> Figure:
    """Naturalness against privacy, one point a condition."""
    drawn = [point for point in points if point.success.value is not None and point.mos.value is not None]
    x = {
        "range": [0, 100],
        "dtick": 25,
        "showgrid": False,
        "title": title(f"success rate, {attacker}, % →"),
    }
    summary = "; ".join(
        f"{p.label}: MOS {spoken(p.mos, 1, 2)}, success {spoken(p.success, 100, 1)}" for p in drawn
    )
    return Figure(
        key="frontier",
        title="Naturalness against privacy",
        subtitle="One point a condition; up and right is better",
        figure={
            "data": [_frontier_trace(point) for point in drawn],
            "layout": layout(height=320, x=x, y={"range": [1, 5], "dtick": 1}, showlegend=False)
            | {"margin": {"l": 44, "r": 16, "t": 12, "b": 44}},
        },
        summary=f"{summary}." if summary else "No condition has both a MOS and a success rate yet.",
        table=_frontier_table(points),
        footer="Bars: 95 % intervals. Large: this study. Small: others with the same template. "
        "Hollow: simulated raters.",
    )


def _frontier_trace(point: FrontierPoint) -> PlotlyDict:
    ends = (point.success.value, point.success.low, point.success.high)
    value, low, high = (scaled(end, 100) for end in ends)
    colour = look_of(point.method).colour
    name = f"{point.label} · simulated" if point.simulated else point.label
    return {
        "type": "scatter", "mode": "markers+text", "name": name, "x": [value], "y": [point.mos.value],
        "error_x": error_bars([value], [low], [high], colour),
        "error_y": error_bars([point.mos.value], [point.mos.low], [point.mos.high], colour),
        "marker": marker(point.method, simulated=point.simulated, size=12 if point.here else 8),
        "text": [name], "textposition": "top right" if (value or 0) < 60 else "top left",
        "textfont": {"color": INK if point.here else INK_2},
        "hovertemplate": "MOS %{y:.2f}, success %{x:.1f} %<extra>" + name + "</extra>",
    }  # fmt: skip


def _frontier_table(points: Sequence[FrontierPoint]) -> Table:
    rows = tuple(
        (f"{p.label} · simulated" if p.simulated else p.label, p.mos.value, p.mos.low, p.mos.high, p.mos.n,
         *(scaled(value, 100) for value in (p.success.value, p.success.low, p.success.high)), p.success.n)
        for p in points
    )  # fmt: skip
    columns = ("Condition", "MOS", "MOS 95 % low", "MOS 95 % high", "Votes",
               "Success rate, %", "Success 95 % low", "Success 95 % high", "|S|")  # fmt: skip
    return Table(columns, rows)
