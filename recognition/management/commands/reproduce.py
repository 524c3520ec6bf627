"""Run a recognition once more from its stored parameters and seeds, and say where a number differs."""

import math
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from anonymizer import runs as anonymizer_runs
from anonymizer.jobs import Refused, Work
from anonymizer.management.console import GoingOnCommand
from anonymizer.models import Anonymization, Checkpoint, Run
from recognition import reproducing, runs
from recognition.models import Recognizer


class Command(GoingOnCommand):
    help = "Anonymize and attack again as a recognition run did, and compare every number. Status 1 if one differs."

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "run",
            metavar="RUN",
            type=int,
            help="the number of a recognition, as recognize, experiment and a sweep's table have it",
        )
        parser.add_argument(
            "--from-scratch", action="store_true", help="train network and recognizer again, too"
        )
        parser.add_argument(
            "--tolerance",
            type=float,
            default=0.0,
            help="by how much a number may differ and still be called the same",
        )

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        tolerance = options["tolerance"]
        if not (math.isfinite(tolerance) and tolerance >= 0):
            raise Refused(f"--tolerance must be 0 or more, not {tolerance:g}.")
        before = reproducing.experiment_run(options["run"])
        self.whole_name = f"reproduce {before.pk}"
        judged = Anonymization.objects.get(run=before.parameters["anonymization_run"])
        recognizer, checkpoint = reproducing.recognizer_of(before), judged.checkpoint
        if options["from_scratch"]:
            training = self._part(reproducing.recognizer_again(recognizer), runs.train_recognizer)
            recognizer = Recognizer.objects.get(run=training)
            network = reproducing.network_again(judged)
            if network is not None:
                checkpoint = Checkpoint.objects.get(
                    run=self._part(network, anonymizer_runs.BODIES[network.kind])
                )
        again = reproducing.anonymization_again(judged, checkpoint)
        again = self._part(again, anonymizer_runs.BODIES[again.kind])
        attack = reproducing.recognition_again(before, again.anonymization, recognizer)
        result = reproducing.compared(before, self._part(attack, runs.recognize), tolerance)
        self.whole()
        self.same = bool(result["same"])
        return result

    def _part(self, run: Run, body: Callable[[Work], None]) -> Run:
        return self.part(run, body, self.whole_name)

    def describe(self, result: dict[str, Any]) -> str:
        lines = [
            f"Run {result['run']} again as run {result['again']}: {result['numbers']} numbers compared, "
            + ("all the same." if result["same"] else f"{result['differences']} differ:")
        ]
        changed = [f"{name}: {old} before, {new} now" for name, (old, new) in result["changed"].items()]
        return "\n".join([*lines, *result["listed"], *(["What has changed:", *changed] if changed else [])])

    def handle(self, *args: Any, **options: Any) -> None:
        self.same = True
        super().handle(*args, **options)
        if not self.same:
            raise SystemExit(1)
