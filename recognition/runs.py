"""What can be asked of recognition: a recognizer trained on D1, and the attackers' ladder on an anonymization."""

import hashlib
import io
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q, QuerySet

from anonymizer import jobs
from anonymizer import runs as anonymizer_runs
from anonymizer.gait.splits import split as split_subjects
from anonymizer.jobs import Refused
from anonymizer.models import Anonymization, AnonymizedSequence, Dataset, Run, Subject
from anonymizer.models import Sequence as GaitSequence
from recognition import geis
from recognition.models import Identification, Recognition, Recognizer

if TYPE_CHECKING:
    from recognition.identify.gaits import Gaits
    from recognition.identify.identifications import Identifications
    from recognition.identify.protocol import SequenceChoice
    from recognition.identify.zheng import Zheng

GALLERY, PROBE = "nm-01,nm-02,nm-03,nm-04", "nm-05,nm-06"
ATTACKER_SEED = 7919  # added to the defender's seed: the attacker draws donors of its own
ROWS_AT_ONCE = 2000


# --- Requests -------------------------------------------------------------------------------------
def request_recognizer(
    dataset: Dataset,
    split: str = anonymizer_runs.DEFAULT_SPLIT,
    parameters: Mapping[str, Any] | None = None,
    seed: int = 0,
    user: User | None = None,
) -> Run:
    """Train a recognizer on the split's D1."""
    anonymizer_runs.check_split(dataset, split)
    checked_parameters(parameters or {})
    asked = _training_asked(dataset, split, parameters or {})
    return jobs.create(Run.Kind.TRAIN_RECOGNIZER, asked, seed=seed, user=user)


