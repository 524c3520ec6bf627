"""Public speeds: what a replaced walk may be told of how fast the original went.

The speeds of people who walk as they like are cut into `count` parts that equally many fall into; each part's mean
is a level. The original's speed chooses the level and nothing else, so that `count` levels give away no more than
`count` times as many donors would. With one level everybody goes at the public mean speed.
"""

import itertools
from collections.abc import Iterable
from functools import cache
from statistics import NormalDist

import numpy as np

# ln of m/s, of 400 walkers who exist nowhere, drawn as donors are.
USUAL = NormalDist(0.14, 0.21)
_STANDARD = NormalDist()


@cache
def levels(count: int) -> tuple[float, ...]:
    """Speeds in m/s, slowest first: the means, in ln, of `count` equally common parts."""
    edges = _edges(count)
    heights = [0.0, *map(_STANDARD.pdf, edges), 0.0]
    means = [count * (low - high) for low, high in itertools.pairwise(heights)]
    return tuple(float(np.exp(USUAL.mean + USUAL.stdev * mean)) for mean in means)


def level_of(speeds: Iterable[float], count: int) -> float:
    """The level for a walk whose speed was measured so, in m/s, by one or several views."""
    middle = float(np.mean(np.log(np.maximum(list(speeds), 0.05))))
    place = np.searchsorted(_edges(count), (middle - USUAL.mean) / USUAL.stdev)
    return levels(count)[int(place)]


def _edges(count: int) -> list[float]:
    """Between the parts, in standard deviations."""
    return [_STANDARD.inv_cdf(part / count) for part in range(1, count)]
