"""A study's results as a file."""

from argparse import ArgumentParser
from typing import Any

from anonymizer.management.console import Bar, JobCommand
from anonymizer.management.outputs import file_for
from studies import export, export_files
from studies.management.commands.simulate_raters import STUDY, study_named


class Command(JobCommand):
    help = "Write a study's results to a file, and beside it PATH.manifest.json: how many rows, its SHA-256, versions."

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", metavar="STUDY", help=STUDY)
        parser.add_argument("--format", required=True, help=f"one of: {', '.join(export_files.FORMATS)}")
        parser.add_argument(
            "--output", required=True, metavar="PATH", help="the file to write; one that is there is replaced"
        )

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        study = study_named(options["study"])
        export_files.check_format(options["format"])
        output = file_for("--output", options["output"])
        file_for("--output", f"{output}.manifest.json")
        total, bar = export.count(study), Bar()
        try:
            return export_files.write_with_manifest(
                study,
                options["format"],
                output,
                lambda done: bar(min(done, total), total, "Writing rows"),
            )
        finally:
            bar.close()
