"""Pages of the datasets and of the runs: find, check, act, respond."""

import csv
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST

from anonymizer import charts, contact_sheet, jobs, media, run_page, tasks
from anonymizer.access import visible_runs
from anonymizer.command_line import command
from anonymizer.film import film, shown_frames
from anonymizer.forms import GenerateForm, RunForm, ready_datasets
from anonymizer.formulas import harmless
from anonymizer.import_forms import ImportForm
from anonymizer.importing import SOURCES
from anonymizer.method_forms import AnonymizeForm, TrainNetworkForm
from anonymizer.models import AnonymizedSequence, Clip, Dataset, Run, Sequence, StoredSilhouettes
from anonymizer.starting import started
from anonymizer.store import read

RUNS_A_PAGE = 40
UNFINISHED = "unfinished"


# --- Datasets -------------------------------------------------------------------------------------
@login_required
@require_GET
def datasets(request: HttpRequest) -> HttpResponse:
    rows = Dataset.objects.select_related("run").annotate(subject_count=Count("subjects"))
    counts = dict(Sequence.objects.values_list("subject__dataset").annotate(count=Count("pk")))
    for row in rows:
        row.sequence_count = counts.get(row.pk, 0)  # type: ignore[attr-defined]
        row.shown = contact_sheet.sides(row)  # type: ignore[attr-defined]
    return render(request, "anonymizer/datasets.html", {"datasets": rows, "begun": _begun_datasets()})


def _begun_datasets() -> list[Run]:
    """Imports and generations that have no dataset to show yet."""
    kinds = [*SOURCES, Run.Kind.GENERATE_WALKERS]
    begun = Run.objects.filter(kind__in=kinds, dataset=None).exclude(status=Run.Status.SUCCEEDED)
    return run_page.titled(jobs.not_put_away(begun)[:5])


@login_required
@require_GET
def dataset(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Dataset.objects.select_related("run"), slug=slug)
    context = {
        "dataset": found,
        "size": contact_sheet.size(found),
        "sheet": contact_sheet.sheet(
            found, request.GET.get("subject", ""), request.GET.get("walks") == "all"
        ),
        "show": "gei" if request.GET.get("show") == "gei" else "silhouettes",
        "left_out": contact_sheet.left_out(found),
        "left_out_count": len(found.dropped),
        "completeness": contact_sheet.completeness(found),
        "used_by": run_page.titled(contact_sheet.used_by(found)),
    }
    return render(request, "anonymizer/dataset.html", context)


@login_required
def import_dataset(request: HttpRequest) -> HttpResponse:
    user = request.user if request.user.is_authenticated else None
    form = ImportForm(request.POST or None, request.FILES or None, user=user)
    return _start(request, form, "anonymizer/dataset_import.html")


@login_required
def generate_dataset(request: HttpRequest) -> HttpResponse:
    return _start(request, GenerateForm(request.POST or None), "anonymizer/dataset_generate.html")


@login_required
@require_GET
def left_out_csv(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Dataset, slug=slug)
    rows = ((entry["sequence"], entry["reason"], entry["frames"]) for entry in found.dropped)
    return _csv(f"{slug}-left-out.csv", ("sequence", "reason", "frames"), rows)


@login_required
@require_GET
def sequences_csv(request: HttpRequest, slug: str) -> HttpResponse:
    rows = Sequence.objects.filter(subject__dataset=get_object_or_404(Dataset, slug=slug))
    names = ("subject", "gait_condition", "number", "view_angle", "frames")
    values = rows.values_list("subject__label", "gait_condition", "number", "view_angle", "frame_count")
    return _csv(f"{slug}-sequences.csv", names, values.iterator())


def _csv(filename: str, names: Iterable[str], rows: Iterable[Iterable[Any]]) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    writer = csv.writer(response)
    writer.writerow(names)
    writer.writerows(map(harmless, row) for row in rows)
    return response


# --- Starting runs --------------------------------------------------------------------------------
@login_required
def anonymize(request: HttpRequest) -> HttpResponse:
    form = AnonymizeForm(request.POST or None, initial=_asked(request, "dataset", "method", "checkpoint"))
    return _start(request, form, "anonymizer/anonymize.html")


@login_required
def train_network(request: HttpRequest) -> HttpResponse:
    form = TrainNetworkForm(request.POST or None, initial=_asked(request, "dataset", "method"))
    return _start(request, form, "anonymizer/train_network.html")


def _asked(request: HttpRequest, *names: str) -> dict[str, str]:
    """What a link already chose for a form."""
    return {name: request.GET[name] for name in names if request.GET.get(name)}


def _start(request: HttpRequest, form: RunForm, template: str) -> HttpResponse:
    """Show the form, or start its run and go to the run's page."""
    if answer := started(request, form):
        return answer
    context = {"form": form, "any_dataset": ready_datasets().exists()}
    return render(request, template, context, status=422 if form.errors else 200)


# --- Runs -----------------------------------------------------------------------------------------
@login_required
@require_GET
def run_list(request: HttpRequest) -> HttpResponse:
    kind, status = request.GET.get("kind", ""), request.GET.get("status", "")
    page = Paginator(_filtered(visible_runs(request.user), kind, status), RUNS_A_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page,
        "runs": run_page.titled(page.object_list),
        "kind": kind,
        "status": status,
        "kinds": [each for each in Run.Kind.choices if each[0] != Run.Kind.DEMO],
        "statuses": [(UNFINISHED, "Unfinished"), *Run.Status.choices],
        "any": visible_runs(request.user).exclude(kind=Run.Kind.DEMO).exists(),
        "any_dataset": ready_datasets().exists(),
    }
    return render(request, "anonymizer/runs.html", context)


