"""One new profile against all families, one new family against all profiles: a search that stays in memory.

What a search at the scale of a country makes, uses and drops is kept here: of each missing person one byte for each
class of each marker, how far it stays behind the best (`kernel.deficits`), laid out `[class][missing person]`. A new
profile is a sum of some rows. Whom that leaves is computed again by the very code of `matching.country_search`, for
these families and this profile alone, so that hits are those of a whole search with the new one in it (but for the last
bits of a sum, which depend on who is computed together, in whole searches too).

A class that nobody had when the bytes were made has no row. Mostly another class has one that says nearly the same
(the same alleles read in another of two replicates): where P(new | g) ≤ k · P(known | g) for every genotype g, no
family's LR of the new class is above K = k · P(known) / P(new) times that of the known one, P being those of somebody
unrelated. Its bytes serve then, less log10 K. Where no such class is near, everybody's log10 LR of the new class is
computed from what their family says; it may be above what was the best, so that its deficit may be negative, and a
missing person whom nobody could match may be matched now. An allele that the models do not hold changes the models,
and with them every number: it is refused (`NewAlleleError`), and the search has to be built anew.

Families to whom linkage between markers matters have bytes too: of each the most that linked markers could add to
anybody's log10 LR is kept, and whom the bytes leave with that much more is computed with what linked markers say.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.alleles import Allele, Named, Repeat
from antigone.genetics.elimination import TooComplexError
from antigone.genetics.frequencies import Refuse
from antigone.genetics.genotype_rows import KnownClasses
from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import Reading
from antigone.genetics.pedigrees import Sex
from antigone.genetics.profiles import Profile, alleles_seen
from antigone.matching.batched_tables import TableBatches
from antigone.matching.classes import MarkerClasses, Rows, marker_classes, sex_of
from antigone.matching.country_search import Comparing, Part, in_blocks, sorted_out
from antigone.matching.family_groups import FamilyGroup, GroupTables, family_groups
from antigone.matching.kernel.adding import LANES, OUT, Bytes, empty_bytes
from antigone.matching.kernel.deficits import Reach, fill_deficits
from antigone.matching.kernel.layout import Layout
from antigone.matching.kernel.log_tables import LogRows, LogTables
from antigone.matching.linkage import joint_tables
from antigone.matching.linked_genotypes import LinkedGenotypes
from antigone.matching.operation import Family, Individual, Operation, Settings
from antigone.matching.preparation import Prepared, prepare
from antigone.matching.tables import MarkerTable, hardy_weinberg, linkage_can_matter

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Families whose log10 LR of a new class are computed together.
TOGETHER = 8192

# Families to whom linkage matters are looked at so many at a time: tables of genotypes at two markers are large.
LINKED_TOGETHER = 64

# log10 of what the bounds of new classes may add up to: more, and too many survive who are then computed.
MOST_ABOVE = 1.5

# What a mean of ratios may be above the greatest of them, by rounding.
ROUNDING = 1e-9

# Less than any sum of deficits: what is as good as this survives whatever else was read.
SURVIVES = -(10**6)

# Steps of a missing person whom nobody could match: no smaller than this over 254.
LEAST_ROOM = 0.1


class NewAlleleError(ValueError):
    """An allele that the models were not built with: every number would change, so the search is to be built anew."""

    def __init__(self, sample: str, marker: str, allele: Allele) -> None:
        self.sample, self.marker, self.allele = sample, marker, allele
        super().__init__(
            f"{sample}: allele {allele} of {marker} is in no model of this search; build the search anew with it, "
            "for a new allele changes the frequencies of all others"
        )


@dataclass(frozen=True, eq=False)
class ResidentHits:
    """The pairs of somebody new at or above the threshold, by missing person and then by individual.

    Places are those that a whole search would give: somebody who was not added yet has the place after the last.
    `pairs` were compared, `survived` of them the first pass. `refused` are missing persons who could not be searched,
    and why.
    """

    individual: NDArray[np.int32]
    missing: NDArray[np.int32]
    log10_lr: Floats
    pairs: int
    survived: int
    refused: tuple[tuple[int, str], ...]

    def __len__(self) -> int:
        return len(self.log10_lr)


class ResidentSearch:
    """An operation that is kept ready for somebody new.

    `against_families` and `against_individuals` change nothing; `add` and those after it do. What is added is kept
    apart from what the search was built with, and takes longer to be compared with the more there is of it: build anew
    from time to time.
    """

    def __init__(self, shelf: "_Shelf", comparing: Comparing, settings: Settings) -> None:
        self.prepared, self.settings = comparing.prepared, settings
        self.threshold = comparing.threshold
        self._comparing = [comparing]
        self._shelves = [shelf]
        self._individuals: list[Individual] = []  # added
        self._families: list[Family] = []

    @classmethod
    def of(cls, operation: Operation, *, threshold: float | None = None) -> "ResidentSearch":
        """From an operation; `threshold` is a log10 LR, the operation's own unless given."""
        prepared = prepare(operation)
        classes = marker_classes(operation.individuals, prepared.models, operation.settings)
        floor = operation.settings.threshold if threshold is None else threshold
        comparing = Comparing(classes, len(operation.individuals), prepared, floor)
        batches = TableBatches(operation.missing_persons(), prepared, operation.settings)
        return cls(_Shelf.of(batches, comparing), comparing, operation.settings)

    @classmethod
    def of_groups(
        cls,
        groups: Sequence[FamilyGroup],
        known: Sequence[KnownClasses],
        classes: Sequence[MarkerClasses],
        individuals: int,
        prepared: Prepared,
        settings: Settings,
        *,
        threshold: float,
    ) -> "ResidentSearch":
        """From the arrays of `country_search.search_groups`. Raises `ValueError` where linkage matters."""
        if any(prepared.linked and linkage_can_matter(group.pedigree) for group in groups):
            raise ValueError("pedigrees to which linkage between markers matters; build the search from the operation")
        comparing = Comparing(classes, individuals, prepared, threshold)
        return cls(_Shelf(groups, np.zeros(0, np.int64), known, None, comparing), comparing, settings)

    @property
    def individuals(self) -> int:
        """How many there are."""
        return sum(len(one.layout) for one in self._comparing)

    @property
    def missing(self) -> int:
        """How many there are."""
        return sum(len(shelf) for shelf in self._shelves)

    @property
    def size(self) -> int:
        """Bytes that the first pass keeps."""
        return sum(shelf.size for shelf in self._shelves)

    def against_families(self, individual: Individual) -> ResidentHits:
        """Compare a new individual with every missing person. Raises `NewAlleleError`."""
        self._check(individual.profile)
        one = Comparing(self._classes_of(individual), 1, self.prepared, self.threshold)
        found = _Found(self.individuals)
        for shelf, begin in zip(self._shelves, self._begins(), strict=True):
            for part in shelf.against(one):
                found.add(part, begin)
        return found.hits(pairs=self.missing)

    def against_individuals(self, family: Family) -> ResidentHits:
        """Compare everybody whom a new family misses with every individual. Raises `NewAlleleError`."""
        for profile in family.profiles.values():
            self._check(profile)
        sought = [(family, person) for person in family.missing]
        batches = TableBatches(sought, self.prepared, self.settings)
        found, first = _Found(0), 0
        for comparing in self._comparing:
            for part in _parts(batches, comparing):
                found.add(part, self.missing, first)
            first += len(comparing.layout)
        return found.hits(pairs=len(sought) * self.individuals)

    def beside(self, families: Sequence[Family]) -> "ResidentSearch":
        """The same individuals and models with other families, such as parts of those that do not fit."""
        sought = [(family, person) for family in families for person in family.missing]
        batches = TableBatches(sought, self.prepared, self.settings)
        other = ResidentSearch(_Shelf.of(batches, self._comparing[0]), self._comparing[0], self.settings)
        other._comparing, other._individuals = list(self._comparing), list(self._individuals)
        return other

    def add(self, individuals: Sequence[Individual] = (), families: Sequence[Family] = ()) -> None:
        """From now on whoever is new is compared with these too. Raises `NewAlleleError`, nobody being added."""
        self.check(individuals, families)
        if individuals:
            self._individuals += individuals
            classes = marker_classes(self._individuals, self.prepared.models, self.settings)
            added = Comparing(classes, len(self._individuals), self.prepared, self.threshold)
            self._comparing = [self._comparing[0], added]
        if families:
            self._families += families
            sought = [(one, person) for one in self._families for person in one.missing]
            batches = TableBatches(sought, self.prepared, self.settings)
            self._shelves = [self._shelves[0], _Shelf.of(batches, self._comparing[0])]

    def add_individual(self, individual: Individual) -> None:
        """From now on new families are compared with this one too. Raises `NewAlleleError`."""
        self.add(individuals=[individual])

    def add_family(self, family: Family) -> None:
        """From now on new individuals are compared with this one too. Raises `NewAlleleError`."""
        self.add(families=[family])

    def showing_the_same(self, sample: Profile, markers: int) -> Iterator[tuple[int, Profile]]:
        """Individuals that show the same alleles as a sample at so many markers or more, and what was read of them."""
        first = 0
        for comparing in self._comparing:
            the_same = np.zeros(len(comparing.layout), dtype=np.int64)
            for model, these in zip(self.prepared.models, comparing.sweep.classes, strict=True):
                readings = sample.readings.get(model.name, ())
                shown = alleles_seen(readings)
                alike = [k for k, one in enumerate(these.readings) if readings and alleles_seen(one) == shown]
                the_same += np.isin(these.of, alike)
            for i in np.flatnonzero(the_same >= markers).tolist():
                found = {
                    model.name: these.readings[these.of[i]]
                    for model, these in zip(self.prepared.models, comparing.sweep.classes, strict=True)
                    if these.of[i] >= 0
                }
                yield first + i, Profile("", found)
            first += len(comparing.layout)

    def check(self, individuals: Sequence[Individual] = (), families: Sequence[Family] = ()) -> None:
        """Raise `NewAlleleError` where somebody was read who changes the models."""
        for profile in _profiles(individuals, families):
            self._check(profile)

    def of_these(self, individuals: Sequence[Individual], families: Sequence[Family]) -> Part:
        """Some individuals against some families, under the models of this search; places are those given."""
        sought = [(family, person) for family in families for person in family.missing]
        comparing = Comparing.of(individuals, self.prepared, self.settings, self.threshold)
        return comparing.tile(sought, self.settings).part

    def _begins(self) -> list[int]:
        """The place of the first missing person of each shelf."""
        return np.cumsum([0, *(len(shelf) for shelf in self._shelves)])[:-1].tolist()

    def _classes_of(self, individual: Individual) -> list[MarkerClasses]:
        """`marker_classes` of one, from those that are known already where there are such."""
        sex = sex_of(individual)
        return [
            self._known_class(m, individual.profile.readings.get(model.name, ()), sex)
            or marker_classes([individual], [model], self.settings)[0]
            for m, model in enumerate(self.prepared.models)
        ]

    def _known_class(self, m: int, readings: tuple[Reading, ...], sex: Sex) -> MarkerClasses | None:
        """The class of these readings, if somebody had it when the search was built."""
        x_linked = self.prepared.models[m].x_linked
        haploid = x_linked and sex is Sex.MALE
        k = self._shelves[0].cell_of[m].get((readings, haploid))
        if k is None or (x_linked and sex is Sex.UNKNOWN):
            return None
        return _only(self._comparing[0].sweep.classes[m], k, haploid=haploid)

    def _check(self, profile: Profile) -> None:
        refuses = isinstance(self.settings.rare_alleles, Refuse)
        for model in self.prepared.models:
            for reading in profile.readings.get(model.name, ()):
                for allele in reading.alleles:
                    if not isinstance(allele, Repeat | Named):
                        continue
                    place = model.alleles.index(allele) if allele in model.alleles else -1
                    if place < 0 or (refuses and model.frequencies[place] == 0):
                        raise NewAlleleError(profile.sample, model.name, allele)


