"""The other answer on a study's dashboard: who is still named, as the newest recognition found it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from anonymizer.models import Anonymization, Run
from recognition import reports
from studies.mos import figures
from studies.mos.figures import Figure, Ladder, Point, Rung, Series

STRONGEST, NAIVE = "strongest", "naive"


def label_of(anonymization: Anonymization) -> str:
    alpha = "" if anonymization.alpha is None else f" α {anonymization.alpha:g}"
    return f"{anonymization.method}{alpha}"


def percent(rate: float | None) -> str:
    return "n/a" if rate is None else f"{100 * rate:.1f}\u00a0%"


def interval(ends: Sequence[float] | None) -> str:
    return "no interval" if ends is None else f"{100 * ends[0]:.1f} to {100 * ends[1]:.1f}"


@dataclass(frozen=True)
class Attack:
    """One attacker's result in a recognition run; `rung` is its entry in the run's ladder."""

    anonymization: Anonymization
    run: Run
    rung: dict[str, Any]
    is_strongest: bool

    @property
    def view_angles(self) -> list[int]:
        found: list[int] = reports.experiment(self.run)["view_angles"]
        return found

    @property
    def label(self) -> str:
        return str(self.rung["label"])

    @property
    def rank1(self) -> str:
        return percent(self.rung["rank1"])

    @property
    def rank1_interval(self) -> str:
        return interval(self.rung["ci95"])

    @property
    def success(self) -> str:
        return percent(self.rung["success_rate"])

    @property
    def success_interval(self) -> str:
        return interval(self.rung["success_ci95"])

    @property
    def original(self) -> str:
        return percent(self.rung["clear_rank1"])

    @property
    def chance(self) -> str:
        return percent(self.rung["chance"])

    @property
    def gates(self) -> list[dict[str, Any]]:
        return reports.gates(self.run)

    @property
    def refused(self) -> bool:
        return any(not gate["ok"] for gate in self.gates)

    @property
    def can_choose(self) -> bool:
        """Whether the naive attacker is another one than the strongest."""
        names = [rung["attacker"] for rung in reports.ladder(self.run)]
        return NAIVE in names and reports.strongest(self.run) != NAIVE


def newest(anonymization: Anonymization | None) -> int | None:
    """The newest recognition's id."""
    run = reports.newest_run(anonymization) if anonymization else None
    return run.pk if run else None


def attack(anonymization: Anonymization | None, wanted: str) -> Attack | None:
    """The strongest attacker of the newest recognition, or the naive one; None where nobody attacked."""
    run = reports.newest_run(anonymization) if anonymization else None
    rungs = {rung["attacker"]: rung for rung in reports.ladder(run)} if run else {}
    if anonymization is None or run is None or not rungs:
        return None
    strongest = reports.strongest(run) or next(reversed(rungs))
    name = NAIVE if wanted == NAIVE and NAIVE in rungs else strongest
    return Attack(anonymization, run, rungs[name], name == strongest)


# --- Figures --------------------------------------------------------------------------------------
def figures_of(attacked: Attack, axis: Sequence[int], reference: bool) -> list[Figure]:
    """Success rate by view angle, the ladder, the matrix."""
    return [_by_view_angle(attacked, axis, reference), _ladder(attacked), _matrix(attacked)]


def _by_view_angle(attacked: Attack, axis: Sequence[int], reference: bool) -> Figure:
    entries = reports.by_probe_view_angle(attacked.run, attacked.rung["attacker"])
    points = [
        Point(each["view_angle"], each["success_rate"], *_ends(each), each["recognized"]) for each in entries
    ]
    series = Series(label_of(attacked.anonymization), attacked.anonymization.method, points)
    return figures.success_rate_by_view_angle(
        [series], view_angles=axis, attacker=attacked.label.lower(), reference=reference
    )


def _ends(entry: dict[str, Any]) -> tuple[float | None, float | None]:
    low, high = entry["ci95"] or (None, None)
    return low, high


def _ladder(attacked: Attack) -> Figure:
    """The weakest on top, the strongest at the bottom, whatever the toggle says."""
    entries = reports.ladder(attacked.run)
    rungs = [Rung(each["label"], each["rank1"], *_ends(each), each["probes"]) for each in entries]
    strongest = reports.strongest(attacked.run)
    names = [each["label"] for each in sorted(entries, key=lambda each: each["attacker"] == strongest)]
    return figures.attackers_ladder(
        [Ladder(label_of(attacked.anonymization), attacked.anonymization.method, rungs)],
        attackers=names,
        chance=attacked.rung["chance"],
        clear=attacked.rung["clear_rank1"],
        recognizer=reports.experiment(attacked.run)["recognizer"]["name"].capitalize(),
    )


def _matrix(attacked: Attack) -> Figure:
    found = reports.matrix(attacked.run, attacked.rung["attacker"])
    return figures.success_matrix(
        label_of(attacked.anonymization),
        found["success_rate"],
        found["recognized"],
        view_angles=found["view_angles"],
        attacker=attacked.label.lower(),
        intervals=found["success_ci95"],
    )
