"""All individuals against a block of missing persons: look up, add, count.

Laid out `[class of each marker][missing person]`, what a family says of a class is a contiguous row, and the likelihood
ratios of one individual against the whole block are a sum of rows, one a marker. The kernels release the interpreter's
lock and do the same in the same order however many threads run them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from antigone.matching.batched_tables import Block, MarkerRows
from antigone.matching.classes import MarkerClasses
from antigone.matching.sparse import Sparse

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Where = tuple[int, int]  # a pair of linked markers

# Missing persons side by side in the kernels: a table of a marker set's classes then stays in the second-level cache.
WIDTH = 32


@dataclass(frozen=True, eq=False)
class PairClasses:
    """What individuals have at two linked markers together: the distinct combinations, and each individual's."""

    first: Integers  # (combinations,): class at the first marker
    second: Integers
    of: Integers  # (individuals,): −1 where one of them was not read


@dataclass(frozen=True, eq=False)
class LinkedRows:
    """log10 of what two linked markers say together over what they say apart.

    `logs` has shape (combinations of `PairClasses`, members); `members` are places in the block.
    """

    members: Integers
    logs: Floats


@dataclass(frozen=True, eq=False)
class Swept:
    """All individuals against the missing persons of one block.

    `by_class[m]` is log10 LR, shape (classes, rows of `block.markers[m]`); `linked` what linked pairs add. The sums and
    counts are those of `SearchResult`, over this block; `compared` (individuals,) and `compared_of_missing` (members,)
    count pairs, one at a time as they were added up. `individual`, `member` and `log10_lr` are the pairs that were
    asked for, by member and then by individual.
    """

    block: Block
    by_class: tuple[Floats, ...]
    linked: Mapping[Where, LinkedRows]
    total_lr: Floats
    cut_lr: Floats
    total_lr_of_missing: Floats
    cut_lr_of_missing: Floats
    highest: Floats
    histogram: Integers
    compared: Integers
    compared_of_missing: Integers
    individual: Integers
    member: Integers
    log10_lr: Floats


