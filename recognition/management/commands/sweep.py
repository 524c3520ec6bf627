"""Many experiments: methods, alphas and seeds in one table and one frontier."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from anonymizer import runs as anonymizer_runs
from anonymizer.gait.catalogue import METHODS
from anonymizer.jobs import Refused
from anonymizer.management import helps
from anonymizer.management.console import GoingOnCommand, dataset_named, go_on, settings_of
from anonymizer.management.outputs import folder_for
from anonymizer.models import Run
from recognition import sweeping, tables
from recognition.management.attack_arguments import (
    add_attack_arguments,
    add_recognizer_arguments,
    attack_options,
    recognizer_options,
)


class Command(GoingOnCommand):
    help = "Make the same experiment over datasets, methods, alphas and seeds: one table and one figure."

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--datasets", default="", help="their names, with commas between")
        parser.add_argument(
            "--methods",
            default="",
            help=f"as in sdf,replace-best; there are {', '.join(METHODS)}",
        )
        parser.add_argument(
            "--join",
            metavar="RUNS",
            help="instead of a new sweep: the sweeps with these numbers, as in 7,12, in one table and one figure",
        )
        parser.add_argument(
            "--alphas",
            default="",
            help="as in 0.3,1.5, for methods that have one; left out: each method's own",
        )
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="METHOD:NAME=VALUE",
            help="a method's parameter, as in donor-mix:donors=3; again for more",
        )
        parser.add_argument("--seeds", default="0,1,2", help="at least three show how far results spread")
        parser.add_argument("--donor", help=helps.DONOR)
        parser.add_argument("--split", default=anonymizer_runs.DEFAULT_SPLIT, help=helps.SPLIT)
        parser.add_argument("--epochs", type=int, default=anonymizer_runs.EPOCHS, help=helps.EPOCHS)
        parser.add_argument("--stride", type=int, default=anonymizer_runs.STRIDE, help=helps.STRIDE)
        parser.add_argument(
            "--output", metavar="FOLDER", help="write table.csv, table.json and frontier.svg there"
        )
        add_recognizer_arguments(parser)
        add_attack_arguments(parser)

    def work(self, options: dict[str, Any]) -> dict[str, Any]:
        folder = folder_for("--output", options["output"], empty=False) if options["output"] else None
        result = self._joined(options["join"]) if options["join"] else self._swept(options)
        if folder is not None:
            write(folder, result)
        return {name: result[name] for name in ("sweep_run", "rows", "summary")}

    def _joined(self, text: str) -> dict[str, Any]:
        wanted = [int(number) for number in _numbers("join", text)]
        found = {number: run for number in wanted if (run := Run.objects.filter(pk=number).first())}
        missing = next((number for number in wanted if number not in found), None)
        if missing is not None:
            raise Refused(f"There is no run {missing}. Give the numbers that `sweep` printed.")
        return sweeping.joined([found[number] for number in wanted])

    def _swept(self, options: dict[str, Any]) -> dict[str, Any]:
        wanted = sweeping.conditions(
            _names(options["methods"]), _numbers("alphas", options["alphas"]), _settings(options["set"])
        )
        run = sweeping.request_sweep(
            [dataset_named(name) for name in _names(options["datasets"])],
            wanted,
            [int(seed) for seed in _numbers("seeds", options["seeds"])],
            **{name: options[name] for name in ("split", "donor", "epochs", "stride")},
            attack=attack_options(options),
            recognizer=recognizer_options(options),
        )
        swept: dict[str, Any] = go_on(run, sweeping.sweep).result
        return swept

    def describe(self, result: dict[str, Any]) -> str:
        lines = [f"sweep run: {result['sweep_run']}"]
        for line in result["summary"]:
            rank1, iou = line["strongest_rank1"], line["iou"]
            named = f"{rank1['mean']:.3f} ({rank1['least']:.3f} to {rank1['most']:.3f})" if rank1 else "n/a"
            like = f"{iou['mean']:.3f}" if iou else "n/a"
            lines.append(
                f"{line['condition']} on {line['dataset']}: rank-1 of the strongest attacker {named}, "
                f"IoU {like}, {line['seeds']} seeds, {line['refused']} without a verdict"
            )
        return "\n".join(lines)


def write(folder: Path, result: dict[str, Any]) -> None:
    """The table twice and the figure."""
    folder.mkdir(parents=True, exist_ok=True)
    columns: tables.Columns = {name: "text" for row in result["rows"] for name in row}
    rows = ([row.get(name) for name in columns] for row in result["rows"])
    tables.write("csv", columns, rows, folder / "table.csv")
    table = {name: result[name] for name in ("sweep_run", "rows", "summary")}
    text = json.dumps(table, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "table.json").write_text(text + "\n", encoding="utf-8")
    (folder / "frontier.svg").write_text(result["figure"], encoding="utf-8")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _numbers(what: str, text: str) -> list[float]:
    try:
        return [float(part) if what == "alphas" else int(part) for part in _names(text)]
    except ValueError as error:
        raise Refused(f"--{what} {text!r} is not understood. Write numbers with commas between.") from error


def _settings(given: list[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, list[str]] = {}
    for each in given:
        method, colon, setting = each.partition(":")
        if not colon:
            raise Refused(f"--set {each!r} is not understood. Write --set method:name=value.")
        found.setdefault(method.strip(), []).append(setting)
    return {method: settings_of(method, settings) for method, settings in found.items()}
