"""The first page: what needs me?"""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from anonymizer import jobs, run_page
from anonymizer.access import visible_runs
from anonymizer.models import Dataset, Run
from anonymizer.runs import CASIA_B_VIEW_ANGLES
from config import answers
from studies import demo
from studies.access import visible_studies
from studies.models import Study

FAILURES, RUNNING = 5, 8


@login_required
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    shown_demo = demo_progress()
    running = run_page.titled(
        (jobs.unfinished() & visible_runs(request.user)).order_by("-status", "pk")[:RUNNING]
    )
    context = {
        "failed": failures(request, shown_demo),
        "running": running,
        "no_worker": any(run.status == Run.Status.QUEUED for run in running) and not jobs.worker_alive(),
        "to_open": to_open(request),
        "demo": shown_demo,
        "answers": answers.newest(request.user),
        "every_view_angle": CASIA_B_VIEW_ANGLES,
        "empty": not running and not Dataset.objects.exists(),
    }
    return render(request, "overview.html", context)


def to_open(request: HttpRequest) -> list[Study]:
    """Prepared drafts that this person may see."""
    mine = visible_studies(request.user)
    return list(mine.filter(status=Study.Status.DRAFT, run__status=Run.Status.SUCCEEDED)[:FAILURES])


def failures(request: HttpRequest, shown_demo: dict[str, Any] | None) -> list[Run]:
    """Runs that failed lately and that nobody has retried or put away; the demo tells of its own."""
    own = [step["run"].pk for step in shown_demo["steps"] if step["run"]] if shown_demo else []
    failed = visible_runs(request.user).filter(status=Run.Status.FAILED, created__gte=run_page.recent())
    waiting = jobs.not_put_away(failed.exclude(kind=Run.Kind.DEMO).exclude(pk__in=own))
    found = run_page.titled(waiting[:FAILURES])
    for run in found:
        run.start_again = run_page.start_again(run)  # type: ignore[attr-defined]
    return found


def demo_progress() -> dict[str, Any] | None:
    """The demo's stages while it is not complete; None where there is none, or it is done."""
    run = Run.objects.filter(kind=Run.Kind.DEMO).exclude(status=Run.Status.SUCCEEDED).order_by("-pk").first()
    if run is None:
        return None
    whole = demo.Demo(run)
    stage_runs = [(stage, whole.stage_run(stage.name)) for stage in demo.STAGES]
    steps = [{"label": stage.label, "run": done, "state": _state(done)} for stage, done in stage_runs]
    return {"run": run, "steps": steps, "done": sum(step["state"] == "done" for step in steps)}


def _state(run: Run | None) -> str:
    if run is None:
        return "todo"
    return {Run.Status.SUCCEEDED: "done", Run.Status.FAILED: "failed", Run.Status.CANCELLED: "failed"}.get(
        Run.Status(run.status), "now"
    )
