"""All individuals against all missing persons: by conditional tables, in blocks, on all processors.

Missing persons with like pedigrees are computed together (`batched_tables`, `linkage`); what a block says of
everything that was read of the dead is looked up and added for all individuals (`sweep`). `plain_search` says the same,
one missing person after another, and the tests compare the two.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.hypotheses import Contradiction
from antigone.matching.batched_tables import TableBatches
from antigone.matching.classes import MarkerClasses, marker_classes
from antigone.matching.coincidences import CoincidenceCount, Coincidences, Patterns
from antigone.matching.exclusions import exclusions
from antigone.matching.linkage import joint_tables, linked_places, linked_rows
from antigone.matching.lookup import Pair, without_errors
from antigone.matching.odd import FamilyContradiction, family_contradictions, notes, x_linked_left_out
from antigone.matching.operation import Family, LeftOut, Operation
from antigone.matching.preparation import Prepared, prepare
from antigone.matching.sweep import Sweep, Swept
from antigone.matching.tables import ConditionalTable, TableError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Kept:
    """All pairs of a search whose log10 LR is at least `floor`, sorted by missing person, then by individual.

    `individual` and `missing` are places in `operation.individuals` and in `SearchResult.missing`.
    """

    floor: float
    individual: NDArray[np.int32]
    missing: NDArray[np.int32]
    log10_lr: Floats

    def __len__(self) -> int:
        return len(self.log10_lr)


@dataclass(frozen=True, eq=False)
class Comparisons:
    """What was really compared, counted while it was done: the certificate of a search is made from it.

    `by_individual` (individuals,) and `by_missing` (missing persons searched,) count pairs, one at a time; `by_block`
    counts them once more, by the block in which they were computed. `said` (missing persons searched, markers) is
    whether the samples of the family said something at a marker that was used; `samples` are, by family, the persons of
    whom something went into its tables.
    """

    by_individual: Integers
    by_missing: Integers
    by_block: tuple[int, ...]
    said: NDArray[np.bool_]
    samples: Mapping[str, frozenset[str]]


@dataclass(frozen=True, eq=False)
class SearchResult:
    """What a search found, and what it searched."""

    operation: Operation
    prepared: Prepared
    missing: tuple[tuple[Family, str], ...]  # who was searched
    pairs: tuple[Pair, ...]  # hits, or every pair where that was asked for; best first
    kept: Kept  # every pair from the floor that was asked for
    total_lr: Floats  # (individuals,): Σ LR over all missing persons, of pairs that are not listed too
    total_lr_of_missing: Floats  # (missing persons,): Σ LR over all individuals, of pairs that are not listed too
    cut_lr: Floats  # (individuals,): Σ LR of the pairs below the floor of `kept`
    cut_lr_of_missing: Floats  # (missing persons,): the same over individuals
    highest: Floats  # (missing persons,): the best log10 LR of each
    histogram: Floats  # (bins,): pairs by log10 LR
    edges: Floats  # (bins + 1,): the first and last bins reach to ∓∞
    coincidences: CoincidenceCount
    contradictions: tuple[FamilyContradiction, ...]
    not_searched: tuple[LeftOut, ...]  # missing persons whose family is too large for what was asked
    unusable: tuple[LeftOut, ...]  # readings that no genotype can show under the declared rates, or of unknown sex
    comparisons: Comparisons

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Everything that was not searched, whoever found it."""
        contradicted = (
            LeftOut("marker", f"{one.marker}, family {one.family}", one.what) for one in self.contradictions
        )
        return (
            *self.not_searched, *self.operation.left_out, *self.prepared.left_out, *self.unusable, *contradicted
        )  # fmt: skip

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of the input and of settings that nobody declared."""
        return (*self._not_searched_note(), *self.operation.warnings, *notes(self.operation, self.prepared))

    def _not_searched_note(self) -> Iterator[str]:
        if self.not_searched:
            named = "; ".join(one.id for one in self.not_searched[:NAMED])
            more = f"; and {len(self.not_searched) - NAMED} more" if len(self.not_searched) > NAMED else ""
            yield f"NOT SEARCHED, for the family is too large for what was asked: {named}{more}"

    @property
    def compared(self) -> int:
        """How many pairs were compared."""
        return len(self.operation.individuals) * len(self.missing)


# So many people whose family is too large are named in the notes; all of them stand in what was left out.
NAMED = 20

# The picture of all LRs: a fifth of a power of ten a bin.
HISTOGRAM_EDGES = np.round(np.arange(-12.0, 60.0001, 0.2), 1)


def search(
    operation: Operation,
    *,
    all_pairs: bool = False,
    keep: float | None = None,
    progress: Progress | None = None,
    threads: int | None = None,
    coincidences: bool = True,
) -> SearchResult:
    """Compare every individual with every missing person.

    Whose family is too large for what was asked is not searched, and said. `keep` is the log10 LR from which pairs are
    kept as numbers, for the joint answer; the threshold unless given. `progress` is told how many missing persons are
    done, of how many. `threads` are as many as there are processors unless given; the result is the same. Without
    `coincidences` what chance would give is not counted: for searches whose hits are provisional anyway.
    """
    threads = threads or os.cpu_count() or 1
    searching = _Searching(operation, all_pairs=all_pairs, keep=keep, threads=threads, coincidences=coincidences)
    plan = searching.batches.plan()
    done = 0
    for found in _in_order(searching.block, plan, threads):
        searching.take(found)
        if progress is not None:
            for place in range(done, done + len(found.swept.block)):
                progress(place + 1, len(searching.missing))
        done += len(found.swept.block)
    return searching.result()


Item = TypeVar("Item")
Answer = TypeVar("Answer")


def _in_order(work: Callable[[Item], Answer], items: Sequence[Item], threads: int) -> Iterator[Answer]:
    """What `work` makes of each item, in their order; a few are computed ahead, so that memory stays bounded."""
    if threads == 1 or len(items) <= 1:
        yield from map(work, items)
        return
    pool = ThreadPoolExecutor(threads)
    try:
        waiting: deque[Future[Answer]] = deque()
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


@dataclass(frozen=True, eq=False)
class _Found:
    """One block: its sums, its listed pairs with places of the block as `missing`, and the tables that are counted."""

    swept: Swept
    pairs: list[Pair]
    counted: list[tuple[ConditionalTable, float]]


class _Searching:
    """A search while it runs: `block` computes and changes nothing, `take` adds up, in the order of the blocks."""

    def __init__(
        self, operation: Operation, *, all_pairs: bool, keep: float | None, threads: int, coincidences: bool
    ) -> None:
        self.operation, self.all_pairs, self.threads = operation, all_pairs, threads
        settings = operation.settings
        self.floor = settings.threshold if keep is None else keep
        self.prepared = prepare(operation)
        self.missing = operation.missing_persons()
        self.classes = marker_classes(operation.individuals, self.prepared.models, settings)
        self.batches = TableBatches(self.missing, self.prepared, settings)
        self.strict = self.batches.under(*without_errors(self.prepared, settings))
        self.sweep = Sweep(self.classes, len(operation.individuals), linked_places(self.prepared), HISTOGRAM_EDGES)
        if coincidences:
            patterns = Patterns.of_classes(self.classes, self.prepared.models, settings)
        else:
            patterns = Patterns.of_nobody(self.prepared.models)
        self.coincidences = Coincidences(patterns, self.prepared, self.missing if coincidences else ())
        self.to_count = self.coincidences.sample()
        count, edges = len(operation.individuals), len(HISTOGRAM_EDGES)
        self.total_lr, self.cut_lr, self.histogram = np.zeros(count), np.zeros(count), np.zeros(edges + 1)
        self.total_lr_of_missing, self.cut_lr_of_missing = np.zeros(len(self.missing)), np.zeros(len(self.missing))
        self.highest = np.zeros(len(self.missing))
        self.by_individual = np.zeros(count, dtype=np.int64)
        self.by_missing = np.zeros(len(self.missing), dtype=np.int64)
        self.by_block: list[int] = []
        self.said = np.zeros((len(self.missing), len(self.prepared.models)), dtype=np.bool_)
        self.kept: list[tuple[Integers, Integers, Floats]] = []
        self.pairs: list[Pair] = []  # `missing` is a place among all missing persons until `result`
        self.refused: dict[int, TableError] = {}
        self.contradictions: dict[int, tuple[Contradiction, ...]] = {}

    def block(self, members: Integers) -> _Found:
        """Compare everybody with some missing persons."""
        block = self.batches.block(members)
        lowest = min(self.floor, self._listed_from)
        linked = linked_rows(block, self.batches, self.sweep)
        swept = self.sweep.over(block, linked, self.floor, lowest)
        counted = [k for k, j in enumerate(members.tolist()) if j in self.to_count and k not in block.refused]
        joints = joint_tables(block, self.batches, counted)
        tables = [(self.batches.table(block, k, joints.get(k)), self.to_count[int(members[k])]) for k in counted]
        return _Found(swept, self._pairs(swept), tables)

    @property
    def _listed_from(self) -> float:
        return -np.inf if self.all_pairs else self.operation.settings.threshold

    def _pairs(self, swept: Swept) -> list[Pair]:
        """The pairs of a block that are listed one by one."""
        listed = np.flatnonzero(swept.log10_lr >= self._listed_from)
        individual, member = swept.individual[listed], swept.member[listed]
        by_marker = self.sweep.by_marker(swept, individual, member)
        excluded = exclusions(self.strict, self.classes, swept.block, individual, member)
        names = [model.name for model in self.prepared.models]
        linkage = {
            f"{names[a]}–{names[b]}": self.sweep.linkage(swept, (a, b), individual, member) for a, b in swept.linked
        }
        return [
            Pair(
                int(individual[row]),
                int(swept.block.members[member[row]]),
                float(swept.log10_lr[listed[row]]),
                by_marker[row],
                tuple((pair, float(logs[row])) for pair, logs in linkage.items() if not np.isnan(logs[row])),
                int(excluded[row]),
            )
            for row in range(len(listed))
        ]

    def take(self, found: _Found) -> None:
        """Add up one block."""
        swept, block = found.swept, found.swept.block
        self.total_lr += swept.total_lr
        self.cut_lr += swept.cut_lr
        self.histogram += swept.histogram
        self.total_lr_of_missing[block.members] = swept.total_lr_of_missing
        self.cut_lr_of_missing[block.members] = swept.cut_lr_of_missing
        self.highest[block.members] = swept.highest
        self._count(swept)
        kept = swept.log10_lr >= self.floor
        self.kept.append((swept.individual[kept], block.members[swept.member[kept]], swept.log10_lr[kept]))
        self.pairs += found.pairs
        tables = [table for table, _ in found.counted]
        chances = _in_order(self.coincidences.chance_of, tables, self.threads)
        for (table, weight), chance in zip(found.counted, chances, strict=True):
            self.coincidences.take(table, chance, weight)
        self.refused |= {int(block.members[k]): error for k, error in block.refused.items()}
        self.contradictions |= {int(block.members[k]): these for k, these in block.contradictions.items()}

    def _count(self, swept: Swept) -> None:
        """Note what was compared. The sum of a block is that of its picture of all LRs, which holds each pair once."""
        members = swept.block.members
        self.by_individual += swept.compared
        self.by_missing[members] = swept.compared_of_missing
        self.by_block.append(int(swept.histogram.sum()))
        for m, rows in enumerate(swept.block.markers):
            self.said[members, m] = rows.which >= 0

    def result(self) -> SearchResult:
        """What was found, missing persons in the order of the operation."""
        operation, prepared, missing = self.operation, self.prepared, self.missing
        searched = np.array([j for j in range(len(missing)) if j not in self.refused], dtype=np.int64)
        place = np.full(len(missing), -1, dtype=np.int64)
        place[searched] = np.arange(len(searched))
        pairs = [replace(pair, missing=int(place[pair.missing])) for pair in self.pairs]
        pairs.sort(key=lambda pair: (-pair.log10_lr, pair.individual, pair.missing))
        contradictions: dict[FamilyContradiction, None] = {}  # once a family, however many it misses
        for j in sorted(self.contradictions):
            contradictions |= dict.fromkeys(family_contradictions(missing[j][0], self.contradictions[j]))
        not_searched = tuple(
            LeftOut("missing person", f"{missing[j][1]}, family {missing[j][0].name}", str(error))
            for j, error in sorted(self.refused.items())
        )
        return SearchResult(
            operation, prepared, tuple(missing[j] for j in searched), tuple(pairs),
            _kept(self.floor, self.kept, place), self.total_lr, self.total_lr_of_missing[searched],
            self.cut_lr, self.cut_lr_of_missing[searched], self.highest[searched], self.histogram, HISTOGRAM_EDGES,
            self.coincidences.count(len(searched)), tuple(contradictions), not_searched,
            (*unusable(operation, prepared, self.classes), *x_linked_left_out(operation, prepared)),
            Comparisons(
                self.by_individual, self.by_missing[searched], tuple(self.by_block), self.said[searched],
                {missing[j][0].name: self.batches.samples_taken(missing[j][0]) for j in searched},
            ),
        )  # fmt: skip


def _kept(floor: float, pieces: Sequence[tuple[Integers, Integers, Floats]], place: Integers) -> Kept:
    individual = np.concatenate([np.zeros(0, np.int32), *(these.astype(np.int32) for these, _, _ in pieces)])
    missing = np.concatenate([np.zeros(0, np.int32), *(place[these].astype(np.int32) for _, these, _ in pieces)])
    log10_lr = np.concatenate([np.zeros(0), *(logs for _, _, logs in pieces)])
    order = np.lexsort((individual, missing))
    return Kept(floor, individual[order], missing[order], log10_lr[order])


def unusable(operation: Operation, prepared: Prepared, classes: Sequence[MarkerClasses]) -> tuple[LeftOut, ...]:
    """Readings that contradict themselves: three alleles, say, where no drop-in is declared."""
    found = []
    for model, these in zip(prepared.models, classes, strict=True):
        for individual in operation.individuals if these.impossible else ():
            readings = individual.profile.readings.get(model.name, ())
            if readings and any(readings == these.readings[k] for k in these.impossible):
                shown = " | ".join(map(str, readings))
                reason = f"{model.name} {shown}: no genotype shows this under the declared error rates"
                found.append(LeftOut("reading", individual.id, reason))
    return tuple(found)
