"""How the rating goes: votes for each pair, raters by state, scores given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from studies.mos.figure_parts import (
    CLEAR,
    OTHER,
    SURFACE,
    Cell,
    Figure,
    Named,
    PlotlyDict,
    Table,
    between,
    counted,
    layout,
    look_of,
    title,
)


def votes_per_pair(votes: Sequence[int], *, note: str = "") -> Figure:
    """How many pairs have how many votes; `votes` holds one count for each pair."""
    pairs = np.bincount(np.asarray(votes, dtype=np.int64)) if len(votes) else np.zeros(1, dtype=np.int64)
    first = min(votes, default=0)
    counts = list(range(first, len(pairs)))
    numbers = [int(pairs[count]) for count in counts]
    x = {"title": title("votes"), "dtick": max(1, len(counts) // 12), "showgrid": False}
    y = {"title": title("pairs"), "rangemode": "tozero", "dtick": max(1, max(numbers, default=1) // 4)}
    axes = layout(height=240, x=x, y=y, showlegend=False)
    total, more = sum(votes), f" {note}" if note else ""
    return Figure(
        key="votes-per-pair",
        title="Votes per pair",
        subtitle="Pairs by the number of their votes",
        figure={"data": [_bars(counts, numbers)], "layout": axes},
        summary=f"{counted(len(votes), 'pair')}, {counted(total, 'vote')}; votes a pair: {between(votes)}.",
        table=Table(("Votes", "Pairs"), tuple(zip(counts, numbers, strict=True))),
        footer=f"Counts of kept votes on regular pairs, n {total}; training and checks don’t count.{more}",
    )


def raters_by_state(counts: Mapping[str, int]) -> Figure:
    """How many raters stand in each state; `counts` in the order to show."""
    states, numbers = list(counts), list(counts.values())
    y = {"type": "category", "autorange": "reversed", "showgrid": False, "automargin": True}
    most = max([1, *numbers])
    x = {
        "range": [0, 1.12 * most],
        "dtick": _whole_step(most),
    }  # the longest bar's number stands beyond its end
    axes = layout(height=60 + 32 * max(1, len(states)), x=x, y=y, showlegend=False)
    bars = _bars(numbers, states) | {"orientation": "h", "text": numbers, "textposition": "outside"}
    bars["cliponaxis"] = False
    named = ", ".join(f"{number} {state}" for state, number in counts.items())
    return Figure(
        key="raters-by-state",
        title="Raters by state",
        subtitle="Everyone who has taken a seat",
        figure={"data": [bars], "layout": axes},
        summary=f"{counted(sum(numbers), 'rater')}: {named}." if named else "No raters yet.",
        table=Table(("State", "Raters"), tuple(zip(states, numbers, strict=True))),
        footer=f"Counts, n {sum(numbers)} raters, at the time of the page.",
    )


def _whole_step(most: int) -> int:
    """Between ticks of a count: a whole number, 1, 2 or 5 times a power of ten, for at most six ticks."""
    steps = (n * unit for unit in (1, 10, 100, 1000, 10_000) for n in (1, 2, 5))
    return next((step for step in steps if step * 6 >= most), most)


def _bars(x: Sequence[Cell], y: Sequence[Cell]) -> PlotlyDict:
    return {
        "type": "bar", "x": list(x), "y": list(y), "marker": {"color": OTHER},
        "hovertemplate": "%{x}: %{y}<extra></extra>",
    }  # fmt: skip


@dataclass(frozen=True)
class Distribution:
    """How often each score was given to one condition, from the scale's lowest to its highest."""

    label: str
    method: str
    counts: Sequence[int]
    simulated: bool = False

    @property
    def name(self) -> str:
        return f"{self.label} · simulated" if self.simulated else self.label


def score_distribution(
    distributions: Sequence[Distribution], *, labels: Sequence[str], note: str = ""
) -> Figure:
    """The share of each score in each condition; `labels` names the scores, lowest first ("1 Bad", …)."""
    if any(len(one.counts) != len(labels) for one in distributions):
        raise ValueError(f"Each condition needs {len(labels)} counts, one for each score of the scale.")
    y = {"rangemode": "tozero", "ticksuffix": " %"}
    axes = layout(
        height=260,
        x={"type": "category", "showgrid": False},
        y=y,
        barmode="group",
        bargap=0.25,
        showlegend=len(distributions) > 1,
    )
    total = sum(sum(one.counts) for one in distributions)
    more = f" {note}" if note else ""
    return Figure(
        key="score-distribution",
        title="Scores given",
        subtitle="% of a condition's votes",
        figure={
            "data": [_score_bars(one, labels) for one in distributions],
            "layout": axes,
            "page": {"showlegend": False, "margin": {"t": 12}},
        },
        legend=tuple(Named(one.name, one.method, one.simulated) for one in distributions),
        summary=" ".join(_most_frequent(one, labels) for one in distributions if sum(one.counts))
        or "No votes yet.",
        table=_score_table(distributions, labels),
        footer=f"Shares of kept votes on regular pairs, n {total}; shares have no interval here.{more}",
    )


def _score_bars(one: Distribution, labels: Sequence[str]) -> PlotlyDict:
    """People's bars are filled and hatched by method; simulated ones are a hollow outline."""
    look = look_of(one.method)
    filled = {"shape": look.hatch, "bgcolor": look.colour, "fgcolor": SURFACE, "size": 7, "solidity": 0.2}
    return {
        "type": "bar", "name": one.name, "x": list(labels), "y": _shares(one.counts),
        "marker": {
            "color": CLEAR if one.simulated else look.colour,
            "line": {"color": look.colour, "width": 2},
            "pattern": {"shape": ""} if one.simulated else filled,
        },
        "hovertemplate": "%{x}: %{y:.1f} %<extra>" + one.name + "</extra>",
    }  # fmt: skip


def _shares(counts: Sequence[int]) -> list[float | None]:
    total = sum(counts)
    return [100 * count / total if total else None for count in counts]


def _most_frequent(one: Distribution, labels: Sequence[str]) -> str:
    place = int(np.argmax(one.counts))
    share = 100 * one.counts[place] / sum(one.counts)
    return f"{one.name}: most often {labels[place]}, {share:.0f} % of {counted(sum(one.counts), 'vote')}."


def _score_table(distributions: Sequence[Distribution], labels: Sequence[str]) -> Table:
    rows = tuple(
        (one.name, label, count, share)
        for one in distributions
        for label, count, share in zip(labels, one.counts, _shares(one.counts), strict=True)
    )
    return Table(("Condition", "Score", "Votes", "%"), rows)
