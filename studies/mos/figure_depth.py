"""What lies behind the means: the subject model beside the MOS, and how votes spread (SOS)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from studies.mos.figure_parts import (
    BY_ANGLE_PAGE,
    Cell,
    Figure,
    Named,
    PlotlyDict,
    Series,
    Table,
    angle_traces,
    by_angle_layout,
    layout,
    legend_of,
    line,
    marker,
    spoken,
    title,
)
from studies.mos.measures import MEASURES, Measure

VERSIONS = {
    "standard": "the standard’s version",
    "regularised": "the regularised version, ten imagined votes of variance 0.36 a rater",
}


def subject_model_by_view_angle(
    series: Sequence[Series],
    *,
    view_angles: Sequence[int],
    version: str,
    votes: int,
    raters: int,
    measure: Measure = MEASURES["naturalness"],
    note: str = "",
) -> Figure:
    """ψ of each condition at each view angle, the mean over its clips; biases and scatter taken out."""
    rows: list[tuple[Cell, ...]] = [
        (one.name, p.view_angle, p.value, p.low, p.high, p.n) for one in series for p in one.points
    ]
    sentences = [
        f"{one.name}: {'; '.join(f'{p.view_angle}° {spoken(p, 1, 2)}' for p in one.points)}."
        for one in series
        if one.points
    ]
    return Figure(
        key="subject-model",
        title="Subject model by view angle",
        subtitle=f"ψ, {measure.short} without raters’ bias and scatter",
        figure={
            "data": angle_traces(series, view_angles, factor=1, decimals=2),
            "layout": by_angle_layout(view_angles, {"range": [measure.lowest, measure.highest], "dtick": 1}),
            "page": BY_ANGLE_PAGE,
        },
        legend=legend_of(series),
        summary=" ".join(sentences) or "No votes yet.",
        table=Table(("Condition", "View angle, °", "ψ", "95 % low", "95 % high", "Votes"), tuple(rows)),
        footer=f"ITU-T P.910 Annex E, {VERSIONS[version]}; n {votes} votes of {raters} raters. The 95 % interval "
        f"takes bias, inconsistency and these clips as known, so it is shorter than the MOS’s."
        f"{' ' + note if note else ''}",
    )


@dataclass(frozen=True)
class Spread:
    """One condition's stimuli: their means and the variances of their votes; a of the SOS curve."""

    label: str
    method: str
    means: Sequence[float]
    variances: Sequence[float]
    a: float | None
    votes: int
    simulated: bool = False

    @property
    def name(self) -> str:
        return f"{self.label} · simulated" if self.simulated else self.label


def sos(spreads: Sequence[Spread], *, note: str = "") -> Figure:
    """How votes spread around each stimulus's mean: variance = a·(x − 1)(5 − x)."""
    known = [one for one in spreads if one.a is not None]
    said = " ".join(f"{one.name}: a = {one.a:.2f}." for one in known)
    y = {"rangemode": "tozero", "title": title("variance of the votes")}
    x = {"range": [1, 5], "dtick": 1, "title": title("MOS of the pair"), "showgrid": False}
    rows = tuple(
        (one.name, mean, variance)
        for one in spreads
        for mean, variance in zip(one.means, one.variances, strict=True)
    )
    axes = layout(height=320, x=x, y=y, showlegend=len(spreads) > 1)
    axes["margin"] |= {"b": 44}
    return Figure(
        key="sos",
        title="How far raters differ on a pair",
        subtitle="Variance of a pair’s votes against its MOS",
        figure={
            "data": [trace for one in spreads for trace in _spread_traces(one)],
            "layout": axes,
            "page": BY_ANGLE_PAGE,
        },
        legend=tuple(Named(one.name, one.method, one.simulated) for one in spreads),
        summary=said or "No pair has two votes yet.",
        table=Table(("Condition", "MOS of the pair", "Variance"), rows),
        footer=f"Curves: variance = a·(x − 1)(5 − x), least squares over pairs with two votes or more, n "
        f"{sum(one.votes for one in spreads)} votes. {said}{' ' + note if note else ''}",
    )


def _spread_traces(one: Spread) -> list[PlotlyDict]:
    points = {
        "type": "scatter", "mode": "markers", "name": one.name, "x": list(one.means), "y": list(one.variances),
        "marker": marker(one.method, simulated=one.simulated, size=6) | {"opacity": 0.65},
        "hovertemplate": "MOS %{x:.2f}, variance %{y:.2f}<extra>" + one.name + "</extra>",
    }  # fmt: skip
    if one.a is None:
        return [points]
    x = np.linspace(1, 5, 33)
    curve = {
        "type": "scatter", "mode": "lines", "x": x.tolist(), "y": (one.a * (x - 1) * (5 - x)).tolist(),
        "line": line(one.method, simulated=one.simulated) | {"width": 1.5}, "hoverinfo": "skip",
        "showlegend": False,
    }  # fmt: skip
    return [points, curve]