def _filtered(runs: QuerySet[Run], kind: str, status: str) -> QuerySet[Run]:
    runs = runs.exclude(kind=Run.Kind.DEMO).select_related("requested_by")
    if kind in Run.Kind.values:
        runs = runs.filter(kind=kind)
    if status == UNFINISHED:
        runs = runs.filter(status__in=[Run.Status.QUEUED, Run.Status.RUNNING])
    elif status in Run.Status.values:
        runs = runs.filter(status=status)
    return runs


@login_required
@require_GET
def run(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(visible_runs(request.user).select_related("requested_by"), pk=pk)
    return render(request, "anonymizer/run.html", _run_context(request, found))


@login_required
@require_GET
def run_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of a run's page that moves; once the run is finished the page is asked to load anew."""
    found = get_object_or_404(visible_runs(request.user), pk=pk)
    context = {**_run_context(request, found), "moved": True}
    response = render(request, "anonymizer/_run_progress.html", context)
    if found.is_finished:
        response["HX-Refresh"] = "true"
    return response


def _run_context(request: HttpRequest, found: Run) -> dict[str, Any]:
    (found,) = run_page.titled([found])
    seen = run_page.Seen.read(found, request.GET)
    steps_a_second = run_page.rate(found, seen)
    above, below = run_page.newest(found)
    return {
        "run": found,
        "seen": seen,
        "method": run_page.method_of(found),
        "stages": run_page.stages(found),
        "counted": run_page.counted(found),
        "rate": steps_a_second if found.status == Run.Status.RUNNING else None,
        "unit": run_page.UNITS.get(found.stage, "steps"),
        "time_left": run_page.time_left(found, steps_a_second),
        "took": run_page.took(found),
        "ahead": run_page.ahead(found) if found.status == Run.Status.QUEUED else 0,
        "worker_alive": found.status != Run.Status.QUEUED or jobs.worker_alive(),
        "above": above,
        "below": below,
        "samples": run_page.samples(found) if found.is_finished else [],
        "asked": run_page.asked(found),
        "log": run_page.log(found),
        "command": command(found),
        "next_steps": run_page.next_steps(found),
        "start_again": run_page.start_again(found),
        "losses": charts.loss_curve(found.result.get("losses", []) if isinstance(found.result, dict) else []),
        "synthetic": _is_synthetic(found, above),
    }


def _is_synthetic(found: Run, above: Sequence | None) -> bool:
    if above is not None:
        return above.subject.dataset.is_synthetic
    return found.kind == Run.Kind.GENERATE_WALKERS


@login_required
@require_POST
def run_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(visible_runs(request.user), pk=pk)
    jobs.cancel(found)
    if found.status == Run.Status.RUNNING:
        messages.info(request, "The run stops at its next step. What is done is kept.")
    return redirect("anonymizer:run", pk)


@login_required
@require_POST
def run_retry(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(visible_runs(request.user), pk=pk)
    if jobs.retry(found):
        tasks.enqueue(found)
        messages.success(request, "In the queue again. It goes on from where it stood.")
    return redirect("anonymizer:run", pk)


@login_required
@require_POST
def run_put_away(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(visible_runs(request.user), pk=pk)
    if jobs.put_away(found):
        messages.success(request, f"{found} is put away. It stays in the list of runs.")
    return redirect("overview")


@login_required
@require_GET
def jobs_foot(request: HttpRequest) -> HttpResponse:
    """The jobs at the rail's foot, for pages that stay open."""
    return render(request, "_jobs_foot.html")


# --- Pictures and clips ---------------------------------------------------------------------------
FOR_EVER = {"private": True, "immutable": True, "max_age": 365 * 24 * 3600}


@login_required
@require_GET
@cache_control(**FOR_EVER)
def sequence_picture(request: HttpRequest, pk: int) -> HttpResponse:
    return _picture(get_object_or_404(Sequence, pk=pk))


@login_required
@require_GET
@cache_control(**FOR_EVER)
def anonymized_picture(request: HttpRequest, pk: int) -> HttpResponse:
    return _picture(get_object_or_404(AnonymizedSequence, pk=pk))


@login_required
@require_GET
@cache_control(**FOR_EVER)
def sequence_film(request: HttpRequest, pk: int) -> HttpResponse:
    return _film(request, get_object_or_404(Sequence, pk=pk))


@login_required
@require_GET
@cache_control(**FOR_EVER)
def anonymized_film(request: HttpRequest, pk: int) -> HttpResponse:
    return _film(request, get_object_or_404(AnonymizedSequence, pk=pk))


def _picture(row: StoredSilhouettes) -> HttpResponse:
    with row.picture.open("rb") as file:
        return HttpResponse(file.read(), content_type="image/png")


def _film(request: HttpRequest, row: StoredSilhouettes) -> HttpResponse:
    from anonymizer.gait.silhouettes import unpack

    asked = request.GET.get("frames", "")
    frames = shown_frames(row.frame_count, int(asked) if asked.isdecimal() and int(asked) else None)
    return HttpResponse(film(unpack(read(row)), frames), content_type="image/png")


@login_required
@require_GET
def clip(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A walk's clip. Clips that were brought to a study are shown by its own pages alone."""
    of_a_walk = Clip.objects.exclude(sequence=None, anonymized_sequence=None)
    return media.ranged(request, get_object_or_404(of_a_walk, pk=pk).file, "video/mp4")
