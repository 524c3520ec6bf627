"""How far raters agree, for one kind of raters."""

from dataclasses import dataclass

from studies import screening
from studies.counting import Counted
from studies.dashboard import Present
from studies.lately import lately
from studies.mos import agreement


@dataclass(frozen=True)
class Agreeing:
    """Agreement as the page says it, a line each: what, the value, what it means."""

    simulated: bool
    votes: int
    raters: int
    clips: int
    lines: list[tuple[str, str, str]]


ABOUT = (
    ("icc_2_1", "ICC(2,1)", "of one rater’s score"),
    ("icc_2_k", "ICC(2,k)", "of the mean of as many votes as a pair has"),
    ("krippendorff_alpha_interval", "Krippendorff’s α, interval", "scores as distances"),
    ("krippendorff_alpha_ordinal", "Krippendorff’s α, ordinal", "scores as ranks"),
)


def agreeing(now: Present, one: Counted) -> Agreeing:
    key = ("agreement", now.study.pk, now.study.token, one.simulated, now.masks, now.study.count_abandoned)
    table = screening.table_of(one, len(now.votes.rater_pks), one.score)
    found = lately(key, now.votes.marker, lambda: agreement.agreement(table)).value
    values = vars(found)
    lines = [(name, _said(values[field]), about) for field, name, about in ABOUT]
    return Agreeing(one.simulated, len(one), one.raters, one.clips, lines)


def _said(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}".replace("-", "−")
