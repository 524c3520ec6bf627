"""A study's dashboard: its page, the fragments it asks for while it is open, its figures' numbers."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from anonymizer import jobs
from anonymizer.models import Run
from recognition.tables import csv_lines
from studies import access, counting, dashboard, depth, rater_table, runs
from studies.dashboard import Panel, Scope
from studies.models import Study

POLL_SECONDS = {"preparing": 2, "open": 5}  # in other stages nothing changes by itself
DEPTH_POLL_SECONDS = 15
RATERS_SHOWN = 8
CSV_TYPE = "text/csv; charset=utf-8"


@login_required
@require_GET
def study(request: HttpRequest, slug: str) -> HttpResponse:
    """The whole page; what comes second is asked for by the page itself, unless only its scope was changed."""
    found = access.study_to_view(request.user, slug)
    context = _context(request, found)
    if request.headers.get("HX-Boosted"):
        context |= _depth_context(request, found)
    return render(request, "studies/study.html", context)


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


@login_required
@require_GET
def deeper(request: HttpRequest, slug: str) -> HttpResponse:
    """The second half, nothing if nothing changed."""
    found = access.study_to_view(request.user, slug)
    if request.GET.get("seen") == dashboard.version(found):
        return HttpResponse(status=204)
    context = _depth_context(request, found)
    return render(
        request, "studies/_depth.html", context | {"study": found, "may_edit": _may_edit(request, found)}
    )


def _may_edit(request: HttpRequest, found: Study) -> bool:
    return access.may_edit(request.user, found) and found.frozen is None


def _context(request: HttpRequest, found: Study) -> dict[str, Any]:
    scope = dashboard.scope_of(request.GET.dict())
    version, stage = dashboard.version(found), dashboard.stage(found)  # before the votes: no change is missed
    shown = dashboard.dashboard(found, scope)
    queued = stage == "preparing" and found.run is not None and found.run.status == Run.Status.QUEUED
    conditions = list(found.conditions.select_related("anonymization__dataset"))
    datasets = {c.anonymization.dataset for c in conditions if c.anonymization}
    return {
        "study": found,
        "scope": scope,
        "shown": shown,
        "measure": counting.measure_of(found),
        "conditions": conditions,
        "datasets": sorted(datasets, key=lambda dataset: dataset.name),
        "hidden_datasets": [dataset for dataset in datasets if not dataset.may_be_shown_to_raters],
        "plots": _plots(shown.panels),
        "version": version,
        "stage": stage,
        "poll_seconds": POLL_SECONDS.get(stage),
        "worker_missing": queued and not jobs.worker_alive(),
        "may_edit": access.may_edit(request.user, found),
        "rater_url": runs.summary(found, settings.SITE_URL)["rater_url"],
    }


def _plots(panels: list[Panel]) -> dict[str, Any]:
    return {panel.figure.key: panel.figure.figure for panel in panels}


def _depth_context(request: HttpRequest, found: Study) -> dict[str, Any]:
    scope, version = dashboard.scope_of(request.GET.dict()), dashboard.version(found)
    shown = _depth(request, found, scope)
    now = dashboard.present(found)
    kinds = [one.simulated for one in now.shown(scope)] or [False]
    codes = rater_table.ordered(now, kinds, "r", descending=False)
    return {
        "depth": shown,
        "depth_version": version,
        "depth_poll": DEPTH_POLL_SECONDS if dashboard.stage(found) == "open" else None,
        "depth_plots": _plots(shown.drawn),
        "scope": scope,
        "measure": counting.measure_of(found),
        "rows": rater_table.rows(now, codes[:RATERS_SHOWN]),
        "rater_total": len(codes),
        "counted_raters": sum(one.raters for one in now.shown(scope)),
        "set_aside": dashboard.set_aside(found),
        "places_free": found.seats.filter(occupied=False, simulated=False).count(),
    }


def _depth(request: HttpRequest, found: Study, scope: Scope) -> depth.Depth:
    known = access.visible_studies(request.user).filter(template=found.template).exclude(pk=found.pk)
    others = known.exclude(status=Study.Status.DRAFT).order_by("-created")[: depth.OTHERS_SHOWN]
    return depth.depth(found, scope, list(others), model=request.GET.get("model", ""))


# --- Numbers ----------------------------------------------------------------------------------------
@login_required
@require_GET
def figure(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """A figure's numbers as CSV, in the scope of the page."""
    found, scope = access.study_to_view(request.user, slug), dashboard.scope_of(request.GET.dict())
    panels = {panel.figure.key: panel for panel in dashboard.dashboard(found, scope).panels}
    if key not in panels:
        panels = {panel.figure.key: panel for panel in _depth(request, found, scope).figures}
    if key not in panels:
        raise Http404("This study has no such figure.")
    table = panels[key].figure.table
    response = HttpResponse("".join(csv_lines(table.columns, table.rows)), content_type=CSV_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{slug}-{key}.csv"'
    return response