def _profiles(individuals: Sequence[Individual], families: Sequence[Family]) -> Iterator[Profile]:
    yield from (individual.profile for individual in individuals)
    yield from (profile for family in families for profile in family.profiles.values())


def _only(classes: MarkerClasses, k: int, *, haploid: bool) -> MarkerClasses:
    """One class of a marker, which one individual has."""
    used = k not in classes.impossible
    of = np.array([0 if used else -1], dtype=np.int64)
    diploid_rows, haploid_rows = (
        _rows_of(classes.rows(haploid=single), k if single is haploid else -1) for single in (False, True)
    )
    impossible: frozenset[int] = frozenset() if used else frozenset({0})
    return MarkerClasses(of, (classes.readings[k],), np.array([haploid]), diploid_rows, haploid_rows, impossible)


def _rows_of(rows: Rows, k: int) -> Rows:
    here = np.flatnonzero(rows.which == k)
    return Rows(np.zeros(len(here), dtype=np.int64), rows.likelihood[here], rows.possible[here])


class _Found:
    """Puts hits together; `individual` is the place of the first of those who are compared."""

    def __init__(self, individual: int) -> None:
        self.individual = individual
        self.found: list[tuple[Integers, Integers, Floats]] = [(_NOBODY, _NOBODY, np.zeros(0))]
        self.refused: list[tuple[int, str]] = []
        self.survived = 0

    def add(self, part: Part, missing: int, individual: int = 0) -> None:
        """What was found about some; `missing` and `individual` are the places of the first of them."""
        found = part.found
        places = found.individual.astype(np.int64) + individual + self.individual
        self.found.append((places, part.members[found.member] + missing, found.log10_lr))
        self.refused += [(member + missing, why) for member, why in part.refused]
        self.survived += int(found.survived.sum())

    def hits(self, pairs: int) -> ResidentHits:
        """All of them, in order."""
        individual, missing, log10_lr = (np.concatenate(each) for each in zip(*self.found, strict=True))
        order = np.lexsort((individual, missing))
        return ResidentHits(
            individual[order].astype(np.int32), missing[order].astype(np.int32), log10_lr[order], pairs, self.survived,
            tuple(sorted(set(self.refused))),
        )  # fmt: skip


