"""The other answer on a study's dashboard: who is still named, as the newest recognitions found it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from anonymizer.models import Run
from recognition import reports
from recognition.figures import interval, percent
from studies.models import Condition
from studies.mos import figures
from studies.mos.figures import Figure, Ladder, Point, Rung, Series

STRONGEST, NAIVE = "strongest", "naive"


@dataclass(frozen=True)
class Attack:
    """One attacker's result on one condition; `rung` is its entry in the ladder of the recognition run."""

    condition: Condition
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

    @property
    def bound(self) -> float | None:
        """The most that anybody can name from one clip, where the method gives such a bound."""
        bounds = [rung.get("bound") for rung in reports.ladder(self.run)]  # of linked clips it is larger
        return min((each for each in bounds if each is not None), default=None)


def newest(study_conditions: Sequence[Condition]) -> list[int | None]:
    """The newest recognition's id of each condition."""
    runs = [_newest_run(condition) for condition in study_conditions]
    return [run.pk if run else None for run in runs]


def _newest_run(condition: Condition) -> Run | None:
    return reports.newest_run(condition.anonymization) if condition.anonymization else None


def attacks(conditions: Sequence[Condition], wanted: str) -> list[Attack]:
    """The strongest attacker of each condition's newest recognition, or the naive one, where anybody attacked."""
    found = [attack(condition, wanted) for condition in conditions]
    return [each for each in found if each]


def attack(condition: Condition, wanted: str) -> Attack | None:
    run = _newest_run(condition)
    rungs = {rung["attacker"]: rung for rung in reports.ladder(run)} if run else {}
    if run is None or not rungs:
        return None
    strongest = reports.strongest(run) or next(reversed(rungs))
    name = NAIVE if wanted == NAIVE and NAIVE in rungs else strongest
    return Attack(condition, run, rungs[name], name == strongest)


def unattacked(conditions: Sequence[Condition]) -> list[Condition]:
    """Conditions of ours whose walks nobody has tried to name yet."""
    ours = [condition for condition in conditions if condition.anonymization]
    return [condition for condition in ours if attack(condition, STRONGEST) is None]


# --- Figures --------------------------------------------------------------------------------------
def by_view_angle(attacked: Sequence[Attack], axis: Sequence[int], reference: bool) -> Figure:
    """Of attackers who tried some view angles alone the figure would say next to nothing: then it is of the strongest
    one of those who tried the most."""
    shown = [_widest(each) for each in attacked]
    series = [Series(each.condition.label, each.condition.method, _points(each)) for each in shown]
    whom = _by_whom(shown)
    if shown != list(attacked):
        whom += f"; {_by_whom(attacked)} tried fewer view angles"
    return figures.success_rate_by_view_angle(series, view_angles=axis, attacker=whom, reference=reference)


def _widest(attacked: Attack) -> Attack:
    """The same attacker, or the strongest of those who tried more view angles."""
    rungs = {rung["attacker"]: rung for rung in reports.ladder(attacked.run) if rung["rank1"] is not None}
    tried = {name: _view_angles_tried(attacked.run, name) for name in rungs}
    most = max(tried.values(), default=0)
    if tried.get(attacked.rung["attacker"], 0) == most:
        return attacked
    wide = [rung for name, rung in rungs.items() if tried[name] == most]
    return replace(attacked, rung=max(wide, key=lambda rung: rung["rank1"]), is_strongest=False)


def _view_angles_tried(run: Run, attacker: str) -> int:
    entries = reports.by_probe_view_angle(run, attacker)
    return sum(entry["success_rate"] is not None for entry in entries)


def _by_whom(attacked: Sequence[Attack]) -> str:
    """The attacker's name, or what to call several: each condition has a strongest one of its own."""
    names = {each.label.lower() for each in attacked}
    return names.pop() if len(names) == 1 else "each condition’s strongest attacker"


def _points(attacked: Attack) -> list[Point]:
    entries = reports.by_probe_view_angle(attacked.run, attacked.rung["attacker"])
    return [
        Point(each["view_angle"], each["success_rate"], *_ends(each["ci95"]), each["recognized"])
        for each in entries
    ]


def _ends(ends: Sequence[float] | None) -> tuple[float | None, float | None]:
    low, high = ends or (None, None)
    return low, high


def ladder(attacked: Sequence[Attack]) -> Figure:
    """The weakest on top, the first condition's strongest at the bottom, whatever the toggle says."""
    first = attacked[0]
    every = [rung for each in attacked for rung in reports.ladder(each.run)]
    return figures.attackers_ladder(
        [_rungs(each) for each in attacked],
        attackers=_rung_names(attacked),
        chance=first.rung["chance"],
        clear=every[0]["clear_rank1"] if reports.same_originals(every) else None,
        recognizer=reports.experiment(first.run)["recognizer"]["name"].capitalize(),
    )


def _rungs(attacked: Attack) -> Ladder:
    rungs = [
        Rung(each["label"], each["rank1"], *_ends(each["ci95"]), each["probes"], each["clear_rank1"])
        for each in reports.ladder(attacked.run)
    ]
    condition = attacked.condition
    return Ladder(condition.label, condition.method, rungs, bound=attacked.bound)


def _rung_names(attacked: Sequence[Attack]) -> list[str]:
    names = list(dict.fromkeys(rung["label"] for each in attacked for rung in reports.ladder(each.run)))
    strongest = reports.strongest(attacked[0].run)
    last = {rung["label"] for rung in reports.ladder(attacked[0].run) if rung["attacker"] == strongest}
    return sorted(names, key=lambda name: name in last)


def matrix(attacked: Attack) -> Figure:
    found = reports.matrix(attacked.run, attacked.rung["attacker"])
    return figures.success_matrix(
        attacked.condition.label,
        found["success_rate"],
        found["recognized"],
        view_angles=found["view_angles"],
        attacker=attacked.label.lower(),
        intervals=found["success_ci95"],
        tried=found["tried"],
    )


def privacy(attacked: Attack) -> Point:
    """The success rate at the same view angle, for the frontier."""
    rung = attacked.rung
    return Point(0, rung["success_rate"], *_ends(rung["success_ci95"]), rung["recognized"])
