"""Clips of walks, original and changed, made once and found again."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.core.files.base import ContentFile

from anonymizer import parallel, store
from anonymizer.models import AnonymizedSequence, Clip
from anonymizer.models import Sequence as Walk

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Wanted:
    """A clip of a walk: of what became of it, or without `changed` of the original itself."""

    source: Walk
    changed: AnonymizedSequence | None = None
    rendering: str = Clip.Rendering.CENTRED.value

    @property
    def owner(self) -> dict[str, int]:
        """The row's column that says what it is a clip of."""
        if self.changed is None:
            return {"sequence_id": self.source.pk}
        return {"anonymized_sequence_id": self.changed.pk}


def rendered(
    wanted: Iterable[Wanted], seconds: float, progress: Progress | None = None
) -> dict[Wanted, Clip]:
    """The clip of each; what exists is not encoded again."""
    from anonymizer.gait.clip_jobs import ClipJob, Take, encode_clips

    all_wanted = list(dict.fromkeys(wanted))
    found = {each: clip for each in all_wanted if (clip := _existing(each, seconds))}
    missing = _by_source([each for each in all_wanted if each not in found])
    jobs = (
        ClipJob(
            store.read(group[0].source),
            tuple(Take(each.rendering, store.read(each.changed) if each.changed else None) for each in group),
            seconds,
            group[0].source.subject.dataset.frame_rate,
        )
        for group in missing
    )
    for group, files in zip(missing, parallel.ordered_map(encode_clips, jobs), strict=True):
        for each, data in zip(group, files, strict=True):
            found[each] = _save(each, seconds, data)
        if progress:
            progress(len(found), len(all_wanted))
    return found


def _by_source(wanted: Sequence[Wanted]) -> list[list[Wanted]]:
    """Those of one walk together: it is read, and its cycles are found, once."""
    groups: dict[int, list[Wanted]] = {}
    for each in wanted:
        groups.setdefault(each.source.pk, []).append(each)
    return list(groups.values())


def _existing(wanted: Wanted, seconds: float) -> Clip | None:
    return Clip.objects.filter(seconds=seconds, rendering=wanted.rendering, **wanted.owner).first()


def _save(wanted: Wanted, seconds: float, data: bytes) -> Clip:
    existing = _existing(wanted, seconds)  # another run may have been faster
    if existing:
        return existing
    name = f"original-{wanted.source.pk}" if wanted.changed is None else f"changed-{wanted.changed.pk}"
    clip = Clip(
        seconds=seconds, rendering=wanted.rendering, sha256=hashlib.sha256(data).hexdigest(), **wanted.owner
    )
    clip.file.save(f"{name}-{wanted.rendering}-{seconds:g}s.mp4", ContentFile(data), save=False)
    clip.save()
    return clip


def pairs(
    changed: Sequence[AnonymizedSequence], seconds: float
) -> Iterator[tuple[AnonymizedSequence, Clip, Clip]]:
    """Each changed walk with the clip of its original and its own."""
    both = [(Wanted(row.source), Wanted(row.source, row)) for row in changed]
    made = rendered([each for pair in both for each in pair], seconds)
    for row, (original, own) in zip(changed, both, strict=True):
        yield row, made[original], made[own]
