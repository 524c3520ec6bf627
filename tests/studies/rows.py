"""A study with real clips, as opening one leaves it: pairs, seats, and files a browser plays."""

import hashlib
import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import Any

import av
import numpy as np
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from anonymizer.models import Anonymization, AnonymizedSequence, Clip, Dataset, Run, Subject
from anonymizer.models import Sequence as Walk
from studies import rating
from studies.models import Presentation, Rater, Seat, Stimulus, Study

SECONDS, FPS = 0.6, 25
SCALE = [
    {"score": score, "label": label}
    for score, label in enumerate(["Bad", "Poor", "Fair", "Good", "Excellent"], start=1)
]


@cache
def video(step: int, seconds: float = SECONDS) -> bytes:
    """A walking figure of two strokes, as H.264; `step` makes one walk differ from another."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": "20", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(round(seconds * FPS)):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(_picture(number, step), format="gray")))
        container.mux(stream.encode())
    return file.getvalue()


def _picture(number: int, step: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    picture = np.full((240, 320), 17, dtype=np.uint8)
    picture[30:60, 146:174] = picture[66:140, 140:180] = 240
    swing = int(18 * np.sin(2 * np.pi * (number / FPS + step / 10)))
    for row in range(140, 216):
        shift = swing * (row - 140) // 76
        picture[row, 146 + shift : 158 + shift] = picture[row, 162 - shift : 174 - shift] = 240
    return picture


def make_study(
    *,
    view_angles: Sequence[int] = (0, 90, 0, 90),
    seats: Sequence[Sequence[int]] = ((1, 2), (3, 4)),
    seconds: float = SECONDS,
    name: str = "Street walks",
    **fields: Any,
) -> Study:
    """An open study: pair n is of `view_angles[n - 1]`, seat k shows the pairs `seats[k]` in that order.

    It is the researcher's of the tests, where there is one.
    """
    owner = get_user_model().objects.filter(username="researcher").first()
    settings = {
        "status": Study.Status.OPEN,
        "consent_text": "Your scores are kept.\n\nYou may withdraw at any time.",
        "consent_version": "3",
        "completion_code": "C7K4Q9",
        "owner": owner,
        **fields,
    }
    study = Study.objects.create(
        name=name,
        slug=name.lower().replace(" ", "-"),
        scale=SCALE,
        pairs_per_rater=len(seats[0]),
        target_raters=len(seats),
        clip_seconds=seconds,
        **settings,
    )
    study.conditions.create(number=1, label="tieu α 0.3", method="tieu", anonymization=_anonymization(name))
    for number, view_angle in enumerate(view_angles, start=1):
        add_pair(study, number, view_angle)
    Seat.objects.bulk_create(
        Seat(study=study, position=position, pairs=list(pairs))
        for position, pairs in enumerate(seats, start=1)
    )
    return study


def _anonymization(name: str) -> Anonymization:
    dataset = Dataset.objects.create(
        name=name, slug=name.lower(), source=Dataset.Source.WALKERS, may_be_shown_to_raters=True, ready=True
    )
    run = Run.objects.create(kind=Run.Kind.ANONYMIZE, status=Run.Status.SUCCEEDED)
    return Anonymization.objects.create(
        run=run, dataset=dataset, method="tieu", alpha=0.3, donor_policy="fixed"
    )


def add_pair(study: Study, number: int, view_angle: int, **fields: Any) -> Stimulus:
    subject = Subject.objects.create(dataset=study.anonymization.dataset, label=f"{number:03d}")
    stored = {"frame_count": 15, "height": 240, "width": 320}
    walk = Walk.objects.create(
        subject=subject, gait_condition="nm", number=1, view_angle=view_angle, **stored
    )
    changed = AnonymizedSequence.objects.create(anonymization=study.anonymization, source=walk, **stored)
    return Stimulus.objects.create(
        study=study,
        number=number,
        view_angle=view_angle,
        reference_clip=_clip(2 * number, study.clip_seconds, sequence=walk),
        test_clip=_clip(2 * number + 1, study.clip_seconds, anonymized_sequence=changed),
        anonymized_sequence=changed,
        condition=study.conditions.get(number=1),
        **fields,
    )


def _clip(step: int, seconds: float, **owner: Any) -> Clip:
    content = video(step % 4, seconds)
    clip = Clip(seconds=seconds, sha256=hashlib.sha256(content).hexdigest(), **owner)
    clip.file.save("clip.mp4", ContentFile(content), save=True)
    return clip


def enrol(study: Study, **fields: Any) -> Rater:
    return rating.enrol(study, rating.Applicant(consent=True, **fields))[0]


def watched(rater: Rater, position: int) -> dict[str, Any]:
    """Fetch the pair so long ago that it can have been watched, and report that it was."""
    shown = rating.present(rater, position)
    long_ago = Presentation.objects.get(pk=shown.pk).fetched_at - timedelta(minutes=1)  # type: ignore[operator]
    Presentation.objects.filter(pk=shown.pk).update(fetched_at=long_ago)
    return {"watched_fraction": 1.0, "stalls": 0, "started_at": "2026-03-01T12:00:00Z"}


def rate(rater: Rater, position: int, score: int) -> None:
    rating.rate(rater, position, score, watched(rater, position))


def occupied(study: Study) -> list[int]:
    """The positions of the seats that are taken."""
    return list(study.seats.filter(occupied=True).values_list("position", flat=True))


def pairs_of(rater: Rater) -> list[int]:
    """The numbers of the pairs that this rater is shown, in order."""
    return list(rater.presentations.filter(problem="").values_list("stimulus__number", flat=True))


def idle_for(rater: Rater, minutes: int) -> None:
    Rater.objects.filter(pk=rater.pk).update(last_seen=timezone.now() - timedelta(minutes=minutes))


def at_once(calls: list[Any]) -> list[Any]:
    """The results of calls made at the same moment, each in a thread with its own connection."""
    gate, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(index: int) -> None:
        gate.wait()
        try:
            results[index] = calls[index]()
        except rating.Refused as refusal:
            results[index] = type(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@contextmanager
def unchanged(*rows: Any) -> Iterator[None]:
    """Whatever happens inside leaves these rows as they were."""
    before = [type(row).objects.filter(pk=row.pk).values().get() for row in rows]
    yield
    assert [type(row).objects.filter(pk=row.pk).values().get() for row in rows] == before
