"""Conditional tables: what a family says about the genotype of the person it misses.

For one missing person and one marker everything that the relatives say is two vectors over genotypes: P(genotype |
relatives) if the person is theirs, and P(genotype | relatives) if it is somebody unrelated of the same population. The
second is the Hardy–Weinberg frequency when theta is 0, and depends on the relatives' alleles when it is not (Balding &
Nichols 1994). The likelihood ratio of anything that a laboratory may read is the quotient of its probability under one
and under the other.

A direct reference (a sample of the missing person's own) is part of what the family says: the first vector is then
that of the same person, under the errors that the reference may have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.elimination import TooComplexError
from antigone.genetics.hypotheses import Contradiction, explain_zero
from antigone.genetics.likelihood import (
    GenotypeDistribution,
    Known,
    Options,
    genotype_distributions,
    known_from_readings,
    linked_genotype_distribution,
    unknown_founder_alleles,
)
from antigone.genetics.markers import LinkedPair
from antigone.genetics.models import MarkerModel
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.theta import refuse_too_many
from antigone.matching.linked_genotypes import LinkedGenotypes
from antigone.matching.operation import Family, Settings
from antigone.matching.preparation import Prepared

Floats = NDArray[np.float64]

# A name that no family can hold: the person of the second hypothesis.
UNRELATED = "\N{NULL}unrelated"


@dataclass(frozen=True, eq=False)
class MarkerTable:
    """What a family says about one marker: genotypes in the order of `genotype_pairs`.

    They are alleles instead where the missing person is a man and the marker X-linked (`haploid`).
    """

    related: Floats
    unrelated: Floats
    haploid: bool


@dataclass(frozen=True, eq=False)
class ConditionalTable:
    """All that a family says about one missing person; None at markers where it says nothing that could be used.

    `linkage` holds, for linked pairs where it matters, P(both genotypes | relatives, theta 0). `contradictions` are
    markers at which the family contradicts itself. `alone` holds what `apart` gives where that is not the table of the
    marker.
    """

    family: Family
    person: str
    sex: Sex
    markers: tuple[MarkerTable | None, ...]
    linkage: Mapping[tuple[int, int], LinkedGenotypes]
    contradictions: tuple[Contradiction, ...]
    alone: Mapping[int, Floats] = field(default_factory=dict)

    def apart(self, where: tuple[int, int]) -> tuple[Floats, Floats]:
        """P(genotype | relatives at that marker alone, theta 0) at the two markers of a linked pair.

        What linkage adds is measured against these. The margins of `linkage` are others: they know what the relatives
        show at the other marker, which tells who passed what.
        """
        first, second = (self._apart(m) for m in where)
        return first, second

    def _apart(self, m: int) -> Floats:
        marker = self.markers[m]
        assert marker is not None  # noqa: S101  else it is in no pair
        return self.alone.get(m, marker.related)


class TableError(ValueError):
    """What a family says of somebody it misses cannot be computed as it was asked for, and why."""


@lru_cache(maxsize=512)
def genotype_pairs(alleles: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Unordered genotypes in the order of all tables: (0, 0), (0, 1) and so on, (1, 1), (1, 2) and so on."""
    return np.triu_indices(alleles)


@lru_cache(maxsize=512)
def hardy_weinberg(model: MarkerModel, *, haploid: bool = False) -> Floats:
    """Frequencies of unordered genotypes in a population without structure, in the order of `genotype_pairs`.

    One model gives one and the same array, so that what follows from it need not be computed for every family.
    """
    p = model.frequencies
    if haploid:
        return p
    a, b = genotype_pairs(len(p))
    return np.asarray(np.where(a == b, 1.0, 2.0) * p[a] * p[b])


def what_is_known(family: Family, models: Sequence[MarkerModel], settings: Settings) -> list[dict[str, Known]]:
    """What the family's samples say, marker by marker."""
    known: list[dict[str, Known]] = [{} for _ in models]
    for person, profile in family.profiles.items():
        male = family.pedigree[person].sex is Sex.MALE
        for m, model in enumerate(models):
            readings = profile.readings.get(model.name, ())
            if readings and not (model.x_linked and family.pedigree[person].sex is Sex.UNKNOWN):
                haploid = model.x_linked and male
                rates = settings.donors.rates(model)
                known[m][person] = known_from_readings(readings, model, rates, haploid=haploid)
    return known


def conditional_table(family: Family, person: str, prepared: Prepared, settings: Settings) -> ConditionalTable:
    """The table of one missing person.

    Raises `TableError` where it would not fit into memory, and, before anything is computed, where theta would need a
    sum of too many terms.
    """
    return table_of_what_is_known(family, person, prepared, what_is_known(family, prepared.models, settings))


def table_of_what_is_known(
    family: Family,
    person: str,
    prepared: Prepared,
    known_at: Sequence[Mapping[str, Known]],
    *,
    where_nobody_is_typed: bool = False,
) -> ConditionalTable:
    """`conditional_table` from what is known at each marker: of the family, and of bodies that were placed in it.

    With `where_nobody_is_typed` there are tables there too, of what the pedigree alone says.
    """
    try:
        return _conditional_table(family, person, prepared, known_at, everywhere=where_nobody_is_typed)
    except TooComplexError as error:
        raise TableError(str(error)) from None


