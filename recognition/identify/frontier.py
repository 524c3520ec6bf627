"""Privacy against proxies of naturalness: one table over many experiments, and one figure.

A condition (dataset, method, its parameters) is repeated with several seeds; what is shown of it is the mean
and how far the seeds spread, least to most. Proxies choose what to show to people; they are never opinion scores.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from anonymizer.gait.proxies import log_ratio

PROXIES = ("iou", "jitter_ratio", "manifold_ratio")
Row = Mapping[str, Any]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 516, 64, 150, 40, 76
# Colour and marker of a method, as everywhere in the product; the others are grey crosses.
LOOKS = {
    "sdf": ("#1F93C0", "●"),
    "tieu": ("#B23A0E", "◆"),
    "tieu-unshared": ("#B23A0E", "◇"),
    "blend": ("#6A4BA6", "▲"),
    "donor-mix": ("#B38427", "■"),
    "replace": ("#1F2A44", "▼"),
    "replace-best": ("#1F2A44", "▽"),
}
OTHER = ("#545C69", "×")
LEAST_IOU = 0.5  # where the axis begins
LETTER, LINE = 6.5, 14.0  # about, of a label: the width of a letter, the height of a line


def row(experiment: Row, ladder: Sequence[Row], label: str) -> dict[str, Any]:
    """One experiment as a line of the table; rates 0 to 1, at the same view angle."""
    rungs = {rung["attacker"]: rung for rung in ladder}
    ranked = [rung for rung in ladder if rung["rank1"] is not None]
    strongest = max(ranked, key=lambda rung: rung["rank1"]) if ranked else None
    return {
        "dataset": experiment["dataset"],
        "method": experiment["method"],
        "condition": label,
        "alpha": experiment["alpha"],
        "donor": experiment["donor"],
        "seed": experiment["seed"],
        "recognizer": experiment["recognizer"]["name"],
        "clear_rank1": strongest["clear_rank1"] if strongest else None,
        "chance": strongest["chance"] if strongest else None,
        "strongest": strongest["attacker"] if strongest else None,
        "strongest_rank1": strongest["rank1"] if strongest else None,
        "strongest_success_rate": strongest["success_rate"] if strongest else None,
        "strongest_recognized": strongest["recognized"] if strongest else None,
        "strongest_worst_rank1": _worst(strongest),
        **{f"{name}_rank1": rung["rank1"] for name, rung in rungs.items()},
        **{f"{name}_success_rate": rung["success_rate"] for name, rung in rungs.items()},
        **{name: experiment["proxies"].get(name) for name in PROXIES},
        "refused": " ".join(experiment["verdict"]["refused"]),
    }


def _worst(rung: Row | None) -> float | None:
    """How often the subject is named who is named most often."""
    worst = rung.get("worst") if rung else None
    return worst["rank1"] if worst else None


def summary(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """One line a condition and recognizer: of every number its mean, least and most over the seeds."""
    gathered: dict[tuple[str, str, str, str], list[Row]] = defaultdict(list)
    for each in rows:
        recognizer = each.get("recognizer") or ""  # earlier versions knew one alone
        gathered[each["dataset"], each["method"], each["condition"], recognizer].append(each)
    return [
        {"dataset": dataset, "method": method, "condition": condition, "recognizer": recognizer}
        | {"seeds": len(some), "refused": sum(bool(each["refused"]) for each in some)}
        | {"strongest": sorted({each["strongest"] for each in some if each.get("strongest")})}
        | {name: _spread([each.get(name) for each in some]) for name in _numbers(some)}
        for (dataset, method, condition, recognizer), some in gathered.items()
    ]


def _numbers(rows: Sequence[Row]) -> list[str]:
    kept = ("chance", *PROXIES)
    names = dict.fromkeys(name for each in rows for name in each)
    return [
        name for name in names if name.endswith(("_rank1", "_success_rate", "_recognized")) or name in kept
    ]


def _spread(values: Sequence[float | None]) -> dict[str, float] | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return {"mean": sum(known) / len(known), "least": min(known), "most": max(known), "n": len(known)}


# --- The figure -----------------------------------------------------------------------------------
def figure(lines: Sequence[Row]) -> str:
    """The frontier as SVG: a point a condition, bars from the least to the most of its seeds."""
    shown = [line for line in lines if line.get("strongest_rank1") and line.get("iou")]
    heights = _label_heights(shown)
    points = "".join(_point(line, height) for line, height in zip(shown, heights, strict=True))
    seeds = {line["seeds"] for line in shown}
    many = f"{min(seeds)} to {max(seeds)}" if len(seeds) > 1 else f"{next(iter(seeds), 0)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" class="frontier" '
        f'font-family="Inter, system-ui, sans-serif" font-size="13" fill="#14181F">'
        f"<title>Strongest attacker’s rank-1 against overlap with the original</title>"
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" fill="#FFFFFF"/>{_axes()}{points}'
        f'<text class="said" x="{LEFT}" y="{HEIGHT - 8}" fill="#545C69" font-size="12">'
        f"Mean of {many} seeds; bars from the least to the most. Right and low is better.</text></svg>\n"
    )


def _axes() -> str:
    ticks = []
    for step in range(6):
        iou = LEAST_IOU + step / 5 * (1 - LEAST_IOU)
        y, x = _y(step / 5), _x(iou)
        ticks.append(
            f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#D9DDE3"/>'
            f'<text class="said" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#545C69">{20 * step} %</text>'
            f'<text class="said" x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle" fill="#545C69">'
            f"{iou:.1f}</text>"
        )
    return (
        "".join(ticks)
        + f'<text x="{LEFT}" y="14">Rank-1 of the strongest attacker, same view angle</text>'
        + f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - BOTTOM + 36}" text-anchor="end">IoU with the original</text>'
    )


def _label_heights(lines: Sequence[Row]) -> list[float]:
    """Where each label stands, from the top down: one that would lie on another, or on a mark, moves below it."""
    heights = [0.0] * len(lines)
    marks = [(_x(line["iou"]["mean"]), _y(line["strongest_rank1"]["mean"]) + 5) for line in lines]
    placed = [(x - 8, x + 8, height) for x, height in marks]  # left, right, height
    for n in sorted(range(len(lines)), key=lambda n: -float(lines[n]["strongest_rank1"]["mean"])):
        left = marks[n][0] + 10
        right = left + LETTER * len(_said(lines[n]))
        height = _y(lines[n]["strongest_rank1"]["mean"]) - 6
        for other_left, other_right, other in sorted(placed, key=lambda each: each[2]):
            if left < other_right and other_left < right and abs(height - other) < LINE:
                height = other + LINE
        placed.append((left, right, height))
        heights[n] = height
    return heights


def _point(line: Row, label_height: float) -> str:
    colour, marker = LOOKS.get(line["method"], OTHER)
    rank1, iou = line["strongest_rank1"], line["iou"]
    x, y = _x(iou["mean"]), _y(rank1["mean"])
    label = escape(_said(line))
    worst = _far_off(line)
    return (
        f'<g class="m-{escape(str(line["method"]))}">'
        f"<title>{label}: rank-1 {rank1['mean']:.3f} ({rank1['least']:.3f} to {rank1['most']:.3f}), "
        f"IoU {iou['mean']:.3f}{worst}</title>"
        f'<path class="bar" d="M{x:.1f} {_y(rank1["least"]):.1f}V{_y(rank1["most"]):.1f}'
        f'M{_x(iou["least"]):.1f} {y:.1f}H{_x(iou["most"]):.1f}" stroke="{colour}" stroke-width="2"/>'
        f'<text class="mark" x="{x:.1f}" y="{y + 5:.1f}" text-anchor="middle" fill="{colour}">{marker}</text>'
        f'<text x="{x + 10:.1f}" y="{label_height:.1f}" font-size="12">{label}</text></g>'
    )


def _said(line: Row) -> str:
    """The condition; with its overlap where that lies beyond the axis, so that its point stands at the edge."""
    beyond = line["iou"]["mean"] < LEAST_IOU
    return f"{line['condition']} (IoU {line['iou']['mean']:.2f})" if beyond else str(line["condition"])


def _far_off(line: Row) -> str:
    """Proxies that are far from life, in words."""
    ratios = {name: line[name]["mean"] for name in PROXIES[1:] if line.get(name)}
    off = [
        f"{name.replace('_', ' ')} {value:.2f}" for name, value in ratios.items() if value > 0 and _off(value)
    ]
    return f", {', '.join(off)}" if off else ""


def _off(ratio: float) -> bool:
    return log_ratio(ratio) > log_ratio(1.1)


def _x(iou: float) -> float:
    return LEFT + (min(max(iou, LEAST_IOU), 1.0) - LEAST_IOU) / (1 - LEAST_IOU) * (WIDTH - LEFT - RIGHT)


def _y(rate: float) -> float:
    return TOP + (1 - rate) * (HEIGHT - TOP - BOTTOM)
