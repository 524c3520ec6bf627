"""Success rates of every gallery view angle by every probe view angle."""

from collections.abc import Sequence

from studies.mos.figure_parts import (
    INK_2,
    SUNKEN,
    Cell,
    Figure,
    PlotlyDict,
    Table,
    between,
    layout,
    scaled,
    title,
)

Matrix = Sequence[Sequence[float | None]]
Counts = Sequence[Sequence[int | None]]
Intervals = Sequence[Sequence[Sequence[float] | None]]
FEW = 10  # |S| below which a cell gets a corner mark


def success_matrix(
    label: str,
    rates: Matrix,
    recognized: Sequence[Sequence[int]],
    *,
    view_angles: Sequence[int],
    attacker: str,
    intervals: Intervals | None = None,
    tried: Sequence[Sequence[bool]] | None = None,
    colour_range: tuple[float, float] = (0.0, 1.0),
    simulated: bool = False,
) -> Figure:
    """Success rates [gallery][probe] as nine teal steps over `colour_range`; |S| = `recognized`.

    `intervals` are the cells' Wilson 95 % (low, high), null where undefined; cells the attacker has not
    `tried` have no |S| of its own. ValueError for other shapes.
    """
    side = len(view_angles)
    intervals = intervals or [[None] * side for _ in view_angles]
    tried = tried or [[True] * side for _ in view_angles]
    given = (rates, recognized, intervals, tried)
    if any(len(m) != side or any(len(row) != side for row in m) for m in given):
        raise ValueError(
            f"Rates, |S|, intervals and what was tried must be {side} by {side}, one for each view angle."
        )
    if colour_range[0] >= colour_range[1]:
        raise ValueError(f"The colour range {colour_range} is empty: give (lowest, highest) as rates.")
    counts = _tried_only(recognized, tried)
    table = _matrix_table(rates, counts, intervals, view_angles)
    steps = [[_step(rate, colour_range) for rate in row] for row in rates]
    few = [(g, p) for g in range(side) for p in range(side) if 0 < (counts[g][p] or 0) < FEW]
    return Figure(
        key="success-matrix",
        title="Success rate, gallery by probe",
        subtitle=f"{label}{' · simulated' if simulated else ''} against {attacker}, %",
        figure={"data": _matrix_traces(rates, steps, few, table), "layout": _matrix_layout(view_angles)},
        summary=_matrix_summary(label, rates, counts, view_angles),
        table=table,
        footer=_matrix_footer(rates, counts, colour_range),
    )


def _tried_only(recognized: Sequence[Sequence[int]], tried: Sequence[Sequence[bool]]) -> Counts:
    """|S| of the cells the attacker tried, None elsewhere."""
    return [
        [n if flag else None for n, flag in zip(row, flags, strict=True)]
        for row, flags in zip(recognized, tried, strict=True)
    ]


def _matrix_footer(rates: Matrix, counts: Counts, colour_range: tuple[float, float]) -> str:
    known = [n for row in counts for n in row if n is not None]
    left_out = "" if len(known) == len(rates) ** 2 else " –: this attacker did not try."
    undefined = " n/a: no clear gait was named." if 0 in known else ""
    diagonal = [value for i, row in enumerate(rates) if (value := row[i]) is not None]
    mean = f" Mean of the diagonal {100 * sum(diagonal) / len(diagonal):.1f}." if diagonal else ""
    low, high = (round(100 * end) for end in colour_range)
    return (
        f"Corner mark: |S| under {FEW}.{undefined}{left_out} Nine steps from {low} to {high} %, |S| "
        f"{between(known)} a cell, Wilson 95 % in the table (it ignores that a subject has several probes).{mean}"
    )


def _step(rate: float | None, colour_range: tuple[float, float]) -> int | None:
    """Which of the nine colours, 0 to 8."""
    if rate is None:
        return None
    low, high = colour_range
    return min(8, max(0, int(9 * (rate - low) / (high - low))))


def _text_colour(step: int | None) -> str:
    """The contrast rule of the tokens: steps 0 to 4, step 5, steps 6 to 8."""
    if step is None:
        return INK_2
    return "var:--q-dark" if step <= 4 else "var:--q-mid" if step == 5 else "var:--q-light"


