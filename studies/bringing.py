"""Clips that were brought become the pairs of a study: each is decoded, checked and encoded anew, all or none."""

import hashlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.files.base import ContentFile

from anonymizer import jobs, parallel
from anonymizer.importing import named_as_it_came
from anonymizer.jobs import Refused
from anonymizer.models import Clip, Run
from studies import manifests
from studies.manifests import Manifest, Row
from studies.models import Condition, Stimulus, Study
from studies.pairs import EXPECTED, HIDDEN, IDENTICAL
from studies.showing import ALONE

if TYPE_CHECKING:  # the web process stays without codecs
    from anonymizer.gait import own_clips

ENCODING = "Encoding clips"
KEPT_DAYS = 7
Files = tuple[str, ...]  # one name, or original and processed side by side
Prepared = dict[Files, "own_clips.EncodedClip"]


def stimuli(work: jobs.Work, study: Study) -> list[Stimulus]:
    """The study's pairs, with their clips stored. Refused, with nothing stored, where a row's clips don't do."""
    path = work.run.parameters["manifest"]
    with named_as_it_came(path, ""):
        return _stimuli(work, study, manifests.read(Path(path)))


def _stimuli(work: jobs.Work, study: Study, manifest: Manifest) -> list[Stimulus]:
    reason = next(iter(manifest.problems(study.template)), None)
    if reason:
        raise Refused(reason)
    prepared = _prepared(work, study, manifest)
    made: dict[Files, Clip] = {}
    try:
        for files, encoded in prepared.items():
            made[files] = _stored(encoded)
        found = list(_numbered(study, _pairs(study, manifest, made)))
    except BaseException:
        for clip in made.values():
            clip.file.delete(save=False)
            clip.delete()
        raise
    study.clip_seconds = max(clip.seconds for clip in made.values())
    study.training_pairs = sum(each.role == Stimulus.Role.TRAINING for each in found)
    study.check_pairs = sum(each.role == Stimulus.Role.CHECK for each in found)
    study.save(update_fields=["clip_seconds", "training_pairs", "check_pairs"])
    forget(manifest.path)
    return found


def is_upload(path: Path) -> bool:
    """Whether the site has put the file where it lies, and takes it away."""
    return path.parent == Path(settings.FILE_UPLOAD_TEMP_DIR) and path.name.startswith("clips-")


def forget(path: Path) -> None:
    if is_upload(path):
        path.unlink(missing_ok=True)


def forget_old_uploads(now: float | None = None) -> int:
    """Remove uploads that no study came of, once nobody can be expected to go on with them; how many."""
    unmade = Run.objects.filter(kind=Run.Kind.PREPARE_STUDY, study__isnull=False)
    waiting = unmade.exclude(status=Run.Status.SUCCEEDED)
    wanted = {each.get("manifest", "") for each in waiting.values_list("parameters", flat=True)}
    last = (now or time.time()) - KEPT_DAYS * 24 * 3600
    old = [
        path
        for path in Path(settings.FILE_UPLOAD_TEMP_DIR).glob("clips-*")
        if str(path) not in wanted and path.stat().st_mtime < last
    ]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


# --- Decoding and encoding ------------------------------------------------------------------------
def _together(study: Study, row: Row) -> list[Files]:
    """The clips that show a row: two, or one that holds both."""
    if study.layout == Study.Layout.SIDE_BY_SIDE:
        return [(row.original, row.processed)]
    shown = (row.processed,) if study.template == Study.Template.ACR else row.files
    return [(name,) for name in shown]


def _prepared(work: jobs.Work, study: Study, manifest: Manifest) -> Prepared:
    """Every clip that is needed, encoded. Refused with a report by row where one can't be."""
    wanted = list(dict.fromkeys(files for row in manifest.rows for files in _together(study, row)))
    wanted += [files for files in _identical(study, manifest) if files not in wanted]
    prepared: Prepared = {}
    reasons: dict[Files, str] = {}
    for done, (files, clip) in enumerate(_encoded(manifest, wanted), start=1):
        if isinstance(clip, str):
            reasons[files] = clip
        else:
            prepared[files] = clip
        work.progress(done, len(wanted), ENCODING)
    wrong = list(_wrong(study, manifest, prepared, reasons))
    if wrong:
        work.run.result = {"report": wrong}
        told = "; ".join(wrong[: manifests.TOLD])
        more = f"; and {len(wrong) - manifests.TOLD} more" if len(wrong) > manifests.TOLD else ""
        raise Refused(f"The clips can't be used: {len(wrong)} to correct. {told}{more}. Nothing was kept.")
    return prepared


