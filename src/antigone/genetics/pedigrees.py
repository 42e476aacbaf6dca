"""Pedigrees of any shape, checked once and strictly."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Sex(StrEnum):
    """Sex, as far as known."""

    FEMALE = "F"
    MALE = "M"
    UNKNOWN = "U"


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a pedigree.

    A parent that is None is an anonymous member of the population: the allele from that side is drawn from the
    frequency table. Somebody who is listed, typed or not, is a person, and one more meiosis with its mutations lies
    between. `inbreeding` is the inbreeding coefficient of a founder (autosomal).
    """

    id: str
    father: str | None = None
    mother: str | None = None
    sex: Sex = Sex.UNKNOWN
    birth_year: int | None = None
    inbreeding: float = 0.0


@dataclass(frozen=True, slots=True)
class PedigreeProblem:
    """One thing that cannot be: in which family, with whom, and what to mend."""

    family: str
    person: str
    what: str

    def __str__(self) -> str:
        return f"family {self.family or '(unnamed)'}, person {self.person}: {self.what}"


class PedigreeError(ValueError):
    """A pedigree that cannot be; carries every problem found."""

    def __init__(self, problems: Sequence[PedigreeProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Pedigree:
    """Persons and how they descend from one another. Made by `Pedigree.build`, which checks.

    `persons` stand with parents before children. `twins` are groups of identical twins, who share one genotype.
    """

    persons: tuple[Person, ...]
    family: str = ""
    twins: tuple[frozenset[str], ...] = ()
    _position: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def build(cls, persons: Iterable[Person], *, family: str = "", twins: Iterable[Iterable[str]] = ()) -> "Pedigree":
        """Check the persons and put them in order.

        Raises `PedigreeError` with all problems at once: somebody listed twice or with two fathers, a parent who is not
        in the family, a mother who is male, an own ancestor, a child older than a parent, twins who are not siblings.

        >>> trio = Pedigree.build([Person("child", "father", "mother"), Person("father"), Person("mother")])
        >>> [person.id for person in trio.persons]
        ['father', 'mother', 'child']
        >>> Pedigree.build([Person("a", father="b"), Person("b", father="a")], family="F7")
        Traceback (most recent call last):
            ...
        antigone.genetics.pedigrees.PedigreeError: family F7, person a: is their own ancestor (a, child of b, child of
        a); mend the parents of one of them
        """
        rows = list(persons)
        groups = tuple(frozenset(group) for group in twins)
        ordered = None if groups else _plainly_in_order(rows)
        if ordered is None:
            problems = [PedigreeProblem(family, person, what) for person, what in _find_problems(rows, groups)]
            if problems:
                raise PedigreeError(problems)
            ordered = _parents_first(rows)
        return cls._of(ordered, family, groups)

    @classmethod
    def _of(cls, persons: Iterable[Person], family: str, twins: tuple[frozenset[str], ...]) -> "Pedigree":
        """Trust persons that are checked and in order already."""
        ordered = tuple(persons)
        return cls(ordered, family, twins, {person.id: i for i, person in enumerate(ordered)})

    def of_family(self, family: str) -> "Pedigree":
        """The same persons as those of another family; nothing is checked or copied."""
        return self if family == self.family else Pedigree(self.persons, family, self.twins, self._position)

    def __contains__(self, person: str) -> bool:
        return person in self._position

    def __getitem__(self, person: str) -> Person:
        return self.persons[self._position[person]]

    def __len__(self) -> int:
        return len(self.persons)

    def position(self, person: str) -> int:
        """Where a person stands in `persons`."""
        return self._position[person]

    def founders(self) -> tuple[Person, ...]:
        """Those of whom neither parent is listed."""
        return tuple(person for person in self.persons if person.father is None and person.mother is None)

    def children(self, person: str) -> tuple[Person, ...]:
        """The listed children."""
        return tuple(other for other in self.persons if person in (other.father, other.mother))

    def joined(self, *others: "Pedigree") -> "Pedigree":
        """One pedigree of several components; names must be distinct."""
        persons = [person for pedigree in (self, *others) for person in pedigree.persons]
        twins = [group for pedigree in (self, *others) for group in pedigree.twins]
        return Pedigree.build(persons, family=self.family, twins=twins)

    def renamed(self, names: Mapping[str, str]) -> "Pedigree":
        """The same pedigree under other names."""

        def new(name: str | None) -> str | None:
            return None if name is None else names.get(name, name)

        persons = [
            replace(person, id=names.get(person.id, person.id), father=new(person.father), mother=new(person.mother))
            for person in self.persons
        ]
        twins = [[names.get(name, name) for name in group] for group in self.twins]
        return Pedigree.build(persons, family=self.family, twins=twins)


def unrelated(*persons: Person) -> Pedigree:
    """Persons of one population who are not related."""
    return Pedigree.build([replace(person, father=None, mother=None) for person in persons])


def _plainly_in_order(persons: Sequence[Person]) -> Sequence[Person] | None:
    """Persons of whom each stands after their parents and nothing can be wrong, as nearly all families have them.

    None where anything has to be looked at more closely: `_find_problems` then says what, if anything, is amiss. The
    order is that of `_parents_first`, and that parents come first leaves no room for an own ancestor.
    """
    seen: dict[str, Person] = {}
    fathers: set[str] = set()
    mothers: set[str] = set()
    for person in persons:
        if not person.id or person.id in seen or person.inbreeding:
            return None
        seen[person.id] = person
        if person.father is None and person.mother is None:
            continue
        for name, of_this_role, wrong in ((person.father, fathers, Sex.FEMALE), (person.mother, mothers, Sex.MALE)):
            if name is None:
                continue
            parent = seen.get(name)
            if parent is None or parent is person or parent.sex is wrong:
                return None
            born, parent_born = person.birth_year, parent.birth_year
            if born is not None and parent_born is not None and born <= parent_born:
                return None
            of_this_role.add(name)
    return persons if fathers.isdisjoint(mothers) else None


def _find_problems(persons: Sequence[Person], twins: Sequence[frozenset[str]]) -> list[tuple[str, str]]:
    problems = _listed_twice(persons)
    if problems:
        return problems
    by_id = {person.id: person for person in persons}
    problems = [problem for person in persons for problem in _wrong_parents(person, by_id)]
    problems += _parent_in_both_roles(persons)
    problems += _own_ancestors(persons, by_id)
    problems += [problem for group in twins for problem in _wrong_twins(group, by_id)]
    return problems


def _listed_twice(persons: Sequence[Person]) -> list[tuple[str, str]]:
    first: dict[str, Person] = {}
    problems = []
    for person in persons:
        if not person.id:
            problems.append(("(empty)", "has no name; give every person one"))
        if person.id not in first:
            first[person.id] = person
            continue
        earlier = first[person.id]
        if earlier.father != person.father:
            problems.append((person.id, f"has two fathers, {earlier.father} and {person.father}; keep one"))
        elif earlier.mother != person.mother:
            problems.append((person.id, f"has two mothers, {earlier.mother} and {person.mother}; keep one"))
        else:
            problems.append((person.id, "is listed twice; keep one row, or give the two people different names"))
    return problems


def _wrong_parents(person: Person, by_id: Mapping[str, Person]) -> list[tuple[str, str]]:
    problems = []
    if not 0 <= person.inbreeding <= 1:
        problems.append((person.id, f"has an inbreeding coefficient of {person.inbreeding}; it lies between 0 and 1"))
    if person.inbreeding and (person.father is not None or person.mother is not None):
        problems.append((person.id, "has parents and an inbreeding coefficient; leave it to the pedigree"))
    if person.father is not None and person.father == person.mother:
        problems.append(
            (person.id, f"has {person.father} as father and mother; name the other parent or leave it empty")
        )
    for role, name, wrong in (("father", person.father, Sex.FEMALE), ("mother", person.mother, Sex.MALE)):
        if name is None:
            continue
        parent = by_id.get(name)
        if parent is None:
            problems.append((person.id, f"has a {role} ‘{name}’ who is not in this family; add a row or mend the name"))
            continue
        if parent.sex is wrong:
            adjective = "female" if wrong is Sex.FEMALE else "male"
            problems.append((person.id, f"has a {role}, {name}, who is {adjective}; mend the sex or swap the parents"))
        born, parent_born = person.birth_year, parent.birth_year
        if born is not None and parent_born is not None and born <= parent_born:
            problems.append(
                (
                    person.id,
                    f"was born in {born}, not after the {role} {name} ({parent_born}); mend a year or the {role}",
                )
            )
    return problems


def _parent_in_both_roles(persons: Sequence[Person]) -> list[tuple[str, str]]:
    fathers = {person.father for person in persons if person.father is not None}
    mothers = {person.mother for person in persons if person.mother is not None}
    return [
        (name, "is a father in one row and a mother in another; mend one of them") for name in sorted(fathers & mothers)
    ]


def _own_ancestors(persons: Sequence[Person], by_id: Mapping[str, Person]) -> list[tuple[str, str]]:
    """Follow the parents upwards, without recursion: a family file may be deep, or hostile."""
    state: dict[str, int] = {}  # 1: on the path being followed, 2: done
    problems = []
    for start in persons:
        path: list[str] = []
        stack: list[tuple[str, bool]] = [(start.id, False)]
        while stack:
            name, leaving = stack.pop()
            if leaving:
                state[name] = 2
                path.pop()
                continue
            if state.get(name) == 2:
                continue
            if state.get(name) == 1:
                cycle = [*path[path.index(name) :], name]
                problems.append(
                    (name, f"is their own ancestor ({', child of '.join(cycle)}); mend the parents of one of them")
                )
                continue
            state[name] = 1
            path.append(name)
            stack.append((name, True))
            parents = (by_id[name].father, by_id[name].mother)
            stack += [(parent, False) for parent in parents if parent is not None and parent in by_id]
    return problems


def _wrong_twins(group: frozenset[str], by_id: Mapping[str, Person]) -> list[tuple[str, str]]:
    names = sorted(group)
    absent = [name for name in names if name not in by_id]
    if absent:
        return [(name, "is named as a twin and is not in this family") for name in absent]
    problems = []
    first = by_id[names[0]]
    if len(names) < 2:
        problems.append((names[0], "is named as a twin of nobody; name both"))
    for name in names[1:]:
        other = by_id[name]
        if (other.father, other.mother) != (first.father, first.mother):
            problems.append((name, f"is an identical twin of {first.id} but has other parents; give both the same"))
        known = {person.sex for person in (first, other)} - {Sex.UNKNOWN}
        if len(known) > 1:
            problems.append((name, f"is an identical twin of {first.id} but of another sex; mend one of them"))
    return problems


def _parents_first(persons: Sequence[Person]) -> list[Person]:
    by_id = {person.id: person for person in persons}
    done: set[str] = set()
    ordered: list[Person] = []
    for start in persons:
        stack = [start]
        while stack:
            person = stack[-1]
            waiting = [p for p in (person.father, person.mother) if p is not None and p not in done]
            if waiting:
                stack.extend(by_id[p] for p in reversed(waiting))
                continue
            stack.pop()
            if person.id not in done:
                done.add(person.id)
                ordered.append(person)
    return ordered
