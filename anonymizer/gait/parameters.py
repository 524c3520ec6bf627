"""What may be said about a method: its parameters, each with a default and what it accepts."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Number:
    """A number between two limits, both allowed."""

    default: float
    low: float
    high: float
    about: str

    def checked(self, name: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ValueError(f"parameter {name!r} must be a number, not {value!r}")
        if not self.low <= value <= self.high:
            raise ValueError(
                f"parameter {name!r} must lie between {self.low:g} and {self.high:g}, not {value:g}"
            )
        return float(value)


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    default: str
    options: tuple[str, ...]
    about: str

    def checked(self, name: str, value: Any) -> str:
        if value not in self.options:
            raise ValueError(f"parameter {name!r} must be one of {', '.join(self.options)}, not {value!r}")
        return str(value)


Parameter: TypeAlias = Number | Choice
Parameters: TypeAlias = Mapping[str, Any]


def checked(method: str, known: Mapping[str, Parameter], given: Parameters) -> dict[str, Any]:
    """Every known parameter, as given or by default; ValueError names what is unknown or out of range."""
    for name in given:
        if name not in known:
            names = ", ".join(known) or "none"
            raise ValueError(f"the method {method!r} has no parameter {name!r}; it knows: {names}")
    return {name: spec.checked(name, given.get(name, spec.default)) for name, spec in known.items()}