def _encoded(
    manifest: Manifest, wanted: Sequence[Files]
) -> Iterator[tuple[Files, "own_clips.EncodedClip | str"]]:
    """Each in turn. The files are copied out of the archive first: two of them may be needed together."""
    from anonymizer.gait import own_clips

    with tempfile.TemporaryDirectory() as folder:
        places: dict[str, Path] = {}
        for name, data in manifests.clips(manifest, {name for files in wanted for name in files}):
            places[name] = Path(folder) / str(len(places))
            places[name].write_bytes(data)
        jobs = (own_clips.Job(tuple(places[name].read_bytes() for name in files)) for files in wanted)
        yield from zip(wanted, parallel.ordered_map(own_clips.prepared, jobs), strict=True)


def _wrong(study: Study, manifest: Manifest, prepared: Prepared, reasons: dict[Files, str]) -> Iterator[str]:
    from anonymizer.gait.own_clips import unlike

    for row in manifest.rows:
        shown = _together(study, row)
        bad = [(files, reasons[files]) for files in shown if files in reasons]
        for files, reason in bad:
            yield f"row {row.line}: {' and '.join(map(repr, files))}: {reason}"
        if not bad and len(shown) == 2 and (reason := unlike(*(prepared[files] for files in shown))):
            yield f"row {row.line}: {reason}"


def _stored(clip: "own_clips.EncodedClip") -> Clip:
    row = Clip(seconds=clip.seconds, sha256=hashlib.sha256(clip.data).hexdigest())
    row.file.save("brought.mp4", ContentFile(clip.data), save=False)
    row.save()
    return row


# --- Pairs ----------------------------------------------------------------------------------------
def _identical(study: Study, manifest: Manifest) -> list[Files]:
    """What checks of identical pairs are made of, as many as are asked for beyond the manifest's own checks."""
    missing = study.check_pairs - len(manifest.of_role(Stimulus.Role.CHECK))
    originals = [row.original for row in manifest.hidden_references() if row.original]
    if missing <= 0 or study.template == Study.Template.ACR:
        return []
    side_by_side = study.layout == Study.Layout.SIDE_BY_SIDE
    return [(name, name) if side_by_side else (name,) for name in originals[:missing]]


def _pairs(study: Study, manifest: Manifest, made: dict[Files, Clip]) -> Iterator[Stimulus]:
    conditions = _conditions(study, manifest)
    for row in manifest.rows:
        shown = [made[files] for files in _together(study, row)]
        yield Stimulus(
            view_angle=row.view_angle,
            role=row.role,
            condition=conditions.get(row.label) if row.role == Stimulus.Role.REGULAR else None,
            reference_clip=shown[0] if len(shown) == 2 else None,
            test_clip=shown[-1],
            expected_score=row.expected_score,
            labels={
                "processed": row.processed,
                **({"original": row.original} if row.original else {}),
                **row.labels,
            },
        )
    if study.template == Study.Template.ACR_HR:
        for row in manifest.hidden_references():
            labels = {"kind": HIDDEN, "processed": row.original}
            yield Stimulus(view_angle=row.view_angle, test_clip=made[row.original,], labels=labels)
    angles = {row.original: row.view_angle for row in manifest.rows}
    for files in _identical(study, manifest):
        yield Stimulus(
            view_angle=angles[files[0]],
            role=Stimulus.Role.CHECK,
            reference_clip=None if len(files) == 2 or study.template in ALONE else made[files],
            test_clip=made[files],
            expected_score=EXPECTED[IDENTICAL],
            labels={"kind": IDENTICAL, "original": files[0]},
        )


def _conditions(study: Study, manifest: Manifest) -> dict[str, Condition]:
    methods = {row.label: row.method for row in reversed(manifest.of_role(Stimulus.Role.REGULAR))}
    return {
        label: study.conditions.get_or_create(
            number=number, defaults={"label": label, "method": methods[label]}
        )[0]
        for number, label in enumerate(manifest.labels, start=1)
    }


def _numbered(study: Study, found: Iterator[Stimulus]) -> Iterator[Stimulus]:
    """Regular pairs first, then practice, then checks."""
    order = [role.value for role in (Stimulus.Role.REGULAR, Stimulus.Role.TRAINING, Stimulus.Role.CHECK)]
    for number, each in enumerate(sorted(found, key=lambda each: order.index(each.role)), start=1):
        each.study, each.number = study, number
        yield each
