"""Hits in order, and the best few of everybody: by counting, for whoever is meant is a small number."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def stable_order(of: NDArray[np.int32], count: int) -> Integers:
    """The order that sorts numbers from 0 to `count` − 1; what is equal stays as it stands.

    >>> stable_order(np.array([2, 0, 2, 1], dtype=np.int32), 3).tolist()
    [1, 3, 0, 2]
    """
    return np.asarray(_stable_order(of, count))


def best_of_each(of: NDArray[np.int32], log10_lr: Floats, few: int, count: int) -> Integers:
    """Places of the `few` best pairs of each of `count`, by whose they are, the best first; ties as they stand.

    >>> logs = np.array([1.0, 3.0, 2.0, 3.0])
    >>> best_of_each(np.array([1, 1, 0, 1], dtype=np.int32), logs, few=2, count=2).tolist()
    [2, 1, 3]
    """
    return np.asarray(_best_of_each(of, log10_lr, few, count))


@njit(cache=True, nogil=True)
def _stable_order(of, count):  # type: ignore[no-untyped-def]
    at = np.zeros(count + 1, dtype=np.int64)
    for k in range(len(of)):
        at[of[k] + 1] += 1
    for i in range(count):
        at[i + 1] += at[i]
    order = np.empty(len(of), dtype=np.int64)
    for k in range(len(of)):
        order[at[of[k]]] = k
        at[of[k]] += 1
    return order


@njit(cache=True, nogil=True)
def _best_of_each(of, log10_lr, few, count):  # type: ignore[no-untyped-def]
    """Each pair is inserted among the best so far of whose it is."""
    begin = np.zeros(count + 1, dtype=np.int64)
    for k in range(len(of)):
        begin[of[k] + 1] += 1
    for i in range(count):
        begin[i + 1] = begin[i] + min(begin[i + 1], few)
    best, held = np.empty(begin[count], dtype=np.int64), np.zeros(count, dtype=np.int64)
    for k in range(len(of)):
        mine = best[begin[of[k]] : begin[of[k] + 1]]
        place = held[of[k]]
        while place > 0 and log10_lr[k] > log10_lr[mine[place - 1]]:
            place -= 1
        if place == len(mine):
            continue
        last = min(held[of[k]], len(mine) - 1)
        for p in range(last, place, -1):
            mine[p] = mine[p - 1]
        mine[place] = k
        held[of[k]] = last + 1
    return best
