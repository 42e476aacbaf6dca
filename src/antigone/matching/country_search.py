"""All against all at the scale of a country: the first pass in bytes, exact figures for what it lets through.

Tables are made for some families, used, and dropped; there is never an array of all pairs. `matching.search` computes
every pair and says more of each; this search says the same of all pairs at or above the threshold, and of the others
how much they can be together.

A search is cut into tiles: all individuals against some missing persons. What is found about a tile follows from the
individuals, the models, the settings and its own families alone, byte for byte, whoever computes it and whatever was
computed before: `antigone.execution` has tiles computed here, by other processes or by other machines.

Families to whom linkage between markers matters, and those whose tables are refused, are compared pair by pair
(`matching.sweep`), for what linked markers say together is in no byte.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.elimination import TooComplexError
from antigone.genetics.genotype_rows import KnownClasses
from antigone.genetics.pedigrees import Sex
from antigone.matching.batched_tables import Block, Sought, TableBatches, structure_of
from antigone.matching.classes import MarkerClasses, marker_classes
from antigone.matching.family_groups import FamilyGroup, GroupTables, family_groups
from antigone.matching.kernel.filtering import Filtered, filtered
from antigone.matching.kernel.layout import Layout
from antigone.matching.kernel.log_tables import LogRows, LogTables
from antigone.matching.kernel.ranking import best_of_each, stable_order
from antigone.matching.linkage import linked_places, linked_rows
from antigone.matching.operation import Individual, Operation, Settings
from antigone.matching.preparation import Prepared, prepare
from antigone.matching.sweep import Sweep
from antigone.matching.tables import TableError, linkage_can_matter

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Missing persons of a tile; and where each has tables of their own or is compared pair by pair, which takes long.
TILE = 4096
SLOW_TILE = 128

# A histogram is asked of the sweep, and not used here.
_NO_EDGES = np.array([0.0, 1.0])


@dataclass(frozen=True, eq=False)
class CountryHits:
    """All pairs at or above the threshold, and what is known of the others.

    `individual`, `missing` and `log10_lr` are sorted by missing person, then by individual. Of pairs below the
    threshold `cut_lr` (individuals,) and `cut_lr_of_missing` are Σ LR of those that were computed, rounded up by less
    than half a per cent. All others are each below a ceiling of their missing person; `most_cut_lr` and
    `most_cut_lr_of_missing` are the sums with every one of them at its ceiling: upper bounds, and far above the truth.
    What to expect is this: the mean LR of an unrelated pair is 1, so that all pairs of somebody with strangers together
    have an expected Σ LR of at most their number.

    `cannot_reach` are missing persons whom no profile whatever could bring to the threshold; `refused` those who could
    not be searched, and why.
    """

    threshold: float
    individual: NDArray[np.int32]
    missing: NDArray[np.int32]
    log10_lr: Floats
    cut_lr: Floats
    cut_lr_of_missing: Floats
    most_cut_lr: Floats
    most_cut_lr_of_missing: Floats
    pairs: int  # compared
    survived: int  # the first pass
    cannot_reach: Integers
    refused: tuple[tuple[int, str], ...]

    def __len__(self) -> int:
        return len(self.log10_lr)

    def best_by_individual(self, count: int) -> Integers:
        """Places of the best pairs of each individual, so many at most; by individual, the best first."""
        return best_of_each(self.individual, self.log10_lr, count, len(self.cut_lr))

    def best_by_missing(self, count: int) -> Integers:
        """The same of each missing person."""
        return best_of_each(self.missing, self.log10_lr, count, len(self.cut_lr_of_missing))


@dataclass(frozen=True, eq=False)
class Part:
    """What was found about some missing persons; `members` are their places among all.

    `said` (members, markers) is whether the samples of the family say something at a marker that was used.
    """

    members: Integers
    found: Filtered
    said: NDArray[np.bool_]
    refused: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, eq=False)
class TileFound:
    """What was found about a tile, and what was counted meanwhile; places of `part` are places in the tile.

    `compared` (members,) are pairs. `contradicted` (members, markers) is whether the samples of a family say what its
    pedigree cannot give. `taken` is, of each member, whether anything of each sample of the family (in the order of its
    profiles) went into a table.
    """

    part: Part
    compared: Integers
    contradicted: NDArray[np.bool_]
    taken: tuple[tuple[bool, ...], ...]


Work = Callable[[], Part]


def search_country(operation: Operation, *, threshold: float | None = None, threads: int | None = None) -> CountryHits:
    """Compare every individual of an operation with every missing person.

    `threshold` is a log10 LR, the operation's own unless given. `threads` are as many as there are processors unless
    given; the result is the same, byte for byte.
    """
    prepared, missing, settings = prepare(operation), operation.missing_persons(), operation.settings
    floor = settings.threshold if threshold is None else threshold
    comparing = Comparing.of(operation.individuals, prepared, settings, floor)

    def work(members: Integers) -> Part:
        found = comparing.tile([missing[j] for j in members], settings).part
        return placed(found, members)

    works = [partial(work, members) for members in plan_tiles(missing, prepared)]
    parts = _in_order(works, threads or os.cpu_count() or 1)
    return collect(parts, len(operation.individuals), len(missing), floor)


def plan_tiles(missing: Sequence[Sought], prepared: Prepared) -> list[Integers]:
    """The missing persons of each tile, as places in `missing`: those with like pedigrees and samples side by side.

    The plan follows from the families and the models, not from who computes: so do the sums over tiles, to the last
    bit.
    """
    x_linked = any(model.x_linked for model in prepared.models)
    alike: dict[bool, dict[object, list[int]]] = {False: {}, True: {}}
    for j, (family, person) in enumerate(missing):
        structure = structure_of(family, person, prepared)
        slow = structure is None or (bool(prepared.linked) and linkage_can_matter(family.pedigree))
        sex = family.pedigree[person].sex if x_linked else None
        typed = frozenset(family.pedigree.position(one) for one in family.profiles)
        alike[slow].setdefault((structure, sex, typed), []).append(j)
    tiles = []
    for slow, size in ((False, TILE), (True, SLOW_TILE)):
        places = np.array([j for these in alike[slow].values() for j in these], dtype=np.int64)
        tiles += [places[start : start + size] for start in range(0, len(places), size)]
    return tiles


def placed(part: Part, members: Integers) -> Part:
    """What was found about a tile, told of these places among all missing persons."""
    return replace(
        part, members=members[part.members], refused=tuple((int(members[k]), why) for k, why in part.refused)
    )


def search_groups(
    groups: Sequence[FamilyGroup],
    known: Sequence[KnownClasses],
    classes: Sequence[MarkerClasses],
    individuals: int,
    prepared: Prepared,
    *,
    threshold: float,
    threads: int | None = None,
) -> CountryHits:
    """The same from arrays, for registers that never were objects. Raises `ValueError` where linkage matters."""
    linked = [group for group in groups if prepared.linked and linkage_can_matter(group.pedigree)]
    if linked:
        raise ValueError(f"{len(linked)} pedigrees to which linkage between markers matters; search the operation")
    comparing = Comparing(classes, individuals, prepared, threshold)
    making = GroupTables(prepared, known, comparing.sweep, comparing.layout)
    works = (partial(comparing.group, making, part) for group in groups for part in making.parts(group))
    parts = _in_order(works, threads or os.cpu_count() or 1)
    return collect(parts, individuals, sum(len(group.members) for group in groups), threshold)


def sorted_out(batches: TableBatches) -> tuple[list[FamilyGroup], Integers]:
    """Missing persons in groups, whom `Comparing.group` takes, and all others, whom `Comparing.block` takes."""
    groups, others = family_groups(batches)
    linked = [bool(batches.prepared.linked) and linkage_can_matter(group.pedigree) for group in groups]
    plain = [group for group, alone in zip(groups, linked, strict=True) if not alone]
    aside = [group.members for group, alone in zip(groups, linked, strict=True) if alone]
    return plain, np.concatenate([others, *aside])


def in_blocks(batches: TableBatches, members: Integers, plan: Sequence[Integers] | None = None) -> Iterator[Integers]:
    """Of the blocks in which everybody is planned, those of these members; `plan` is that of the batches, if known."""
    if not len(members):
        return
    for block in batches.plan() if plan is None else plan:
        these = block[np.isin(block, members)]
        if len(these):
            yield these


class Comparing:
    """The individuals, ready to be compared; its methods may run in several threads at once."""

    def __init__(
        self, classes: Sequence[MarkerClasses], individuals: int, prepared: Prepared, threshold: float
    ) -> None:
        self.layout = Layout.of(classes, individuals)
        self.sweep = Sweep(classes, individuals, linked_places(prepared), _NO_EDGES)
        self.prepared = prepared
        self.threshold = threshold

    @classmethod
    def of(
        cls, individuals: Sequence[Individual], prepared: Prepared, settings: Settings, threshold: float
    ) -> "Comparing":
        """From individuals as they were read."""
        return cls(marker_classes(individuals, prepared.models, settings), len(individuals), prepared, threshold)

    def tile(self, sought: Sequence[Sought], settings: Settings) -> TileFound:
        """Compare everybody with these missing persons, whoever else is missing."""
        batches = TableBatches(sought, self.prepared, settings)
        groups, others = sorted_out(batches)
        making = GroupTables(self.prepared, batches.classes, self.sweep, self.layout)
        parts = [self.group(making, part, batches) for group in groups for part in making.parts(group)]
        parts += [self.block(batches, members) for members in in_blocks(batches, others)]
        part = self._side_by_side(parts)
        compared = np.full(len(sought), len(self.layout), dtype=np.int64)
        compared[[k for k, _ in part.refused]] = 0
        return TileFound(part, compared, _read(batches) & ~part.said, _taken(batches))

    def _side_by_side(self, parts: Sequence[Part]) -> Part:
        """Parts of a tile as one, members in the order of the tile."""
        members = np.concatenate([_NO_PLACES, *(part.members for part in parts)])
        order = np.argsort(members)

        def joined(name: str, kind: type) -> NDArray[Any]:
            these: list[NDArray[Any]] = [np.asarray(getattr(part.found, name), dtype=kind) for part in parts]
            return np.concatenate([np.zeros(0, dtype=kind), *these])

        member = np.concatenate([_NO_PLACES, *(part.members[part.found.member] for part in parts)])
        individual = joined("individual", np.int32)
        by_member = np.lexsort((individual, member))
        cut = sum((part.found.cut_lr for part in parts), np.zeros(len(self.layout)))
        nothing = np.zeros((0, self.layout.markers), dtype=np.bool_)
        found = Filtered(
            individual[by_member], member[by_member], joined("log10_lr", np.float64)[by_member], cut,
            joined("cut_lr_of_member", np.float64)[order], joined("survived", np.int64)[order],
            joined("ceiling", np.float64)[order], joined("reaches", np.bool_)[order],
        )  # fmt: skip
        said = np.concatenate([nothing, *(part.said for part in parts)])[order]
        return Part(members[order], found, said, tuple(sorted(one for part in parts for one in part.refused)))

    def group(self, making: GroupTables, group: FamilyGroup, batches: TableBatches | None = None) -> Part:
        """Of missing persons to whom no linkage matters; one by one from `batches` where that is too complex."""
        try:
            tables = making.tables(group)
        except TooComplexError:
            if batches is None:
                raise
            return self.block(batches, group.members)
        return Part(group.members, filtered(tables, self.layout, self.threshold), tables.which >= 0)

    def block(self, batches: TableBatches, members: Integers) -> Part:
        """Of any missing persons, by the tables of `batched_tables`."""
        block = batches.block(members, explain=False)
        linked = np.array([self._is_linked(block, k) for k in range(len(block))], dtype=bool)
        alone = np.isin(np.arange(len(block)), list(block.refused))
        by_class = [self.sweep.by_class(m, rows).T for m, rows in enumerate(block.markers)]
        which = np.array([rows.which for rows in block.markers], dtype=np.int64).reshape(len(by_class), len(block)).T
        plain = np.flatnonzero(~linked & ~alone)
        tables = LogTables.of([LogRows(logs) for logs in by_class], which[plain], self.layout)
        found = _among(filtered(tables, self.layout, self.threshold), plain, len(block))
        if np.any(linked & ~alone):
            found = _together(found, self._pair_by_pair(block, batches, linked & ~alone))
        return Part(members, found, which >= 0, tuple((int(members[k]), str(why)) for k, why in block.refused.items()))

    def _is_linked(self, block: Block, k: int) -> bool:
        return bool(self.sweep.pairs) and linkage_can_matter(block.sought[k][0].pedigree)

    def _pair_by_pair(self, block: Block, batches: TableBatches, asked: NDArray[np.bool_]) -> Filtered:
        """With what linked markers say together, of those who are asked for."""
        others = {k: TableError("compared otherwise") for k in np.flatnonzero(~asked).tolist()}
        these = replace(block, refused={**block.refused, **others})
        swept = self.sweep.over(these, linked_rows(block, batches, self.sweep), self.threshold, self.threshold)
        survived = np.where(asked, self.sweep.individuals, 0)
        return Filtered(
            swept.individual.astype(np.int32), swept.member, swept.log10_lr, swept.cut_lr,
            np.where(asked, swept.cut_lr_of_missing, 0.0), survived, np.full(len(block), -np.inf),
            np.asarray(swept.highest >= self.threshold),
        )  # fmt: skip


def _among(found: Filtered, places: Integers, count: int) -> Filtered:
    """What was found about some of a block, told of the whole block."""

    def spread(values: NDArray[Any], fill: float) -> NDArray[Any]:
        wide = np.full(count, fill, dtype=values.dtype)
        wide[places] = values
        return wide

    return replace(
        found, member=places[found.member], cut_lr_of_member=spread(found.cut_lr_of_member, 0.0),
        survived=spread(found.survived, 0), ceiling=spread(found.ceiling, -np.inf), reaches=spread(found.reaches, True),
    )  # fmt: skip


def _together(one: Filtered, other: Filtered) -> Filtered:
    """What was found about two halves of one block."""
    member = np.concatenate([one.member, other.member])
    individual = np.concatenate([one.individual, other.individual])
    order = np.lexsort((individual, member))
    return Filtered(
        individual[order], member[order], np.concatenate([one.log10_lr, other.log10_lr])[order],
        one.cut_lr + other.cut_lr, one.cut_lr_of_member + other.cut_lr_of_member, one.survived + other.survived,
        np.maximum(one.ceiling, other.ceiling), one.reaches,
    )  # fmt: skip


def _read(batches: TableBatches) -> NDArray[np.bool_]:
    """Whether anything usable was read of each one's family at each marker; shape (missing persons, markers)."""
    models = batches.prepared.models
    read = np.zeros((len(batches.missing), len(models)), dtype=np.bool_)
    samples = [(k, codes) for k, (family, _) in enumerate(batches.missing) for _, codes in batches.codes[id(family)]]
    of = np.array([k for k, _ in samples], dtype=np.int64)
    known = np.array([codes for _, codes in samples]).reshape(len(samples), len(models)) >= 0
    unknown = np.array([family.pedigree[person].sex is Sex.UNKNOWN for family, person in batches.missing], dtype=bool)
    for m, model in enumerate(models):
        read[of[known[:, m]], m] = True
        if model.x_linked:
            read[unknown, m] = False
    return read


