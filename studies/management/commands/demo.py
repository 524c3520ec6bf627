"""The main job, start to finish."""

from argparse import ArgumentParser
from typing import Any

from anonymizer.management import helps
from anonymizer.management.console import GoingOnCommand, finish
from studies import demo


class Command(GoingOnCommand):
    help = (
        "Make the demo: walkers, recognizer, anonymization, attackers, an open study and one with simulated raters. "
        "Asked again, it goes on where it stopped."
    )

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--subjects", type=int, default=demo.SUBJECTS, help="how many walkers, 12 to 500")
        parser.add_argument("--seed", type=int, default=demo.SEED, help=helps.SEED)

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        demo.check_size(options["subjects"])
        run = demo.demo_run(options["subjects"], options["seed"])
        if not demo.is_complete(run):
            if run.is_finished:
                demo.begin_again(run)
            finish(run, demo.body)
        return {name: value for name, value in run.result.items() if name != "runs"}
