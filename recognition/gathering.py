"""What the attackers work on, out of rows and files: gathered when it is first asked for."""

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.base import ContentFile

from anonymizer import anonymizing, jobs, store
from anonymizer.gait.splits import split as split_subjects
from anonymizer.jobs import Refused
from anonymizer.models import Anonymization, AnonymizedSequence, Dataset
from anonymizer.models import Sequence as GaitSequence
from recognition.copies import Draw, at_view_angles, copy
from recognition.described import Shelf, key_of
from recognition.learning import forget_unfinished, learn
from recognition.models import Recognizer as RecognizerRow

if TYPE_CHECKING:
    from anonymizer.gait.donors import TrackName
    from recognition.identify.gaits import Gaits
    from recognition.identify.identifications import Identifications
    from recognition.identify.protocol import SequenceChoice
    from recognition.identify.recognizer import Recognizer

ATTACKER_SEED = 7919  # added to the defender's seed: the attacker draws donors of its own


class Gathered:
    """The `Material` (`recognition.identify.material`) of one recognition run.

    `said(attacker)` gives another attacker's answers: kept ones, or made by it.
    """

    def __init__(
        self,
        work: jobs.Work,
        judged: Anonymization,
        recognizer: "Recognizer",
        said: "Callable[[str], Identifications]",
    ) -> None:
        from recognition.identify.material import Effort
        from recognition.identify.protocol import gallery_and_probe

        asked = work.run.parameters
        self.work, self.judged, self.recognizer, self.answers = work, judged, recognizer, said
        self.gallery_choice, self.probe_choice = gallery_and_probe(asked["gallery"], asked["probe"])
        self.effort = Effort(
            asked["copies"], asked["clips"], tuple(asked["view_angles"] or self._some_angles())
        )
        self._shelves: dict[str, Shelf] = {}

    def _some_angles(self) -> tuple[int, ...]:
        from recognition.identify.material import spread

        seen = self.judged.sequences.order_by("source__view_angle")
        return spread(list(seen.values_list("source__view_angle", flat=True).distinct()))

    # --- Gaits ------------------------------------------------------------------------------------
    def clear_gallery(self, form: str) -> "Gaits":
        rows = of_walks(sequences(self.judged.dataset, self.split.test), self.gallery_choice)
        return self._gaits(f"dataset-{self.judged.dataset_id}", rows, form)

    def clear_probes(self, form: str) -> "Gaits":
        """The probes before they were anonymized."""
        judged = set(self.probes(form).keys)
        rows = of_walks(sequences(self.judged.dataset, self.split.test), self.probe_choice)
        found = self._gaits(f"dataset-{self.judged.dataset_id}", rows, form)
        return found.where([key in judged for key in found.keys])

    def probes(self, form: str) -> "Gaits":
        rows = of_walks(anonymized(self.judged), self.probe_choice)
        found = self._gaits(f"anonymization-{self.judged.pk}", rows, form)
        if not len(found):
            raise Refused(f"The anonymization holds none of the probes {self.probe_choice}. Choose others.")
        donors = {key_of(row.source): row.donor for row in rows}
        return replace(found, donors=tuple(donors[key] for key in found.keys))

    def _gaits(self, owner: str, rows: Sequence[Any], form: str) -> "Gaits":
        shelf = self._shelves.setdefault(owner, Shelf(owner, self.recognizer.size))
        return shelf.gaits(rows, form, stage(self.work, "Looking at walks"))

    @property
    def split(self) -> Any:
        return split_of(self.judged.dataset, self.judged.split)

    # --- The attacker's own -----------------------------------------------------------------------
    def copies(
        self, part: str, form: str, pool: str, count: int, view_angles: Sequence[int] | None = None
    ) -> "Gaits":
        from recognition.identify.gaits import together
        from recognition.identify.material import DEFENDERS

        if pool == DEFENDERS and self.judged.donor_policy == Anonymization.DonorPolicy.FIXED:
            count = 1  # one donor is the whole pool
        tracks = at_view_angles(self._tracks(part), view_angles)
        drawn = [self._draw(part, tracks, pool, number) for number in range(count)]
        return together([copy(each, form, self.work.progress) for each in drawn])

    def _tracks(self, part: str) -> "Mapping[TrackName, Mapping[int, GaitSequence]]":
        from recognition.identify.material import GALLERY

        if part == GALLERY:
            return store.tracks(
                of_walks(sequences(self.judged.dataset, self.split.test), self.gallery_choice)
            )
        return store.tracks(sequences(self.judged.dataset, self.split.train))

    def _draw(self, part: str, tracks: Any, pool: str, number: int) -> Draw:
        from recognition.identify.material import DEFENDERS
        from recognition.identify.recognizer import SILHOUETTES

        defenders = pool == DEFENDERS
        seed, own = self.judged.run.seed, self.judged.run.seed + ATTACKER_SEED
        fixed = defenders and self.judged.donor_policy == Anonymization.DonorPolicy.FIXED
        people = self.split.test if defenders else (*self.split.train, *self.split.network)
        silhouettes, size = self.recognizer.reads == SILHOUETTES, self.recognizer.size
        told_apart = repr((sorted(map(_seen, tracks)), size, silhouettes, people))
        digest = hashlib.sha256(told_apart.encode()).hexdigest()[:12]
        return Draw(
            judged=self.judged,
            name=f"{part}-{'pool' if defenders else 'own'}-{digest}-{number:02d}",
            tracks=tracks,
            lenders=store.tracks(sequences(self.judged.dataset, people)),
            pool=self._pool if defenders else None,
            seed=seed if fixed else own + number,
            size=size,
            silhouettes=silhouettes,
        )

    @cached_property
    def _pool(self) -> list[int] | None:
        return anonymizing.donor_pool(self.judged)

    def retrained(self, pool: str, view_angles: Sequence[int] | None = None) -> "Recognizer":
        """Trained once in a run: kept as a recognizer of its own, found again after an interruption."""
        from recognition.identify.material import DEFENDERS, TRAINING

        of_pool = "pool" if pool == DEFENDERS else "own"
        name = f"{self.recognizer.name}-anonymized-{of_pool}-run-{self.work.run.pk}"
        kept = RecognizerRow.objects.filter(name=name).first()
        if kept is not None:
            return loaded(kept)
        training = self.copies(TRAINING, self.recognizer.reads, pool, 1, view_angles)
        trained = self.recognizer.untrained()
        learn(self.work, trained, training, stage="The attacker trains", part=of_pool)
        keep_recognizer(
            trained,
            name,
            self.judged.dataset,
            subjects=list(self.split.train),
            parameters={"split": self.judged.split, "anonymization_run": self.judged.run_id},
            trained_on=RecognizerRow.TrainedOn.ANONYMIZED,
        )
        forget_unfinished(self.work, of_pool)
        return trained


