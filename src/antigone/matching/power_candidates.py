"""Who could still give a sample, and the sentence that asks for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from antigone.genetics.kinship import blood_relatives
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.matching.operation import Family

MOST_RELATIVES = 12

# Somebody who is not in the family tree; no family can hold the name.
NEW = "\N{NULL}new"


@dataclass(frozen=True)
class Candidate:
    """People who could give a sample; `asked` are they in `pedigree`, which may hold somebody new.

    `words` begin the sentence, up to "would". `lines` counts the blood relatives among them, each a line of evidence.
    """

    what: str
    who: tuple[str, ...]
    asked: tuple[str, ...]
    pedigree: Pedigree
    words: str
    lines: int = 0

    def sentence(self, aim: str, before: float, after: float) -> str:
        """What to say to a family."""
        was, becomes = in_words(before), in_words(after)
        if was != becomes:
            return f"{self.words} would raise the chance of {aim} from {was} to {becomes}."
        if before > ALMOST_CERTAIN:
            return f"{self.words} would make {aim} surer still."
        return f"{self.words} would help, but not be enough by itself: the chance of {aim} stays at {was}."


ALMOST_CERTAIN = 0.99


def in_words(chance: float) -> str:
    """A chance as people say it.

    >>> in_words(0.126), in_words(0.0), in_words(0.9951)
    ('about 13 in 100', 'less than 1 in 100', 'more than 99 in 100')
    """
    if chance < 0.01:
        return "less than 1 in 100"
    if chance > ALMOST_CERTAIN:
        return "more than 99 in 100"
    return f"about {round(100 * chance)} in 100"


def candidates(family: Family, person: str, *, cheaply: bool) -> Iterator[Candidate]:
    """Everybody whose sample could say something of a missing person; the close ones first."""
    yield from direct_reference(family, person)
    yield from listed_relatives(family, person)
    if not cheaply:
        yield from people_not_in_the_tree(family, person)


def candidates_of_two(family: Family, persons: tuple[str, str]) -> Iterator[Candidate]:
    """Everybody whose sample could tell two missing persons apart; who is a relative of both is asked once."""
    found: dict[tuple[str, tuple[str, ...]], Candidate] = {}
    for person in persons:
        listed = listed_relatives(family, person)
        for candidate in (*direct_reference(family, person), *listed, *groups(family, listed, person)):
            found.setdefault((candidate.what, candidate.who), candidate)
    yield from found.values()
    for person in persons:
        yield from unnamed_child(family, person)


def direct_reference(family: Family, person: str) -> Iterator[Candidate]:
    """A sample of the missing person's own."""
    if person not in family.profiles:
        words = (
            f"Something that only {person} used, such as a toothbrush or a razor, or a medical sample taken in life,"
        )
        yield Candidate("direct reference", (person,), (person,), family.pedigree, words)


def listed_relatives(family: Family, person: str) -> list[Candidate]:
    """Untyped people of the family tree: blood relatives, and whoever has a child with the person."""
    pedigree = family.pedigree
    relatives, partners = blood_relatives(pedigree, person), partners_of(pedigree, person)
    twins = next((group for group in pedigree.twins if person in group), frozenset())
    found = []
    for other in pedigree.persons:
        if other.id in family.profiles or other.id in family.missing or other.id not in relatives | partners:
            continue
        words = f"A sample of {other.id} ({relation_words(pedigree, person, other.id)} of {person})"
        asked = person if other.id in twins else other.id  # one genotype
        found.append(Candidate("relative", (other.id,), (asked,), pedigree, words, int(other.id in relatives)))
    return sorted(found, key=lambda one: closeness(pedigree, person, one.who[0]))[:MOST_RELATIVES]


def partners_of(pedigree: Pedigree, person: str) -> frozenset[str]:
    """Those who have a child with somebody."""
    parents = {parent for child in pedigree.children(person) for parent in (child.father, child.mother)}
    return frozenset(parent for parent in parents if parent is not None) - {person}


def groups(family: Family, listed: Sequence[Candidate], person: str) -> Iterator[Candidate]:
    """Two people at once: both parents, a child with its other parent."""
    by_name = {one.who[0]: one for one in listed}
    own = family.pedigree[person]
    pairs = [(own.father, own.mother)]
    for child in family.pedigree.children(person):
        pairs += [(child.id, parent) for parent in (child.father, child.mother) if parent != person]
    for pair in pairs:
        members = [by_name[name] for name in pair if name in by_name]
        if len(members) == 2:
            one, other = members
            words = f"Samples of {one.who[0]} and {other.who[0]} together"
            yield Candidate(
                "relatives",
                one.who + other.who,
                one.asked + other.asked,
                family.pedigree,
                words,
                one.lines + other.lines,
            )


