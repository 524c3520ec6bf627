"""From votes and success rates to the dashboard's figures: querysets -> mos -> figures."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from anonymizer.models import Anonymization, Run
from recognition import reports
from studies.models import Rater, Rating, Study
from studies.mos import figures
from studies.mos.figure_parts import Figure, Point, Series
from studies.mos.statistics import GroupScore, mos_by_group, score_counts


@dataclass(frozen=True)
class Scope:
    """What is looked at: whose votes, which interval, which attacker, and whether the paper's figures are laid over."""

    simulated: bool
    interval: str = "clustered"
    attacker: str | None = None
    reference: bool = False


def votes(study: Study, simulated: bool) -> list[tuple[int, int, int, int]]:
    """(view angle, rater, stimulus, score) of every vote on a regular pair."""
    rows = Rating.objects.filter(
        presentation__rater__study=study,
        presentation__stimulus__role="regular",
        presentation__problem="",
        presentation__rater__simulated=simulated,
    )
    columns = (
        "presentation__stimulus__view_angle",
        "presentation__rater_id",
        "presentation__stimulus__number",
        "score",
    )
    return list(rows.order_by("pk").values_list(*columns))


def scope_of(study: Study, wanted: dict[str, str]) -> Scope:
    """The scope that an address asks for. Simulated votes are shown only where there are no others, or on demand."""
    real = Rating.objects.filter(
        presentation__rater__study=study, presentation__rater__simulated=False
    ).exists()
    some_simulated = study.raters.filter(simulated=True).exists()
    return Scope(
        simulated=some_simulated and (not real or wanted.get("simulated") == "1"),
        interval="naive" if wanted.get("interval") == "naive" else "clustered",
        attacker=wanted.get("attacker") or None,
        reference=wanted.get("reference") == "1",
    )


def summary(study: Study, scope: Scope) -> dict[str, Any]:
    """Everything the dashboard shows."""
    rows = votes(study, scope.simulated)
    run = reports.newest_run(study.anonymization)
    attacker = _attacker(run, scope)
    return {
        "votes": len(rows),
        "raters": len({row[1] for row in rows}),
        "mos": _overall(rows, scope),
        "run": run,
        "rung": next((rung for rung in reports.ladder(run) if rung["attacker"] == attacker), None)
        if run
        else None,
        "gates": reports.gates(run) if run else [],
        "figures": [*_mos_figures(study, rows, scope), *_rate_figures(study, run, attacker, scope)],
        "rater_rows": rater_rows(study, scope.simulated),
    }


def _attacker(run: Run | None, scope: Scope) -> str | None:
    if run is None:
        return None
    known = [rung["attacker"] for rung in reports.ladder(run)]
    return scope.attacker if scope.attacker in known else reports.strongest(run)


def _overall(rows: Sequence[tuple[int, int, int, int]], scope: Scope) -> dict[str, Any] | None:
    """MOS over all votes with its interval; None without a vote."""
    if not rows:
        return None
    _, raters, clips, scores = zip(*rows, strict=True)
    (whole,) = mos_by_group([0] * len(rows), raters, clips, scores)
    return {"mos": whole.mos, "ci95": _interval(whole, scope), "votes": whole.votes}


def _interval(score: GroupScore, scope: Scope) -> Any:
    return score.ci95_naive if scope.interval == "naive" else score.ci95_clustered


def label_of(anonymization: Anonymization) -> str:
    alpha = "" if anonymization.alpha is None else f" α {anonymization.alpha:g}"
    return f"{anonymization.method}{alpha}"


def view_angles(study: Study) -> list[int]:
    return sorted(set(study.stimuli.values_list("view_angle", flat=True)))


def _mos_figures(study: Study, rows: Sequence[tuple[int, int, int, int]], scope: Scope) -> list[Figure]:
    points = []
    if rows:
        angles, raters, clips, scores = zip(*rows, strict=True)
        for group in mos_by_group(angles, raters, clips, scores):
            low, high = _interval(group, scope) or (None, None)
            points.append(Point(group.group, group.mos, low, high, group.votes))
    series = Series(label_of(study.anonymization), study.anonymization.method, points, scope.simulated)
    pairs = Counter(row[2] for row in rows)
    states = Counter(study.raters.filter(simulated=scope.simulated).values_list("state", flat=True))
    named = {Rater.State(state).label: number for state, number in states.items()}
    counts = score_counts([row[3] for row in rows])
    return [
        figures.mos_by_view_angle(
            [series],
            view_angles=view_angles(study),
            raters=len({row[1] for row in rows}),
            clips=len(pairs),
            interval=scope.interval,
            reference=scope.reference,
        ),
        figures.votes_per_pair([pairs[n] for n in study.stimuli.values_list("number", flat=True)]),
        figures.raters_by_state(named),
        figures.score_distribution(
            [figures.Distribution(series.label, series.method, counts, simulated=scope.simulated)],
            labels=[f"{entry['score']} {entry['label']}" for entry in study.scale],
        ),
    ]


def _rate_figures(study: Study, run: Run | None, attacker: str | None, scope: Scope) -> list[Figure]:
    if run is None or attacker is None:
        return []
    label, method = label_of(study.anonymization), study.anonymization.method
    matrix = reports.matrix(run, attacker)
    series = Series(
        label, method, [_rate_point(entry) for entry in reports.by_probe_view_angle(run, attacker)]
    )
    ladder = reports.ladder(run)
    rungs = [_rung(entry) for entry in ladder]
    return [
        figures.success_rate_by_view_angle(
            [series], view_angles=matrix["view_angles"], attacker=attacker, reference=scope.reference
        ),
        figures.attackers_ladder(
            [figures.Ladder(label, method, rungs)],
            attackers=[entry["attacker"] for entry in ladder],
            chance=ladder[0]["chance"],
            clear=ladder[0]["clear_rank1"],
            recognizer=reports.experiment(run)["recognizer"]["name"],
        ),
        figures.success_matrix(
            label,
            matrix["success_rate"],
            matrix["recognized"],
            view_angles=matrix["view_angles"],
            attacker=attacker,
            intervals=matrix["success_ci95"],
        ),
    ]


def _rung(entry: dict[str, Any]) -> figures.Rung:
    low, high = entry["ci95"] or (None, None)
    return figures.Rung(entry["attacker"], entry["rank1"], low, high, entry["probes"])


def _rate_point(entry: dict[str, Any]) -> Point:
    low, high = entry["ci95"] or (None, None)
    return Point(entry["view_angle"], entry["success_rate"], low, high, entry["recognized"])


def rater_rows(study: Study, simulated: bool) -> list[dict[str, Any]]:
    """One line a rater: pseudonym, votes, mean score, state."""
    from django.db.models import Avg, Count

    rows = study.raters.filter(simulated=simulated).annotate(
        votes=Count("presentations__rating"), mean=Avg("presentations__rating__score")
    )
    return [
        {"pseudonym": row.pseudonym, "votes": row.votes, "mean": row.mean, "state": row.get_state_display()}
        for row in rows
    ]