def _seen(name: "TrackName") -> tuple[str, tuple[int, ...]]:
    return str(name), tuple(sorted(name.view_angles))


# --- Rows -----------------------------------------------------------------------------------------
def split_of(dataset: Dataset, how: str) -> Any:
    return split_subjects(dataset.subjects.values_list("label", flat=True), how)


def sequences(dataset: Dataset, subjects: Sequence[str]) -> list[GaitSequence]:
    rows = GaitSequence.objects.filter(subject__dataset=dataset, subject__label__in=subjects)
    return list(rows.select_related("subject"))


def anonymized(anonymization: Anonymization) -> list[AnonymizedSequence]:
    rows = AnonymizedSequence.objects.filter(anonymization=anonymization)
    return list(rows.select_related("source__subject").order_by("source_id"))


def of_walks(rows: Sequence[Any], choice: "SequenceChoice") -> list[Any]:
    """The rows of these walks, clear or anonymized."""
    wanted = set(choice)
    sources = [row.source if isinstance(row, AnonymizedSequence) else row for row in rows]
    return [
        row
        for row, source in zip(rows, sources, strict=True)
        if (source.gait_condition, source.number) in wanted
    ]


def stage(work: jobs.Work, name: str) -> Callable[[int, int], None]:
    return lambda done, total: work.progress(done, total, name)


# --- Recognizers ----------------------------------------------------------------------------------
def loaded(row: RecognizerRow) -> "Recognizer":
    from recognition.identify.recognizers import kind_named

    with row.weights.open("rb") as file:
        return kind_named(row.kind).load(io.BytesIO(file.read()), device_of(row.kind))


def device_of(kind: str) -> str:
    """Where recognizers of this kind compute: GAITMOS_DEVICE for those that can choose."""
    from recognition.identify.recognizers import kind_named

    if not kind_named(kind).takes_device:
        return "cpu"
    from anonymizer.gait.network import chosen_device

    return chosen_device(settings.GAITMOS_DEVICE)


def keep_recognizer(
    trained: "Recognizer", name: str, dataset: Dataset, *, parameters: Mapping[str, Any], **fields: Any
) -> RecognizerRow:
    buffer = io.BytesIO()
    trained.save(buffer)
    row = RecognizerRow(
        name=name,
        kind=trained.name,
        dataset=dataset,
        parameters={**trained.parameters, **parameters},
        sha256=hashlib.sha256(buffer.getvalue()).hexdigest(),
        **fields,
    )
    row.weights.save(f"{name}.npz", ContentFile(buffer.getvalue()), save=False)
    row.save()
    return row
