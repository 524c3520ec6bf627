"""Runs that fill a dataset: walkers made on the spot; `importing` brings walks in.

It goes on where it stood: a walk that is stored, or was dropped for a reason, is not made again.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from anonymizer import jobs, parallel, store, stored_files
from anonymizer.models import Dataset, Run, Sequence

if TYPE_CHECKING:
    from anonymizer.gait.walker_jobs import WalkerJob

RESERVED_SLUGS = {"import", "generate", "sequences", "uploads"}  # pages of their own stand at these addresses
MOST_REASONS = 5  # named where nothing was kept
WALKERS_LICENCE = "Synthetic walkers; these people don't exist. Free to use and to show."


def own_dataset(run: Run, source: str, **fields: Any) -> Dataset:
    """The dataset this run fills, made on the first attempt and found again on the next."""
    name = run.parameters["name"]
    if not hasattr(run, "dataset"):
        try:
            with transaction.atomic():
                Dataset.objects.create(
                    run=run,
                    name=name,
                    slug=free_slug(name),
                    source=source,
                    least_frames=run.parameters["frames"],
                    **fields,
                )
        except IntegrityError as error:  # two runs were asked for before either began
            raise jobs.Refused(
                f"Another dataset was named {name!r} meanwhile, or very much like it. Choose another name."
            ) from error
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
        more = [f"and {len(reasons) - MOST_REASONS} more such reasons"] if len(reasons) > MOST_REASONS else []
        stored_files.delete_dataset(dataset)
        raise jobs.Refused(f"Nothing was kept: {'; '.join([*reasons[:MOST_REASONS], *more])}.")
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
    how = parameters["difficulty"], parameters.get("path_variation", 1.0)  # earlier versions had no choice
    return [
        WalkerJob(seed, subject, condition, number, view_angles, frames, *how)
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
    from anonymizer.gait.reading import RecordedSequence
    from anonymizer.gait.silhouettes import unpack
    from anonymizer.gait.walker_jobs import make_walk

    every = walker_jobs(seed, parameters)
    for done, (job, kept, _) in enumerate(parallel.ordered_map(make_walk, every), start=1):
        casia_b.export(
            path,
            (RecordedSequence(*job.key, angle, unpack(each.silhouettes)) for angle, each in kept.items()),
        )
        yield done, len(every)
