"""A study's votes as columns, kept up to date: what every number of its dashboard is made of.

Reading a million votes takes seconds, so they stand in arrays: in each process, and in a file under `var/votes`
that a new process begins from. The rater is the unit of change. Every score that is kept sets its
rater's `last_seen` in the same transaction, so only raters seen since the last look are read
again, whole; raters who are gone take their votes with them. Corrections by hand leave a line in the study's log
(`CORRECTED`).
"""

import hashlib
import tempfile
import threading
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Max, QuerySet
from numpy.typing import NDArray

from anonymizer.gait import plain_arrays
from studies.models import Rater, Rating, Study

OVERLAP = timedelta(minutes=1)  # longer than a transaction: what was written before may be committed after
STUDIES_IN_MEMORY = 8
READ_AT_ONCE = 500  # raters
CORRECTED = "Votes corrected"  # a line of the study's log that begins so makes every process read all anew
STATES = tuple(Rater.State.values)
UNKNOWN = -1  # a number of stalls that was not reported

Marker = tuple[Any, ...]
Columns = dict[str, NDArray[Any]]
Raters = tuple[NDArray[Any], ...]  # primary keys, states, simulated, over quota
TYPES: dict[str, Any] = {
    "presentation": np.int64,
    "rater": np.int32,
    "stimulus": np.int32,
    "score": np.int8,
    "watched": np.float32,  # NaN: not reported
    "stalls": np.int16,
}


@dataclass(frozen=True, eq=False)
class Votes:
    """Every kept score on a pair that could be played, whoever gave it; columns of (votes,).

    Raters and stimuli are codes: places in `rater_pks` and `stimulus_pks`, both ascending. What is derived
    from exactly these votes may be kept in `memo`.
    """

    columns: Columns
    stimulus_pks: NDArray[np.int64]
    rater_pks: NDArray[np.int64]
    state: NDArray[np.int8]  # (raters,), places in STATES
    simulated: NDArray[np.bool_]  # (raters,)
    over_quota: NDArray[np.bool_]  # (raters,)
    marker: Marker
    seen_until: datetime | None
    recent: dict[int, datetime] = field(default_factory=dict)  # raters read just now, as they were seen
    memo: dict[Any, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.columns["score"])


def votes_of(study: Study) -> Votes:
    """The votes as they are now."""
    key = _key(study)
    with _locks[key]:
        known = _memory.get(key) or _stored(study)
        found = _refreshed(study, known) if known else _read_all(study)
        if known is None or _far_from_file(key, found):
            _store(study, found)
        _remember(key, found)
        return found


# --- What is kept where -----------------------------------------------------------------------------
_memory: OrderedDict[str, Votes] = OrderedDict()
_guard = threading.Lock()
_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
_in_file: dict[str, int] = {}  # votes that stood in the file when it was last written or read


def _key(study: Study) -> str:
    """Not the number alone: a database that is made anew gives numbers again."""
    return f"{study.pk}-{hashlib.sha256(study.token.encode()).hexdigest()[:16]}"


def _remember(key: str, votes: Votes) -> None:
    with _guard:
        _memory[key] = votes
        _memory.move_to_end(key)
        while len(_memory) > STUDIES_IN_MEMORY:
            _memory.popitem(last=False)


def _path(study: Study) -> Path:
    return Path(settings.VAR) / "votes" / f"{_key(study)}.npz"