class Sweep:
    """The individuals, ready to be compared with block after block; `over` may run in several threads at once."""

    def __init__(
        self, classes: Sequence[MarkerClasses], individuals: int, linked: Sequence[Where], edges: Floats
    ) -> None:
        self.classes = classes
        self.edges = edges
        self.individuals = individuals
        self._rows = [
            tuple(Sparse.of(rows.likelihood) for rows in (these.diploid_rows, these.haploid_rows)) for these in classes
        ]
        self._first_row = np.cumsum([0, *(len(these.readings) for these in classes)])
        self._codes = self._codes_of_individuals()
        self.pairs = {where: _pair_classes(*(classes[m].of for m in where)) for where in linked}

    def _codes_of_individuals(self) -> NDArray[np.int32]:
        """Rows of the stacked classes of all markers; the row after the last is zero, for what was not read."""
        nothing = int(self._first_row[-1])
        codes = [
            np.where(these.of >= 0, these.of + first, nothing)
            for these, first in zip(self.classes, self._first_row[:-1], strict=True)
        ]
        return np.ascontiguousarray(np.array(codes, dtype=np.int32).reshape(len(codes), self.individuals).T)

    def over(self, block: Block, linked: Mapping[Where, LinkedRows], floor: float, lowest: float) -> Swept:
        """Compare everybody with the block.

        `linked` has a column for everybody to whom linkage can matter. What is below `floor` is cut; pairs are told
        from `lowest` on.
        """
        by_class = tuple(self.by_class(m, rows) for m, rows in enumerate(block.markers))
        sums = _Sums(self.individuals, len(block), len(self.edges))
        members = np.array([k for k in range(len(block)) if k not in block.refused], dtype=np.int64)
        found = []
        for start in range(0, len(members), WIDTH):
            these = members[start : start + WIDTH]
            totals = self._added(block.markers, by_class, these)
            for where, rows in linked.items():
                self._add_linked(totals, these, block, by_class, where, rows)
            sums.add(totals, these, floor, self.edges)
            individual, column = np.nonzero(totals >= lowest)
            order = np.lexsort((individual, column))
            individual, column = individual[order], column[order]
            found.append((individual, these[column], totals[individual, column]))
        individual, member, logs = (np.concatenate(each) for each in zip(*found, strict=True)) if found else _NOBODY
        return Swept(
            block, by_class, linked, sums.total_lr, sums.cut_lr, sums.total_lr_of_missing, sums.cut_lr_of_missing,
            sums.highest, sums.histogram, sums.compared, sums.compared_of_missing, individual, member, logs,
        )  # fmt: skip

    def by_class(self, m: int, rows: MarkerRows) -> Floats:
        """log10 LR of each class at a marker for each row; nan for the classes of the other sex at an X-linked one."""
        classes = self.classes[m]
        these = classes.rows(haploid=rows.haploid)
        sparse = self._rows[m][rows.haploid]
        logs = np.full((len(classes.readings), len(rows.related)), np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):  # classes that no genotype can show: nobody has them
            related = np.log10(sparse.times(rows.related.T))
            logs[these.which] = related - np.log10(sparse.times(rows.unrelated.T))
        return logs

    def under(self, m: int, tables: Floats, *, haploid: bool) -> Floats:
        """P(class) of those of one sex (`haploid`) or of all, under each table of genotypes; (classes, tables)."""
        return self._rows[m][haploid].times(tables.T)

    def totals(self, markers: Sequence[MarkerRows]) -> Floats:
        """log10 LR of everybody against these missing persons, without linkage; shape (individuals, missing)."""
        by_class = [self.by_class(m, rows) for m, rows in enumerate(markers)]
        members = np.arange(len(markers[0].which) if markers else 0)
        parts = [self._added(markers, by_class, members[k : k + WIDTH]) for k in range(0, len(members), WIDTH)]
        return np.concatenate([np.zeros((self.individuals, 0)), *parts], axis=1)

    def _added(self, markers: Sequence[MarkerRows], by_class: Sequence[Floats], members: Integers) -> Floats:
        totals = np.empty((self.individuals, len(members)))
        _add_rows(self._stacked(markers, by_class, members), self._codes, totals)
        return totals

    def _stacked(self, markers: Sequence[MarkerRows], by_class: Sequence[Floats], members: Integers) -> Floats:
        """The classes of all markers under one another, one column a missing person, and a row of zeros."""
        stacked = np.zeros((int(self._first_row[-1]) + 1, len(members)))
        for m, (logs, rows) in enumerate(zip(by_class, markers, strict=True)):
            which = rows.which[members]
            if len(rows.related):
                here = stacked[self._first_row[m] : self._first_row[m + 1]]
                here[:, which >= 0] = np.nan_to_num(logs, nan=0.0, neginf=-np.inf)[:, which[which >= 0]]
        return stacked

    def _add_linked(
        self,
        totals: Floats,
        members: Integers,
        block: Block,
        by_class: Sequence[Floats],
        where: Where,
        rows: LinkedRows,
    ) -> None:
        """Add to the totals what a linked pair says together, where both of its markers were used."""
        pairs = self.pairs[where]
        _, columns, sources = np.intersect1d(members, rows.members, return_indices=True)
        if not len(columns) or not len(pairs.first):
            return
        logs = rows.logs[:, sources]
        finite = self._both_used(block, by_class, where, members[columns])
        _add_pairs(np.where(finite, logs, 0.0), pairs.of, columns, totals)

    def _both_used(
        self, block: Block, by_class: Sequence[Floats], where: Where, members: Integers
    ) -> NDArray[np.bool_]:
        """Of which combinations both markers have a finite log10 LR; shape (combinations, members)."""
        used = np.ones((len(self.pairs[where].first), len(members)), dtype=np.bool_)
        for m, classes in zip(where, (self.pairs[where].first, self.pairs[where].second), strict=True):
            used &= np.isfinite(by_class[m])[np.ix_(classes, block.markers[m].which[members])]
        return used

    def by_marker(self, swept: Swept, individual: Integers, member: Integers) -> Floats:
        """log10 LR of pairs at each marker, nan where one side has nothing; shape (pairs, markers)."""
        logs = np.full((len(individual), len(self.classes)), np.nan)
        for m, (classes, rows) in enumerate(zip(self.classes, swept.block.markers, strict=True)):
            k, row = classes.of[individual], rows.which[member]
            used = (k >= 0) & (row >= 0)
            logs[used, m] = swept.by_class[m][k[used], row[used]]
        return logs

    def linkage(self, swept: Swept, where: Where, individual: Integers, member: Integers) -> Floats:
        """What a linked pair adds to pairs of people; nan where it cannot matter to the missing person."""
        rows, of = swept.linked[where], self.pairs[where].of[individual]
        column = np.full(len(swept.block), -1, dtype=np.int64)
        column[rows.members] = np.arange(len(rows.members))
        column = column[member]
        used = (of >= 0) & (column >= 0)
        for m in where:
            k, row = self.classes[m].of[individual[used]], swept.block.markers[m].which[member[used]]
            used[used] = np.isfinite(swept.by_class[m][k, row])
        added = np.where(column >= 0, 0.0, np.nan)
        added[used] = rows.logs[of[used], column[used]]
        return added


