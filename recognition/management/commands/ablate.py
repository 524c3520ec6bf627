"""Compare variants of the recognizer on clear walks."""

from argparse import ArgumentParser
from typing import Any

from anonymizer.management import helps
from anonymizer.management.console import GoingOnCommand, dataset_named, go_on, result_of
from anonymizer.runs import DEFAULT_SPLIT
from recognition import runs
from recognition.management.attack_arguments import GALLERY, PROBE


class Command(GoingOnCommand):
    help = (
        "Train the recognizer with one part changed at a time, and compare how many clear walks each names."
    )

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dataset", required=True, help=helps.DATASET)
        parser.add_argument("--split", default=DEFAULT_SPLIT, help=helps.SPLIT)
        parser.add_argument("--gallery", help=GALLERY)
        parser.add_argument("--probe", help=PROBE)
        parser.add_argument("--seed", type=int, default=0, help=helps.SEED)

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        dataset = dataset_named(options["dataset"])
        asked = {name: options[name] for name in ("split", "gallery", "probe", "seed")}
        return result_of(go_on(runs.request_ablation(dataset, **asked), runs.ablate))

    def describe(self, result: dict[str, Any]) -> str:
        return "\n".join(_line(row) for row in result["variants"])


def _line(row: dict[str, Any]) -> str:
    if "reason" in row:
        return f"{row['label']}: n/a. {row['reason']}"
    same = row["by_difference"][0]["rank1"]
    return f"{row['label']}: same view angle {_percent(same)}, others {_percent(row['cross_view']['rank1'])}"


def _percent(rate: float | None) -> str:
    return "n/a" if rate is None else f"{100 * rate:.1f} %"
