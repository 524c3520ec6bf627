"""Public levels: what a replaced walk may be told of how fast the original went and how tall it is.

The speeds of people who walk as they like are cut into `count` parts that equally many fall into; each part's mean
is a level, and so with statures. The original chooses the level and nothing else, so that `count` levels give away
no more than `count` times as many donors would. With one level everybody has the public mean.

The level of a person whose walks all fall into one part is the same in every clip: linked clips add nothing to it.
"""

import itertools
from collections.abc import Iterable
from functools import cache
from statistics import NormalDist

import numpy as np

# ln of m/s and of m, of 400 walkers who exist nowhere, drawn as donors are.
SPEEDS = NormalDist(0.14, 0.21)
STATURES = NormalDist(0.538, 0.043)
_STANDARD = NormalDist()


@cache
def levels(count: int, usual: NormalDist = SPEEDS) -> tuple[float, ...]:
    """In m/s or m, least first: the means, in ln, of `count` equally common parts of what is usual."""
    edges = _edges(count)
    heights = [0.0, *map(_STANDARD.pdf, edges), 0.0]
    means = [count * (low - high) for low, high in itertools.pairwise(heights)]
    return tuple(float(np.exp(usual.mean + usual.stdev * mean)) for mean in means)


def level_of(measured: Iterable[float], count: int, usual: NormalDist = SPEEDS) -> float:
    """The level for a walk that was measured so, in m/s or m, by one or several views."""
    middle = float(np.mean(np.log(np.maximum(list(measured), 0.05))))
    place = np.searchsorted(_edges(count), (middle - usual.mean) / usual.stdev)
    return levels(count, usual)[int(place)]


def _edges(count: int) -> list[float]:
    """Between the parts, in standard deviations."""
    return [_STANDARD.inv_cdf(part / count) for part in range(1, count)]