def _matrix_traces(
    rates: Matrix, steps: list[list[int | None]], few: list[tuple[int, int]], table: Table
) -> list[PlotlyDict]:
    """Cells, their numbers and the corner marks; x is the probe's place, y the gallery's."""
    side = len(rates)
    cells = [(g, p) for g in range(side) for p in range(side)]
    colours = [[end / 9, f"var:--q{q}"] for q in range(9) for end in (q, q + 1)]
    ground = {
        "type": "heatmap", "z": steps, "zmin": -0.5, "zmax": 8.5, "colorscale": colours, "showscale": False,
        "xgap": 2, "ygap": 2, "hoverinfo": "skip",
    }  # fmt: skip
    numbers = {
        "type": "scatter", "mode": "text", "x": [p for _, p in cells], "y": [g for g, _ in cells],
        "text": [_cell_text(row) for row in table.rows],
        "textfont": {"size": 12, "color": [_text_colour(steps[g][p]) for g, p in cells]},
        "hovertext": [_hover(row) for row in table.rows], "hovertemplate": "%{hovertext}<extra></extra>",
    }  # fmt: skip
    corners = {
        "type": "scatter", "mode": "markers", "hoverinfo": "skip",
        "x": [p + 0.38 for _, p in few], "y": [g - 0.36 for g, _ in few],
        "marker": {"symbol": "triangle-ne", "size": 7, "color": [_text_colour(steps[g][p]) for g, p in few]},
    }  # fmt: skip
    return [ground, numbers, corners]


def _cell_text(row: Sequence[Cell]) -> str:
    *_, rate, _, _, recognized = row
    if recognized is None:
        return "–"
    return f"{rate:.0f}" if isinstance(rate, float) else "n/a"


def _matrix_layout(view_angles: Sequence[int]) -> PlotlyDict:
    ticks = {
        "tickmode": "array", "tickvals": list(range(len(view_angles))), "ticks": "",
        "showgrid": False, "showline": False, "ticktext": [str(angle) for angle in view_angles],
    }  # fmt: skip
    end = len(view_angles) - 0.5
    x = ticks | {"range": [-0.5, end], "title": title("probe view angle, ° (rows: gallery)")}
    y = ticks | {"range": [end, -0.5]}  # the first gallery angle stands on top, as in the paper's table
    margin = {"l": 36, "r": 8, "t": 8, "b": 44}
    return layout(height=360, x=x, y=y) | {"margin": margin, "plot_bgcolor": SUNKEN, "showlegend": False}


def _matrix_summary(label: str, rates: Matrix, recognized: Counts, view_angles: Sequence[int]) -> str:
    cells = [
        (rate, view_angles[g], view_angles[p], recognized[g][p])
        for g, row in enumerate(rates)
        for p, rate in enumerate(row)
        if rate is not None
    ]
    known = [n for row in recognized for n in row if n is not None]
    if not cells:
        why = "no clear gait was named" if known else "this attacker tried none"
        return f"{label}: no cell has a success rate, since {why}."
    low, high = (
        f"{100 * rate:.1f} % (gallery {g}°, probe {p}°, |S| {n})"
        for rate, g, p, n in (min(cells), max(cells))
    )
    whole = len(view_angles) ** 2
    left_out = f", {whole - len(known)} not tried" if len(known) < whole else ""
    missing = len(known) - len(cells)
    return f"{label}: success rates from {low} to {high}; {missing} of {whole} cells n/a{left_out}."


def _matrix_table(
    rates: Matrix, recognized: Counts, intervals: Intervals, view_angles: Sequence[int]
) -> Table:
    rows = []
    for g, gallery in enumerate(view_angles):
        for p, probe in enumerate(view_angles):
            low, high = intervals[g][p] or (None, None)
            ends = (scaled(value, 100) for value in (rates[g][p], low, high))
            rows.append((gallery, probe, *ends, recognized[g][p]))
    columns = (
        "Gallery view angle, °",
        "Probe view angle, °",
        "Success rate, %",
        "95 % low",
        "95 % high",
        "|S|",
    )
    return Table(columns, tuple(rows))


def _hover(row: Sequence[Cell]) -> str:
    gallery, probe, rate, low, high, recognized = row
    if recognized is None:
        return f"gallery {gallery}°, probe {probe}°: not tried by this attacker"
    if not isinstance(rate, float):
        return f"gallery {gallery}°, probe {probe}°: n/a, |S| {recognized}"
    interval = f", 95 % {low:.1f} to {high:.1f}" if isinstance(low, float) and isinstance(high, float) else ""
    return f"gallery {gallery}°, probe {probe}°: {rate:.1f} %{interval}, |S| {recognized}"
