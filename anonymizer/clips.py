"""Clips of pairs, original and changed, made once and found again."""

import hashlib
from collections.abc import Callable, Iterator, Sequence

from django.core.files.base import ContentFile

from anonymizer import parallel, store
from anonymizer.models import AnonymizedSequence, Clip


def pairs(
    changed: Sequence[AnonymizedSequence], seconds: float, progress: Callable[[int, int], None] | None = None
) -> Iterator[tuple[AnonymizedSequence, Clip, Clip]]:
    """Each changed walk with the clip of its original and its own; what exists is not encoded again."""
    from anonymizer.gait.clip_jobs import ClipJob, encode_clips

    missing = [row for row in changed if _existing(row, seconds) is None]
    jobs = (ClipJob(store.read(row.source), store.read(row), seconds) for row in missing)
    for done, (row, files) in enumerate(
        zip(missing, parallel.ordered_map(encode_clips, jobs), strict=True), start=1
    ):
        _save(row, seconds, *files)
        if progress:
            progress(len(changed) - len(missing) + done, len(changed))
    for row in changed:
        found = _existing(row, seconds)
        assert found is not None  # all were made above
        yield row, *found


def _existing(row: AnonymizedSequence, seconds: float) -> tuple[Clip, Clip] | None:
    own = Clip.objects.filter(anonymized_sequence=row, seconds=seconds).first()
    original = Clip.objects.filter(sequence=row.source_id, seconds=seconds).first()
    return (original, own) if own and original else None


def _save(row: AnonymizedSequence, seconds: float, original: bytes, own: bytes | None) -> None:
    _clip(original, f"original-{row.source_id}", seconds, sequence_id=row.source_id)
    if own is not None:
        _clip(own, f"changed-{row.pk}", seconds, anonymized_sequence_id=row.pk)


def _clip(data: bytes, name: str, seconds: float, **owner: int) -> None:
    if Clip.objects.filter(seconds=seconds, **owner).exists():
        return
    clip = Clip(seconds=seconds, sha256=hashlib.sha256(data).hexdigest(), **owner)
    clip.file.save(f"{name}-{seconds:g}s.mp4", ContentFile(data), save=False)
    clip.save()
