"""The common shapes of a family around one person: parents, full and half-siblings, children, uncles and cousins.

A shape says who tells what of the person through whom; any other family is left to elimination. `allele_vectors`
computes what families of these shapes say.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from antigone.genetics.pedigrees import Pedigree

# With more terms, or more children of one untyped parent, elimination is the better way.
MOST_SIBLINGS = 4
MOST_CHILDREN = 5
MOST_UNCLES = 3


class Kind(IntEnum):
    """What is known of somebody who passes on an allele."""

    ANYBODY = 0  # not in the pedigree: an allele straight from the population
    UNTYPED = 1
    TYPED = 2


@dataclass(frozen=True, slots=True)
class Giver:
    """Somebody of whom nothing matters but the one allele that they pass on, or whose genotype is known."""

    kind: Kind
    person: int = -1


@dataclass(frozen=True, slots=True)
class Child:
    """A typed child, and the parent that is not asked about."""

    person: int
    other: Giver


@dataclass(frozen=True, slots=True)
class Uncle:
    """A full sibling of a parent: typed, or (`person` is −1) untyped with one typed child.

    `gives` is the side on which that child has their allele: 0 for an uncle, 1 for an aunt.
    """

    person: int
    child: Child | None = None
    gives: int = 0


@dataclass(frozen=True, slots=True)
class Parent:
    """A parent of the person, where an untyped one has their own alleles from, and their other typed children.

    `uncles` are children of both `origins`.
    """

    giver: Giver
    origins: tuple[Giver, Giver]
    half_siblings: tuple[Child, ...]
    uncles: tuple[Uncle, ...] = ()


@dataclass(frozen=True, slots=True)
class Kin:
    """A family of a common shape around a person: father and mother, full siblings, children.

    `gives` is the side on which the person's children have their allele: 0 for a father, 1 for a mother.
    """

    parents: tuple[Parent, Parent]
    siblings: tuple[int, ...]
    children: tuple[Child, ...]
    gives: int

    def tellers(self) -> Iterator[int]:
        """Every typed relative but parents and other parents, as often as the shape counts them."""
        yield from self.siblings
        for children in (*(parent.half_siblings for parent in self.parents), self.children):
            yield from (child.person for child in children)
        for uncle in (uncle for parent in self.parents for uncle in parent.uncles):
            yield uncle.person if uncle.child is None else uncle.child.person

    def interchangeable(self) -> Iterator[tuple[int, ...]]:
        """Persons of whom it makes no difference who is who: of those who are nobody's parent too."""
        giving = {giver.person for giver in self._givers() if giver.kind is Kind.TYPED}
        for alike in self._alike():
            yield tuple(person for person in alike if person not in giving)

    def _alike(self) -> Iterator[tuple[int, ...]]:
        yield self.siblings
        for children in (*(parent.half_siblings for parent in self.parents), self.children):
            alike: dict[Kind, list[int]] = {}
            for child in children:
                alike.setdefault(child.other.kind, []).append(child.person)
            yield from (tuple(these) for kind, these in alike.items() if kind is not Kind.TYPED)
        for uncles in (parent.uncles for parent in self.parents if parent.uncles):
            yield tuple(uncle.person for uncle in uncles if uncle.person >= 0)

    def _givers(self) -> Iterator[Giver]:
        """Whoever passes on an allele to somebody of the shape."""
        for parent in self.parents:
            yield from (parent.giver, *parent.origins)
            yield from (child.other for child in parent.half_siblings)
            yield from (uncle.child.other for uncle in parent.uncles if uncle.child is not None)
        yield from (child.other for child in self.children)


@lru_cache(maxsize=4096)
def kin_of(pedigree: Pedigree, target: int, typed: frozenset[int]) -> Kin | None:
    """The family of a person (by places in the pedigree), where exactly these are typed; None for other shapes.

    >>> from antigone.genetics.pedigrees import Person
    >>> people = Pedigree.build([Person("F"), Person("O"), Person("M", "F", "O"), Person("B", "F", "O")])
    >>> kin_of(people, 2, frozenset({3})).siblings
    (3,)
    >>> kin_of(people, 2, frozenset({2, 3})) is None  # the person's own sample
    True
    """
    return _Recogniser(pedigree, target, typed).kin()


