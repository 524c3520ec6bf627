"""A study as one zip that can be checked without this software: design, votes, recognition, numbers, a script.

`verify.py` inside works every number of `numbers.json` out again from the other files and says where one
differs. The numbers are made from the very rows that are written, so a vote that comes meanwhile makes no
difference between the two. No credential and no platform identity is in it.
"""

import hashlib
import io
import json
import zipfile
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from anonymizer.models import Dataset
from recognition import reports
from recognition.tables import Row, csv_lines
from studies import counting, export, results
from studies.counting import Stimuli
from studies.dashboard import Present
from studies.export import Exclusions, Progress
from studies.models import Condition, Presentation, Rater, Stimulus, Study
from studies.mos.measures import NO_REFERENCE
from studies.votes import STATES, TYPES, UNKNOWN, Votes

SCRIPT = Path(__file__).parent / "bundle_script" / "verify.py"
README = """This is the study {name!r} ({slug}) as GaitMOS exported it.

study.json            what was asked, of whom, with which seed
pairs.csv             every pair: its condition, view angle, walk, and its clips' SHA-256
clips.csv             every clip that was shown
seats.csv             the design: each seat's pairs in the order of showing
raters.csv            every rater under a random name
votes.csv             one row a presentation; what is not counted says why
masks.csv             who was set aside and let back in, when and why
identifications-N.csv each answer of the newest recognition of condition N
recognition-N.json    its settings and rates
numbers.json          every number of the dashboard
verify.py             works numbers.json out again: python verify.py (needs numpy and scipy)
manifest.json         SHA-256 of each of these files, and what made them
"""
Tables = dict[str, tuple[Iterable[str], Iterable[Row]]]


def write_bundle(study: Study, path: Path, versions: dict[str, str], progress: Progress | None = None) -> int:
    """Write the zip; returns how many presentations it holds."""
    gathered = _Gathered(study)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        files = _Files(archive)
        files.table("votes.csv", export.COLUMNS, gathered.rows(progress))
        files.json("study.json", _about(study, versions))
        for name, (columns, rows) in _tables(study, gathered.stimuli).items():
            files.table(name, columns, rows)
        for condition in gathered.stimuli.conditions:
            _recognition(files, condition)
        files.json("numbers.json", results.numbers(gathered.present(), gathered.names))
        files.text("verify.py", SCRIPT.read_text(encoding="utf-8"))
        files.text("README.txt", README.format(name=study.name, slug=study.slug))
        manifest = {"study": study.slug, "versions": versions, "files": files.digests}
        archive.writestr("manifest.json", json.dumps(manifest, indent=1))
    return gathered.count


class _Files:
    """Files of a zip as they are written, with their digests."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.digests: dict[str, dict[str, Any]] = {}

    def text(self, name: str, text: str) -> None:
        self._write(name, [text])

    def json(self, name: str, value: Any) -> None:
        self.text(name, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")

    def table(self, name: str, columns: Iterable[str], rows: Iterable[Row]) -> None:
        lines = self._write(name, csv_lines(columns, rows))
        self.digests[name]["rows"] = lines - 1

    def _write(self, name: str, pieces: Iterable[str]) -> int:
        digest, number = hashlib.sha256(), 0
        with self.archive.open(name, "w", force_zip64=True) as binary:
            file: IO[bytes] = io.BufferedWriter(binary, 2**16)
            for piece in pieces:
                data = piece.encode()
                digest.update(data)
                file.write(data)
                number += 1
            file.flush()
        self.digests[name] = {"sha256": digest.hexdigest()}
        return number


# --- Votes, and what the dashboard makes of them ----------------------------------------------------
class _Gathered:
    """The presentations as rows, and of the scores among them the columns that the dashboard counts."""

    def __init__(self, study: Study) -> None:
        self.study, self.stimuli, self.excluded = study, counting.stimuli_of(study), Exclusions(study)
        self.stimulus_pks = np.array(sorted(study.stimuli.values_list("pk", flat=True)), dtype=np.int64)
        self.columns = {name: array(kind) for name, kind in zip(TYPES, "qlqbfl", strict=True)}
        self.rater_pks, self.states, self.simulated = array("q"), array("b"), array("b")
        self.names: list[str] = []
        self.count = 0

    def rows(self, progress: Progress | None) -> Iterator[Row]:
        pairs = export.described_pairs(self.study)
        place = {pk: code for code, pk in enumerate(self.stimulus_pks.tolist())}
        for raters in export.rater_batches(self.study):
            codes = {pk: self._rater(rater) for pk, rater in sorted(raters.items())}
            for shown in export.presentations(raters):
                if shown["rating__score"] is not None and not shown["problem"]:
                    self._vote(shown, codes[shown["rater"]], place[shown["stimulus"]])
                rater = raters[shown["rater"]]
                yield export.row_of(self.study, pairs[shown["stimulus"]], rater, shown, self.excluded)
                self.count += 1
            if progress:
                progress(self.count)

    def _rater(self, rater: Rater) -> int:
        """The rater's code."""
        self.rater_pks.append(rater.pk)
        self.states.append(STATES.index(rater.state))
        self.simulated.append(rater.simulated)
        self.names.append(rater.pseudonym)
        return len(self.names) - 1

    def _vote(self, shown: dict[str, Any], rater: int, stimulus: int) -> None:
        watched, stalls = shown["rating__watched_fraction"], shown["rating__stalls"]
        values = (
            shown["pk"],
            rater,
            stimulus,
            shown["rating__score"],
            float("nan") if watched is None else watched,
            UNKNOWN if stalls is None else min(stalls, 32_767),
        )
        for column, value in zip(self.columns.values(), values, strict=True):
            column.append(value)

    def present(self) -> Present:
        """What the dashboard would show of exactly these rows."""
        simulated = np.array(self.simulated, dtype=np.bool_)
        votes = Votes(
            columns={name: np.array(column, dtype=TYPES[name]) for name, column in self.columns.items()},
            stimulus_pks=self.stimulus_pks,
            rater_pks=np.array(self.rater_pks, dtype=np.int64),
            state=np.array(self.states, dtype=np.int8),
            simulated=simulated,
            over_quota=np.zeros(len(simulated), dtype=np.bool_),
            marker=(),
            seen_until=None,
        )
        self.columns.clear()
        masks = self.excluded.masks
        kinds = [
            counting.counted(self.study, votes, self.stimuli, simulated=kind, masks=masks)
            for kind in (False, True)
        ]
        return Present(self.study, votes, self.stimuli, masks, *kinds)


