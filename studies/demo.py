"""The main job, start to finish, on walkers made on the spot.

An idempotent function of the rows: it finds the first stage that is missing and goes on from there. Each stage
is a run of its own; the demo's run holds them together and shows how far the whole is.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction

from anonymizer import jobs
from anonymizer import runs as anonymizer_runs
from anonymizer import tasks as anonymizer_tasks
from anonymizer.jobs import Refused
from anonymizer.models import Checkpoint, Dataset, Run
from recognition import runs as recognition_runs
from studies import runs, simulation
from studies.models import Study

SUBJECTS, SEED = 24, 2017
MAIN = "replace-best"  # the method that people rate first; the paper's own stands beside it
SEQUENCES = {"nm": 4}
GALLERY, PROBE = "nm-01,nm-02", "nm-03,nm-04"
PROBES = ("nm-03", "nm-04")
# The rungs that need other trainings take minutes more; many copies are drawn for one view angle alone.
ATTACKERS = ("naive", "anonymized-gallery", "distribution-aware", "box-track", "joint", "linked-clips")
ATTACKED_VIEW_ANGLES = (90,)
EPOCHS, STRIDE = 60, 4  # the paper's is 100 epochs of every frame; this keeps the demo short and is shown
SIMULATED_RATERS, PAIRS_PER_RATER, CLIP_SECONDS = 30, 30, 10
VIEW_ANGLES, FRAMES = anonymizer_runs.CASIA_B_VIEW_ANGLES, 50

BODIES: dict[str, Callable[[jobs.Work], None]] = {
    **anonymizer_runs.BODIES,
    Run.Kind.TRAIN_RECOGNIZER: recognition_runs.train_recognizer,
    Run.Kind.RECOGNIZE: recognition_runs.recognize,
    Run.Kind.PREPARE_STUDY: runs.prepare_study,
}


@dataclass(frozen=True)
class Stage:
    """One step: how it is asked for, given the runs of the stages before, and what its run has made."""

    name: str
    label: str
    request: Callable[["Demo"], Run]
    made: str  # the run's attribute that points at what it made
    phases: tuple[str, ...]  # what its run calls what it does, in order


class Demo:
    """The demo of one size and seed, and where it stands."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.subjects: int = run.parameters["subjects"]
        self.name = "Demo walkers" if self.subjects == SUBJECTS else f"Demo walkers {self.subjects}"
        if run.seed != SEED:
            self.name += f", seed {run.seed}"

    def stage_run(self, name: str) -> Run | None:
        """The run of a stage, if it was ever asked for."""
        known = self.run.result.get("runs", {}).get(name)
        return Run.objects.filter(pk=known).first() if known else None

    def finished(self, stage: Stage) -> bool:
        run = self.stage_run(stage.name)
        return run is not None and run.status == Run.Status.SUCCEEDED and _has(run, stage.made)

    def remember(self, **entries: Any) -> None:
        """Write into the run's result, at once: the next attempt reads it."""
        self.run.result = {**self.run.result, **entries}
        Run.objects.filter(pk=self.run.pk).update(result=self.run.result)

    @property
    def dataset(self) -> Dataset:
        return Dataset.objects.get(run=self.stage_run("walkers"))

    @property
    def study(self) -> Study:
        return Study.objects.get(run=self.stage_run("study"))


def _has(run: Run, made: str) -> bool:
    """Whether what the run made is there, whole, and of a dataset that is there."""
    related: Any = getattr(run, made, None)
    if made == "recognitions":  # the originals' row outlives a deleted anonymization, the attackers' don't
        return bool(related.exclude(anonymization=None).exists())
    return related is not None and getattr(related, "dataset_id", related.pk) is not None


# --- Stages ---------------------------------------------------------------------------------------
def _walkers(demo: Demo) -> Run:
    return anonymizer_runs.request_walkers(
        demo.name, demo.subjects, SEQUENCES, VIEW_ANGLES, FRAMES, seed=demo.run.seed
    )


def _recognizer(demo: Demo) -> Run:
    return recognition_runs.request_recognizer(demo.dataset, seed=demo.run.seed)


def _network(demo: Demo) -> Run:
    return anonymizer_runs.request_network(demo.dataset, epochs=EPOCHS, stride=STRIDE, seed=demo.run.seed)


