"""What every command shares: work in its own process, a bar on a terminal, JSON, one-line errors."""

import json
import sys
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from tqdm import tqdm

from anonymizer import going_on, jobs
from anonymizer.gait.catalogue import METHODS
from anonymizer.management.outputs import file_for, why
from anonymizer.models import Checkpoint, Dataset, Run


class Bar:
    """A progress bar on a terminal, nothing into a pipe; it starts anew with each stage."""

    def __init__(self) -> None:
        self.shown: Any = None
        self.stage = ""

    def __call__(self, done: int, total: int, stage: str) -> None:
        if not sys.stderr.isatty():
            return
        if self.shown is None or stage != self.stage:
            self.close()
            self.shown, self.stage = tqdm(total=total, desc=stage, file=sys.stderr), stage
        self.shown.total = total
        self.shown.update(done - self.shown.n)

    def close(self) -> None:
        if self.shown is not None:
            self.shown.close()


class JobCommand(BaseCommand):
    """A command that does long work here, without broker or worker.

    Bad input ends it with exit status 1 and one line on standard error.
    """

    stopped = "Stopped."  # what is said after Ctrl-C
    requires_system_checks: list[str] = []  # a job needs no pages; `make check` looks at them
    suppressed_base_arguments = {  # Django's own, which work and would hide ours
        "--version",
        "--verbosity",
        "--settings",
        "--pythonpath",
        "--traceback",
        "--no-color",
        "--force-color",
    }

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Django's, but an argument that is missing or wrong is one line and status 1 as well.

        What an option is without being given stands in its help.
        """
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        for action in parser._actions:
            if action.help not in (None, SUPPRESS) and _is_told(action.default):
                action.help = f"{action.help} (default: %(default)s)"
        if parser.called_from_command_line:
            vars(parser)["error"] = lambda message: parser.exit(
                1, f"{message[:1].upper()}{message[1:]}; see --help.\n"
            )
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--json", metavar="PATH", help="write the result to this file as JSON; - is standard output"
        )
        self.add_job_arguments(parser)

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        """The command's own arguments."""

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        """Do it and return the machine-readable result."""
        raise NotImplementedError

    def describe(self, result: dict[str, Any]) -> str:
        """A line or two for people."""
        return "\n".join(
            f"{name}: {value}" for name, value in result.items() if not isinstance(value, dict | list)
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["json"] not in (None, "", "-"):
                file_for("--json", options["json"])
            result = self.work(options)
            if options["json"]:
                write_json(options["json"], result)
        except (jobs.Refused, ValueError) as error:
            raise CommandError(jobs.message_of(error)) from error
        except OSError as error:
            named = f"{error.filename} can't be used" if error.filename else "The system refused"
            raise CommandError(f"{named}: {why(error)}.") from error
        except DatabaseError as error:
            raise CommandError(
                f"The database does not work ({jobs.message_of(error)}). {_mended(error)}"
            ) from error
        except jobs.Cancelled as error:
            raise CommandError(
                "The run was cancelled. What was done is kept; the same again goes on with it."
            ) from error
        except KeyboardInterrupt as error:
            raise CommandError(self.stopped, returncode=130) from error
        if options["json"] != "-":
            self.stdout.write(self.describe(result))


def _mended(error: DatabaseError) -> str:
    """What to do about it: nothing but a table or column that lacks is mended by migrating."""
    if any(words in str(error) for words in ("no such", "does not exist")):
        return "A new one is prepared by: manage.py migrate"
    return "Mend that, such as by freeing space, then give the same command again: what was done is kept."


class GoingOnCommand(JobCommand):
    """A command that, given again after it was stopped, goes on where it was.

    One that needs several runs says so by `part`: those that were finished are not done again.
    """

    stopped = "Stopped. What was done is kept: give the same command again, and it goes on."

    def part(self, run: Run, body: Callable[[jobs.Work], None], whole: str) -> Run:
        """One of several runs that `whole` needs, finished."""
        done = go_on(run, body, wanted_by=whole)
        going_on.want(done, whole)
        self.parts = [*getattr(self, "parts", []), done]
        return done

    def whole(self) -> None:
        """Every part was made: the same command given again does all of it anew."""
        for run in getattr(self, "parts", []):
            going_on.want(run, "")


def _is_told(default: Any) -> bool:
    """Whether an option without it is more than not given."""
    return default is not False and default not in (None, "", [], SUPPRESS)


def write_json(path: str, result: dict[str, Any]) -> None:
    text = json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False)
    if path == "-":
        sys.stdout.write(text + "\n")
        return
    Path(path).write_text(text + "\n", encoding="utf-8")


