"""Whatever a file of another program cannot hold of a case is said when it is written."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from antigone.formats.codis import CmfHeader, cmf_from_operation
from antigone.formats.familias_case import familias_from_operation
from antigone.formats.linkage import ped_from_operation
from antigone.genetics.alleles import Repeat
from antigone.genetics.haplotypes import Lineage, LineageDatabases, MtHaplotype, YDatabase, YHaplotype
from antigone.matching.operation import Operation
from small_operation import small_operation

Lost = Callable[[Operation], Iterable[str]]
HEADER = CmfHeader("XX0000000", "XX0000001", "lab", "2025-06-06T12:00:00Z")
WRITERS: dict[str, Lost] = {
    "Familias": lambda operation: familias_from_operation(operation)[1],
    "PED": lambda operation: ped_from_operation(operation)[1],
    "CMF": lambda operation: cmf_from_operation(operation, HEADER)[1],
}
Y = Lineage(YHaplotype("s", {"DYS391": (Repeat(10),)}))
MT = Lineage(mt=MtHaplotype("s", ((73, 340),), ("263G",)))


def plain_operation() -> Operation:
    """One of which nothing is known but genotypes, under names that every file holds."""
    one = small_operation()
    families = tuple(
        replace(
            family,
            missing_since={},
            no_unlisted_sibling=frozenset(),
            profiles={person: replace(profile, sample=person) for person, profile in family.profiles.items()},
        )
        for family in one.families
    )
    dead = tuple(replace(individual, samples=(), remains=(), elements=()) for individual in one.individuals)
    return replace(one, individuals=dead, families=families, settings=replace(one.settings, year=None))


def first_of_the_dead(operation: Operation, **changes: object) -> Operation:
    first, *others = operation.individuals
    return replace(operation, individuals=(replace(first, **changes), *others))


def first_family(operation: Operation, **changes: object) -> Operation:
    first, *others = operation.families
    return replace(operation, families=(replace(first, **changes), *others))


def with_mixture(operation: Operation) -> Operation:
    return replace(operation, mixtures=(replace(operation.individuals[0], id="R9"),))


def with_database(operation: Operation) -> Operation:
    return replace(operation, lineage_databases=LineageDatabases(y=YDatabase((Y.y,), (3,), "a town")))


EVERYWHERE: dict[str, tuple[Callable[[Operation], Operation], str]] = {
    "elements": (lambda one: first_of_the_dead(one, elements=("femur",)), "which parts of a body the remains are"),
    "runs": (lambda one: first_of_the_dead(one, runs={"S": "P7"}), "in which laboratory runs samples were typed"),
    "remains": (lambda one: first_of_the_dead(one, remains=("a", "b")), "of which remains each individual is put"),
    "samples": (lambda one: first_of_the_dead(one, samples=("bone 1",)), "the names of samples"),
    "siblings": (
        lambda one: first_family(one, no_unlisted_sibling=frozenset(one.families[0].missing)),
        "that they have no unlisted sibling",
    ),
    "missing since": (
        lambda one: first_family(one, missing_since={one.families[0].missing[0]: 2022}),
        "since when people are missing",
    ),
    "mixtures": (with_mixture, "mixtures: R9"),
    "databases": (with_database, "the databases in which haplotypes are counted"),
    "mitochondrial DNA": (lambda one: first_of_the_dead(one, lineage=MT), "mitochondrial DNA"),
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("what", EVERYWHERE)
def test_what_is_lost_is_said_and_only_then(writer: str, what: str) -> None:
    change, words = EVERYWHERE[what]
    plain = plain_operation()
    before = [text for text in WRITERS[writer](plain) if words in text]
    after = [text for text in WRITERS[writer](change(plain)) if words in text]
    assert (len(before), len(after)) == (0, 1)


def test_familias_says_that_it_has_no_haplotypes() -> None:
    said = WRITERS["Familias"](first_of_the_dead(small_operation(), lineage=Y))
    assert "Y haplotypes" in said
    assert "mitochondrial DNA" not in said
