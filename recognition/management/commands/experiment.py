"""All stages on one dataset: network, anonymization, recognizer, attackers."""

import time
from argparse import ArgumentParser
from typing import Any

from anonymizer import runs as anonymizer_runs
from anonymizer.gait.catalogue import METHODS, Method
from anonymizer.jobs import Refused
from anonymizer.management import helps
from anonymizer.management.console import GoingOnCommand, add_settings, dataset_named, settings_of
from anonymizer.models import Checkpoint, Dataset, Run
from recognition import choices, runs
from recognition.management.attack_arguments import (
    add_attack_arguments,
    add_recognizer_arguments,
    attack_options,
    recognizer_options,
)
from recognition.management.commands.recognize import ladder_lines
from recognition.models import Recognizer


class Command(GoingOnCommand):
    help = "Train, anonymize and attack in one go; prints who is still named. --json has every number."

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dataset", required=True, help=helps.DATASET)
        parser.add_argument("--method", required=True, help=helps.METHOD)
        parser.add_argument("--alpha", type=float, help=helps.ALPHA)
        parser.add_argument("--donor", help=helps.DONOR)
        add_settings(parser)
        parser.add_argument("--split", default=anonymizer_runs.DEFAULT_SPLIT, help=helps.SPLIT)
        add_recognizer_arguments(parser)
        add_attack_arguments(parser)
        parser.add_argument("--epochs", type=int, default=anonymizer_runs.EPOCHS, help=helps.EPOCHS)
        parser.add_argument("--stride", type=int, default=anonymizer_runs.STRIDE, help=helps.STRIDE)
        parser.add_argument("--seed", type=int, default=0, help=helps.SEED)

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        self.seconds: dict[str, float] = {}
        dataset = dataset_named(options["dataset"])
        self._check(dataset, options)
        _, probe = choices.of_dataset(dataset, options["gallery"], options["probe"])
        checkpoint = self._network(dataset, options)
        run = anonymizer_runs.request_anonymization(
            dataset,
            options["method"],
            alpha=options["alpha"],
            donor=options["donor"],
            checkpoint=checkpoint,
            split=options["split"],
            walks=[walk.strip() for walk in probe.split(",")],
            parameters=settings_of(options["method"], options["set"]),
            seed=options["seed"],
        )
        run = self._stage("anonymize", run, anonymizer_runs.BODIES[run.kind])
        attack = runs.request_recognition(
            run.anonymization,
            recognizer=self._recognizer(dataset, options),
            seed=options["seed"],
            **attack_options(options),
        )
        attack = self._stage("recognize", attack, runs.recognize)
        self.whole()
        self.ladder: list[dict[str, Any]] = attack.result["ladder"]
        made = {"anonymization_run": run.pk, "recognition_run": attack.pk, "seconds": self.seconds}
        return {**attack.result["experiment"], **made}

    def _check(self, dataset: Dataset, options: dict[str, Any]) -> None:
        """Whatever a later stage would refuse is refused before the first."""
        self._method(options["method"])
        anonymizer_runs.check_split(dataset, options["split"])
        anonymizer_runs.check_training(options["epochs"], options["stride"])
        given = settings_of(options["method"], options["set"])
        how = {name: options[name] for name in ("alpha", "donor", "split")}
        anonymizer_runs.check_method(dataset, options["method"], parameters=given, **how)
        self.trained = recognizer_options(options)
        runs.check_parameters(self.trained["kind"], self.trained["parameters"])
        split = options["split"] if self.trained["kind"] == runs.KIND else ""
        runs.check_choices(dataset, attack_options(options), split)

    def describe(self, result: dict[str, Any]) -> str:
        made = [
            f"{name.replace('_', ' ')}: {result[name]}" for name in ("anonymization_run", "recognition_run")
        ]
        return "\n".join([f"{result['method']} on {result['dataset']}", *made, *ladder_lines(self.ladder)])

    def _method(self, name: str) -> Method:
        if name not in METHODS:
            raise Refused(f"Method {name!r} is not known. Use one of: {', '.join(METHODS)}.")
        return METHODS[name]

    def _network(self, dataset: Dataset, options: dict[str, Any]) -> Checkpoint | None:
        method = self._method(options["method"])
        if not method.needs_network:
            return None
        chosen = {name: options[name] for name in ("method", "alpha", "split", "epochs", "stride", "seed")}
        learned = settings_of(options["method"], options["set"])
        chosen["parameters"] = {name: learned[name] for name in method.learned if name in learned}
        run = anonymizer_runs.request_network(dataset, **chosen)
        return Checkpoint.objects.get(run=self._stage("network", run, anonymizer_runs.BODIES[run.kind]))

    def _recognizer(self, dataset: Dataset, options: dict[str, Any]) -> Recognizer:
        run = runs.request_recognizer(dataset, options["split"], seed=options["seed"], **self.trained)
        return Recognizer.objects.get(run=self._stage("recognizer", run, runs.train_recognizer))

    def _stage(self, name: str, run: Run, body: Any) -> Run:
        begun = time.monotonic()
        done = self.part(run, body, "experiment")
        self.seconds[name] = round(time.monotonic() - begun, 2)
        return done
