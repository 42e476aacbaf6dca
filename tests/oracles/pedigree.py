"""Likelihood of a family at one marker, or at two linked ones, by listing every ordered genotype of everybody.

An ordered genotype is (allele from the father, allele from the mother); a male's at an X marker is (allele from the
mother,). A founder's alleles are drawn from the population. A person with one known parent gets the other allele from
the population too: no meiosis, so no mutation, stands between. Children follow their parents in the enumeration, cases
of probability 0 are dropped at once, a childless person is summed on the spot, and families without a link multiply
unless theta ties them together. That is all the cleverness there is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations_with_replacement, product
from math import fsum, prod
from typing import Any, NamedTuple

import numpy as np

from .observation import Genotype, Observation, exactly, replicates

Matrix = Sequence[Sequence[float]] | np.ndarray
Observations = Mapping[str, Observation]
Twins = Sequence[frozenset[str]]
Rows = list[list[float]]
Haplotype = tuple[int, int]
Haplotypes = tuple[Haplotype, ...]
# What one person may carry at this point of the enumeration: state, its probability, population alleles drawn so far.
Candidate = tuple[Any, float, tuple[int, ...]]

PARENT_SEX = {"father": "M", "mother": "F"}


class Member(NamedTuple):
    """A person of a pedigree; sex is M, F or U (unknown)."""

    id: str
    father: str | None
    mother: str | None
    sex: str


class Locus(NamedTuple):
    """One of two linked markers: frequencies, observations and what fathers (male) and mothers (female) pass on."""

    p: Sequence[float]
    observations: Observations
    male: Matrix | None = None
    female: Matrix | None = None


class TooManyCasesError(Exception):
    """The enumeration passed `max_cases`."""


@dataclass
class _Meter:
    """Counts the cases looked at, so that a test can leave out what would take too long, the same on every machine."""

    limit: int | None
    cases: int = 0

    def count(self, more: int) -> None:
        self.cases += more
        if self.limit is not None and self.cases > self.limit:
            raise TooManyCasesError(f"more than {self.limit} cases")


def likelihood(
    members: Sequence[Member],
    p: Sequence[float],
    observations: Observations,
    *,
    male: Matrix | None = None,
    female: Matrix | None = None,
    x_linked: bool = False,
    theta: float = 0.0,
    founder_inbreeding: Mapping[str, float] | None = None,
    twins: Twins = (),
    gamete_from_population: bool = True,
    prune_untyped_leaves: bool = False,
    max_cases: int | None = None,
) -> float:
    """P(observations | pedigree) at one marker.

    With `theta` the population alleles of all components together are sampled one after the other. Members of a set of
    `twins` share one genotype. `gamete_from_population=False` puts an anonymous founder in the place of a single
    unknown parent: then a meiosis, with its mutations, stands between. `prune_untyped_leaves` leaves out childless
    people without observation, which changes nothing but the time.

    >>> family = [Member("F", None, None, "M"), Member("M", None, None, "F"), Member("C", "F", "M", "F")]
    >>> seen = {"F": exactly((0, 0)), "M": exactly((0, 1)), "C": exactly((0, 0))}
    >>> round(likelihood(family, [0.2, 0.8], seen), 12)    # by hand: p² × 2pq × ½
    0.0064
    """
    members, observations = _prepare(members, observations, x_linked, twins)
    if not gamete_from_population:
        members = _with_anonymous_parents(members)
    if prune_untyped_leaves:
        members = _without_untyped_leaves(members, observations)
    inbreeding = _check_inbreeding(members, founder_inbreeding or {}, theta)
    passed_on = _matrices(male, female, len(p))
    model = _OneMarker(list(p), passed_on, x_linked, theta, inbreeding, observations)
    meter = _Meter(max_cases)
    components = [members] if theta > 0 else _components(members)
    return prod(_sum_over_genotypes(component, model, meter) for component in components)


def genotype_distribution(
    target: str,
    members: Sequence[Member],
    p: Sequence[float],
    observations: Observations,
    **model: Any,
) -> dict[Genotype, float]:
    """P(target has this genotype, observations), for every unordered genotype, as {(a, b): …} with a ≤ b."""
    (person,) = (m for m in members if m.id == target)
    copies = 1 if model.get("x_linked") and person.sex == "M" else 2
    own = observations.get(target, _unread)
    return {
        genotype: likelihood(members, p, {**observations, target: replicates(exactly(genotype), own)}, **model)
        for genotype in combinations_with_replacement(range(len(p)), copies)
    }


def linked_likelihood(
    members: Sequence[Member],
    loci: Sequence[Locus | tuple[Any, ...]],
    rho: float,
    x_linked: bool = False,
    *,
    prune_untyped_leaves: bool = False,
    max_cases: int | None = None,
) -> float:
    """P(observations at both markers | pedigree), recombination fraction `rho` between them, linkage equilibrium.

    A parent passes, at the first marker, either of its haplotypes with ½, and at the second marker the same one with
    1 - rho. A male passes his only X haplotype.
    """
    if not 0 <= rho <= 0.5:
        raise ValueError(f"recombination fraction {rho}; it must lie between 0 and ½")
    first, second = (Locus(*locus) for locus in loci)
    members, _ = _prepare(members, {**first.observations, **second.observations}, x_linked, ())
    if prune_untyped_leaves:
        members = _without_untyped_leaves(members, {**first.observations, **second.observations})
    model = _TwoMarkers(first, second, rho, x_linked)
    meter = _Meter(max_cases)
    return prod(_sum_over_genotypes(component, model, meter) for component in _components(members))


def pruned_as_familias(members: Sequence[Member], typed: set[str]) -> list[Member]:
    """The pedigree that Familias computes at theta 0.

    Untyped leaves and untyped founders of one child go, until there are none. The child of a pruned founder gets that
    allele from the population, without mutation; elsewhere it could mutate.
    """
    left = list(members)
    while True:
        children = {m.id: [c for c in left if m.id in (c.father, c.mother)] for m in left}
        gone = [
            m.id
            for m in left
            if m.id not in typed
            and (not children[m.id] or (len(children[m.id]) == 1 and m.father is None and m.mother is None))
        ]
        if not gone:
            return left
        left = [_without_parent(m, gone[0]) for m in left if m.id != gone[0]]


def _sum_over_genotypes(members: Sequence[Member], model: "_OneMarker | _TwoMarkers", meter: _Meter) -> float:
    """Go through the people, parents first; for each, through what it may carry; multiply down, add up."""
    order = _parents_first(members)
    parents = {parent for m in members for parent in (m.father, m.mother)}
    chosen: dict[str, Any] = {}

    def rest(position: int, drawn: tuple[int, ...]) -> float:
        if position == len(order):
            return 1.0
        person = order[position]
        meter.count(len(model.allowed(person)))
        candidates = model.candidates(person, chosen, drawn)
        if person.id not in parents and all(now == drawn for _, _, now in candidates):
            total = fsum(weight for _, weight, _ in candidates)
            return total * rest(position + 1, drawn) if total > 0 else 0.0
        terms = []
        for state, weight, now in candidates:
            chosen[person.id] = state
            terms.append(weight * rest(position + 1, now))
        return fsum(terms)

    return rest(0, ())


@dataclass
class _OneMarker:
    """What a person may carry at one marker, given its parents and the population alleles drawn before."""

    p: list[float]
    passed_on: dict[str, Rows]
    x_linked: bool
    theta: float
    inbreeding: dict[str, float]
    observations: Observations
    _allowed: dict[str, list[tuple[Genotype, float]]] = field(default_factory=dict)
    _gametes: dict[tuple[str, Genotype], list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.theta < 1:
            raise ValueError(f"theta {self.theta}; it must lie between 0 and 1, 1 excluded")

    def candidates(self, person: Member, chosen: dict[str, Genotype], drawn: tuple[int, ...]) -> list[Candidate]:
        if person.id in self.inbreeding:
            weighted = ((g, w * self._inbred(person, g)) for g, w in self.allowed(person))
            return [(g, w, drawn) for g, w in weighted if w > 0]
        sources = [self._source(side, getattr(person, side), chosen) for side in _sides(person, self.x_linked)]
        found = []
        for genotype, weight in self.allowed(person):
            now = drawn
            for source, allele in zip(sources, genotype, strict=True):
                if source is None:
                    weight *= self._next_draw(allele, now)
                    now = (*now, allele)
                else:
                    weight *= source[allele]
            if weight > 0:
                found.append((genotype, weight, now))
        return found

    def allowed(self, person: Member) -> list[tuple[Genotype, float]]:
        """The ordered genotypes that what was read of this person allows, with P(read | genotype)."""
        if person.id not in self._allowed:
            read = self.observations.get(person.id, _unread)
            genotypes = product(range(len(self.p)), repeat=len(_sides(person, self.x_linked)))
            self._allowed[person.id] = [(g, w) for g in genotypes if (w := read(g)) > 0]
        return self._allowed[person.id]

    def _inbred(self, person: Member, genotype: Genotype) -> float:
        """With probability f, both alleles are copies of one; a male's only X allele has no other."""
        if len(genotype) == 1:
            return self.p[genotype[0]]
        f, (a, b) = self.inbreeding[person.id], genotype
        return (1 - f) * self.p[a] * self.p[b] + f * self.p[a] * (a == b)

    def _source(self, side: str, parent: str | None, chosen: dict[str, Genotype]) -> list[float] | None:
        """Probability of each allele from this side; None where it depends on the population alleles drawn before."""
        if parent is not None:
            return self._gamete(side, chosen[parent])
        return self.p if self.theta == 0 else None

    def _next_draw(self, allele: int, drawn: tuple[int, ...]) -> float:
        """The j-th allele drawn, b copies before: (b θ + (1-θ) p) / (1 + (j-2) θ) (Balding and Nichols 1994)."""
        b, j = drawn.count(allele), len(drawn) + 1
        return (b * self.theta + (1 - self.theta) * self.p[allele]) / (1 + (j - 2) * self.theta)

    def _gamete(self, side: str, genotype: Genotype) -> list[float]:
        """What this parent passes on: either allele equally likely, then the mutation row."""
        key = (side, genotype)
        if key not in self._gametes:
            matrix = self.passed_on[side]
            alleles = range(len(self.p))
            self._gametes[key] = [fsum(matrix[g][a] for g in genotype) / len(genotype) for a in alleles]
        return self._gametes[key]


