"""What was asked for and stopped part-way goes on when the same is asked for again, instead of beginning anew."""

from typing import Any

from anonymizer import jobs
from anonymizer.models import Run

WANTED_BY = "wanted_by"  # in a finished run's result: the command that it is a part of, until that is done


def unfinished(kind: str, parameters: dict[str, Any], seed: int = 0, wanted_by: str = "") -> Run | None:
    """The newest run that was asked the same and was begun, but is not at its end; one that stopped is queued again.

    One that was refused is none: the same again would be refused too. Of a command that needs several runs,
    named by `wanted_by`, those that it had finished when it was stopped are found as well.
    """
    same = (run for run in Run.objects.filter(kind=kind, seed=seed) if run.parameters == parameters)
    found = next((run for run in same if _goes_on(run, wanted_by)), None)
    if found is not None:
        jobs.retry(found)
    return found


def _goes_on(run: Run, wanted_by: str) -> bool:
    if run.status == Run.Status.SUCCEEDED:
        return bool(wanted_by) and run.result.get(WANTED_BY) == wanted_by
    if run.status == Run.Status.QUEUED:
        return run.attempts > 0
    return not run.result.get(jobs.REFUSED)


def earlier(run: Run, wanted_by: str = "") -> Run:
    """The unfinished run that this new one repeats, which is deleted then; else this one."""
    if run.status != Run.Status.QUEUED or run.attempts:
        return run
    found = unfinished(run.kind, run.parameters, run.seed, wanted_by)
    if found is None:
        return run
    run.delete()
    return found


def want(run: Run, wanted_by: str) -> None:
    """Remember of a finished run what it is a part of; an empty name ends that."""
    others = {name: value for name, value in run.result.items() if name != WANTED_BY}
    run.result = {**others, WANTED_BY: wanted_by} if wanted_by else others
    Run.objects.filter(pk=run.pk).update(result=run.result)
