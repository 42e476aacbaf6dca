"""Families that miss several: what the whole family says with several bodies in it, not a product of pairs.

With one body placed the family says something new about the others: the conditional table is computed again with that
body in the pedigree, and every individual is looked up in it. So the joint likelihood ratio grows by the chain rule,
LR(i is m, j is n) = LR(i is m) · LR(j is n | i is m), whichever is placed first, and a son is found through the body
of his father although he fits the living too weakly. Bodies that belong to a family are found so; then every way to
place these bodies is computed, for a way that was not looked at would seem impossible, and the others certain. A family
in which there are too many ways is named, and nobody is identified in it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.likelihood import (
    Known,
    Observed,
    Typed,
    known_from_readings,
    linked_log_likelihood,
    log_likelihoods,
)
from antigone.genetics.markers import LinkedPair
from antigone.genetics.models import MarkerModel
from antigone.genetics.pedigrees import Sex
from antigone.matching.classes import MarkerClasses
from antigone.matching.lookup import PairLookup
from antigone.matching.operation import Family, Individual, Settings
from antigone.matching.preparation import Prepared
from antigone.matching.tables import TableError, linkage_can_matter, table_of_what_is_known, what_is_known

Floats = NDArray[np.float64]


# In families that miss more than these, two linked markers of several bodies cost seconds each: there the markers count
# as unlinked in placings of several, all of them alike (docs/methods/assignment.md).
LINKAGE_UP_TO = 2


@dataclass(frozen=True, eq=False)
class Bodies:
    """The individuals of a search, as every family looks them up."""

    individuals: Sequence[Individual]
    classes: Sequence[MarkerClasses]
    sexes: NDArray[np.str_]
    prepared: Prepared
    settings: Settings

    def log10_lrs(self, family: Family, placed: Mapping[str, int], person: str) -> Floats:
        """log10 LR of every individual at one missing person, with others in the pedigree already, without linkage.

        Raises `TableError` as `conditional_table` does.
        """
        known = self._with_bodies(family, placed)
        table = table_of_what_is_known(family, person, replace(self.prepared, linked=()), known)
        return PairLookup(table, self.classes, self.sexes).totals

    def log10_of_linkage(self, family: Family, placed: Mapping[str, int]) -> float:
        """What linked pairs of markers say together over what they say apart: with these bodies, against the family."""
        if not self.prepared.linked or len(family.missing) > LINKAGE_UP_TO or not linkage_can_matter(family.pedigree):
            return 0.0
        return sum(
            self._linked(family, pair, placed) - self._linked(family, pair, {}) for pair in self.prepared.linked
        ) / math.log(10.0)

    def _linked(self, family: Family, pair: LinkedPair, placed: Mapping[str, int]) -> float:
        models = [model for model in self.prepared.models if model.name in (pair.first, pair.second)]
        known = self._with_bodies(family, placed, models)
        apart = float(log_likelihoods(family.pedigree, models, known).sum())
        if not math.isfinite(apart) or not all(known):
            return 0.0
        return linked_log_likelihood(family.pedigree, models, known, [pair.recombination]) - apart

    def _with_bodies(
        self, family: Family, placed: Mapping[str, int], models: Sequence[MarkerModel] | None = None
    ) -> list[dict[str, Known]]:
        """What is known of the family at each marker, its samples and the bodies placed in it."""
        models = self.prepared.models if models is None else models
        known = what_is_known(family, models, self.settings)
        for name, i in placed.items():
            for m, model in enumerate(models):
                body = self._known(self.individuals[i], family, name, model)
                if body is not None:
                    known[m][name] = _both(known[m].get(name), body, model)
        return known

    def _known(self, individual: Individual, family: Family, person: str, model: MarkerModel) -> Known | None:
        readings = individual.profile.readings.get(model.name, ())
        sex = family.pedigree[person].sex
        if not readings or (model.x_linked and sex is Sex.UNKNOWN):
            return None
        rates = self.settings.remains.rates(model)
        known = known_from_readings(readings, model, rates, haploid=model.x_linked and sex is Sex.MALE)
        # What no genotype shows is not used: see `MarkerClasses.impossible`.
        return None if isinstance(known, Observed) and not np.any(known.likelihood) else known


def _both(sample: Known | None, body: Known, model: MarkerModel) -> Known:
    """A direct reference and a body, read of one person."""
    if sample is None:
        return body
    return Observed(_likelihood(sample, model) * _likelihood(body, model))


def _likelihood(known: Known, model: MarkerModel) -> Floats:
    if isinstance(known, Observed):
        return known.likelihood
    return _exactly(known, model)


def _exactly(typed: Typed, model: MarkerModel) -> Floats:
    where = tuple(model.index[allele] for allele in typed.alleles)
    likelihood = np.zeros((len(model),) * len(where))
    likelihood[where] = 1.0
    likelihood[where[::-1]] = 1.0
    return likelihood


@dataclass(frozen=True)
class Start:
    """A pair from which placing begins."""

    person: str
    individual: int
    log10_lr: float


@dataclass(frozen=True)
class Limits:
    """How far placing goes.

    `floor` is, for each individual, the log10 LR from which placing it beside others is worth it. `starts` is the
    number of pairs of one missing person to begin from, beside those of at least `certain` log10 LR, `next_best` how
    many individuals are tried beside a placing, `tables` how many conditional tables finding bodies may cost, `every`
    how many placing those found in every way may cost. `thorough` leaves no body and no way out, however improbable.
    """

    floor: Floats
    certain: float
    starts: int = 2
    next_best: int = 6
    tables: int = 60
    every: int = 80
    thorough: bool = False


@dataclass(frozen=True, eq=False)
class FamilyOptions:
    """All placings of several bodies in one family, with the log10 LR of the whole family.

    `incomplete` says that not every way to place the bodies that belong there could be computed, `refused` that the
    family with bodies in it is too large for a table.
    """

    options: Mapping[frozenset[tuple[str, int]], float]
    incomplete: bool
    refused: bool


@dataclass(frozen=True, slots=True)
class _Placing:
    """Bodies in a family: log10 LR without linkage, and log10 of their weight as against nobody placed."""

    log10_lr: float
    log10_weight: float


def placings(family: Family, starts: Sequence[Start], bodies: Bodies, limits: Limits, prior: Floats) -> FamilyOptions:
    """Every way to place two or more of the bodies that belong to a family.

    `prior` is, for each individual, log10 of the weight that an LR of 1 has.
    """
    explored, gains, refused = _explored(family, starts, bodies, limits, prior)
    if not explored:
        return FamilyOptions({}, incomplete=False, refused=refused)
    chosen = sorted(gains, key=lambda i: (-gains[i], i))
    most = len(bodies.individuals) if limits.thorough else _MOST_BODIES
    left_out = max((gains[i] for i in chosen[most:]), default=-np.inf)
    try:
        every = None if refused else _every_placing(family, chosen[:most], bodies, limits, prior)
    except TableError:  # a placing that finding the bodies never came to
        every, refused = None, True
    options = explored if every is None else every
    incomplete = every is None or left_out >= _COUNTS
    return FamilyOptions(_exchanged(family, options), incomplete=incomplete, refused=refused)


def _explored(
    family: Family, starts: Sequence[Start], bodies: Bodies, limits: Limits, prior: Floats
) -> tuple[dict[frozenset[tuple[str, int]], float], dict[int, float], bool]:
    """Placings found by placing body after body, from every start; and whether the family was refused a table.

    The weightiest placing is taken further first; one that weighs less than the weakest pair kept is not taken further.
    For each body that was placed, log10 of the greatest weight that it added by itself or beside others.
    """
    waiting = {
        frozenset([(one.person, one.individual)]): _Placing(
            one.log10_lr - bodies.log10_of_linkage(family, {one.person: one.individual}),
            one.log10_lr + float(prior[one.individual]),
        )
        for one in _chosen(starts, limits)
    }
    gains: dict[int, float] = {}
    for placed, one in waiting.items():
        for _, i in placed:
            gains[i] = max(gains.get(i, -np.inf), one.log10_weight)
    found: dict[frozenset[tuple[str, int]], float] = {}
    tables, refused = 0, False
    while waiting and tables < limits.tables:
        placed = max(waiting, key=lambda one: (waiting[one].log10_weight, sorted(one)))
        before = waiting.pop(placed)
        names = dict(placed)
        for person in (name for name in family.missing if name not in names):
            tables += 1
            try:
                following = _next(family, names, person, bodies, limits)
            except TableError:
                refused = True
                continue
            for i, more in following:
                gains[i] = max(gains.get(i, -np.inf), more + float(prior[i]))
                larger = placed | {(person, i)}
                if larger in found:
                    continue
                after = _Placing(before.log10_lr + more, before.log10_weight + more + float(prior[i]))
                found[larger] = after.log10_lr
                if len(larger) < len(family.missing) and after.log10_weight >= WEAKEST_PLACING:
                    waiting[larger] = after
    return found, gains, refused


# So many bodies are placed in every way, those that add most; where one more would count, the family is incomplete.
_MOST_BODIES = 4
_COUNTS = -1.3
# A body is not placed where, given those placed, it is a million times less probable than a stranger.
_LEAST = -6.0
# Linkage is computed for placings that weigh 10⁻⁸ of the best; for lighter ones it changes nothing that counts.
_WEIGHS = 8.0


def _every_placing(
    family: Family, chosen: Sequence[int], bodies: Bodies, limits: Limits, prior: Floats
) -> dict[frozenset[tuple[str, int]], float] | None:
    """Every way to place these bodies, missing person after missing person; None where it takes too many tables.

    Raises `TableError` where the family with some of them in it is too large for a table.
    """
    found: dict[frozenset[tuple[str, int]], float] = {}
    tables = 0
    least = -np.inf if limits.thorough else _LEAST
    waiting: list[tuple[int, dict[str, int], float]] = [(0, {}, 0.0)]
    while waiting:
        k, placed, log10 = waiting.pop()
        free = [i for i in chosen if i not in placed.values()]
        if k == len(family.missing) or not free:
            continue
        waiting.append((k + 1, placed, log10))
        tables += 1
        if tables > limits.every:
            return None
        logs = bodies.log10_lrs(family, placed, family.missing[k])
        for i in free:
            if logs[i] < least or np.isneginf(logs[i]):
                continue
            larger = {**placed, family.missing[k]: i}
            waiting.append((k + 1, larger, log10 + float(logs[i])))
            if placed:
                found[frozenset(larger.items())] = log10 + float(logs[i])
    weights = {placed: log10 + sum(float(prior[i]) for _, i in placed) for placed, log10 in found.items()}
    best = max((0.0, *weights.values()))
    for one, weight in weights.items():
        if limits.thorough or weight >= best - _WEIGHS:
            found[one] += bodies.log10_of_linkage(family, dict(one))
    return found


def _exchanged(
    family: Family, options: Mapping[frozenset[tuple[str, int]], float]
) -> dict[frozenset[tuple[str, int]], float]:
    """The options, and all that differ from one of them by who of several indistinguishable persons is who."""
    every = dict(options)
    for alike in indistinguishable_missing(family):
        for order in permutations(alike):
            names = dict(zip(alike, order, strict=True))
            for placed, log10 in options.items():
                every.setdefault(frozenset((names.get(person, person), i) for person, i in placed), log10)
    return every


def indistinguishable_missing(family: Family) -> list[tuple[str, ...]]:
    """Missing persons whom pedigree and samples treat alike: full siblings of one sex, childless and untyped."""
    alike: dict[tuple[str, str, Sex], list[str]] = {}
    twins = {name for group in family.pedigree.twins for name in group}
    for name in family.missing:
        person = family.pedigree[name]
        if person.father is None or person.mother is None or name in family.profiles or name in twins:
            continue
        if not family.pedigree.children(name):
            alike.setdefault((person.father, person.mother, person.sex), []).append(name)
    return [tuple(names) for names in alike.values() if 1 < len(names) <= _MOST_EXCHANGED]


# So many indistinguishable persons are exchanged in every way: 720.
_MOST_EXCHANGED = 6


# Placings of less weight than this, against nobody being placed, are not taken further.
WEAKEST_PLACING = -3.0


def _chosen(starts: Sequence[Start], limits: Limits) -> list[Start]:
    """Of each missing person the best few, and all that are good enough by themselves."""
    by_person: dict[str, list[Start]] = {}
    for start in sorted(starts, key=lambda one: (-one.log10_lr, one.individual)):
        by_person.setdefault(start.person, []).append(start)
    return [
        one
        for these in by_person.values()
        for rank, one in enumerate(these)
        if rank < limits.starts or one.log10_lr >= limits.certain
    ]


def _next(
    family: Family, placed: Mapping[str, int], person: str, bodies: Bodies, limits: Limits
) -> list[tuple[int, float]]:
    """Who else may be placed at one missing person, beside those placed. Raises `TableError`."""
    logs = bodies.log10_lrs(family, placed, person).copy()
    logs[list(placed.values())] = -np.inf
    best = np.argsort(-logs, kind="stable")[: limits.next_best]
    return [(int(i), float(logs[i])) for i in best if logs[i] >= limits.floor[i]]
