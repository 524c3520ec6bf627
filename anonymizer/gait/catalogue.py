"""The methods by name, with all that a form, a command or a job must know of them; light to import.

`methods.py` attaches to each name the function that does it. A method's defaults are those of the design: the
paper's α = 0.3 and fixed donor for `tieu`, what was found to work for the others.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from anonymizer.gait import parameters as parameter_checks
from anonymizer.gait import replace_best_parameters as replace_best
from anonymizer.gait.parameters import (
    AS_ORIGINAL,
    Choice,
    Number,
    Parameter,
    Parameters,
    ViewAngle,
    Whole,
)

NAIVE_ONLY = "withstands naive attackers only"
PLACE_IS_LEFT = "hides the shape; place, height and path in the frame stay the original's"
NOTHING = "no protection is claimed: a baseline"
DONOR_POLICIES = {
    "fixed": "one subject for all walks (the paper's)",
    "random": "another random subject for each walk",
    "synthetic": "walkers who exist nowhere, drawn for each walk",
    "none": "nobody: the method needs no donor",
}
DATASET_DECIDES = {"draws", "frame_rate"}  # parameters that are as the dataset has it, where nobody says
UNSAID = {"draws"}  # changes nothing that is seen, only who could draw the donors again
ANY_DONOR = ("synthetic", "fixed", "random")
FIXED_FIRST = ("fixed", "random", "synthetic")


@dataclass(frozen=True)
class Method:
    """What a method is called, starts from, needs and can claim."""

    name: str
    label: str
    claim: str  # what may be said about how far it protects
    reference: str  # where the idea is from
    parameters: Mapping[str, Parameter]
    donor_policies: tuple[str, ...]  # those it can work with, its own default first
    donors_wanted: int = 1
    donors_parameter: str | None = None  # the parameter that says how many donors are wanted, if one does
    draws_own_donors: bool = False  # it makes its own fresh walkers for each track and is handed none
    needs_network: bool = False
    first_layers: int = 1  # of the network: 1 shared by both inputs, or one for each
    learned: tuple[str, ...] = ()  # the parameters that the network's weights depend on

    @property
    def default_donor(self) -> str:
        return self.donor_policies[0]

    @property
    def default_alpha(self) -> float | None:
        """None for a method without α."""
        alpha = self.parameters.get("alpha")
        return alpha.default if isinstance(alpha, Number) else None

    @property
    def learned_parameters(self) -> dict[str, Parameter]:
        return {name: self.parameters[name] for name in self.learned}

    @property
    def further_parameters(self) -> dict[str, Parameter]:
        """All but α, which pages and commands ask for by itself."""
        return {name: spec for name, spec in self.parameters.items() if name != "alpha"}

    def checked(self, given: Parameters) -> dict[str, Any]:
        """All parameters, as given or by default; ValueError names what is unknown or out of range."""
        return parameter_checks.checked(self.name, self.parameters, given)

    def parsed(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """Parameters out of a form or a command; ValueError as above."""
        return parameter_checks.parsed(self.name, self.parameters, texts)

    def donors_for(self, given: Parameters) -> int:
        """How many donors one track has to be handed."""
        if self.draws_own_donors or self.default_donor == "none":
            return 0
        settings = self.checked(given)
        return int(settings[self.donors_parameter]) if self.donors_parameter else self.donors_wanted

    def donor_angles(self, given: Parameters, view_angles: Iterable[int]) -> frozenset[int]:
        """From where the donors of a track must have been seen."""
        chosen = self.checked(given).get("noise_view_angle", AS_ORIGINAL)
        return frozenset(view_angles) if chosen == AS_ORIGINAL else frozenset([chosen])

    def described(self, given: Parameters) -> str:
        """The name with α and whatever is not as usual, as in `blend α 0.3, order raster`."""
        usual = {name: spec.default for name, spec in self.further_parameters.items()}
        alpha = f" α {given['alpha']:g}" if given.get("alpha") is not None else ""
        other = [
            f"{name} {given[name]}"
            for name in usual
            if name not in UNSAID and given.get(name, usual[name]) != usual[name]
        ]
        return ", ".join([f"{self.name}{alpha}", *other]).replace("_", " ")


def _alpha(default: float, about: str = "how much of the donor's gait is mixed in (the paper's α)") -> Number:
    return Number(default, 0.0, 100.0, about)


# Which reading of the paper's text: the first of each is the one that gives people's shapes.
READING: dict[str, Parameter] = {
    "order": Choice(
        "traced", ("traced", "raster"), "order of the contour's pixels; raster is a literal reading"
    ),
    "padding": Choice(
        "resampled", ("resampled", "zero"), "how contours fill the vector; zero is a literal reading"
    ),
    "phase": Choice(
        "aligned", ("aligned", "none"), "whether the donor walks in step; none is a literal reading"
    ),
}
NOISE_VIEW_ANGLE = ViewAngle(
    "from where the donor is seen (the paper's Fig. 7 shows others than the original's)"
)


CONTOUR_PARAMETERS: dict[str, Parameter] = {
    "alpha": _alpha(0.3),
    **READING,
    "noise_view_angle": NOISE_VIEW_ANGLE,
}


def _contour_network(name: str, label: str, reference: str, first_layers: int) -> Method:
    """One of those whose network has to be trained for α and the reading of the paper's text."""
    return Method(
        name=name,
        label=label,
        claim=NAIVE_ONLY,
        reference=reference,
        parameters=CONTOUR_PARAMETERS,
        donor_policies=FIXED_FIRST,
        needs_network=True,
        first_layers=first_layers,
        learned=("alpha", *READING),
    )