def _taken(batches: TableBatches) -> tuple[tuple[bool, ...], ...]:
    """`TableBatches.samples_taken` of each missing person's family, by sample."""
    codes = [codes for these in batches.codes.values() for _, codes in these]
    known = np.array(codes).reshape(len(codes), len(batches.prepared.models)) >= 0
    taken = iter(np.asarray(known.any(axis=1)).tolist())
    places = {key: {position for position, _ in these if next(taken)} for key, these in batches.codes.items()}
    return tuple(
        tuple(family.pedigree.position(person) in places[id(family)] for person in family.profiles)
        for family, _ in batches.missing
    )


def collect(parts: Iterable[Part], individuals: int, missing: int, threshold: float) -> CountryHits:
    """Put together what was found, part after part: their order is that of the sums."""
    cut, ceilings = np.zeros(individuals), 0.0
    cut_of_missing, most_of_missing = np.zeros(missing), np.zeros(missing)
    hits: list[tuple[NDArray[np.int32], NDArray[np.int32], Floats]] = []
    survived, searched = 0, 0
    refused: list[tuple[int, str]] = []
    cannot = []
    for part in parts:
        members, found = part.members, part.found
        hits.append((found.individual, members[found.member].astype(np.int32), found.log10_lr))
        cut += found.cut_lr
        ceiling = 10.0**found.ceiling
        ceilings += float(ceiling[found.survived < individuals].sum())
        cut_of_missing[members] = found.cut_lr_of_member
        most_of_missing[members] = found.cut_lr_of_member + (individuals - found.survived) * ceiling
        survived += int(found.survived.sum())
        refused += part.refused
        searched += len(members) - len(part.refused)
        cannot.append(members[~found.reaches])
    individual, person, log10_lr = (
        np.concatenate(each) for each in zip((_NOBODY, _NOBODY, np.zeros(0)), *hits, strict=True)
    )
    order = stable_order(person, missing)  # of one missing person the individuals are in order already
    return CountryHits(
        threshold, individual[order], person[order], log10_lr[order], cut, cut_of_missing, cut + ceilings,
        most_of_missing, individuals * searched, survived, np.sort(np.concatenate([np.zeros(0, np.int64), *cannot])),
        tuple(sorted(refused)),
    )  # fmt: skip


_NOBODY = np.zeros(0, dtype=np.int32)
_NO_PLACES = np.zeros(0, dtype=np.int64)


def _in_order(works: Iterable[Work], threads: int) -> Iterator[Part]:
    """What each piece of work gives, in their order; a few are computed ahead, so that memory stays bounded."""
    if threads == 1:
        yield from (work() for work in works)
        return
    pool = ThreadPoolExecutor(threads)
    try:
        waiting: deque[Future[Part]] = deque()
        for work in works:
            waiting.append(pool.submit(work))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
