"""Products of matrices that are mostly zeros, in one thread.

A library of linear algebra would wake all processors for products as small as these, and wait for them.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sparse:
    """A matrix without its zeros: `values[starts[c] : starts[c + 1]]` are those of row c, in these `columns`."""

    starts: Integers
    columns: Integers
    values: Floats

    @classmethod
    def of(cls, matrix: Floats) -> "Sparse":
        """The matrix without its zeros.

        >>> Sparse.of(np.array([[0.0, 2.0], [1.0, 3.0]])).times(np.array([[1.0], [10.0]])).tolist()
        [[20.0], [31.0]]
        """
        where, columns = np.nonzero(matrix)
        starts = np.searchsorted(where, np.arange(len(matrix) + 1))
        return cls(starts, columns, matrix[where, columns])

    def times(self, other: Floats) -> Floats:
        """The product with a matrix."""
        found = np.zeros((len(self.starts) - 1, other.shape[1]))
        if other.shape[1] == 1:
            _multiply_one(self.starts, self.columns, self.values, np.ascontiguousarray(other[:, 0]), found[:, 0])
        else:
            _multiply(self.starts, self.columns, self.values, np.ascontiguousarray(other), found)
        return found


@njit(cache=True, nogil=True)
def narrow_product(first, second):  # type: ignore[no-untyped-def]
    """The product of two narrow matrices: `first` has shape (rows, few), `second` (few, columns)."""
    found = np.zeros((first.shape[0], second.shape[1]))
    for i in range(first.shape[0]):
        for v in range(first.shape[1]):
            value = first[i, v]
            if value != 0.0:
                for j in range(second.shape[1]):
                    found[i, j] += value * second[v, j]
    return found


@njit(cache=True, nogil=True)
def _multiply(starts, columns, values, other, found):  # type: ignore[no-untyped-def]
    """Tile by tile, so that a tile of the other matrix stays in the cache while all rows pass over it."""
    width = other.shape[1]
    for begin in range(0, width, 64):
        end = min(width, begin + 64)
        for c in range(len(starts) - 1):
            row = found[c, begin:end]
            for k in range(starts[c], starts[c + 1]):
                value, source = values[k], other[columns[k], begin:end]
                for u in range(len(row)):
                    row[u] += value * source[u]


@njit(cache=True, nogil=True)
def _multiply_one(starts, columns, values, other, found):  # type: ignore[no-untyped-def]
    for c in range(len(starts) - 1):
        total = 0.0
        for k in range(starts[c], starts[c + 1]):
            total += values[k] * other[columns[k]]
        found[c] = total
