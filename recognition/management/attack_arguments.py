"""What `recognize`, `experiment` and `sweep` ask about the attackers, said once."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from anonymizer.jobs import Refused
from anonymizer.management.console import angles, assignments
from recognition import runs
from recognition.choices import GALLERY, PROBE
from recognition.identify.recognizers import kind_named


def add_attack_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--attackers", help="some of them, as in naive,joint; all without")
    parser.add_argument("--gallery", help=f"as in nm-01,nm-02; without {GALLERY}, as far as they are there")
    parser.add_argument(
        "--probe", help=f"as in nm-05,nm-06; without {PROBE}, or the last half of fewer walks"
    )
    parser.add_argument(
        "--copies", type=int, default=runs.COPIES, help="anonymized copies the dear attackers draw of a gait"
    )
    parser.add_argument("--clips", type=int, default=runs.CLIPS, help="how many clips linked-clips links")
    parser.add_argument(
        "--attack-view-angles",
        help="at which the dear attackers work, as in 0,90,180, or all; without, three from first to last",
    )


def add_recognizer_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--recognizer",
        default=runs.KIND,
        help="of which kind is trained: zheng, or set-network on silhouettes",
    )
    parser.add_argument(
        "--recognizer-set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="one of its parameters, as in components=20; may be given several times",
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
