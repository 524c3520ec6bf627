"""Train a method's network."""

from argparse import ArgumentParser
from typing import Any

from anonymizer import runs
from anonymizer.management import helps
from anonymizer.management.console import (
    GoingOnCommand,
    add_settings,
    dataset_named,
    go_on,
    result_of,
    settings_of,
)


class Command(GoingOnCommand):
    help = (
        "Train the network of a method that has one; prints its name, which anonymize takes as --checkpoint."
    )

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dataset", required=True, help=helps.DATASET)
        parser.add_argument("--method", default="tieu", help=helps.WITH_NETWORK)
        parser.add_argument("--alpha", type=float, help=helps.ALPHA)
        add_settings(parser)
        parser.add_argument("--split", default=runs.DEFAULT_SPLIT, help=helps.SPLIT)
        parser.add_argument("--epochs", type=int, default=runs.EPOCHS, help=helps.EPOCHS)
        parser.add_argument("--stride", type=int, default=runs.STRIDE, help=helps.STRIDE)
        parser.add_argument("--seed", type=int, default=0, help=helps.SEED)

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        chosen = {name: options[name] for name in ("method", "alpha", "split", "epochs", "stride", "seed")}
        chosen["parameters"] = settings_of(options["method"], options["set"])
        run = runs.request_network(dataset_named(options["dataset"]), **chosen)
        return result_of(go_on(run, runs.BODIES[run.kind]))