_NOBODY = np.zeros(0, dtype=np.int64)


def _parts(batches: TableBatches, comparing: Comparing) -> Iterator[Part]:
    """All missing persons of some families against all individuals of `comparing`."""
    groups, others = sorted_out(batches)
    making = GroupTables(comparing.prepared, batches.classes, comparing.sweep, comparing.layout)
    for group in groups:
        yield comparing.group(making, group, batches)
    for members in in_blocks(batches, others):
        yield comparing.block(batches, members)


class _Shelf:
    """Some missing persons: their bytes, and what their families say, to compute again whom the bytes leave.

    `deficits` has shape (cells of the layout, places); `member`, `group` and `row` say who stands at each place: which
    missing person, which group of `groups` and which row of it, −1 for those who are computed in blocks. `highest`
    (places, markers), `step` and `budget` (places,): a pair survives whose deficits add up to no more than the budget.
    `exact` are missing persons without bytes.
    """

    def __init__(
        self,
        groups: Sequence[FamilyGroup],
        others: Integers,
        known: Sequence[KnownClasses],
        batches: TableBatches | None,
        comparing: Comparing,
    ) -> None:
        self.groups, self.known, self.batches = list(groups), known, batches
        pairs = bool(comparing.sweep.pairs)
        self.linked = [pairs and linkage_can_matter(group.pedigree) for group in self.groups]
        self.plan = [] if batches is None else batches.plan()
        self.layout, self.classes = _in_order(comparing.layout), comparing.sweep.classes
        self.cell_of = [
            {
                (readings, bool(haploid)): k
                for k, (readings, haploid) in enumerate(zip(these.readings, these.haploid, strict=True))
            }
            for these in comparing.sweep.classes
        ]
        count = len(others) + sum(len(group.members) for group in groups)
        self.count = count
        self.deficits: Bytes = np.empty((int(self.layout.first[-1]), count), dtype=np.uint8)
        self.member, self.group, self.row = (np.full(count, -1, dtype=np.int64) for _ in range(3))
        self.highest = np.zeros((count, self.layout.markers), dtype=np.float32)
        self.step, self.budget = np.ones(count), np.zeros(count, dtype=np.int32)
        self.filled = 0
        self.exact: list[int] = []
        self._fill(others, comparing)

    @classmethod
    def of(cls, batches: TableBatches, comparing: Comparing) -> "_Shelf":
        """Of all missing persons of some families."""
        groups, others = family_groups(batches)
        return cls(groups, others, batches.classes, batches, comparing)

    def __len__(self) -> int:
        return self.count

    @property
    def size(self) -> int:
        """Bytes that the first pass keeps."""
        kept = (
            self.deficits[:, : self.filled],
            self.highest,
            self.step,
            self.budget,
            self.member,
            self.group,
            self.row,
        )
        return sum(array.nbytes for array in kept)

    def _fill(self, others: Integers, comparing: Comparing) -> None:
        making = GroupTables(comparing.prepared, self.known, comparing.sweep, self.layout)
        blocks = [others]
        for g, group in enumerate(self.groups):
            place = np.empty(self.count, dtype=np.int64)
            place[group.members] = np.arange(len(group.members))
            for part in making.parts(group):
                try:
                    tables = making.tables(part)
                except TooComplexError:
                    if self.batches is None:
                        raise
                    blocks.append(part.members)
                    continue
                more = self._most_of_linkage(part.members) if self.linked[g] else np.zeros(len(part.members))
                self._keep(tables, part.members, comparing.threshold - more, g, place[part.members])
        if self.batches is not None:
            for members in in_blocks(self.batches, np.concatenate(blocks), self.plan):
                self._fill_block(self.batches, members, comparing)

    def _most_of_linkage(self, members: Integers) -> Floats:
        """The most that linked markers can add to anybody's log10 LR; infinite where that was not computed.

        What classes at two markers say together over what they say apart is a mean of what genotypes do.
        """
        assert self.batches is not None  # noqa: S101  only operations have linked families
        most = np.full(len(members), np.inf)
        place = {int(member): k for k, member in enumerate(members)}
        for planned in in_blocks(self.batches, members, self.plan):
            for start in range(0, len(planned), LINKED_TOGETHER):
                block = self.batches.block(planned[start : start + LINKED_TOGETHER], explain=False)
                asked = [k for k in range(len(block)) if k not in block.refused and k not in block.alone]
                for k, joints in joint_tables(block, self.batches, asked).items():
                    most[place[int(block.members[k])]] = sum(
                        _most(joint, [block.markers[m].table(k) for m in where]) for where, joint in joints.items()
                    )
        return most

    def _fill_block(self, batches: TableBatches, members: Integers, comparing: Comparing) -> None:
        """Whoever is refused, or to whom linkage matters, has no bytes."""
        block = batches.block(members, explain=False)
        exact = [
            k in block.refused or (bool(comparing.sweep.pairs) and linkage_can_matter(family.pedigree))
            for k, (family, _) in enumerate(block.sought)
        ]
        self.exact += members[exact].tolist()
        plain = np.flatnonzero(~np.array(exact, dtype=bool))
        by_class = [comparing.sweep.by_class(m, rows).T for m, rows in enumerate(block.markers)]
        which = np.array([rows.which for rows in block.markers], dtype=np.int64).reshape(len(by_class), len(block)).T
        tables = LogTables.of([LogRows(logs) for logs in by_class], which[plain], self.layout)
        self._keep(tables, members[plain], np.full(len(plain), comparing.threshold), -1, np.full(len(plain), -1))

    def _keep(self, tables: LogTables, members: Integers, threshold: Floats, group: int, rows: Integers) -> None:
        """The bytes of some missing persons; who has a threshold of −∞ survives whatever was read."""
        always, threshold = np.isneginf(threshold), np.where(np.isneginf(threshold), 0.0, threshold)
        here = slice(self.filled, self.filled + len(members))
        self.filled = here.stop
        reach = Reach.of(tables, threshold)
        space = reach.highest - threshold
        step = np.where(reach.reaches, reach.step, np.maximum(-space, LEAST_ROOM) / (OUT - 1))
        reach = replace(reach, step=step)
        self.member[here], self.group[here], self.row[here] = members, group, rows
        self.highest[here], self.step[here] = tables.highest, step
        # Whom nobody could match somebody with a new reading may: rounding leaves them one step.
        budget = np.where(reach.reaches, OUT - 1, np.floor(space / step) + 1)
        self.budget[here] = np.where(always, np.iinfo(np.int32).max, budget)
        room = empty_bytes(self.layout.codes.rows)
        for start in range(0, len(members), LANES):
            lanes = np.arange(start, min(start + LANES, len(members)))
            fill_deficits(tables, lanes, reach, self.layout, room)
            self.deficits[:, here.start + start : here.start + start + len(lanes)] = room[:-1, : len(lanes)]

    def against(self, one: Comparing) -> Iterator[Part]:
        """What one individual has in common with whom their bytes leave, and with those who have none."""
        places = self._survivors(one)
        making = GroupTables(one.prepared, self.known, one.sweep, one.layout)
        for g in np.unique(self.group[places]).tolist():
            here = places[self.group[places] == g]
            if g >= 0 and not self.linked[g]:
                group, rows = self.groups[g], self.row[here]
                part = FamilyGroup(group.target, group.pedigree, group.members[rows], group.codes[rows])
                yield one.group(making, part, self.batches)
        if self.batches is not None:
            in_blocks_too = np.array([*self.linked, True], dtype=bool)[self.group[places]]  # −1 is the last
            alone = np.concatenate([self.member[places[in_blocks_too]], np.array(self.exact, dtype=np.int64)])
            for members in in_blocks(self.batches, alone, self.plan):
                yield one.block(self.batches, members)

    def _survivors(self, one: Comparing) -> Integers:
        """Places whose deficits do not add up to more than there is."""
        total = np.zeros(self.filled, dtype=np.int32)
        new: dict[int, _Alike | None] = {}
        for m, these in enumerate(one.sweep.classes):
            k = int(these.of[0])
            if k < 0:
                total += self._unread(m)
                continue
            cell = self.cell_of[m].get((these.readings[k], bool(these.haploid[k])))
            if cell is None:
                new[m] = _alike(one.prepared.models[m], self.classes[m], these)
            else:
                total += self.deficits[self.layout.first[m] + cell, : self.filled]
        above = 0.0
        for m, alike in sorted(new.items(), key=lambda one: np.inf if one[1] is None else one[1].above):
            if alike is not None and above + alike.above <= MOST_ABOVE:
                above += alike.above
                total += self._at_least_behind(m, alike)
            else:
                total += self._new(m, one)
        return np.flatnonzero(total <= self.budget[: self.filled])

    def _at_least_behind(self, m: int, alike: "_Alike") -> NDArray[np.int32]:
        """Deficits of a class that nobody had, from those of another; whoever is computed in blocks survives."""
        known = self.deficits[self.layout.first[m] + alike.known, : self.filled].astype(np.int32)
        above = np.minimum(np.ceil(alike.above / self.step[: self.filled]), -2 * SURVIVES)
        behind = known - above.astype(np.int32) - 1
        return np.where(self.group[: self.filled] >= 0, behind, np.int32(SURVIVES))

    def _unread(self, m: int) -> NDArray[np.integer[Any]]:
        if self.layout.unread[m]:
            return self.deficits[self.layout.first[m + 1] - 1, : self.filled]
        return self._behind(m, np.zeros(self.filled), np.arange(self.filled))  # may be better than all that was read

    def _new(self, m: int, one: Comparing) -> NDArray[np.int32]:
        """Deficits of a class that nobody had; whoever is computed in blocks survives."""
        prepared = replace(one.prepared, models=(one.prepared.models[m],), linked=())
        at_marker = Comparing([one.sweep.classes[m]], 1, prepared, one.threshold)
        making = GroupTables(prepared, [self.known[m]], at_marker.sweep, at_marker.layout)
        cell = int(at_marker.layout.cells[0, 0])
        behind = np.full(self.filled, SURVIVES, dtype=np.int32)
        grouped = np.flatnonzero(self.group[: self.filled] >= 0)
        for g, group in enumerate(self.groups):
            places = grouped[self.group[grouped] == g]
            for start in range(0, len(places), TOGETHER):
                here = places[start : start + TOGETHER]
                rows = self.row[here]
                codes = group.codes[rows, m : m + 1]
                tables = making.tables(FamilyGroup(group.target, group.pedigree, group.members[rows], codes))
                values = tables.quick[tables.begin[:, 0] + cell].astype(np.float64)
                behind[here] = self._behind(m, values, here)
        return behind

    def _behind(self, m: int, values: Floats, places: Integers) -> NDArray[np.int32]:
        """Deficits of log10 LRs that may be above the best; one less, for what rounding may do to them."""
        steps = np.floor((self.highest[places, m] - values) / self.step[places]) - 1
        return np.clip(steps, SURVIVES, OUT).astype(np.int32)


