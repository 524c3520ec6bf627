"""Downloads of a study's results: small ones at once, large ones as a job whose file is fetched with its digest."""

import base64
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from anonymizer import media, tasks
from anonymizer.models import Run
from recognition import reports, tables
from studies import access, export, export_files, exporting
from studies.models import Export, Study

ABOUT = {
    "csv": ("CSV", "A row a presentation, for R, pandas and spreadsheets."),
    "xlsx": ("XLSX", "The same for spreadsheets; after 1,048,575 rows another sheet begins."),
    "json": ("JSON", "The same as a list of objects."),
    "parquet": ("Parquet", "The same with its types, small and quick to read."),
    "bundle": (
        "Bundle",
        "Design, votes, recognition and every number in a zip, with a script that works the numbers out again.",
    ),
    "sureal": ("sureal", "What enters MOS, as a dataset of the sureal library."),
}
CONTENT_TYPES = {
    **tables.CONTENT_TYPES,
    "sureal": "text/x-python; charset=utf-8",
    "bundle": "application/zip",
}
EXPORTED: dict[str, tuple[str, ...]] = {
    "ratings": tuple(export_files.FORMATS),
    "recognition": ("csv", "xlsx"),
}
RECOGNITION_COLUMNS: tables.Columns = {"condition": "text", **reports.COLUMNS}


@login_required
@require_GET
def download(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Every vote in the asked-for format, or every identification."""
    study, form = access.study_to_view(request.user, slug), request.GET.get("format", "csv")
    what = request.GET.get("what", "ratings")
    if what not in EXPORTED:
        known = ", ".join(EXPORTED)
        return tables.no_such(request, f"Nothing called {what!r} can be exported. Use one of: {known}.")
    if form not in EXPORTED[what]:
        return tables.no_such_format(request, form, EXPORTED[what], of=what)
    if what == "recognition":
        name = f"{study.slug}-recognition"
        return tables.download(name, form, RECOGNITION_COLUMNS, _identifications(study))
    if exporting.is_large(study):
        messages.info(
            request, "This study is large, so its file is made by a job. Choose the format here and fetch it."
        )
        return redirect("studies:exports", study.slug)
    return at_once(study, form)


def at_once(study: Study, form: str) -> HttpResponseBase:
    """The file in this very answer, its rows and digest in the headers."""
    name = exporting.file_name(study, form)
    file: IO[bytes] = tempfile.NamedTemporaryFile(suffix=name)  # noqa: SIM115 - the answer closes it
    path = Path(file.name)
    rows = export_files.write(study, form, path)
    answer = FileResponse(file, as_attachment=True, filename=name, content_type=CONTENT_TYPES[form])
    return _with_digest(answer, rows, export_files.sha256(path))


def kept(request: HttpRequest, made: Export) -> HttpResponseBase:
    """A file that a job made; parts of it on demand."""
    answer = media.ranged(request, made.file, CONTENT_TYPES[made.format])
    name = exporting.file_name(made.study, made.format)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "private, no-cache"
    return _with_digest(answer, made.rows, made.sha256)


def _with_digest(answer: HttpResponseBase, rows: int, sha256: str) -> HttpResponseBase:
    answer["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"  # RFC 9530
    answer["X-SHA256"], answer["X-Rows"] = sha256, str(rows)
    return answer


def _identifications(study: Study) -> Iterator[tables.Row]:
    """Of the newest recognition of every condition."""
    for condition in study.conditions.exclude(anonymization=None).select_related("anonymization"):
        assert condition.anonymization is not None  # excluded
        run = reports.newest_run(condition.anonymization)
        for row in reports.table(run) if run else ():
            yield (condition.label, *row)


@login_required
@require_http_methods(["GET", "POST"])
def exports(request: HttpRequest, slug: str) -> HttpResponseBase:
    """What can be exported, what was; asking for a file starts its job."""
    study = access.study_to_view(request.user, slug)
    if request.method == "POST":
        form = request.POST.get("format", "")
        if form not in export_files.FORMATS:
            return tables.no_such_format(request, form, export_files.FORMATS)
        user = request.user if request.user.is_authenticated else None
        tasks.enqueue(exporting.request_export(study, form, user))
        return redirect("studies:exports", study.slug)
    return render(request, "studies/exports.html", _context(study))


def _context(study: Study) -> dict[str, object]:
    of_study = Run.objects.filter(kind=Run.Kind.EXPORT_STUDY, parameters__study=study.slug)
    unmade = of_study.filter(export=None).exclude(status=Run.Status.CANCELLED)[:5]
    return {
        "study": study,
        "large": exporting.is_large(study),
        "rows": export.count(study),
        "formats": [(form, *ABOUT[form]) for form in export_files.FORMATS],
        "runs": unmade,
        "waiting": any(not run.is_finished for run in unmade),
        "made": study.exports.select_related("run")[:20],
    }


@login_required
@require_GET
def made(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    study = access.study_to_view(request.user, slug)
    return kept(request, get_object_or_404(study.exports.select_related("study"), pk=pk))


@login_required
@require_GET
def files(request: HttpRequest, slug: str) -> HttpResponse:
    """The part of the page that changes while a job works."""
    study = access.study_to_view(request.user, slug)
    return render(request, "studies/_exports.html", _context(study))
