"""What a recognition run keeps: every attacker's scores as a file, its answers as rows, the result."""

import io
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile

from anonymizer.gait.catalogue import METHODS
from anonymizer.models import Anonymization, Run, Subject
from recognition.described import key_of
from recognition.gathering import sequences, split_of
from recognition.models import Identification, Recognition, Recognizer

if TYPE_CHECKING:
    from recognition.identify import recognizer as recognizers
    from recognition.identify.answers import Answers
    from recognition.identify.identifications import Identifications

ROWS_AT_ONCE = 2000


def kept_or(
    run: Run,
    attacker: str,
    answer: "Callable[[], Answers]",
    recognizer: Recognizer | None,
    anonymization: Anonymization,
) -> "Answers":
    """This run's answers for an attacker: those kept by an earlier attempt, or given and kept now."""
    from recognition.identify.answers import Answers
    from recognition.identify.identifications import load

    kept = Recognition.objects.filter(run=run, attacker=attacker).first()
    if kept is not None:
        with kept.scores.open("rb") as file:
            answers = Answers(load(io.BytesIO(file.read())), kept.details)
    else:
        begun = time.monotonic()
        given = answer()
        details = {**given.details, "seconds": round(time.monotonic() - begun, 2)}
        answers = Answers(given.identifications, details)
        kept = _keep(run, attacker, answers, recognizer, anonymization)
    if run.parameters.get("rows", True):
        _keep_rows(kept, anonymization, answers.identifications)
    return answers


def _keep(
    run: Run,
    attacker: str,
    answers: "Answers",
    recognizer: Recognizer | None,
    anonymization: Anonymization,
) -> Recognition:
    recognition = Recognition(
        run=run,
        recognizer=recognizer,
        dataset=anonymization.dataset,
        anonymization=anonymization if attacker else None,
        attacker=attacker,
        gallery=run.parameters["gallery"].split(","),
        probe=run.parameters["probe"].split(","),
        split=anonymization.split,
        view_angles=list(answers.identifications.view_angles),
        details=answers.details,
    )
    buffer = io.BytesIO()
    answers.identifications.save(buffer)
    recognition.scores.save(
        f"run-{run.pk}-{attacker or 'originals'}.npz", ContentFile(buffer.getvalue()), save=False
    )
    recognition.save()
    return recognition


def kept_first(run: Run, attackers: Sequence[str]) -> list[tuple[int, str]]:
    """Attackers who still have to answer, each after how many: those of an earlier attempt are counted first."""
    kept = set(Recognition.objects.filter(run=run, attacker__in=attackers).values_list("attacker", flat=True))
    return list(enumerate((name for name in attackers if name not in kept), start=len(kept)))


def _keep_rows(recognition: Recognition, anonymization: Anonymization, answers: "Identifications") -> None:
    """An answer a row, in the answers' order, a few at a time; those of an earlier attempt stay.

    One transaction for all, a hundred thousand at full size, would keep everyone else from writing to SQLite for
    many seconds: raters, and this run's own heartbeat.
    """
    dataset = anonymization.dataset
    subjects = dict(Subject.objects.filter(dataset=dataset).values_list("label", "pk"))
    walks = {key_of(row): row.pk for row in sequences(dataset, list(subjects))}
    changed = dict(anonymization.sequences.values_list("source_id", "pk")) if recognition.attacker else {}
    there = recognition.identifications.count()
    rows = (
        Identification(
            recognition=recognition,
            probe_id=walks[row.probe],
            anonymized_probe_id=changed.get(walks[row.probe]),
            gallery_view_angle=row.gallery_view_angle,
            predicted_subject_id=subjects[row.predicted],
            true_rank=row.true_rank,
            distance=row.distance,
        )
        for row in islice(answers.rows(), there, None)
    )
    while some := list(islice(rows, ROWS_AT_ONCE)):
        Identification.objects.bulk_create(some)


def result(
    run: Run,
    anonymization: Anonymization,
    trained: "recognizers.Recognizer",
    originals: "Identifications",
    said: Mapping[str, "Answers"],
    seconds: float,
) -> dict[str, Any]:
    """The experiment as `interfaces` documents it, with the ladder and the gates."""
    from recognition.identify import experiment, ladder
    from recognition.identify.protocol import gallery_and_probe

    gallery, probe = gallery_and_probe(run.parameters["gallery"], run.parameters["probe"])
    attacked = {name: answers.identifications for name, answers in said.items()}
    details = {name: answers.details for name, answers in said.items()}
    found = experiment.result(
        dataset=anonymization.dataset.name,
        method=anonymization.method,
        alpha=anonymization.alpha,
        donor=anonymization.donor_policy,
        seed=anonymization.run.seed,
        gallery=gallery,
        probe=probe,
        split=split_of(anonymization.dataset, anonymization.split),
        recognizer=trained,
        originals=originals,
        attacked=attacked,
        details=details,
        donors=donors(anonymization),
        proxies=anonymization.proxies,
        seconds={"recognize": round(seconds, 2)},
    )
    return {
        "recognition_run": run.pk,
        "experiment": found,
        "ladder": [
            rung | {"bound": bound(anonymization, len(originals.subjects), rung["details"].get("clips", 1))}
            for rung in ladder.ladder(originals, attacked, details, donors(anonymization), seed=run.seed)
        ],
    }


def bound(anonymization: Anonymization, people: int, clips: int) -> float | None:
    """What the donor alone can give away, 0 to 1, whatever an attacker knows; None where no method bounds it."""
    from anonymizer.gait import replace_best_bound
    from anonymizer.gait.replace_best_parameters import levels_to_choose_from

    if anonymization.method != "replace-best":
        return None
    settings = METHODS[anonymization.method].checked(anonymization.method_parameters)
    return replace_best_bound.bound(settings["n"], people, clips, levels_to_choose_from(settings))


def donors(anonymization: Anonymization) -> dict[Any, str]:
    """Who lent each probe a gait, where it was somebody of the dataset."""
    if anonymization.donor_policy == Anonymization.DonorPolicy.SYNTHETIC:
        return {}
    rows = anonymization.sequences.select_related("source__subject")
    return {key_of(row.source): row.donor for row in rows}
