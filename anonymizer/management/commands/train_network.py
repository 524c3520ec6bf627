"""Train a method's network."""

from argparse import ArgumentParser
from typing import Any

from anonymizer import runs
from anonymizer.management.console import (
    JobCommand,
    add_settings,
    dataset_named,
    finish,
    result_of,
    settings_of,
)


class Command(JobCommand):
    help = "Train a method's network on the split's D2; prints the checkpoint's name."

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dataset", required=True)
        parser.add_argument("--method", default="tieu")
        parser.add_argument("--alpha", type=float)
        add_settings(parser)
        parser.add_argument(
            "--split", default=runs.DEFAULT_SPLIT, help="paper, or percents D1:D2:D3 as in 30:15:55"
        )
        parser.add_argument("--epochs", type=int, default=runs.EPOCHS)
        parser.add_argument("--stride", type=int, default=runs.STRIDE, help="train on every so many frames")
        parser.add_argument("--seed", type=int, default=0)

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        chosen = {name: options[name] for name in ("method", "alpha", "split", "epochs", "stride", "seed")}
        chosen["parameters"] = settings_of(options["method"], options["set"])
        run = runs.request_network(dataset_named(options["dataset"]), **chosen)
        return result_of(finish(run, runs.BODIES[run.kind]))
