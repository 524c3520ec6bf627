"""A run as the command that would do the same."""

import shlex
from typing import Any

from anonymizer.gait.catalogue import METHODS
from anonymizer.importing import SOURCES, is_upload
from anonymizer.models import Checkpoint, Dataset, Run

# By kind: the command, and which parameters are its options.
COMMANDS: dict[str, tuple[str, tuple[str, ...]]] = {
    Run.Kind.IMPORT_CASIA_B: ("import_casia_b", ("name", "frames")),
    Run.Kind.IMPORT_OPENGAIT: ("import_opengait", ("name", "frames")),
    Run.Kind.GENERATE_WALKERS: (
        "generate_walkers",
        ("name", "subjects", "sequences", "view_angles", "frames", "difficulty", "path_variation"),
    ),
    Run.Kind.TRAIN_NETWORK: ("train_network", ("dataset", "method", "alpha", "split", "epochs", "stride")),
    Run.Kind.ANONYMIZE: ("anonymize", ("dataset", "method", "alpha", "donor", "checkpoint", "split")),
    Run.Kind.TRAIN_RECOGNIZER: ("train_recognizer", ("dataset", "split", "kind")),
    Run.Kind.ABLATE: ("ablate", ("dataset", "split", "gallery", "probe")),
    Run.Kind.RECOGNIZE: ("recognize", ("anonymization_run", "attackers", "gallery", "probe")),
}
NAMES = {"anonymization_run": "run"}  # where option and parameter are called differently


def command(run: Run) -> str:
    """One line for a shell; empty where no command does it."""
    if run.kind not in COMMANDS:
        return ""
    name, options = COMMANDS[run.kind]
    words = ["python", "manage.py", name]
    if "path" in run.parameters:
        words.append("PATH" if is_upload(run.parameters["path"]) else run.parameters["path"])
    for option in options:
        value = _word(option, run.parameters.get(option))
        words += [f"--{NAMES.get(option, option).replace('_', '-')}", value] if value else []
    return shlex.join([*words, *_settings(run), *_seed(run)])


def _settings(run: Run) -> list[str]:
    """The method's own parameters that are not as usual."""
    method = METHODS.get(run.parameters.get("method", ""))
    usual = {name: spec.default for name, spec in method.parameters.items()} if method else {}
    given = run.parameters.get("parameters", {})
    changed = {name: value for name, value in given.items() if value != usual.get(name)}
    return [word for name, value in changed.items() for word in ("--set", f"{name}={_text(value)}")]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _seed(run: Run) -> list[str]:
    """An import draws nothing."""
    return [] if run.kind in SOURCES else ["--seed", str(run.seed)]


def _word(option: str, value: Any) -> str:
    """A parameter as a command takes it; empty where it is not given."""
    if value in (None, "", [], {}):
        return ""
    if option in ("dataset", "checkpoint"):
        row = (Dataset if option == "dataset" else Checkpoint).objects.filter(pk=value).first()
        return row.name if row else "deleted"
    if isinstance(value, dict):
        return ",".join(f"{key}={each}" for key, each in value.items())
    if isinstance(value, list):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
