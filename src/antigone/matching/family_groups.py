"""Missing persons whose families have one pedigree, names apart, and what all their samples say, as arrays.

At one marker the row of a family depends on the pedigree and on what was read of whom alone. So rows are shared: each
distinct one is computed once, by vectors over alleles where the family has a common shape (`genetics.allele_vectors`),
else by elimination (`genetics.genotype_rows`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from antigone.genetics.allele_vectors import AlleleVectorColumns
from antigone.genetics.family_shapes import Kin, kin_of
from antigone.genetics.genotype_rows import KnownClasses, genotype_rows
from antigone.genetics.network import Role
from antigone.genetics.pedigrees import Pedigree, Sex
from antigone.matching.batched_tables import MarkerRows, TableBatches
from antigone.matching.kernel.layout import Layout
from antigone.matching.kernel.log_tables import ClassRatios, GenotypeSource, LogRows, LogTables, RatioRows
from antigone.matching.preparation import Prepared
from antigone.matching.sweep import Sweep
from antigone.matching.tables import hardy_weinberg

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Numbers in the tables of the families that are computed together: about 96 MiB; and families at most. The more are
# together, the more of them say the same.
MOST_NUMBERS = 2**23
MOST_FAMILIES = 16384


@dataclass(frozen=True, eq=False)
class FamilyGroup:
    """Missing persons who all stand at one place of one pedigree.

    `members` are their places among all missing persons; `codes`, shape (families, markers, persons), is the number of
    what was read of each person (`KnownClasses`), −1 for nothing, persons in the order of `pedigree.persons`.
    """

    target: str
    pedigree: Pedigree
    members: Integers
    codes: NDArray[np.integer[Any]]


def family_groups(batches: TableBatches) -> tuple[list[FamilyGroup], Integers]:
    """The missing persons in groups, and those who are computed one by one: theta, pruning, identical twins."""
    options = batches.prepared.options
    x_linked = any(model.x_linked for model in batches.prepared.models)
    alike: dict[object, list[int]] = {}
    others: list[int] = []
    structures: dict[int, object] = {}
    for j, (family, person) in enumerate(batches.missing):
        pedigree = family.pedigree
        if options.theta or options.prune_untyped_founders or pedigree.twins:
            others.append(j)
            continue
        if id(pedigree) not in structures:
            structures[id(pedigree)] = _structure(pedigree, with_sexes=x_linked)
        sex = pedigree[person].sex if x_linked else None
        alike.setdefault((structures[id(pedigree)], pedigree.position(person), sex), []).append(j)
    groups = []
    for members in alike.values():
        sought = [batches.missing[j] for j in members]
        family, person = sought[0]
        codes = batches.codes_of(sought, range(len(sought)))
        groups.append(FamilyGroup(person, family.pedigree, np.array(members, dtype=np.int64), codes))
    return groups, np.array(others, dtype=np.int64)


def _structure(pedigree: Pedigree, *, with_sexes: bool) -> object:
    at: dict[str | None, int] = {one.id: i for i, one in enumerate(pedigree.persons)}
    at[None] = -1
    return tuple(
        (at[one.father], at[one.mother], one.inbreeding, str(one.sex) if with_sexes else "") for one in pedigree.persons
    )


@dataclass(frozen=True, eq=False)
class _Eliminated:
    """P(genotype) of distinct rows, shape (rows, genotypes), that elimination has computed (`GenotypeSource`)."""

    rows: Floats

    def __len__(self) -> int:
        return len(self.rows)

    def columns(self, start: int, stop: int, out: Floats) -> None:
        out[:, : stop - start] = self.rows[start:stop].T


class GroupTables:
    """Makes the tables of groups of families; `tables` may run in several threads at once."""

    def __init__(self, prepared: Prepared, known: Sequence[KnownClasses], sweep: Sweep, layout: Layout) -> None:
        self.prepared, self.known = prepared, known
        self.sweep, self.layout = sweep, layout
        # Laid out now, before several threads ask for it. The last role is of whom nothing is known.
        self.exact = [bool(np.all(these.arrays.roles[:-1] == Role.TYPED)) for these in known]
        # Of an X-linked marker elsewhere: its classes are of two sexes.
        self.classes = [
            None if model.x_linked else ClassRatios.of(these.diploid_rows.likelihood, hardy_weinberg(model))
            for model, these in zip(prepared.models, sweep.classes, strict=True)
        ]

    def parts(self, group: FamilyGroup) -> Iterator[FamilyGroup]:
        """The families by who is typed, so many at a time as fit into memory: whole blocks of 32.

        Where one person is typed there are never more rows than there are things that were read.
        """
        widths = np.diff(self.layout.first)
        few = sum(len(these) * int(width) for these, width in zip(self.known, widths, strict=True)) <= MOST_NUMBERS
        together = max(32, min(MOST_FAMILIES, MOST_NUMBERS // max(1, int(widths.sum()))) // 32 * 32)
        patterns, of = distinct_rows(np.asarray((group.codes >= 0).any(axis=1)).astype(np.int8))
        for p, pattern in enumerate(patterns):
            size = MOST_FAMILIES if few and pattern.sum() <= 1 else together
            these = np.flatnonzero(of == p)
            for start in range(0, len(these), size):
                here = these[start : start + size]
                yield FamilyGroup(group.target, group.pedigree, group.members[here], group.codes[here])

    def tables(self, group: FamilyGroup) -> LogTables:
        """What these families say. Raises `TooComplexError`."""
        markers: list[RatioRows | LogRows] = []
        which = np.full((len(group.members), len(self.known)), -1, dtype=np.int64)
        codes = np.ascontiguousarray(group.codes.transpose(1, 0, 2))
        shapes: dict[bytes, Kin | None] = {}
        for m, classes in enumerate(self.classes):
            if classes is None:
                rows, which[:, m] = self._x_linked(group, m)
                markers.append(rows)
            else:
                sources, which[:, m] = self._autosomal(group, m, codes[m], shapes)
                n = len(self.prepared.models[m])
                markers.append(RatioRows(sources, n * (n + 1) // 2, classes))
        return LogTables.of(markers, which, self.layout)

    def _x_linked(self, group: FamilyGroup, m: int) -> tuple[LogRows, Integers]:
        model, sex = self.prepared.models[m], group.pedigree[group.target].sex
        haploid = sex is Sex.MALE
        rows, which = self._by_elimination(group, m, np.arange(len(group.members)))
        possible = np.asarray(rows.any(axis=1))
        which = np.where(possible[which], which, -1)
        unrelated = hardy_weinberg(model, haploid=haploid)[None, :]
        return LogRows(self.sweep.by_class(m, MarkerRows(rows, unrelated, which, haploid)).T), which

    def _autosomal(
        self, group: FamilyGroup, m: int, codes: NDArray[np.integer[Any]], shapes: dict[bytes, Kin | None]
    ) -> tuple[list[GenotypeSource], Integers]:
        """What says what the distinct rows are, and each family's row."""
        which = np.full(len(codes), -1, dtype=np.int64)
        sources: list[GenotypeSource] = []
        filled = 0
        roles = self._roles(m, codes)
        patterns, pattern_of = (roles[:1], None) if np.all(roles == roles[:1]) else distinct_rows(roles)
        for p, pattern in enumerate(patterns):
            if not pattern.any():
                continue  # nobody is typed
            these = slice(None) if pattern_of is None else np.flatnonzero(pattern_of == p)
            kin = self._kin(group, pattern, shapes)
            source: GenotypeSource
            if kin is None:
                rows, row = self._by_elimination(group, m, np.arange(len(codes))[these])
                source = _Eliminated(rows)
            else:
                source, row = self._by_vectors(kin, m, codes[these])
            which[these] = row + filled
            filled += len(source)
            sources.append(source)
        return sources, which

    def _roles(self, m: int, codes: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
        """What is known of each person: a `Role`."""
        if self.exact[m]:
            return (codes >= 0).astype(np.int8)
        return self.known[m].arrays.roles[codes]

    @staticmethod
    def _kin(group: FamilyGroup, pattern: Integers, shapes: dict[bytes, Kin | None]) -> Kin | None:
        """The common shape of a family in which these are typed; None for another one."""
        key = pattern.tobytes()
        if key not in shapes:
            typed = frozenset(np.flatnonzero(pattern).tolist())
            exact = not np.any(pattern == Role.OBSERVED)
            shapes[key] = kin_of(group.pedigree, group.pedigree.position(group.target), typed) if exact else None
        return shapes[key]

    def _by_vectors(self, kin: Kin, m: int, codes: NDArray[np.integer[Any]]) -> tuple[AlleleVectorColumns, Integers]:
        """The distinct rows, and each family's."""
        for alike in kin.interchangeable():
            if len(alike) > 1:
                codes = codes.copy()
                codes[:, alike] = np.sort(codes[:, alike], axis=1)
        distinct, which = distinct_rows(codes)
        genotypes = self.known[m].arrays.genotypes[distinct]
        return AlleleVectorColumns(kin, self.prepared.models[m], genotypes), which

    def _by_elimination(self, group: FamilyGroup, m: int, these: Integers) -> tuple[Floats, Integers]:
        """Genotypes (distinct, genotypes) and each family's row."""
        codes = group.codes[these, m : m + 1].astype(np.int64)
        (found,) = genotype_rows(group.target, group.pedigree, [self.known[m]], codes, self.prepared.options)
        return found.rows, found.which


def distinct_rows(codes: NDArray[np.integer[Any]]) -> tuple[Integers, Integers]:
    """The distinct rows of small numbers from −1 on, and which one each row is; in the order in which they come."""
    which, first = np.zeros(len(codes), dtype=np.int64), np.zeros(len(codes), dtype=np.int64)
    count = _number_rows(codes, which, first)
    return codes[first[:count]].astype(np.int64), which


@njit(cache=True, nogil=True)
def _number_rows(codes, which, first):  # type: ignore[no-untyped-def]
    """Rows are numbered by their first column, then by that number and the next column, and so on."""
    count = min(1, len(codes))
    for column in range(codes.shape[1]):
        highest, changes = -1, False
        for k in range(len(codes)):
            highest = max(highest, codes[k, column])
            changes = changes or codes[k, column] != codes[0, column]
        if not changes:
            continue
        number = np.full(count * (highest + 2), -1, dtype=np.int32)
        count = 0
        for k in range(len(codes)):
            key = which[k] * (highest + 2) + codes[k, column] + 1
            if number[key] < 0:
                number[key] = count
                first[count] = k
                count += 1
            which[k] = number[key]
    return count
