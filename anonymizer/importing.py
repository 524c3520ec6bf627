"""Runs that bring walks in, in CASIA-B's layout or in OpenGait's, and what is written back in OpenGait's.

An import goes on where it stood: a sequence that is stored is not stored again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from anonymizer import jobs, store, stored_files
from anonymizer.making_datasets import finish, own_dataset
from anonymizer.models import Dataset, Run, Sequence

if TYPE_CHECKING:
    from anonymizer.gait.reading import Reader, Report

FRAME_RATE = 25.0  # frames a second, CASIA-B's
SOURCES = {
    Run.Kind.IMPORT_CASIA_B: Dataset.Source.CASIA_B,
    Run.Kind.IMPORT_OPENGAIT: Dataset.Source.OPENGAIT,
}


def is_upload(path: str) -> bool:
    return Path(path).resolve().is_relative_to(Path(settings.FILE_UPLOAD_TEMP_DIR).resolve())


@contextmanager
def named_as_it_came(path: str, filename: str) -> Iterator[None]:
    """What goes wrong with an upload names the file as it was called where it came from, not its place here."""
    try:
        yield
    except (jobs.Refused, ValueError) as error:
        if not is_upload(path):
            raise
        name = filename or "the uploaded archive"
        told = jobs.message_of(error).replace(path, name).replace(Path(path).name, name)
        raise jobs.Refused(told) from error


def import_walks(work: jobs.Work) -> None:
    """Fill a dataset from a folder or archive, in the layout that the run's kind names."""
    asked = work.run.parameters
    with named_as_it_came(asked["path"], asked.get("filename", "")):
        _import_walks(work)


def _import_walks(work: jobs.Work) -> None:
    run = work.run
    reader = _reader(run)
    dataset = own_dataset(
        run,
        SOURCES[Run.Kind(run.kind)],
        frame_rate=run.parameters.get("frame_rate", FRAME_RATE),  # earlier imports were not asked
        licence=run.parameters["licence"],
        may_be_shown_to_raters=run.parameters["may_be_shown_to_raters"],
    )
    _read_all(work, reader, dataset)
    dataset.dropped = [asdict(entry) for entry in reader.report.dropped]
    dataset.parameters = _about_frames(reader.report)
    dataset.save(update_fields=["dropped", "parameters"])
    finish(dataset, run)
    if is_upload(run.parameters["path"]):
        Path(run.parameters["path"]).unlink(missing_ok=True)


def _reader(run: Run) -> "Reader":
    from anonymizer.gait import casia_b, opengait

    read = opengait.read if run.kind == Run.Kind.IMPORT_OPENGAIT else casia_b.read
    return read(run.parameters["path"], run.parameters["frames"])


def _read_all(work: jobs.Work, reader: "Reader", dataset: Dataset) -> None:
    from anonymizer.gait.donors import TrackName
    from anonymizer.gait.packing import packed

    stored = stored_sequences(dataset)
    try:
        for seen, each in enumerate(reader, start=1):
            if str(each.name) not in stored:
                name = TrackName(each.subject, each.gait_condition, each.number)
                store.add_walk(dataset, name, {each.view_angle: packed(each.silhouettes)})
            work.progress(seen, max(seen, work.run.total), "Reading")
    except ValueError:
        if not stored:
            stored_files.delete_dataset(dataset)
        raise


def stored_sequences(dataset: Dataset) -> set[str]:
    return {str(row) for row in Sequence.objects.filter(subject__dataset=dataset).select_related("subject")}


def _about_frames(report: "Report") -> dict[str, Any]:
    """What the import met on its way, for the dataset's page."""
    return {
        "blank_frames": report.blank_frames,
        "unreadable_frames": report.unreadable_frames,
        "border_frames": report.border_frames,
        "ignored_files": dict(report.ignored_files),
        "ignored": [{"file": file, "reason": reason} for file, reason in report.ignored],
        "incomplete_subjects": report.incomplete_subjects(),
    }


def export_opengait(dataset: Dataset, folder: Path, form: str) -> Iterator[tuple[int, int]]:
    """Write a dataset in OpenGait's layout; yields (sequences written, sequences in all)."""
    from anonymizer.gait import opengait
    from anonymizer.gait.gait_key import GaitKey
    from anonymizer.gait.silhouettes import unpack

    rows = Sequence.objects.filter(subject__dataset=dataset).select_related("subject")
    total = rows.count()
    for done, row in enumerate(rows.iterator(chunk_size=500), start=1):
        name = GaitKey(row.subject.label, row.gait_condition, row.number, row.view_angle)
        opengait.export(folder, name, unpack(store.read(row)), form)
        yield done, total
