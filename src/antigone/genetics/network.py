"""A pedigree as a network of variables and factors, ready for elimination.

The variables of a locus are

- an *allele* for each of the two alleles of a person whose genotype is not certain,
- a *state* for a typed person: which of the two alleles came from the father (one or two states),
- a *selector* for a meiosis: whether the parent passed the allele from their own father (0) or mother (1).

The meiosis of a parent with alleles x and y is kept as a *gate*: a table H(z, …) about the allele z that was passed,
read at x where the selector is 0 and at y where it is 1. Written as one table over x, y and the child's allele it
would cost (alleles)³ and tie x to y; as a gate it costs (alleles)² and ties nothing. That is why a pedigree with
stepwise mutation and 55 alleles stays cheap (see docs/methods).

Selectors also carry linkage: at two linked loci those of one meiosis agree with probability 1 − ρ.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from itertools import pairwise


class Role(IntEnum):
    """What is known about a person at a locus."""

    UNTYPED = 0
    TYPED = 1  # an exact genotype
    OBSERVED = 2  # a likelihood for every genotype (drop-out, one allele seen, replicates)


@dataclass(frozen=True, slots=True)
class Member:
    """A person as the network sees them: positions of the parents or −1, role at each locus."""

    father: int
    mother: int
    male: bool | None
    roles: tuple[Role, ...]
    inbred: bool = False
    queried: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """All that decides how a likelihood is computed, without a single allele: the key of the cache of schedules.

    `ties` gives each founder allele (in the order of `founder_alleles`, locus by locus) the cluster that it shares a
    draw with; empty means that each is drawn by itself. With `phased` the selectors are asked for too, before those who
    are queried.
    """

    members: tuple[Member, ...]
    loci: int = 1
    x_linked: bool = False
    ties: tuple[int, ...] = ()
    phased: bool = False


class VariableKind(IntEnum):
    """Where the size of a variable comes from."""

    ALLELE = 0
    STATE = 1
    SELECTOR = 2


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable; `person` is the member's position for states, and −1 otherwise."""

    kind: VariableKind
    locus: int
    person: int = -1


class Leaf(IntEnum):
    """The tables that a network starts from."""

    COMPUTED = 0
    PRIOR = 1  # (allele): frequency
    MATRIX = 2  # (parent's allele, child's allele): mutation
    MATRIX_TRANSPOSED = 3  # (child's allele, parent's allele): the same, for reading along the parent
    JOINT_PRIOR = 4  # (allele, allele): an inbred founder
    OBSERVATION = 5  # (allele, allele) or (allele): P(readings | genotype)
    STATE_WEIGHT = 6  # (state)
    MATRIX_STATE = 7  # (child's state, parent's allele)
    STATE_MATRIX = 8  # (parent's state, child's allele), or with a selector in front
    STATE_STATE = 9  # (parent's state, child's state), or with a selector in front
    SELECTOR = 10  # (selector): one half each
    RECOMBINATION = 11  # (selector, selector)


class Passing(IntEnum):
    """Which of a typed parent's alleles a table speaks of."""

    EITHER = 0  # one half each
    SELECTED = 1  # a selector says
    ONLY = 2  # there is one


class Meiosis(IntEnum):
    """Which matrix applies."""

    FEMALE = 0
    MALE = 1
    NONE = 2  # an allele straight from the population


# In a gate's table this stands for the allele that was passed, until a side of the gate reads it at x or y.
PASSED = -1


@dataclass(frozen=True, slots=True)
class Table:
    """A table over variables; `parameters` say how to fill it: see `Leaf`."""

    variables: tuple[int, ...]
    leaf: Leaf
    locus: int
    parent: int = -1
    child: int = -1
    side: int = -1
    meiosis: Meiosis = Meiosis.NONE
    passing: Passing = Passing.EITHER


@dataclass(frozen=True, slots=True)
class Gate:
    """A meiosis from a parent with two alleles: `table` has PASSED first."""

    selector: int
    sides: tuple[int, int]
    table: int


@dataclass
class Network:
    """Variables, tables and gates; `query` are the variables that stay, `selected` the meioses with a selector."""

    variables: list[Variable] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    plain: list[int] = field(default_factory=list)
    gates: list[Gate] = field(default_factory=list)
    query: list[int] = field(default_factory=list)
    selected: list[tuple[int, int]] = field(default_factory=list)  # child and side, in the order of their selectors

    def new_variable(self, kind: VariableKind, locus: int, person: int = -1) -> int:
        """Its number."""
        self.variables.append(Variable(kind, locus, person))
        return len(self.variables) - 1

    def new_table(self, table: Table) -> int:
        """Its number."""
        self.tables.append(table)
        return len(self.tables) - 1

    def add(self, table: Table) -> None:
        """A table that multiplies into the likelihood as it is."""
        self.plain.append(self.new_table(table))


