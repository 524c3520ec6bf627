"""Make synthetic walkers: a dataset, or a CASIA-B tree of PNGs."""

from argparse import ArgumentParser
from typing import Any

from anonymizer import jobs, making_datasets, runs
from anonymizer.management.console import Bar, JobCommand, angles, counts, finish, result_of
from anonymizer.management.outputs import folder_for


class Command(JobCommand):
    help = "Make walkers who exist nowhere, as a dataset or, with --export, as a CASIA-B tree of PNGs."

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", help="the dataset's name")
        parser.add_argument("--subjects", type=int, required=True)
        parser.add_argument(
            "--sequences", default="nm=6,bg=2,cl=2", help="of each subject, as in nm=6,bg=2,cl=2"
        )
        parser.add_argument(
            "--view-angles", default=",".join(map(str, runs.CASIA_B_VIEW_ANGLES)), help="in degrees"
        )
        parser.add_argument("--frames", type=int, default=50, help="of each sequence, 25 a second")
        parser.add_argument("--difficulty", default="casia", help="how hard they are to tell apart")
        parser.add_argument(
            "--path-variation",
            type=float,
            default=1.0,
            help="how many times as much as the difficulty has it place and heading differ from walk to walk; 0 to 10",
        )
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--export", metavar="PATH", help="write PNGs there instead of a dataset")

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        asked = (
            counts(options["sequences"]),
            angles(options["view_angles"]),
            options["frames"],
            options["difficulty"],
            options["path_variation"],
        )
        if options["export"]:
            return self._export(runs.walker_parameters(options["subjects"], *asked), options)
        if not options["name"]:
            raise jobs.Refused("Give --name for a dataset, or --export for a folder of PNGs.")
        run = runs.request_walkers(options["name"], options["subjects"], *asked, seed=options["seed"])
        return result_of(finish(run, runs.BODIES[run.kind]))

    def _export(self, parameters: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        folder = folder_for("--export", options["export"])
        jobs.check_seed(options["seed"])
        bar, walks = Bar(), 0
        for walks, total in making_datasets.export_walkers(parameters, options["seed"], folder):
            bar(walks, total, "Walking")
        bar.close()
        return {"path": str(folder), "subjects": parameters["subjects"], "walks": walks}
