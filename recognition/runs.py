"""What can be asked of recognition: a recognizer trained on D1, and the attackers' ladder on an anonymization."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User

from anonymizer import jobs
from anonymizer import runs as anonymizer_runs
from anonymizer.jobs import Refused
from anonymizer.models import Anonymization, Dataset, Run
from anonymizer.models import Sequence as GaitSequence
from recognition import choices, keeping, training_recognizers
from recognition.gathering import Gathered, loaded, split_of
from recognition.models import Recognizer
from recognition.provenance import provenance

if TYPE_CHECKING:
    from recognition.identify.answers import Answers
    from recognition.identify.identifications import Identifications

KIND = "zheng"
LEAST_SUBJECTS = 2  # that a view angle is learned from
COPIES, CLIPS = 10, 2  # as `recognition.identify.material` has them, which the web process need not load


# --- Requests -------------------------------------------------------------------------------------
def request_recognizer(
    dataset: Dataset,
    split: str = anonymizer_runs.DEFAULT_SPLIT,
    parameters: Mapping[str, Any] | None = None,
    seed: int = 0,
    user: User | None = None,
    kind: str = KIND,
) -> Run:
    """Train a recognizer on the split's D1."""
    anonymizer_runs.check_ready(dataset)
    anonymizer_runs.check_split(dataset, split)
    check_parameters(kind, parameters or {})
    asked = _training_asked(dataset, split, kind, parameters or {})
    return jobs.create(Run.Kind.TRAIN_RECOGNIZER, asked, seed=seed, user=user)


