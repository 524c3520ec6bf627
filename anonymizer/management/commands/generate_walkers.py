"""Make synthetic walkers: a dataset, or a CASIA-B tree of PNGs."""

from argparse import ArgumentParser
from typing import Any

from anonymizer import jobs, making_datasets, runs
from anonymizer.gait.walkers.difficulty import DIFFICULTIES
from anonymizer.management import helps
from anonymizer.management.console import Bar, GoingOnCommand, angles, counts, go_on, result_of
from anonymizer.management.outputs import folder_for


class Command(GoingOnCommand):
    help = "Make walkers who exist nowhere: a dataset, or with --export a folder of PNGs in CASIA-B's layout."

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", help="what the new dataset is called")
        parser.add_argument("--subjects", type=int, required=True, help="how many people, 1 to 999")
        parser.add_argument(
            "--sequences",
            default="nm=6,bg=2,cl=2",
            help="how often each of them walks: nm normally, bg with a bag, cl in a coat",
        )
        parser.add_argument(
            "--view-angles",
            default=",".join(map(str, runs.CASIA_B_VIEW_ANGLES)),
            help="from where each walk is seen, in degrees: 0 from the front, 90 from the side",
        )
        parser.add_argument(
            "--frames",
            type=int,
            default=50,
            help="pictures of each walk, 25 make a second; a walk that leaves the picture earlier is dropped",
        )
        parser.add_argument(
            "--difficulty",
            default="casia",
            help=f"how hard they are to tell apart, one of: {', '.join(DIFFICULTIES)}",
        )
        parser.add_argument(
            "--path-variation",
            type=float,
            default=1.0,
            help="how much place and heading differ from walk to walk, 0 to 10; 1 is as the difficulty has it",
        )
        parser.add_argument("--seed", type=int, default=0, help=helps.SEED)
        parser.add_argument(
            "--export", metavar="PATH", help="write pictures to this empty or new folder instead"
        )

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
        run = runs.request_walkers(
            options["name"], options["subjects"], *asked, seed=options["seed"], again=True
        )
        return result_of(go_on(run, runs.BODIES[run.kind]))

    def _export(self, parameters: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        folder = folder_for("--export", options["export"])
        jobs.check_seed(options["seed"])
        bar, walks = Bar(), 0
        for walks, total in making_datasets.export_walkers(parameters, options["seed"], folder):
            bar(walks, total, "Walking")
        bar.close()
        return {"path": str(folder), "subjects": parameters["subjects"], "walks": walks}
