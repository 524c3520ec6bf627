"""Make a study from anonymization runs, or from clips that are brought."""

from argparse import ArgumentParser
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User

from anonymizer.jobs import Refused
from anonymizer.management.console import JobCommand, angles, finish
from anonymizer.models import Anonymization
from recognition.management.commands.recognize import anonymization_of
from studies import life, manifests, runs
from studies.models import Study
from studies.proposals import Proposal, with_pairs_that_fit

USUAL_PAIRS = Proposal.pairs_per_rater

NUMBERS = ("raters", "pairs_per_view_angle", "training_pairs", "check_pairs", "idle_minutes",
           "rater_days", "seed")  # fmt: skip
TEXTS = ("template", "layout", "rendering", "question", "platform", "completion_code", "return_url")


class Command(JobCommand):
    help = "Make a study of anonymization runs, or of clips of your own; prints the raters' link when all is rendered."

    stopped = "Stopped. The study is a draft, and its run waits in the queue for a worker, such as `make run` starts."

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True, help="for your lists and exports; raters don't see it")
        parser.add_argument("--owner", help="whose study it is, by user name; left out: the administrators'")
        self.add_what_is_shown(parser)
        self.add_what_is_asked(parser)
        self.add_who_rates(parser)
        parser.add_argument("--open", action="store_true", help="take raters as soon as it is prepared")
        parser.add_argument(
            "--rehearse",
            action="store_true",
            help="a trial: fill it with simulated raters and close it; nobody else comes",
        )
        parser.add_argument(
            "--seed", type=int, default=0, help="which walks are shown, and who sees which, is drawn from it"
        )

    def add_what_is_shown(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--run",
            type=int,
            action="append",
            default=[],
            help="the number that anonymize printed; again for more conditions",
        )
        parser.add_argument(
            "--manifest",
            type=Path,
            help="clips of your own: a manifest.csv or .json, or the folder or zip with it",
        )
        parser.add_argument("--view-angles", help="such as 0,90; left out: all there are")
        parser.add_argument(
            "--pairs-per-view-angle",
            type=int,
            default=9,
            help="how many walks of each condition are shown at each view angle",
        )
        parser.add_argument("--clip-seconds", type=float, default=10, help="how long a clip is, 0.4 to 60")
        parser.add_argument(
            "--layout",
            default=Study.Layout.SEQUENTIAL.value,
            help="how original and changed walk are shown: sequential, or side-by-side as one clip",
        )
        parser.add_argument(
            "--rendering",
            default=Study.Rendering.CENTRED.value,
            help="where the walker is: centred, or in-place as recorded",
        )

    def add_what_is_asked(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--template",
            default=Study.Template.NATURALNESS.value,
            help=f"what raters see and are asked, one of: {', '.join(Study.Template.values)}",
        )
        parser.add_argument("--question", default="", help="in your words; left out: the template's")
        parser.add_argument(
            "--question-in",
            action="append",
            default=[],
            metavar="LANGUAGE=TEXT",
            help="the question in another language, such as ja=…; again for more",
        )
        parser.add_argument(
            "--training-pairs",
            type=int,
            default=0,
            help="practice that comes first and never counts, 0 to 20",
        )
        parser.add_argument(
            "--check-pairs", type=int, default=0, help="pairs among the others whose answer is known, 0 to 20"
        )
        parser.add_argument("--pause", action="store_true", help="offer a pause half-way")
        parser.add_argument(
            "--no-playback-check",
            action="store_true",
            help="take scores of clips that were not watched: for rehearsals alone, marked everywhere",
        )

    def add_who_rates(self, parser: ArgumentParser) -> None:
        parser.add_argument("--raters", type=int, default=30, help="how many are wanted; each has a seat")
        parser.add_argument(
            "--pairs-per-rater",
            type=int,
            help=f"left out: {USUAL_PAIRS}, or all there are where they are fewer",
        )
        parser.add_argument(
            "--platform",
            default=Study.Platform.LINK.value,
            help="where raters come from: link (whoever has it), prolific or mturk",
        )
        parser.add_argument(
            "--completion-code", default="", help="what raters who are done are told; left out: drawn"
        )
        parser.add_argument("--return-url", default="", help="the platform's address to which raters return")
        parser.add_argument(
            "--quota",
            action="append",
            default=[],
            metavar="LANGUAGE=MOST",
            help="at most so many raters of a language, such as ja=10; again for more",
        )
        parser.add_argument(
            "--closes-on", help="the study's last day, such as 2030-12-31; left out: you close it"
        )
        parser.add_argument(
            "--idle-minutes",
            type=int,
            default=60,
            help="after so long without a vote a rater's seat is given to another",
        )
        parser.add_argument(
            "--rater-days", type=int, default=14, help="after so many days a rater's personal link expires"
        )
        parser.add_argument(
            "--count-abandoned",
            action="store_true",
            help="let votes of raters who left half-way enter the mean opinion scores",
        )

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        proposal = Proposal(
            name=options["name"],
            anonymizations=_anonymizations(options),
            manifest=manifests.read(options["manifest"].absolute()) if options["manifest"] else None,
            view_angles=tuple(angles(options["view_angles"])) if options["view_angles"] else (),
            clip_seconds=options["clip_seconds"],
            questions=dict(_halves(text, "a question, such as ja=…") for text in options["question_in"]),
            quotas=tuple(_quota(text) for text in options["quota"]),
            closes_on=_day(options["closes_on"]),
            pause_half_way=options["pause"],
            playback_check=not options["no_playback_check"],
            count_abandoned=options["count_abandoned"],
            open_when_prepared=options["open"],
            **{name: options[name] for name in (*NUMBERS, *TEXTS)},
        )
        asked = options["pairs_per_rater"]
        proposal = (
            with_pairs_that_fit(proposal) if asked is None else replace(proposal, pairs_per_rater=asked)
        )
        user = user_named(options["owner"]) if options["owner"] else None
        study = runs.make(proposal, user, rehearse=options["rehearse"])
        assert study.run is not None  # make gives it one
        try:
            finish(study.run, runs.prepare_study)
        except Refused:
            if options["manifest"]:  # the clips are at fault: nothing is left half-written
                life.delete_draft(study)
            raise
        self.fewer = asked is None and study.pairs_per_rater < USUAL_PAIRS
        return {**runs.summary(study, settings.SITE_URL), "pairs_per_rater": study.pairs_per_rater}

    def describe(self, result: dict[str, Any]) -> str:
        told = super().describe(result)
        fewer = f"There are only {result['pairs_per_rater']} pairs, so every rater sees all of them."
        return f"{told}\n{fewer}" if self.fewer else told


def _anonymizations(options: dict[str, Any]) -> tuple[Anonymization, ...]:
    if not options["run"] and not options["manifest"]:
        raise Refused("Say what is to be judged: --run NUMBER, or --manifest PATH for clips of your own.")
    return tuple(anonymization_of(number) for number in dict.fromkeys(options["run"]))


def _halves(text: str, what: str) -> tuple[str, str]:
    before, equals, after = text.partition("=")
    if not equals or not after.strip():
        raise Refused(f"{text!r} is not {what}.")
    return before.strip(), after.strip()


def _quota(text: str) -> dict[str, Any]:
    locale, most = _halves(text, "a quota, such as ja=10")
    if not most.isdecimal():
        raise Refused(f"{text!r} is not a quota, such as ja=10.")
    return {"locale": locale, "most": int(most)}


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refused(f"{text!r} is not a day. Write it as 2030-12-31.") from None


def user_named(name: str) -> User:
    found = User.objects.filter(username=name).first()
    if found is None:
        raise Refused(f"No user is named {name!r}. Make the account first, in the administration.")
    return found
