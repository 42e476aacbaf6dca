"""What there is to compare a missing person with, in the words of yield tables.

The word comes from the pedigree and from who was typed, and from nothing else: a real case and a made-up one are
counted alike. It names the most telling references; what else was typed does not change it, so that a family with both
parents and three siblings counts under "both parents".

>>> from antigone.genetics.pedigrees import Person
>>> trio = Pedigree.build([Person("son", "father", "mother"), Person("father"), Person("mother")])
>>> str(kind_of_reference(trio, "son", {"mother"}))
'one parent'
>>> str(kind_of_reference(trio, "son", {"mother", "son"}))
'direct reference'
"""

from collections import Counter
from collections.abc import Collection, Iterator
from enum import StrEnum

from antigone.genetics.pedigrees import Pedigree
from antigone.matching.operation import Family, Operation


class ReferenceKind(StrEnum):
    """Kinds of references, the most telling first."""

    DIRECT = "direct reference"
    IDENTICAL_TWIN = "identical twin"
    BOTH_PARENTS = "both parents"
    PARENT_AND_CHILD = "parent and child"
    PARENT_AND_SIBLING = "parent and sibling"
    ONE_PARENT = "one parent"
    CHILDREN_AND_SPOUSE = "children and spouse"
    CHILDREN = "children without spouse"
    SEVERAL_SIBLINGS = "several siblings"
    ONE_SIBLING = "one sibling"
    HALF_SIBLING = "half-sibling"
    DISTANT = "distant"
    NONE = "none usable"


def kinds_of_references(operation: Operation) -> dict[tuple[str, str], ReferenceKind]:
    """The kind of reference of each missing person, by the names of family and person."""
    return {
        (family.name, person): kind_of_reference(family.pedigree, person, typed)
        for family in operation.families
        for typed in (typed_persons(family, operation.settings.markers),)
        for person in family.missing
    }


def typed_persons(family: Family, markers: Collection[str]) -> frozenset[str]:
    """Those of whom something was read at one of these markers; missing persons with a sample of their own are too."""
    used = set(markers)
    return frozenset(person for person, profile in family.profiles.items() if not used.isdisjoint(profile.markers()))


def kind_of_reference(pedigree: Pedigree, person: str, typed: Collection[str]) -> ReferenceKind:
    """What the typed persons of a pedigree are to this one.

    An identical twin of a relative counts as the relative. `NONE` is for a family in which nobody who was typed is of
    the person's blood: a spouse alone says nothing.
    """
    if person in typed:
        return ReferenceKind.DIRECT
    if any(person in group and group & set(typed) for group in pedigree.twins):
        return ReferenceKind.IDENTICAL_TWIN
    return next(_kinds(pedigree, person, _with_twins(pedigree, typed)), ReferenceKind.NONE)


def _kinds(pedigree: Pedigree, person: str, typed: frozenset[str]) -> Iterator[ReferenceKind]:
    """All kinds that there are, the most telling first."""
    parents = sum(parent in typed for parent in _parents(pedigree, person))
    children = [child.id for child in pedigree.children(person) if child.id in typed]
    siblings = _siblings(pedigree, person, typed)
    if parents == 2:
        yield ReferenceKind.BOTH_PARENTS
    if parents and children:
        yield ReferenceKind.PARENT_AND_CHILD
    if parents and siblings["full"]:
        yield ReferenceKind.PARENT_AND_SIBLING
    if parents:
        yield ReferenceKind.ONE_PARENT
    if any(parent in typed for child in children for parent in _parents(pedigree, child)):
        yield ReferenceKind.CHILDREN_AND_SPOUSE
    if children:
        yield ReferenceKind.CHILDREN
    if siblings["full"] > 1:
        yield ReferenceKind.SEVERAL_SIBLINGS
    if siblings["full"]:
        yield ReferenceKind.ONE_SIBLING
    if siblings["half"]:
        yield ReferenceKind.HALF_SIBLING
    line = _line(pedigree, person)
    if any(line & _line(pedigree, other) for other in typed):
        yield ReferenceKind.DISTANT


def _parents(pedigree: Pedigree, person: str) -> tuple[str, ...]:
    own = pedigree[person]
    return tuple(parent for parent in (own.father, own.mother) if parent is not None)


def _siblings(pedigree: Pedigree, person: str, typed: frozenset[str]) -> Counter[str]:
    """How many full and half-siblings were typed, identical twins once. Two unlisted parents are never the same."""
    own = set(_parents(pedigree, person))
    again = {other for group in pedigree.twins for other in sorted(group)[1:]}
    found: Counter[str] = Counter()
    for other in typed - {person} - again:
        common = own & set(_parents(pedigree, other))
        if common:
            found["full" if len(common) == 2 else "half"] += 1
    return found


def _with_twins(pedigree: Pedigree, typed: Collection[str]) -> frozenset[str]:
    twins = {person for group in pedigree.twins if group & set(typed) for person in group}
    return frozenset(typed) | twins


def _line(pedigree: Pedigree, person: str) -> set[str]:
    """A person and all their ancestors, with the identical twins of each."""
    found: set[str] = set()
    waiting = [person]
    while waiting:
        one = waiting.pop()
        if one in found:
            continue
        found.add(one)
        waiting += _parents(pedigree, one)
        waiting += [twin for group in pedigree.twins if one in group for twin in group]
    return found
