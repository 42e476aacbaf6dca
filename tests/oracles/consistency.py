"""What else the samples of one family may be of, written down pedigree by pedigree, each summed over every genotype.

One marker, exact genotypes. Each function gives the members and who was read as what after one change; `likelihoods`
sums each of them with `pedigree.likelihood`. Names of people who appear are the oracle's own.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations, permutations
from typing import Any

from .observation import Genotype, exactly
from .pedigree import Member, likelihood

Read = Mapping[str, Genotype]
Case = tuple[list[Member], list[tuple[str, Genotype]]]
Name = tuple[str, tuple[str, ...]]


def likelihoods(members: Sequence[Member], read: Read, p: Sequence[float], **model: Any) -> dict[Name, float]:
    """P(read | arrangement) of the declared family ("declared"), of all unrelated, and of every single change.

    >>> F, C = Member("F", None, None, "M"), Member("C", "F", None, "F")
    >>> found = likelihoods([F, C], {"F": (0, 0), "C": (0, 0)}, [0.1, 0.9])
    >>> [round(found[name], 12) for name in (("declared", ()), ("not of the family", ("C",)))]    # p³ and p⁴
    [0.001, 0.0001]
    """
    return {name: _sum(case, p, model) for name, case in cases(members, read).items()}


def cases(members: Sequence[Member], read: Read) -> dict[Name, Case]:
    """Every arrangement by name."""
    people, seen = list(members), list(read.items())
    found: dict[Name, Case] = {("declared", ()): (people, seen)}
    apart = [(Member(f"alone {who}", None, None, _of(people, who).sex), who, what) for who, what in seen]
    found["unrelated", ()] = ([m for m, _, _ in apart], [(m.id, what) for m, _, what in apart])
    for stranger, who, _ in apart:
        elsewhere = [(stranger.id if one == who else one, what) for one, what in seen]
        found["not of the family", (who,)] = ([*people, stranger], elsewhere)
    for a, b in combinations(read, 2):
        if _of(people, a).sex == _of(people, b).sex:
            other = {a: b, b: a}
            found["two samples exchanged", (a, b)] = (people, [(other.get(one, one), what) for one, what in seen])
    for a, b in permutations(read, 2):
        found["two samples of one person", (a, b)] = (people, [(a if one == b else one, what) for one, what in seen])
    for who in read:
        if any(_typed_below(people, read, m.id) for m in people if who in (m.father, m.mother)):
            found["full sibling of the parent", (who,)] = (_brother_instead(people, who), seen)
    for m in people:
        if not _typed_below(people, read, m.id):
            continue
        if m.father is not None:
            changed = [one._replace(father="another") if one.id == m.id else one for one in people]
            found["another father", (m.father, m.id)] = ([*changed, Member("another", None, None, "M")], seen)
        if m.mother is not None:
            changed = [one._replace(mother="another") if one.id == m.id else one for one in people]
            found["another mother", (m.mother, m.id)] = ([*changed, Member("another", None, None, "F")], seen)
    return found


def _brother_instead(people: Sequence[Member], who: str) -> list[Member]:
    """A full sibling of `who`, untyped, has the children of `who`."""
    here = _of(people, who)
    father, mother = here.father or "old father", here.mother or "old mother"
    founders = [Member("old father", None, None, "M")] if here.father is None else []
    founders += [Member("old mother", None, None, "F")] if here.mother is None else []
    moved = [
        one._replace(father="sibling" if one.father == who else one.father)._replace(
            mother="sibling" if one.mother == who else one.mother
        )
        for one in people
    ]
    moved = [one._replace(father=father, mother=mother) if one.id == who else one for one in moved]
    return [*founders, *moved, Member("sibling", father, mother, here.sex)]


def _typed_below(people: Sequence[Member], read: Read, who: str) -> bool:
    return who in read or any(_typed_below(people, read, m.id) for m in people if who in (m.father, m.mother))


def _of(people: Sequence[Member], who: str) -> Member:
    return next(m for m in people if m.id == who)


def _sum(case: Case, p: Sequence[float], model: Mapping[str, Any]) -> float:
    members, seen = case
    genotypes: dict[str, Genotype] = {}
    sexes = {m.id: m.sex for m in members}
    for who, what in seen:
        sorted_one = tuple(sorted(what))
        if model.get("x_linked") and sexes[who] == "M":
            if len(set(sorted_one)) > 1:
                return 0.0  # two alleles of a man on X
            sorted_one = sorted_one[:1]
        elif len(sorted_one) == 1:
            sorted_one = sorted_one * 2
        if genotypes.setdefault(who, sorted_one) != sorted_one:
            return 0.0  # one person, two genotypes
    observations = {who: exactly(what) for who, what in genotypes.items()}
    return likelihood(members, p, observations, prune_untyped_leaves=True, **model)
