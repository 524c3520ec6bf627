"""`replace-best`: of n donors drawn afresh, the one that fits best walks the original's path in its place.

Nothing of the original's body or movement is kept: it tells where the path lies, in which phase the walk is at
mid-clip, and which of the n donors differs least from it. All views of a track get the same donor. How much that
can give away is bounded, whatever the attacker knows: see `replace_best_bound`.
"""

from collections.abc import Sequence

import numpy as np

from anonymizer.gait.donors import Donor, Track
from anonymizer.gait.parameters import Choice, Number, Parameters
from anonymizer.gait.replace_best_choice import Figures, best
from anonymizer.gait.replace_best_donors import draw
from anonymizer.gait.replace_best_scene import Chances, View, scene
from anonymizer.gait.silhouettes import Silhouettes, blank_frames
from anonymizer.gait.training import Checkpoint
from anonymizer.gait.walkers.segmentation_noise import segmented

PARAMETERS = {
    "n": Number(8, 1, 64, "donors to choose from: 1 is strict, more lie nearer to the original"),
    "pace": Choice(
        "steady",
        ("steady", "changing", "donor"),
        "the original's mean speed, its speed as it changes, or each donor's own",
    ),
    "speed_jitter": Number(0.0, 0.0, 0.3, "standard deviation of ln(speed / the original's)"),
    "path": Choice("auto", ("auto", "camera", "frame"), "followed over the floor of known cameras, or in the frame"),
    "spread": Number(1.0, 0.0, 1.0, "how much donors differ from the mean walker; 1 as people do"),
    "noise": Number(0.35, 0.0, 3.0, "pixels by which the outline wobbles, as segmentation leaves it"),
}
_PATCHES = 0.1  # lost or added to a frame, where there is noise
_SMALLEST = 80  # pixels of height below which such a patch would be a limb


def replace_best(
    track: Donor,
    donors: Sequence[Donor],
    parameters: Parameters,
    network: Checkpoint | None,
    rng: np.random.Generator,
) -> Track:
    """The track with another walker in it; blank frames and views stay blank.

    Draws its own donors from `rng`: pass `secret_generator()` where nobody must be able to draw them again.
    ValueError where the path can't be followed as asked.
    """
    candidates = draw(rng, int(parameters["n"]), parameters["spread"])
    chances, key = Chances.drawn(rng), int(rng.integers(2**62))
    views = scene(track, parameters, chances)
    figure = best(track, views, candidates) if views else None
    return {
        angle: _rendered(silhouettes, views[angle], figure, key + angle, parameters["noise"])
        if figure is not None and angle in views
        else silhouettes.copy()
        for angle, silhouettes in track.items()
    }


def _rendered(original: Silhouettes, view: View, figure: Figures, key: int, noise: float) -> Silhouettes:
    shown = np.flatnonzero(~blank_frames(original))
    clean = figure.seen(view, shown, original.shape[1:])
    tall = clean.any(axis=2).sum(axis=1).max() >= _SMALLEST
    result = np.zeros_like(original)
    result[shown] = segmented(clean, key, noise, _PATCHES if noise and tall else 0.0)
    return result
