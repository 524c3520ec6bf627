"""Which rater sees which pairs, in which order.

A study's seats are fixed when it opens and raters take them from the first on, so balance must hold at any
moment: after every prefix of seats. One endless round of pairs does that. The view angles stand in a fixed
cyclic order, as evenly spread as their numbers of pairs allow; a seat is the next `pairs_per_rater` places of
the round; and each view angle deals out its own pairs like a deck of cards, reshuffled only when it is empty.

Guarantees, after every prefix of seats (T = pairs shown so far, n = pairs, n_a = pairs of view angle a):
- how often any two pairs were shown differs by at most one;
- view angle a was shown T · n_a / n times, rounded down or up. With equally many pairs for each view angle
  the view angles' exposures therefore differ by at most one; with unequal numbers they are in proportion,
  since balance over pairs decides;
- no rater sees a pair twice; with equal numbers each rater's own view angles differ by at most one, too;
- where several conditions show the same walks, each condition was shown equally often, to one, and so it was
  within each view angle (`condition_order.py` says why that can always be had).

Staying within rounding of a proportion at every step: R. Tijdeman, "The chairman assignment problem",
Discrete Mathematics 32 (1980).
"""

import heapq
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from studies.mos.condition_order import conditions_in_turn

Pairs = NDArray[np.int64]


def seats(
    view_angles_of_pairs: Sequence[int],
    *,
    conditions_of_pairs: Sequence[int] | None = None,
    seats: int,
    pairs_per_rater: int,
    seed: int,
) -> NDArray[np.int64]:
    """The pairs each seat shows, in order: indices into `view_angles_of_pairs`, (seats, pairs_per_rater).

    The same arguments give the same seats, and more seats only append. Conditions that don't show equally many
    pairs at each view angle are shown in proportion, each (view angle, condition) within rounding.
    """
    view_angles = _checked(view_angles_of_pairs, seats, pairs_per_rater)
    rng = np.random.default_rng(seed)
    conditions = _conditions(conditions_of_pairs, len(view_angles))
    round_of_groups = _round(view_angles, conditions, rng)  # (pairs,) repeated without end
    groups = view_angles * (conditions.max() + 1) + conditions
    decks = {int(group): _Deck(np.flatnonzero(groups == group), rng) for group in np.unique(groups)}
    plan = np.empty((seats, pairs_per_rater), dtype=np.int64)
    for seat in range(seats):
        places = (seat * pairs_per_rater + np.arange(pairs_per_rater)) % len(view_angles)
        shown, times = np.unique(round_of_groups[places], return_counts=True)
        dealt = np.concatenate([decks[int(a)].deal(int(n)) for a, n in zip(shown, times, strict=True)])
        plan[seat] = _without_equal_neighbours(dealt, view_angles[dealt], rng)
    return plan


def _checked(view_angles_of_pairs: Sequence[int], seats: int, pairs_per_rater: int) -> NDArray[np.int64]:
    view_angles = np.asarray(view_angles_of_pairs, dtype=np.int64)
    if view_angles.ndim != 1 or len(view_angles) == 0:
        raise ValueError("A study needs at least one pair: give the view angle of every pair as a flat list.")
    if pairs_per_rater < 1 or seats < 1:
        raise ValueError(f"{seats} seats of {pairs_per_rater} pairs: both must be at least 1.")
    if pairs_per_rater > len(view_angles):
        raise ValueError(
            f"{pairs_per_rater} pairs per rater, but the study has {len(view_angles)} pairs and nobody sees "
            f"a pair twice: use at most {len(view_angles)} pairs per rater or add pairs."
        )
    return view_angles


def _conditions(conditions_of_pairs: Sequence[int] | None, pairs: int) -> NDArray[np.int64]:
    """Each pair's condition from 0, (pairs,)."""
    if conditions_of_pairs is None:
        return np.zeros(pairs, dtype=np.int64)
    if len(conditions_of_pairs) != pairs:
        raise ValueError(f"{len(conditions_of_pairs)} conditions for {pairs} pairs: give one each.")
    _, conditions = np.unique(np.asarray(conditions_of_pairs, dtype=np.int64), return_inverse=True)
    return np.asarray(conditions, dtype=np.int64)


