"""What may be said about a method: its parameters, each with a default and what it accepts.

A value comes as Python has it (`checked`) or as text, out of a form or a command (`parsed`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

AS_ORIGINAL = "original"  # a view angle: that of the walk itself


@dataclass(frozen=True)
class Number:
    """A number between two limits, both allowed."""

    default: float
    low: float
    high: float
    about: str

    @property
    def accepts(self) -> str:
        return f"{self.low:g} to {self.high:g}"

    def checked(self, name: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ValueError(f"parameter {name!r} must be a number, not {value!r}")
        if not self.low <= value <= self.high:
            raise ValueError(
                f"parameter {name!r} must lie between {self.low:g} and {self.high:g}, not {value:g}"
            )
        return float(value)

    def parsed(self, name: str, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"parameter {name!r} must be a number, not {text!r}") from None
        return self.checked(name, value)


@dataclass(frozen=True)
class Whole:
    """A whole number between two limits, both allowed."""

    default: int
    low: int
    high: int
    about: str

    @property
    def accepts(self) -> str:
        return f"{self.low} to {self.high}, whole"

    def checked(self, name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"parameter {name!r} must be a whole number, not {value!r}")
        if not self.low <= value <= self.high:
            raise ValueError(f"parameter {name!r} must lie between {self.low} and {self.high}, not {value}")
        return value

    def parsed(self, name: str, text: str) -> int:
        if not text.strip().removeprefix("-").isdecimal():
            raise ValueError(f"parameter {name!r} must be a whole number, not {text!r}")
        return self.checked(name, int(text))


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    default: str
    options: tuple[str, ...]
    about: str

    @property
    def accepts(self) -> str:
        return " or ".join(self.options)

    def checked(self, name: str, value: Any) -> str:
        if value not in self.options:
            raise ValueError(f"parameter {name!r} must be one of {', '.join(self.options)}, not {value!r}")
        return str(value)

    def parsed(self, name: str, text: str) -> str:
        return self.checked(name, text.strip())


@dataclass(frozen=True)
class ViewAngle:
    """A view angle in degrees, or the original's own."""

    about: str
    default: str = AS_ORIGINAL

    @property
    def accepts(self) -> str:
        return f"{AS_ORIGINAL}, or degrees from 0 to 359"

    def checked(self, name: str, value: Any) -> int | str:
        if value == AS_ORIGINAL:
            return AS_ORIGINAL
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 359:
            raise ValueError(
                f"parameter {name!r} must be {AS_ORIGINAL!r} or whole degrees from 0 to 359, not {value!r}"
            )
        return value

    def parsed(self, name: str, text: str) -> int | str:
        text = text.strip()
        return self.checked(name, int(text) if text.isdecimal() else text)


Parameter: TypeAlias = Number | Whole | Choice | ViewAngle
Parameters: TypeAlias = Mapping[str, Any]


def checked(method: str, known: Mapping[str, Parameter], given: Parameters) -> dict[str, Any]:
    """Every known parameter, as given or by default; ValueError names what is unknown or out of range."""
    _refuse_unknown(method, known, given)
    return {name: spec.checked(name, given.get(name, spec.default)) for name, spec in known.items()}


def parsed(method: str, known: Mapping[str, Parameter], texts: Mapping[str, str]) -> dict[str, Any]:
    """The given texts as values; what is not given is left out."""
    _refuse_unknown(method, known, texts)
    return {name: known[name].parsed(name, text) for name, text in texts.items()}


def _refuse_unknown(method: str, known: Mapping[str, Parameter], given: Parameters) -> None:
    for name in given:
        if name not in known:
            names = ", ".join(known) or "none"
            raise ValueError(f"the method {method!r} has no parameter {name!r}; it knows: {names}")