# --- What was asked and shown -----------------------------------------------------------------------
def _about(study: Study, versions: dict[str, str]) -> dict[str, Any]:
    told = (
        "name", "slug", "status", "template", "layout", "question", "translations", "scale", "consent_text",
        "consent_version", "pairs_per_rater", "pairs_per_view_angle", "view_angles", "training_pairs",
        "check_pairs", "pause_half_way", "target_raters", "clip_seconds", "quotas", "idle_minutes",
        "rater_days", "count_abandoned", "platform", "playback_checked", "seed",
    )  # fmt: skip
    moments = {name: getattr(study, name) for name in ("created", "opened", "closed", "frozen", "closes_on")}
    conditions = [
        {"number": each.number, "label": each.label, "method": each.method, **_anonymization(each)}
        for each in study.conditions.select_related("anonymization__dataset", "anonymization__run")
    ]
    return {
        **{name: getattr(study, name) for name in told},
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
        "conditions": conditions,
        "versions": versions,
    }


def _anonymization(condition: Condition) -> dict[str, Any]:
    made = condition.anonymization
    if made is None:
        return {"brought": True}
    return {
        "run": made.run_id,
        "dataset": made.dataset.name,
        "licence": made.dataset.licence,
        "alpha": made.alpha,
        "parameters": made.parameters,
        "donor": made.donor_policy,
        "split": made.split,
        # Of people's walks the seed is kept back: who knows it can draw the donors again.
        "seed": made.run.seed if made.dataset.source == Dataset.Source.WALKERS else None,
        "code_version": made.run.code_version,
    }


def _tables(study: Study, stimuli: Stimuli) -> Tables:
    return {
        "pairs.csv": (PAIR_COLUMNS, _pairs(study, stimuli)),
        "clips.csv": (("sha256", "seconds", "rendering"), _clips(study)),
        "seats.csv": (("position", "occupied", "pairs"), _seats(study)),
        "raters.csv": (RATER_COLUMNS, _raters(study)),
        "masks.csv": (MASK_COLUMNS, _masks(study)),
    }


PAIR_COLUMNS = (
    "pair", "role", "dataset", "subject", "gait_condition", "number", "view_angle", "method", "alpha", "donor",
    "reference_sha256", "clip_sha256", "condition", "expected_score", "hidden_reference", "labels",
)  # fmt: skip
RATER_COLUMNS = (
    "rater", "state", "simulated", "over_quota", "seat", "locale", "consent_version", "created", "completed"
)  # fmt: skip
MASK_COLUMNS = ("rater", "position", "rule", "reason", "made", "lifted")


def _pairs(study: Study, stimuli: Stimuli) -> Iterator[Row]:
    described = export.described_pairs(study)
    number = stimuli.number.tolist()
    hidden = {
        number[code]: number[other]
        for code, other in enumerate(stimuli.reference_of.tolist())
        if other != NO_REFERENCE
    }
    for each in study.stimuli.select_related("condition").order_by("number"):
        label = each.condition.label if each.condition else ""
        labels = json.dumps(each.labels, ensure_ascii=False)
        yield (*described[each.pk], label, each.expected_score, hidden.get(each.number), labels)


def _clips(study: Study) -> Iterator[Row]:
    known: dict[str, Row] = {}
    for pair in Stimulus.objects.filter(study=study).select_related("reference_clip", "test_clip"):
        for clip in (pair.reference_clip, pair.test_clip):
            if clip:
                known[clip.sha256] = (clip.sha256, clip.seconds, clip.rendering)
    yield from known.values()


def _seats(study: Study) -> Iterator[Row]:
    for seat in study.seats.filter(simulated=False).order_by("position").iterator(chunk_size=500):
        yield (seat.position, seat.occupied, " ".join(map(str, seat.pairs)))


def _raters(study: Study) -> Iterator[Row]:
    seats = dict(study.seats.values_list("pk", "position"))
    for raters in export.rater_batches(study):
        for each in raters.values():
            yield (
                each.pseudonym, each.state, each.simulated, each.over_quota, seats.get(each.seat_id or 0),
                each.locale, each.consent_version, each.created, each.completed,
            )  # fmt: skip


def _masks(study: Study) -> Iterator[Row]:
    for mask in study.masks.select_related("rater", "presentation").order_by("pk"):
        shown: Presentation | None = mask.presentation
        position = shown.position if shown else None
        yield (mask.rater.pseudonym, position, mask.rule, mask.reason, mask.made, mask.lifted)


def _recognition(files: _Files, condition: Condition) -> None:
    run = reports.newest_run(condition.anonymization) if condition.anonymization else None
    if run is None:
        return
    files.json(
        f"recognition-{condition.number}.json",
        {"run": run.pk, "seed": run.seed, "code_version": run.code_version, **run.result},
    )
    files.table(f"identifications-{condition.number}.csv", reports.COLUMNS, reports.table(run))
