"""Exports as jobs: a file too large for one answer is written by a worker, kept with its digest, and downloaded."""

import hashlib
import tempfile
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.files import File
from django.db.models import Count, Max

from anonymizer import jobs
from anonymizer.models import Run
from studies import attack, export, export_files
from studies.models import Export, Presentation, Rating, Study

DIRECT_ROWS = 20_000  # more than these are written by a job


def is_large(study: Study) -> bool:
    return export.count(study) > DIRECT_ROWS


def state_of(study: Study) -> str:
    """Changes whenever an export of the study would: with every rater, score, line of the log and recognition."""
    shown = Presentation.objects.filter(rater__study=study)
    states = study.raters.order_by().values_list("state").annotate(Count("pk"))
    found = (
        study.count_abandoned,
        shown.aggregate(Count("pk"), Max("pk"), Count("fetched_at"), Max("fetched_at"), Count("replaced_by")),
        Rating.objects.filter(presentation__rater__study=study).aggregate(Count("pk"), Max("pk")),
        study.events.aggregate(Max("pk")),  # masks, settings, corrections by hand, open and closed
        attack.newest(list(study.conditions.select_related("anonymization"))),
        sorted(states),
    )
    return hashlib.sha256(repr(found).encode()).hexdigest()[:16]


def request_export(study: Study, form: str, user: User | None) -> Run:
    """The run that makes this file: one under way for the same file, or a new one to be enqueued. Refused."""
    export_files.check_format(form)
    state = state_of(study)
    same = {"parameters__study": study.slug, "parameters__format": form, "parameters__state": state}
    for run in jobs.unfinished().filter(kind=Run.Kind.EXPORT_STUDY, **same):
        return run
    return jobs.create(
        Run.Kind.EXPORT_STUDY, {"study": study.slug, "format": form, "state": state}, user=user
    )


def fresh(study: Study, form: str) -> Export | None:
    """The newest finished file of this format, if nothing has changed since it was asked for."""
    made = study.exports.filter(format=form).select_related("run").first()
    if made and made.run and made.run.parameters.get("state") == state_of(study):
        return made
    return None


def export_study(work: jobs.Work) -> None:
    """Write the file and keep it. Done again after a lost worker, it makes one file, not two."""
    asked = work.run.parameters
    study = Study.objects.get(slug=asked["study"])
    if study.exports.filter(run=work.run).exists():
        return
    total = max(1, export.count(study))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / file_name(study, asked["format"])
        found = export_files.write_with_manifest(
            study, asked["format"], path, lambda done: work.progress(min(done, total), total, "Writing rows")
        )
        _keep(study, work.run, path, found)
    work.run.result = found


def _keep(study: Study, run: Run, path: Path, found: dict[str, Any]) -> None:
    made = Export(study=study, run=run, format=found["format"], rows=found["rows"], sha256=found["sha256"])
    with path.open("rb") as file:
        made.file.save(path.name, File(file), save=False)
    made.save()


def file_name(study: Study, form: str) -> str:
    what = "bundle" if form == "bundle" else "ratings"
    return f"{study.slug}-{what}.{export_files.SUFFIXES[form]}"
