"""What every page of the site knows: the rail's counts and the jobs at its foot."""

from typing import Any

from django.http import HttpRequest

from anonymizer import jobs
from anonymizer.models import Dataset, Run
from recognition.models import Recognition
from studies.access import visible_studies


def site(request: HttpRequest) -> dict[str, Any]:
    """Counts for the rail; raters and visitors who are not signed in see none of it."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {}
    return {
        "rail": {
            "datasets": Dataset.objects.count(),
            "runs": Run.objects.exclude(kind=Run.Kind.DEMO).count(),
            "recognitions": Recognition.objects.count(),
            "studies": visible_studies(request.user).count(),
        },
        "jobs_running": jobs.unfinished()[:3],
        "jobs_running_count": jobs.unfinished().count(),
    }
