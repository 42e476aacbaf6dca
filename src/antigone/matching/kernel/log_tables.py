"""LR of every class for some missing persons: in double precision, and as quick logarithms for the first pass.

At one marker the families that say the same have one row (`matching.batched_tables`), so a missing person is a list of
rows, one a marker. The quick logarithms are within `ERROR` of the exact ones, or above them.

A row goes from P(genotype | family) to LRs and logarithms while it is in the first-level cache; what lies between is
never written to memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from antigone.matching.kernel.layout import Layout
from antigone.matching.sparse import Sparse

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# How far the quick log10 of one marker may lie below the exact one, for values between −37 and 37; beyond, in
# proportion.
ERROR = 1e-5

# What stands for ∓∞: larger than any sum of logarithms, and no sum of it leaves the range of single precision.
FAR = 1e30

# Rows side by side in compiled code, and rows whose genotypes are in the second-level cache together.
SIDE_BY_SIDE = 64
IN_CACHE = 256


class GenotypeSource(Protocol):
    """P(genotype | family) for the distinct things that some families say at one marker."""

    def __len__(self) -> int: ...

    def columns(self, start: int, stop: int, out: Floats) -> None:
        """Of these rows into `out`, shape (genotypes, stop − start or more); 0 where what is known is impossible."""


@dataclass(frozen=True, eq=False)
class ClassRatios:
    """P(class | genotype) / P(class of somebody unrelated) at one marker.

    `never` (classes,) are those that nobody unrelated can show; they are not divided.
    """

    relative: Sparse
    never: NDArray[np.bool_]

    @classmethod
    def of(cls, likelihood: Floats, unrelated: Floats) -> "ClassRatios":
        """From P(class | genotype), shape (classes, genotypes), and P(genotype) of somebody unrelated."""
        shown = likelihood @ unrelated
        never = shown == 0
        return cls(Sparse.of(likelihood / np.where(never, 1.0, shown)[:, None]), never)


@dataclass(frozen=True, eq=False)
class RatioRows:
    """LR of every class at one marker for the distinct things that families say, from what they say of genotypes."""

    sources: Sequence[GenotypeSource]
    genotypes: int
    classes: ClassRatios

    def __len__(self) -> int:
        return sum(len(source) for source in self.sources)

    def fill(self, ratios: Floats, quick: NDArray[np.float32], highest: NDArray[np.float32]) -> NDArray[np.bool_]:
        """LRs and their quick logarithms, shape (rows, classes + 1), the last column "not read"; and the highest class.

        Returns of which rows anything is possible. An LR is 1 where the class is impossible for everybody.
        """
        possible = np.empty(len(self), dtype=np.bool_)
        relative, room = self.classes.relative, np.empty((self.genotypes, IN_CACHE))
        at = 0
        for source in self.sources:
            for start in range(0, len(source), IN_CACHE):
                stop = min(start + IN_CACHE, len(source))
                source.columns(start, stop, room)
                here = slice(at, at + stop - start)
                _fill(
                    relative.starts, relative.columns, relative.values, self.classes.never, room, ratios[here],
                    quick[here], highest[here], possible[here],
                )  # fmt: skip
                at = here.stop
        return possible


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

    def fill(self, ratios: Floats, quick: NDArray[np.float32], highest: NDArray[np.float32]) -> NDArray[np.bool_]:
        """As in `RatioRows`; LRs are but for rounding those of the logarithms."""
        logs = np.where(np.isnan(self.logs), 0.0, self.logs)
        with np.errstate(over="ignore"):
            ratios[:, :-1] = 10.0**logs
        ratios[:, -1] = 1.0
        quick[:, :-1] = np.clip(logs, -FAR, FAR)
        quick[:, -1] = 0.0
        highest[:] = quick[:, :-1].max(axis=1, initial=-np.inf)
        return np.ones(len(logs), dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class LogTables:
    """What some families say of every class.

    `quick` and `ratios` are one stretch each, of quick log10 LRs in single and of LRs in double precision: cell c
    (`Layout`) of member k at marker m stands at `begin[k, m]` + c. `highest` (members, markers) are the highest quick
    logarithms of any cell that somebody has.
    """

    markers: Sequence[RatioRows | LogRows]
    which: Integers  # (members, markers): row, −1 where the family says nothing
    quick: NDArray[np.float32]
    ratios: Floats
    begin: Integers
    highest: NDArray[np.float32]
    first: Integers  # of the layout

    @classmethod
    def of(cls, markers: Sequence[RatioRows | LogRows], which: Integers, layout: Layout) -> "LogTables":
        """`which` has shape (members, markers)."""
        widths = np.diff(layout.first)
        sizes = [len(rows) * int(width) for rows, width in zip(markers, widths, strict=True)]
        at = np.cumsum([0, *sizes])
        nothing = int(at[-1])  # a stretch for families that say nothing
        quick = np.empty(nothing + int(widths.max(initial=0)), dtype=np.float32)
        ratios = np.empty(len(quick))
        quick[nothing:], ratios[nothing:] = 0.0, 1.0
        # A marker's numbers lie side by side until all are there.
        row_of = np.ascontiguousarray(which.T)
        begin = np.empty(row_of.shape, dtype=np.int64)
        highest = np.empty(row_of.shape, dtype=np.float32)
        for m, (rows, width) in enumerate(zip(markers, widths.tolist(), strict=True)):
            here = slice(at[m], at[m + 1])
            # One more at the end, the last, for those who say nothing.
            starts, best = np.empty(len(rows) + 1, dtype=np.int64), np.empty(len(rows) + 1, dtype=np.float32)
            shape = (len(rows), width)
            possible = rows.fill(ratios[here].reshape(shape), quick[here].reshape(shape), best[:-1])
            if layout.unread[m] or width == 1:
                np.maximum(best, 0, out=best)
            starts[:-1] = at[m] - layout.first[m] + width * np.arange(len(rows))
            starts[-1], best[-1] = nothing - layout.first[m], 0.0
            if not possible.all():
                row_of[m][~np.append(possible, False)[row_of[m]]] = -1
            begin[m], highest[m] = starts[row_of[m]], best[row_of[m]]
        return cls(
            markers, np.ascontiguousarray(row_of.T), quick, ratios, np.ascontiguousarray(begin.T),
            np.ascontiguousarray(highest.T), layout.first,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.which)

    @property
    def from_ratios(self) -> bool:
        """Whether LRs are as exact as their logarithms."""
        return all(isinstance(rows, RatioRows) for rows in self.markers)

    def exact(self, members: Integers, cells: NDArray[np.int32]) -> Floats:
        """log10 LR of pairs: members (pairs,), cells (pairs, markers); added up in the order of the markers."""
        total = np.zeros(len(members))
        for m, rows in enumerate(self.markers):
            classes = cells[:, m] - self.first[m]
            if isinstance(rows, LogRows):
                row = self.which[members, m]
                used = (row >= 0) & (classes < self.first[m + 1] - self.first[m] - 1)
                total[used] += rows.exact(row[used], classes[used])
                continue
            with np.errstate(divide="ignore"):
                total += np.log10(self.ratios[self.begin[members, m] + cells[:, m]])
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
def _quick_logs(ratios, out):  # type: ignore[no-untyped-def]
    """log10 by exponent and atanh series, in single precision, so that eight run at once.

    log m = 2 atanh((m − 1)/(m + 1)) with m between √½ and √2; the sixth term is below 10⁻⁹. Nothing is below 10⁻³⁷,
    zero included, and what is above 10³⁷ is as good as ∞: the first pass may hold a pair for more likely than it is,
    never for less.
    """
    smallest, largest, one, three = np.float32(1e-37), np.float32(1e37), np.float32(1), np.float32(1 / 3)
    fifth, seventh, ninth = np.float32(1 / 5), np.float32(1 / 7), np.float32(1 / 9)
    factor, tens = np.float32(2 / np.log(10.0)), np.float32(np.log10(2.0))
    far = np.float32(1e30)
    for c in range(len(out)):
        value = np.float32(ratios[c])
        value = value if value > smallest else smallest  # noqa: FURB136  # Numba's max is something no vector can do
        bits = _bits(value) - np.int32(0x3F3504F3)  # √½: the mantissa then runs from √½ to √2
        exponent = bits >> np.int32(23)
        mantissa = _number((bits & np.int32(0x7FFFFF)) + np.int32(0x3F3504F3))
        s = (mantissa - one) / (mantissa + one)
        q = s * s
        series = s * (one + q * (three + q * (fifth + q * (seventh + q * ninth))))
        log = factor * series + tens * np.float32(exponent)
        out[c] = log if value < largest else far


@njit(cache=True, nogil=True, error_model="numpy")
def _fill_row(tile, ratios, quick):  # type: ignore[no-untyped-def]
    """One row and its logarithms, "not read" at the end; returns the highest logarithm of a class."""
    classes = len(tile)
    for c in range(classes):
        ratios[c] = tile[c]
    ratios[classes], quick[classes] = 1.0, np.float32(0)
    _quick_logs(ratios[:classes], quick[:classes])
    best = np.float32(-np.inf)
    for c in range(classes):
        best = quick[c] if quick[c] > best else best  # noqa: FURB136  # as above
    return best


@njit(cache=True, nogil=True, error_model="numpy")
def _fill(starts, columns, values, never, genotypes, ratios, quick, highest, possible):  # type: ignore[no-untyped-def]
    """Sixty-four rows at a time: class by class along the rows, then row by row along the classes."""
    classes = len(starts) - 1
    # Rows of the tile are a line of the cache longer than they must be, lest the columns compete for the same lines.
    tile, total = np.empty((classes, SIDE_BY_SIDE + 8)), np.empty(SIDE_BY_SIDE)
    for begin in range(0, len(ratios), SIDE_BY_SIDE):
        total[:] = 0.0
        for g in range(len(genotypes)):
            here = genotypes[g, begin : begin + SIDE_BY_SIDE]
            for u in range(SIDE_BY_SIDE):
                total[u] += here[u]
        for c in range(classes):
            row = tile[c, :SIDE_BY_SIDE]
            for u in range(SIDE_BY_SIDE):
                row[u] = 0.0
            for k in range(starts[c], starts[c + 1]):
                value, here = values[k], genotypes[columns[k], begin : begin + SIDE_BY_SIDE]
                for u in range(SIDE_BY_SIDE):
                    row[u] += value * here[u]
            if never[c]:
                for u in range(SIDE_BY_SIDE):
                    row[u] = np.inf if row[u] > 0.0 else 1.0
        for u in range(min(SIDE_BY_SIDE, len(ratios) - begin)):
            r = begin + u
            possible[r] = total[u] > 0.0
            highest[r] = _fill_row(tile[:, u], ratios[r], quick[r])