class _Recogniser:
    def __init__(self, pedigree: Pedigree, target: int, typed: frozenset[int]) -> None:
        at: dict[str | None, int] = {one.id: i for i, one in enumerate(pedigree.persons)}
        at[None] = -1
        self.parents = [(at[one.father], at[one.mother]) for one in pedigree.persons]
        self.target, self.typed = target, typed
        self.matters = self._who_matters()
        self.usual = not pedigree.twins and all(pedigree.persons[i].inbreeding == 0 for i in self.matters)
        self.edges = {
            (parent, child) for child in self.matters for parent in self.parents[child] if parent in self.matters
        }
        self.used: set[tuple[int, int]] = set()
        self.passes: list[tuple[int, int]] = []  # untyped people, and how many alleles they passed on in this shape

    def _who_matters(self) -> set[int]:
        """The typed, the person, and their ancestors; what all others have sums to one."""
        found: set[int] = set()
        waiting = [self.target, *self.typed]
        while waiting:
            i = waiting.pop()
            if i >= 0 and i not in found:
                found.add(i)
                waiting += self.parents[i]
        return found

    def kin(self) -> Kin | None:
        if not self.usual or self.target in self.typed:
            return None
        father, mother = self.parents[self.target]
        if father == mother and father >= 0:
            return None
        siblings: tuple[int, ...] = ()
        if father >= 0 and mother >= 0:
            siblings = tuple(i for i in sorted(self.typed) if self.parents[i] == (father, mother))
        for sibling in siblings:
            self.used |= {(father, sibling), (mother, sibling)}
        parents = (self._parent(father, 0, siblings), self._parent(mother, 1, siblings))
        sides = {side for i in self.typed for side in (0, 1) if self.parents[i][side] == self.target}
        gives = min(sides, default=0)
        children = self._children(self.target, gives, ())
        counts = [len(siblings) + len(parent.half_siblings) for parent in parents]
        small = len(siblings) <= MOST_SIBLINGS and max(counts) <= MOST_CHILDREN
        small = small and sum(len(parent.uncles) for parent in parents) <= MOST_UNCLES
        no_others = all(sum(parent == i for parent, _ in self.edges) == count for i, count in self.passes)
        if len(sides) > 1 or not small or not no_others or self.used != self.edges:
            return None
        kin = Kin(parents, siblings, children, gives)
        told = list(kin.tellers())
        return kin if len(set(told)) == len(told) else None

    def _parent(self, i: int, side: int, siblings: tuple[int, ...]) -> Parent:
        if i < 0:
            return Parent(Giver(Kind.ANYBODY), (Giver(Kind.ANYBODY), Giver(Kind.ANYBODY)), ())
        self.used.add((i, self.target))
        half_siblings = self._children(i, side, siblings)
        if i in self.typed:
            return Parent(Giver(Kind.TYPED, i), (Giver(Kind.ANYBODY), Giver(Kind.ANYBODY)), half_siblings)
        uncles = self._uncles(i)
        father, mother = (self._giver(parent, i, passes=1 + len(uncles)) for parent in self.parents[i])
        return Parent(Giver(Kind.UNTYPED, i), (father, mother), half_siblings, uncles)

    def _uncles(self, i: int) -> tuple[Uncle, ...]:
        """The full siblings of an untyped parent who say something: in the order of the pedigree."""
        father, mother = self.parents[i]
        if father < 0 or mother < 0 or father == mother:
            return ()
        found = []
        for j in sorted(self.matters - {i}):
            if self.parents[j] != (father, mother):
                continue
            if j in self.typed:
                self.used |= {(father, j), (mother, j)}
                found.append(Uncle(j))
                continue
            for side in (0, 1):
                # Of more than one child the edges of the others stay unused, and the shape is no common one.
                children = [c for c in sorted(self.typed) if self.parents[c][side] == j]
                if children:
                    self.used |= {(father, j), (mother, j), (j, children[0])}
                    other = self._giver(self.parents[children[0]][1 - side], children[0])
                    found.append(Uncle(-1, Child(children[0], other), side))
                    break
        return tuple(found)

    def _children(self, parent: int, side: int, besides: tuple[int, ...]) -> tuple[Child, ...]:
        """The typed children of a parent on one side."""
        found = []
        for i in sorted(self.typed):
            if self.parents[i][side] == parent and i not in besides:
                self.used.add((parent, i))
                found.append(Child(i, self._giver(self.parents[i][1 - side], i)))
        return tuple(found)

    def _giver(self, i: int, child: int, *, passes: int = 1) -> Giver:
        if i < 0:
            return Giver(Kind.ANYBODY)
        self.used.add((i, child))
        if i in self.typed:
            return Giver(Kind.TYPED, i)
        self.passes.append((i, passes))
        return Giver(Kind.UNTYPED, i)
