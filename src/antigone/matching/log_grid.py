"""In which cell of a grid in log10 a number lies, without a logarithm: by tables of where the cells begin.

The first bits of a double, its exponent and some of its fraction, say where it lies to within less than a cell; one
comparison with the border between the two cells in question says the rest. The borders are those of
floor(log10(x) / step) as it is computed, to the last bit.
"""

from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from antigone.matching.kernel.instructions import bits_of

# Doubles below this have fewer bits, and are computed as they are.
_SMALLEST_NORMAL = 2.0**-1022
_FRACTION = 52
_EXPONENTS = 2047

Grid = tuple[float, int, NDArray[np.int32], NDArray[np.float64]]
"""The step; by how many bits a double is shifted; the cell in which each run of doubles begins; borders of the cells.

`borders[k]` is where the cell after the first cell of all plus k begins, and infinity after the last.
"""


@lru_cache(maxsize=8)
def log_grid(step: float) -> Grid:
    """Tables for cells of this width. Raises `ValueError` for a step that is not from 0.0005 to 10."""
    if not 0.0005 <= step <= 10:
        raise ValueError(f"a step of a grid in log10 is from 0.0005 to 10, got {step}")
    # So many bits of the fraction that a run of doubles is narrower than a cell: at most one border lies in it.
    bits = max(0, int(np.ceil(-np.log2(np.expm1(step * np.log(10.0))))))
    shift = _FRACTION - bits
    begins = (np.arange(_EXPONENTS << bits, dtype=np.int64) << shift).view(np.float64)
    begins[: 1 << bits] = _SMALLEST_NORMAL  # those of the subnormal doubles are not looked up
    return step, shift, *_tables(begins, step)


@njit(cache=True, nogil=True, error_model="numpy")
def cell_of(value, grid):  # type: ignore[no-untyped-def]
    """floor(log10(value) / step) of a positive finite double; `grid` is what `log_grid` gives."""
    step, shift, first, borders = grid
    if value < _SMALLEST_NORMAL:
        return _computed(value, step)
    cell = first[bits_of(value) >> shift]
    return cell + (value >= borders[cell - first[0]])


@njit(cache=True, nogil=True, error_model="numpy")
def _computed(value, step):  # type: ignore[no-untyped-def]
    return int(np.floor(np.log10(value) / step))


@njit(cache=True, nogil=True, error_model="numpy")
def _tables(begins, step):  # type: ignore[no-untyped-def]
    first = np.empty(len(begins), dtype=np.int32)
    for k in range(len(begins)):
        first[k] = _computed(begins[k], step)
    last = _computed(np.finfo(np.float64).max, step)
    borders = np.full(last - first[0] + 1, np.inf)
    for k in range(len(borders) - 1):
        borders[k] = _border(first[0] + k + 1, step)
    return first, borders


@njit(cache=True, nogil=True, error_model="numpy")
def _border(cell, step):  # type: ignore[no-untyped-def]
    """The smallest double of a cell."""
    border = 10.0 ** (cell * step)
    while _computed(border, step) >= cell:
        border = np.nextafter(border, 0.0)
    while _computed(border, step) < cell:
        border = np.nextafter(border, np.inf)
    return border
