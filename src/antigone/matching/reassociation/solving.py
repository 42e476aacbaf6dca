"""From candidate pairs to groups: components, their exact posteriors, or one careful merge after another."""

import math
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from antigone.matching.reassociation.declared import PriorOdds, ReassociationRules
from antigone.matching.reassociation.elements import repeated_elements
from antigone.matching.reassociation.evidence import Evidence
from antigone.matching.reassociation.pairs import Candidates, neighbours
from antigone.matching.reassociation.partitions import Partitions, members, partitions, prior_of_subsets

Unit = tuple[int, ...]

# Beside the two in question, so many of their strongest neighbours are looked at where a component is too large.
_NEIGHBOURS = 4
# Up to so many remains all splits into two siblings are tried; of more, each single one against the rest.
_ALL_SPLITS = 8


@dataclass(frozen=True)
class FoundGroup:
    """Remains (by number) that may be merged, or could be and fail one of the conditions."""

    rows: Unit
    posterior: float
    posterior_exactly: float
    log10_against_siblings: float
    exact: bool


@dataclass(frozen=True)
class Uncertain:
    """One of the units of a component, with the sets that it may be part of; and a set that fails a condition."""

    rows: Unit
    alternatives: tuple[tuple[Unit, float], ...]
    why: str = ""


@dataclass
class Solved:
    """What the components gave."""

    groups: list[FoundGroup] = field(default_factory=list)
    uncertain: list[Uncertain] = field(default_factory=list)
    components: int = 0
    exact: int = 0


class Solver:
    """Solves components, one by one."""

    def __init__(self, evidence: Evidence, prior: PriorOdds, rules: ReassociationRules) -> None:
        self._evidence = evidence
        self._prior = prior
        self._rules = rules
        self._solved: dict[tuple[Unit, ...], Partitions] = {}
        self._with_elements = any(individual.elements for individual in evidence.individuals)

    def solve(self, candidates: Candidates) -> Solved:
        """Solve all components of the graph of candidate pairs."""
        near = neighbours(candidates, len(self._evidence.individuals))
        solved = Solved()
        for component in _components(candidates, len(self._evidence.individuals)):
            solved.components += 1
            if len(component) <= self._rules.exact:
                solved.exact += 1
                self._settle([(row,) for row in component], solved, exact=True)
            else:
                self._agglomerate(component, near, solved)
        return solved

    def _partitions(self, units: Sequence[Unit]) -> Partitions:
        key = tuple(units)
        if key not in self._solved:  # step by step, the same few are asked for again and again
            weights = prior_of_subsets(units, self._weight)
            self._solved[key] = partitions(self._evidence.subsets(units), weights, self._prior.siblings)
        return self._solved[key]

    def _weight(self, rows: Sequence[int]) -> float:
        """log10 prior weight of a set as one person, who has each unique element once."""
        if self._with_elements and repeated_elements([self._evidence.individuals[row] for row in rows]):
            return -math.inf
        return self._prior.set_of(rows)

    def _settle(self, units: Sequence[Unit], solved: Solved, *, exact: bool) -> None:
        """Groups and uncertain remains of a few units, over all their partitions."""
        found = self._partitions(units)
        taken = 0
        refused: list[Uncertain] = []
        for subset in self._accepted(found):
            if subset & taken:
                continue
            rows = _rows(units, subset)
            against = float(found.log10_against_siblings[subset])
            objection = self._objection(against)
            if objection:
                refused.append(Uncertain(rows, ((rows, float(found.exactly[subset])),), objection))
                continue
            taken |= subset
            solved.groups.append(
                FoundGroup(rows, _capped(found.together[subset]), _capped(found.exactly[subset]), against, exact)
            )
        grouped = set(_rows(units, taken))
        solved.uncertain += [one for one in refused if not grouped.issuperset(one.rows)]
        solved.uncertain += self._uncertain(units, found, taken, [one.rows for one in refused])

    def _accepted(self, found: Partitions) -> list[int]:
        """Sets that together reach the posterior asked for: the largest first, of those the least like siblings."""
        several = [s for s in np.flatnonzero(found.together >= self._rules.posterior).tolist() if s & (s - 1)]
        return sorted(several, key=lambda s: (-s.bit_count(), -found.log10_against_siblings[s], s))

    def _objection(self, against: float) -> str:
        """Why a set whose posterior would do is not put together; empty where nothing speaks against it."""
        if against >= self._rules.against_siblings:
            return ""
        return (
            f"two full siblings are not excluded well enough: log10 LR against them {against:.2f}, "
            f"asked for is {self._rules.against_siblings:g}"
        )

    def _uncertain(
        self, units: Sequence[Unit], found: Partitions, taken: int, refused: Container[Unit] = ()
    ) -> Iterator[Uncertain]:
        for k, unit in enumerate(units):
            if taken >> k & 1:
                continue
            sets = [s for s in range(1, 1 << len(units)) if s >> k & 1 and found.exactly[s] >= self._rules.mention]
            sets.sort(key=lambda s: (-found.exactly[s], s))
            if any(s & (s - 1) for s in sets) and _rows(units, sets[0]) not in refused:
                told = tuple((_rows(units, s), _capped(found.exactly[s])) for s in sets)
                yield Uncertain(unit, told)

    def _agglomerate(self, component: Sequence[int], near: Sequence[dict[int, float]], solved: Solved) -> None:
        """Join the strongest pair whose joint posterior stands among its strongest rivals, and look again."""
        cluster: dict[int, Unit] = {row: (row,) for row in component}
        links = sorted(
            ((odds, i, j) for i in component for j, odds in near[i].items() if i < j),
            key=lambda link: (-link[0], link[1], link[2]),
        )
        while self._join_once_more(links, cluster, near):
            pass
        self._tell_agglomerated(cluster, near, solved)

    def _join_once_more(
        self, links: Sequence[tuple[float, int, int]], cluster: dict[int, Unit], near: Sequence[dict[int, float]]
    ) -> bool:
        """Go through all links once, strongest first; whether anything was joined."""
        seen: set[tuple[Unit, ...]] = set()
        joined_any = False
        for _, i, j in links:
            one, other = sorted((cluster[i], cluster[j]))
            if one == other or (one, other) in seen:
                continue
            seen.add((one, other))
            if self._may_join(one, other, cluster, near):
                joined = tuple(sorted(one + other))
                cluster.update(dict.fromkeys(joined, joined))
                joined_any = True
        return joined_any

    def _may_join(self, one: Unit, other: Unit, cluster: dict[int, Unit], near: Sequence[dict[int, float]]) -> bool:
        # What is unlikely between the two alone may become likely through a third: that one is then joined first.
        if self._partitions([one, other]).together[0b11] < 0.5:
            return False
        units = [one, other, *_rivals(one, other, cluster, near)[:_NEIGHBOURS]]
        if self._partitions(units).together[0b11] < self._rules.posterior:
            return False
        return not self._objection(against_siblings(self._evidence, _rows(units, 0b11)))

    def _tell_agglomerated(self, cluster: dict[int, Unit], near: Sequence[dict[int, float]], solved: Solved) -> None:
        """Each group by its own joint likelihood, member by member; and who of the rest could belong where."""
        for unit in sorted(set(cluster.values())):
            if len(unit) > 1:
                self._tell_group(unit, cluster, near, solved)
                continue
            around = _rivals(unit, unit, cluster, near)[: _NEIGHBOURS + 1]
            if around:
                units = [unit, *around]
                solved.uncertain.extend(self._uncertain(units, self._partitions(units), ~1))

    def _tell_group(
        self, unit: Unit, cluster: dict[int, Unit], near: Sequence[dict[int, float]], solved: Solved
    ) -> None:
        """A group that was joined step by step stands only if each of its members does, against all others of it."""
        posterior = self._weakest_member(unit, cluster, near)
        if posterior < self._rules.posterior:
            why = f"joined step by step, but one of them belongs to the others with {posterior:.4f} only"
            solved.uncertain.append(Uncertain(unit, ((unit, posterior),), why))
            return
        exactly = self._partitions([unit, *_rivals(unit, unit, cluster, near)[:_NEIGHBOURS]]).exactly[0b1]
        against = against_siblings(self._evidence, unit)
        solved.groups.append(FoundGroup(unit, posterior, _capped(exactly), against, exact=False))

    def _weakest_member(self, unit: Unit, cluster: dict[int, Unit], near: Sequence[dict[int, float]]) -> float:
        """The least posterior with which one member belongs to all others, its rivals outside looked at."""
        least = 1.0
        outside = _rivals(unit, unit, cluster, near)[:_NEIGHBOURS]
        for row in unit:
            rest = tuple(other for other in unit if other != row)
            found = self._partitions([(row,), rest, *outside])
            least = min(least, _capped(found.together[0b11]))
        return least


