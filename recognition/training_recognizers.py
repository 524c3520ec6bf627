"""The run that trains a recognizer on the walks of D1, and the one that compares a recognizer's variants."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.core.files.storage import default_storage

from anonymizer import jobs, stored_files
from anonymizer.models import Dataset, Run
from recognition.described import Shelf
from recognition.gathering import device_of, keep_recognizer, of_walks, sequences, split_of, stage
from recognition.models import Recognizer

if TYPE_CHECKING:
    from recognition.identify.ablation import Variant
    from recognition.identify.gaits import Gaits
    from recognition.identify.protocol import SequenceChoice

KEEP_EVERY = 50  # training steps between two copies kept for going on after a lost worker


def train_recognizer(work: jobs.Work) -> None:
    """Fit the recognizer to the walks of D1."""
    from recognition.identify.recognizers import kind_named

    run, asked = work.run, work.run.parameters
    if Recognizer.objects.filter(run=run).exists():
        return
    dataset = Dataset.objects.get(pk=asked["dataset"])
    recognizer: Any = kind_named(asked["kind"]).made(asked["parameters"], device_of(asked["kind"]))
    subjects = split_of(dataset, asked["split"]).train
    shelf = Shelf(f"dataset-{dataset.pk}", recognizer.size)
    training = shelf.gaits(sequences(dataset, subjects), recognizer.reads, stage(work, "Looking at walks"))
    learn = _learn_by_steps if hasattr(recognizer, "learn") else _fit
    learn(work, recognizer, training)
    row = keep_recognizer(
        recognizer,
        f"{recognizer.name}-{dataset.slug}-{run.pk}",
        dataset,
        run=run,
        subjects=list(subjects),
        parameters={"split": asked["split"]},
    )
    run.result = {
        "recognizer": row.name,
        "subjects": len(subjects),
        "sequences": len(training),
    }
    if getattr(recognizer, "losses", None):
        run.result["losses"] = recognizer.losses
    stored_files.forget(_unfinished(run))


def _fit(work: jobs.Work, recognizer: Any, training: "Gaits") -> None:
    work.progress(work.run.done, work.run.total, "Fitting")
    recognizer.fit(training.inputs, training.subjects, training.view_angles)


def _learn_by_steps(work: jobs.Work, recognizer: Any, training: "Gaits") -> None:
    """A training that takes long shows how far it is, and goes on where an earlier attempt was lost."""
    Run.objects.filter(pk=work.run.pk).update(device=str(recognizer.device))
    name, kept = _unfinished(work.run), 0
    if default_storage.exists(name):
        with default_storage.open(name) as file:
            recognizer.resume(file.read())
    for done, total in recognizer.learn(training.inputs, training.subjects, training.view_angles):
        work.progress(done, total, "Training")
        if done - kept >= KEEP_EVERY:
            stored_files.replace(name, recognizer.kept())
            kept = done


def _unfinished(run: Run) -> str:
    return f"recognizers/unfinished-run-{run.pk}.npz"


# --- Variants ---------------------------------------------------------------------------------------
def ablate(work: jobs.Work) -> None:
    """Train each variant of the recognizer on D1 and let it name the clear walks of D3."""
    from recognition.identify import ablation
    from recognition.identify.protocol import gallery_and_probe

    run, asked = work.run, work.run.parameters
    dataset = Dataset.objects.get(pk=asked["dataset"])
    split, rows = split_of(dataset, asked["split"]), list(run.result.get("variants", []))
    gallery, probe = gallery_and_probe(asked["gallery"], asked["probe"])
    for done, variant in enumerate(ablation.VARIANTS):
        work.progress(done, len(ablation.VARIANTS), "Comparing variants")
        if done < len(rows):  # an earlier attempt came so far
            continue
        rows.append(_compared(dataset, split, gallery, probe, variant, rows, run.seed))
        run.result = {"variants": rows, "dataset": dataset.name, "test_subjects": len(split.test)}
        Run.objects.filter(pk=run.pk).update(result=run.result)
    work.progress(len(rows), len(rows), "Comparing variants")


def _compared(
    dataset: Dataset,
    split: Any,
    gallery: "SequenceChoice",
    probe: "SequenceChoice",
    variant: "Variant",
    others: Sequence[Mapping[str, Any]],
    seed: int,
) -> dict[str, Any]:
    """A variant's row; one without rates, with the reason, where only a changed part can't be trained on this."""
    from recognition.identify import ablation
    from recognition.identify.protocol import SequenceChoice, evaluate
    from recognition.identify.zheng import made

    recognizer = made(variant.parameters)
    shelf = Shelf(f"dataset-{dataset.pk}", recognizer.size)
    named = of_walks(
        sequences(dataset, split.test), SequenceChoice((*gallery, *probe))
    )  # the others aren't asked
    training, test = (
        shelf.gaits(rows, recognizer.reads) for rows in (sequences(dataset, split.train), named)
    )
    try:
        recognizer.fit(training.inputs, training.subjects, training.view_angles)
    except ValueError as error:
        if not others:
            raise
        return ablation.untrained(variant, others[0], str(error))
    answers = evaluate(recognizer, test.chosen(gallery), test.chosen(probe))
    return ablation.row(variant, answers, seed=seed)
