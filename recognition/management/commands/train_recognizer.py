"""Train a recognizer."""

from argparse import ArgumentParser
from typing import Any

from anonymizer.management import helps
from anonymizer.management.console import (
    GoingOnCommand,
    add_settings,
    assignments,
    dataset_named,
    go_on,
    result_of,
)
from anonymizer.runs import DEFAULT_SPLIT
from recognition import runs
from recognition.management.attack_arguments import recognizer_parameters


class Command(GoingOnCommand):
    help = "Train a recognizer on subjects who are not tested; prints its name, which recognize takes."

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dataset", required=True, help=helps.DATASET)
        parser.add_argument("--split", default=DEFAULT_SPLIT, help=helps.SPLIT)
        parser.add_argument(
            "--kind", default=runs.KIND, help="zheng, or set-network, a small network on silhouettes"
        )
        add_settings(parser, "the recognizer's", "components=20")
        parser.add_argument(
            "--components", type=int, help="how many PLS components zheng keeps of each view angle"
        )
        parser.add_argument(
            "--rank",
            type=int,
            help="how many singular values zheng's view transformation keeps; left out: all",
        )
        parser.add_argument("--seed", type=int, default=0, help=helps.SEED)

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        shortcuts = {name: options[name] for name in ("components", "rank") if options[name] is not None}
        given = {**shortcuts, **recognizer_parameters(options["kind"], assignments(options["set"]))}
        dataset = dataset_named(options["dataset"])
        run = runs.request_recognizer(dataset, options["split"], given, options["seed"], kind=options["kind"])
        return result_of(go_on(run, runs.train_recognizer))