@dataclass(frozen=True, slots=True)
class FounderAllele:
    """An allele that comes straight from the population: whose, and on which side; `alone` when only one matters."""

    person: int
    side: int
    alone: bool = False


class SexNeededError(ValueError):
    """A person's sex is unknown and an X-linked marker needs it."""

    def __init__(self, member: int) -> None:
        self.member = member
        super().__init__(f"member {member} needs a sex at an X-linked marker")


def relevant(members: tuple[Member, ...]) -> tuple[bool, ...]:
    """Who matters: untyped people without typed or queried descendants sum to one and are left out."""
    keep = [any(member.roles) or member.queried for member in members]
    for i in range(len(members) - 1, -1, -1):
        if keep[i]:
            for parent in (members[i].father, members[i].mother):
                if parent >= 0:
                    keep[parent] = True
    return tuple(keep)


def founder_alleles(shape: Shape, locus: int = 0) -> tuple[FounderAllele, ...]:
    """The alleles of a locus that are drawn from the population and are not known exactly.

    An untyped founder with one child matters through the one allele that was passed; which of the two it was makes no
    difference, so there is one to draw. Typed founders are not listed: their alleles are known.
    """
    keep = relevant(shape.members)
    passed = _meioses_of(shape, keep)
    found: list[FounderAllele] = []
    for i, member in enumerate(shape.members):
        if not keep[i]:
            continue
        sides = _sides(shape, i)
        if member.father < 0 and member.mother < 0:
            if member.roles[locus] is Role.TYPED:
                continue
            if _passes_one_allele(member, passed[i]):
                found.append(FounderAllele(i, sides[-1], alone=True))
            else:
                found += [FounderAllele(i, side) for side in sides]
        else:
            parents = (member.father, member.mother)
            found += [FounderAllele(i, side) for side in sides if parents[side] < 0]
    return tuple(found)


def build(shape: Shape) -> Network:
    """Lay out the network of a shape. Raises `SexNeededError`."""
    return _Builder(shape).build()


def _sides(shape: Shape, i: int) -> tuple[int, ...]:
    """The sides from which a person has an allele: 0 from the father, 1 from the mother."""
    if not shape.x_linked:
        return (0, 1)
    if shape.members[i].male is None:
        raise SexNeededError(i)
    return (1,) if shape.members[i].male else (0, 1)


def _meioses_of(shape: Shape, keep: tuple[bool, ...]) -> list[int]:
    """How many alleles each person passes to people who matter."""
    passed = [0] * len(shape.members)
    for i, member in enumerate(shape.members):
        if keep[i]:
            for side in _sides(shape, i):
                parent = (member.father, member.mother)[side]
                if parent >= 0:
                    passed[parent] += 1
    return passed


def _passes_one_allele(member: Member, meioses: int) -> bool:
    return meioses == 1 and not member.queried and not member.inbred and not any(member.roles)


@dataclass(frozen=True, slots=True)
class _Alleles:
    """How a person stands in the network at one locus: by allele variables, or by a state."""

    variables: dict[int, int]  # side → variable
    state: int = -1


def _matrix_axes(target: int, passed: int, to_state: bool) -> tuple[int, int]:
    """A child's state in front, so that the parent's allele runs along memory."""
    return (target, passed) if to_state else (passed, target)


