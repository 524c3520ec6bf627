"""Sweeps: many experiments as one table and one frontier, and the form that asks for another."""

import json
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET

from anonymizer import run_page, tasks
from anonymizer.forms import ready_datasets
from anonymizer.models import Dataset, Run
from recognition import figures, tables
from recognition.forms import SweepForm

SHOWN = 20
LADDER = "_rank1"
NO_ATTACKERS = ("clear", "strongest", "strongest_worst")  # what else ends in LADDER


@login_required
def sweeps(request: HttpRequest) -> HttpResponse:
    """The newest sweeps, and the form that starts another."""
    form = SweepForm(request.POST or None, initial={"dataset": request.GET.get("dataset")})
    if request.method == "POST" and form.is_valid():
        run = form.start(request.user if request.user.is_authenticated else None)
        if run is not None:
            tasks.enqueue(run)
            return redirect("recognition:sweep", run.pk)
    found = run_page.titled(Run.objects.filter(kind=Run.Kind.SWEEP).order_by("-pk")[:SHOWN])
    context = {"form": form, "sweeps": found, "any_dataset": ready_datasets().exists()}
    return render(request, "recognition/sweeps.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def sweep(request: HttpRequest, pk: int) -> HttpResponse:
    """One sweep, as far as it has come."""
    run = get_object_or_404(Run, pk=pk, kind=Run.Kind.SWEEP)
    if not run.result.get("rows"):
        return redirect("anonymizer:run", pk)
    run_page.titled([run])
    return render(request, "recognition/sweep.html", _page(run))


def _page(run: Run) -> dict[str, Any]:
    lines, rows = _summary(run), run.result["rows"]
    named = [name for name in _names(lines) if name not in NO_ATTACKERS]
    datasets = Dataset.objects.filter(pk__in=run.parameters["datasets"])
    return {
        "run": run,
        "lines": [_line(line) for line in lines],
        "attackers": [_label(name) for name in named],
        "ladder": [_rungs(line, named) for line in lines],
        "several_seeds": len({line["seeds"] for line in lines}) > 1,
        "several_datasets": len({line["dataset"] for line in lines}) > 1,
        "datasets": sorted({line["dataset"] for line in lines}),
        "synthetic": any(dataset.is_synthetic for dataset in datasets),
        "recognizer": ", ".join(sorted({line["recognizer"] for line in lines} - {""})),
        "chance": mean(lines[0].get("chance"), percent=True),
        "seeds": figures.from_to(line["seeds"] for line in lines),
        "done": len(rows),
        "asked": len(run.parameters["conditions"])
        * len(run.parameters["seeds"])
        * len(run.parameters["datasets"]),
        "figure": _figure(lines),
        "protocol": run.parameters["attack"],
        "split": run.parameters["split"],
    }


def _summary(run: Run) -> list[dict[str, Any]]:
    from recognition.identify import frontier

    return frontier.summary(run.result["rows"])


def _figure(lines: list[dict[str, Any]]) -> SafeString:
    """The frontier as SVG; it escapes what it says."""
    from recognition.identify import frontier

    return mark_safe(frontier.figure(lines))


def _names(lines: list[dict[str, Any]]) -> list[str]:
    """Whose rank-1 there is, in the order of the ladder."""
    keys = dict.fromkeys(key for line in lines for key in line)
    return [key.removesuffix(LADDER) for key in keys if key.endswith(LADDER)]


def _label(attacker: str) -> str:
    from recognition.identify.attackers import ATTACKERS

    return ATTACKERS[attacker].label if attacker in ATTACKERS else attacker


def _line(line: dict[str, Any]) -> dict[str, Any]:
    """A condition as the table says it."""
    strongest = line.get("strongest_rank1")
    return {
        "condition": line["condition"],
        "method": line["method"],
        "dataset": line["dataset"],
        "seeds": line["seeds"],
        "refused": line["refused"],
        "strongest": [_label(name) for name in line["strongest"]],
        "clear": mean(line.get("clear_rank1"), percent=True),
        "rank1": mean(strongest, percent=True),
        "spread": spread(strongest, percent=True),
        "success": mean(line.get("strongest_success_rate"), percent=True),
        "success_spread": spread(line.get("strongest_success_rate"), percent=True),
        "recognized": spread(line.get("strongest_recognized"), digits=0)
        or mean(line.get("strongest_recognized")),
        "worst": mean(line.get("strongest_worst_rank1"), percent=True),
        "iou": mean(line.get("iou"), digits=2),
        "jitter": mean(line.get("jitter_ratio"), digits=2),
        "manifold": mean(line.get("manifold_ratio"), digits=2),
    }


def _rungs(line: dict[str, Any], attackers: list[str]) -> dict[str, Any]:
    cells = []
    for name in attackers:
        found = line.get(f"{name}{LADDER}")
        rate = found["mean"] if found else None
        text = "n/a" if rate is None else f"{100 * rate:.0f}"
        cells.append(
            {"text": text, "spread": spread(found, percent=True, digits=0), "look": figures.look(rate)}
        )
    return {
        "condition": line["condition"],
        "dataset": line["dataset"],
        "method": line["method"],
        "cells": cells,
    }


def mean(found: dict[str, float] | None, *, percent: bool = False, digits: int = 0) -> str:
    if not found:
        return "n/a"
    return figures.percent(found["mean"]) if percent else f"{found['mean']:,.{digits}f}"


def spread(found: dict[str, float] | None, *, percent: bool = False, digits: int = 1) -> str:
    """'11.2–14.0', least to most; empty where the seeds agree, or there is one."""
    if not found or found["n"] < 2:
        return ""
    scale = 100 if percent else 1
    ends = [f"{scale * found[end]:,.{digits}f}" for end in ("least", "most")]
    return "–".join(ends) if ends[0] != ends[1] else ""


@login_required
@require_GET
def export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Every experiment as CSV, all of it as JSON, the frontier as SVG."""
    run = get_object_or_404(Run, pk=pk, kind=Run.Kind.SWEEP)
    name, rows = f"sweep-run-{run.pk}", run.result.get("rows", [])
    form = request.GET.get("format", "csv")
    match form:
        case "json":
            table = {"sweep_run": run.pk, "rows": rows, "summary": _summary(run) if rows else []}
            text = json.dumps(table, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
            return _attached(f"{name}.json", text, "application/json")
        case "svg":
            return _attached(f"{name}.svg", _figure(_summary(run) if rows else []), "image/svg+xml")
        case "csv":
            columns: tables.Columns = {key: "text" for row in rows for key in row}
            return tables.download(name, "csv", columns, ([row.get(key) for key in columns] for row in rows))
    return tables.no_such_format(request, form, ("csv", "json", "svg"))


def _attached(filename: str, text: str, content_type: str) -> HttpResponse:
    response = HttpResponse(text, content_type=f"{content_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response
