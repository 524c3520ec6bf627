"""Runs that fill a dataset: walkers made on the spot, or walks brought in CASIA-B's layout.

Both go on where they stood: a walk that is stored, or was dropped for a reason, is not made again.
"""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify

from anonymizer import jobs, parallel, store, stored_files
from anonymizer.models import Dataset, Run, Sequence

if TYPE_CHECKING:
    from anonymizer.gait import casia_b
    from anonymizer.gait.walker_jobs import WalkerJob

RESERVED_SLUGS = {"import", "generate", "sequences"}  # pages of their own stand at these addresses
WALKERS_LICENCE = "Synthetic walkers; these people don't exist. Free to use and to show."


def own_dataset(run: Run, source: str, **fields: Any) -> Dataset:
    """The dataset this run fills, made on the first attempt and found again on the next."""
    name = run.parameters["name"]
    if not hasattr(run, "dataset"):
        Dataset.objects.create(
            run=run,
            name=name,
            slug=free_slug(name),
            source=source,
            least_frames=run.parameters["frames"],
            **fields,
        )
        run.refresh_from_db()
    return run.dataset


def free_slug(name: str) -> str:
    """The name for an address; a number is added where two names would share one."""
    base = slugify(name)[:100] or "dataset"
    slug, number = base, 1
    while slug in RESERVED_SLUGS or Dataset.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    return slug


def finish(dataset: Dataset, run: Run) -> None:
    """Open the dataset for use; one that kept nothing is an error that says why."""
    sequences = Sequence.objects.filter(subject__dataset=dataset)
    kept = sequences.count()
    if kept == 0:
        reasons = sorted({entry["reason"] for entry in dataset.dropped}) or ["no sequence was found"]
        stored_files.delete_dataset(dataset)
        raise jobs.Refused(f"Nothing was kept: {'; '.join(reasons)}.")
    dataset.ready = True
    dataset.save(update_fields=["ready"])
    run.result = {
        "dataset": dataset.name,
        "subjects": dataset.subjects.count(),
        "sequences": kept,
        "frames": sum(sequences.values_list("frame_count", flat=True)),
        "dropped": dataset.dropped,
    }


# --- Walkers --------------------------------------------------------------------------------------
def walker_jobs(seed: int, parameters: dict[str, Any]) -> list["WalkerJob"]:
    """Every walk that the parameters ask for, subject by subject."""
    from anonymizer.gait.walker_jobs import WalkerJob

    view_angles, frames = tuple(parameters["view_angles"]), parameters["frames"]
    return [
        WalkerJob(seed, subject, condition, number, view_angles, frames, parameters["difficulty"])
        for subject in range(1, parameters["subjects"] + 1)
        for condition, count in parameters["sequences"].items()
        for number in range(1, count + 1)
    ]


def generate_walkers(work: jobs.Work) -> None:
    """Fill a dataset with synthetic walkers."""
    from anonymizer.gait.donors import TrackName
    from anonymizer.gait.walker_jobs import make_walk

    run = work.run
    dataset = own_dataset(
        run,
        Dataset.Source.WALKERS,
        parameters={**run.parameters, "seed": run.seed},
        licence=WALKERS_LICENCE,
        may_be_shown_to_raters=True,
    )
    every = walker_jobs(run.seed, run.parameters)
    made = stored_walks(dataset) | dropped_walks(dataset)
    missing = [job for job in every if job.key not in made]
    total, done = len(every), len(every) - len(missing)
    work.progress(done, total, "Walking")
    for job, kept, short in parallel.ordered_map(make_walk, missing):
        with transaction.atomic():  # a walk that is stored is not looked at again, so its notes go with it
            store.add_walk(dataset, TrackName(*job.key), kept)
            drop(dataset, [dropped_entry(job.key, angle, job.frames, each) for angle, each in short.items()])
        done += 1
        work.progress(done, total, "Walking")
    finish(dataset, run)


