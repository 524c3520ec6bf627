"""The methods that blend contour vectors: the paper's network, and the minimum of its loss without a network.

Which reading of the paper's contour vector is used is a matter of three parameters. The default is the
one that gives people's shapes: traced order, equal arc length, the donor in the original's phase. The
others are the literal readings: `order` raster lists pixels row by row, `padding` zero fills the vector
up with zeros, `phase` none takes the donor's frames as they come.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait import contours, gait_cycle, literal_contours
from anonymizer.gait.contours import Contours, Vectors
from anonymizer.gait.donors import Track, Walk, prepared
from anonymizer.gait.method_call import Call
from anonymizer.gait.network import closed_form, modified
from anonymizer.gait.parameters import Parameters
from anonymizer.gait.silhouettes import Silhouettes, blank_frames


def blend(original: Walk, donors: Sequence[Walk], call: Call) -> Silhouettes:
    """(X1 + αX2)/(1 + α): the minimum of the paper's loss, which its network cannot reach."""
    x1, x2 = vectors_in_phase(original, donors[0], call.parameters)
    return _pictures(original, closed_form(x1, x2, call.parameters["alpha"]), call.parameters)


def tieu(original: Walk, donors: Sequence[Walk], call: Call) -> Silhouettes:
    """Φ2(X1, X2) of a trained network (section III)."""
    assert call.network is not None  # `methods.anonymize` sees to it
    x1, x2 = vectors_in_phase(original, donors[0], call.parameters)
    y = modified(call.network.weights, x1, x2, call.network.device)
    if not y.any():
        raise ValueError("the network is dead: whatever it is given, its output is zero; train another")
    return _pictures(original, y if _literal(call.parameters) else _without_ends(y), call.parameters)


def _without_ends(y: Vectors) -> Vectors:
    """The convolutions see zeros beyond a vector's ends, which throws its first and last point far off."""
    result = y.copy()
    result[:, :2], result[:, -2:] = y[:, 2:4], y[:, -4:-2]
    return result


def training_pairs(
    tracks: Sequence[Track], donors: Sequence[Track], parameters: Parameters, stride: int = 1
) -> tuple[Vectors, Vectors]:
    """X1 and X2, (frames, 4000) each, of every `stride`-th frame of all views of all tracks, each with its
    donor.
    """
    if stride < 1:
        raise ValueError(f"the stride must be at least 1 frame, not {stride}")
    pairs: list[tuple[Vectors, Vectors]] = []
    for track, donor in zip(tracks, donors, strict=True):
        for angle, silhouettes in track.items():
            shown = np.flatnonzero(~blank_frames(silhouettes))[::stride]
            if len(shown):
                x1, x2 = vectors_in_phase(Walk(silhouettes), prepared(donor).walk(angle), parameters)
                pairs.append((x1[shown], x2[shown]))
    if not pairs:
        raise ValueError("there are no frames to train on: no track shows a body")
    return np.concatenate([x1 for x1, _ in pairs]), np.concatenate([x2 for _, x2 in pairs])


def vectors_in_phase(original: Walk, donor: Walk, parameters: Parameters) -> tuple[Vectors, Vectors]:
    """X1 and X2 (frames, 4000): the walk's contour vectors and the donor's that belong to them."""
    frames = donor_frames(original, donor, parameters["phase"] == "aligned")
    return _contours(original, parameters).vectors, _contours(donor, parameters).vectors[frames]


def donor_frames(original: Walk, donor: Walk, in_phase: bool = True) -> NDArray[np.intp]:
    """`(frames of original,)`: which frame of the donor goes with each; never one that shows nobody."""
    if in_phase:
        frames = gait_cycle.phase_map(original.features, donor.features).astype(np.intp)
    else:
        frames = np.arange(len(original.silhouettes)) % len(donor.silhouettes)
    shown = np.flatnonzero(~donor.features.blank)
    nearest = np.abs(shown[None] - np.arange(len(donor.silhouettes))[:, None]).argmin(axis=1)
    return np.asarray(shown[nearest[frames]], np.intp)


def _contours(walk: Walk, parameters: Parameters) -> Contours:
    if _literal(parameters):
        return literal_contours.contours(walk.silhouettes, parameters["order"], parameters["padding"])
    return walk.contours


def _literal(parameters: Parameters) -> bool:
    return (parameters["order"], parameters["padding"]) != ("traced", "resampled")


def _pictures(original: Walk, vectors: Vectors, parameters: Parameters) -> Silhouettes:
    height, width = original.silhouettes.shape[1:]
    places = _contours(original, parameters).places
    if _literal(parameters):
        return literal_contours.drawn(vectors, places, height, width, parameters["order"])
    return contours.drawn(vectors, places, height, width)