class _Builder:
    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.keep = relevant(shape.members)
        self.passed = _meioses_of(shape, self.keep)
        self.linked = shape.loci > 1 or shape.phased
        self.network = Network()
        self.drawn: dict[tuple[int, int, int], int] = {}  # (locus, person, side) → variable of a founder allele
        self.people: dict[tuple[int, int], _Alleles] = {}  # (locus, person)
        self.selectors: dict[tuple[int, int], list[int]] = {}  # (child, side) → selector at each locus

    def build(self) -> Network:
        kept = [i for i in range(len(self.shape.members)) if self.keep[i]]
        self._draw_founder_alleles()
        for locus in range(self.shape.loci):
            for i in kept:
                self.people[locus, i] = self._person(i, locus)
            for i in kept:
                self._evidence(i, locus)
                self._meioses(i, locus)
        self._recombination()
        self.network.selected = list(self.selectors)
        if self.shape.phased:
            self.network.query += [selector for selectors in self.selectors.values() for selector in selectors]
        for locus in range(self.shape.loci):
            for i in kept:
                if self.shape.members[i].queried:
                    person = self.people[locus, i]
                    self.network.query += list(person.variables.values()) or [person.state]
        return self.network

    def _draw_founder_alleles(self) -> None:
        """One variable for each founder allele; tied ones share it."""
        by_cluster: dict[tuple[int, int], int] = {}
        before = 0  # founder alleles of the loci before
        for locus in range(self.shape.loci):
            alleles = founder_alleles(self.shape, locus)
            for k, allele in enumerate(alleles, start=before):
                tie = self.shape.ties[k] if self.shape.ties else k
                if (locus, tie) not in by_cluster:
                    variable = self.network.new_variable(VariableKind.ALLELE, locus)
                    by_cluster[locus, tie] = variable
                    if not self.shape.members[allele.person].inbred:
                        self.network.add(Table((variable,), Leaf.PRIOR, locus))
                self.drawn[locus, allele.person, allele.side] = by_cluster[locus, tie]
            before += len(alleles)

    def _person(self, i: int, locus: int) -> _Alleles:
        member = self.shape.members[i]
        if member.roles[locus] is Role.TYPED:
            return _Alleles({}, self.network.new_variable(VariableKind.STATE, locus, i))
        variables = {}
        for side in _sides(self.shape, i):
            if (locus, i, side) in self.drawn:
                variables[side] = self.drawn[locus, i, side]
            elif max(member.father, member.mother) >= 0:
                variables[side] = self.network.new_variable(VariableKind.ALLELE, locus)
        return _Alleles(variables)

    def _evidence(self, i: int, locus: int) -> None:
        member, person = self.shape.members[i], self.people[locus, i]
        if person.state >= 0:
            self.network.add(Table((person.state,), Leaf.STATE_WEIGHT, locus, child=i))
            return
        alleles = tuple(person.variables.values())
        if member.roles[locus] is Role.OBSERVED:
            self.network.add(Table(alleles, Leaf.OBSERVATION, locus, child=i))
        if member.inbred:
            leaf = Leaf.JOINT_PRIOR if len(alleles) == 2 else Leaf.PRIOR
            self.network.add(Table(alleles, leaf, locus, child=i))

    def _meioses(self, i: int, locus: int) -> None:
        member, person = self.shape.members[i], self.people[locus, i]
        for side in _sides(self.shape, i):
            parent = (member.father, member.mother)[side]
            if parent >= 0:
                self._meiosis(parent, i, side, locus)
            elif person.state >= 0 and (locus, i, side) in self.drawn:
                # One parent is known, the other is anybody: the state says which allele came from the population.
                drawn = self.drawn[locus, i, side]
                table = Table((person.state, drawn), Leaf.MATRIX_STATE, locus, -1, i, side, Meiosis.NONE)
                self.network.add(table)

    def _meiosis(self, parent: int, child: int, side: int, locus: int) -> None:
        """The parent's allele on its way to the child's side."""
        network, giver, taker = self.network, self.people[locus, parent], self.people[locus, child]
        kind = (Meiosis.MALE, Meiosis.FEMALE)[side]
        target = taker.state if taker.state >= 0 else taker.variables[side]
        to_state = taker.state >= 0
        if giver.state >= 0:
            leaf = Leaf.STATE_STATE if to_state else Leaf.STATE_MATRIX
            if len(_sides(self.shape, parent)) == 1:
                table = Table((giver.state, target), leaf, locus, parent, child, side, kind, Passing.ONLY)
            elif self.linked:
                selector = self._selector(child, side, locus)
                variables = (selector, giver.state, target)
                table = Table(variables, leaf, locus, parent, child, side, kind, Passing.SELECTED)
            else:
                table = Table((giver.state, target), leaf, locus, parent, child, side, kind, Passing.EITHER)
            network.add(table)
            return
        leaf = Leaf.MATRIX_STATE if to_state else Leaf.MATRIX
        either = tuple(set(giver.variables.values()))
        if len(either) == 1 and not (self.linked and len(giver.variables) == 2):
            # One allele, or two that theta has tied: it makes no difference which was passed.
            network.add(Table(_matrix_axes(target, either[0], to_state), leaf, locus, parent, child, side, kind))
            return
        selector = self._selector(child, side, locus)
        table = Table(_matrix_axes(target, PASSED, to_state), leaf, locus, parent, child, side, kind)
        table_id = network.new_table(table)
        network.gates.append(Gate(selector, (giver.variables[0], giver.variables[1]), table_id))

    def _selector(self, child: int, side: int, locus: int) -> int:
        selector = self.network.new_variable(VariableKind.SELECTOR, locus)
        self.selectors.setdefault((child, side), []).append(selector)
        return selector

    def _recombination(self) -> None:
        """One half for the first selector of a meiosis; its successors agree with it but for recombination."""
        for selectors in self.selectors.values():
            first = selectors[0]
            self.network.add(Table((first,), Leaf.SELECTOR, self.network.variables[first].locus))
            for before, after in pairwise(selectors):
                locus = self.network.variables[after].locus
                self.network.add(Table((before, after), Leaf.RECOMBINATION, locus))