def _anonymization(method: str) -> Callable[[Demo], Run]:
    def request(demo: Demo) -> Run:
        checkpoint = Checkpoint.objects.get(run=demo.stage_run("network")) if method == "tieu" else None
        return anonymizer_runs.request_anonymization(
            demo.dataset, method, checkpoint=checkpoint, walks=PROBES, seed=demo.run.seed
        )

    return request


def _recognition(method: str) -> Callable[[Demo], Run]:
    def request(demo: Demo) -> Run:
        changed = demo.stage_run(method)
        assert changed is not None  # an earlier stage
        return recognition_runs.request_recognition(
            changed.anonymization,
            attackers=ATTACKERS,
            gallery=GALLERY,
            probe=PROBE,
            view_angles=ATTACKED_VIEW_ANGLES,
            seed=demo.run.seed,
        )

    return request


def _study(name: str, methods: Sequence[str], **options: Any) -> Callable[[Demo], Run]:
    def request(demo: Demo) -> Run:
        changed = [run for method in methods if (run := demo.stage_run(method))]
        study = runs.request_study(
            [run.anonymization for run in changed],
            f"{demo.name}: {name}",
            pairs_per_rater=PAIRS_PER_RATER,
            raters=SIMULATED_RATERS,
            clip_seconds=CLIP_SECONDS,
            open_when_prepared=True,
            seed=demo.run.seed,
            **options,
        )
        assert study.run is not None  # request_study makes it
        return study.run

    return request


CHANGING = ("Changing", "Measuring")
RECOGNIZING = ("Attacking",)
VOTING = ("Encoding clips", "Voting")
CHECKED = {"training_pairs": 3, "check_pairs": 2}  # what people rate first is short
SHORT = {"pairs_per_view_angle": 4}  # of two conditions, whose clips are all to be encoded
SIMULATED = "Study with simulated raters"
STAGES = (
    Stage("walkers", "Walkers", _walkers, "dataset", ("Walking",)),
    Stage("recognizer", "Recognizer", _recognizer, "recognizer", ("Looking at walks", "Fitting")),
    Stage(MAIN, f"Anonymize: {MAIN}", _anonymization(MAIN), "anonymization", CHANGING),
    Stage("recognition", f"Recognition: {MAIN}", _recognition(MAIN), "recognitions", RECOGNIZING),
    Stage(
        "study",
        "Study",
        _study("how natural do they walk?", [MAIN], **CHECKED),
        "study",
        ("Encoding clips",),
    ),
    Stage("network", "Network", _network, "checkpoint", ("Tracing contours", "Training")),
    Stage("tieu", "Anonymize: tieu", _anonymization("tieu"), "anonymization", CHANGING),
    Stage("recognition-tieu", "Recognition: tieu", _recognition("tieu"), "recognitions", RECOGNIZING),
    Stage("simulated-study", SIMULATED, _study("simulated raters", [MAIN, "tieu"], **SHORT), "study", VOTING),
)
WHOLE = 100 * len(STAGES)


# --- The work -------------------------------------------------------------------------------------
class Progress:
    """How far the whole is, a hundred steps a stage. It never goes back, however often a stage is begun."""

    def __init__(self, work: jobs.Work) -> None:
        self.work, self.told = work, work.run.done

    def tell(self, index: int, share: float) -> None:
        """Stage number `index` is done by `share`, from 0 to 1."""
        self.told = max(self.told, round(100 * (index + share)))
        self.work.progress(self.told, WHOLE, STAGES[index].label)

    def of(self, index: int) -> Callable[[int, int, str], None]:
        """A bar for a stage's run, whose phases begin at nought one after the other."""
        phases = STAGES[index].phases

        def bar(done: int, total: int, phase: str) -> None:
            begun = phase in phases and total > 0
            self.tell(index, (phases.index(phase) + done / total) / len(phases) if begun else 0)

        return bar


