"""Let a study take more raters than were planned."""

from argparse import ArgumentParser
from typing import Any

from anonymizer.management.console import JobCommand
from studies import seat_plan
from studies.management.commands.simulate_raters import STUDY, study_named


class Command(JobCommand):
    help = "Let a study take more raters than planned: the same balanced draw goes on for them."

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", metavar="STUDY", help=STUDY)
        parser.add_argument(
            "--raters", type=int, required=True, help="how many in all, those who are there included"
        )

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        study = study_named(options["study"])
        seat_plan.extend(study, options["raters"])
        return {"study": study.slug, "seats": study.target_raters}
