"""The paternal and maternal lines of a pedigree: who stands on one line with somebody, and how far apart."""

from enum import StrEnum

from antigone.genetics.pedigrees import Pedigree, Sex


class Line(StrEnum):
    """By what a lineage is inherited."""

    PATERNAL = "paternal"
    """The Y chromosome: from father to son."""
    MATERNAL = "maternal"
    """Mitochondrial DNA: from a mother to all her children."""


def meioses_on_line(pedigree: Pedigree, person: str, line: Line) -> dict[str, int]:
    """Everybody on the person's line, themselves with 0, and how many meioses lie between.

    The way leads up to the nearest common ancestor of the line and down again; identical twins are one person. Women
    are on no paternal line; whose sex is not known may be a man.

    >>> from antigone.genetics.pedigrees import Person
    >>> family = Pedigree.build(
    ...     [Person("grandfather"), Person("father", "grandfather"), Person("uncle", "grandfather"), Person("wife"),
    ...      Person("son", "father", "wife"), Person("cousin", "uncle")]
    ... )
    >>> meioses_on_line(family, "son", Line.PATERNAL)
    {'grandfather': 2, 'father': 1, 'uncle': 3, 'son': 0, 'cousin': 4}
    >>> meioses_on_line(family, "son", Line.MATERNAL)
    {'wife': 1, 'son': 0}
    """
    if not _can_bear(pedigree, person, line):
        return {}
    one = {name: min(group) for group in pedigree.twins for name in group}
    own = _ancestors(pedigree, person, line, one)
    found = {}
    for other in pedigree.persons:
        if not _can_bear(pedigree, other.id, line):
            continue
        theirs = _ancestors(pedigree, other.id, line, one)
        common = next((name for name in own if name in theirs), None)
        if common is not None:
            found[other.id] = own[common] + theirs[common]
    return found


def line_founder(pedigree: Pedigree, person: str, line: Line) -> str:
    """The first of a line who is listed: who shares it shares the line."""
    one = {name: min(group) for group in pedigree.twins for name in group}
    return list(_ancestors(pedigree, person, line, one))[-1]


def _ancestors(pedigree: Pedigree, person: str, line: Line, one: dict[str, str]) -> dict[str, int]:
    """The person and everybody above on the line, with how many meioses lie between."""
    found: dict[str, int] = {}
    name: str | None = person
    while name is not None:
        found[one.get(name, name)] = len(found)
        name = pedigree[name].father if line is Line.PATERNAL else pedigree[name].mother
    return found


def _can_bear(pedigree: Pedigree, person: str, line: Line) -> bool:
    return line is Line.MATERNAL or pedigree[person].sex is not Sex.FEMALE
