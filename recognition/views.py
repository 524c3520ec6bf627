"""Pages of recognition: who is still named, by which attacker, at which view angles."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET

from anonymizer import jobs, run_page
from anonymizer.forms import RunForm, judged_anonymizations, ready_datasets
from anonymizer.models import Anonymization, Run
from anonymizer.starting import started
from recognition import figures, reports, tables
from recognition.forms import StartForm, TrainForm
from recognition.models import Recognizer

EXPORTED = ("csv", "xlsx")


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    runs = run_page.titled(Run.objects.filter(kind=Run.Kind.RECOGNIZE).select_related("requested_by")[:50])
    context = {
        "answers": [_answer(run) for run in runs],
        "recognizers": Recognizer.objects.select_related("dataset", "run"),
        "training": _trainings(),
        "any_anonymization": judged_anonymizations().exists(),
        "any_dataset": ready_datasets().exists(),
    }
    return render(request, "recognition/index.html", context)


def _trainings() -> list[Run]:
    """Trainings that have no recognizer to show, yet or at all."""
    begun = Run.objects.filter(kind=Run.Kind.TRAIN_RECOGNIZER).exclude(status=Run.Status.SUCCEEDED)
    return run_page.titled(jobs.not_put_away(begun).filter(recognizer=None)[:5])


def _answer(run: Run) -> dict[str, Any]:
    """A line of the index: the run, its method, and its strongest attacker's rung."""
    anonymization = _judged(run)
    strongest = reports.strongest(run)
    rungs = figures.rungs(reports.ladder(run), strongest)
    return {
        "run": run,
        "method": anonymization.method if anonymization else "",
        "synthetic": bool(anonymization and anonymization.dataset.is_synthetic),
        "strongest": next((rung for rung in rungs if rung.strongest), None),
        "refused": any(not gate["ok"] for gate in reports.gates(run)),
    }


def _judged(run: Run) -> Anonymization | None:
    return (
        Anonymization.objects.select_related("dataset", "run")
        .filter(run=run.parameters.get("anonymization_run"))
        .first()
    )


@login_required
@require_GET
def recognition(request: HttpRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(Run, pk=pk, kind=Run.Kind.RECOGNIZE)
    if run.status != Run.Status.SUCCEEDED or not reports.experiment(run):
        return redirect("anonymizer:run", pk)
    run_page.titled([run])
    return render(request, "recognition/recognition.html", _page(run, request))


def _page(run: Run, request: HttpRequest) -> dict[str, Any]:
    ladder, strongest = reports.ladder(run), reports.strongest(run)
    names = [rung["attacker"] for rung in ladder]
    asked, measure = request.GET.get("attacker", ""), request.GET.get("measure", "")
    attacker = asked if asked in names else strongest or names[0]
    measure = measure if measure in figures.MEASURES else "success_rate"
    found = reports.matrix(run, attacker)
    rungs = figures.rungs(ladder, strongest)
    gates = reports.gates(run)
    return {
        "run": run,
        "anonymization": _judged(run),
        "experiment": reports.experiment(run),
        "recognizer": run.recognitions.select_related("recognizer").first(),
        "rungs": rungs,
        "strongest": next((rung for rung in rungs if rung.strongest), None),
        "one_clear": rungs[0] if reports.same_originals(ladder) else None,
        "probes": figures.from_to(rung.probes for rung in rungs),
        "subjects": figures.from_to(rung.subjects for rung in rungs),
        "chance": figures.percent(ladder[0]["chance"]),
        "chance_x": round(100 * (ladder[0]["chance"] or 0), 2),
        "bound": figures.percent(ladder[0]["bound"]) if ladder[0].get("bound") else None,
        "gates": gates,
        "refused": [gate for gate in gates if not gate["ok"]],
        "attacker": attacker,
        "attacker_label": next(rung.label for rung in rungs if rung.attacker == attacker),
        "measure": measure,
        "measure_label": figures.MEASURES[measure],
        "measures": figures.MEASURES.items(),
        "view_angles": found["view_angles"],
        "matrix": figures.matrix(found, measure),
        "diagonal": figures.diagonal_mean(found, measure),
        "in_s": figures.all_named(found),
        "left_out": figures.left_out(found),
        "by_angle": _by_angle(run),
        "rows": reports.count(run),
    }


def _by_angle(run: Run) -> list[dict[str, Any]]:
    """The naive attacker by probe view angle, as the paper draws it."""
    columns = reports.experiment(run).get("by_probe_view_angle", [])
    return [
        {
            "view_angle": each["view_angle"],
            "rate": figures.percent(each["success_rate"]),
            "interval": figures.interval(each["ci95"]),
            "bar": round(100 * (each["success_rate"] or 0)),
        }
        for each in columns
    ]


@login_required
@require_GET
def export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Every identification of a run as CSV or XLSX."""
    run = get_object_or_404(Run, pk=pk, kind=Run.Kind.RECOGNIZE)
    form = request.GET.get("format", "csv")
    if form not in EXPORTED:
        return tables.no_such_format(request, form, EXPORTED)
    return tables.download(f"recognition-run-{run.pk}", form, reports.COLUMNS, reports.table(run))


# --- Starting runs --------------------------------------------------------------------------------
@login_required
def start(request: HttpRequest) -> HttpResponse:
    chosen = {"anonymization": request.GET["anonymization"]} if request.GET.get("anonymization") else {}
    return _start(request, StartForm(request.POST or None, initial=chosen), "recognition/start.html")


@login_required
def train(request: HttpRequest) -> HttpResponse:
    chosen = {"dataset": request.GET["dataset"]} if request.GET.get("dataset") else {}
    return _start(request, TrainForm(request.POST or None, initial=chosen), "recognition/train.html")


def _start(request: HttpRequest, form: RunForm, template: str) -> HttpResponse:
    if answer := started(request, form):
        return answer
    context = {
        "form": form,
        "any_anonymization": judged_anonymizations().exists(),
        "any_dataset": ready_datasets().exists(),
    }
    return render(request, template, context, status=422 if form.errors else 200)
