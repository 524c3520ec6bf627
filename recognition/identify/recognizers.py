"""The kinds of recognizers, by name. Another kind is one module and one entry."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from recognition.identify import zheng
from recognition.identify.recognizer import Recognizer


@dataclass(frozen=True)
class Kind:
    """How a recognizer of one kind is made and read back."""

    name: str
    label: str
    made: Callable[[Mapping[str, Any]], Recognizer]  # of parameters; ValueError for what does not fit
    load: Callable[[BinaryIO], Recognizer]


KINDS = {
    each.name: each for each in (Kind("zheng", "Zheng et al. 2011: GEI, PLS, VTM", zheng.made, zheng.load),)
}


def kind_named(name: str) -> Kind:
    if name not in KINDS:
        raise ValueError(f"There is no recognizer of kind {name!r}. Use one of {', '.join(KINDS)}.")
    return KINDS[name]
