"""The two answers, view angle by view angle: how natural, and how unnamed."""

import math
from collections.abc import Sequence

from studies.mos import paper_reference
from studies.mos.figure_parts import (
    BY_ANGLE_PAGE,
    Cell,
    Figure,
    PlotlyDict,
    Series,
    Table,
    angle_traces,
    between,
    by_angle_layout,
    legend_of,
    reference_trace,
    scaled,
    spoken,
)
from studies.mos.measures import MEASURES, Measure


def mos_by_view_angle(
    series: Sequence[Series],
    *,
    view_angles: Sequence[int],
    raters: int,
    clips: int,
    interval: str = "clustered",
    reference: bool = True,
    measure: Measure = MEASURES["naturalness"],
    note: str = "",
) -> Figure:
    """The mean of each condition at each view angle; `interval` is "clustered" or "naive", as the points' are.

    `note` says which votes count where that is no matter of course.
    """
    if interval not in ("clustered", "naive"):
        raise ValueError(f"There is no interval {interval!r}: use 'clustered' or 'naive'.")
    paper = _paper_at(paper_reference.paper_reference().mos_by_view_angle, view_angles) if reference else {}
    data = angle_traces(series, view_angles, factor=1, decimals=2)
    if paper:
        data.append(reference_trace(paper, paper_reference.SOURCE, factor=1, decimals=2))
    votes = sum(point.n or 0 for one in series for point in one.points)
    how = "Two-way clustered" if interval == "clustered" else "Naive (pooled)"
    more = f" {note}" if note else ""
    more += " Tieu 2017 gives two of its eleven values." if paper else ""
    return Figure(
        key="mos-by-view-angle",
        title="Naturalness by view angle",
        subtitle=f"{measure.short}, {measure.scale}, with 95 % interval",
        figure={
            "data": data,
            "layout": by_angle_layout(view_angles, _axis(series, measure)),
            "page": BY_ANGLE_PAGE,
        },
        legend=legend_of(series, paper_reference.SOURCE if paper else ""),
        summary=_summary(series, 1, 2, "No votes yet."),
        table=_angle_table(series, paper, measure.short, "Votes", 1),
        footer=f"{measure.name}. {how} 95 % interval over {raters} raters and "
        f"{clips} clips, n {votes} votes.{more}",
    )


def _axis(series: Sequence[Series], measure: Measure) -> PlotlyDict:
    """The scale from end to end; differences to a hidden reference are not cut and may lie beyond it."""
    ends = [
        end for one in series for point in one.points for end in (point.low, point.high) if end is not None
    ]
    low, high = measure.lowest, measure.highest
    if measure.differential:
        low, high = min([low, *map(math.floor, ends)]), max([high, *map(math.ceil, ends)])
    return {"range": [low, high], "dtick": 1}


def success_rate_by_view_angle(
    series: Sequence[Series],
    *,
    view_angles: Sequence[int],
    attacker: str,
    interval: str = "bootstrap over subjects",
    reference: bool = True,
) -> Figure:
    """The share no longer named at each probe view angle, the unweighted mean over gallery view angles."""
    known = paper_reference.paper_reference().success_rate_by_probe_view_angle
    paper = _paper_at(known, view_angles) if reference else {}
    data = angle_traces(series, view_angles, factor=100, decimals=1)
    name = f"{paper_reference.SOURCE}, naive attacker"
    if paper:
        data.append(reference_trace(paper, name, factor=100, decimals=1))
    sizes = between(point.n for one in series for point in one.points if point.n is not None)
    against = " The paper's line stands against the naive attacker." if paper else ""
    return Figure(
        key="success-rate-by-view-angle",
        title="Success rate by view angle",
        subtitle=f"% no longer named by {attacker}, with 95 % interval",
        figure={
            "data": data,
            "layout": by_angle_layout(view_angles, {"range": [0, 100], "dtick": 25}),
            "page": BY_ANGLE_PAGE,
        },
        legend=legend_of(series, name if paper else ""),
        summary=_summary(series, 100, 1, "No success rates yet."),
        table=_angle_table(series, paper, "Success rate, %", "|S|", 100),
        footer=f"Unweighted mean over gallery view angles, 95 % interval by {interval}, |S| {sizes} an angle."
        f"{against}",
    )


def _paper_at(values: dict[int, float], view_angles: Sequence[int]) -> dict[int, float]:
    return {angle: values[angle] for angle in sorted(set(view_angles)) if angle in values}


def _summary(series: Sequence[Series], factor: float, decimals: int, none: str) -> str:
    sentences = []
    for one in series:
        points = [point for point in one.points if point.value is not None]
        if points:
            best, worst = (pick(points, key=lambda p: p.value or 0.0) for pick in (max, min))
            sentences.append(
                f"{one.name} is highest at {best.view_angle}° ({spoken(best, factor, decimals)}) and "
                f"lowest at {worst.view_angle}° ({spoken(worst, factor, decimals)})."
            )
    return " ".join(sentences) or none


def _angle_table(
    series: Sequence[Series], paper: dict[int, float], what: str, n: str, factor: float
) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (one.name, p.view_angle, *(scaled(v, factor) for v in (p.value, p.low, p.high)), p.n)
        for one in series
        for p in sorted(one.points, key=lambda point: point.view_angle)
    ]
    rows += [(paper_reference.SOURCE, a, value * factor, None, None, None) for a, value in paper.items()]
    return Table(("Condition", "View angle, °", what, "95 % low", "95 % high", n), tuple(rows))
