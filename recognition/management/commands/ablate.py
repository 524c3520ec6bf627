"""Compare variants of the recognizer on clear walks."""

from argparse import ArgumentParser
from typing import Any

from anonymizer.management.console import JobCommand, dataset_named, finish, result_of
from anonymizer.runs import DEFAULT_SPLIT
from recognition import choices, runs


class Command(JobCommand):
    help = "Train the recognizer with one part changed at a time, and compare rank-1 on clear walks."

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dataset", required=True)
        parser.add_argument("--split", default=DEFAULT_SPLIT, help="paper, or percents D1:D2:D3")
        parser.add_argument("--gallery", help=f"{choices.GALLERY} without, as far as they are there")
        parser.add_argument("--probe", help=f"{choices.PROBE} without, as far as they are there")
        parser.add_argument("--seed", type=int, default=0)

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        dataset = dataset_named(options["dataset"])
        asked = {name: options[name] for name in ("split", "gallery", "probe", "seed")}
        return result_of(finish(runs.request_ablation(dataset, **asked), runs.ablate))

    def describe(self, result: dict[str, Any]) -> str:
        return "\n".join(_line(row) for row in result["variants"])


def _line(row: dict[str, Any]) -> str:
    if "reason" in row:
        return f"{row['label']}: n/a. {row['reason']}"
    same = row["by_difference"][0]["rank1"]
    return f"{row['label']}: same view angle {_percent(same)}, others {_percent(row['cross_view']['rank1'])}"


def _percent(rate: float | None) -> str:
    return "n/a" if rate is None else f"{100 * rate:.1f} %"