@dataclass(frozen=True, slots=True)
class _Alike:
    """A known class, and log10 of K: no family's LR of the new class is above K times that of the known one."""

    known: int
    above: float


def _alike(model: MarkerModel, classes: MarkerClasses, new: MarkerClasses) -> _Alike | None:
    """The known class of one marker whose bound is nearest, if there is one; `new` has one class."""
    haploid = bool(new.haploid[0])
    rows, mine = classes.rows(haploid=haploid), new.rows(haploid=haploid).likelihood[0]
    unrelated = hardy_weinberg(model, haploid=haploid)
    may_be = mine > 0
    of_mine = float(mine @ unrelated)
    if not of_mine or not len(rows.likelihood):
        return None
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        k = (mine[may_be] / rows.likelihood[:, may_be]).max(axis=1)
        above = np.log10(k * rows.under(unrelated) / of_mine)
    above[np.isnan(above)] = np.inf  # a class that nobody can show
    best = int(np.argmin(above))
    return _Alike(int(rows.which[best]), max(0.0, float(above[best]))) if np.isfinite(above[best]) else None


def _most(joint: LinkedGenotypes, apart: Sequence[MarkerTable | None]) -> float:
    """log10 of the most that genotypes at two linked markers say together over what they say apart, at least 0."""
    first, second = (np.zeros(0) if one is None else one.related for one in apart)
    if not len(first) or not len(second):
        return 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = joint.table() / np.outer(first, second)
    return max(0.0, float(np.log10(np.max(ratio, where=np.isfinite(ratio), initial=1.0))) + ROUNDING)


def _in_order(layout: Layout) -> Layout:
    """The same cells, their bytes in the order of the cells."""
    return replace(layout, row=np.arange(len(layout.row), dtype=np.int32))