def body(work: jobs.Work) -> None:
    """Do the stages that are missing, in order."""
    demo, progress = Demo(work.run), Progress(work)
    for index, stage in enumerate(STAGES):
        if not demo.finished(stage):
            progress.tell(index, 0)
            begun = time.monotonic()
            _do(demo, stage, progress.of(index))
            seconds = {**work.run.result.get("seconds", {}), stage.name: round(time.monotonic() - begun, 1)}
            demo.remember(seconds=seconds)
    _simulated_votes(demo, progress.of(len(STAGES) - 1))
    work.run.result = {**work.run.result, **_outcome(demo)}
    work.progress(WHOLE, WHOLE, "Done")


def _do(demo: Demo, stage: Stage, bar: Callable[[int, int, str], None]) -> None:
    """Run one stage here, whether it is new, was cancelled or failed, or its worker was lost."""
    run = demo.stage_run(stage.name)
    if run is None or (run.status == Run.Status.SUCCEEDED and not _has(run, stage.made)):
        with transaction.atomic():  # a run that is asked for is also remembered
            run = stage.request(demo)
            demo.remember(runs={**demo.run.result.get("runs", {}), stage.name: run.pk})
    jobs.retry(run)
    jobs.see_through(run, BODIES[run.kind], bar)
    if run.status == Run.Status.CANCELLED:
        raise jobs.Cancelled
    if run.status != Run.Status.SUCCEEDED:
        raise Refused(f"Stage {stage.label!r} did not finish (run {run.pk}): {run.error}")


def _simulated_votes(demo: Demo, bar: Callable[[int, int, str], None]) -> None:
    """Fill the second study with simulated raters and close it; votes that are there are not given again."""
    study = Study.objects.get(run=demo.stage_run("simulated-study"))
    missing = SIMULATED_RATERS - study.raters.filter(simulated=True, state="complete").count()
    if study.status == Study.Status.OPEN:
        if missing > 0:
            simulation.simulate(
                study,
                missing,
                seed=demo.run.seed,
                progress=lambda done, total: bar(done, total, VOTING[-1]),
            )
        runs.close_study(study)


def _outcome(demo: Demo) -> dict[str, Any]:
    changed, recognized = demo.stage_run(MAIN), demo.stage_run("recognition")
    assert changed is not None  # every stage has its run
    assert recognized is not None
    return {
        "dataset": demo.dataset.name,
        "anonymization_run": changed.pk,
        "recognition_run": recognized.pk,
        **runs.summary(demo.study, settings.SITE_URL),
    }


# --- From outside ---------------------------------------------------------------------------------
def demo_run(subjects: int = SUBJECTS, seed: int = SEED) -> Run:
    """The run of this demo, made when it is first asked for."""
    return _found(subjects, seed) or jobs.create(Run.Kind.DEMO, {"subjects": subjects}, seed=seed)


def _found(subjects: int, seed: int) -> Run | None:
    return Run.objects.filter(kind=Run.Kind.DEMO, seed=seed, parameters={"subjects": subjects}).first()


def is_complete(run: Run) -> bool:
    """Whether every stage has succeeded and what it made is still there."""
    return run.status == Run.Status.SUCCEEDED and all(Demo(run).finished(stage) for stage in STAGES)


def start_as_job(subjects: int = SUBJECTS, seed: int = SEED) -> Run | None:
    """Queue the demo for a worker where it is not complete; None where it is."""
    run = demo_run(subjects, seed)
    if is_complete(run):
        return None
    if run.is_finished:
        begin_again(run)
    anonymizer_tasks.enqueue(run)
    return run


def begin_again(run: Run) -> None:
    """Queue a finished demo of which something was deleted, failed or was cancelled."""
    Run.objects.filter(pk=run.pk).update(status=Run.Status.FAILED, done=0)
    jobs.retry(run)


def rater_url(subjects: int = SUBJECTS, seed: int = SEED) -> str | None:
    """The address for raters of this demo's study, while it is open."""
    run = _found(subjects, seed)
    study_run = Demo(run).stage_run("study") if run else None
    study = Study.objects.filter(run=study_run, status=Study.Status.OPEN).first() if study_run else None
    return f"{settings.SITE_URL}/s/{study.token}/" if study else None


def check_size(subjects: int) -> None:
    """Refuse a number of subjects that the demo's split or study can't do with."""
    if not 12 <= subjects <= 500:
        raise Refused(f"The demo needs from 12 to 500 subjects, not {subjects}.")
