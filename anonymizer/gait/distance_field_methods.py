"""The methods that blend signed distance fields."""

from collections.abc import Sequence

import numpy as np

from anonymizer.gait import distance_fields
from anonymizer.gait.contour_methods import donor_frames
from anonymizer.gait.donors import Walk
from anonymizer.gait.parameters import Parameters
from anonymizer.gait.silhouettes import Silhouettes
from anonymizer.gait.training import Checkpoint


def sdf(
    original: Walk,
    donors: Sequence[Walk],
    parameters: Parameters,
    network: Checkpoint | None,
    rng: np.random.Generator,
) -> Silhouettes:
    """The shape where the original's signed distance plus α times the donor's is negative."""
    donor = donors[0]
    mixed_in = (donor.bodies, donor_frames(original, donor), parameters["alpha"])
    return distance_fields.blended(original.bodies, [mixed_in], original.silhouettes.shape[1:])
