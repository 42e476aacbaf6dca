"""Distributions of log10 LR added up over markers, on a grid, by Fourier transform.

Each value is rounded down to the grid, so the sum over n markers is low by less than n steps. Probabilities are tilted
by LR itself where far tails matter (which turns the distribution under "unrelated" into the one under "related");
without the tilt such a tail would drown in rounding.
"""

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.fft import next_fast_len

from antigone.matching.outcomes import Cells

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Integers = NDArray[np.int64]

# Columns of patterns, each with its kinds.
Units = Sequence[Sequence[Cells]]

# Frequencies are taken in blocks, so that the products of one block stay in the processor's nearest memory.
BLOCK = 64


def spectra_of(units: Units, step: float, first: int, *, tilted: bool) -> tuple[list[Complexes], int, int]:
    """Fourier transforms of the distributions, by column and kind; the highest cell, and how many cells.

    Cells are told apart from `first` upwards. What lies lower appears higher up by the number of cells; tilted, that
    is next to nothing.
    """
    highest = sum(max((int(kind.cell.max(initial=0)) for kind in kinds), default=0) for kinds in units)
    length = int(next_fast_len(max(2, highest - first + 1), real=True))
    spectra = []
    for kinds in units:
        rows = np.zeros((len(kinds), length))
        for row, kind in zip(rows, kinds, strict=True):
            mass = kind.mass * 10.0 ** (kind.cell * step) if tilted else kind.mass
            row += np.bincount(kind.cell % length, mass, minlength=length)
        spectra.append(np.fft.rfft(rows, axis=1))
    return spectra, highest, length


def mean_lrs(patterns: Integers, units: Units) -> tuple[Floats, Floats, Floats]:
    """For each pattern: E[LR]; at most the chance of an outcome that is not listed; at most its part of E[LR]."""
    mean, unlisted = np.ones(len(patterns)), np.zeros(len(patterns))
    listed = np.ones(len(patterns))
    for column, kinds in enumerate(units):
        which = patterns[:, column]  # −1 for nothing read takes the last entry
        listed *= np.array([*(kind.mean for kind in kinds), 1.0])[which]
        mean *= np.array([*(kind.mean + kind.unlisted_lr for kind in kinds), 1.0])[which]
        unlisted += np.array([*(kind.unlisted for kind in kinds), 0.0])[which]
    return mean, np.minimum(unlisted, 1.0), np.where(unlisted > 0, mean - listed, 0.0)


def sum_of_products(patterns: Integers, counts: Floats, spectra: Sequence[Complexes], length: int) -> Complexes:
    """Σ over patterns of count · Π over columns of the spectrum of the pattern's kind there; −1 leaves a column out.

    `counts` has shape (patterns, sums), the answer (sums, frequencies). `length` is how many frequencies there are.
    """
    if not spectra:
        return np.repeat(counts.sum(axis=0)[:, None], length, axis=1).astype(np.complex128)
    # Columns in which neighbours agree come first: they share the products of those.
    columns = sorted(range(len(spectra)), key=lambda c: len(np.unique(patterns[:, c])))
    order = np.lexsort([patterns[:, c] for c in reversed(columns)])
    starts = np.cumsum([0, *(len(rows) for rows in spectra)])
    rows = np.where(patterns >= 0, patterns + starts[:-1], -1)[order][:, columns]
    stacked = np.concatenate(spectra)
    real, imaginary = (np.ascontiguousarray(part) for part in (stacked.real, stacked.imag))
    total = _sum_of_products(np.ascontiguousarray(rows), np.ascontiguousarray(counts[order]), real, imaginary, BLOCK)
    return np.asarray(total[0] + 1j * total[1])


def sum_of_products_plain(patterns: Integers, counts: Floats, spectra: Sequence[Complexes], length: int) -> Complexes:
    """`sum_of_products` as it is written."""
    total = np.zeros((counts.shape[1], length), dtype=np.complex128)
    for pattern, weights in zip(patterns, counts, strict=True):
        term = np.ones(length, dtype=np.complex128)
        for column, kind in enumerate(pattern):
            if kind >= 0:
                term *= spectra[column][kind]
        total += weights[:, None] * term
    return total


@njit(cache=True, nogil=True, fastmath={"contract", "nsz"})
def _sum_of_products(rows, counts, real, imaginary, block):  # type: ignore[no-untyped-def]
    """Walk the patterns as a tree: `re[c], im[c]` are the products of the first c columns of the pattern before."""
    patterns, columns = rows.shape
    width, sums = real.shape[1], counts.shape[1]
    total = np.zeros((2, sums, width))
    re, im = np.ones((columns + 1, block)), np.zeros((columns + 1, block))
    for start in range(0, width, block):
        size = min(block, width - start)
        for p in range(patterns):
            shared = 0
            if p > 0:
                while shared < columns and rows[p, shared] == rows[p - 1, shared]:
                    shared += 1
            for c in range(shared, columns):
                row = rows[p, c]
                if row < 0:
                    for f in range(size):
                        re[c + 1, f] = re[c, f]
                        im[c + 1, f] = im[c, f]
                else:
                    for f in range(size):
                        a, b = re[c, f], im[c, f]
                        x, y = real[row, start + f], imaginary[row, start + f]
                        re[c + 1, f] = a * x - b * y
                        im[c + 1, f] = a * y + b * x
            for s in range(sums):
                weight = counts[p, s]
                if weight != 0.0:
                    for f in range(size):
                        total[0, s, start + f] += weight * re[columns, f]
                        total[1, s, start + f] += weight * im[columns, f]
    return total
