"""The entry of `replace-best` in the catalogue; light to import."""

from anonymizer.gait.parameters import Choice, Number, Parameter, Parameters, Whole

CLAIM = "a donor gives away at most n of G people (rank-1 ≤ n/G); place and phase stand outside the bound"

PARAMETERS: dict[str, Parameter] = {
    "n": Whole(8, 1, 64, "fresh donors to choose from; 1 is strict, more lie nearer to the original"),
    "pace": Choice(
        "donor",
        ("donor", "level", "steady", "changing"),
        "each donor's own; a public level near the original's; or the original's mean or changing speed",
    ),
    "speeds": Whole(
        2, 1, 16, "public levels of speed to choose from, where the pace is one; 1 is the same for all"
    ),
    "statures": Whole(
        0, 0, 16, "public levels of stature to choose from, where cameras are known; 0 is each donor's own"
    ),
    "speed_jitter": Number(
        0.0, 0.0, 0.3, "standard deviation of ln(speed / the original's), where that is kept"
    ),
    "path": Choice(
        "auto", ("auto", "camera", "frame"), "followed over the floor of known cameras, or in the frame"
    ),
    "frame_rate": Number(
        25.0, 4.0, 120.0, "frames a second of the recording; left out, as the dataset has it"
    ),
    "spread": Number(1.0, 0.0, 1.0, "how much donors differ from the mean walker; 1 as people do"),
    "noise": Number(0.35, 0.0, 3.0, "pixels by which the outline wobbles, as segmentation leaves it"),
    "draws": Choice(
        "secret",
        ("secret", "seeded"),
        "secret: donors that nobody can draw again; seeded: the run's seed gives the same ones",
    ),
}


def levels_to_choose_from(parameters: Parameters) -> int:
    """Among how many pairs of speed and stature the original chooses; 1 where it has no say or nothing is public."""
    speeds = int(parameters["speeds"]) if parameters["pace"] == "level" else 1
    return speeds * max(1, int(parameters["statures"]))
