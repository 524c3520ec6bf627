"""The researchers' side of the API: results and ratings, by the site's session or an `Authorization: Bearer` key."""

from http import HTTPStatus
from typing import Any

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from ninja import Router
from ninja.security import HttpBearer

from anonymizer import jobs, tasks
from anonymizer.models import Run
from studies import access, export_files, export_views, exporting, keys
from studies.models import Study
from studies.results import results as study_results

RETRY_SECONDS = 5


class ByKey(HttpBearer):
    """A researcher's key."""

    openapi_name = "key"

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        return keys.user_of(token)


def by_session(request: HttpRequest) -> User | None:
    """Who is signed in on the site."""
    return request.user if request.user.is_authenticated else None


router = Router(tags=["researchers"], auth=[ByKey(), by_session])


@router.get("/studies/{slug}/results")
def results(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Every number of the dashboard, people and simulated raters apart; what is undefined is null."""
    return JsonResponse(study_results(_study(request, slug)))


@router.get("/studies/{slug}/ratings")
def ratings(request: HttpRequest, slug: str, format: str = "csv") -> HttpResponseBase:
    """Every presentation in the asked-for format, with rows and digest in the headers.

    A large study's file is made by a job: 202 with an address to ask again, 200 with the file when it is
    there. It is made anew when anything has changed.
    """
    study = _study(request, slug)
    if format not in export_files.FORMATS:
        raise Http404(f"There is no format {format!r}. Use one of: {', '.join(export_files.FORMATS)}.")
    if not exporting.is_large(study):
        return export_views.at_once(study, format)
    made = exporting.fresh(study, format)
    if made:
        return export_views.kept(request, made)
    run = exporting.request_export(study, format, _user(request))
    if run.sent is None:
        tasks.enqueue(run)
    return _not_yet(run, f"{request.path}?format={format}")


def _not_yet(run: Run, address: str) -> HttpResponseBase:
    body: dict[str, Any] = {
        "detail": "The file is being made. Ask again at this address.",
        "run": run.pk,
        "status": run.status,
        "percent": run.percent,
        "address": address,
        "worker_alive": jobs.worker_alive(),
    }
    return JsonResponse(body, status=HTTPStatus.ACCEPTED, headers={"Retry-After": str(RETRY_SECONDS)})


def _study(request: HttpRequest, slug: str) -> Study:
    return access.study_to_view(_user(request), slug)


def _user(request: HttpRequest) -> User:
    user: User = request.auth  # type: ignore[attr-defined]
    return user
