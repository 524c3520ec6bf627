"""Sums of absolute differences between many features, in one pass and in single precision.

scipy's `cdist` first turns both sides into double precision, which takes several times as long.
"""

import numba
import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float32]  # (gaits, features)


def cityblock(some: Features, others: Features) -> NDArray[np.float32]:
    """(some, others) distances."""
    distances = np.empty((len(some), len(others)), np.float32)
    _fill(np.ascontiguousarray(some, np.float32), np.ascontiguousarray(others, np.float32), distances)
    return distances


# fastmath lets the sum be split over a register's lanes; features are finite, which `evaluate` checks after.
@numba.njit(cache=True, fastmath={"reassoc", "contract", "nsz"})
def _fill(some: Features, others: Features, distances: NDArray[np.float32]) -> None:
    width = some.shape[1]
    for i in range(len(some)):
        for j in range(len(others)):
            total = np.float32(0)
            for k in range(width):
                total += abs(some[i, k] - others[j, k])
            distances[i, j] = total


@numba.njit(cache=True)
def least_by_group(
    distances: NDArray[np.float32], starts: NDArray[np.intp]
) -> NDArray[np.float32]:  # (rows, groups)
    """The least of each row of finite (rows, columns), group by group; groups begin at `starts`, the first at 0."""
    rows, columns = distances.shape
    least = np.empty((rows, len(starts)), np.float32)
    for i in range(rows):
        for group in range(len(starts)):
            end = starts[group + 1] if group + 1 < len(starts) else columns
            found = np.float32(np.inf)
            for j in range(starts[group], end):
                found = min(found, distances[i, j])
            least[i, group] = found
    return least
