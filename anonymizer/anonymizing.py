"""The run that changes walks: tracks out of rows, donors for each, the method in several processes, rows again."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Avg

from anonymizer import jobs, parallel, store
from anonymizer.gait.catalogue import METHODS
from anonymizer.gait.splits import split
from anonymizer.models import Anonymization, AnonymizedSequence, Checkpoint, Dataset, Run, Sequence, Subject

if TYPE_CHECKING:
    from anonymizer.gait.batch import ChangedTrack, Lent, TrackJob
    from anonymizer.gait.donors import TrackName

DONOR_FRAMES = 50
MANIFOLD_WALKS = 12  # a view angle; enough to learn shapes from and to measure on
REASONS = 3  # said in full where nothing could be changed
Tracks = Mapping["TrackName", Mapping[int, Sequence]]


def anonymize(work: jobs.Work) -> None:
    """Change every walk that the run asks for and that is not changed yet."""
    run = work.run
    anonymization = _own(run)
    chosen = wanted_tracks(anonymization, run.parameters["walks"])
    done = _done(anonymization)
    left = {name: views for name, views in chosen.items() if name not in done}
    work.progress(len(chosen) - len(left), len(chosen), "Changing")
    for count, changed in enumerate(_changed(anonymization, left), start=len(chosen) - len(left) + 1):
        _keep(anonymization, chosen[changed.name], changed)
        work.progress(count, len(chosen), "Changing")
    _finish(work, anonymization)


def _own(run: Run) -> Anonymization:
    """The anonymization this run makes, found again on another attempt."""
    found = Anonymization.objects.filter(run=run).first()
    if found is not None:
        return found
    asked = run.parameters
    dataset = Dataset.objects.get(pk=asked["dataset"])
    checkpoint = Checkpoint.objects.get(pk=asked["checkpoint"]) if asked["checkpoint"] else None
    anonymization = Anonymization(
        run=run,
        dataset=dataset,
        method=asked["method"],
        alpha=asked["alpha"],
        parameters=asked.get("parameters", {}),  # runs of earlier versions have none
        donor_policy=asked["donor"],
        checkpoint=checkpoint,
        copy=asked["copy"],
        split=asked["split"] or "",
    )
    if asked["donor"] == Anonymization.DonorPolicy.FIXED:
        anonymization.fixed_donor = fixed_donor(dataset, subjects_of(anonymization), run.seed)
    anonymization.save()
    return anonymization


def fixed_donor(dataset: Dataset, labels: Iterable[str], seed: int) -> Subject:
    """The one noise subject of a set, drawn from the seed."""
    from anonymizer.gait import donors

    return Subject.objects.get(dataset=dataset, label=donors.fixed_subject(list(labels), seed))


def subjects_of(anonymization: Anonymization) -> tuple[str, ...]:
    """Whose walks are changed: D3 of the split, or everybody without one."""
    labels = tuple(anonymization.dataset.subjects.values_list("label", flat=True))
    return split(labels, anonymization.split).test if anonymization.split else labels


def _all_tracks(anonymization: Anonymization) -> Tracks:
    sequences = Sequence.objects.filter(
        subject__dataset=anonymization.dataset, subject__label__in=subjects_of(anonymization)
    )
    return store.tracks(sequences.select_related("subject"))


def wanted_tracks(
    anonymization: Anonymization, walks: Iterable[str]
) -> dict["TrackName", Mapping[int, Sequence]]:
    """The walks to be changed. The fixed donor of the copy to be judged stays as it is: it is no probe."""
    only = set(walks)
    donor = anonymization.fixed_donor
    kept_out = donor.label if donor and anonymization.copy == Anonymization.Copy.PROBE else None
    return {
        name: views
        for name, views in _all_tracks(anonymization).items()
        if name.subject != kept_out and (not only or f"{name.condition}-{name.number:02d}" in only)
    }


def _done(anonymization: Anonymization) -> set["TrackName"]:
    sources = Sequence.objects.filter(anonymized__anonymization=anonymization).select_related("subject")
    skipped = {entry["sequence"] for entry in anonymization.skipped}
    return set(store.tracks(sources)) | {name for name in _all_tracks(anonymization) if str(name) in skipped}


# --- Donors ---------------------------------------------------------------------------------------
def donor_pool(anonymization: Anonymization) -> list[int] | None:
    """Numbers of all synthetic donors that this anonymization drew; None where its donors are others."""
    from anonymizer.gait import donors

    wanted = METHODS[anonymization.method].donors_for(anonymization.method_parameters)
    if anonymization.donor_policy != Anonymization.DonorPolicy.SYNTHETIC or not wanted:
        return None
    tracks = sorted(wanted_tracks(anonymization, anonymization.run.parameters["walks"]))
    return [
        number for name in tracks for number in donors.synthetic_donors(name, wanted, anonymization.run.seed)
    ]


def _donors_for(
    anonymization: Anonymization, name: "TrackName", candidates: Tracks, pool: list[int] | None
) -> "tuple[Lent, ...]":
    """The donors of one track, by the policy; synthetic ones out of the pool, or fresh. ValueError where none fits."""
    from anonymizer.gait import donors
    from anonymizer.gait.batch import FreshDonor, PackedTrack

    seed, method = anonymization.run.seed, METHODS[anonymization.method]
    wanted = method.donors_for(anonymization.method_parameters)
    seen_from = method.donor_angles(anonymization.method_parameters, name.view_angles)
    track = replace(name, view_angles=seen_from)
    if wanted == 0:
        return ()
    if anonymization.donor_policy == Anonymization.DonorPolicy.SYNTHETIC:
        numbers = donors.synthetic_donors(track, wanted, seed, pool)
        return tuple(FreshDonor(each, tuple(sorted(seen_from)), DONOR_FRAMES) for each in numbers)
    if anonymization.donor_policy == Anonymization.DonorPolicy.FIXED:
        chosen = [donors.fixed_donor(track, list(candidates), seed)]
    else:
        chosen = donors.random_donors(track, list(candidates), wanted, seed)
    return tuple(PackedTrack.of(each.subject, _views(candidates[each], seen_from)) for each in chosen)


def _views(rows: Mapping[int, Sequence], angles: Iterable[int]) -> dict[int, bytes]:
    return {angle: store.read(rows[angle]) for angle in sorted(angles)}


# --- The work -------------------------------------------------------------------------------------
def _changed(anonymization: Anonymization, tracks: Tracks) -> Iterator["ChangedTrack"]:
    from anonymizer.gait import batch

    refused: list[ChangedTrack] = []
    every = track_jobs(anonymization, tracks, _all_tracks(anonymization), refused)
    yield from parallel.ordered_map(
        batch.change, every, prepare=batch.prepare, prepare_with=workshop(anonymization)
    )
    yield from refused


def workshop(anonymization: Anonymization) -> tuple[str, dict[str, Any], bytes | None, str]:
    """What a process needs before it can change tracks: `batch.prepare` takes it."""
    checkpoint = _weights(anonymization.checkpoint) if anonymization.checkpoint else None
    return anonymization.method, anonymization.method_parameters, checkpoint, settings.GAITMOS_DEVICE


def _weights(checkpoint: Checkpoint) -> bytes:
    """The checkpoint's file, looked at before any process is started with it."""
    from anonymizer.gait import checkpoints

    try:
        with checkpoint.weights.open("rb") as file:
            data = bytes(file.read())
        checkpoints.from_bytes(data, method=checkpoint.method)
    except (OSError, ValueError) as error:
        why = f"its file can't be read ({error.strerror})" if isinstance(error, OSError) else error
        raise jobs.Refused(f"Checkpoint {checkpoint.name!r} can't be used: {why}. Train another.") from error
    return data