@dataclass
class _TwoMarkers:
    """The same for two linked markers: a person carries haplotypes ((x, y) from father, (x, y) from mother)."""

    first: Locus
    second: Locus
    rho: float
    x_linked: bool
    _gametes: dict[tuple[str, Haplotypes], dict[Haplotype, float]] = field(default_factory=dict)
    _allowed: dict[str, list[tuple[Haplotypes, float]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._passed_on = [_matrices(locus.male, locus.female, len(locus.p)) for locus in (self.first, self.second)]

    def candidates(self, person: Member, chosen: dict[str, Haplotypes], drawn: tuple[int, ...]) -> list[Candidate]:
        sources = [self._source(side, getattr(person, side), chosen) for side in _sides(person, self.x_linked)]
        found = []
        for haplotypes, weight in self.allowed(person):
            for source, haplotype in zip(sources, haplotypes, strict=True):
                weight *= source[haplotype]
            if weight > 0:
                found.append((haplotypes, weight, drawn))
        return found

    def allowed(self, person: Member) -> list[tuple[Haplotypes, float]]:
        """The pairs of haplotypes that what was read at both markers allows, with P(read | haplotypes)."""
        if person.id not in self._allowed:
            read = [locus.observations.get(person.id, _unread) for locus in (self.first, self.second)]
            states = product(self._haplotypes(), repeat=len(_sides(person, self.x_linked)))
            weighted = ((s, read[0](tuple(x for x, _ in s)) * read[1](tuple(y for _, y in s))) for s in states)
            self._allowed[person.id] = [(s, w) for s, w in weighted if w > 0]
        return self._allowed[person.id]

    def _source(self, side: str, parent: str | None, chosen: dict[str, Haplotypes]) -> dict[Haplotype, float]:
        if parent is not None:
            return self._gamete(side, chosen[parent])
        return {(x, y): self.first.p[x] * self.second.p[y] for x, y in self._haplotypes()}

    def _gamete(self, side: str, haplotypes: Haplotypes) -> dict[Haplotype, float]:
        key = (side, haplotypes)
        if key not in self._gametes:
            self._gametes[key] = {
                haplotype: fsum(self._transmission(side, haplotypes, haplotype)) for haplotype in self._haplotypes()
            }
        return self._gametes[key]

    def _transmission(self, side: str, haplotypes: Haplotypes, passed: Haplotype) -> Iterator[float]:
        """For each pair of strands read at the two markers: the probability of the pair and of both mutations."""
        m1, m2 = (passed_on[side] for passed_on in self._passed_on)
        for s1, s2 in product(range(len(haplotypes)), repeat=2):
            path = 1.0
            if len(haplotypes) == 2:
                path = 0.5 * (1 - self.rho if s1 == s2 else self.rho)
            yield path * m1[haplotypes[s1][0]][passed[0]] * m2[haplotypes[s2][1]][passed[1]]

    def _haplotypes(self) -> list[Haplotype]:
        return list(product(range(len(self.first.p)), range(len(self.second.p))))


def _unread(_genotype: Genotype) -> float:
    return 1.0


def _sides(person: Member, x_linked: bool) -> tuple[str, ...]:
    """Where a person's alleles come from."""
    return ("mother",) if x_linked and person.sex == "M" else ("father", "mother")


def _prepare(
    members: Sequence[Member], observations: Observations, x_linked: bool, twins: Twins
) -> tuple[list[Member], dict[str, Observation]]:
    members = [Member(*m) for m in members]
    _check_members(members, x_linked)
    strangers = set(observations) - {m.id for m in members}
    if strangers:
        raise ValueError(f"observations of {sorted(strangers)}, who are not in the pedigree")
    return _merge_twins(members, observations, twins)


def _check_members(members: Sequence[Member], x_linked: bool) -> None:
    by_id = {m.id: m for m in members}
    if len(by_id) != len(members):
        raise ValueError("an id stands twice in the pedigree")
    for m in members:
        if m.sex not in {"M", "F", "U"} or (x_linked and m.sex == "U"):
            raise ValueError(f"{m.id} has sex {m.sex!r}; M, F or, at autosomal markers only, U")
        for side, sex in PARENT_SEX.items():
            parent = getattr(m, side)
            if parent is not None and (parent not in by_id or by_id[parent].sex not in {sex, "U"}):
                raise ValueError(f"the {side} of {m.id}, {parent}, is not in the pedigree or of the other sex")
        if m.father is not None and m.father == m.mother:
            raise ValueError(f"{m.father} is both father and mother of {m.id}")


def _merge_twins(
    members: list[Member], observations: Observations, twins: Twins
) -> tuple[list[Member], dict[str, Observation]]:
    """Identical twins are one person for this purpose: one genotype, all that was read of either, all children."""
    by_id = {m.id: m for m in members}
    first_of: dict[str | None, str] = {m.id: m.id for m in members}
    for group in twins:
        people = [by_id[i] for i in sorted(group)]
        if len({m[1:] for m in people}) > 1 or any(first_of[m.id] != m.id for m in people):
            raise ValueError(f"twins {sorted(group)} must share parents and sex, and belong to one set only")
        first_of.update({m.id: people[0].id for m in people})
    merged: dict[str, Observation] = {}
    for who, read in observations.items():
        first = first_of[who]
        merged[first] = replicates(merged[first], read) if first in merged else read
    kept = [
        m._replace(father=first_of.get(m.father), mother=first_of.get(m.mother))
        for m in members
        if first_of[m.id] == m.id
    ]
    return kept, merged


def _with_anonymous_parents(members: list[Member]) -> list[Member]:
    complete: list[Member] = []
    for m in members:
        if (m.father is None) != (m.mother is None):
            side = "father" if m.father is None else "mother"
            anonymous = Member(f"{side} of {m.id}", None, None, PARENT_SEX[side])
            complete.append(anonymous)
            m = m._replace(**{side: anonymous.id})
        complete.append(m)
    return complete


def _without_untyped_leaves(members: list[Member], observations: Observations) -> list[Member]:
    while True:
        parents = {parent for m in members for parent in (m.father, m.mother)}
        kept = [m for m in members if m.id in observations or m.id in parents]
        if len(kept) == len(members):
            return kept
        members = kept


def _without_parent(person: Member, gone: str) -> Member:
    return person._replace(
        father=None if person.father == gone else person.father,
        mother=None if person.mother == gone else person.mother,
    )


def _parents_first(members: Sequence[Member]) -> list[Member]:
    """Each person after its parents, and as soon after them as can be: what is impossible then shows early."""
    order: list[Member] = []
    waiting = list(members)
    while waiting:
        placed = {m.id for m in order} | {None}
        ready = [m for m in waiting if m.father in placed and m.mother in placed]
        if not ready:
            raise ValueError(f"{waiting[0].id} would be its own ancestor, or descends from such a person")
        person = next((m for m in ready if m.father or m.mother), ready[0])
        order.append(person)
        waiting.remove(person)
    return order


def _components(members: Sequence[Member]) -> list[list[Member]]:
    """The families that have no link with each other."""
    families: list[list[Member]] = []
    for m in members:
        linked = [f for f in families if any(m.id in (o.father, o.mother) or o.id in (m.father, m.mother) for o in f)]
        families = [f for f in families if f not in linked]
        families.append([*(o for f in linked for o in f), m])
    return families


def _check_inbreeding(members: Sequence[Member], inbreeding: Mapping[str, float], theta: float) -> dict[str, float]:
    founders = {m.id for m in members if m.father is None and m.mother is None}
    some = {who: f for who, f in inbreeding.items() if f != 0}
    for who, f in some.items():
        if who not in founders or not 0 < f <= 1:
            raise ValueError(f"inbreeding {f} of {who}; founders only, between 0 and 1")
    if some and theta > 0:
        raise ValueError("founder inbreeding and theta together are not defined")
    return some


def _matrices(male: Matrix | None, female: Matrix | None, n: int) -> dict[str, Rows]:
    return {"father": _check_matrix(male, n), "mother": _check_matrix(female, n)}


def _check_matrix(matrix: Matrix | None, n: int) -> Rows:
    if matrix is None:
        return [[float(i == j) for j in range(n)] for i in range(n)]
    rows = [[float(x) for x in row] for row in matrix]
    if len(rows) != n or any(len(row) != n or min(row) < 0 or abs(fsum(row) - 1) > 1e-9 for row in rows):
        raise ValueError(f"a mutation matrix of {n} alleles has {n} rows of {n} probabilities that sum to 1")
    return rows
