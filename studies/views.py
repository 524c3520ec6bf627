"""Pages of studies for researchers: the list, a new one, the dashboard, what can be downloaded."""

import csv
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from anonymizer import jobs, tasks
from anonymizer.forms import judged_anonymizations, ready_datasets
from anonymizer.jobs import Refused
from anonymizer.models import Run
from studies import access, dashboard, runs
from studies.forms import StudyForm
from studies.models import Stimulus, Study

STUDIES_A_PAGE = 40
POLL_SECONDS = {"preparing": 2, "open": 5}  # in other stages nothing changes by itself


@login_required
@require_GET
def studies(request: HttpRequest) -> HttpResponse:
    page = Paginator(_listed(request), STUDIES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "any_anonymization": judged_anonymizations().exists(),
        "any_dataset": ready_datasets().exists(),
    }
    return render(request, "studies/studies.html", context)


def _listed(request: HttpRequest) -> Any:
    regular = Q(
        raters__presentations__stimulus__role=Stimulus.Role.REGULAR, raters__presentations__problem=""
    )
    people = Q(raters__simulated=False)
    known = (
        access.visible_studies(request.user)
        .prefetch_related("conditions__anonymization__dataset")
        .order_by("-created")
    )
    return known.annotate(
        votes=Count("raters__presentations__rating", filter=regular & people),
        simulated_votes=Count("raters__presentations__rating", filter=regular & ~people),
        rater_count=Count("raters", filter=people, distinct=True),
    )


# --- A new one ------------------------------------------------------------------------------------
@login_required
def new(request: HttpRequest) -> HttpResponse:
    if request.method == "GET" and request.headers.get("HX-Request"):
        return render(request, "studies/_expected.html", {"expected": StudyForm(request.GET).expected()})
    asked = request.GET.get("anonymization")
    form = StudyForm(request.POST or None, initial={"anonymization": asked} if asked else {})
    if request.method == "POST" and form.is_valid():
        run = form.start(request.user if request.user.is_authenticated else None)
        if run is not None:
            tasks.enqueue(run)
            return redirect("studies:study", run.study.slug)
    context = {
        "form": form,
        "expected": form.expected(),
        "any_anonymization": judged_anonymizations().exists(),
        "any_dataset": ready_datasets().exists(),
    }
    return render(request, "studies/new.html", context, status=422 if form.errors else 200)


# --- The dashboard --------------------------------------------------------------------------------
@login_required
@require_GET
def study(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "studies/study.html", _context(request, access.study_to_view(request.user, slug)))


@login_required
@require_GET
def live(request: HttpRequest, slug: str) -> HttpResponse:
    """What changes while the page is open: nothing if nothing did, the whole page if the study's stage did."""
    found = access.study_to_view(request.user, slug)
    if request.GET.get("stage") != dashboard.stage(found):
        return HttpResponse(headers={"HX-Refresh": "true"})
    if request.GET.get("seen") == dashboard.version(found):
        return HttpResponse(status=204)
    return render(request, "studies/_live.html", _context(request, found))


def _context(request: HttpRequest, found: Study) -> dict[str, Any]:
    scope = dashboard.scope_of(request.GET.dict())
    version, stage = dashboard.version(found), dashboard.stage(found)  # before the votes: no change is missed
    shown = dashboard.dashboard(found, scope)
    queued = stage == "preparing" and found.run is not None and found.run.status == Run.Status.QUEUED
    return {
        "study": found,
        "scope": scope,
        "shown": shown,
        "plots": {panel.figure.key: panel.figure.figure for panel in shown.panels},
        "version": version,
        "stage": stage,
        "poll_seconds": POLL_SECONDS.get(stage),
        "worker_missing": queued and not jobs.worker_alive(),
        "may_edit": access.may_edit(request.user, found),
        "rater_url": runs.summary(found, settings.SITE_URL)["rater_url"],
        "may_be_shown": found.anonymization is None or found.anonymization.dataset.may_be_shown_to_raters,
    }


def person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


@login_required
@require_POST
def open_study(request: HttpRequest, slug: str) -> HttpResponse:
    found = access.study_to_edit(request.user, slug)
    try:
        runs.open_study(found, person(request))
        messages.success(request, "The study is open. Share its link.")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("studies:study", slug)


@login_required
@require_POST
def close_study(request: HttpRequest, slug: str) -> HttpResponse:
    found = access.study_to_edit(request.user, slug)
    try:
        runs.close_study(found, person(request))
        messages.success(request, "The study is closed. Raters who are in may finish.")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("studies:study", slug)


# --- Downloads ------------------------------------------------------------------------------------
@login_required
@require_GET
def figure(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """A figure's numbers as CSV, in the scope of the page."""
    panels = dashboard.dashboard(
        access.study_to_view(request.user, slug), dashboard.scope_of(request.GET.dict())
    ).panels
    table = next((panel.figure.table for panel in panels if panel.figure.key == key), None)
    if table is None:
        raise Http404("This study has no such figure.")
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}-{key}.csv"'
    csv.writer(response).writerows([table.columns, *table.rows])
    return response
