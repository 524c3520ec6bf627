"""Write a dataset in OpenGait's layout."""

from argparse import ArgumentParser
from typing import Any

from anonymizer import importing
from anonymizer.management import helps
from anonymizer.management.console import Bar, JobCommand, dataset_named
from anonymizer.management.outputs import folder_for, whole_or_empty


class Command(JobCommand):
    help = "Write a dataset in OpenGait's layout: pictures of 64 x 64 pixels, a file for each sequence."

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help=helps.DATASET)
        parser.add_argument("path", metavar="PATH", help="an empty or new folder")
        parser.add_argument(
            "--format", default="pkl", choices=("pkl", "npy"), help="of the files: pkl is what OpenGait reads"
        )

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        dataset, folder = dataset_named(options["name"]), folder_for("", options["path"])
        bar, written = Bar(), 0
        with whole_or_empty(folder):
            for written, total in importing.export_opengait(dataset, folder, options["format"]):
                bar(written, total, "Writing")
        bar.close()
        return {"path": str(folder), "dataset": dataset.name, "sequences": written}