def _training_asked(dataset: Dataset, split: str, kind: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {"dataset": dataset.pk, "split": split, "kind": kind, "parameters": dict(parameters)}


def check_parameters(kind: str, given: Mapping[str, Any]) -> None:
    """Refuse in words what is unknown or out of range."""
    from recognition.identify.recognizers import kind_named

    try:
        kind_named(kind).checked(given)
    except ValueError as error:
        raise Refused(f"The recognizer's parameters don't fit: {error}") from error


def request_recognition(
    anonymization: Anonymization,
    recognizer: Recognizer | None = None,
    attackers: Sequence[str] | None = None,
    gallery: str | None = None,
    probe: str | None = None,
    seed: int = 0,
    user: User | None = None,
    copies: int = COPIES,
    clips: int = CLIPS,
    view_angles: Sequence[int] | str | None = None,
    rows: bool = True,
) -> Run:
    """Ask every attacker who walks. Without a recognizer the newest one of the same dataset and split is taken,
    or one is trained first.

    `copies`, `clips` and `view_angles` are what the dear attackers spend; without view angles a few are taken
    from the first to the last, with "all" all. Without `rows` the answers are kept as arrays alone.
    """
    _check_judged(anonymization)
    _check_strangers(anonymization, recognizer)
    given = choices.of_anonymization(anonymization, gallery, probe)
    enrolled, tested, rungs = _checked_choices(anonymization.dataset, attackers, *given, copies, clips)
    _check_changed(anonymization, tested)
    asked = {
        "anonymization_run": anonymization.run_id,
        "recognizer": recognizer.pk if recognizer else None,
        "attackers": rungs,
        "gallery": enrolled,
        "probe": tested,
        "copies": copies,
        "clips": clips,
        "view_angles": _checked_angles(anonymization, view_angles),
        "rows": rows,
    }
    return jobs.create(Run.Kind.RECOGNIZE, asked, seed=seed, user=user)


def _check_judged(anonymization: Anonymization) -> None:
    if anonymization.copy != Anonymization.Copy.PROBE:
        raise Refused("This anonymization is an attacker's own copy. Choose the one that is to be judged.")
    if anonymization.run.status != Run.Status.SUCCEEDED:
        raise Refused(f"Run {anonymization.run_id} has not succeeded. Wait for it, or retry it.")
    if not anonymization.split:
        raise Refused(
            "Everybody was anonymized, so nobody is left to train on. Anonymize with a split first."
        )


def _check_strangers(anonymization: Anonymization, recognizer: Recognizer | None) -> None:
    """A recognizer that has seen the tested subjects would know them beforehand."""
    if recognizer is None or recognizer.dataset_id != anonymization.dataset_id:
        return
    tested = set(split_of(anonymization.dataset, anonymization.split).test)
    both = sorted(tested & set(recognizer.subjects))
    if both:
        named = ", ".join(both[:5]) + (", …" if len(both) > 5 else "")
        raise Refused(
            f"Recognizer {recognizer.name} was trained on subjects who are tested here ({named}). "
            f"Choose one trained with the split {anonymization.split}, or none."
        )


def check_choices(dataset: Dataset, options: Mapping[str, Any], split: str = "") -> None:
    """Refuse, before hours of work, what `request_recognition` would refuse after them.

    With the `split` also view angles that a recognizer trained on it, as Zheng's a model each, would not know.
    """
    gallery, probe = choices.of_dataset(dataset, options.get("gallery"), options.get("probe"))
    _checked_choices(
        dataset,
        options.get("attackers"),
        gallery,
        probe,
        options.get("copies", COPIES),
        options.get("clips", CLIPS),
    )
    seen = GaitSequence.objects.filter(subject__dataset=dataset)
    _known_angles(
        set(seen.values_list("view_angle", flat=True)), options.get("view_angles"), "There is no walk"
    )

    if split:
        _check_trained_angles(dataset, split, f"{gallery},{probe}".split(","))


def _check_trained_angles(dataset: Dataset, split: str, walks: Sequence[str]) -> None:
    from anonymizer.gait.splits import split as divided

    seen = GaitSequence.objects.filter(subject__dataset=dataset)
    parts = divided(dataset.subjects.values_list("label", flat=True), split)
    named = seen.filter(subject__label__in=parts.test).values_list("gait_condition", "number", "view_angle")
    tested = {angle for condition, number, angle in named if f"{condition}-{number:02d}" in walks}
    trained = set(seen.filter(subject__label__in=parts.train).values_list("view_angle", "subject"))
    subjects = Counter(angle for angle, _ in trained)
    few = next((angle for angle in sorted(tested) if subjects[angle] < LEAST_SUBJECTS), None)
    if few is not None:
        raise Refused(
            f"--split {split}: of those who train the recognizer {subjects[few]} were seen at view angle {few}°, where "
            f"{LEAST_SUBJECTS} are needed, as others are to be named there. Use another split, or import the walks "
            "without that view angle."
        )


def _checked_choices(
    dataset: Dataset, attackers: Sequence[str] | None, gallery: str, probe: str, copies: int, clips: int
) -> tuple[str, str, list[str]]:
    from recognition.identify.attackers import Need, chosen
    from recognition.identify.material import Effort

    try:
        rungs = chosen(",".join(attackers) if attackers else None)
        Effort(copies, clips)
    except ValueError as error:
        raise Refused(str(error)) from error
    enrolled, tested = choices.checked(dataset, gallery, probe)
    linking = any(Need.LINKED_CLIPS in rung.needs for rung in rungs)
    if linking and len(tested) < clips and not attackers:
        rungs = tuple(rung for rung in rungs if Need.LINKED_CLIPS not in rung.needs)
    elif linking and len(tested) < clips:
        raise Refused(
            f"Linking {clips} clips of one person takes as many probes; {tested} are {len(tested)}. "
            "Choose more probes, fewer clips, or leave that attacker out.",
            "probe",
        )
    return str(enrolled), str(tested), [rung.name for rung in rungs]


def _check_changed(anonymization: Anonymization, probe: str) -> None:
    rows = anonymization.sequences.values_list("source__gait_condition", "source__number").distinct()
    changed = {f"{condition}-{number:02d}" for condition, number in rows}
    if not changed & set(probe.split(",")):
        raise Refused(f"The anonymization holds none of the probes {probe}. Choose others.", "probe")


def _checked_angles(
    anonymization: Anonymization, view_angles: Sequence[int] | str | None
) -> list[int] | None:
    seen = set(anonymization.sequences.values_list("source__view_angle", flat=True))
    return _known_angles(seen, view_angles, "Nothing was anonymized")


def _known_angles(seen: set[int], view_angles: Sequence[int] | str | None, missing: str) -> list[int] | None:
    """Those asked for among those `seen`, None where it was left open; refused by what is `missing` otherwise."""
    if not view_angles:
        return None
    if isinstance(view_angles, str):
        return sorted(seen)
    unknown = sorted(set(view_angles) - seen)
    if unknown:
        known = ", ".join(map(str, sorted(seen)))
        raise Refused(f"{missing} at view angle {unknown[0]}. Choose from {known}.", "view_angles")
    return sorted(set(view_angles))


# --- Training -------------------------------------------------------------------------------------
train_recognizer, ablate = training_recognizers.train_recognizer, training_recognizers.ablate


def request_ablation(
    dataset: Dataset,
    split: str = anonymizer_runs.DEFAULT_SPLIT,
    gallery: str | None = None,
    probe: str | None = None,
    seed: int = 0,
    user: User | None = None,
) -> Run:
    """Compare variants of the recognizer on clear walks: what does each of its parts contribute?"""
    anonymizer_runs.check_ready(dataset)
    anonymizer_runs.check_split(dataset, split)
    enrolled, tested = choices.checked(dataset, *choices.of_dataset(dataset, gallery, probe))
    asked = {"dataset": dataset.pk, "split": split, "gallery": str(enrolled), "probe": str(tested)}
    return jobs.create(Run.Kind.ABLATE, asked, seed=seed, user=user)


def _recognizer_for(work: jobs.Work, anonymization: Anonymization) -> Recognizer:
    """The one asked for, or the newest of this dataset and split, or one trained here and now."""
    asked = work.run.parameters["recognizer"]
    if asked is not None:
        return Recognizer.objects.get(pk=asked)
    fitting = Recognizer.objects.filter(
        dataset=anonymization.dataset,
        kind=KIND,
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
    asked = _training_asked(anonymization.dataset, anonymization.split, KIND, {})
    trainings = Run.objects.filter(kind=Run.Kind.TRAIN_RECOGNIZER, parameters=asked)
    return trainings.exclude(status=Run.Status.SUCCEEDED).first()


def _done(run: Run) -> None:
    """Go on only if a run that this one stands on has succeeded."""
    if run.status == Run.Status.CANCELLED:
        raise jobs.Cancelled
    if run.status != Run.Status.SUCCEEDED:
        raise Refused(f"Run {run.pk}, which this one needs, did not succeed: {run.error}")


# --- Recognition ----------------------------------------------------------------------------------
def recognize(work: jobs.Work) -> None:
    """Originals first, then every attacker; each answer is kept as soon as it is there."""
    begun = time.monotonic()
    run = work.run
    run.parameters = {**EARLIER, **run.parameters}
    anonymization = Anonymization.objects.get(run_id=run.parameters["anonymization_run"])
    recognizer = _recognizer_for(work, anonymization)
    ladder = _Ladder(work, anonymization, recognizer)
    originals = ladder.originals()
    attackers = run.parameters["attackers"]
    for done, name in keeping.kept_first(run, attackers):
        work.progress(done, len(attackers), "Attacking")
        ladder.said(name)
    work.progress(len(attackers), len(attackers), "Attacking")
    attacked = {name: ladder.said(name) for name in attackers}
    run.result = keeping.result(
        run, anonymization, ladder.gathered.recognizer, originals, attacked, time.monotonic() - begun
    )
    run.result["provenance"] = provenance(run, anonymization, recognizer)


# What runs of earlier versions did not say.
EARLIER = {"copies": COPIES, "clips": CLIPS, "view_angles": None, "rows": True}


class _Ladder:
    """Every attacker's answers in one run: those kept by an earlier attempt, or given and kept now."""

    def __init__(self, work: jobs.Work, anonymization: Anonymization, recognizer: Recognizer) -> None:
        self.work, self.anonymization, self.row = work, anonymization, recognizer
        self.gathered = Gathered(work, anonymization, loaded(recognizer), self.identifications)
        self._said: dict[str, Answers] = {}

    def originals(self) -> "Identifications":
        """The clear probes among the clear gallery: who is in S."""
        from recognition.identify.answers import Answers
        from recognition.identify.protocol import evaluate

        def compared() -> Answers:
            gathered, form = self.gathered, self.gathered.recognizer.reads
            return Answers(
                evaluate(gathered.recognizer, gathered.clear_gallery(form), gathered.clear_probes(form))
            )

        return keeping.kept_or(self.work.run, "", compared, self.row, self.anonymization).identifications

    def said(self, name: str) -> "Answers":
        from recognition.identify.attackers import ATTACKERS, attack

        if name not in self._said:
            attacker = ATTACKERS[name]
            self._said[name] = keeping.kept_or(
                self.work.run,
                name,
                lambda: attack(attacker, self.gathered),
                None if attacker.own_classifier else self.row,
                self.anonymization,
            )
        return self._said[name]

    def identifications(self, name: str) -> "Identifications":
        return self.said(name).identifications
