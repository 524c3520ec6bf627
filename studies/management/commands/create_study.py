"""Make a study from an anonymization run."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User

from anonymizer.jobs import Refused
from anonymizer.management.console import JobCommand, finish
from recognition.management.commands.recognize import anonymization_of
from studies import runs
from studies.models import Study


class Command(JobCommand):
    help = "Make a study of an anonymization run's pairs; returns when its clips are rendered."

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--run", type=int, required=True, help="the anonymization run's number")
        parser.add_argument("--name", required=True)
        parser.add_argument("--pairs-per-rater", type=int, default=30)
        parser.add_argument("--raters", type=int, default=30)
        parser.add_argument("--pairs-per-view-angle", type=int, default=9)
        parser.add_argument("--clip-seconds", type=float, default=10)
        parser.add_argument("--template", default=Study.Template.NATURALNESS.value)
        parser.add_argument(
            "--no-playback-check", action="store_true", help="rehearsals only; marked everywhere"
        )
        parser.add_argument("--owner", help="whose it is, by user name; nobody's: the administrators'")
        parser.add_argument("--open", action="store_true", help="take raters as soon as it is prepared")
        parser.add_argument("--seed", type=int, default=0)

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        numbers = ("pairs_per_rater", "raters", "pairs_per_view_angle", "clip_seconds", "template", "seed")
        study = runs.request_study(
            anonymization_of(options["run"]),
            options["name"],
            playback_check=not options["no_playback_check"],
            open_when_prepared=options["open"],
            user=user_named(options["owner"]) if options["owner"] else None,
            **{name: options[name] for name in numbers},
        )
        assert study.run is not None  # request_study makes it
        finish(study.run, runs.prepare_study)
        return runs.summary(study, settings.SITE_URL)


def user_named(name: str) -> User:
    found = User.objects.filter(username=name).first()
    if found is None:
        raise Refused(f"No user is named {name!r}. Make the account first, in the administration.")
    return found
