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
    if run.kind == Run.Kind.SWEEP:
        return shlex.join(["python", "manage.py", "sweep", *_sweep(run.parameters)])
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


def _sweep(asked: dict[str, Any]) -> list[str]:
    """Options of `sweep`: lists, what attackers may spend, and the recognizer."""
    names = Dataset.objects.in_bulk(asked["datasets"])
    attack, trained = asked.get("attack", {}), asked.get("recognizer", {})
    options = {
        "datasets": [names[pk].name if pk in names else "deleted" for pk in asked["datasets"]],
        "methods": list(dict.fromkeys(each["method"] for each in asked["conditions"])),
        "seeds": asked["seeds"],
        **{name: asked.get(name) for name in ("donor", "split", "epochs", "stride")},
        **{name: attack.get(name) for name in ("attackers", "gallery", "probe", "copies", "clips")},
        "attack-view-angles": attack.get("view_angles"),
        "recognizer": trained.get("kind"),
    }
    words = [word for name, value in options.items() if value for word in (f"--{name}", _word(name, value))]
    own = [f"{name}={_text(value)}" for name, value in trained.get("parameters", {}).items()]
    return [
        *words,
        *_alphas(asked["conditions"]),
        *(word for each in own for word in ("--recognizer-set", each)),
    ]


def _alphas(conditions: list[dict[str, Any]]) -> list[str]:
    """The alphas of all methods that have one, where they are the same, and every method's settings."""
    by_method: dict[str, list[Any]] = {}
    settings: dict[str, Any] = {}
    for each in conditions:
        by_method.setdefault(each["method"], []).append(each["alpha"])
        settings |= {f"{each['method']}:{name}": value for name, value in each.get("parameters", {}).items()}
    with_alpha = {name: alphas for name, alphas in by_method.items() if alphas != [None]}
    lists = list(with_alpha.values())
    if any(alphas != lists[0] for alphas in lists):
        settings |= {f"{name}:alpha": alphas[0] for name, alphas in with_alpha.items()}
        lists = []
    words = ["--alphas", ",".join(f"{alpha:g}" for alpha in lists[0])] if lists else []
    return [
        *words,
        *(word for name, value in settings.items() for word in ("--set", f"{name}={_text(value)}")),
    ]


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