_NOBODY = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))


def _pair_classes(first: Integers, second: Integers) -> PairClasses:
    both = (first >= 0) & (second >= 0)
    combinations, which = np.unique(np.column_stack([first[both], second[both]]), axis=0, return_inverse=True)
    of = np.full(len(first), -1, dtype=np.int64)
    of[both] = which.ravel()
    combinations = combinations.reshape(-1, 2)
    return PairClasses(combinations[:, 0], combinations[:, 1], of)


class _Sums:
    """Adds up the pairs of one block."""

    def __init__(self, individuals: int, members: int, edges: int) -> None:
        self.total_lr, self.cut_lr = np.zeros(individuals), np.zeros(individuals)
        self.total_lr_of_missing, self.cut_lr_of_missing = np.zeros(members), np.zeros(members)
        self.highest = np.full(members, -np.inf)
        self.histogram = np.zeros(edges + 1, dtype=np.int64)
        self.compared = np.zeros(individuals, dtype=np.int64)
        self.compared_of_missing = np.zeros(members, dtype=np.int64)

    def add(self, totals: Floats, members: Integers, floor: float, edges: Floats) -> None:
        _tally(
            totals, members, floor, edges, self.total_lr, self.cut_lr, self.total_lr_of_missing,
            self.cut_lr_of_missing, self.highest, self.histogram, self.compared, self.compared_of_missing,
        )  # fmt: skip


@njit(cache=True, nogil=True)
def _add_rows(stacked, codes, totals):  # type: ignore[no-untyped-def]
    individuals, markers = codes.shape
    width = totals.shape[1]
    for i in range(individuals):
        for w in range(width):
            totals[i, w] = 0.0
        for m in range(markers):
            row = codes[i, m]
            for w in range(width):
                totals[i, w] += stacked[row, w]


@njit(cache=True, nogil=True)
def _add_pairs(logs, of, columns, totals):  # type: ignore[no-untyped-def]
    for i in range(len(totals)):
        pair = of[i]
        if pair >= 0:
            for k in range(len(columns)):
                totals[i, columns[k]] += logs[pair, k]


@njit(cache=True, nogil=True)
def _tally(  # type: ignore[no-untyped-def]
    totals, members, floor, edges, total_lr, cut_lr, total_lr_of_missing, cut_lr_of_missing, highest, histogram,
    compared, compared_of_missing,
):  # fmt: skip
    last = len(edges)
    first, step = edges[0], edges[1] - edges[0]
    for i in range(len(totals)):
        for w in range(len(members)):
            log10_lr, k = totals[i, w], members[w]
            lr = np.exp(log10_lr * 2.302585092994046)
            total_lr[i] += lr
            total_lr_of_missing[k] += lr
            compared[i] += 1
            compared_of_missing[k] += 1
            if log10_lr < floor:
                cut_lr[i] += lr
                cut_lr_of_missing[k] += lr
            highest[k] = max(highest[k], log10_lr)
            # About the right bin, then the one whose edges say so.
            cell = 0 if log10_lr < first else min(last, int(min((log10_lr - first) / step, last)) + 1)
            while cell > 0 and edges[cell - 1] > log10_lr:
                cell -= 1
            while cell < last and edges[cell] <= log10_lr:
                cell += 1
            histogram[cell] += 1
