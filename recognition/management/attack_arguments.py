"""What `recognize`, `experiment` and `sweep` ask about the attackers, said once."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from anonymizer.jobs import Refused
from anonymizer.management.console import angles, assignments
from recognition import choices, runs
from recognition.identify.attackers import ATTACKERS
from recognition.identify.recognizers import kind_named

GALLERY = (
    f"the walks by which everybody is known, as in nm-01,nm-02; left out: {choices.GALLERY} as far as the dataset has "
    "them, or the first half of fewer"
)
PROBE = (
    f"the walks that are to be named, as in nm-05,nm-06; left out: {choices.PROBE} as far as the dataset has them, or "
    "the other half of fewer"
)


def add_attack_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--attackers", help=f"who attacks, as in naive,joint; left out: all. There are {', '.join(ATTACKERS)}"
    )
    parser.add_argument("--gallery", help=GALLERY)
    parser.add_argument("--probe", help=PROBE)
    parser.add_argument(
        "--copies",
        type=int,
        default=runs.COPIES,
        help="how many anonymized copies of each gallery walk the attackers with many copies draw, 2 to 100",
    )
    parser.add_argument(
        "--clips",
        type=int,
        default=runs.CLIPS,
        help="how many clips of one person linked-clips puts together, 2 to 20; as many probes are needed",
    )
    parser.add_argument(
        "--attack-view-angles",
        help="at which the attackers with many copies work, as in 0,90,180, or all; left out: three, first to last",
    )


def add_recognizer_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--recognizer",
        default=runs.KIND,
        help="the kind that is trained: zheng, or set-network, a small network on silhouettes",
    )
    parser.add_argument(
        "--recognizer-set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="one of the recognizer's parameters, as in components=20; again for more",
    )


def recognizer_options(options: dict[str, Any]) -> dict[str, Any]:
    """The arguments as `runs.request_recognizer` takes them; Refused in words where they don't fit."""
    kind, texts = options["recognizer"], assignments(options["recognizer_set"], "--recognizer-set")
    return {"kind": kind, "parameters": recognizer_parameters(kind, texts)}


def recognizer_parameters(kind: str, texts: Mapping[str, str]) -> dict[str, Any]:
    try:
        return kind_named(kind).parsed(texts)
    except ValueError as error:
        raise Refused(f"The recognizer can't be trained so: {error}") from error


def attack_options(options: dict[str, Any]) -> dict[str, Any]:
    """The arguments as `runs.request_recognition` takes them."""
    at = options["attack_view_angles"]
    return {
        "attackers": options["attackers"].split(",") if options["attackers"] else None,
        "gallery": options["gallery"],
        "probe": options["probe"],
        "copies": options["copies"],
        "clips": options["clips"],
        "view_angles": at if at in (None, "all") else angles(at),
    }
