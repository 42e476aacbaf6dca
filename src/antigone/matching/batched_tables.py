"""Conditional tables of many missing persons at once.

Missing persons whose pedigrees are alike, names apart, are computed together by `genetics.genotype_rows`; with theta,
pruning or identical twins each has `conditional_table` to itself, and so has everybody whose group is too complex.
The tests compare all of it with `conditional_table`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.distinct import columns_of, distinct_objects
from antigone.genetics.elimination import TooComplexError
from antigone.genetics.genotype_rows import KnownClasses, genotype_rows
from antigone.genetics.hypotheses import Contradiction, explain_zero
from antigone.genetics.likelihood import known_from_readings
from antigone.genetics.observation import Reading
from antigone.genetics.pedigrees import Sex
from antigone.matching.linked_genotypes import LinkedGenotypes
from antigone.matching.operation import Family, Settings
from antigone.matching.preparation import Prepared
from antigone.matching.tables import (
    ConditionalTable,
    MarkerTable,
    TableError,
    conditional_table,
    genotype_pairs,
    hardy_weinberg,
    linkage_can_matter,
    linkage_of,
    what_is_known,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# So many missing persons are computed together.
BLOCK = 512

Sought = tuple[Family, str]
Linkage = Mapping[tuple[int, int], LinkedGenotypes]


@dataclass(frozen=True, eq=False)
class MarkerRows:
    """What the families of a block say at one marker.

    `related` has shape (rows, genotypes), laid out as `MarkerTable.related`; `unrelated` has as many rows, or one for
    all; `which` gives each missing person's row, −1 where their family says nothing that could be used.
    """

    related: Floats
    unrelated: Floats
    which: Integers
    haploid: bool

    def table(self, k: int) -> MarkerTable | None:
        """The table of one missing person."""
        row = int(self.which[k])
        if row < 0:
            return None
        return MarkerTable(self.related[row], self.unrelated[row if len(self.unrelated) > 1 else 0], self.haploid)


@dataclass(frozen=True, eq=False)
class Block:
    """The tables of some missing persons; all of one sex where a marker is X-linked.

    `members` are their places in the list of all. Keys of the mappings are places in the block: of whom a family
    contradicts itself, of whom there is no table and why, and who was computed one by one.
    """

    members: Integers
    sought: tuple[Sought, ...]
    markers: tuple[MarkerRows, ...]
    contradictions: Mapping[int, tuple[Contradiction, ...]]
    refused: Mapping[int, TableError]
    alone: Mapping[int, ConditionalTable]

    def __len__(self) -> int:
        return len(self.members)


def structure_of(family: Family, person: str, prepared: Prepared) -> object:
    """All of a pedigree that matters for the numbers of a missing person; None for what is computed one by one."""
    pedigree, options = family.pedigree, prepared.options
    if options.theta or options.prune_untyped_founders or pedigree.twins:
        return None
    at: dict[str | None, int] = {one.id: i for i, one in enumerate(pedigree.persons)}
    at[None] = -1
    x_linked = any(model.x_linked for model in prepared.models)
    return at[person], tuple(
        (at[one.father], at[one.mother], one.inbreeding, str(one.sex) if x_linked else "") for one in pedigree.persons
    )


class TableBatches:
    """Computes the tables of many missing persons, block by block; `block` may run in several threads at once.

    What the samples of the families say is looked up once, at the beginning. By identity of the family, `codes` gives
    where each typed person stands in the pedigree, and the number of their readings at each marker, or −1. From these
    alone the tables are made, and what is counted for the certificate.
    """

    def __init__(self, missing: Sequence[Sought], prepared: Prepared, settings: Settings) -> None:
        self.missing = missing
        self.prepared = prepared
        self.settings = settings
        self.readings = _Readings(prepared)
        families = {id(family): family for family, _ in missing}
        codes = self.readings.codes(list(families.values()))
        rows = iter(codes)
        self.codes: dict[int, list[tuple[int, Integers]]] = {
            key: [(family.pedigree.position(one), next(rows)) for one in family.profiles]
            for key, family in families.items()
        }
        self.classes = self.readings.classes(prepared, settings)

    def under(self, prepared: Prepared, settings: Settings) -> "TableBatches":
        """The same families under other models, with the same alleles, or other error rates."""
        other = object.__new__(TableBatches)
        other.__dict__.update(self.__dict__, prepared=prepared, settings=settings)
        other.classes = self.readings.classes(prepared, settings)
        return other

    def samples_taken(self, family: Family) -> frozenset[str]:
        """The persons of a family of whom something goes into its tables."""
        persons = family.pedigree.persons
        return frozenset(persons[position].id for position, codes in self.codes[id(family)] if (codes >= 0).any())

    def plan(self) -> list[Integers]:
        """All missing persons in blocks, those with like pedigrees side by side."""
        by_sex: dict[Sex | None, dict[object, list[int]]] = {}
        x_linked = any(model.x_linked for model in self.prepared.models)
        for j, (family, person) in enumerate(self.missing):
            sex = family.pedigree[person].sex if x_linked else None
            by_sex.setdefault(sex, {}).setdefault(self._structure(family, person), []).append(j)
        blocks = []
        for groups in by_sex.values():
            alike = np.array([j for group in groups.values() for j in group], dtype=np.int64)
            blocks += [alike[start : start + BLOCK] for start in range(0, len(alike), BLOCK)]
        return blocks

    def _structure(self, family: Family, person: str) -> object:
        return structure_of(family, person, self.prepared)

    def block(self, members: Integers, *, explain: bool = True) -> Block:
        """The tables of these missing persons; without `explain` contradictions are not looked into."""
        sought = tuple(self.missing[j] for j in members)
        found = _Joined(sought, self)
        for structure, group in self._by_structure(sought).items():
            if structure is None:
                found.one_by_one(group)
                continue
            try:
                found.together(group, explain=explain)
            except TooComplexError:
                found.one_by_one(group)
        markers = tuple(found.marker(m) for m in range(len(self.prepared.models)))
        return Block(members, sought, markers, found.contradictions, found.refused, found.alone)

    def _by_structure(self, sought: Sequence[Sought]) -> dict[object, list[int]]:
        groups: dict[object, list[int]] = {}
        for k, (family, person) in enumerate(sought):
            groups.setdefault(self._structure(family, person), []).append(k)
        return groups

    def groups(self, block: Block) -> Iterator[list[int]]:
        """Members of a block whose tables there are: those with like pedigrees, and who was computed alone."""
        for group in self._by_structure(block.sought).values():
            together = [k for k in group if k not in block.alone and k not in block.refused]
            yield from ([k] for k in group if k in block.alone)
            if together:
                yield together

    def codes_of(self, sought: Sequence[Sought], group: Sequence[int]) -> Integers:
        """What is known in families with like pedigrees, as `genotype_rows` takes it."""
        family, person = sought[group[0]]
        codes = np.full((len(group), len(self.prepared.models), len(family.pedigree)), -1, dtype=np.int64)
        for row, k in enumerate(group):
            for position, of_person in self.codes[id(sought[k][0])]:
                codes[row, :, position] = of_person
        if family.pedigree[person].sex is Sex.UNKNOWN:
            codes[:, [model.x_linked for model in self.prepared.models]] = -1
        return codes

    def table(self, block: Block, k: int, linkage: Linkage | None = None) -> ConditionalTable:
        """The table of one missing person of a block, as `conditional_table` gives it; linked pairs as given."""
        if k in block.alone:
            return block.alone[k]
        family, person = block.sought[k]
        tables = tuple(rows.table(k) for rows in block.markers)
        sex = family.pedigree[person].sex
        linkage = self.linkage(block, k) if linkage is None else linkage
        return ConditionalTable(family, person, sex, tables, linkage, block.contradictions.get(k, ()))

    def linkage(self, block: Block, k: int) -> Linkage:
        """`ConditionalTable.linkage` of one missing person of a block."""
        if k in block.alone:
            return block.alone[k].linkage
        family, person = block.sought[k]
        if not linkage_can_matter(family.pedigree):
            return {}
        tables = tuple(rows.table(k) for rows in block.markers)
        known = what_is_known(family, self.prepared.models, self.settings)
        return linkage_of(family.pedigree, person, self.prepared, known, tables)


class _Joined:
    """Groups of a block put together, marker by marker."""

    def __init__(self, sought: Sequence[Sought], batches: TableBatches) -> None:
        self.sought = sought
        self.batches = batches
        models = batches.prepared.models
        family, person = sought[0]
        male = family.pedigree[person].sex is Sex.MALE
        self.haploid = [model.x_linked and male for model in models]
        self.which = np.full((len(models), len(sought)), -1, dtype=np.int64)
        self.related: list[list[Floats]] = [[] for _ in models]
        self.unrelated: list[list[Floats]] = [[] for _ in models]  # with theta only
        self.filled = [0] * len(models)
        self.contradictions: dict[int, tuple[Contradiction, ...]] = {}
        self.refused: dict[int, TableError] = {}
        self.alone: dict[int, ConditionalTable] = {}

    def marker(self, m: int) -> MarkerRows:
        model, haploid = self.batches.prepared.models[m], self.haploid[m]
        genotypes = len(model) if haploid else len(genotype_pairs(len(model))[0])
        related = np.concatenate([np.zeros((0, genotypes)), *self.related[m]])
        if self.batches.prepared.options.theta:
            unrelated = np.concatenate([np.zeros((0, genotypes)), *self.unrelated[m]])
        else:
            unrelated = hardy_weinberg(model, haploid=haploid)[None, :]
        return MarkerRows(related, unrelated, self.which[m], haploid)

    def one_by_one(self, group: Sequence[int]) -> None:
        for k in group:
            family, person = self.sought[k]
            try:
                table = conditional_table(family, person, self.batches.prepared, self.batches.settings)
            except TableError as error:
                self.refused[k] = error
                continue
            self.alone[k] = table
            self.contradictions[k] = table.contradictions
            for m, marker in enumerate(table.markers):
                if marker is not None:
                    self._add(m, [k], np.zeros(1, dtype=np.int64), marker.related[None, :])
                    self.unrelated[m].append(marker.unrelated[None, :])

    def together(self, group: Sequence[int], *, explain: bool) -> None:
        batches = self.batches
        family, person = self.sought[group[0]]
        codes = batches.codes_of(self.sought, group)
        found = genotype_rows(person, family.pedigree, batches.classes, codes, batches.prepared.options)
        for m, these in enumerate(found):
            impossible = np.asarray(~these.rows.any(axis=1))
            contradicted = (these.which >= 0) & impossible[these.which]
            if explain:
                for row in np.flatnonzero(contradicted).tolist():
                    self._contradiction(group[row], m)
            self._add(m, group, np.where(contradicted, -1, these.which), these.rows)

    def _add(self, m: int, group: Sequence[int], which: Integers, rows: Floats) -> None:
        self.which[m, group] = np.where(which >= 0, which + self.filled[m], -1)
        self.related[m].append(rows)
        self.filled[m] += len(rows)

    def _contradiction(self, k: int, m: int) -> None:
        family, _ = self.sought[k]
        model = self.batches.prepared.models[m]
        (known,) = what_is_known(family, [model], self.batches.settings)
        one = explain_zero("the pedigree given", family.pedigree, model, known)
        self.contradictions[k] = (*self.contradictions.get(k, ()), one)


@dataclass(eq=False)
class _Readings:
    """The distinct readings of all families at each marker, each with a number."""

    prepared: Prepared
    number: list[dict[tuple[tuple[Reading, ...], bool], int]] = field(init=False)

    def __post_init__(self) -> None:
        self.number = [{} for _ in self.prepared.models]

    def codes(self, families: Sequence[Family]) -> Integers:
        """The numbers of what was read, −1 for nothing: shape (samples, markers), family after family."""
        profiles = [profile.readings for family in families for profile in family.profiles.values()]
        sexes = [family.pedigree[person].sex for family in families for person in family.profiles]
        codes = np.full((len(profiles), len(self.number)), -1, dtype=np.int64)
        models = self.prepared.models
        for m, column in enumerate(columns_of(profiles, [model.name for model in models])):
            found, of = distinct_objects(column)
            if models[m].x_linked:
                # The same reading says different things of a man and a woman.
                kinds = list(zip(of, sexes, strict=True))
                number = {(k, sex): self._number(m, found[k], sex) for k, sex in dict.fromkeys(kinds)}
                codes[:, m] = list(map(number.__getitem__, kinds))
            elif found:
                codes[:, m] = np.array([self._number(m, one) for one in found])[of]
        return codes

    def _number(self, m: int, readings: tuple[Reading, ...], sex: Sex = Sex.FEMALE) -> int:
        if not readings or sex is Sex.UNKNOWN:
            return -1
        number = self.number[m]
        return number.setdefault((readings, sex is Sex.MALE), len(number))

    def classes(self, prepared: Prepared, settings: Settings) -> list[KnownClasses]:
        """What the readings say under these models and rates, by their numbers."""
        found = []
        for model, number in zip(prepared.models, self.number, strict=True):
            these, rates = KnownClasses(model), settings.donors.rates(model)
            for readings, haploid in number:
                these.add(known_from_readings(readings, model, rates, haploid=haploid), haploid=haploid)
            found.append(these)
        return found
