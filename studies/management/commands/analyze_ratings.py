"""Statistics of any rating table: no study, no database, only a file."""

from argparse import ArgumentParser
from typing import Any

from anonymizer.management.console import JobCommand
from studies.mos.analysis import analysis
from studies.mos.analysis_text import described
from studies.mos.rating_files import read_csv


class Command(JobCommand):
    help = (
        "Mean opinion scores, intervals, screening, subject model and agreement of a CSV with the columns "
        "stimulus, rater, score and, if there, view_angle and clip. A blank score, NA or NaN is a missing vote; "
        "their number is told."
    )

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="a CSV with a line of column names first")

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        return analysis(read_csv(options["file"]))

    def describe(self, result: dict[str, Any]) -> str:
        return described(result)
