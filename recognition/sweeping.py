"""A sweep: the same experiment over methods, their parameters and seeds; one table, one frontier.

Each experiment is made of runs of their own, so that a sweep goes on where it was interrupted. Their answers
are kept as arrays, without rows.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from anonymizer import jobs
from anonymizer import runs as anonymizer_runs
from anonymizer.gait.catalogue import METHODS
from anonymizer.jobs import Refused
from anonymizer.models import Checkpoint, Dataset, Run
from recognition import choices, runs
from recognition.models import Recognizer

SEEDS = (0, 1, 2)
BODIES: dict[str, Callable[[jobs.Work], None]] = {
    **anonymizer_runs.BODIES,
    Run.Kind.TRAIN_RECOGNIZER: runs.train_recognizer,
    Run.Kind.RECOGNIZE: runs.recognize,
}


def conditions(
    methods: Sequence[str], alphas: Sequence[float], settings: Mapping[str, Mapping[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """Every method with every α; methods without α, and those whose settings name one, once."""
    found = []
    if not all(map(math.isfinite, alphas)):
        raise Refused("Alphas must be finite numbers, as in 0.3,1.5.")
    for name in dict.fromkeys(methods):
        if name not in METHODS:
            raise Refused(f"Method {name!r} is not known. Use one of: {', '.join(METHODS)}.")
        given = dict((settings or {}).get(name, {}))
        takes_alpha = METHODS[name].default_alpha is not None and "alpha" not in given
        own: list[float | None] = [given.pop("alpha", None)]
        for alpha in [*dict.fromkeys(alphas)] or own if takes_alpha else own:
            found.append({"method": name, "alpha": alpha, "parameters": given})
    return found


def request_sweep(
    datasets: Sequence[Dataset],
    wanted: Sequence[Mapping[str, Any]],
    seeds: Sequence[int] = SEEDS,
    split: str = anonymizer_runs.DEFAULT_SPLIT,
    donor: str | None = None,
    epochs: int = anonymizer_runs.EPOCHS,
    stride: int = anonymizer_runs.STRIDE,
    attack: Mapping[str, Any] | None = None,
    user: User | None = None,
    recognizer: Mapping[str, Any] | None = None,
) -> Run:
    """`wanted` = what `conditions` gave; `attack` = options of `runs.request_recognition`, `recognizer` = kind and
    parameters for `runs.request_recognizer`."""
    if not datasets or not wanted or not seeds:
        raise Refused("A sweep needs at least one dataset, one method and one seed.")
    if len(set(seeds)) != len(seeds) or min(seeds) < 0:
        raise Refused("Seeds must be whole numbers from 0, each once, as in 0,1,2.", "seeds")
    for seed in seeds:
        jobs.check_seed(seed)
    anonymizer_runs.check_training(epochs, stride)
    options = {name: value for name, value in (attack or {}).items() if value is not None}
    trained = {"kind": runs.KIND, "parameters": {}, **(recognizer or {})}
    runs.check_parameters(trained["kind"], trained["parameters"])
    for dataset in datasets:
        anonymizer_runs.check_ready(dataset)
        anonymizer_runs.check_split(dataset, split)
        runs.check_choices(dataset, options, split if trained["kind"] == runs.KIND else "")
        for each in wanted:
            anonymizer_runs.check_method(dataset, **each, donor=donor, split=split)
    asked = {
        "datasets": [dataset.pk for dataset in datasets],
        "conditions": [dict(each) for each in wanted],
        "seeds": list(seeds),
        "split": split,
        "donor": donor,
        "epochs": epochs,
        "stride": stride,
        "attack": options,
        "recognizer": trained,
    }
    return jobs.create(Run.Kind.SWEEP, asked, seed=seeds[0], user=user)


def sweep(work: jobs.Work) -> None:
    """Every experiment in turn; those that are done are not done again."""
    from recognition.identify import frontier

    asked = work.run.parameters
    every = [
        (dataset, condition, seed)
        for dataset in Dataset.objects.filter(pk__in=asked["datasets"])
        for condition in asked["conditions"]
        for seed in asked["seeds"]
    ]
    rows = []
    for done, (dataset, condition, seed) in enumerate(every):
        work.progress(done, len(every), "Experiments")
        found = _Experiment(work, dataset, condition, seed).run()
        rows.append({**found, "code_version": work.run.code_version})
        work.run.result = {**work.run.result, "rows": rows, "summary": frontier.summary(rows)}
    work.progress(len(every), len(every), "Experiments")
    work.run.result = {
        **work.run.result,
        "sweep_run": work.run.pk,
        "figure": frontier.figure(frontier.summary(rows)),
    }


class _Experiment:
    """One dataset, condition and seed: its runs are remembered in the sweep's result as soon as they are asked for."""

    def __init__(self, work: jobs.Work, dataset: Dataset, condition: Mapping[str, Any], seed: int) -> None:
        self.work, self.dataset, self.condition, self.seed = work, dataset, condition, seed
        self.asked = work.run.parameters

    def run(self) -> dict[str, Any]:
        from recognition.identify import frontier

        recognizer = Recognizer.objects.get(run=self._done("recognizer", self._recognizer))
        checkpoint = self._checkpoint()
        anonymized = self._done("anonymization", lambda: self._anonymization(checkpoint))
        attack = self._done(
            "recognition",
            lambda: runs.request_recognition(
                anonymized.anonymization,
                recognizer=recognizer,
                seed=self.seed,
                rows=False,
                **self.asked["attack"],
            ),
        )
        found = attack.result
        line = frontier.row(found["experiment"], found["ladder"], anonymized.anonymization.described)
        return {**line, "anonymization_run": anonymized.pk, "recognition_run": attack.pk}

    def _recognizer(self) -> Run:
        trained = self.asked.get("recognizer", {})  # sweeps of earlier versions say nothing
        return runs.request_recognizer(self.dataset, self.asked["split"], seed=self.seed, **trained)

    def _network(self) -> Run:
        learned = METHODS[self.condition["method"]].learned
        given = {name: value for name, value in self.condition["parameters"].items() if name in learned}
        return anonymizer_runs.request_network(
            self.dataset,
            self.condition["method"],
            alpha=self.condition["alpha"],
            split=self.asked["split"],
            epochs=self.asked["epochs"],
            stride=self.asked["stride"],
            parameters=given,
            seed=self.seed,
        )

    def _probes(self) -> str:
        attack = self.asked["attack"]
        return choices.of_dataset(self.dataset, attack.get("gallery"), attack.get("probe"))[1]

    def _checkpoint(self) -> Checkpoint | None:
        """The network that the method needs, trained if it never was."""
        if not METHODS[self.condition["method"]].needs_network:
            return None
        return Checkpoint.objects.get(run=self._done("network", self._network))

    def _anonymization(self, checkpoint: Checkpoint | None) -> Run:
        return anonymizer_runs.request_anonymization(
            self.dataset,
            self.condition["method"],
            alpha=self.condition["alpha"],
            donor=self.asked["donor"],
            checkpoint=checkpoint,
            split=self.asked["split"],
            walks=self._probes().split(","),
            parameters=self.condition["parameters"],
            seed=self.seed,
        )

    def _done(self, stage: str, request: Callable[[], Run]) -> Run:
        """The finished run of a stage, asked for if it never was. `request` only asks: it does no work."""
        shared = stage == "recognizer"  # by all conditions of a dataset and seed
        condition = "" if shared else repr(sorted(self.condition.items()))
        name = f"{stage} {self.dataset.pk} {condition} {self.seed}"
        known = self.work.run.result.get("runs", {}).get(name)
        run = Run.objects.filter(pk=known).first() if known else None
        if run is None:
            with transaction.atomic():  # a run that is asked for is also remembered
                Run.objects.select_for_update().get(pk=self.work.run.pk)
                self.work.checkpoint()  # whoever took the sweep up meanwhile asks for its runs
                run = request()
                made = {**self.work.run.result.get("runs", {}), name: run.pk}
                self.work.run.result = {**self.work.run.result, "runs": made}
                Run.objects.filter(pk=self.work.run.pk).update(result=self.work.run.result)
        jobs.retry(run)
        jobs.see_through(run, BODIES[run.kind], self._bar)
        if run.status == Run.Status.CANCELLED:
            raise jobs.Cancelled
        if run.status != Run.Status.SUCCEEDED:
            raise Refused(f"{run} of this sweep did not succeed: {run.error}")
        return run

    def _bar(self, done: int, total: int, _: str) -> None:
        self.work.progress(self.work.run.done, self.work.run.total, "Experiments")


def joined(sweeps: Sequence[Run]) -> dict[str, Any]:
    """The table and the figure of several sweeps in one, as `sweep` makes them of one.

    An experiment that was repeated, seed and all, says nothing of how far results spread: it counts once.
    """
    from recognition.identify import frontier

    for run in sweeps:
        if run.kind != Run.Kind.SWEEP or not run.result.get("rows"):
            raise Refused(f"Run {run.pk} is no sweep with a finished experiment. Give the numbers of sweeps.")
    every = [row for run in sweeps for row in run.result["rows"]]
    rows = list({_found_by(row): row for row in every}.values())
    lines = frontier.summary(rows)
    return {
        "sweep_run": list(dict.fromkeys(run.pk for run in sweeps)),
        "rows": rows,
        "summary": lines,
        "figure": frontier.figure(lines),
    }


def _found_by(row: Mapping[str, Any]) -> str:
    """All that an experiment was and found, whatever its runs' numbers."""
    numbers = ("anonymization_run", "recognition_run", "code_version")
    return repr(sorted((name, value) for name, value in row.items() if name not in numbers))
