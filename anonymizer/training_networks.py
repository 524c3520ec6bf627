"""The run that trains a method's network on the walks of D2."""

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from anonymizer import jobs, parallel, store, stored_files
from anonymizer.gait.catalogue import METHODS
from anonymizer.gait.splits import split
from anonymizer.models import Checkpoint, Dataset, Run, Sequence

if TYPE_CHECKING:
    from anonymizer.gait import training
    from anonymizer.gait.contour_pairs import PairJob
    from anonymizer.gait.contours import Vectors

KEEP_EVERY = 5  # epochs between two copies kept for going on after a lost worker


def train_network(work: jobs.Work) -> None:
    """Train on D2: one random subject of it is the noise gait of all the others, always at the same view angle."""
    from anonymizer.gait import network, training

    run, parameters = work.run, work.run.parameters
    if Checkpoint.objects.filter(run=run).exists():
        return
    dataset = Dataset.objects.get(pk=parameters["dataset"])
    device = network.chosen_device(settings.GAITMOS_DEVICE)
    Run.objects.filter(pk=run.pk).update(device=device)
    x1, x2 = _pairs(work, dataset)
    kept = state = _kept(run)
    epochs = parameters["epochs"]
    work.progress(kept.epoch if kept else 0, epochs, "Training")
    for trained in training.train(
        x1,
        x2,
        method=parameters["method"],
        parameters=_learned(run),
        settings=training.Settings(
            epochs=epochs,
            seed=run.seed,
            branches=METHODS[parameters["method"]].first_layers,
            device=device,
        ),
        resume=kept,
    ):
        state = trained
        _keep(run, state)
        work.progress(state.epoch, epochs, "Training")
    if state is None:
        raise ValueError("the training ended without an epoch")
    for dead in state.dead_starts:
        work.note(f"Initialisation {dead} was dead (zero output, zero gradient) and was drawn again.")
    _save(run, dataset, state, len(x1))


def _learned(run: Run) -> dict[str, Any]:
    """The method's parameters that the weights depend on, all of them."""
    method = METHODS[run.parameters["method"]]
    given = {**run.parameters.get("parameters", {}), "alpha": run.parameters["alpha"]}
    return {name: value for name, value in method.checked(given).items() if name in method.learned}


def _pairs(work: jobs.Work, dataset: Dataset) -> tuple["Vectors", "Vectors"]:
    """X1 and X2 of every `stride`-th frame, contours traced over several processes."""
    import numpy as np

    from anonymizer.gait.contour_pairs import contour_pair

    every = list(_pair_jobs(work.run, dataset))
    found = []
    for done, pair in enumerate(parallel.ordered_map(contour_pair, every), start=1):
        work.progress(done, len(every), "Tracing contours")
        if pair is not None:
            found.append(pair)
    if not found:
        raise ValueError(_nothing_to_train_on(work.run, dataset))
    return np.concatenate([x1 for x1, _ in found]), np.concatenate([x2 for _, x2 in found])


def _nothing_to_train_on(run: Run, dataset: Dataset) -> str:
    from anonymizer.gait.donors import fixed_subject

    subjects = _d2(run, dataset)
    return (
        f"There is nothing to train on. The network learns from subjects {', '.join(subjects)} with "
        f"{fixed_subject(subjects, run.seed)} as their noise gait, who has no usable walk at all the view angles of "
        "any of the others'. Choose a split that gives the network more subjects, or another seed."
    )


def _d2(run: Run, dataset: Dataset) -> tuple[str, ...]:
    """Who trains the network."""
    return split(dataset.subjects.values_list("label", flat=True), run.parameters["split"]).network


def _pair_jobs(run: Run, dataset: Dataset) -> Iterator["PairJob"]:
    from anonymizer.gait import donors
    from anonymizer.gait.batch import PackedTrack
    from anonymizer.gait.contour_pairs import PairJob

    network_subjects = _d2(run, dataset)
    sequences = Sequence.objects.filter(subject__dataset=dataset, subject__label__in=network_subjects)
    walks = store.tracks(sequences.select_related("subject"))
    noise, learned = donors.fixed_subject(network_subjects, run.seed), _learned(run)
    for name, views in walks.items():
        if name.subject == noise:
            continue
        try:
            donor = donors.fixed_donor(name, list(walks), run.seed)
        except ValueError:  # the noise subject was not recorded at all of this walk's view angles
            continue
        own = {angle: store.read(row) for angle, row in views.items()}
        lent = {angle: store.read(row) for angle, row in walks[donor].items()}
        yield PairJob(
            PackedTrack.of(name, own), PackedTrack.of(noise, lent), learned, run.parameters["stride"]
        )


# --- What is kept ---------------------------------------------------------------------------------
def _kept_name(run: Run) -> str:
    return f"checkpoints/unfinished-run-{run.pk}.npz"


def _kept(run: Run) -> "training.Checkpoint | None":
    """Where an earlier attempt stood."""
    from anonymizer.gait import checkpoints

    if not default_storage.exists(_kept_name(run)):
        return None
    with default_storage.open(_kept_name(run)) as file:
        try:
            return checkpoints.from_bytes(file.read())
        except ValueError:  # cut off in the middle of a write: begin again
            return None


def _keep(run: Run, state: "training.Checkpoint") -> None:
    from anonymizer.gait import checkpoints

    run.result = {"losses": list(state.losses)}
    if state.epoch % KEEP_EVERY:
        return
    Run.objects.filter(pk=run.pk).update(result=run.result)
    stored_files.replace(_kept_name(run), checkpoints.to_bytes(state))


def _save(run: Run, dataset: Dataset, state: "training.Checkpoint", frames: int) -> None:
    from anonymizer.gait import checkpoints

    data = checkpoints.to_bytes(state)
    row = Checkpoint(
        name=f"{state.method}-{dataset.slug}-{run.pk}",
        method=state.method,
        parameters={
            **run.parameters,
            "seed": run.seed,
            "frames": frames,
            "dead_starts": list(state.dead_starts),
        },
        dataset=dataset,
        run=run,
        sha256=hashlib.sha256(data).hexdigest(),
        losses=list(state.losses),
    )
    row.weights.save(f"{row.name}.npz", ContentFile(data), save=False)
    row.save()
    default_storage.delete(_kept_name(run))
    run.result = {"checkpoint": row.name, "losses": row.losses, "frames": frames}
