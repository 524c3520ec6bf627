"""An analysis in words, for a terminal."""

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]
STIMULI_SHOWN = 30
RATERS_SHOWN = 20


def described(found: Json) -> str:
    """Every result with its n; what is undefined is n/a. Long lists are cut, and say so."""
    parts = [_counts(found), _view_angles(found), _stimuli(found), _agreement(found), _screening(found)]
    return "\n\n".join(part for part in [*parts, _subject_model(found)] if part)


def _counts(found: Json) -> str:
    votes, missing, repeated = found["votes"], found["missing_votes"], found["repeated_votes"]
    raters, stimuli = found["raters"], found["stimuli"]
    lines = [
        f"{votes:,} vote{_s(votes)} of {raters:,} rater{_s(raters)} on "
        f"{stimuli:,} {'stimulus' if stimuli == 1 else 'stimuli'}"
    ]
    if repeated:
        verb = "repeats" if repeated == 1 else "repeat"
        lines.append(f"{repeated:,} of them {verb} a rater's vote on the same stimulus; each counts.")
    if missing:
        lines.append(f"{missing:,} vote{_s(missing)} missing: no score (blank, NA or NaN) in the row.")
    return "\n".join(lines)


def _s(number: int) -> str:
    return "" if number == 1 else "s"


def _view_angles(found: Json) -> str:
    rows = [
        (
            f"{row['view_angle']}°",
            _number(row["mos"]),
            _interval(row["ci95_clustered"]),
            _interval(row["ci95_naive"]),
            *(f"{row[name]:,}" for name in ("votes", "raters", "clips")),
        )
        for row in found["by_view_angle"]
    ]
    names = ("view angle", "MOS", "95 % clustered", "95 % naive", "votes", "raters", "clips")
    return _table("MOS by view angle (clustered: two-way, raters × clips)", names, rows) if rows else ""


def _stimuli(found: Json) -> str:
    rows = [
        (row["stimulus"], _number(row["mos"]), _number(row["ci95"]), f"{row['votes']:,}")
        for row in found["mos"]
    ]
    title = "MOS by stimulus (± Student's t, 95 %)"
    return _table(title, ("stimulus", "MOS", "±", "votes"), rows[:STIMULI_SHOWN]) + _more(rows, STIMULI_SHOWN)


def _agreement(found: Json) -> str:
    agreement = found["agreement"]
    return "\n".join(
        [
            "Agreement",
            f"  ICC(2,1) {_number(agreement['icc_2_1'], 3)}   ICC(2,k) {_number(agreement['icc_2_k'], 3)}",
            f"  Krippendorff's alpha: interval {_number(agreement['krippendorff_alpha_interval'], 3)}, "
            f"ordinal {_number(agreement['krippendorff_alpha_ordinal'], 3)}",
            f"  SOS a {_number(found['sos_a'], 3)}",
        ]
    )


def _screening(found: Json) -> str:
    by = found["screening"]
    return "\n".join(
        [
            "Screening: whom each rule would set aside (nobody was for the numbers above)",
            f"  BT.500: {_names(by['bt500']['rejected'])}",
            f"  P.913, after bias removal: {_names(by['p913']['rejected'])}",
            f"  Correlation up to {_number(by['correlation']['threshold'], 3)}: "
            f"{_names(by['correlation']['rejected'])}",
        ]
    )


def _subject_model(found: Json) -> str:
    version = found["subject_model_default"]
    model = found["subject_model"][version]
    rows = [
        (rater, _number(bias), _number(model["inconsistency"][rater]))
        for rater, bias in model["bias"].items()
    ]
    title = f"Subject model (P.910 Annex E, {version}; {model['iterations']} rounds)"
    return _table(title, ("rater", "bias", "inconsistency"), rows[:RATERS_SHOWN]) + _more(rows, RATERS_SHOWN)


def _table(title: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    lines = [
        "  "
        + "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (names, *rows)
    ]
    return "\n".join([title, *lines])


def _more(rows: Sequence[Any], shown: int) -> str:
    return f"\n  … {len(rows) - shown:,} more; --json has them all" if len(rows) > shown else ""


def _names(rejected: list[str]) -> str:
    if not rejected:
        return "nobody"
    more = f" and {len(rejected) - RATERS_SHOWN:,} more" if len(rejected) > RATERS_SHOWN else ""
    return ", ".join(rejected[:RATERS_SHOWN]) + more


def _number(value: float | None, digits: int = 2) -> str:
    return "n/a" if value is None else f"{value:.{digits}f}"


def _interval(ends: Sequence[float] | None) -> str:
    return "n/a" if ends is None else f"{ends[0]:.2f} to {ends[1]:.2f}"
