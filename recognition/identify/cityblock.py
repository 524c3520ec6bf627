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
