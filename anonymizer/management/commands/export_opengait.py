"""Write a dataset in OpenGait's layout."""

from argparse import ArgumentParser
from typing import Any

from anonymizer import importing
from anonymizer.management.console import Bar, JobCommand, dataset_named
from anonymizer.management.outputs import folder_for


class Command(JobCommand):
    help = "Write a dataset in OpenGait's layout: 64 x 64 pictures, an array a sequence."

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the dataset's name")
        parser.add_argument("path", help="an empty or new folder")
        parser.add_argument(
            "--format", default="pkl", choices=("pkl", "npy"), help="pkl is what OpenGait reads"
        )

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        dataset, folder = dataset_named(options["name"]), folder_for("", options["path"])
        bar, written = Bar(), 0
        for written, total in importing.export_opengait(dataset, folder, options["format"]):
            bar(written, total, "Writing")
        bar.close()
        return {"path": str(folder), "dataset": dataset.name, "sequences": written}
