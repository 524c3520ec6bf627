"""What the commands that bring walks in share."""

from argparse import ArgumentParser
from typing import Any, ClassVar

from anonymizer import importing, jobs, runs, stored_files
from anonymizer.management.console import GoingOnCommand, go_on, result_of
from anonymizer.models import Dataset


class ImportCommand(GoingOnCommand):
    """A folder or archive in one layout, as a dataset; nothing is left of one that is refused."""

    kind: ClassVar[str]

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", metavar="PATH", help="a folder, .zip or .tar.gz")
        parser.add_argument("--name", required=True, help="what the new dataset is called")
        parser.add_argument(
            "--frames",
            type=int,
            default=50,
            help="how many of each sequence are kept, the last ones; a shorter sequence is dropped",
        )
        parser.add_argument(
            "--frame-rate",
            type=float,
            default=importing.FRAME_RATE,
            help="how many frames a second were recorded; clips are played at it",
        )
        parser.add_argument(
            "--licence", default="", help="under what terms the walks may be used, in your words"
        )
        parser.add_argument(
            "--may-be-shown-to-raters",
            action="store_true",
            help="the licence lets people see the walks; without this no study of them can be opened",
        )

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        names = ("name", "frames", "frame_rate", "licence", "may_be_shown_to_raters")
        asked = {name: options[name] for name in names}
        run = runs.request_import(options["path"], **asked, kind=self.kind, again=True)
        try:
            return result_of(go_on(run, runs.BODIES[run.kind]))
        except (jobs.Refused, ValueError):
            for unfinished in Dataset.objects.filter(run=run):  # nothing half-written
                stored_files.delete_dataset(unfinished)
            raise

    def describe(self, result: dict[str, Any]) -> str:
        lines = [
            f"Dataset {result['dataset']!r}: {result['sequences']} sequences of {result['subjects']} subjects, "
            f"{result['frames']} frames."
        ]
        lines += [f"dropped {entry['sequence']}: {entry['reason']}" for entry in result["dropped"]]
        return "\n".join(lines)
