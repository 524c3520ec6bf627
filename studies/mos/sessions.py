"""A rater's session: practice first, then the pairs with checks of attention among them.

Everybody gets the same practice and the same checks, in an order and at places of their own: what stood at one
place for all would be talked about, and would weigh on the same pairs.
"""

from collections.abc import Sequence

import numpy as np


def sessions(
    seats: Sequence[Sequence[int]], *, training: Sequence[int], checks: Sequence[int], seed: int
) -> list[list[int]]:
    """Each seat's regular pairs with practice before and checks between them; all are names of pairs.

    A seat's order follows from the seed and its own position, so that more seats only append.
    """
    return [
        _session(list(pairs), list(training), list(checks), np.random.default_rng([seed, 1, position]))
        for position, pairs in enumerate(seats)
    ]


def _session(pairs: list[int], training: list[int], checks: list[int], rng: np.random.Generator) -> list[int]:
    """Checks are spread out: one in each of as many stretches of the session, never the first pair of it."""
    practice = [training[index] for index in rng.permutation(len(training))]
    order = [checks[index] for index in rng.permutation(len(checks))]
    edges = np.linspace(0, len(pairs), len(order) + 1).round().astype(int)
    session: list[int] = []
    for check, first, last in zip(order, edges[:-1], edges[1:], strict=True):
        place = int(rng.integers(min(first + 1, last), last + 1))
        session += [*pairs[first:place], check, *pairs[place:last]]
    return practice + (session if order else pairs)
