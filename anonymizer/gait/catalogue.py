"""The methods by name, with what a form or a command needs to know of them; light to import.

`methods.py` holds what they do. A method's defaults are those of the design: the paper's α = 0.3 and fixed
donor for `tieu`, what was found to work for the others.
"""

from dataclasses import dataclass

NAIVE_ONLY = "withstands naive attackers only"
DONOR_POLICIES = {
    "fixed": "one subject for all walks (the paper's)",
    "random": "another random subject for each walk",
    "synthetic": "walkers who exist nowhere, drawn for each walk",
}


@dataclass(frozen=True)
class Method:
    """What a method is called, starts from, needs and can claim."""

    name: str
    label: str
    default_alpha: float
    default_donor: str
    needs_network: bool
    claim: str


METHODS = {
    each.name: each
    for each in (
        Method("sdf", "Blended distance fields", 1.5, "synthetic", False, NAIVE_ONLY),
        Method("tieu", "Tieu et al. 2017", 0.3, "fixed", True, NAIVE_ONLY),
        Method("blend", "Closed-form minimiser", 0.3, "fixed", False, NAIVE_ONLY),
    )
}
