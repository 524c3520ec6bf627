"""A run as the command that would do the same."""

import shlex
from typing import Any

from anonymizer.gait.catalogue import DATASET_DECIDES, METHODS
from anonymizer.importing import SOURCES, is_upload
from anonymizer.models import NAMED_ROWS, Anonymization, Dataset, Run

MANAGE = (".venv/bin/python", "manage.py")  # as the README has it
IMPORTED = ("name", "frames", "frame_rate", "licence", "may_be_shown_to_raters")
# By kind: the command, and which parameters are its options.
COMMANDS: dict[str, tuple[str, tuple[str, ...]]] = {
    Run.Kind.IMPORT_CASIA_B: ("import_casia_b", IMPORTED),
    Run.Kind.IMPORT_OPENGAIT: ("import_opengait", IMPORTED),
    Run.Kind.GENERATE_WALKERS: (
        "generate_walkers",
        ("name", "subjects", "sequences", "view_angles", "frames", "difficulty", "path_variation"),
    ),
    Run.Kind.TRAIN_NETWORK: ("train_network", ("dataset", "method", "alpha", "split", "epochs", "stride")),
    Run.Kind.ANONYMIZE: (
        "anonymize",
        ("dataset", "method", "alpha", "donor", "checkpoint", "split", "walks"),
    ),
    Run.Kind.TRAIN_RECOGNIZER: ("train_recognizer", ("dataset", "split", "kind")),
    Run.Kind.ABLATE: ("ablate", ("dataset", "split", "gallery", "probe")),
    Run.Kind.RECOGNIZE: (
        "recognize",
        (
            "anonymization_run",
            "recognizer",
            "attackers",
            "gallery",
            "probe",
            "copies",
            "clips",
            "view_angles",
        ),
    ),
    Run.Kind.EXPORT_STUDY: ("export_study", ("format",)),
    Run.Kind.DEMO: ("demo", ("subjects",)),
}
# Where option and parameter are called differently.
NAMES = {
    Run.Kind.ANONYMIZE: {"walks": "sequences"},
    Run.Kind.RECOGNIZE: {"anonymization_run": "run", "view_angles": "attack_view_angles"},
}
DRAWS_NOTHING = (*SOURCES, Run.Kind.EXPORT_STUDY)


def command(run: Run) -> str:
    """One line for a shell that asks for the same, parameter by parameter; empty where no command does it.

    What an upload was called, and where an export goes, stands there as PATH.
    """
    if run.kind == Run.Kind.SWEEP:
        return shlex.join([*MANAGE, "sweep", *_sweep(run.parameters)])
    if run.kind not in COMMANDS or run.parameters.get("copy") == Anonymization.Copy.ATTACKER:
        return ""
    name, options = COMMANDS[run.kind]
    called = NAMES.get(Run.Kind(run.kind), {})
    words = [
        word
        for option in options
        for word in _option(called.get(option, option), _word(option, run.parameters.get(option)))
    ]
    return shlex.join([*MANAGE, name, *_places(run), *words, *_settings(run), *_seed(run)])


def _places(run: Run) -> list[str]:
    """What a command takes without an option."""
    if run.kind == Run.Kind.EXPORT_STUDY:
        return [run.parameters["study"], "--output", "PATH"]
    path = run.parameters.get("path")
    return [] if path is None else ["PATH" if is_upload(path) else path]


def _option(name: str, value: str | bool) -> list[str]:
    """`--name value`; nothing where it is not given, and no value where it is a switch."""
    dashed = f"--{name.replace('_', '-')}"
    if value is True:
        return [dashed]
    if not value:
        return []
    return [f"{dashed}={value}"] if str(value).startswith("-") else [dashed, str(value)]