def track_jobs(
    anonymization: Anonymization,
    tracks: Tracks,
    candidates: Tracks,  # whose walks may be lent
    refused: list["ChangedTrack"],
    pool: list[int] | None = None,  # of synthetic donors; fresh ones without
) -> Iterator["TrackJob"]:
    """One job a track; those that can't be, or find no donor, go to `refused` with the reason."""
    from anonymizer.gait.batch import ChangedTrack, PackedTrack, TrackJob

    numbers = {name: number for number, name in enumerate(sorted({*candidates, *tracks}))}
    for name, views in tracks.items():
        try:
            lent = _donors_for(anonymization, name, candidates, pool)
            own = {angle: store.read(row) for angle, row in views.items()}
        except ValueError as error:
            refused.append(ChangedTrack(name, error=str(error)))
            continue
        except OSError as error:
            refused.append(ChangedTrack(name, error=f"a file can't be read: {error.strerror or error}"))
            continue
        yield TrackJob(
            name, PackedTrack.of(name, own), lent, seed=anonymization.run.seed * 1_000_003 + numbers[name]
        )


def _keep(anonymization: Anonymization, views: Mapping[int, Sequence], changed: "ChangedTrack") -> None:
    if changed.error:
        anonymization.skipped = [
            *anonymization.skipped,
            {"sequence": str(changed.name), "reason": changed.error},
        ]
        anonymization.save(update_fields=["skipped"])
        return
    sources = {angle: row.pk for angle, row in views.items()}
    store.add_changed(anonymization, sources, changed.views, donor=changed.donor, measures=changed.measures)


