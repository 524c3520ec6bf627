"""Whether a track shows one person at all: asked when it is brought in, and again before anything is done to it.

What can't be used is refused in words, so that a job can report it and go on. A body at the frame's border is
usable: crops fill their frames, and people walk out of a picture. So are blank frames among others.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from anonymizer.gait.donors import Track
from anonymizer.gait.parts import measured_parts
from anonymizer.gait.silhouettes import Silhouettes, as_pixels, blank_frames, checked, is_swapped

_LOOKED_AT = 12  # frames a view, spread over the walk
_MOST = 0.5  # share of them that may look wrong
_SECOND_BODY = 0.4  # of the largest part's area; the rest of somebody in pieces is smaller or stands below
_SIDE_BY_SIDE = 0.6  # share of the smaller one's height that both have in common


def refuse_unusable(track: Track) -> None:
    """ValueError says what is wrong with it, and from where."""
    if not isinstance(track, Mapping):
        raise ValueError(
            f"a track is view angles in degrees to walks, as in {{90: walk}}, not {type(track).__name__}"
        )
    if not track:
        raise ValueError("the track has no view")
    for angle, silhouettes in track.items():
        wrong = what_is_wrong(silhouettes)
        if wrong:
            raise ValueError(f"view angle {angle}°: {wrong}")
    if not any(silhouettes.any() for silhouettes in track.values()):
        raise ValueError("no frame of any view shows a body")


def what_is_wrong(silhouettes: Silhouettes) -> str:
    """Empty where the silhouettes may be used; blank ones may."""
    shown = np.flatnonzero(~blank_frames(checked(silhouettes)))
    if len(shown) == 0:
        return ""
    looked_at = as_pixels(silhouettes[shown[np.linspace(0, len(shown) - 1, _LOOKED_AT).astype(int)]])
    if np.mean([is_swapped(frame) for frame in looked_at]) > _MOST:
        return "body and background are swapped: most of the border is body; invert the silhouettes"
    several = np.mean([_shows_several(frame) for frame in looked_at])
    if several > _MOST:
        return f"{several:.0%} of the frames show several people; keep one person a sequence"
    return ""


def _shows_several(frame: NDArray[np.uint8]) -> bool:
    """Whether a second large part stands beside the largest one."""
    parts = measured_parts(frame)  # (parts, 5) top, left, bottom, right, pixels
    parts = parts[np.argsort(-parts[:, 4], kind="stable")]
    if len(parts) < 2 or parts[1, 4] < _SECOND_BODY * parts[0, 4]:
        return False
    tops, bottoms = parts[:2, 0], parts[:2, 2]
    common = bottoms.min() - tops.max()
    return bool(common >= _SIDE_BY_SIDE * (bottoms - tops).min())
