"""The page that compares variants of the recognizer: what does each of its parts contribute?"""

import csv
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from anonymizer import run_page
from anonymizer.forms import ready_datasets
from anonymizer.models import Run
from anonymizer.starting import started
from recognition import figures
from recognition.forms import AblationForm

SHOWN = 5


@login_required
def ablations(request: HttpRequest) -> HttpResponse:
    """The newest comparisons, and the form that starts another."""
    form = AblationForm(request.POST or None)
    if answer := started(request, form):
        return answer
    begun = run_page.titled(Run.objects.filter(kind=Run.Kind.ABLATE).order_by("-pk")[:SHOWN])
    context = {
        "form": form,
        "comparisons": [_comparison(run) for run in begun if run.result.get("variants")],
        "unfinished": [run for run in begun if run.status != Run.Status.SUCCEEDED],
        "any_dataset": ready_datasets().exists(),
    }
    return render(request, "recognition/ablations.html", context, status=422 if form.errors else 200)


def _comparison(run: Run) -> dict[str, Any]:
    variants = run.result["variants"]
    return {
        "run": run,
        "differences": [each["difference"] for each in variants[0]["by_difference"]],
        "rows": [
            {
                "label": each["label"],
                "reason": each.get("reason", ""),
                "cells": [_cell(cell) for cell in (*each["by_difference"], each["cross_view"])],
            }
            for each in variants
        ],
    }


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    rate = cell["rank1"]
    return {
        "rate": "n/a" if rate is None else f"{100 * rate:.0f}",
        "interval": figures.interval(cell["ci95"]),
        "look": figures.look(rate),
    }


@login_required
@require_GET
def table(request: HttpRequest, pk: int) -> HttpResponse:
    """A comparison as CSV: a row a variant and difference."""
    run = get_object_or_404(Run, pk=pk, kind=Run.Kind.ABLATE)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="variants-run-{pk}.csv"'
    writer = csv.writer(response)
    writer.writerow(("variant", "view_angle_difference", "rank1", "ci95_low", "ci95_high"))
    for each in run.result.get("variants", []):
        for cell in (*each["by_difference"], each["cross_view"]):
            writer.writerow((each["variant"], cell["difference"], cell["rank1"], *(cell["ci95"] or ("", ""))))
    return response