def _round(
    view_angles: NDArray[np.int64], conditions: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """The order of one round as view angle · C + condition, (pairs,)."""
    number = int(conditions.max()) + 1
    counts = [np.bincount(conditions[view_angles == angle], minlength=number) for angle in set(view_angles)]
    if number == 1 or any(np.ptp(count) for count in counts):
        return _spread_out(view_angles * number + conditions, rng)
    round_of_angles = _spread_out(view_angles, rng)
    return round_of_angles * number + conditions_in_turn(round_of_angles, number, rng)


def _spread_out(view_angles: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """One round, (pairs,): every prefix holds each view angle its share of times, rounded down or up.

    The j-th place of an angle with share s may stand at j/s (rounded down) to (j+1)/s (rounded up): of the
    angles that may stand now, the one whose time runs out first does. Equal deadlines are drawn by lot, once.
    """
    pairs = len(view_angles)
    angles, counts = np.unique(view_angles, return_counts=True)
    lot = rng.permutation(len(angles))
    waiting = [(0, int(lot[i]), i, 0) for i in range(len(angles))]  # (release, lot, angle, j)
    ready: list[tuple[int, int, int, int]] = []  # (deadline, lot, angle, j)
    order = np.empty(pairs, dtype=np.int64)
    heapq.heapify(waiting)
    for place in range(pairs):
        while waiting and waiting[0][0] <= place:
            _, drawn, i, j = heapq.heappop(waiting)
            heapq.heappush(ready, (-(-(j + 1) * pairs // int(counts[i])), drawn, i, j))
        _, drawn, i, j = heapq.heappop(ready)
        order[place] = angles[i]
        if j + 1 < counts[i]:
            heapq.heappush(waiting, ((j + 1) * pairs // int(counts[i]), drawn, i, j + 1))
    return order


class _Deck:
    """The pairs of one view angle; dealt at random, each once before any a second time."""

    def __init__(self, pairs: Pairs, rng: np.random.Generator) -> None:
        self.pairs, self.rng = pairs, rng
        self.left = rng.permutation(pairs)

    def deal(self, number: int) -> Pairs:
        """`number` different pairs: a hand that empties the deck goes on with pairs it does not hold yet."""
        hand, self.left = self.left[:number], self.left[number:]
        missing = number - len(hand)
        if missing == 0:
            return hand
        fresh = self.rng.permutation(np.setdiff1d(self.pairs, hand))
        self.left = self.rng.permutation(np.concatenate([hand, fresh[missing:]]))
        return np.concatenate([hand, fresh[:missing]])


def _without_equal_neighbours(
    pairs: Pairs, view_angles: NDArray[np.int64], rng: np.random.Generator
) -> Pairs:
    """`pairs` in random order, with as few neighbours of one view angle as the numbers allow."""
    hands = {int(a): list(rng.permutation(pairs[view_angles == a])) for a in np.unique(view_angles)}
    order: list[int] = []
    last: int | None = None
    for left in range(len(pairs), 0, -1):
        last = _next_angle({angle: len(hand) for angle, hand in hands.items() if hand}, last, left, rng)
        order.append(int(hands[last].pop()))
    return np.array(order, dtype=np.int64)


def _next_angle(counts: dict[int, int], last: int | None, left: int, rng: np.random.Generator) -> int:
    """Any angle but the last, in proportion to what is left of it, unless one must come now to fit at all."""
    candidates = [angle for angle in counts if angle != last]
    if not candidates:
        return next(iter(counts))
    pressing = [angle for angle in candidates if counts[angle] > left // 2]
    if pressing:
        return pressing[0]
    weights = np.array([counts[angle] for angle in candidates], dtype=float)
    return candidates[int(rng.choice(len(candidates), p=weights / weights.sum()))]
