"""What an attacker gives back: who walks, and how it went about it."""

from dataclasses import dataclass, field
from typing import Any

from recognition.identify.identifications import Identifications


@dataclass(frozen=True, eq=False)
class Answers:
    """`details` is plain JSON: what the attacker chose and used, for people to read."""

    identifications: Identifications
    details: dict[str, Any] = field(default_factory=dict)