def _sweep(asked: dict[str, Any]) -> list[str]:
    """Options of `sweep`: lists, what attackers may spend, and the recognizer."""
    attack, trained = asked.get("attack", {}), asked.get("recognizer", {})
    options = {
        "datasets": _names(asked["datasets"]),
        "methods": list(dict.fromkeys(each["method"] for each in asked["conditions"])),
        "seeds": asked["seeds"],
        **{name: asked.get(name) for name in ("donor", "split", "epochs", "stride")},
        **{name: attack.get(name) for name in ("attackers", "gallery", "probe", "copies", "clips")},
        "attack_view_angles": attack.get("view_angles"),
        "recognizer": trained.get("kind"),
    }
    words = [word for name, value in options.items() for word in _option(name, _listed(value))]
    own = [f"{name}={_text(value)}" for name, value in trained.get("parameters", {}).items()]
    return [
        *words,
        *_alphas(asked["conditions"]),
        *(word for each in own for word in ("--recognizer-set", each)),
    ]


def _names(datasets: list[int]) -> list[str]:
    """By name, or where a comma stands in it by slug, since commas part one name from the next."""
    rows = Dataset.objects.in_bulk(datasets)
    found = [rows.get(pk) for pk in datasets]
    return ["deleted" if row is None else row.slug if "," in row.name else row.name for row in found]


def _alphas(conditions: list[dict[str, Any]]) -> list[str]:
    """The alphas that methods share, and every method's settings, its own alpha among them."""
    by_method: dict[str, list[Any]] = {}
    settings: dict[str, Any] = {}
    for each in conditions:
        by_method.setdefault(each["method"], []).append(each["alpha"])
        settings |= {f"{each['method']}:{name}": value for name, value in each.get("parameters", {}).items()}
    shared = _shared(by_method)
    settings |= {
        f"{name}:alpha": alphas[0] for name, alphas in by_method.items() if alphas not in (shared, [None])
    }
    return [
        *_option("alphas", _listed(shared)),
        *(word for name, value in settings.items() for word in ("--set", f"{name}={_text(value)}")),
    ]


def _shared(by_method: dict[str, list[Any]]) -> list[float]:
    """The list that `--alphas` gave to every method without an alpha of its own; empty where it gave none.

    A setting gives one method one alpha, so several can only come from the list that all of them share.
    """
    lists = [alphas for name, alphas in by_method.items() if alphas != [None] or _takes_alpha(name)]
    several = next((alphas for alphas in lists if len(alphas) > 1), None)
    if several is not None:
        return several
    return lists[0] if lists and lists[0] != [None] and all(each == lists[0] for each in lists) else []


def _takes_alpha(method: str) -> bool:
    return method in METHODS and METHODS[method].default_alpha is not None


def _settings(run: Run) -> list[str]:
    """The method's own parameters that are not as usual, and those whose usual value the dataset decides."""
    method = METHODS.get(run.parameters.get("method", ""))
    usual = {name: spec.default for name, spec in method.parameters.items()} if method else {}
    said = {
        name: value
        for name, value in run.parameters.get("parameters", {}).items()
        if name not in usual or name in DATASET_DECIDES or value != usual[name]
    }
    return [word for name, value in said.items() for word in ("--set", f"{name}={_text(value)}")]


def _text(value: Any) -> str:
    """A setting as `--set` reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "all" if value is None else str(value)


def _seed(run: Run) -> list[str]:
    return [] if run.kind in DRAWS_NOTHING else ["--seed", str(run.seed)]


def _word(option: str, value: Any) -> str | bool:
    """A parameter as a command takes it; empty where it is not given."""
    if option in NAMED_ROWS and isinstance(value, int):
        row: Any = NAMED_ROWS[option]._default_manager.filter(pk=value).first()
        return str(row.name) if row else "deleted"
    return _listed(value)


def _listed(value: Any) -> str | bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, dict):
        return ",".join(f"{key}={each}" for key, each in value.items())
    if isinstance(value, list):
        return ",".join(map(_number, value))
    return "" if value is None else _number(value)


def _number(value: Any) -> str:
    """Short, but to the last digit."""
    short = f"{value:g}" if isinstance(value, float) else str(value)
    return short if not isinstance(value, float) or float(short) == value else repr(value)
