"""Rows as the product makes them: real packed silhouettes, real pictures, real clips, only small."""

import hashlib
from functools import cache

import factory
import numpy as np
from django.core.files.base import ContentFile
from factory.django import DjangoModelFactory

from anonymizer.gait.packing import packed
from anonymizer.gait.silhouettes import Silhouettes, unpack
from anonymizer.gait.video import encode
from anonymizer.models import (
    Anonymization,
    AnonymizedSequence,
    Checkpoint,
    Clip,
    Dataset,
    Run,
    Sequence,
    Subject,
)
from tests.anonymizer.gait.walking_figure import walking_figure

FRAMES = 12


@cache
def figure(subject: int = 1, number: int = 1, view_angle: int = 90, frames: int = FRAMES) -> Silhouettes:
    """A small walking figure: build and cadence are the subject's, where the cycle begins is the walk's."""
    return walking_figure(
        frames,
        cycle=10 + subject % 3,
        view_angle=view_angle,
        start=0.13 * number,
        shape=(60, 80),
        stoutness=0.7 + 0.12 * (subject % 8),
    )


class RunFactory(DjangoModelFactory):
    class Meta:
        model = Run

    kind = Run.Kind.GENERATE_WALKERS
    status = Run.Status.SUCCEEDED


class DatasetFactory(DjangoModelFactory):
    class Meta:
        model = Dataset

    name = factory.Sequence(lambda n: f"walkers {n}")
    slug = factory.Sequence(lambda n: f"walkers-{n}")
    source = Dataset.Source.WALKERS
    may_be_shown_to_raters = True
    least_frames = FRAMES
    ready = True


class SubjectFactory(DjangoModelFactory):
    class Meta:
        model = Subject

    dataset = factory.SubFactory(DatasetFactory)
    label = factory.Sequence(lambda n: f"{n % 998 + 1:03d}")


def _stored(row, silhouettes: Silhouettes) -> None:
    """Fill in what is stored of silhouettes."""
    kept = packed(silhouettes)
    row.frame_count, row.height, row.width = kept.shape
    row.silhouettes.save("walk.gsil", ContentFile(kept.silhouettes), save=False)
    row.picture.save("walk.png", ContentFile(kept.picture), save=False)


class _StoredFactory(DjangoModelFactory):
    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class, *args, walk: Silhouettes | None = None, **fields):
        row = model_class(*args, **fields)
        _stored(row, figure() if walk is None else walk)
        row.save()
        return row


class SequenceFactory(_StoredFactory):
    class Meta:
        model = Sequence

    subject = factory.SubFactory(SubjectFactory)
    gait_condition = "nm"
    number = 1
    view_angle = 90


class CheckpointFactory(DjangoModelFactory):
    class Meta:
        model = Checkpoint

    name = factory.Sequence(lambda n: f"checkpoint {n}")
    method = "tieu"
    dataset = factory.SubFactory(DatasetFactory)
    sha256 = "0" * 64
    losses = [310.0, 290.0, 288.5]


class AnonymizationFactory(DjangoModelFactory):
    class Meta:
        model = Anonymization

    run = factory.SubFactory(RunFactory, kind=Run.Kind.ANONYMIZE)
    dataset = factory.SubFactory(DatasetFactory)
    method = "sdf"
    alpha = 1.5
    donor_policy = Anonymization.DonorPolicy.SYNTHETIC
    split = ""


class AnonymizedSequenceFactory(_StoredFactory):
    class Meta:
        model = AnonymizedSequence

    anonymization = factory.SubFactory(AnonymizationFactory)
    source = factory.SubFactory(SequenceFactory)
    donor = "synthetic 1"
    iou = 0.8


def clip_of(sequence: Sequence | AnonymizedSequence, seconds: float = 0.6) -> Clip:
    """A real, playable clip of a stored walk."""
    with sequence.silhouettes.open("rb") as file:
        silhouettes = unpack(file.read())
    data = _encoded(silhouettes.tobytes(), silhouettes.shape, seconds)
    owner = {"sequence": sequence} if isinstance(sequence, Sequence) else {"anonymized_sequence": sequence}
    clip = Clip(seconds=seconds, sha256=hashlib.sha256(data).hexdigest(), **owner)
    clip.file.save("clip.mp4", ContentFile(data), save=False)
    clip.save()
    return clip


@cache
def _encoded(pixels: bytes, shape: tuple[int, ...], seconds: float) -> bytes:
    import tempfile
    from pathlib import Path

    walk = np.frombuffer(pixels, np.bool_).reshape(shape)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        encode(walk, path, seconds=seconds)
        return path.read_bytes()


def walks(
    dataset: Dataset, subjects: int, view_angles: tuple[int, ...] = (0, 90), numbers: tuple[int, ...] = (1, 2)
) -> list[Sequence]:
    """A small dataset: normal walks of several subjects, each a little different."""
    people = [SubjectFactory(dataset=dataset, label=f"{label:03d}") for label in range(1, subjects + 1)]
    return [
        SequenceFactory(
            subject=subject, number=number, view_angle=angle, walk=figure(int(subject.label), number, angle)
        )
        for subject in people
        for number in numbers
        for angle in view_angles
    ]
