"""Who can still name the walkers, attacker by attacker."""

from collections.abc import Sequence
from dataclasses import dataclass

from studies.mos.figure_parts import (
    INK,
    INK_2,
    SURFACE,
    WARN,
    Cell,
    Figure,
    Named,
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
)

CLOSE = 45  # percent points: nearer to one another, two labels of vertical lines don't fit on one line


@dataclass(frozen=True)
class Rung:
    """How often one attacker still names the walkers (0 to 1); n = probes, `clear` = the originals on the same."""

    attacker: str
    rank1: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    clear: float | None = None


@dataclass(frozen=True)
class Ladder:
    """One condition's rungs; `bound` is the most its method lets anybody name, where it gives such a bound."""

    label: str
    method: str
    rungs: Sequence[Rung]
    simulated: bool = False
    bound: float | None = None

    @property
    def strongest(self) -> Rung | None:
        """The rung that names most."""
        known = [rung for rung in self.rungs if rung.rank1 is not None]
        return max(known, key=lambda rung: rung.rank1 or 0.0) if known else None


def attackers_ladder(
    ladders: Sequence[Ladder],
    *,
    attackers: Sequence[str],
    chance: float | None,
    clear: float | None,
    recognizer: str,
    interval: str = "bootstrap over subjects",
) -> Figure:
    """Rank-1 by attacker, the weakest on top; the strongest, the last of `attackers`, at the bottom.

    `clear` = the originals' rank-1 where it is one for all; with None each rung gets a mark of its own.
    """
    strongest = attackers[-1] if attackers else None
    probes = between(rung.n for ladder in ladders for rung in ladder.rungs if rung.n is not None)
    bounds = "".join(_bound_said(ladder) for ladder in ladders)
    return Figure(
        key="attackers-ladder",
        title="Who can still name them?",
        subtitle="Rank-1 at the same view angle, %, by what the attacker knows",
        figure={
            "data": _ladder_traces(ladders, attackers)
            + ([] if clear is not None else _own_clear(ladders, attackers)),
            **_ladder_layouts(ladders, attackers, chance, clear),
        },
        legend=tuple(Named(one.label, one.method, one.simulated) for one in ladders)
        if len(ladders) > 1
        else (),
        summary=_ladder_summary(ladders, strongest, chance, clear),
        table=_ladder_table(ladders),
        footer=f"{recognizer}, {probes} probes, 95 % interval by {interval}. Lower is better."
        f"{_clear_said(ladders, clear)}{bounds}",
    )


def _clear_said(ladders: Sequence[Ladder], clear: float | None) -> str:
    if clear is not None:
        return " Clear: the originals, on the same probes."
    own = any(rung.clear is not None for ladder in ladders for rung in ladder.rungs)
    return " Upright marks: the originals on each attacker’s own probes." if own else ""


def _bound_said(ladder: Ladder) -> str:
    if ladder.bound is None:
        return ""
    most = f"{100 * ladder.bound:.1f} %"
    return (
        f" Bound: {ladder.label} lets nobody name more than {most} from one clip; the path stands outside it."
    )


def _ladder_layouts(
    ladders: Sequence[Ladder], attackers: Sequence[str], chance: float | None, clear: float | None
) -> PlotlyDict:
    """The layout, and what differs where there is little width."""
    bounds = [_limit(ladder.bound, "bound", look_of(ladder.method).colour, "dashdot") for ladder in ladders]
    lines = [_limit(chance, "chance", WARN, "dot"), _limit(clear, "clear", INK_2, "dash"), *bounds]
    drawn = [line for line in lines if line]
    shapes, notes = [shape for shape, _ in drawn], _apart([note for _, note in drawn])
    rows = max((note["yshift"] for note in notes), default=0)
    strongest = attackers[-1] if attackers else None
    y = {
        "tickmode": "array", "tickvals": list(range(len(attackers))), "showgrid": False, "showline": False,
        "ticktext": [f"<b>{a}</b>" if a == strongest else a for a in attackers],
        "range": [len(attackers) - 0.5, -0.5], "automargin": True,
    }  # fmt: skip
    top = rows + (64 if len(ladders) > 1 else 28)
    height = max(320, top + 36 + 34 * len(attackers))
    axes = layout(height=height, x={"range": [-3, 103], "dtick": 25, "ticksuffix": " %"}, y=y)
    axes |= {"shapes": shapes, "annotations": notes, "showlegend": len(ladders) > 1}
    axes["margin"] |= {"t": top}
    axes["legend"] |= {"yref": "container", "y": 1, "yanchor": "top"}  # above the labels of the lines
    narrow: PlotlyDict = {
        "annotations": [*notes, *_rung_names(attackers, strongest)],
        "yaxis": {"showticklabels": False},
        "margin": {"l": 8},
    }
    page = {"showlegend": False, "margin": {"t": rows + 28}, "height": height - top + rows + 28}
    narrow["height"] = rows + 64 + 56 * len(attackers)
    return {"layout": axes, "page": page, "narrow": narrow}


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
    """The same labels, each on the lowest line where it stands on no other one."""
    lines: list[list[float]] = []
    placed = []
    for note in notes:
        free = (row for row, taken in enumerate(lines) if all(abs(note["x"] - at) >= CLOSE for at in taken))
        row = next(free, len(lines))
        lines += [[]] if row == len(lines) else []
        lines[row].append(note["x"])
        placed.append(note | {"yshift": 16 * row})
    return placed


