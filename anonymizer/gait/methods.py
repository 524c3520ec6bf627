"""All methods of changing a gait, each by its name, behind one call.

    anonymize(track, "sdf", parameters={"alpha": 1.5}, donors=[donor], rng=rng)

A track is one walk as one or several cameras saw it. A method makes one choice for the whole track: other
choices for other cameras would let an observer of several of them compare. A new method is one function
and one entry of METHODS; a function that treats each view by itself is wrapped in `each_view`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from anonymizer.gait import parameters as parameter_checks
from anonymizer.gait.contour_methods import ALPHA, READING, blend, tieu
from anonymizer.gait.distance_field_methods import sdf
from anonymizer.gait.donors import Donor, Track, Walk, prepared
from anonymizer.gait.parameters import Number, Parameter, Parameters
from anonymizer.gait.silhouettes import Silhouettes
from anonymizer.gait.silhouettes import checked as checked_silhouettes
from anonymizer.gait.training import Checkpoint

NAIVE_ONLY = "withstands naive attackers only"


class ChangeTrack(Protocol):
    """How a method changes a whole track. `donors` are as many as the method wants."""

    def __call__(
        self,
        track: Donor,
        donors: Sequence[Donor],
        parameters: Parameters,
        network: Checkpoint | None,
        rng: np.random.Generator,
    ) -> Track: ...


class ChangeView(Protocol):
    """How a method changes one view of a track, with the donors as seen at the same view angle."""

    def __call__(
        self,
        original: Walk,
        donors: Sequence[Walk],
        parameters: Parameters,
        network: Checkpoint | None,
        rng: np.random.Generator,
    ) -> Silhouettes: ...


@dataclass(frozen=True)
class Method:
    """One way to change a gait, and what a caller must know to offer it and to run it."""

    name: str
    label: str
    claim: str  # what may be said about how far it protects
    change: ChangeTrack
    parameters: Mapping[str, Parameter]
    donor_policy: str | None  # the default one of donors.POLICIES
    donors_wanted: int = 1
    donors_parameter: str | None = None  # the parameter that says how many donors are wanted, if one does
    needs_network: bool = False

    def checked(self, given: Parameters) -> dict[str, Any]:
        """All parameters, as given or by default; ValueError names what is unknown or out of range."""
        return parameter_checks.checked(self.name, self.parameters, given)

    def donors_for(self, given: Parameters) -> int:
        """How many donors one track needs."""
        wanted = self.checked(given)
        return int(wanted[self.donors_parameter]) if self.donors_parameter else self.donors_wanted


def each_view(change: ChangeView) -> ChangeTrack:
    """A method for whole tracks out of one for single views; blank views are left as they are."""

    def change_track(
        track: Donor,
        donors: Sequence[Donor],
        parameters: Parameters,
        network: Checkpoint | None,
        rng: np.random.Generator,
    ) -> Track:
        changed: dict[int, Silhouettes] = {}
        for angle, silhouettes in track.items():
            if silhouettes.any():
                walks = [donor.walk(angle) for donor in donors]
                changed[angle] = change(track.walk(angle), walks, parameters, network, rng)
            else:
                changed[angle] = silhouettes.copy()
        return changed

    return change_track


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            name="tieu",
            label="Contour network (Tieu et al. 2017)",
            claim=NAIVE_ONLY,
            change=each_view(tieu),
            parameters={"alpha": ALPHA, **READING},
            donor_policy="fixed",
            needs_network=True,
        ),
        Method(
            name="blend",
            label="Contour blend, the closed-form minimum of the network's loss",
            claim=NAIVE_ONLY,
            change=each_view(blend),
            parameters={"alpha": ALPHA, **READING},
            donor_policy="fixed",
        ),
        Method(
            name="sdf",
            label="Signed distance field blend",
            claim=NAIVE_ONLY,
            change=each_view(sdf),
            parameters={"alpha": Number(1.5, 0.0, 100.0, "how much of the donor's shape is mixed in")},
            donor_policy="synthetic",
        ),
    )
}


def named(name: str) -> Method:
    """The method of that name; ValueError lists the names there are."""
    if name not in METHODS:
        raise ValueError(f"there is no method {name!r}; choose one of {', '.join(METHODS)}")
    return METHODS[name]


def anonymize(
    track: Track,
    method: str,
    *,
    parameters: Parameters | None = None,
    donors: Sequence[Track] = (),
    network: Checkpoint | None = None,
    rng: np.random.Generator,
) -> dict[int, Silhouettes]:
    """The changed track: the same view angles and shapes, each body where the original's was; blank stays
    blank.

    `donors` are as many tracks as `METHODS[method].donors_for(parameters)` says, each with all the
    track's view angles; donors out of a `DonorBank` keep what was computed of them. Parameters of a
    method with a network default to those that its checkpoint was trained with. Raises ValueError for
    whatever does not fit.
    """
    chosen = named(method)
    settings = _settings(chosen, parameters or {}, network)
    wanted = chosen.donors_for(settings)
    if len(donors) != wanted:
        raise ValueError(
            f"the method {method!r} needs {wanted} donors for a track and was given {len(donors)}"
        )
    for silhouettes in track.values():
        checked_silhouettes(silhouettes)
    changed = chosen.change(prepared(track), [prepared(donor) for donor in donors], settings, network, rng)
    return dict(changed)


def _settings(method: Method, given: Parameters, network: Checkpoint | None) -> dict[str, Any]:
    """Checked parameters that agree with the network's, where there is one."""
    if not method.needs_network:
        if network is not None:
            raise ValueError(f"the method {method.name!r} uses no network; leave the checkpoint out")
        return method.checked(given)
    if network is None:
        raise ValueError(f"the method {method.name!r} needs a trained network: give a checkpoint")
    if network.method != method.name:
        raise ValueError(f"the checkpoint was trained for {network.method!r}, not for {method.name!r}")
    settings = method.checked({**network.parameters, **given})
    for name, trained in method.checked(network.parameters).items():
        if settings[name] != trained:
            raise ValueError(
                f"the checkpoint was trained with {name} = {trained!r}; for {settings[name]!r} train another"
            )
    return settings
