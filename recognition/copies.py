"""Copies that the attacker anonymizes itself: drawn once, kept in files, read a view angle at a time.

A copy is no run of its own: nothing is stored of it but what attackers look at, some walks a file. Files that
an earlier attempt made are used again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.core.files.storage import default_storage

from anonymizer import anonymizing, parallel
from anonymizer.jobs import Refused
from anonymizer.models import Anonymization, Run
from anonymizer.models import Sequence as GaitSequence
from recognition.described import FIELDS, read_arrays, write_arrays

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from anonymizer.gait.batch import ChangedTrack
    from anonymizer.gait.donors import TrackName
    from recognition.identify.copying import CopiedTrack
    from recognition.identify.gaits import Gaits

WALKS_A_FILE = 48
FAILED = "failed"  # in a file: (walks, 2) name and reason of those that could not be anonymized
Tracks = Mapping["TrackName", Mapping[int, GaitSequence]]
Told = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Draw:
    """One copy of some walks: which, with whose donors, by which seed."""

    judged: Anonymization
    name: str  # of its files
    tracks: Tracks
    lenders: Tracks  # whose walks may be donors, where donors are recorded people
    pool: list[int] | None  # of synthetic donors; fresh ones without
    seed: int  # who is drawn for whom
    size: tuple[int, int]
    silhouettes: bool

    def as_if(self) -> Anonymization:
        """The judged anonymization with another seed; it is never saved."""
        own = {"copy": Anonymization.Copy.ATTACKER, "run": Run(kind=Run.Kind.ANONYMIZE, seed=self.seed)}
        kept = ("dataset", "method", "alpha", "parameters", "donor_policy", "checkpoint", "split")
        return Anonymization(**{name: getattr(self.judged, name) for name in kept}, **own)


def copy(draw: Draw, form: str, told: Told) -> "Gaits":
    """The copy as one form of it, made where it is not there yet."""
    names = [
        f"copies/{draw.judged.pk}/{draw.name}-{first}.npz"
        for first in range(0, len(draw.tracks), WALKS_A_FILE)
    ]
    missing = [place for place, name in enumerate(names) if not default_storage.exists(name)]
    if missing:
        _make(draw, {names[place]: _part(draw.tracks, place) for place in missing}, told)
    return _gaits(names, form)


def _part(tracks: Tracks, place: int) -> Tracks:
    """The walks of one file."""
    first = place * WALKS_A_FILE
    return dict(islice(sorted(tracks.items()), first, first + WALKS_A_FILE))


def _make(draw: Draw, files: Mapping[str, Tracks], told: Told) -> None:
    """Draw every file's copies, in one go for all of them; each file is kept once it is whole.

    A walk that can't be anonymized is left out and named in its file, with the reason.
    """
    total, done = sum(map(len, files.values())), 0
    every = {name: views for some in files.values() for name, views in some.items()}
    copied = _copied(draw, every)
    for name, some in files.items():
        made = []
        for _ in some:
            made.append(next(copied))
            done += 1
            told(done, total, "The attacker anonymizes")
        write_arrays(name, _arrays(draw, made))


def _copied(draw: Draw, tracks: Tracks) -> "Iterator[CopiedTrack]":
    """One a track, in their order; who finds no donor is an error in its place."""
    from recognition.identify import copying

    as_if = draw.as_if()
    refused: list[ChangedTrack] = []
    made = parallel.ordered_map(
        copying.copied,
        anonymizing.track_jobs(as_if, tracks, draw.lenders, refused, draw.pool),
        processes=parallel.for_views(sum(map(len, tracks.values()))),
        prepare=copying.prepare,
        prepare_with=(draw.size, draw.silhouettes, *anonymizing.workshop(as_if)),
    )
    coming = next(made, None)
    for name in tracks:
        if coming is not None and coming.name == name:
            yield coming
            coming = next(made, None)
        else:  # passed over while what is coming was looked for
            yield next(copying.CopiedTrack(name, error=each.error) for each in refused if each.name == name)


def _arrays(draw: Draw, copied: "Sequence[CopiedTrack]") -> "dict[str, NDArray[Any]]":
    """A file's content: for every view angle the walks' names and each form of them; and who is missing, why."""
    import numpy as np

    failed = [(str(each.name), each.error) for each in copied if each.error]
    arrays: dict[str, NDArray[Any]] = {FAILED: np.array(failed, np.str_).reshape(-1, 2)}
    for angle in sorted({angle for each in copied for angle in each.descriptions}):
        here = [each for each in copied if angle in each.descriptions and each.descriptions[angle].shown]
        if not here:
            continue
        names = [(e.name.subject, e.name.condition, str(e.name.number), e.donor) for e in here]
        arrays[f"{angle}/names"] = np.array(names)
        for form in FIELDS[:-1]:
            arrays[f"{angle}/{form}"] = np.stack([getattr(e.descriptions[angle], form) for e in here])
        if draw.silhouettes:
            packed = [np.frombuffer(e.silhouettes[angle], np.uint8) for e in here]
            arrays[f"{angle}/silhouettes"] = np.concatenate(packed)
            arrays[f"{angle}/ends"] = np.cumsum([len(each) for each in packed])
    return arrays


def _gaits(files: Sequence[str], form: str) -> "Gaits":
    import numpy as np

    from recognition.identify.gaits import GaitKey, Gaits, Stored, together

    parts = []
    for name in files:
        for angle, names in _names(name).items():
            keys = tuple(GaitKey(s, c, int(n), angle) for s, c, n, _ in names)
            stored = Stored(_fetch(name, angle, form), np.arange(len(keys)))
            parts.append(Gaits(keys, stored, tuple(donor for *_, donor in names)))
    if not parts:
        walk, reason = _failed(files[0])
        raise Refused(f"The attacker can't anonymize {walk}: {reason}.")
    return together(parts)


def _failed(file: str) -> list[str]:
    """The first walk that is missing in a file, and why."""
    missing = read_arrays(file, FAILED.__eq__)[FAILED].tolist()
    return missing[0] if missing else ["anybody", "nobody is to be seen"]


def _names(file: str) -> dict[int, list[list[str]]]:
    """Subject, condition, number and donor of every walk, by view angle."""
    arrays = read_arrays(file, lambda each: each.endswith("/names"))
    return {int(name.partition("/")[0]): names.tolist() for name, names in arrays.items()}


def _fetch(name: str, view_angle: int, form: str) -> "Callable[[NDArray[np.intp]], Any]":
    from recognition.identify.recognizer import SILHOUETTES

    wanted = {f"{view_angle}/{form}", f"{view_angle}/ends"}

    def fetch(rows: "NDArray[np.intp]") -> Any:
        arrays = read_arrays(name, wanted.__contains__)
        if form != SILHOUETTES:
            return arrays[f"{view_angle}/{form}"][rows]
        data, ends = arrays[f"{view_angle}/silhouettes"], arrays[f"{view_angle}/ends"]
        starts = [0, *ends[:-1].tolist()]
        return [data[starts[row] : ends[row]].tobytes() for row in rows.tolist()]

    return fetch


def at_view_angles(tracks: Tracks, view_angles: Sequence[int] | None) -> Tracks:
    """The walks as these cameras saw them; those that none of them saw are left out."""
    if view_angles is None:
        return tracks
    kept = {name: {v: views[v] for v in view_angles if v in views} for name, views in tracks.items()}
    return {replace(name, view_angles=frozenset(views)): views for name, views in kept.items() if views}
