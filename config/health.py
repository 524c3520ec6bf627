"""Whether the site lives and can work, for load balancers and monitors."""

from collections.abc import Iterator
from ipaddress import ip_address

from celery import current_app
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from anonymizer import jobs
from anonymizer.models import Dataset, Run, Sequence, Worker
from studies.models import Rater, Rating, Study


@never_cache
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is looked at."""
    return JsonResponse({"alive": True})


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200 where a job that is started now would be done, else 503 with what is missing."""
    database = database_answers()
    parts = {"database": database, "broker": broker_answers(), "worker": database and jobs.worker_alive()}
    return JsonResponse({"ready": all(parts.values()), **parts}, status=200 if all(parts.values()) else 503)


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:  # whatever it is, the site is not ready
        return False
    return True


def broker_answers() -> bool:
    try:
        with current_app.connection_for_write(
            transport_options={"socket_connect_timeout": 1, "socket_timeout": 2}
        ) as broker:
            broker.channel()  # opening one asks the server
    except Exception:  # likewise; the broker's library has many ways to fail
        return False
    return True


# --- Metrics --------------------------------------------------------------------------------------
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus's text format, for staff and for this machine alone."""
    if not (is_local(request) or getattr(request.user, "is_staff", False)):
        raise PermissionDenied("Metrics are for staff and for this machine.")
    return HttpResponse(
        "\n".join(metric_lines()) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8"
    )


def is_local(request: HttpRequest) -> bool:
    """From this machine, and not passed on by a proxy that happens to run on it."""
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:  # a Unix socket has no address
        return False


def metric_lines() -> Iterator[str]:
    by_kind = Run.objects.order_by().values_list("kind", "status").annotate(count=Count("pk"))
    yield from _metric(
        "gaitmos_runs", "Runs by kind and status", [(f'kind="{k}",status="{s}"', n) for k, s, n in by_kind]
    )
    waiting = Run.objects.filter(status=Run.Status.QUEUED).order_by("created").first()
    waited = (timezone.now() - waiting.created).total_seconds() if waiting else 0
    yield from _metric(
        "gaitmos_queue_oldest_seconds", "Age of the run that waits longest", [("", round(waited, 1))]
    )
    beat = Worker.objects.aggregate(last=Max("last_beat"))["last"]
    if beat is not None:
        silent = (timezone.now() - beat).total_seconds()
        yield from _metric(
            "gaitmos_worker_silent_seconds", "Since a worker was last heard of", [("", round(silent, 1))]
        )
    studies = Study.objects.order_by().values_list("status").annotate(count=Count("pk"))
    yield from _metric("gaitmos_studies", "Studies by status", [(f'status="{s}"', n) for s, n in studies])
    raters = Rater.objects.filter(simulated=False).order_by().values_list("state").annotate(count=Count("pk"))
    yield from _metric(
        "gaitmos_raters", "Raters by state, without simulated ones", [(f'state="{s}"', n) for s, n in raters]
    )
    votes = Rating.objects.filter(presentation__rater__simulated=False).count()
    yield from _metric("gaitmos_votes", "Votes kept, without simulated ones", [("", votes)])
    yield from _metric(
        "gaitmos_datasets", "Datasets ready for use", [("", Dataset.objects.filter(ready=True).count())]
    )
    yield from _metric("gaitmos_sequences", "Sequences stored", [("", Sequence.objects.count())])


def _metric(name: str, about: str, values: list[tuple[str, float]]) -> Iterator[str]:
    """One gauge: its help, its type, and a line for each set of labels."""
    yield f"# HELP {name} {about}."
    yield f"# TYPE {name} gauge"
    for labels, value in values:
        yield f"{name}{{{labels}}} {value}" if labels else f"{name} {value}"