def people_not_in_the_tree(family: Family, person: str) -> Iterator[Candidate]:
    """A parent, a child or a full sibling whom nobody has named, where nobody named could still give as much."""
    pedigree, own = family.pedigree, family.pedigree[person]
    for role, sex in (("father", Sex.MALE), ("mother", Sex.FEMALE)):
        if getattr(own, role) is None:
            yield _unnamed(role, person, _with(pedigree, Person(NEW, sex=sex), person, role))
    yield from unnamed_child(family, person)
    father, mother = own.father, own.mother
    siblings = [one for one in pedigree.persons if (one.father, one.mother) == (father, mother) and one.id != person]
    if None not in (father, mother) and all(one.id in {*family.profiles, *family.missing} for one in siblings):
        yield _unnamed("full brother or sister", person, _with(pedigree, Person(NEW, father, mother)))


def unnamed_child(family: Family, person: str) -> Iterator[Candidate]:
    """A child whom nobody has named, where no child is named that could give a sample."""
    pedigree, own = family.pedigree, family.pedigree[person]
    if own.sex is Sex.UNKNOWN or any(child.id not in family.profiles for child in pedigree.children(person)):
        return
    partner = next(iter(sorted(partners_of(pedigree, person))), None)
    child = Person(NEW, person, partner) if own.sex is Sex.MALE else Person(NEW, partner, person)
    yield _unnamed("child", person, _with(pedigree, child))


def _unnamed(role: str, person: str, pedigree: Pedigree) -> Candidate:
    words = f"If {person} has a {role} who was not named yet and could give a sample, that"
    return Candidate("new relative", (), (NEW,), pedigree, words, 1)


def _with(pedigree: Pedigree, somebody: Person, child: str = "", role: str = "") -> Pedigree:
    """A family tree with one more person, who may be the father or mother (`role`) of a child."""
    persons = [_given(one, role) if one.id == child else one for one in pedigree.persons]
    twins = [group for group in pedigree.twins if child not in group]
    return Pedigree.build([*persons, somebody], family=pedigree.family, twins=twins)


def _given(person: Person, role: str) -> Person:
    founder = replace(person, inbreeding=0.0)
    return replace(founder, father=NEW) if role == "father" else replace(founder, mother=NEW)


# --- relations in words -----------------------------------------------------------------------------------------------


def relation_words(pedigree: Pedigree, person: str, other: str) -> str:
    """What somebody is to a person, as the family tree has it.

    >>> people = [Person("F", sex=Sex.MALE), Person("A", "F", sex=Sex.MALE), Person("B", "F", sex=Sex.FEMALE)]
    >>> [relation_words(Pedigree.build(people), "A", name) for name in ("F", "B")]
    ['the father', 'half-sister']
    """
    own, sex = pedigree[person], pedigree[other].sex
    parents, others = _parents(pedigree, person), _parents(pedigree, other)
    if other in parents:
        return "the father" if other == own.father else "the mother"
    if person in others:
        return _by_sex(sex, "son", "daughter", "child")
    shared = parents & others
    if shared:
        half = "" if len(shared) == 2 else "half-"
        return _by_sex(sex, f"{half}brother", f"{half}sister", f"{half}sibling")
    if any(other in _parents(pedigree, parent) for parent in parents):
        return _by_sex(sex, "grandfather", "grandmother", "grandparent")
    if any(person in _parents(pedigree, parent) for parent in others):
        return _by_sex(sex, "grandson", "granddaughter", "grandchild")
    if any(_parents(pedigree, parent) & others for parent in parents):
        return _by_sex(sex, "uncle", "aunt", "uncle or aunt")
    if any(_parents(pedigree, parent) & parents for parent in others):
        return _by_sex(sex, "nephew", "niece", "nephew or niece")
    shared_children = {child.id for child in pedigree.children(person)} & {
        child.id for child in pedigree.children(other)
    }
    if shared_children:
        return "the other parent of a child"
    return "a relative"


def _by_sex(sex: Sex, male: str, female: str, unknown: str) -> str:
    return {Sex.MALE: male, Sex.FEMALE: female}.get(sex, unknown)


_CLOSE = ("the father", "the mother", "son", "daughter", "child", "brother", "sister", "sibling")


def closeness(pedigree: Pedigree, person: str, other: str) -> int:
    """Parents first, then children, full siblings, and the others."""
    words = relation_words(pedigree, person, other)
    return _CLOSE.index(words) if words in _CLOSE else len(_CLOSE)


def _parents(pedigree: Pedigree, person: str) -> set[str]:
    found = pedigree[person]
    return {parent for parent in (found.father, found.mother) if parent is not None}
