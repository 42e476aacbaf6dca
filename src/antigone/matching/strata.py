"""A random sample of the missing persons of a large search, by kind of reference set.

What is computed of a few hundred of them stands for all: each stands for as many as there are of its kind for each one
sampled (stratified sampling without replacement; W. G. Cochran, Sampling Techniques, 3rd ed. 1977, chapters 5 and 11).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from antigone.genetics.models import MarkerModel
from antigone.genetics.pedigrees import Pedigree
from antigone.matching.operation import Family

Key = tuple[str, ...]

# Kinds of reference sets of which there are fewer are sampled together.
FEWEST = 30
# Of each kind this many at the least, where there are so many.
AT_LEAST = 6


@dataclass(frozen=True)
class Strata:
    """Which missing person belongs where: positions in `members[stratum]`, and those sampled of them."""

    members: tuple[tuple[int, ...], ...]
    sampled: tuple[tuple[int, ...], ...]

    @cached_property
    def of(self) -> Mapping[int, int]:
        """The stratum of each one sampled."""
        return {i: h for h, chosen in enumerate(self.sampled) for i in chosen}

    def weights(self) -> dict[int, float]:
        """For each one sampled, how many of its kind it stands for."""
        return {i: len(self.members[h]) / len(self.sampled[h]) for i, h in sorted(self.of.items())}

    @property
    def exact(self) -> bool:
        """Whether everybody is among the sample."""
        return all(len(all_) == len(some) for all_, some in zip(self.members, self.sampled, strict=True))


def everybody(count: int) -> Strata:
    """No sample: all of them."""
    members = (tuple(range(count)),) if count else ()
    return Strata(members, members)


def sampled_strata(
    missing: Sequence[tuple[Family, str]],
    models: Sequence[MarkerModel],
    size: int,
    rng: np.random.Generator,
    costs: Sequence[float] | None = None,
) -> Strata:
    """About `size` of the missing persons, by kind of reference set in proportion, a few of each at the least.

    Where the persons of a kind cost more than others (`costs`, 1 for the cheapest), fewer are drawn: in proportion to
    one over the root of their mean cost, which wastes least time for the error that is left (Cochran, chapter 5.5).
    """
    by_key: dict[Key, list[int]] = {}
    for i, (family, person) in enumerate(missing):
        by_key.setdefault(reference_set(family, person, models), []).append(i)
    members: list[tuple[int, ...]] = []
    various: list[int] = []
    for _, these in sorted(by_key.items()):
        if len(these) >= FEWEST:
            members.append(tuple(these))
        else:
            various += these
    if various:
        members.append(tuple(various))
    sampled = []
    for stratum in members:
        cost = 1.0 if costs is None else float(np.mean([costs[i] for i in stratum]))
        count = min(len(stratum), max(AT_LEAST, round(size * len(stratum) / len(missing) / np.sqrt(cost))))
        chosen = rng.choice(len(stratum), count, replace=False)
        sampled.append(tuple(sorted(stratum[int(k)] for k in chosen)))
    return Strata(tuple(members), tuple(sampled))


def reference_set(family: Family, person: str, models: Sequence[MarkerModel]) -> Key:
    """Which relatives of somebody are typed, and at how many markers altogether, roughly.

    >>> from antigone.genetics.pedigrees import Person
    >>> people = Pedigree.build([Person("F"), Person("M"), Person("C", "F", "M"), Person("D", "F", "M")])
    >>> reference_set(Family("1", people, ("C",), {}), "C", [])
    ()
    """
    kinds: dict[str, int] = {}
    seen: set[str] = set()
    for relative, profile in family.profiles.items():
        typed = {model.name for model in models if profile.readings.get(model.name)}
        if typed:
            kind = kinship(family.pedigree, person, relative)
            kinds[kind] = kinds.get(kind, 0) + 1
            seen |= typed
    if not kinds:
        return ()
    share = len(seen) / len(models)
    completeness = "complete" if share > 0.9 else "most" if share > 0.6 else "few"
    return (*(f"{kind} × {min(count, 3)}" for kind, count in sorted(kinds.items())), completeness)


def kinship(pedigree: Pedigree, person: str, relative: str) -> str:
    """What somebody is to a missing person, as far as it matters for how much they tell."""
    if relative == person or any({person, relative} <= group for group in pedigree.twins):
        return "self"
    mine, theirs = _parents(pedigree, person), _parents(pedigree, relative)
    if relative in mine:
        return "parent"
    if person in theirs:
        return "child"
    if mine & theirs:
        return "full sibling" if len(mine & theirs) == 2 else "half-sibling"
    if any(relative in _parents(pedigree, child.id) for child in pedigree.children(person)):
        return "other parent of a child"
    return "other"


def _parents(pedigree: Pedigree, person: str) -> set[str]:
    found = pedigree[person]
    return {parent for parent in (found.father, found.mother) if parent is not None}
