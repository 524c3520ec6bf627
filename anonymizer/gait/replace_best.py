"""`replace-best`: of n donors drawn afresh, the one that fits best walks the original's path in its place.

Nothing of the original's body or movement is kept: it tells where the path lies, in which phase the walk is at
mid-clip, and which of the n donors differs least from it. All views of a track get the same donor. How much that
can give away is bounded, whatever the attacker knows: see `replace_best_bound`.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from anonymizer.gait.donors import Donor, Track
from anonymizer.gait.method_call import Call
from anonymizer.gait.replace_best_choice import Figures, best
from anonymizer.gait.replace_best_donors import Candidate, draw, secret_generator
from anonymizer.gait.replace_best_scene import Chances, View, scene
from anonymizer.gait.silhouettes import Silhouettes, blank_frames
from anonymizer.gait.walkers.segmentation_noise import segmented

_PATCHES = 0.1  # lost or added to a frame, where there is noise
_SMALLEST = 80  # pixels of height below which such a patch would be a limb


def replace_best(track: Donor, donors: Sequence[Donor], call: Call) -> Track:
    """The track with another walker in it; blank frames and views stay blank.

    Draws its own donors: from the call's generator where the draws are to be `seeded`, else from one that nobody can
    draw from again. ValueError where the path can't be followed as asked.
    """
    parameters = call.parameters
    rng = secret_generator() if parameters["draws"] == "secret" else call.rng
    candidates = draw(rng, parameters["n"], parameters["spread"])
    chances, key = Chances.drawn(rng), int(rng.integers(2**62))
    views = scene(track, parameters, chances)
    return replaced(track, views, candidates, key, parameters["noise"])


def replaced(
    track: Donor, views: Mapping[int, View], candidates: Sequence[Candidate], key: int, noise: float
) -> Track:
    """The best of the candidates in the scene's views; `key` chooses the noise of the outline."""
    figure = best(track, views, candidates) if views else None
    return {
        angle: rendered(silhouettes, views[angle], figure, key + angle, noise)
        if figure is not None and angle in views
        else silhouettes.copy()
        for angle, silhouettes in track.items()
    }


def rendered(original: Silhouettes, view: View, figure: Figures, key: int, noise: float) -> Silhouettes:
    shown = np.flatnonzero(~blank_frames(original))
    clean = figure.seen(view, shown, original.shape[1:])
    tall = clean.any(axis=2).sum(axis=1).max() >= _SMALLEST
    result = np.zeros_like(original)
    result[shown] = segmented(clean, key, noise, _PATCHES if noise and tall else 0.0)
    return result
