"""Gait energy images of stored silhouettes, computed once and kept in one file a dataset or anonymization."""

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django.core.files.storage import default_storage

from anonymizer import parallel, store, stored_files
from anonymizer.models import AnonymizedSequence
from anonymizer.models import Sequence as GaitSequence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from recognition.identify.gaits import GaitKey, Gaits

Rows = Sequence[GaitSequence] | Sequence[AnonymizedSequence]


def key_of(row: GaitSequence) -> "GaitKey":
    from recognition.identify.gaits import GaitKey

    return GaitKey(row.subject.label, row.gait_condition, row.number, row.view_angle)


def gaits(
    owner: str, rows: Rows, size: tuple[int, int], progress: Callable[[int, int], None] | None = None
) -> "Gaits":
    """Keyed GEIs of these rows; `owner` names the file they are kept in. Walks that show nobody are left out."""
    import numpy as np

    from recognition.identify.gaits import Gaits
    from recognition.identify.gei import of_packed

    name = f"geis/{owner}-{size[0]}x{size[1]}.npz"
    known = _read(name)
    missing = [row for row in rows if row.pk not in known]
    jobs = ((store.read(row), size) for row in missing)
    blank = np.zeros(size, np.float32)
    for done, (row, gei) in enumerate(
        zip(missing, parallel.ordered_map(of_packed, jobs), strict=True), start=1
    ):
        known[row.pk] = blank if gei is None else gei
        if progress:
            progress(done, len(missing))
    if missing:
        _write(name, known)
    shown = [row for row in rows if known[row.pk].any()]
    keys = tuple(key_of(row.source if isinstance(row, AnonymizedSequence) else row) for row in shown)
    images = np.stack([known[row.pk] for row in shown]) if shown else np.empty((0, *size), np.float32)
    return Gaits(keys, images)


def _read(name: str) -> "dict[int, NDArray[np.float32]]":
    import numpy as np

    if not default_storage.exists(name):
        return {}
    with default_storage.open(name) as file, np.load(io.BytesIO(file.read()), allow_pickle=False) as kept:
        return dict(zip(kept["ids"].tolist(), kept["geis"], strict=True))


def _write(name: str, known: "dict[int, Any]") -> None:
    import numpy as np

    buffer = io.BytesIO()
    np.savez(buffer, ids=np.array(list(known)), geis=np.stack(list(known.values())))
    stored_files.replace(name, buffer.getvalue())