def _finish(work: jobs.Work, anonymization: Anonymization) -> None:
    rows = AnonymizedSequence.objects.filter(anonymization=anonymization)
    if not rows.exists():
        raise jobs.Refused(f"Nothing was changed: {_reasons(anonymization)}.")
    if anonymization.copy == Anonymization.Copy.PROBE:
        anonymization.proxies = _proxies(work, anonymization)
        anonymization.save(update_fields=["proxies"])
    work.run.result = {
        "anonymization_run": work.run.pk,
        "sequences": rows.count(),
        "skipped": anonymization.skipped,
        "proxies": anonymization.proxies,
    }


def _reasons(anonymization: Anonymization) -> str:
    """Why walks were skipped: the first few in full, the others counted."""
    every = sorted({entry["reason"] for entry in anonymization.skipped}) or ["there was no walk to change"]
    more = f"; and {len(every) - REASONS} more like these" if len(every) > REASONS else ""
    return "; ".join(every[:REASONS]) + more


def _proxies(work: jobs.Work, anonymization: Anonymization) -> dict[str, float | None]:
    """Mean IoU with the originals, jitter and manifold ratios against them, shares of frames with detached
    parts; None where undefined.
    """
    work.progress(work.run.done, work.run.total, "Measuring")
    means = anonymization.sequences.aggregate(
        iou=Avg("iou"),
        jitter_ratio=Avg("jitter"),
        frag=Avg("detached"),
        frag_original=Avg("detached_before"),
    )
    return {**means, "manifold_ratio": _manifold_ratio(anonymization)}


def _manifold_ratio(anonymization: Anonymization) -> float | None:
    """How far changed silhouettes lie from the shapes of real walks, against real ones, a view angle at a time.

    A few walks a view angle suffice; the shapes are learned from subjects who are not among those changed.
    """
    from anonymizer.gait import proxies

    changed_subjects = set(anonymization.sequences.values_list("source__subject__label", flat=True))
    ratios = [
        _manifold_ratio_at(anonymization, angle, changed_subjects, proxies.fit_manifold)
        for angle in sorted(set(anonymization.sequences.values_list("source__view_angle", flat=True)))
    ]
    known = [ratio for ratio in ratios if ratio is not None and math.isfinite(ratio)]
    return sum(known) / len(known) if known else None


def _manifold_ratio_at(
    anonymization: Anonymization, view_angle: int, changed_subjects: set[str], fit: Callable[..., Any]
) -> float | None:
    """The ratio at one view angle; None where nobody else's walks are there to learn shapes from."""
    real = Sequence.objects.filter(subject__dataset=anonymization.dataset, view_angle=view_angle)
    learned = [unpacked(row) for row in real.exclude(subject__label__in=changed_subjects)[:MANIFOLD_WALKS]]
    try:
        manifold = fit(learned)
    except ValueError:  # too few walks of others to learn shapes from
        return None
    rows = anonymization.sequences.filter(source__view_angle=view_angle).select_related("source")
    pairs = [
        (manifold.residual(unpacked(row.source)), manifold.residual(unpacked(row)))
        for row in rows[:MANIFOLD_WALKS]
    ]
    both = [(clear, changed) for clear, changed in pairs if clear and changed is not None]
    return sum(changed for _, changed in both) / sum(clear for clear, _ in both) if both else None


def unpacked(row: Any) -> Any:
    from anonymizer.gait.silhouettes import unpack

    return unpack(store.read(row))
