"""What can be asked of the anonymizer: each request is checked here, by page and command alike, and becomes a run.

The work itself stands in `making_datasets`, `training_networks` and `anonymizing`.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User

from anonymizer import (
    anonymizing,
    clips,
    dataset_names,
    going_on,
    importing,
    jobs,
    making_datasets,
    training_networks,
)
from anonymizer.gait.catalogue import DONOR_POLICIES, METHODS, Method
from anonymizer.gait.splits import Split, split
from anonymizer.jobs import Refused
from anonymizer.models import Anonymization, Checkpoint, Dataset, Run
from anonymizer.models import Sequence as GaitSequence

CASIA_B_VIEW_ANGLES = tuple(range(0, 181, 18))
SEQUENCES = {"nm": 6, "bg": 2, "cl": 2}  # as CASIA-B has them
DEFAULT_SPLIT = "30:15:55"
EPOCHS, STRIDE = 100, 1  # the paper's: every frame, 100 times

BODIES: dict[str, Callable[[jobs.Work], None]] = {
    Run.Kind.IMPORT_CASIA_B: importing.import_walks,
    Run.Kind.IMPORT_OPENGAIT: importing.import_walks,
    Run.Kind.GENERATE_WALKERS: making_datasets.generate_walkers,
    Run.Kind.TRAIN_NETWORK: training_networks.train_network,
    Run.Kind.ANONYMIZE: anonymizing.anonymize,
}


def execute(run: Run, bar: Any = None) -> bool:
    """Do the run's work in this process."""
    return jobs.execute(run.pk, BODIES[run.kind], bar)


# --- Datasets -------------------------------------------------------------------------------------
def request_import(
    path: str | Path,
    name: str,
    frames: int = 50,
    frame_rate: float = importing.FRAME_RATE,
    licence: str = "",
    may_be_shown_to_raters: bool = False,
    kind: str = Run.Kind.IMPORT_CASIA_B,
    user: User | None = None,
    filename: str = "",
    again: bool = False,
) -> Run:
    """Bring in walks in the layout that `kind` names: a folder, a zip or a tar.gz.

    `frame_rate` is how many frames a second were recorded; clips are played at it. `filename` is what an uploaded
    archive was called where it came from. `again` gives an unfinished run that was asked the same, whose dataset has
    the name already.
    """
    parameters = {
        "name": name.strip(),
        "path": str(Path(path).resolve()),
        "frames": frames,
        "frame_rate": frame_rate,
        "licence": licence,
        "may_be_shown_to_raters": may_be_shown_to_raters,
    }
    if filename:
        parameters["filename"] = filename
    if again and (begun := going_on.unfinished(kind, parameters)):
        return begun
    check_new_dataset(name, frames)
    _within("frame rate", frame_rate, 4, 120)
    if not Path(path).exists():
        layout = importing.SOURCES[Run.Kind(kind)].label
        raise Refused(f"{path} does not exist. Give a folder, a .zip or a .tar.gz in {layout}.")
    return jobs.create(kind, parameters, user=user)


def request_walkers(
    name: str,
    subjects: int,
    sequences: Mapping[str, int] = SEQUENCES,
    view_angles: Sequence[int] = CASIA_B_VIEW_ANGLES,
    frames: int = 50,
    difficulty: str = "casia",
    path_variation: float = 1.0,
    seed: int = 0,
    user: User | None = None,
    again: bool = False,
) -> Run:
    """Make walkers who exist nowhere. `again` is as of an import."""
    walkers = walker_parameters(subjects, sequences, view_angles, frames, difficulty, path_variation)
    parameters = {"name": name.strip(), **walkers}
    if again and (begun := going_on.unfinished(Run.Kind.GENERATE_WALKERS, parameters, seed)):
        return begun
    check_new_dataset(name, frames)
    return jobs.create(Run.Kind.GENERATE_WALKERS, parameters, seed=seed, user=user)


def walker_parameters(
    subjects: int,
    sequences: Mapping[str, int],
    view_angles: Sequence[int],
    frames: int,
    difficulty: str,
    path_variation: float = 1.0,
) -> dict[str, Any]:
    """The walkers' parameters, checked."""
    from anonymizer.gait.walkers.difficulty import DIFFICULTIES, MOST_PATH_VARIATION

    _within("subjects", subjects, 1, 999)
    _within("frames", frames, 1, 250)
    _check_sequences(sequences)
    _check_view_angles(view_angles)
    if difficulty not in DIFFICULTIES:
        raise Refused(f"Difficulty {difficulty!r} is not known. Use one of: {', '.join(DIFFICULTIES)}.")
    if not 0 <= path_variation <= MOST_PATH_VARIATION:  # so NaN is refused too
        raise Refused(
            f"Path variation must be from 0 to {MOST_PATH_VARIATION:g}, not {path_variation}. "
            "1 is as the difficulty has it.",
            "path_variation",
        )
    return {
        "subjects": subjects,
        "sequences": {condition: count for condition, count in sequences.items() if count},
        "view_angles": sorted(view_angles),
        "frames": frames,
        "difficulty": difficulty,
        "path_variation": path_variation,
    }