def _filter(name: str, label: str, strength: float, about: str) -> Method:
    """One of those that change a picture by itself."""
    spec = Number(strength, 0.0, 25.0, f"{about}, percent of the body's height")
    return Method(name, label, NOTHING, "Common practice", {"strength": spec}, ("none",))


METHODS: dict[str, Method] = {
    each.name: each
    for each in (
        Method(
            name="replace-best",
            label="Best of n fresh walkers",
            claim=replace_best.CLAIM,
            reference="This project; see docs/method/replace-best.md",
            parameters=replace_best.PARAMETERS,
            donor_policies=("synthetic",),
            draws_own_donors=True,
        ),
        Method(
            name="sdf",
            label="Blended distance fields",
            claim=NAIVE_ONLY,
            reference="Blending by distance fields: Payne and Toga 1992",
            parameters={"alpha": _alpha(1.5, "how much of the donor's shape is mixed in")},
            donor_policies=ANY_DONOR,
        ),
        _contour_network("tieu", "Contour network (Tieu et al. 2017)", "Tieu et al. 2017", 1),
        _contour_network(
            "tieu-unshared",
            "The same network with a first layer for each input, so that α acts",
            "Tieu et al. 2017, with unshared first layers",
            2,
        ),
        Method(
            name="blend",
            label="Contour blend, the closed-form minimum of the network's loss",
            claim=NAIVE_ONLY,
            reference="Minimum of equation 5 of Tieu et al. 2017",
            parameters=CONTOUR_PARAMETERS,
            donor_policies=FIXED_FIRST,
        ),
        Method(
            name="donor-mix",
            label="Mean shape with several donors, as k-same does",
            claim=NAIVE_ONLY,
            reference="k-same: Newton, Sweeney and Malin 2005",
            parameters={
                "alpha": _alpha(1.0, "weight of each donor against the own shape"),
                "donors": Whole(9, 1, 16, "how many walkers are mixed in"),
            },
            donor_policies=("synthetic", "random"),
            donors_parameter="donors",
        ),
        Method(
            name="replace",
            label="The donor's walk in the original's phase and place",
            claim=PLACE_IS_LEFT,
            reference="Full replacement, the upper end of privacy for a shape",
            parameters={},
            donor_policies=ANY_DONOR,
        ),
        _filter("blur", "Blurred outline", 4.0, "spread of the Gaussian"),
        _filter("pixelate", "Coarse squares", 4.0, "side of a square"),
        _filter("dilate", "Thickened", 3.0, "radius that is added"),
        _filter("erode", "Thinned", 2.0, "radius that is taken away"),
        Method(
            name="phase",
            label="Other moments of the same walk",
            claim="hides nothing: the null that a gait energy image cannot see",
            reference="This project's control",
            parameters={
                "shift": Number(0.5, 0.0, 1.0, "how far the walk is moved in its cycle, cycles"),
                "warp": Number(0.2, 0.0, 0.9, "how much it hurries and lingers, share of its speed"),
            },
            donor_policies=("none",),
        ),
    )
}


def named(name: str) -> Method:
    """The method of that name; ValueError lists the names there are."""
    if name not in METHODS:
        raise ValueError(f"there is no method {name!r}; choose one of {', '.join(METHODS)}")
    return METHODS[name]


def described(name: str, alpha: float | None, given: Parameters) -> str:
    """A method with its settings, short; the bare name where the method is no longer known."""
    return METHODS[name].described({**given, "alpha": alpha}) if name in METHODS else name