def _rung_names(attackers: Sequence[str], strongest: str | None) -> list[PlotlyDict]:
    """The attackers' names inside the plot, each above its rung: a phone has no room beside it."""
    return [
        {"x": 0, "xref": "paper", "xanchor": "left", "y": place, "yshift": 22,
         "bgcolor": SURFACE, "borderpad": 1, "showarrow": False,
         "text": f"<b>{name}</b>" if name == strongest else name}
        for place, name in enumerate(attackers)
    ]  # fmt: skip


def _ladder_traces(ladders: Sequence[Ladder], attackers: Sequence[str]) -> list[PlotlyDict]:
    """The conditions of a rung stand a little above one another, so that bars don't hide each other."""
    places = _places(ladders)
    rungs = [_rungs(ladder, attackers, at) for ladder, at in zip(ladders, places, strict=True)]
    return rungs + [_value(ladder, attackers, at) for ladder, at in zip(ladders, places, strict=True)]


def _places(ladders: Sequence[Ladder]) -> list[float]:
    """How far above or below its rung each condition stands."""
    aside = min(0.2, 0.6 / max(1, len(ladders)))
    return [(place - (len(ladders) - 1) / 2) * aside for place in range(len(ladders))]


def _rungs(ladder: Ladder, attackers: Sequence[str], aside: float) -> PlotlyDict:
    rungs = [rung for rung in ladder.rungs if rung.attacker in attackers]
    values = [scaled(rung.rank1, 100) for rung in rungs]
    lows, highs = [scaled(r.low, 100) for r in rungs], [scaled(r.high, 100) for r in rungs]
    name = f"{ladder.label} · simulated" if ladder.simulated else ladder.label
    return {
        "type": "scatter", "mode": "markers", "name": name, "x": values,
        "y": [attackers.index(rung.attacker) + aside for rung in rungs],
        "error_x": error_bars(values, lows, highs, look_of(ladder.method).colour),
        "marker": marker(ladder.method, simulated=ladder.simulated), "cliponaxis": False,
        "hovertext": [f"{r.attacker}: {spoken(_as_point(r), 100, 1)}" for r in rungs],
        "hovertemplate": "%{hovertext}<extra>" + name + "</extra>",
    }  # fmt: skip


def _own_clear(ladders: Sequence[Ladder], attackers: Sequence[str]) -> list[PlotlyDict]:
    """An upright mark at each rung: the originals on the probes that this attacker tried."""
    marks = [
        (rung.clear, rung.attacker, at, ladder.label)
        for ladder, at in zip(ladders, _places(ladders), strict=True)
        for rung in ladder.rungs
        if rung.clear is not None and rung.attacker in attackers
    ]
    return [{
        "type": "scatter", "mode": "markers", "x": [100 * clear for clear, *_ in marks],
        "y": [attackers.index(name) + at for _, name, at, _ in marks], "cliponaxis": False, "showlegend": False,
        "marker": {"symbol": "line-ns-open", "size": 14, "color": INK_2, "line": {"width": 1.5}},
        "hovertext": [
            f"{name}: originals on the same probes {100 * clear:.1f} %, {label}" for clear, name, _, label in marks
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }]  # fmt: skip


def _value(ladder: Ladder, attackers: Sequence[str], aside: float) -> PlotlyDict:
    """The number of the ladder's strongest rung, at the end of its bar."""
    rung = ladder.strongest
    known = rung is not None and rung.rank1 is not None and rung.attacker in attackers
    if rung is None or rung.rank1 is None or not known:
        return {"type": "scatter", "mode": "text", "x": [], "y": [], "text": [], "showlegend": False}
    low, high = (rung.rank1 if end is None else end for end in (rung.low, rung.high))
    left = high > 0.8
    return {
        "type": "scatter", "mode": "text", "x": [100 * (low if left else high)],
        "y": [attackers.index(rung.attacker) + aside], "text": [f" {100 * rung.rank1:.1f} "],
        "textposition": "middle left" if left else "middle right", "textfont": {"color": INK},
        "cliponaxis": False, "showlegend": False, "hoverinfo": "skip",
    }  # fmt: skip


def _as_point(rung: Rung) -> Point:
    return Point(0, rung.rank1, rung.low, rung.high, rung.n)


def _ladder_summary(
    ladders: Sequence[Ladder], strongest: str | None, chance: float | None, clear: float | None
) -> str:
    named = [
        f"{ladder.label} {spoken(_as_point(rung), 100, 1)}" + _own_said(rung, clear)
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


def _own_said(rung: Rung, clear: float | None) -> str:
    return (
        f" (originals on the same probes {100 * rung.clear:.1f} %)"
        if clear is None and rung.clear is not None
        else ""
    )


def _ladder_table(ladders: Sequence[Ladder]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            ladder.label,
            r.attacker,
            *(scaled(value, 100) for value in (r.rank1, r.low, r.high)),
            r.n,
            scaled(r.clear, 100),
        )
        for ladder in ladders
        for r in ladder.rungs
    ]
    rows += [
        (ladder.label, "bound", 100 * ladder.bound, None, None, None, None)
        for ladder in ladders
        if ladder.bound is not None
    ]
    return Table(
        ("Condition", "Attacker", "Rank-1, %", "95 % low", "95 % high", "Probes", "Originals, %"), tuple(rows)
    )
