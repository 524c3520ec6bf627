"""The methods that blend signed distance fields, and the one that puts the donor in the original's place.

Blending fields to go from one shape to another is Payne and Toga's (1992); mixing a person with several others
so that they share one look is the idea of k-same (Newton, Sweeney and Malin 2005), here on whole bodies.
"""

from collections.abc import Sequence

from anonymizer.gait import distance_fields
from anonymizer.gait.contour_methods import donor_frames
from anonymizer.gait.donors import Walk
from anonymizer.gait.method_call import Call
from anonymizer.gait.silhouettes import Silhouettes


def sdf(original: Walk, donors: Sequence[Walk], call: Call) -> Silhouettes:
    """The shape where the original's signed distance plus α times the donor's is negative."""
    return _blended(original, donors[:1], call.parameters["alpha"])


def donor_mix(original: Walk, donors: Sequence[Walk], call: Call) -> Silhouettes:
    """The shape where the original's signed distance plus α times that of each of several donors is negative.

    At α = 1 all count alike: the mean body of them all.
    """
    return _blended(original, donors, call.parameters["alpha"])


def replace(original: Walk, donors: Sequence[Walk], call: Call) -> Silhouettes:
    """The donor's walk in the original's phase and place; of the original only its box is left."""
    donor = donors[0]
    frames = donor_frames(original, donor)
    return distance_fields.replaced(original.bodies, donor.bodies, frames, original.silhouettes.shape[1:])


def _blended(original: Walk, donors: Sequence[Walk], alpha: float) -> Silhouettes:
    mixed_in = [(donor.bodies, donor_frames(original, donor), alpha) for donor in donors]
    return distance_fields.blended(original.bodies, mixed_in, original.silhouettes.shape[1:])
