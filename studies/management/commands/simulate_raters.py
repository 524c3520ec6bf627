"""Let simulated raters rate an open study, to try its design out."""

from argparse import ArgumentParser
from typing import Any

from anonymizer.jobs import Refused
from anonymizer.management import helps
from anonymizer.management.console import Bar, JobCommand
from studies import simulation
from studies.models import Study

STUDY = "the study, as it is called in addresses or by its name"


class Command(JobCommand):
    help = "Let simulated raters rate an open study, to try it out; they are marked everywhere and take nobody's seat."

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", metavar="STUDY", help=STUDY)
        parser.add_argument(
            "--raters",
            type=int,
            required=True,
            help="how many rate now, at most as many as the study has seats",
        )
        parser.add_argument("--seed", type=int, default=0, help=helps.SEED)
        parser.add_argument(
            "--careless",
            type=float,
            default=0.0,
            metavar="SHARE",
            help="what share of them presses any button, 0 to 1",
        )

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        study = study_named(options["study"])
        bar = Bar()
        raters = simulation.simulate(
            study,
            options["raters"],
            options["seed"],
            lambda done, total: bar(done, total, "Rating"),
            careless=options["careless"],
        )
        bar.close()
        return {"study": study.slug, "raters": len(raters), "votes": len(raters) * study.pairs_per_rater}


def study_named(name: str) -> Study:
    """By slug, or by name."""
    found = Study.objects.filter(slug=name).first() or Study.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(Study.objects.values_list("slug", flat=True)[:10]) or "none yet"
        raise Refused(f"No study is named {name!r}. Known: {known}.")
    return found
