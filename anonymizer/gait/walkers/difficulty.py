"""How hard the walkers are to tell apart: presets of what changes between two walks of one person.

A model, not a measurement. Measured with the nearest neighbour on raw gait energy images (64 × 48), 60 subjects,
gallery nm-01 to nm-04, rank-1 in %, mean over the 11 view angles where the probe is seen from the gallery's:

        | normal | bag | coat | 90° to 72°, 54°, 0°
easy    |  100   |  64 |  35  |  90, 27, 3
casia   |   98   |  58 |  30  |  80, 22, 3
hard    |   83   |  47 |  24  |  57, 18, 3

`casia`, the default, aims at what is known of CASIA-B; nobody should take it for CASIA-B.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Difficulty:
    """What differs from walk to walk, and what the segmentation leaves of the outline."""

    walk_variation: float  # of the gait, in units of what motion capture shows
    cycle_variation: float  # of the gait from cycle to cycle, likewise
    log_speed: float  # standard deviation of ln(speed / usual speed)
    heading: float  # standard deviation of the walking direction, degrees
    place: float  # standard deviation of where on the walkway, m
    clothing: float  # standard deviation of how clothes sit, as a share of their thickness
    noise: float  # of the outline, pixels
    holes: float  # missing or added patches a frame


DIFFICULTIES = {
    "easy": Difficulty(0.5, 0.5, 0.02, 0.5, 0.03, 0.0, 0.0, 0.0),
    "casia": Difficulty(0.75, 1.0, 0.04, 1.5, 0.06, 0.05, 0.35, 0.1),
    "hard": Difficulty(1.5, 1.3, 0.08, 3.0, 0.10, 0.25, 1.0, 0.6),
}


MOST_PATH_VARIATION = 10.0  # 0.6 m and 15° with `casia`: further aside, bodies leave the picture


def difficulty_named(name: str, path_variation: float = 1.0) -> Difficulty:
    """The preset, with place and heading varying so many times as much; ValueError where there is none."""
    if name not in DIFFICULTIES:
        raise ValueError(f"difficulty must be one of {', '.join(DIFFICULTIES)}, not {name!r}")
    if not 0 <= path_variation <= MOST_PATH_VARIATION:
        raise ValueError(f"path_variation must be from 0 to {MOST_PATH_VARIATION:g}, not {path_variation}")
    preset = DIFFICULTIES[name]
    return replace(preset, heading=preset.heading * path_variation, place=preset.place * path_variation)
