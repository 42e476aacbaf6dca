"""Kinship coefficients and lines of descent: what a pedigree says of two people before anybody is typed."""

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.pedigrees import Pedigree, Sex

Floats = NDArray[np.float64]


def kinship(pedigree: Pedigree) -> Floats:
    """Kinship coefficients, shape (persons, persons): P(an autosomal allele of each is the same by descent).

    Identical twins are one person here. A founder's own coefficient is ½ (1 + inbreeding).

    >>> from antigone.genetics.pedigrees import Person
    >>> people = [Person("F"), Person("M"), Person("A", "F", "M"), Person("B", "F", "M")]
    >>> kinship(Pedigree.build(people))[2].tolist()  # with the father, the mother, themselves, a full sibling
    [0.25, 0.25, 0.5, 0.25]
    """
    twin = {name: group for group in pedigree.twins for name in group}
    coefficients = np.zeros((len(pedigree), len(pedigree)))
    for i, person in enumerate(pedigree.persons):
        earlier = [pedigree.position(name) for name in twin.get(person.id, ()) if pedigree.position(name) < i]
        if earlier:
            coefficients[i, :i] = coefficients[:i, i] = coefficients[earlier[0], :i]
            coefficients[i, i] = coefficients[earlier[0], earlier[0]]
            continue
        parents = [pedigree.position(name) for name in (person.father, person.mother) if name is not None]
        if parents:
            coefficients[i, :i] = coefficients[:i, i] = coefficients[parents, :i].sum(axis=0) / 2
        between = coefficients[parents[0], parents[1]] if len(parents) == 2 else person.inbreeding
        coefficients[i, i] = (1 + between) / 2
    return coefficients


def blood_relatives(pedigree: Pedigree, person: str) -> frozenset[str]:
    """Everybody else who shares an allele by descent with a person, or may: a kinship coefficient above 0.

    Without theta nobody else's genotype says anything of theirs, not even together with others' who are no relatives.
    """
    row = kinship(pedigree)[pedigree.position(person)]
    return frozenset(other.id for other, shared in zip(pedigree.persons, row, strict=True) if shared > 0) - {person}


def same_paternal_line(pedigree: Pedigree, one: str, other: str) -> bool:
    """Whether two men have the same Y chromosome, mutations apart: a common forefather in the pure male line.

    >>> from antigone.genetics.pedigrees import Person
    >>> men = [Person(name, father, sex=Sex.MALE) for name, father in (("G", None), ("U", "G"), ("F", "G"), ("S", "F"))]
    >>> same_paternal_line(Pedigree.build(men), "S", "U")
    True
    """
    if pedigree[one].sex is not Sex.MALE or pedigree[other].sex is not Sex.MALE:
        return False
    return _origin(pedigree, one, "father") == _origin(pedigree, other, "father")


def same_maternal_line(pedigree: Pedigree, one: str, other: str) -> bool:
    """Whether two people have the same mitochondrial DNA, mutations apart: a common mother's mother's mother."""
    return _origin(pedigree, one, "mother") == _origin(pedigree, other, "mother")


def _origin(pedigree: Pedigree, person: str, side: str) -> str:
    """The first of a line whom the pedigree lists; identical twins begin one line together."""
    while (parent := getattr(pedigree[person], side)) is not None:
        person = parent
    return next((min(group) for group in pedigree.twins if person in group), person)
