"""A study's results as files: one row a presentation, in the documented columns, in constant memory."""

import csv
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse

from anonymizer.jobs import Refused
from recognition import reports
from studies.models import Presentation, Study

FORMATS = ("csv", "xlsx")
COLUMNS = (
    "study",
    "template",
    "pair",
    "role",
    "dataset",
    "subject",
    "gait_condition",
    "number",
    "view_angle",
    "method",
    "alpha",
    "donor",
    "reference_sha256",
    "clip_sha256",
    "rater",
    "rater_state",
    "position",
    "score",
    "fetched_at",
    "presented_at",
    "rated_at",
    "watched_fraction",
    "stalls",
    "excluded",
    "exclusion_reason",
    "simulated",
    "playback_checked",
)
RECOGNITION_COLUMNS = (
    "attacker",
    "subject",
    "gait_condition",
    "number",
    "probe_view_angle",
    "gallery_view_angle",
    "predicted_subject",
    "true_rank",
    "identified",
    "distance",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Row = Sequence[Any]


def rows(study: Study) -> Iterator[Row]:
    """One row a presentation, raters in the order they came."""
    shown = Presentation.objects.filter(rater__study=study).select_related(
        "rater",
        "rating",
        "stimulus__reference_clip",
        "stimulus__test_clip",
        "stimulus__anonymized_sequence__source__subject",
        "stimulus__anonymized_sequence__anonymization__dataset",
    )
    for each in shown.order_by("rater_id", "position", "pk").iterator(chunk_size=2000):
        yield _row(study, each)


def _row(study: Study, shown: Presentation) -> Row:
    stimulus, rater = shown.stimulus, shown.rater
    changed = stimulus.anonymized_sequence
    anonymization = changed.anonymization if changed else None
    source = changed.source if changed else None
    rating = getattr(shown, "rating", None)
    return (
        study.slug,
        study.template,
        stimulus.number,
        stimulus.role,
        anonymization.dataset.name if anonymization else "",
        source.subject.label if source else "",
        source.gait_condition if source else "",
        source.number if source else None,
        stimulus.view_angle,
        anonymization.method if anonymization else "",
        anonymization.alpha if anonymization else None,
        changed.donor if changed else "",
        stimulus.reference_clip.sha256 if stimulus.reference_clip else "",
        stimulus.test_clip.sha256,
        rater.pseudonym,
        rater.state,
        shown.position,
        rating.score if rating else None,
        _time(shown.fetched_at),
        _time(rating.presented_at if rating else None),
        _time(rating.rated_at if rating else None),
        rating.watched_fraction if rating else None,
        rating.stalls if rating else None,
        bool(shown.problem),
        shown.problem,
        rater.simulated,
        study.playback_checked,
    )


def _time(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat() if moment else ""


def recognition_rows(study: Study) -> Iterator[Row]:
    """Every identification of the newest recognition of the study's walks."""
    run = reports.newest_run(study.anonymization) if study.anonymization else None
    for row in reports.rows(run) if run else ():
        yield tuple(row[name] for name in RECOGNITION_COLUMNS)


def harmless(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it; numbers stay."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


class _Echo:
    """What csv writes into, giving each line straight back."""

    def write(self, line: str) -> str:
        return line


def csv_lines(columns: Row, table: Iterable[Row]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(columns)
    for row in table:
        yield writer.writerow([harmless(value) for value in row])


def write_xlsx(columns: Row, table: Iterable[Row], path: Path) -> int:
    """Write a sheet row by row; returns how many rows."""
    import xlsxwriter

    number = 0
    with xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("results")
        sheet.write_row(0, 0, columns)
        for number, row in enumerate(table, start=1):
            sheet.write_row(number, 0, [harmless(value) for value in row])
    return number


def write(study: Study, form: str, path: Path) -> int:
    """Write the ratings to `path`; returns how many rows. Refused where the format is not known."""
    if form not in FORMATS:
        raise Refused(f"Format {form!r} is not known. Use one of: {', '.join(FORMATS)}.")
    if form == "xlsx":
        return write_xlsx(COLUMNS, rows(study), path)
    lines = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        for line in csv_lines(COLUMNS, rows(study)):
            lines += bool(file.write(line))
    return lines - 1  # the first holds the columns' names


def ratings_response(study: Study, form: str) -> HttpResponseBase:
    return _download(f"{study.slug}-ratings", COLUMNS, rows(study), form)


def recognition_response(study: Study, form: str) -> HttpResponseBase:
    return _download(f"{study.slug}-recognition", RECOGNITION_COLUMNS, recognition_rows(study), form)


def _download(name: str, columns: Row, table: Iterable[Row], form: str) -> HttpResponseBase:
    if form == "csv":
        disposition = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
        return StreamingHttpResponse(csv_lines(columns, table), content_type=CSV_TYPE, headers=disposition)
    file: IO[bytes] = tempfile.NamedTemporaryFile(suffix=".xlsx")  # noqa: SIM115 - the answer closes it
    write_xlsx(columns, table, Path(file.name))
    return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX_TYPE)
