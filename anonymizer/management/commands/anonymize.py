"""Change a dataset's walks by one method."""

from argparse import ArgumentParser
from typing import Any

from anonymizer import runs
from anonymizer.gait.catalogue import DONOR_POLICIES, METHODS
from anonymizer.jobs import Refused
from anonymizer.management.console import (
    JobCommand,
    add_settings,
    checkpoint_named,
    dataset_named,
    finish,
    settings_of,
)


class Command(JobCommand):
    help = "Anonymize a dataset's walks; prints the run's number. Without --split everybody's."

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dataset", required=True)
        parser.add_argument("--method", required=True, help=", ".join(METHODS))
        parser.add_argument("--alpha", type=float)
        parser.add_argument("--donor", help=" or ".join(DONOR_POLICIES))
        add_settings(parser)
        parser.add_argument("--checkpoint", help="a trained network's name")
        parser.add_argument("--split", help="only the test subjects of: paper, or percents D1:D2:D3")
        parser.add_argument(
            "--sequences", default="", help="only these walks of each subject, as in nm-05,nm-06"
        )
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument(
            "--clips", type=int, default=0, metavar="N", help="render clips of the first N pairs"
        )
        parser.add_argument("--clip-seconds", type=float, default=10)

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
        finish(run, runs.BODIES[run.kind])
        return {**run.result, "clips": runs.render_clips(run, options["clips"], options["clip_seconds"])}
