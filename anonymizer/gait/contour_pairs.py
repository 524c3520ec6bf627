"""What a network learns from: contour vectors of a walk and of its noise gait, traced in a process of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from anonymizer.gait import contour_methods
from anonymizer.gait.batch import PackedTrack
from anonymizer.gait.contours import Vectors
from anonymizer.gait.silhouettes import unpack


@dataclass(frozen=True)
class PairJob:
    """One walk of D2 and its noise gait, to be traced."""

    original: PackedTrack
    noise: PackedTrack
    parameters: Mapping[str, Any]  # those that the weights depend on
    stride: int  # every how many frames of the walk one is traced


def contour_pair(job: PairJob) -> tuple[Vectors, Vectors] | None:
    """Contour vectors, (frames, 4000) each, of one walk and of its noise gait in phase with it.

    None where one of them shows nobody.
    """
    own, noise = ({angle: unpack(data) for angle, data in each.views} for each in (job.original, job.noise))
    try:
        return contour_methods.training_pairs([own], [noise], job.parameters, job.stride)
    except ValueError:
        return None