def finish(run: Run, body: Callable[[jobs.Work], None]) -> Run:
    """Do a run here to its end, with a bar; what went wrong is raised as one sentence."""
    bar = Bar()
    try:
        jobs.see_through(run, body, bar)
    finally:
        bar.close()
    if run.status == Run.Status.CANCELLED:
        raise jobs.Cancelled
    if run.status != Run.Status.SUCCEEDED:
        raise jobs.Refused(run.error)
    return run


def go_on(run: Run, body: Callable[[jobs.Work], None], wanted_by: str = "") -> Run:
    """As `finish`, but an unfinished run that was asked the same is gone on with instead of the new one."""
    earlier = going_on.earlier(run, wanted_by)
    if earlier.attempts:
        sys.stderr.write(f"{earlier} was asked the same and {_is_told_of(earlier)}.\n")
    return finish(earlier, body)


def _is_told_of(earlier: Run) -> str:
    if earlier.status == Run.Status.SUCCEEDED:
        return "is done, so that it is not done again"
    return (
        "is under way: waiting for it"
        if earlier.status == Run.Status.RUNNING
        else "was stopped: going on with it"
    )


def result_of(run: Run) -> dict[str, Any]:
    """What a run wrote down as its result."""
    return dict(run.result)


# --- Names and ids ----------------------------------------------------------------------------------
def dataset_named(name: str) -> Dataset:
    """By name, or by slug."""
    found = Dataset.objects.filter(name=name).first() or Dataset.objects.filter(slug=name).first()
    if found is None:
        known = ", ".join(Dataset.objects.values_list("name", flat=True)[:10]) or "none yet"
        raise jobs.Refused(f"No dataset is named {name!r}. Known: {known}.")
    return found


def checkpoint_named(name: str | None) -> Checkpoint | None:
    """By name or number."""
    if name is None:
        return None
    found = Checkpoint.objects.filter(name=name).first()
    if found is None and name.isdecimal():
        found = Checkpoint.objects.filter(pk=int(name)).first()
    if found is None:
        known = ", ".join(Checkpoint.objects.values_list("name", flat=True)[:10]) or "none yet"
        raise jobs.Refused(f"No checkpoint is named {name!r}. Known: {known}.")
    return found


def add_settings(parser: ArgumentParser, whose: str = "the method's", example: str = "order=raster") -> None:
    """`--set name=value`, as often as wanted: the parameters of a method or a recognizer."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"one of {whose} own parameters, as in --set {example}; again for more. A wrong one tells all",
    )


def settings_of(method: str, given: list[str]) -> dict[str, Any]:
    """The method's parameters out of `--set`."""
    texts = assignments(given)
    try:
        return METHODS[method].parsed(texts) if method in METHODS else {}
    except ValueError as error:
        raise jobs.Refused(f"--set is not understood: {error}.") from error


def assignments(given: list[str], option: str = "--set") -> dict[str, str]:
    """Each `--set name=value` by its name; `option` is what it was called."""
    texts: dict[str, str] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name.strip():
            raise jobs.Refused(f"{option} {each!r} is not understood. Write {option} name=value.")
        texts[name.strip()] = value
    return texts


def counts(text: str) -> dict[str, int]:
    """`nm=6,bg=2` -> {"nm": 6, "bg": 2}."""
    found: dict[str, int] = {}
    for part in text.split(","):
        name, _, number = part.partition("=")
        if not number.strip().isdecimal():
            raise jobs.Refused(f"{part!r} is not a number of sequences. Write nm=6,bg=2,cl=2.")
        found[name.strip()] = int(number)
    return found


def angles(text: str) -> list[int]:
    """`0,18,36` -> [0, 18, 36]."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise jobs.Refused(f"{text!r} are not view angles in degrees. Write 0,18,36.")
    return [int(part) for part in parts]
