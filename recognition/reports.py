"""What other apps and pages may know of success rates, as a recognition run wrote it down.

Rates are 0 to 1 and None where undefined; matrices are [gallery view angle][probe view angle].
"""

from collections.abc import Iterable, Iterator
from typing import Any

from anonymizer.models import Anonymization, Run
from recognition.models import Identification, Recognition
from recognition.tables import Columns, Row

ORIGINALS = ""  # the attacker of the row that holds their answers
COLUMNS: Columns = {
    "attacker": "text",
    "subject": "text",
    "gait_condition": "text",
    "number": "integer",
    "probe_view_angle": "integer",
    "gallery_view_angle": "integer",
    "predicted_subject": "text",
    "true_rank": "integer",
    "identified": "boolean",
    "distance": "number",
}


def newest_run(anonymization: Anonymization) -> Run | None:
    """The newest finished recognition of this anonymization."""
    return (
        Run.objects.filter(
            kind=Run.Kind.RECOGNIZE,
            status=Run.Status.SUCCEEDED,
            parameters__anonymization_run=anonymization.run_id,
        )
        .order_by("-pk")
        .first()
    )


def experiment(run: Run) -> dict[str, Any]:
    """Everything a recognition run found, in the form of `manage.py experiment --json`."""
    found: dict[str, Any] = run.result.get("experiment", {})
    return found


def ladder(run: Run) -> list[dict[str, Any]]:
    """The attackers from the weakest to the strongest, at the same view angle."""
    found: list[dict[str, Any]] = run.result.get("ladder", [])
    return found


def strongest(run: Run) -> str | None:
    """The attacker who still names most; the headline."""
    rung = strongest_rung(run)
    return rung["attacker"] if rung else None


def strongest_rung(run: Run) -> dict[str, Any] | None:
    rungs = [rung for rung in ladder(run) if rung["rank1"] is not None]
    return max(rungs, key=lambda rung: rung["rank1"]) if rungs else None


def same_originals(rungs: Iterable[dict[str, Any]]) -> bool:
    """Whether the originals' rank-1 is one for all: an attacker that left out probes has originals of its own."""
    return len({rung["clear_rank1"] for rung in rungs}) <= 1


def matrix(run: Run, attacker: str) -> dict[str, Any]:
    """One attacker's matrices, with the originals' rank-1 beside them."""
    whole = experiment(run)
    found = whole["attackers"][attacker]
    return {
        "view_angles": whole["view_angles"],
        "original_rank1": whole["originals"]["rank1"],
        "probes": whole["originals"]["probes"],
        **found,
        "tried": [[rate is not None for rate in row] for row in found["rank1"]],
    }


def by_probe_view_angle(run: Run, attacker: str) -> list[dict[str, Any]]:
    """`{"view_angle", "success_rate", "ci95", "recognized"}` of each probe view angle."""
    whole = experiment(run)
    found = whole["attackers"][attacker]
    return [
        {**entry, "recognized": _tried(found, column)}
        for column, entry in enumerate(found["by_probe_view_angle"])
    ]


def _tried(found: dict[str, Any], column: int) -> int:
    """Gaits of S that the attacker tried at a probe view angle: it may have left out cells."""
    cells = zip(found["recognized"], found["success_rate"], strict=True)
    return sum(row[column] for row, rates in cells if rates[column] is not None)


def gates(run: Run) -> list[dict[str, Any]]:
    """Whether the attack can be trusted: `{"ok", "text"}`, a sentence each."""
    verdict = experiment(run).get("verdict", {})
    refused = [{"ok": False, "text": text} for text in verdict.get("refused", [])]
    if refused:
        return refused
    skill = verdict.get("skill")
    named = "" if skill is None else f": {100 * skill:.0f} % of the way from chance to certainty"
    return [
        {"ok": True, "text": f"Clear gaits are named well{named}{_whose_originals(run)}."},
        {"ok": True, "text": "No stronger attacker falls below a weaker one by more than noise."},
        *_donors_told_apart(run),
    ]


def _whose_originals(run: Run) -> str:
    """Which probes that holds for, where the strongest attacker tried only some of them."""
    rung = strongest_rung(run)
    if rung is None or rung["clear_rank1"] is None or same_originals(ladder(run)):
        return ""
    own = f"{100 * rung['clear_rank1']:.1f} % at the same view angle"
    return f", over all probes; of the {rung['probes']} that the strongest attacker tried, {own}"


def _donors_told_apart(run: Run) -> list[dict[str, Any]]:
    """Where it could be asked: an attack that can't even name donors would be broken."""
    checks = (rung.get("details", {}).get("donors") for rung in ladder(run))
    return [
        {
            "ok": True,
            "text": f"Donors can be told apart: {100 * each['named']:.0f} % of {each['probes']} are named by who "
            f"knows them, {100 * each['chance']:.0f} % by chance.",
        }
        for each in checks
        if each
    ]


def rows(run: Run) -> Iterator[dict[str, Any]]:
    """Every identification of a run, for exports; a row a probe, gallery view angle and attacker."""
    every = Identification.objects.filter(recognition__run=run).select_related(
        "recognition", "probe__subject", "predicted_subject"
    )
    for row in every.iterator(chunk_size=2000):
        yield {
            "attacker": row.recognition.attacker or "originals",
            "subject": row.probe.subject.label,
            "gait_condition": row.probe.gait_condition,
            "number": row.probe.number,
            "probe_view_angle": row.probe.view_angle,
            "gallery_view_angle": row.gallery_view_angle,
            "predicted_subject": row.predicted_subject.label,
            "true_rank": row.true_rank,
            "identified": row.true_rank == 1,
            "distance": row.distance,
        }


def table(run: Run) -> Iterator[Row]:
    """The same in the order of `COLUMNS`."""
    return (tuple(row[name] for name in COLUMNS) for row in rows(run))


def count(run: Run) -> int:
    return Identification.objects.filter(recognition__run=run).count()


def recognitions(anonymization: Anonymization) -> list[Recognition]:
    return list(Recognition.objects.filter(anonymization=anonymization).select_related("run", "recognizer"))
