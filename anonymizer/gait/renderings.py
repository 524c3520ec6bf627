"""The ways in which a clip can show a walk; light to import.

A rendering's name is what a row keeps: `centred`, `in-place`, `broken`, `side-by-side`, and what they combine to.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rendering:
    """`in_place`: where the walk stood in the frame. `broken`: spoilt on purpose, for checks of attention."""

    in_place: bool = False
    side_by_side: bool = False  # the original on the left, the other on the right, in one picture
    broken: bool = False

    @property
    def name(self) -> str:
        words = ["broken"] * self.broken + ["side-by-side"] * self.side_by_side + ["in-place"] * self.in_place
        return "-".join(words) or "centred"


RENDERINGS = {
    each.name: each
    for each in (
        Rendering(in_place, side_by_side, broken)
        for broken in (False, True)
        for side_by_side in (False, True)
        for in_place in (False, True)
    )
}