def _training_asked(dataset: Dataset, split: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {"dataset": dataset.pk, "split": split, "kind": "zheng", "parameters": dict(parameters)}


def checked_parameters(given: Mapping[str, Any]) -> Any:
    """The recognizer's parameters; what is unknown or out of range is refused in words."""
    from recognition.identify import zheng

    try:
        return zheng.Parameters(**{**given, **({"size": tuple(given["size"])} if "size" in given else {})})
    except (TypeError, ValueError) as error:
        raise Refused(f"The recognizer's parameters don't fit: {error}") from error


def request_recognition(
    anonymization: Anonymization,
    recognizer: Recognizer | None = None,
    attackers: Sequence[str] | None = None,
    gallery: str | None = None,
    probe: str | None = None,
    seed: int = 0,
    user: User | None = None,
) -> Run:
    """Ask every attacker who walks. Without a recognizer the newest one of the same dataset and split is taken,
    or one is trained first."""
    from recognition.identify.attackers import chosen
    from recognition.identify.protocol import gallery_and_probe

    if anonymization.copy != Anonymization.Copy.PROBE:
        raise Refused("This anonymization is an attacker's own copy. Choose the one that is to be judged.")
    if anonymization.run.status != Run.Status.SUCCEEDED:
        raise Refused(f"Run {anonymization.run_id} has not succeeded. Wait for it, or retry it.")
    if not anonymization.split:
        raise Refused(
            "Everybody was anonymized, so nobody is left to train on. Anonymize with a split first."
        )
    try:
        enrolled, tested = gallery_and_probe(gallery or GALLERY, probe or PROBE)
        rungs = chosen(",".join(attackers) if attackers else None)
    except ValueError as error:
        raise Refused(str(error)) from error
    asked = {
        "anonymization_run": anonymization.run_id,
        "recognizer": recognizer.pk if recognizer else None,
        "attackers": [rung.name for rung in rungs],
        "gallery": str(enrolled),
        "probe": str(tested),
    }
    return jobs.create(Run.Kind.RECOGNIZE, asked, seed=seed, user=user)


# --- Training -------------------------------------------------------------------------------------
def train_recognizer(work: jobs.Work) -> None:
    """Fit the recognizer to the gait energy images of D1."""
    from recognition.identify.zheng import Zheng

    run, asked = work.run, work.run.parameters
    if Recognizer.objects.filter(run=run).exists():
        return
    dataset = Dataset.objects.get(pk=asked["dataset"])
    settings = checked_parameters(asked["parameters"])
    subjects = _split(dataset, asked["split"]).train
    rows = _sequences(dataset, subjects)
    training = geis.gaits(f"dataset-{dataset.pk}", rows, settings.size, _stage(work, "Gait energy images"))
    work.progress(work.run.done, work.run.total, "Fitting")
    trained = Zheng(settings).fit(training.geis, training.subjects, training.view_angles)
    buffer = io.BytesIO()
    trained.save(buffer)
    row = Recognizer(
        name=f"{trained.name}-{dataset.slug}-{run.pk}",
        kind=trained.name,
        dataset=dataset,
        run=run,
        subjects=list(subjects),
        parameters={**trained.parameters, "split": asked["split"]},
        sha256=hashlib.sha256(buffer.getvalue()).hexdigest(),
    )
    row.weights.save(f"{row.name}.npz", ContentFile(buffer.getvalue()), save=False)
    row.save()
    run.result = {"recognizer": row.name, "subjects": len(subjects), "sequences": len(training)}


def _stage(work: jobs.Work, stage: str) -> Callable[[int, int], None]:
    return lambda done, total: work.progress(done, total, stage)


def _split(dataset: Dataset, how: str) -> Any:
    return split_subjects(dataset.subjects.values_list("label", flat=True), how)


def _sequences(dataset: Dataset, subjects: Sequence[str]) -> list[GaitSequence]:
    rows = GaitSequence.objects.filter(subject__dataset=dataset, subject__label__in=subjects)
    return list(rows.select_related("subject"))


# --- Recognition ----------------------------------------------------------------------------------
def recognize(work: jobs.Work) -> None:
    """Originals first, then every attacker; each answer is kept as soon as it is there."""
    begun = time.monotonic()
    anonymization = Anonymization.objects.get(run_id=work.run.parameters["anonymization_run"])
    recognizer = _recognizer_for(work, anonymization)
    trained = _loaded(recognizer)
    material = _Material(work, anonymization, trained)
    attackers = work.run.parameters["attackers"]
    originals = _kept_or(work.run, "", material.originals, recognizer, anonymization)
    attacked = {}
    for done, name in enumerate(attackers, start=1):
        attacked[name] = _kept_or(work.run, name, partial(material.attack, name), recognizer, anonymization)
        work.progress(done, len(attackers), "Attacking")
    work.run.result = _result(work.run, anonymization, trained, originals, attacked, time.monotonic() - begun)


class _Material:
    """What the attackers work on, gathered when first asked for."""

    def __init__(self, work: jobs.Work, anonymization: Anonymization, trained: "Zheng") -> None:
        from recognition.identify.protocol import gallery_and_probe

        self.work, self.anonymization, self.trained = work, anonymization, trained
        self.size = trained.settings.size
        asked = work.run.parameters
        self.gallery_choice, self.probe_choice = gallery_and_probe(asked["gallery"], asked["probe"])
        self.anonymized_probes = self._anonymized_probes()
        self.clear = self._clear()

    def originals(self) -> "Identifications":
        """The clear probes among the clear gallery: who is in S."""
        from recognition.identify.protocol import evaluate

        judged = set(self.anonymized_probes.keys)
        probes = self.clear.where([key in judged for key in self.clear.keys])
        return evaluate(self.trained, self.clear.chosen(self.gallery_choice), probes)

    def attack(self, name: str) -> "Identifications":
        from recognition.identify.attackers import ATTACKERS, Material, attack

        attacker = ATTACKERS[name]
        own = self._own_copies(self.gallery_choice) if attacker.anonymized_gallery else None
        return attack(
            attacker,
            Material(
                self.trained, self.clear.chosen(self.gallery_choice), self.anonymized_probes, own_gallery=own
            ),
        )

    def _clear(self) -> "Gaits":
        subjects = _split(self.anonymization.dataset, self.anonymization.split).test
        rows = _sequences(self.anonymization.dataset, subjects)
        owner = f"dataset-{self.anonymization.dataset_id}"
        return geis.gaits(owner, rows, self.size, _stage(self.work, "Gait energy images"))

    def _anonymized_probes(self) -> "Gaits":
        probes = self._anonymized(self.anonymization, self.probe_choice)
        if not len(probes):
            raise Refused(f"The anonymization holds none of the probes {self.probe_choice}. Choose others.")
        return probes

    def _anonymized(self, anonymization: Anonymization, choice: "SequenceChoice") -> "Gaits":
        rows = _of_walks(AnonymizedSequence.objects.filter(anonymization=anonymization), choice)
        owner = f"anonymization-{anonymization.pk}"
        return geis.gaits(owner, list(rows), self.size, _stage(self.work, "Gait energy images"))

    def _own_copies(self, choice: "SequenceChoice") -> "Gaits":
        """The attacker anonymizes the gallery itself, with donors of its own drawing."""
        copies = _attackers_copy(self.work, self.anonymization, choice.names())
        return self._anonymized(copies, choice)


def _of_walks(rows: QuerySet[AnonymizedSequence], choice: "SequenceChoice") -> QuerySet[AnonymizedSequence]:
    wanted = Q()
    for condition, number in choice:
        wanted |= Q(source__gait_condition=condition, source__number=number)
    return rows.filter(wanted).select_related("source__subject").order_by("source_id")


def _recognizer_for(work: jobs.Work, anonymization: Anonymization) -> Recognizer:
    """The one asked for, or the newest of this dataset and split, or one trained here and now."""
    asked = work.run.parameters["recognizer"]
    if asked is not None:
        return Recognizer.objects.get(pk=asked)
    fitting = Recognizer.objects.filter(
        dataset=anonymization.dataset,
        parameters__split=anonymization.split,
        trained_on=Recognizer.TrainedOn.CLEAR,
    ).first()
    if fitting is not None:
        return fitting
    training = _begun_training(anonymization) or request_recognizer(
        anonymization.dataset, anonymization.split, seed=work.run.seed
    )
    work.note(f"No recognizer was trained on this dataset and split; training one as run {training.pk}.")
    jobs.retry(training)
    _done(jobs.see_through(training, train_recognizer, work.progress))
    return Recognizer.objects.get(run=training)


def _begun_training(anonymization: Anonymization) -> Run | None:
    """A training of the same dataset and split that somebody, perhaps an earlier attempt, has asked for."""
    asked = _training_asked(anonymization.dataset, anonymization.split, {})
    trainings = Run.objects.filter(kind=Run.Kind.TRAIN_RECOGNIZER, parameters=asked)
    return trainings.exclude(status=Run.Status.SUCCEEDED).first()


def _done(run: Run) -> None:
    """Go on only if a run that this one stands on has succeeded."""
    if run.status == Run.Status.CANCELLED:
        raise jobs.Cancelled
    if run.status != Run.Status.SUCCEEDED:
        raise Refused(f"Run {run.pk}, which this one needs, did not succeed: {run.error}")


def _loaded(recognizer: Recognizer) -> "Zheng":
    from recognition.identify import zheng

    with recognizer.weights.open("rb") as file:
        return zheng.load(io.BytesIO(file.read()))


def _attackers_copy(work: jobs.Work, judged: Anonymization, walks: list[str]) -> Anonymization:
    """The same method on the gallery with another seed: found again, or made here and now."""
    seed = judged.run.seed + ATTACKER_SEED
    alike = Anonymization.objects.filter(
        dataset=judged.dataset,
        method=judged.method,
        alpha=judged.alpha,
        parameters=judged.parameters,
        donor_policy=judged.donor_policy,
        checkpoint=judged.checkpoint,
        split=judged.split,
        copy=Anonymization.Copy.ATTACKER,
        run__seed=seed,
        run__parameters__walks=walks,
    )
    finished = alike.filter(run__status=Run.Status.SUCCEEDED).first()
    if finished is not None:
        return finished
    begun = alike.first()
    run = begun.run if begun else _copy_request(judged, walks, seed)
    if run.is_finished:
        jobs.retry(run)
    work.note(f"The attacker anonymizes the gallery itself, as run {run.pk}.")
    _done(jobs.see_through(run, anonymizer_runs.BODIES[run.kind], work.progress))
    return Anonymization.objects.get(run=run)


def _copy_request(judged: Anonymization, walks: list[str], seed: int) -> Run:
    return anonymizer_runs.request_anonymization(
        judged.dataset,
        judged.method,
        alpha=judged.alpha,
        parameters=judged.parameters,
        donor=judged.donor_policy,
        checkpoint=judged.checkpoint,
        split=judged.split,
        walks=walks,
        copy=Anonymization.Copy.ATTACKER,
        seed=seed,
    )


# --- What is kept ---------------------------------------------------------------------------------
def _kept_or(
    run: Run,
    attacker: str,
    answer: "Callable[[], Identifications]",
    recognizer: Recognizer,
    anonymization: Anonymization,
) -> "Identifications":
    """This run's answers for an attacker: those kept by an earlier attempt, or made and kept now."""
    from recognition.identify.identifications import load

    kept = Recognition.objects.filter(run=run, attacker=attacker).first()
    if kept is not None:
        with kept.scores.open("rb") as file:
            return load(io.BytesIO(file.read()))
    answers = answer()
    recognition = Recognition(
        run=run,
        recognizer=recognizer,
        dataset=anonymization.dataset,
        anonymization=anonymization if attacker else None,
        attacker=attacker,
        gallery=run.parameters["gallery"].split(","),
        probe=run.parameters["probe"].split(","),
        split=anonymization.split,
        view_angles=list(answers.view_angles),
    )
    buffer = io.BytesIO()
    answers.save(buffer)
    recognition.scores.save(
        f"run-{run.pk}-{attacker or 'originals'}.npz", ContentFile(buffer.getvalue()), save=False
    )
    with transaction.atomic():
        recognition.save()
        _keep_rows(recognition, anonymization, answers)
    return answers


def _keep_rows(recognition: Recognition, anonymization: Anonymization, answers: "Identifications") -> None:
    dataset = anonymization.dataset
    subjects = dict(Subject.objects.filter(dataset=dataset).values_list("label", "pk"))
    sequences = {geis.key_of(row): row.pk for row in _sequences(dataset, list(subjects))}
    changed = dict(anonymization.sequences.values_list("source_id", "pk")) if recognition.attacker else {}
    Identification.objects.bulk_create(
        (
            Identification(
                recognition=recognition,
                probe_id=sequences[row.probe],
                anonymized_probe_id=changed.get(sequences[row.probe]),
                gallery_view_angle=row.gallery_view_angle,
                predicted_subject_id=subjects[row.predicted],
                true_rank=row.true_rank,
                distance=row.distance,
            )
            for row in answers.rows()
        ),
        batch_size=ROWS_AT_ONCE,
    )


def _result(
    run: Run,
    anonymization: Anonymization,
    trained: "Zheng",
    originals: "Identifications",
    attacked: Mapping[str, "Identifications"],
    seconds: float,
) -> dict[str, Any]:
    """The experiment as `interfaces` documents it, with the ladder and the gates."""
    from recognition.identify import experiment, ladder
    from recognition.identify.protocol import gallery_and_probe

    gallery, probe = gallery_and_probe(run.parameters["gallery"], run.parameters["probe"])
    result = experiment.result(
        dataset=anonymization.dataset.name,
        method=anonymization.method,
        alpha=anonymization.alpha,
        donor=anonymization.donor_policy,
        seed=anonymization.run.seed,
        gallery=gallery,
        probe=probe,
        split=_split(anonymization.dataset, anonymization.split),
        recognizer=trained,
        originals=originals,
        attacked=attacked,
        donors=_donors(anonymization),
        proxies=anonymization.proxies,
        seconds={"recognize": round(seconds, 2)},
    )
    return {
        "recognition_run": run.pk,
        "experiment": result,
        "ladder": ladder.ladder(originals, attacked, seed=run.seed),
    }


def _donors(anonymization: Anonymization) -> dict[Any, str]:
    """Who lent each probe a gait, where it was somebody of the dataset."""
    if anonymization.donor_policy in (Anonymization.DonorPolicy.SYNTHETIC, Anonymization.DonorPolicy.NONE):
        return {}
    rows = anonymization.sequences.select_related("source__subject")
    return {geis.key_of(row.source): row.donor for row in rows}