def _conditional_table(
    family: Family,
    person: str,
    prepared: Prepared,
    known_at: Sequence[Mapping[str, Known]],
    *,
    everywhere: bool = False,
) -> ConditionalTable:
    sex = family.pedigree[person].sex
    usable = [
        m
        for m, model in enumerate(prepared.models)
        if (known_at[m] or everywhere)
        and not (model.x_linked and sex is Sex.UNKNOWN)  # else nobody of the family is typed here
    ]
    models, known = [prepared.models[m] for m in usable], [known_at[m] for m in usable]
    if prepared.options.theta:
        for asked, pedigree in ((person, family.pedigree), (UNRELATED, _with_stranger(family.pedigree, sex))):
            counts = unknown_founder_alleles(asked, pedigree, models, known, prepared.options)
            refuse_too_many(max(counts, default=0))
    related = genotype_distributions(person, family.pedigree, models, known, prepared.options)
    unrelated = _unrelated(family, models, known, related, sex, prepared.options)
    tables: list[MarkerTable | None] = [None] * len(prepared.models)
    contradictions = []
    for m, model, knowledge, yes, no in zip(usable, models, known, related, unrelated, strict=True):
        if not np.any(yes.joint):
            contradictions.append(explain_zero("the pedigree given", family.pedigree, model, knowledge))
            continue
        tables[m] = MarkerTable(_vector(yes.conditional), no, haploid=model.x_linked and sex is Sex.MALE)
    linkage = linkage_of(family.pedigree, person, prepared, known_at, tables)
    alone = _alone(family.pedigree, person, prepared, known_at, linkage)
    return ConditionalTable(family, person, sex, tuple(tables), linkage, tuple(contradictions), alone)


def _with_stranger(pedigree: Pedigree, sex: Sex) -> Pedigree:
    """The family, and somebody unrelated beside it."""
    return pedigree.joined(Pedigree.build([Person(UNRELATED, sex=sex)]))


def _vector(joint: Floats) -> Floats:
    return joint if joint.ndim == 1 else np.asarray(joint[genotype_pairs(len(joint))])


def _unrelated(
    family: Family,
    models: Sequence[MarkerModel],
    known: Sequence[Mapping[str, Known]],
    related: Sequence[GenotypeDistribution],
    sex: Sex,
    options: Options,
) -> list[Floats]:
    """P(genotype of somebody unrelated | the family's alleles) at each marker."""
    haploid = [model.x_linked and sex is Sex.MALE for model in models]
    if options.theta == 0:
        return [hardy_weinberg(model, haploid=single) for model, single in zip(models, haploid, strict=True)]
    together = _with_stranger(family.pedigree, sex)
    possible = [bool(np.any(distribution.joint)) for distribution in related]
    usable = [k for k, one in enumerate(possible) if one]
    found = genotype_distributions(
        UNRELATED, together, [models[k] for k in usable], [known[k] for k in usable], options
    )
    vectors = [hardy_weinberg(model, haploid=single) for model, single in zip(models, haploid, strict=True)]
    for k, distribution in zip(usable, found, strict=True):
        vectors[k] = _vector(distribution.conditional)
    return vectors


def linkage_can_matter(pedigree: Pedigree) -> bool:
    """Whether linked markers of somebody can say together what they do not say apart.

    They cannot where everybody who passed an allele is a founder and passed it to one child: the phase of such a
    parent's haplotypes is unknown, so the two alleles that were passed are independent given the genotypes.
    """
    return any(
        pedigree.children(person.id)
        and (person.father is not None or person.mother is not None or len(pedigree.children(person.id)) > 1)
        for person in pedigree.persons
    )


def linkage_of(
    pedigree: Pedigree,
    person: str,
    prepared: Prepared,
    known: Sequence[Mapping[str, Known]],
    tables: Sequence[MarkerTable | None],
) -> dict[tuple[int, int], LinkedGenotypes]:
    """`ConditionalTable.linkage` of somebody; `tables` says at which markers the family says anything."""
    if not linkage_can_matter(pedigree):
        return {}
    position = {model.name: m for m, model in enumerate(prepared.models)}
    found: dict[tuple[int, int], LinkedGenotypes] = {}
    for pair in prepared.linked:
        a, b = position[pair.first], position[pair.second]
        if tables[a] is not None and tables[b] is not None:
            found[a, b] = LinkedGenotypes.of(_pair_table(pedigree, person, prepared, known, (a, b), pair))
    return found


def _alone(
    pedigree: Pedigree,
    person: str,
    prepared: Prepared,
    known: Sequence[Mapping[str, Known]],
    linkage: Mapping[tuple[int, int], LinkedGenotypes],
) -> dict[int, Floats]:
    """`ConditionalTable.alone`: linkage knows neither theta nor pruning, so what it is measured against must not."""
    linked = sorted({m for where in linkage for m in where})
    as_linked = replace(prepared.options, theta=0.0, prune_untyped_founders=False)
    if as_linked == prepared.options or not linked:
        return {}
    models = [prepared.models[m] for m in linked]
    found = genotype_distributions(person, pedigree, models, [known[m] for m in linked], as_linked)
    return {m: _vector(one.conditional) for m, one in zip(linked, found, strict=True)}


def _pair_table(
    pedigree: Pedigree,
    person: str,
    prepared: Prepared,
    known: Sequence[Mapping[str, Known]],
    where: tuple[int, int],
    pair: LinkedPair,
) -> Floats:
    """P(genotypes at both markers | relatives): shape (genotypes at the first, genotypes at the second)."""
    models = [prepared.models[m] for m in where]
    joint = linked_genotype_distribution(person, pedigree, models, [known[m] for m in where], [pair.recombination])
    if joint.ndim == 2:
        return joint
    first, second = genotype_pairs(joint.shape[0]), genotype_pairs(joint.shape[2])
    return np.asarray(joint[first][:, second[0], second[1]])
