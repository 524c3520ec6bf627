"""The run that trains a recognizer on the walks of D1, and the one that compares a recognizer's variants."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from anonymizer import jobs
from anonymizer.models import Dataset, Run
from recognition.described import Shelf
from recognition.gathering import device_of, keep_recognizer, of_walks, sequences, split_of, stage
from recognition.learning import forget_unfinished, learn
from recognition.models import Recognizer

if TYPE_CHECKING:
    from recognition.identify.ablation import Variant
    from recognition.identify.protocol import SequenceChoice


def train_recognizer(work: jobs.Work) -> None:
    """Fit the recognizer to the walks of D1."""
    from recognition.identify.recognizer import LearnsBySteps
    from recognition.identify.recognizers import kind_named

    run, asked = work.run, work.run.parameters
    if Recognizer.objects.filter(run=run).exists():
        return
    dataset = Dataset.objects.get(pk=asked["dataset"])
    recognizer = kind_named(asked["kind"]).made(asked["parameters"], device_of(asked["kind"]))
    subjects = split_of(dataset, asked["split"]).train
    shelf = Shelf(f"dataset-{dataset.pk}", recognizer.size)
    training = shelf.gaits(sequences(dataset, subjects), recognizer.reads, stage(work, "Looking at walks"))
    if isinstance(recognizer, LearnsBySteps):
        Run.objects.filter(pk=run.pk).update(device=str(recognizer.device))
    learn(work, recognizer, training, stage="Fitting")
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
    if isinstance(recognizer, LearnsBySteps):
        run.result["losses"] = recognizer.losses
    forget_unfinished(work)


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
