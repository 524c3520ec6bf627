"""Change a dataset's walks by one method."""

from argparse import ArgumentParser
from typing import Any

from anonymizer import runs
from anonymizer.gait.catalogue import METHODS
from anonymizer.jobs import Refused
from anonymizer.management import helps
from anonymizer.management.console import (
    GoingOnCommand,
    add_settings,
    checkpoint_named,
    dataset_named,
    go_on,
    settings_of,
)


class Command(GoingOnCommand):
    help = "Change a dataset's walks by a method; prints the number of the run, which recognize and create_study take."

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dataset", required=True, help=helps.DATASET)
        parser.add_argument("--method", required=True, help=helps.METHOD)
        parser.add_argument("--alpha", type=float, help=helps.ALPHA)
        parser.add_argument("--donor", help=helps.DONOR)
        add_settings(parser)
        parser.add_argument(
            "--checkpoint",
            help="the network of a method that has one, by the name that train_network printed",
        )
        parser.add_argument(
            "--split",
            help=f"change the walks of those who are tested alone, as attackers need it: {helps.SPLIT}. "
            "Left out: everybody's",
        )
        parser.add_argument(
            "--sequences",
            default="",
            help="only these walks of each subject, as in nm-05,nm-06; left out: all",
        )
        parser.add_argument("--seed", type=int, default=0, help=helps.SEED)
        parser.add_argument(
            "--clips",
            type=int,
            default=0,
            metavar="N",
            help="also render clips of the first N walks, original and changed",
        )
        parser.add_argument("--clip-seconds", type=float, default=10, help="how long a clip is, 0.4 to 60")

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        method = METHODS.get(options["method"])
        if options["checkpoint"] and method and not method.needs_network:
            raise Refused(f"Method {method.name!r} uses no network. Leave --checkpoint out.")
        runs.check_clips(options["clips"], options["clip_seconds"])
        run = runs.request_anonymization(
            dataset_named(options["dataset"]),
            options["method"],
            alpha=options["alpha"],
            donor=options["donor"],
            checkpoint=checkpoint_named(options["checkpoint"]),
            split=options["split"],
            walks=[walk.strip() for walk in options["sequences"].split(",") if walk.strip()],
            parameters=settings_of(options["method"], options["set"]),
            seed=options["seed"],
        )
        run = go_on(run, runs.BODIES[run.kind])
        return {**run.result, "clips": runs.render_clips(run, options["clips"], options["clip_seconds"])}