def _check_sequences(sequences: Mapping[str, int]) -> None:
    for condition, count in sequences.items():
        if condition not in SEQUENCES:
            raise Refused(
                f"Gait condition {condition!r} is not known. Use {', '.join(SEQUENCES)}, as in nm=4,bg=1."
            )
        _within(f"sequences {condition}", count, 0, 99)
    if not any(sequences.values()):
        raise Refused("No sequence is asked for. Give at least one, as in nm=4.")


def _check_view_angles(view_angles: Sequence[int]) -> None:
    if not view_angles or len(set(view_angles)) != len(view_angles):
        raise Refused("View angles must be given, each once, as in 0,18,36.")
    for angle in view_angles:
        _within("view angle", angle, 0, 180)  # the walkers' cameras stand on one side


def check_new_dataset(name: str, frames: int) -> None:
    """Refuse a name or a length that no new dataset can have."""
    dataset_names.check(name.strip())
    _within("frames", frames, 1, 10_000)


# --- Networks -------------------------------------------------------------------------------------
def request_network(
    dataset: Dataset,
    method: str = "tieu",
    alpha: float | None = None,
    split: str = DEFAULT_SPLIT,
    epochs: int = EPOCHS,
    stride: int = STRIDE,
    parameters: Mapping[str, Any] | None = None,
    seed: int = 0,
    user: User | None = None,
) -> Run:
    """Train the network of `method` on the split's D2. `parameters` are those that its weights depend on."""
    check_ready(dataset)
    chosen = METHODS.get(method)
    if chosen is None or not chosen.needs_network:
        names = ", ".join(each.name for each in METHODS.values() if each.needs_network)
        raise Refused(f"Method {method!r} has no network to train. Those that have: {names}.")
    given = _given(alpha, parameters)
    unlearned = sorted(given.keys() - set(chosen.learned))
    if unlearned:
        raise Refused(
            f"The weights of {method!r} do not depend on {unlearned[0]!r}; "
            f"they do on: {', '.join(chosen.learned)}."
        )
    checked = _checked_parameters(chosen, given)
    check_training(epochs, stride)
    check_split(dataset, split)
    asked = {
        "dataset": dataset.pk,
        "method": method,
        "alpha": checked["alpha"],
        "parameters": {name: checked[name] for name in chosen.learned if name != "alpha"},
        "split": split,
        "epochs": epochs,
        "stride": stride,
    }
    return jobs.create(Run.Kind.TRAIN_NETWORK, asked, seed=seed, user=user)


# --- Anonymization --------------------------------------------------------------------------------
def request_anonymization(
    dataset: Dataset,
    method: str,
    alpha: float | None = None,
    donor: str | None = None,
    checkpoint: Checkpoint | None = None,
    split: str | None = DEFAULT_SPLIT,
    walks: Sequence[str] = (),
    parameters: Mapping[str, Any] | None = None,
    copy: str = Anonymization.Copy.PROBE,
    seed: int = 0,
    user: User | None = None,
) -> Run:
    """Change a dataset's walks: those of the split's D3, or of everybody where `split` is None.

    `walks` such as nm-03 limit it to these walks of each subject. `parameters` are the method's own, by name;
    what is not given is as the catalogue says, or as the checkpoint was trained.
    """
    check_ready(dataset)
    chosen = METHODS.get(method)
    if chosen is None:
        raise Refused(f"Method {method!r} is not known. Use one of: {', '.join(METHODS)}.")
    trained = _checked_checkpoint(chosen, checkpoint)
    given = _given(alpha, parameters)
    if dataset.is_synthetic and "draws" in chosen.parameters:
        given.setdefault("draws", "seeded")  # nobody is to be protected, so the run may be repeated
    if "frame_rate" in chosen.parameters:
        given.setdefault("frame_rate", dataset.frame_rate)
    checked = _checked_parameters(chosen, given, trained)
    donor = _checked_donor(chosen, donor)
    _check_lenders(dataset, split, donor, chosen.donors_for(checked))
    check_walks(dataset, walks)
    asked = {
        "dataset": dataset.pk,
        "method": method,
        "alpha": checked.pop("alpha", None),
        "parameters": checked,
        "donor": donor,
        "checkpoint": trained.pk if trained else None,
        "split": split,
        "walks": list(walks),
        "copy": copy,
    }
    return jobs.create(Run.Kind.ANONYMIZE, asked, seed=seed, user=user)


def check_method(
    dataset: Dataset,
    method: str,
    alpha: float | None = None,
    parameters: Mapping[str, Any] | None = None,
    donor: str | None = None,
    split: str = DEFAULT_SPLIT,
) -> None:
    """Refuse, before hours of work, what `request_anonymization` would refuse after them."""
    chosen = METHODS[method]
    checked = _checked_parameters(chosen, _given(alpha, parameters))
    _check_lenders(dataset, split, _checked_donor(chosen, donor), chosen.donors_for(checked))


