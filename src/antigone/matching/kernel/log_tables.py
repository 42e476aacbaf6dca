"""log10 LR of every class for some missing persons, twice: quickly for the first pass, exactly for what survives it.

At one marker the families that say the same have one row (`matching.batched_tables`), so a missing person is a list of
rows, one a marker. The quick logarithms are within `ERROR` of the exact ones, or above them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from antigone.matching.kernel.layout import Layout

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# How far the quick log10 of one marker may lie below the exact one, for values between −40 and 40; beyond, in
# proportion.
ERROR = 1e-5

# What stands for ∓∞: larger than any sum of logarithms, and no sum of it leaves the range of single precision.
FAR = 1e30


@dataclass(frozen=True, eq=False)
class ProbabilityRows:
    """P(class | family) at one marker for the distinct things that families say; shape (rows, classes).

    `log10_unrelated` (classes,) is log10 P(class) of somebody unrelated.
    """

    related: Floats
    log10_unrelated: Floats

    def __len__(self) -> int:
        return len(self.related)

    def exact(self, rows: Integers, classes: Integers) -> Floats:
        """log10 LR of single cells."""
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log10(self.related[rows, classes]) - self.log10_unrelated[classes]
        return np.where(np.isnan(logs), 0.0, logs)

    def quick(self, out: NDArray[np.float32]) -> None:
        """All cells into `out`, shape (rows, classes + 1); the last column is "not read"."""
        unrelated = np.maximum(self.log10_unrelated, -FAR).astype(np.float32)
        _quick_logs(self.related, unrelated, out)


@dataclass(frozen=True, eq=False)
class LogRows:
    """The same from log10 LRs that are there already; nan where nothing can be said."""

    logs: Floats

    def __len__(self) -> int:
        return len(self.logs)

    def exact(self, rows: Integers, classes: Integers) -> Floats:
        """log10 LR of single cells."""
        logs = self.logs[rows, classes]
        return np.where(np.isnan(logs), 0.0, logs)

    def quick(self, out: NDArray[np.float32]) -> None:
        """As in `ProbabilityRows`."""
        out[:, -1] = 0.0
        out[:, :-1] = np.clip(np.where(np.isnan(self.logs), 0.0, self.logs), -FAR, FAR)


@dataclass(frozen=True, eq=False)
class LogTables:
    """What some families say of every class.

    `quick` is one stretch of single precision: cell c (`Layout`) of member k at marker m stands at `begin[k, m]` + c.
    `highest` (members, markers) are the highest values of any cell that somebody has, as they stand in `quick`.
    """

    markers: Sequence[ProbabilityRows | LogRows]
    which: Integers  # (members, markers): row, −1 where the family says nothing
    quick: NDArray[np.float32]
    begin: Integers
    highest: NDArray[np.float32]
    first: Integers  # of the layout

    @classmethod
    def of(cls, markers: Sequence[ProbabilityRows | LogRows], which: Integers, layout: Layout) -> "LogTables":
        """`which` has shape (members, markers)."""
        widths = np.diff(layout.first)
        sizes = [len(rows) * int(width) for rows, width in zip(markers, widths, strict=True)]
        at = np.cumsum([0, *sizes])
        nothing = int(at[-1])  # a stretch of zeros, for families that say nothing
        quick = np.zeros(nothing + int(widths.max(initial=0)), dtype=np.float32)
        begin = np.empty(which.shape, dtype=np.int64)
        highest = np.zeros(which.shape, dtype=np.float32)
        for m, (rows, width) in enumerate(zip(markers, widths.tolist(), strict=True)):
            table = quick[at[m] : at[m + 1]].reshape(len(rows), width)
            rows.quick(table)
            said = which[:, m] >= 0
            begin[:, m] = np.where(said, at[m] + which[:, m] * width, nothing) - layout.first[m]
            if len(rows):
                cells = table if layout.unread[m] or width == 1 else table[:, :-1]
                highest[said, m] = cells.max(axis=1)[which[said, m]]
        return cls(markers, which, quick, begin, highest, layout.first)

    def __len__(self) -> int:
        return len(self.which)

    def exact(self, members: Integers, cells: NDArray[np.int32]) -> Floats:
        """log10 LR of pairs: members (pairs,), cells (pairs, markers); added up in the order of the markers."""
        total = np.zeros(len(members))
        by_marker, rows_of = np.ascontiguousarray(cells.T), np.ascontiguousarray(self.which.T)
        for m, rows in enumerate(self.markers):
            classes, row = by_marker[m] - self.first[m], rows_of[m][members]
            unread = self.first[m + 1] - self.first[m] - 1
            used = (row >= 0) & (classes < unread)
            if used.all():
                total += rows.exact(row, classes)
            else:
                total[used] += rows.exact(row[used], classes[used])
        return total


_instruction: Any = intrinsic  # mypy takes what it decorates for a function of the same arguments


@_instruction
def _bits(typing_context, value):  # type: ignore[no-untyped-def]  # noqa: ARG001  # Numba asks for it by position
    """The bits of a number in single precision."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        return builder.bitcast(arguments[0], ir.IntType(32))

    return types.int32(types.float32), generate


@_instruction
def _number(typing_context, bits):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """The number of these bits."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), generate


@njit(cache=True, nogil=True, error_model="numpy")
def _quick_logs(related, unrelated, out):  # type: ignore[no-untyped-def]
    """log10 by exponent and atanh series, in single precision, so that eight run at once.

    log m = 2 atanh((m − 1)/(m + 1)) with m between √½ and √2; the sixth term is below 10⁻⁹. Nothing is below 10⁻³⁷,
    zero included: the first pass may hold it for more likely than it is, never for less.
    """
    smallest, one, three = np.float32(1e-37), np.float32(1), np.float32(1 / 3)
    fifth, seventh, ninth = np.float32(1 / 5), np.float32(1 / 7), np.float32(1 / 9)
    factor, tens = np.float32(2 / np.log(10.0)), np.float32(np.log10(2.0))
    far = np.float32(1e30)
    rows, classes = related.shape
    for r in range(rows):
        for c in range(classes):
            value = max(np.float32(related[r, c]), smallest)
            bits = _bits(value) - np.int32(0x3F3504F3)  # √½: the mantissa then runs from √½ to √2
            exponent = bits >> np.int32(23)
            mantissa = _number((bits & np.int32(0x7FFFFF)) + np.int32(0x3F3504F3))
            s = (mantissa - one) / (mantissa + one)
            q = s * s
            series = s * (one + q * (three + q * (fifth + q * (seventh + q * ninth))))
            log = factor * series + tens * np.float32(exponent)
            out[r, c] = min(log - unrelated[c], far)
        out[r, classes] = np.float32(0)
