"""Descriptions of stored walks, computed once and kept in one file a dataset or anonymization and view angle.

Whoever reads them has one view angle in memory at a time, however many walks there are.
"""

import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.core.files.storage import default_storage

from anonymizer import parallel, store, stored_files
from anonymizer.models import AnonymizedSequence
from anonymizer.models import Sequence as GaitSequence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from recognition.identify.gaits import GaitKey, Gaits

Row = GaitSequence | AnonymizedSequence
Told = Callable[[int, int], None] | None
FIELDS = ("geis", "harmonics", "boxes", "shown")


def key_of(row: GaitSequence) -> "GaitKey":
    from recognition.identify.gaits import GaitKey

    return GaitKey(row.subject.label, row.gait_condition, row.number, row.view_angle)


def source(row: Row) -> GaitSequence:
    return row.source if isinstance(row, AnonymizedSequence) else row


class Shelf:
    """Where the descriptions of one owner's walks lie; `owner` names the files."""

    def __init__(self, owner: str, size: tuple[int, int]) -> None:
        self.owner, self.size = owner, size
        self._read: tuple[str, Any] = ("", None)

    def gaits(self, rows: Sequence[Row], form: str, told: Told = None) -> "Gaits":
        """These walks as one form of them, or as packed silhouettes; walks that show nobody are left out."""
        import numpy as np

        from recognition.identify.gaits import Gaits, Stored
        from recognition.identify.recognizer import SILHOUETTES

        shown = self._shown(rows, told)
        keys = tuple(key_of(source(row)) for row in shown)
        fetch = self._packed(shown) if form == SILHOUETTES else self._fetch(shown, form)
        return Gaits(keys, Stored(fetch, np.arange(len(shown))))

    def _shown(self, rows: Sequence[Row], told: Told) -> list[Row]:
        self.fill(rows, told)
        shown: set[int] = set()
        for angle in _by_view_angle(rows):
            kept = self._file(angle)
            shown |= {int(pk) for pk, yes in zip(kept["ids"], kept["shown"], strict=True) if yes}
        return [row for row in rows if row.pk in shown]

    def fill(self, rows: Iterable[Row], told: Told = None) -> None:
        """Describe what is not described yet; a view angle that is done is kept if the work is interrupted."""
        from recognition.identify.descriptions import describe_packed

        missing = {
            angle: [row for row in each if row.pk not in self._known(angle)]
            for angle, each in _by_view_angle(rows).items()
        }
        total, done = sum(map(len, missing.values())), 0
        jobs = ((str(source(row)), store.read(row), self.size) for each in missing.values() for row in each)
        found = parallel.ordered_map(describe_packed, jobs)
        for angle, each in missing.items():
            described = []
            for _ in each:
                described.append(next(found))
                done += 1
                if told:
                    told(done, total)
            if each:
                self._keep(angle, [row.pk for row in each], described)

    def _name(self, view_angle: int) -> str:
        return f"descriptions/{self.owner}-{self.size[0]}x{self.size[1]}-{view_angle:03d}.npz"

    def _known(self, view_angle: int) -> set[int]:
        there = default_storage.exists(self._name(view_angle))
        return set(self._file(view_angle)["ids"].tolist()) if there else set()

    def _file(self, view_angle: int) -> Any:
        """The arrays of one view angle; the last one read stays."""
        name = self._name(view_angle)
        if self._read[0] != name:
            self._read = (name, read_arrays(name))
        return self._read[1]

    def _keep(self, view_angle: int, ids: list[int], described: list[Any]) -> None:
        import numpy as np

        arrays = {name: np.stack([getattr(each, name) for each in described]) for name in FIELDS}
        arrays["ids"] = np.array(ids)
        if default_storage.exists(self._name(view_angle)):
            before = self._file(view_angle)
            arrays = {name: np.concatenate([before[name], array]) for name, array in arrays.items()}
        write_arrays(self._name(view_angle), arrays)
        self._read = ("", None)

    def _fetch(self, rows: Sequence[Row], form: str) -> "Callable[[NDArray[np.intp]], Any]":
        import numpy as np

        angles = np.array([source(row).view_angle for row in rows])
        ids = np.array([row.pk for row in rows])

        def fetch(index: "NDArray[np.intp]") -> Any:
            found: Any = None
            for angle in np.unique(angles[index]).tolist():
                mine = np.flatnonzero(angles[index] == angle)
                kept = self._file(angle)
                order = np.argsort(kept["ids"])
                places = order[np.searchsorted(kept["ids"], ids[index[mine]], sorter=order)]
                some = kept[form][places]
                found = np.empty((len(index), *some.shape[1:]), some.dtype) if found is None else found
                found[mine] = some
            return np.empty(0, np.float32) if found is None else found

        return fetch

    def _packed(self, rows: Sequence[Row]) -> "Callable[[NDArray[np.intp]], Any]":
        return lambda index: [store.read(rows[place]) for place in index.tolist()]


def _by_view_angle(rows: Iterable[Row]) -> dict[int, list[Row]]:
    gathered: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        gathered[source(row).view_angle].append(row)
    return dict(sorted(gathered.items()))


def read_arrays(name: str, wanted: Callable[[str], bool] = bool) -> "dict[str, NDArray[Any]]":
    """The arrays of a file, or those whose name is wanted; nothing else is read."""
    import numpy as np

    with default_storage.open(name) as file, np.load(file, allow_pickle=False) as kept:
        return {each: kept[each] for each in kept.files if wanted(each)}


def write_arrays(name: str, arrays: "dict[str, NDArray[Any]]") -> None:
    """In the place of a file of that name, if there is one; whole or not at all."""
    import numpy as np

    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    stored_files.replace(name, buffer.getvalue())
