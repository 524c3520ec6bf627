"""Conditions in turn, along a round of view angles: a colouring of the edges of a regular bipartite graph.

A round shows every walk of every view angle under each of C conditions, so it has C places for each walk. Two
things are wanted at once, at any place the round is cut: every condition shown equally often (to one), and
within a view angle, too. Cut the round into blocks of C neighbours, and each view angle's own places into
blocks of C. If every block of either kind holds each condition exactly once, both hold. Places are the edges
between a block of the one kind and a block of the other, and every block has C of them: such a graph always has
a proper colouring with C colours (D. König, "Über Graphen und ihre Anwendung auf Determinantentheorie und
Mengenlehre", Mathematische Annalen 77, 1916). It is found here as in König's proof, by alternating paths.
"""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def conditions_in_turn(round_of_angles: Ints, conditions: int, rng: np.random.Generator) -> Ints:
    """A condition, 0 … conditions - 1, for each place of the round: (places,).

    The length of the round and each view angle's number of places must be multiples of `conditions`.
    """
    places = len(round_of_angles)
    in_angle = np.empty(places, dtype=np.int64)
    starts = 0
    for angle in np.unique(round_of_angles):
        own = np.flatnonzero(round_of_angles == angle)
        if len(own) % conditions:
            raise ValueError(
                f"{len(own)} places of view angle {angle} can't hold {conditions} conditions equally."
            )
        in_angle[own] = starts + np.arange(len(own)) // conditions
        starts += len(own) // conditions
    blocks = [(int(place // conditions), int(block)) for place, block in enumerate(in_angle)]
    names = rng.permutation(conditions)
    return np.asarray(names[_coloured(blocks, conditions)], dtype=np.int64)


def _coloured(edges: list[tuple[int, int]], colours: int) -> Ints:
    """A colour for each edge so that no two at one end are alike; every end has at most `colours` edges."""
    ends = max(max(left, right) for left, right in edges) + 1
    at_left = np.full((ends, colours), -1)  # the edge of that colour at that end; -1: none
    at_right = np.full((ends, colours), -1)
    given = np.full(len(edges), -1)
    for edge, (left, right) in enumerate(edges):
        free_left = int(np.flatnonzero(at_left[left] < 0)[0])
        free_right = int(np.flatnonzero(at_right[right] < 0)[0])
        if free_left != free_right:
            _swap_along(right, free_left, free_right, edges, given, at_left, at_right)
        at_left[left, free_left] = at_right[right, free_left] = edge
        given[edge] = free_left
    return given


def _swap_along(
    right: int,
    colour: int,
    other: int,
    edges: list[tuple[int, int]],
    given: Ints,
    at_left: Ints,
    at_right: Ints,
) -> None:
    """Swap two colours on the path that leaves `right` by `colour`, so that `colour` becomes free there.

    Both kinds of end alternate along the path, so it can't come back, nor to where `colour` was free already.
    """
    path = []
    here, on_right, wanted = right, True, colour
    while (edge := int((at_right if on_right else at_left)[here, wanted])) >= 0:
        path.append(edge)
        here = edges[edge][0] if on_right else edges[edge][1]
        on_right, wanted = not on_right, other if wanted == colour else colour
    for edge in path:
        left_end, right_end = edges[edge]
        at_left[left_end, given[edge]] = at_right[right_end, given[edge]] = -1
    for edge in path:
        left_end, right_end = edges[edge]
        given[edge] = other if given[edge] == colour else colour
        at_left[left_end, given[edge]] = at_right[right_end, given[edge]] = edge