def check_training(epochs: int, stride: int) -> None:
    """Refuse what no network is trained with."""
    _within("epochs", epochs, 1, 10_000)
    _within("stride", stride, 1, 1000)


def check_walks(dataset: Dataset, walks: Sequence[str], field: str | None = None) -> None:
    """Refuse walks that nobody of the dataset walked; `field` is where they were asked for."""
    rows = GaitSequence.objects.filter(subject__dataset=dataset).order_by()
    known = {
        f"{condition}-{number:02d}"
        for condition, number in rows.values_list("gait_condition", "number").distinct()
    }
    if missing := [walk for walk in walks if walk not in known]:
        there = ", ".join(sorted(known)) or "none"
        raise Refused(f"No walk of {dataset.name!r} is named {missing[0]}. There are: {there}.", field)


def _given(alpha: float | None, parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    given = dict(parameters or {})
    return given if alpha is None else {**given, "alpha": alpha}


def _checked_parameters(
    method: Method, given: Mapping[str, Any], checkpoint: Checkpoint | None = None
) -> dict[str, Any]:
    """Every parameter of the method; of one with a network, those it was trained with."""
    trained = learned_of(checkpoint) if checkpoint else {}
    try:
        checked = method.checked({**trained, **given})
    except ValueError as error:
        raise Refused(f"{str(error)[0].upper()}{str(error)[1:]}.") from error
    for name, value in trained.items():
        if checked[name] != value:
            raise Refused(
                f"The network was trained with {name} = {value}; for {checked[name]} train another."
            )
    return checked


def learned_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """The method's parameters that a network was trained with."""
    kept = {**checkpoint.parameters.get("parameters", {}), "alpha": checkpoint.parameters.get("alpha")}
    known = METHODS[checkpoint.method].learned_parameters
    return {name: spec.default if kept.get(name) is None else kept[name] for name, spec in known.items()}


def _checked_donor(method: Method, donor: str | None) -> str:
    """The donor policy, as asked or the method's own."""
    donor = donor or method.default_donor
    if donor not in DONOR_POLICIES:
        raise Refused(f"Donor policy {donor!r} is not known. Use one of: {', '.join(DONOR_POLICIES)}.")
    if donor not in method.donor_policies:
        raise Refused(
            f"Method {method.name!r} can't work with donor policy {donor!r}. "
            f"Use: {' or '.join(method.donor_policies)}."
        )
    return donor


def _check_lenders(dataset: Dataset, split: str | None, donor: str, wanted: int) -> None:
    """Real donors come from the subjects that are tested, and nobody is lent to oneself."""
    tested = len(check_split(dataset, split).test) if split else dataset.subjects.count()
    if donor in (Anonymization.DonorPolicy.FIXED, Anonymization.DonorPolicy.RANDOM) and tested <= wanted:
        raise Refused(
            f"Donor policy {donor!r} needs at least {wanted + 1} tested subjects, and there are {tested}. "
            "Use synthetic donors."
        )


def _checked_checkpoint(method: Method, checkpoint: Checkpoint | None) -> Checkpoint | None:
    if not method.needs_network:
        return None
    if checkpoint is None:
        raise Refused(
            f"Method {method.name!r} needs a trained network. Train one, then choose its checkpoint."
        )
    if checkpoint.method != method.name:
        raise Refused(
            f"Checkpoint {checkpoint.name!r} was trained for {checkpoint.method!r}, not for {method.name!r}."
        )
    return checkpoint


def check_split(dataset: Dataset, how: str) -> Split:
    """The dataset's subjects divided; what does not work out is refused in words."""
    try:
        return split(dataset.subjects.values_list("label", flat=True), how)
    except ValueError as error:
        raise Refused(str(error), "split") from error


def check_ready(dataset: Dataset) -> None:
    """Refuse a dataset that is still being filled, or never was."""
    if not dataset.ready:
        raise Refused(
            f"Dataset {dataset.name!r} is not ready: its run has not finished. Wait for it, or retry it."
        )


def _within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:  # so NaN is refused too
        field = name.replace(" ", "_")
        raise Refused(f"{name[0].upper()}{name[1:]} must be from {least} to {most}, not {value}.", field)


def check_clips(pairs: int, seconds: float) -> None:
    """Refuse, before walks are changed, clips that could not be rendered of them."""
    if pairs < 0:
        raise Refused(f"--clips must be 0 or more, not {pairs}.")
    _within("clip seconds", seconds, 0.4, 60)


def render_clips(run: Run, pairs: int, seconds: float) -> list[dict[str, str]]:
    """Clips of the run's first pairs, original and changed; returns where their files lie."""
    rows = list(run.anonymization.sequences.select_related("source__subject").order_by("source_id")[:pairs])
    return [
        {"sequence": str(row.source), "original": str(original.file.name), "changed": str(changed.file.name)}
        for row, original, changed in clips.pairs(rows, seconds)
    ]