def _far_from_file(key: str, votes: Votes) -> bool:
    return abs(len(votes) - _in_file.get(key, 0)) > max(10_000, len(votes) // 20)


def _store(study: Study, votes: Votes) -> None:
    """Write the file whole or not at all; a study that can't be written is read from the database instead."""
    path = _path(study)
    seen = votes.seen_until.isoformat() if votes.seen_until else ""
    arrays = votes.columns | {"stimulus_pks": votes.stimulus_pks, "rater_pks": votes.rater_pks}
    arrays |= {"seen": np.array(seen), "epoch": np.array(_epoch(votes.marker))}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:  # goes with what a full disk cut off
            unfinished = Path(folder) / path.name
            np.savez(unfinished, allow_pickle=False, **arrays)
            unfinished.replace(path)
    except OSError:
        return
    _in_file[_key(study)] = len(votes)


def forget(study_pk: int) -> None:
    """Remove the file, which may hold what a rater had erased; the next process to look writes it anew."""
    for path in (Path(settings.VAR) / "votes").glob(f"{study_pk}-*.npz"):
        path.unlink(missing_ok=True)


def _stored(study: Study) -> Votes | None:
    try:
        with _path(study).open("rb") as file:
            arrays = plain_arrays.read(file)
    except (OSError, ValueError):
        return None
    if not arrays.keys() >= {
        *TYPES,
        "stimulus_pks",
        "rater_pks",
        "seen",
        "epoch",
    }:  # another version wrote it
        return None
    seen, raters = str(arrays["seen"]), len(arrays["rater_pks"])
    _in_file[_key(study)] = len(arrays["score"])
    nobody = np.zeros(raters, dtype=np.bool_)
    return Votes(
        columns={name: arrays[name] for name in TYPES},
        stimulus_pks=arrays["stimulus_pks"],
        rater_pks=arrays["rater_pks"],
        state=np.zeros(raters, dtype=np.int8),  # read anew, as the marker tells
        simulated=nobody,
        over_quota=nobody,
        marker=("file", int(arrays["epoch"])),
        seen_until=datetime.fromisoformat(seen) if seen else None,
    )


# --- Reading ----------------------------------------------------------------------------------------
def marker(study: Study) -> Marker:
    """Changes whenever a vote, a rater or a rater's state does; the last entry with each correction."""
    groups = study.raters.order_by().values_list("simulated", "state", "over_quota")
    counted = sorted(groups.annotate(Count("pk"), Max("last_seen")))
    epoch = study.events.filter(what__startswith=CORRECTED).aggregate(newest=Max("pk"))["newest"]
    return (*counted, epoch or 0)


def _epoch(current: Marker) -> int:
    return int(current[-1])


def _read_all(study: Study) -> Votes:
    current = marker(study)
    pks = np.array(sorted(study.stimuli.values_list("pk", flat=True)), dtype=np.int64)
    raters = _raters(study)
    rows = _rows(Rating.objects.filter(presentation__rater__study=study))
    return _votes(current, pks, raters, _coded(rows, pks, raters[0]))


def _refreshed(study: Study, old: Votes) -> Votes:
    """The old votes with the rows of every rater who changed read again."""
    current = marker(study)
    if current == old.marker:
        return old
    pks = np.array(sorted(study.stimuli.values_list("pk", flat=True)), dtype=np.int64)
    if _epoch(current) != _epoch(old.marker) or not np.array_equal(pks, old.stimulus_pks):
        return _read_all(study)
    seen = _seen_since(study, old)
    changed = {pk for pk, at in seen.items() if old.recent.get(pk) != at}
    raters = _raters_with(old, changed, current) or _raters(study)
    changed |= set(np.setdiff1d(raters[0], old.rater_pks, assume_unique=True).tolist())
    columns = _without(old, raters[0], changed)
    rows = [_coded(_rows_of(part), pks, raters[0]) for part in _parts(sorted(changed))]
    columns = {name: np.concatenate([columns[name], *(row[name] for row in rows)]) for name in TYPES}
    return replace(_votes(current, pks, raters, columns), recent=seen)


def _votes(current: Marker, pks: NDArray[np.int64], raters: Raters, columns: Columns) -> Votes:
    seen = max((group[4] for group in current[:-1]), default=None)
    rater_pks, state, simulated, over_quota = raters
    return Votes(columns, pks, rater_pks, state, simulated, over_quota, current, seen)


def _seen_since(study: Study, old: Votes) -> dict[int, datetime]:
    known = study.raters.all()
    if old.seen_until is not None:
        known = known.filter(last_seen__gte=old.seen_until - OVERLAP)
    return dict(known.values_list("pk", "last_seen"))


def _raters_with(old: Votes, changed: set[int], current: Marker) -> Raters | None:
    """The raters with those who changed read again; None where that is not all that happened to raters.

    Raters who went or came, or whom a job set to abandoned or expired, show in the marker's counts.
    """
    if len(changed) > READ_AT_ONCE or not len(old.rater_pks):
        return None
    pks, *kept = _raters_of(Rater.objects.filter(pk__in=changed))
    places = np.minimum(np.searchsorted(old.rater_pks, pks), len(old.rater_pks) - 1)
    if not np.array_equal(old.rater_pks[places], pks):
        return None
    columns = tuple(column.copy() for column in (old.state, old.simulated, old.over_quota))
    for column, values in zip(columns, kept, strict=True):
        column[places] = values
    found = Counter(zip(*(column.tolist() for column in columns), strict=True))
    told = {(STATES.index(state), made_up, over): number for made_up, state, over, number, _ in current[:-1]}
    return (old.rater_pks, *columns) if found == told else None


def _without(old: Votes, rater_pks: NDArray[np.int64], changed: set[int]) -> Columns:
    """The rows of raters who are still there and did not change, under the raters' new codes."""
    stays = np.isin(old.rater_pks, rater_pks, assume_unique=True)
    stays &= ~np.isin(old.rater_pks, np.array(sorted(changed), dtype=np.int64), assume_unique=True)
    columns = old.columns
    if not stays.all():
        kept = stays[columns["rater"]]
        if not kept.all():
            columns = {name: column[kept] for name, column in columns.items()}
    if np.array_equal(rater_pks, old.rater_pks):
        return columns
    codes = np.searchsorted(rater_pks, old.rater_pks).astype(np.int32)
    return columns | {"rater": codes[columns["rater"]]}


def _raters(study: Study) -> Raters:
    return _raters_of(study.raters.all())


def _raters_of(known: QuerySet[Rater]) -> Raters:
    """Primary keys ascending, states, who is simulated, who is over quota; (raters,) each."""
    rows = _fetched(known.order_by("pk").values_list("pk", "state", "simulated", "over_quota"))
    pks, states, simulated, over_quota = zip(*rows, strict=True) if rows else ((), (), (), ())
    place = {state: code for code, state in enumerate(STATES)}
    return (
        np.array(pks, dtype=np.int64),
        np.array([place[state] for state in states], dtype=np.int8),
        np.array(simulated, dtype=np.bool_),
        np.array(over_quota, dtype=np.bool_),
    )


def _parts(pks: Sequence[int]) -> Iterable[Sequence[int]]:
    return (pks[start : start + READ_AT_ONCE] for start in range(0, len(pks), READ_AT_ONCE))


def _rows_of(raters: Sequence[int]) -> list[tuple[Any, ...]]:
    return _rows(Rating.objects.filter(presentation__rater__in=raters))


def _rows(ratings: QuerySet[Rating]) -> list[tuple[Any, ...]]:
    """Rows in the order of TYPES; a pair that could not be played has no say."""
    playable = ratings.filter(presentation__problem="").order_by()
    return _fetched(
        playable.values_list(
            "presentation", "presentation__rater", "presentation__stimulus",
            "score", "watched_fraction", "stalls",
        )
    )  # fmt: skip


def _fetched(rows: QuerySet[Any, Any]) -> list[tuple[Any, ...]]:
    """What the database gives, without Django's conversions: numbers and words need none."""
    try:
        sql, parameters = rows.query.sql_with_params()
    except EmptyResultSet:  # nobody is asked for
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def _coded(
    rows: list[tuple[Any, ...]], stimulus_pks: NDArray[np.int64], rater_pks: NDArray[np.int64]
) -> Columns:
    """Rows as columns. A rater who came after `rater_pks` was read is left for the next look."""
    given = zip(*rows, strict=True) if rows else ((),) * len(TYPES)
    presentation, rater, stimulus, score, watched, stalls = given
    pks = np.array(rater, dtype=np.int64)
    known = np.isin(pks, rater_pks)
    columns: Columns = {
        "presentation": np.array(presentation),
        "rater": np.searchsorted(rater_pks, pks),
        "stimulus": np.searchsorted(stimulus_pks, np.array(stimulus, dtype=np.int64)),
        "score": np.array(score),
        "watched": np.array(watched, dtype=np.float64),
        "stalls": np.array([UNKNOWN if n is None else min(n, 32_767) for n in stalls]),
    }
    return {name: column.astype(TYPES[name])[known] for name, column in columns.items()}
