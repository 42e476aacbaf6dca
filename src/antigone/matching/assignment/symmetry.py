"""Symmetric sets: {B1, B2} are {M1, M2}, and no arithmetic over these samples tells which is which.

Two missing persons are interchangeable where every option of the one has its counterpart of the other with the same
likelihood ratio, both exchanged: two brothers missing and their parents typed; one man whom two families report. What
individuals of the component are then, taken together, is known; which of them is whom is not, and stays unknown until a
sample tells the missing persons apart.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from antigone.matching.assignment.plan import Plan
from antigone.matching.assignment.posterior import Pairs
from antigone.matching.search import SearchResult

Floats = NDArray[np.float64]

# Likelihood ratios are the same where their natural logarithms differ by less: rounding, not evidence.
SAME = 1e-6
# An individual belongs to a symmetric set where it is one of its missing persons with at least this probability.
BELONGS = 0.5


@dataclass(frozen=True, slots=True)
class SymmetricSet:
    """Individuals and the interchangeable missing persons that they are among.

    `posterior` is the least of the individuals' probabilities of being one of them.
    """

    individuals: tuple[int, ...]
    missing: tuple[int, ...]
    posterior: float

    def words(self, result: SearchResult) -> str:
        """In words."""
        dead = ", ".join(result.operation.individuals[i].id for i in self.individuals)
        sought = ", ".join(result.missing[m][1] for m in self.missing)
        verb = "are" if len(self.individuals) > 1 else "is one of"
        left, right = (f"{{{dead}}}", f"{{{sought}}}") if len(self.individuals) > 1 else (dead, sought)
        return f"{left} {verb} {right}; which is which, these samples cannot tell"


def symmetric_sets(result: SearchResult, plan: Plan, pairs: Pairs, probability: Floats) -> tuple[SymmetricSet, ...]:
    """All sets of two or more interchangeable missing persons with an individual that is one of them."""
    found = []
    for missing in _interchangeable(result, plan):
        own = np.isin(pairs.missing, missing)
        among = np.bincount(pairs.individual[own], probability[own], minlength=plan.packing.individuals)
        individuals = np.flatnonzero(among >= BELONGS)
        if len(individuals):
            found.append(SymmetricSet(tuple(individuals.tolist()), missing, float(min(1.0, among[individuals].min()))))
    return tuple(found)


def _interchangeable(result: SearchResult, plan: Plan) -> list[tuple[int, ...]]:
    """Classes of two or more: within a family by exchanging two of its persons, between families that miss one each."""
    packing = plan.packing
    by_component: dict[int, list[int]] = {}
    for f, c in enumerate(plan.component_of_family.tolist()):
        if c >= 0:
            by_component.setdefault(c, []).append(f)
    persons: dict[int, list[int]] = {}
    for m in sorted(set(packing.missing.tolist())):
        persons.setdefault(int(packing.missing_of[m]), []).append(m)
    classes: list[tuple[int, ...]] = []
    for families in by_component.values():
        options = {f: _options(plan, f) for f in families}
        alone = [persons[f][0] for f in families if len(persons[f]) == 1]
        if len(alone) > 1:
            weights = {m: _of_one(options[int(packing.missing_of[m])], m) for m in alone}
            classes += _classes(alone, partial(_weigh_the_same, weights))
        for f in families:
            several = [m for m in persons[f] if _same_sex(result, m, persons[f])]
            if len(persons[f]) > 1:
                classes += _classes(several, partial(_may_be_exchanged, options[f]))
    return classes


def _same_sex(result: SearchResult, m: int, others: Sequence[int]) -> bool:
    family, person = result.missing[m]
    return any(
        result.missing[o][0].pedigree[result.missing[o][1]].sex is family.pedigree[person].sex for o in others if o != m
    )


_Options = Mapping[frozenset[tuple[int, int]], float]


def _options(plan: Plan, family: int) -> dict[frozenset[tuple[int, int]], float]:
    packing = plan.packing
    return {frozenset(packing.placed(o)): float(packing.log_lr[o]) for o in packing.options_of(family)}


def _of_one(options: _Options, m: int) -> dict[frozenset[tuple[int, int]], float]:
    """The options of somebody who is missed alone, without the name."""
    return {frozenset((0, i) for person, i in placed if person == m): log for placed, log in options.items()}


def _exchanged(options: _Options, a: int, b: int) -> dict[frozenset[tuple[int, int]], float]:
    swap = {a: b, b: a}
    return {frozenset((swap.get(m, m), i) for m, i in placed): log for placed, log in options.items()}


def _same(one: _Options, other: _Options) -> bool:
    return one.keys() == other.keys() and all(abs(log - other[placed]) <= SAME for placed, log in one.items())


def _weigh_the_same(of_each: Mapping[int, _Options], a: int, b: int) -> bool:
    return _same(of_each[a], of_each[b])


def _may_be_exchanged(options: _Options, a: int, b: int) -> bool:
    return _same(options, _exchanged(options, a, b))


def _classes(persons: Sequence[int], same: Callable[[int, int], bool]) -> list[tuple[int, ...]]:
    left = list(persons)
    found = []
    while left:
        first, *rest = left
        own = [first, *(other for other in rest if same(first, other))]
        if len(own) > 1:
            found.append(tuple(own))
        left = [other for other in rest if other not in own]
    return found
