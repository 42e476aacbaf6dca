"""What two linked markers say together over what they say apart, for many missing persons at once.

Given which of a parent's two alleles each meiosis passed on, two markers are independent. So P(genotypes at both,
relatives) is a sum over such inheritances v at the first marker and w at the second: Σ U₁(v, genotype) T(v, w)
U₂(w, genotype), where T is a product over meioses of 1 − ρ where v and w agree and ρ where they do not (Lander & Green,
PNAS 84 (1987) 2363). `phased_rows` gives U, which is put through the classes first: then what a pair of classes says is
one short inner product. No table of genotypes at both markers is ever made, and nothing is left out.

What a founder's two alleles are called is arbitrary: of inheritances that differ in that alone one stands for all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from antigone.genetics.elimination import TooComplexError
from antigone.genetics.genotype_rows import phased_meioses, phased_rows
from antigone.genetics.pedigrees import Pedigree
from antigone.matching.batched_tables import Block, TableBatches
from antigone.matching.linked_genotypes import LinkedGenotypes
from antigone.matching.preparation import Prepared
from antigone.matching.sparse import Sparse
from antigone.matching.sweep import LinkedRows, Sweep, Where
from antigone.matching.tables import ConditionalTable, linkage_can_matter

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# With more meioses a missing person is computed alone, by the table of genotypes at both markers.
MOST_MEIOSES = 10

# Numbers that are kept at once.
MOST_NUMBERS = 2**23


def linked_places(prepared: Prepared) -> list[Where]:
    """The pairs of linked markers by their places among the models."""
    position = {model.name: m for m, model in enumerate(prepared.models)}
    return [(position[pair.first], position[pair.second]) for pair in prepared.linked]


def linked_rows(block: Block, batches: TableBatches, sweep: Sweep) -> dict[Where, LinkedRows]:
    """For each linked pair, the missing persons of the block to whom it matters, and log10 of what it adds."""
    members: dict[Where, list[int]] = {where: [] for where in sweep.pairs}
    columns: dict[Where, list[Floats]] = {where: [] for where in sweep.pairs}
    for group in batches.groups(block) if sweep.pairs else ():
        family, _ = block.sought[group[0]]
        if not linkage_can_matter(family.pedigree):
            continue
        for pair, where in zip(batches.prepared.linked, sweep.pairs, strict=True):
            these = [k for k in group if min(block.markers[m].which[k] for m in where) >= 0]
            if these:
                members[where] += these
                columns[where].append(_group(block, batches, sweep, where, these, pair.recombination))
    return {
        where: LinkedRows(
            np.array(members[where], dtype=np.int64),
            np.concatenate([np.zeros((len(pairs.first), 0)), *columns[where]], axis=1),
        )
        for where, pairs in sweep.pairs.items()
    }


def joint_tables(
    block: Block, batches: TableBatches, members: Sequence[int]
) -> dict[int, dict[Where, LinkedGenotypes]]:
    """`ConditionalTable.linkage` of these members of a block, but for whom there are too many inheritances."""
    found: dict[int, dict[Where, LinkedGenotypes]] = {k: {} for k in members}
    for group in batches.groups(block) if batches.prepared.linked else ():
        asked = [k for k in group if k in found and k not in block.alone]
        if not asked or not linkage_can_matter(block.sought[asked[0]][0].pedigree):
            continue
        try:
            for where, pair in zip(linked_places(batches.prepared), batches.prepared.linked, strict=True):
                these = [k for k in asked if min(block.markers[m].which[k] for m in where) >= 0]
                for k, joint in _joints(block, batches, where, these, pair.recombination):
                    found[k][where] = joint
        except TooComplexError:
            for k in asked:
                del found[k]
    return found


def _joints(
    block: Block, batches: TableBatches, where: Where, group: Sequence[int], recombination: float
) -> Iterator[tuple[int, LinkedGenotypes]]:
    """P(genotypes at both markers | relatives) of each of a group."""
    if not group:
        return
    family, person = block.sought[group[0]]
    codes = batches.codes_of(block.sought, group)
    meioses = _meioses(person, family.pedigree, batches, where, codes)
    inheritances = one_of_each(family.pedigree, meioses)
    step = max(1, MOST_NUMBERS // (2 ** len(meioses) * max(block.markers[m].related.shape[1] for m in where)))
    for start in range(0, len(group), step):
        here = codes[start : start + step]
        first, second = (phased_rows(person, family.pedigree, batches.classes[m], here[:, m], meioses) for m in where)
        mixed = _mixed(second.rows, len(meioses), recombination)
        for k, a, b in zip(group[start : start + step], first.which, second.which, strict=True):
            yield k, _summed_over(first.rows[a, inheritances], mixed[b, inheritances])


def _summed_over(first: Floats, second: Floats) -> LinkedGenotypes:
    """From P(inheritance, genotype, relatives) at both markers, each up to a factor; the first may have empty rows."""
    possible = first.any(axis=1)
    first, second = first[possible], second[possible]
    first = first / float(first.sum(axis=1) @ second.sum(axis=1))
    if len(first) > min(first.shape[1], second.shape[1]):
        return LinkedGenotypes.of(Sparse.of(first.T).times(second))
    return LinkedGenotypes(np.ascontiguousarray(first.T), np.ascontiguousarray(second.T))


def _group(
    block: Block, batches: TableBatches, sweep: Sweep, where: Where, group: Sequence[int], recombination: float
) -> Floats:
    """log10 of what the pair adds; shape (combinations of classes, members of the group)."""
    if group[0] not in block.alone:
        try:
            return np.concatenate(list(_together(block, batches, sweep, where, group, recombination)), axis=1)
        except TooComplexError:
            pass
    alone = [_by_genotypes(batches.table(block, k), sweep, where) for k in group]
    return np.array(alone).reshape(len(group), -1).T


def _together(
    block: Block, batches: TableBatches, sweep: Sweep, where: Where, group: Sequence[int], recombination: float
) -> Iterator[Floats]:
    """A few members after another, as memory allows. Raises `TooComplexError`."""
    family, person = block.sought[group[0]]
    codes = batches.codes_of(block.sought, group)
    meioses = _meioses(person, family.pedigree, batches, where, codes)
    classes = max(len(sweep.classes[m].readings) for m in where)
    genotypes = max(block.markers[m].related.shape[1] for m in where)
    step = max(1, MOST_NUMBERS // (2 ** len(meioses) * max(classes, genotypes)))
    for start in range(0, len(group), step):
        here = codes[start : start + step]
        first = _Phased.of(person, family.pedigree, batches, sweep, block, where[0], here, meioses, 0.0)
        second = _Phased.of(person, family.pedigree, batches, sweep, block, where[1], here, meioses, recombination)
        yield _log_ratios(first, second, sweep, where)


def _meioses(
    person: str, pedigree: Pedigree, batches: TableBatches, where: Where, codes: Integers
) -> tuple[tuple[int, int], ...]:
    found = {one for m in where for one in phased_meioses(person, pedigree, batches.classes[m], codes[:, m])}
    if len(found) > MOST_MEIOSES:
        raise TooComplexError(f"{len(found)} meioses to tell apart")
    return tuple(sorted(found))


@dataclass(frozen=True, eq=False)
class _Phased:
    """One marker of some families: P(class, inheritance | relatives), up to a factor for each row.

    `classes` has shape (rows, classes, inheritances), `all_classes` (rows, inheritances) is the sum over genotypes; of
    inheritances that differ in the names of founders' alleles alone there is one. `which` gives each family's row,
    `place` where a class of the marker stands among `classes`, or −1.
    """

    classes: Floats
    all_classes: Floats
    which: Integers
    place: Integers

    @classmethod
    def of(
        cls,
        person: str,
        pedigree: Pedigree,
        batches: TableBatches,
        sweep: Sweep,
        block: Block,
        m: int,
        codes: Integers,
        meioses: tuple[tuple[int, int], ...],
        recombination: float,
    ) -> "_Phased":
        """As it is with a recombination of 0; else as another marker sees it from where inheritances are told."""
        found = phased_rows(person, pedigree, batches.classes[m], codes[:, m], meioses)
        phased = _mixed(found.rows, len(meioses), recombination)[:, one_of_each(pedigree, meioses)]
        rows, phases, genotypes = phased.shape
        haploid = block.markers[m].haploid
        under = sweep.under(m, phased.reshape(rows * phases, genotypes), haploid=haploid)
        classes = np.ascontiguousarray(under.reshape(-1, rows, phases).transpose(1, 0, 2))
        place = np.full(len(sweep.classes[m].readings), -1, dtype=np.int64)
        which = sweep.classes[m].rows(haploid=haploid).which
        place[which] = np.arange(len(which))
        return cls(classes, phased.sum(axis=2), found.which, place)


def one_of_each(pedigree: Pedigree, meioses: Sequence[tuple[int, int]]) -> Integers:
    """Inheritances in which each founder's first meiosis passed the first allele.

    >>> from antigone.genetics.pedigrees import Person
    >>> brothers = Pedigree.build([Person("F"), Person("B", "F"), Person("M", "F")])
    >>> one_of_each(brothers, [(1, 0), (2, 0)]).tolist()  # 00 and 01 of 00, 01, 10, 11
    [0, 1]
    """
    first: dict[str, int] = {}
    for k, (child, side) in enumerate(meioses):
        parent = (pedigree.persons[child].father, pedigree.persons[child].mother)[side]
        if parent is not None and pedigree[parent].father is None and pedigree[parent].mother is None:
            first.setdefault(parent, k)
    inheritances = np.arange(2 ** len(meioses))
    for k in first.values():
        inheritances = inheritances[inheritances >> (len(meioses) - 1 - k) & 1 == 0]
    return inheritances


def _mixed(rows: Floats, meioses: int, recombination: float) -> Floats:
    """Each binary digit of the middle axis turned over with the probability of recombination."""
    if recombination == 0:
        return rows
    cube = rows.reshape(len(rows), *[2] * meioses, -1)
    for axis in range(1, meioses + 1):
        cube = (1 - recombination) * cube + recombination * np.flip(cube, axis)
    return cube.reshape(rows.shape)


def _log_ratios(first: _Phased, second: _Phased, sweep: Sweep, where: Where) -> Floats:
    pairs = sweep.pairs[where]
    ratios = np.empty((len(pairs.first), len(first.which)))
    _ratios(
        first.classes, first.all_classes, second.classes, second.all_classes, first.which, second.which,
        first.place[pairs.first], second.place[pairs.second], ratios,
    )  # fmt: skip
    with np.errstate(divide="ignore"):
        return np.asarray(np.log10(ratios))


@njit(cache=True, nogil=True)
def _ratios(first, all_first, second, all_second, which_first, which_second, place_first, place_second, ratios):  # type: ignore[no-untyped-def]
    """P(both classes | relatives at both markers) / (P(first | at the first) P(second | at the second)).

    It is 1 where nothing can be said.
    """
    phases = first.shape[2]
    alone_first, alone_second = np.empty(first.shape[1]), np.empty(second.shape[1])
    for k in range(len(which_first)):
        a, b = which_first[k], which_second[k]
        anything, anything_first, anything_second = 0.0, 0.0, 0.0
        for v in range(phases):
            anything += all_first[a, v] * all_second[b, v]
            anything_first += all_first[a, v]
            anything_second += all_second[b, v]
        for c in range(len(alone_first)):
            alone_first[c] = 0.0
            for v in range(phases):
                alone_first[c] += first[a, c, v]
        for c in range(len(alone_second)):
            alone_second[c] = 0.0
            for v in range(phases):
                alone_second[c] += second[b, c, v]
        for q in range(len(place_first)):
            c, d = place_first[q], place_second[q]
            ratios[q, k] = 1.0
            if c < 0 or d < 0 or anything == 0.0 or alone_first[c] == 0.0 or alone_second[d] == 0.0:
                continue
            together = 0.0
            for v in range(phases):
                together += first[a, c, v] * second[b, d, v]
            ratios[q, k] = together / anything
            ratios[q, k] *= (anything_first / alone_first[c]) * (anything_second / alone_second[d])


def _by_genotypes(table: ConditionalTable, sweep: Sweep, where: Where) -> Floats:
    """The same for one missing person, from P(genotypes at both markers)."""
    pairs = sweep.pairs[where]
    haploid = [marker is not None and marker.haploid for marker in (table.markers[m] for m in where)]
    rows, columns = (sweep.classes[m].rows(haploid=single) for m, single in zip(where, haploid, strict=True))
    together = table.linkage[where].under(rows.likelihood, columns.likelihood)
    alone = table.apart(where)
    apart = np.outer(rows.under(alone[0]), columns.under(alone[1]))
    logs = np.zeros(tuple(len(sweep.classes[m].readings) for m in where))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log10(together) - np.log10(apart)
    logs[np.ix_(rows.which, columns.which)] = np.where(np.isnan(ratio), 0.0, ratio)
    return np.asarray(logs[pairs.first, pairs.second])