def against_siblings(evidence: Evidence, rows: Sequence[int]) -> float:
    """log10 LR of one person against the best split into two full siblings.

    All splits where the group is small; of a larger one, each single remains against all others.
    """
    if len(rows) <= _ALL_SPLITS:
        likelihoods = evidence.subsets([(row,) for row in rows])
        every = (1 << len(rows)) - 1
        firsts = [s for s in range(1, every) if s & 1]
        best = max(float(likelihoods.siblings[s, every ^ s]) for s in firsts)
        joint = float(likelihoods.one_person[every])
        return (joint - best if math.isfinite(best) else joint) / math.log(10)
    least = math.inf
    for row in rows:
        likelihoods = evidence.subsets([(row,), tuple(other for other in rows if other != row)])
        best, joint = float(likelihoods.siblings[1, 2]), float(likelihoods.one_person[3])
        least = min(least, (joint - best if math.isfinite(best) else joint) / math.log(10))
    return least


def _components(candidates: Candidates, remains: int) -> list[list[int]]:
    graph = coo_array(
        (np.ones(len(candidates), dtype=np.int8), (candidates.first, candidates.second)), shape=(remains, remains)
    )
    _, label = connected_components(graph, directed=False)
    found: dict[int, list[int]] = {}
    for row in sorted({*candidates.first.tolist(), *candidates.second.tolist()}):
        found.setdefault(int(label[row]), []).append(row)
    return list(found.values())


def _rivals(one: Unit, other: Unit, cluster: dict[int, Unit], near: Sequence[dict[int, float]]) -> list[Unit]:
    """Clusters beside two, those with the strongest link to either first."""
    strength: dict[Unit, float] = {}
    for row in {*one, *other}:
        for neighbour, odds in near[row].items():
            unit = cluster[neighbour]
            if unit not in (one, other):
                strength[unit] = max(strength.get(unit, -math.inf), odds)
    return sorted(strength, key=lambda unit: (-strength[unit], unit))


def _rows(units: Sequence[Unit], subset: int) -> Unit:
    return tuple(sorted(row for k in members(subset) for row in units[k]))


def _capped(probability: float) -> float:
    return min(1.0, float(probability))
