"""How hard the walkers are to tell apart: presets of what changes between two walks of one person.

A model, not a measurement: `casia` is set so that a nearest neighbour on raw gait energy images does about as
published for CASIA-B (docs/method says what was measured).
"""

from dataclasses import dataclass


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


def difficulty_named(name: str) -> Difficulty:
    """The preset; ValueError where there is none of that name."""
    if name not in DIFFICULTIES:
        raise ValueError(f"difficulty must be one of {', '.join(DIFFICULTIES)}, not {name!r}")
    return DIFFICULTIES[name]
