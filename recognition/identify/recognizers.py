"""The kinds of recognizers, by name. Another kind is one module with `made` and `load`, and one entry here.

A kind's parameters are the fields of one dataclass: what it refuses is refused everywhere, and text out of a form
or a command becomes what the field's default is. Modules that bring much along are loaded when one is made.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from importlib import import_module
from typing import Any, BinaryIO

from recognition.identify import set_network_settings, zheng
from recognition.identify.recognizer import Recognizer


@dataclass(frozen=True)
class Kind:
    """How a recognizer of one kind is made and read back."""

    name: str
    label: str
    module: str
    checked: Callable[[Mapping[str, Any]], Any]  # parameters; ValueError for what does not fit
    takes_device: bool = False

    def made(self, given: Mapping[str, Any], device: str = "cpu") -> Recognizer:
        """An untrained one; ValueError for what does not fit."""
        made: Recognizer = import_module(self.module).made(given, *self._device(device))
        return made

    def load(self, file: BinaryIO, device: str = "cpu") -> Recognizer:
        read: Recognizer = import_module(self.module).load(file, *self._device(device))
        return read

    def _device(self, device: str) -> tuple[str, ...]:
        return (device,) if self.takes_device else ()

    def defaults(self) -> dict[str, Any]:
        standard = self.checked({})
        return {each.name: getattr(standard, each.name) for each in fields(standard)}

    def parsed(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """Values of the fields' own types out of text; ValueError names what can't be read."""
        defaults = self.defaults()
        for name in texts:
            if name not in defaults:
                raise ValueError(f"{self.name} has no parameter {name!r}; it has {', '.join(defaults)}")
        given = {name: _value(name, text.strip(), defaults[name]) for name, text in texts.items()}
        self.checked(given)
        return given


def _value(name: str, text: str, default: Any) -> Any:
    """`text` as what `default` is: numbers, lists of them (64x48 or 64,48), yes or no, a word."""
    try:
        if isinstance(default, bool):
            return {"yes": True, "no": False}[text]
        if isinstance(default, tuple):
            return tuple(int(part) for part in re.split("[x,]", text))
        if default is None:
            return None if text == "all" else int(text)
        return type(default)(text)
    except (ValueError, KeyError):
        raise ValueError(f"parameter {name!r} can't be {text!r}; its default is {shown(default)}") from None


def shown(value: Any) -> str:
    """A parameter's value as `parsed` reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    return "all" if value is None else str(value)


KINDS = {
    each.name: each
    for each in (
        Kind("zheng", "Zheng et al. 2011: GEI, PLS, VTM", "recognition.identify.zheng", zheng.checked),
        Kind(
            set_network_settings.NAME,
            "Set network on silhouettes, after GaitSet",
            "recognition.identify.set_network",
            set_network_settings.checked,
            takes_device=True,
        ),
    )
}


def kind_named(name: str) -> Kind:
    """The kind of recognizer; ValueError lists those there are."""
    if name not in KINDS:
        raise ValueError(f"There is no recognizer of kind {name!r}. Use one of {', '.join(KINDS)}.")
    return KINDS[name]
