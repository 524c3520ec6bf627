"""All methods of changing a gait, each by its name, behind one call.

    anonymize(track, "sdf", parameters={"alpha": 1.5}, donors=[donor], rng=rng)

A track is one walk as one or several cameras saw it. A method makes one choice for the whole track: other
choices for other cameras would let an observer of several of them compare. A new method is one entry of
`catalogue.METHODS` and one function in CHANGES; a function that treats each view by itself is wrapped in
`each_view`. One that draws its own donors (`draws_own_donors`) draws them once a track.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from anonymizer.gait.catalogue import Method, named
from anonymizer.gait.contour_methods import blend, tieu
from anonymizer.gait.distance_field_methods import donor_mix, replace, sdf
from anonymizer.gait.donors import Donor, Track, Walk, facing_alike, prepared
from anonymizer.gait.filter_methods import (
    ChangePicture,
    blurred,
    dilated,
    eroded,
    of_silhouettes,
    pixelated,
)
from anonymizer.gait.method_call import Call
from anonymizer.gait.parameters import AS_ORIGINAL, Parameters
from anonymizer.gait.replace_best import replace_best
from anonymizer.gait.silhouettes import Silhouettes
from anonymizer.gait.time_warp import phase
from anonymizer.gait.training import Checkpoint
from anonymizer.gait.usable import refuse_unusable


class ChangeTrack(Protocol):
    """How a method changes a whole track. `donors` are as many as the method wants."""

    def __call__(self, track: Donor, donors: Sequence[Donor], call: Call) -> Track: ...


class ChangeView(Protocol):
    """How a method changes one view of a track, with the donors as seen at the same view angle."""

    def __call__(self, original: Walk, donors: Sequence[Walk], call: Call) -> Silhouettes: ...


def each_view(change: ChangeView) -> ChangeTrack:
    """A method for whole tracks out of one for single views; blank views are left as they are."""

    def change_track(track: Donor, donors: Sequence[Donor], call: Call) -> Track:
        changed: dict[int, Silhouettes] = {}
        for angle, silhouettes in track.items():
            if silhouettes.any():
                walks = [_lent(track.walk(angle), donor, angle, call.parameters) for donor in donors]
                changed[angle] = change(track.walk(angle), walks, call)
            else:
                changed[angle] = silhouettes.copy()
        return changed

    return change_track


def _lent(original: Walk, donor: Donor, view_angle: int, parameters: Parameters) -> Walk:
    """The donor as seen from where the parameters say, facing as the original does."""
    seen_from = parameters.get("noise_view_angle", AS_ORIGINAL)
    if seen_from != AS_ORIGINAL:
        return donor.walk(seen_from)
    if parameters.get("phase") == "none":
        return donor.walk(view_angle)  # as it comes
    return facing_alike(original, donor.walk(view_angle), view_angle)


def filtered(change: ChangePicture) -> ChangeTrack:
    """A method out of one that changes a picture by itself."""

    def change_view(original: Walk, donors: Sequence[Walk], call: Call) -> Silhouettes:
        return of_silhouettes(original.silhouettes, call.parameters["strength"], change)

    return each_view(change_view)


# What each method of the catalogue does.
CHANGES: dict[str, ChangeTrack] = {
    "sdf": each_view(sdf),
    "tieu": each_view(tieu),
    "blend": each_view(blend),
    "tieu-unshared": each_view(tieu),
    "donor-mix": each_view(donor_mix),
    "replace": each_view(replace),
    "blur": filtered(blurred),
    "pixelate": filtered(pixelated),
    "dilate": filtered(dilated),
    "erode": filtered(eroded),
    "phase": phase,
    "replace-best": replace_best,
}


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

    `donors` are as many tracks as `Method.donors_for(parameters)` says, each with the view angles
    of `Method.donor_angles`; a `Donor` keeps what was computed of it. Parameters of a
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
    refuse_unusable(track)
    call = Call(settings, network, rng)
    return dict(CHANGES[method](prepared(track), [prepared(donor) for donor in donors], call))


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
    if len(network.weights.first) != method.first_layers:
        raise ValueError(
            f"the method {method.name!r} needs a network of {method.first_layers} first layers, "
            f"and the checkpoint's has {len(network.weights.first)}"
        )
    settings = method.checked({**network.parameters, **given})
    trained = method.checked(network.parameters)
    for name in method.learned:
        if settings[name] != trained[name]:
            raise ValueError(
                f"the checkpoint was trained with {name} = {trained[name]!r}; "
                f"for {settings[name]!r} train another"
            )
    return settings
