"""Pages of studies: the list, a new one, and the dashboard."""

import csv
import io
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from anonymizer import tasks
from anonymizer.forms import judged_anonymizations, ready_datasets
from anonymizer.jobs import Refused
from studies import dashboard, runs
from studies.forms import StudyForm
from studies.models import Study


@login_required
@require_GET
def studies(request: HttpRequest) -> HttpResponse:
    rows = Study.objects.select_related("anonymization__dataset", "run").annotate(
        votes=Count("raters__presentations__rating"), rater_count=Count("raters", distinct=True)
    )
    context = {"studies": rows, "any_anonymization": judged_anonymizations().exists()}
    return render(request, "studies/studies.html", context)


@login_required
def new(request: HttpRequest) -> HttpResponse:
    form = StudyForm(request.POST or None, initial={"anonymization": request.GET.get("anonymization")})
    if request.method == "POST" and form.is_valid():
        run = form.start(request.user)  # type: ignore[arg-type]
        if run is not None:
            tasks.enqueue(run)
            return redirect("studies:study", Study.objects.get(run=run).slug)
    context = {
        "form": form,
        "any_anonymization": judged_anonymizations().exists(),
        "any_dataset": ready_datasets().exists(),
    }
    return render(request, "studies/new.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def study(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "studies/study.html", _context(request, slug))


@login_required
@require_GET
def live(request: HttpRequest, slug: str) -> HttpResponse:
    """What changes while a study is open: asked for every five seconds."""
    return render(request, "studies/_live.html", _context(request, slug))


def _context(request: HttpRequest, slug: str) -> dict[str, Any]:
    found = get_object_or_404(Study.objects.select_related("anonymization__dataset", "run"), slug=slug)
    scope = dashboard.scope_of(found, request.GET.dict())
    shown = dashboard.summary(found, scope)
    return {
        "study": found,
        "scope": scope,
        "shown": shown,
        "query": request.GET.urlencode(),
        "rater_url": f"{settings.SITE_URL}/s/{found.token}/",
        "plots": {figure.key: figure.figure for figure in shown["figures"]},
        "prepared": found.seats.exists(),
        "simulated_raters": found.raters.filter(simulated=True).count(),
    }


@login_required
@require_POST
def open_(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Study, slug=slug)
    try:
        runs.open_study(found)
        messages.success(request, "The study is open. Share its link.")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("studies:study", slug)


@login_required
@require_POST
def close(request: HttpRequest, slug: str) -> HttpResponse:
    runs.close_study(get_object_or_404(Study, slug=slug))
    messages.success(request, "The study is closed. Raters who are in may finish.")
    return redirect("studies:study", slug)


@login_required
@require_GET
def figure(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """A figure's numbers as CSV."""
    shown = _context(request, slug)["shown"]["figures"]
    found = next((each for each in shown if each.key == key), None)
    if found is None:
        raise Http404("This study has no such figure.")
    text = io.StringIO()
    csv.writer(text).writerows([found.table.columns, *found.table.rows])
    name = f'attachment; filename="{slug}-{key}.csv"'
    return HttpResponse(
        text.getvalue(), content_type="text/csv; charset=utf-8", headers={"Content-Disposition": name}
    )


@login_required
@require_GET
def export(request: HttpRequest, slug: str) -> HttpResponse:
    """Ratings or recognition results, as CSV or XLSX."""
    from studies import export as exports

    found = get_object_or_404(Study, slug=slug)
    form = request.GET.get("format", "csv")
    if form not in ("csv", "xlsx"):
        raise Http404("Exports are csv or xlsx.")
    answer = (
        exports.recognition_response if request.GET.get("what") == "recognition" else exports.ratings_response
    )
    response: HttpResponse = answer(found, form)  # type: ignore[assignment]
    return response