def stored_walks(dataset: Dataset) -> set[tuple[str, str, int]]:
    rows = Sequence.objects.filter(subject__dataset=dataset)
    return set(rows.values_list("subject__label", "gait_condition", "number"))


def dropped_walks(dataset: Dataset) -> set[tuple[str, str, int]]:
    """Walks of which every view was dropped leave a note and no row."""
    parts = [entry["sequence"].split("-") for entry in dataset.dropped]
    return {(part[0], part[1], int(part[2])) for part in parts if len(part) == 4}


def dropped_entry(key: tuple[str, str, int], view_angle: int, least: int, frames: int) -> dict[str, Any]:
    subject, condition, number = key
    return {
        "sequence": f"{subject}-{condition}-{number:02d}-{view_angle:03d}",
        "reason": f"under {least} frames",
        "frames": frames,
    }


def drop(dataset: Dataset, entries: list[dict[str, Any]]) -> None:
    if entries:
        dataset.dropped = [*dataset.dropped, *entries]
        dataset.save(update_fields=["dropped"])


def export_walkers(parameters: dict[str, Any], seed: int, path: Path) -> Iterator[tuple[int, int]]:
    """Write the walkers as a CASIA-B tree of PNGs; yields (walks done, walks in all)."""
    from anonymizer.gait import casia_b
    from anonymizer.gait.silhouettes import unpack
    from anonymizer.gait.walker_jobs import make_walk

    every = walker_jobs(seed, parameters)
    for done, (job, kept, _) in enumerate(parallel.ordered_map(make_walk, every), start=1):
        casia_b.export(
            path,
            (
                casia_b.CasiaSequence(*job.key, angle, unpack(each.silhouettes))
                for angle, each in kept.items()
            ),
        )
        yield done, len(every)


def is_upload(path: str) -> bool:
    return Path(path).resolve().is_relative_to(Path(settings.FILE_UPLOAD_TEMP_DIR).resolve())


# --- CASIA-B --------------------------------------------------------------------------------------
def import_casia_b(work: jobs.Work) -> None:
    """Fill a dataset from a folder or archive in CASIA-B's layout."""
    from anonymizer.gait import casia_b
    from anonymizer.gait.donors import TrackName
    from anonymizer.gait.packing import packed

    run = work.run
    reader = casia_b.read(run.parameters["path"], run.parameters["frames"])
    dataset = own_dataset(
        run,
        Dataset.Source.CASIA_B,
        licence=run.parameters["licence"],
        may_be_shown_to_raters=run.parameters["may_be_shown_to_raters"],
    )
    stored = stored_sequences(dataset)
    try:
        for seen, each in enumerate(reader, start=1):
            if str(each.name) not in stored:
                name = TrackName(each.subject, each.gait_condition, each.number)
                store.add_walk(dataset, name, {each.view_angle: packed(each.silhouettes)})
            work.progress(seen, max(seen, run.total), "Reading")
    except ValueError:
        if not stored:
            stored_files.delete_dataset(dataset)
        raise
    dataset.dropped = [asdict(entry) for entry in reader.report.dropped]
    dataset.parameters = _about_frames(reader.report)
    dataset.save(update_fields=["dropped", "parameters"])
    finish(dataset, run)
    if is_upload(run.parameters["path"]):
        Path(run.parameters["path"]).unlink(missing_ok=True)


def stored_sequences(dataset: Dataset) -> set[str]:
    return {str(row) for row in Sequence.objects.filter(subject__dataset=dataset).select_related("subject")}


def _about_frames(report: "casia_b.Report") -> dict[str, Any]:
    """What the import met on its way, for the dataset's page."""
    return {
        "blank_frames": report.blank_frames,
        "unreadable_frames": report.unreadable_frames,
        "border_frames": report.border_frames,
        "ignored_files": dict(report.ignored_files),
        "ignored": [{"file": file, "reason": reason} for file, reason in report.ignored],
        "incomplete_subjects": report.incomplete_subjects(),
    }
