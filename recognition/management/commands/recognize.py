"""Ask every attacker who walks in an anonymization."""

from argparse import ArgumentParser
from typing import Any

from anonymizer.jobs import Refused
from anonymizer.management import helps
from anonymizer.management.console import GoingOnCommand, go_on, result_of
from anonymizer.models import Anonymization
from recognition import runs
from recognition.management.attack_arguments import add_attack_arguments, attack_options
from recognition.models import Recognizer


class Command(GoingOnCommand):
    help = "Ask the attackers who walks in an anonymization run; prints how often they are right."

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--run",
            type=int,
            required=True,
            help="the number that anonymize printed; it must have been given --split",
        )
        parser.add_argument(
            "--recognizer",
            help="by the name that train_recognizer printed; left out: the newest that fits, or a new one",
        )
        add_attack_arguments(parser)
        parser.add_argument("--seed", type=int, default=0, help=helps.SEED)

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        run = runs.request_recognition(
            anonymization_of(options["run"]),
            recognizer=recognizer_named(options["recognizer"]),
            seed=options["seed"],
            **attack_options(options),
        )
        return result_of(go_on(run, runs.recognize))

    def describe(self, result: dict[str, Any]) -> str:
        return "\n".join([f"recognition run: {result['recognition_run']}", *ladder_lines(result["ladder"])])


def ladder_lines(ladder: list[dict[str, Any]]) -> list[str]:
    """One line an attacker, with n."""
    return [
        f"{rung['attacker']}: rank-1 {percent(rung['rank1'])} (clear {percent(rung['clear_rank1'])}), success rate "
        f"{percent(rung['success_rate'])} at the same view angle, |S| {rung['recognized']}"
        for rung in ladder
    ]


def percent(rate: float | None) -> str:
    return "n/a" if rate is None else f"{100 * rate:.1f} %"


def anonymization_of(run_id: int) -> Anonymization:
    found = Anonymization.objects.filter(run__pk=run_id).first()
    if found is None:
        raise Refused(f"Run {run_id} is no anonymization. Give the number that `anonymize` printed.")
    return found


def recognizer_named(name: str | None) -> Recognizer | None:
    if name is None:
        return None
    found = Recognizer.objects.filter(name=name).first()
    if found is None:
        # The others are attackers' own.
        clear = Recognizer.objects.filter(trained_on=Recognizer.TrainedOn.CLEAR)
        known = ", ".join(clear.values_list("name", flat=True)[:10]) or "none yet"
        raise Refused(f"No recognizer is named {name!r}. Known: {known}.")
    return found
