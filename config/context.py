"""What every page of the site knows: the rail's counts and the jobs at its foot."""

from typing import Any

from django.http import HttpRequest

from anonymizer import jobs
from anonymizer.access import visible_runs
from anonymizer.models import Dataset, Run
from studies.access import visible_studies


def site(request: HttpRequest) -> dict[str, Any]:
    """Counts for the rail; raters and visitors who are not signed in see none of it."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {}
    runs = visible_runs(request.user)
    shown = ("kind", "status", "stage", "done", "total")
    going = list((jobs.unfinished() & runs).order_by("-status", "pk").only(*shown))  # running ones first
    return {
        "rail": {
            "datasets": Dataset.objects.count(),
            "runs": runs.exclude(kind=Run.Kind.DEMO).count(),
            "recognitions": runs.filter(kind=Run.Kind.RECOGNIZE).count(),
            "studies": visible_studies(request.user).count(),
        },
        "job_shown": going[0] if going else None,
        "jobs_running": sum(run.status == Run.Status.RUNNING for run in going),
        "jobs_waiting": sum(run.status == Run.Status.QUEUED for run in going),
    }
