"""A recognition run once more from what was stored of it, and compared with what it found."""

from typing import Any

from anonymizer import runs as anonymizer_runs
from anonymizer.jobs import Refused
from anonymizer.models import Anonymization, Checkpoint, Run
from recognition import reports, runs
from recognition.models import Recognizer

SHOWN = 20  # differences that are listed; all are counted


def experiment_run(run_id: int) -> Run:
    """The recognition run of that number; what can't be reproduced is refused."""
    run = Run.objects.filter(pk=run_id).first()
    if run is None:
        raise Refused(
            f"There is no run {run_id}. Give the number that `recognize`, `experiment` or `sweep` printed."
        )
    if run.kind == Run.Kind.SWEEP and run.result.get("rows"):
        made = ", ".join(str(row["recognition_run"]) for row in run.result["rows"])
        raise Refused(f"Run {run_id} is a sweep. Give one of its recognitions: {made}.")
    if run.kind != Run.Kind.RECOGNIZE or not run.result.get("experiment"):
        raise Refused(f"Run {run_id} is no finished recognition. Give one: its result is what is compared.")
    judged = Anonymization.objects.filter(run=run.parameters["anonymization_run"]).first()
    if judged is None:
        raise Refused(f"The anonymization of run {run_id} is gone, so it can't be made again.")
    return run


def network_again(judged: Anonymization) -> Run | None:
    """The network's training once more; None where the method has none."""
    checkpoint = judged.checkpoint
    if checkpoint is None:
        return None
    if checkpoint.run is None:
        raise Refused(f"How checkpoint {checkpoint.name} was trained is not known. Leave --from-scratch out.")
    asked = checkpoint.run.parameters
    return anonymizer_runs.request_network(
        judged.dataset,
        asked["method"],
        alpha=asked["alpha"],
        split=asked["split"],
        epochs=asked["epochs"],
        stride=asked["stride"],
        parameters=asked.get("parameters"),
        seed=checkpoint.run.seed,
    )


def anonymization_again(judged: Anonymization, checkpoint: Checkpoint | None) -> Run:
    asked = judged.run.parameters
    return anonymizer_runs.request_anonymization(
        judged.dataset,
        judged.method,
        alpha=judged.alpha,
        donor=judged.donor_policy,
        checkpoint=checkpoint,
        split=asked["split"],
        walks=asked["walks"],
        parameters=judged.parameters,
        seed=judged.run.seed,
    )


def recognizer_of(run: Run) -> Recognizer:
    """The one that a recognition run compared with."""
    row = run.recognitions.filter(attacker=reports.ORIGINALS).select_related("recognizer__run").first()
    if row is None or row.recognizer is None:
        raise Refused(f"Which recognizer run {run.pk} used is not known.")
    found: Recognizer = row.recognizer
    return found


def recognizer_again(recognizer: Recognizer) -> Run:
    """The recognizer's training once more."""
    if recognizer.run is None or recognizer.dataset is None:
        raise Refused(f"How recognizer {recognizer.name} was trained is not known. Leave --from-scratch out.")
    asked = recognizer.run.parameters
    return runs.request_recognizer(
        recognizer.dataset, asked["split"], asked["parameters"], recognizer.run.seed, kind=asked["kind"]
    )


def recognition_again(run: Run, anonymization: Anonymization, recognizer: Recognizer) -> Run:
    asked = {**runs.EARLIER, **run.parameters}
    return runs.request_recognition(
        anonymization,
        recognizer=recognizer,
        attackers=asked["attackers"],
        gallery=asked["gallery"],
        probe=asked["probe"],
        seed=run.seed,
        copies=asked["copies"],
        clips=asked["clips"],
        view_angles=asked["view_angles"],
        rows=False,
    )


def compared(before: Run, after: Run, tolerance: float) -> dict[str, Any]:
    """`{"run", "again", "same", "numbers", "differences", "listed", "changed"}`; `changed` = versions and hashes."""
    from recognition.identify.differences import differences, numbers

    then, now = (_told(run) for run in (before, after))
    found = [str(each) for each in differences(then, now, tolerance)]
    old, new = (_flat(run.result.get("provenance", {})) for run in (before, after))
    return {
        "run": before.pk,
        "again": after.pk,
        "same": not found,
        "numbers": numbers(then),
        "differences": len(found),
        "listed": found[:SHOWN],
        "changed": {name: [old.get(name), new.get(name)] for name in new if old.get(name) != new[name]},
    }


def _told(run: Run) -> dict[str, Any]:
    """What a run found, without names of its own: a recognizer trained again has another name."""
    return {name: run.result[name] for name in ("experiment", "ladder")}


def _flat(provenance: dict[str, Any]) -> dict[str, Any]:
    return {**provenance, **provenance.get("libraries", {}), "libraries": None}
