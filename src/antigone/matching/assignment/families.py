"""Families that miss several: what the whole family says with several bodies in it, not a product of pairs.

With one body placed the family says something new about the others: the conditional table is computed again with that
body in the pedigree, and every individual is looked up in it. So the joint likelihood ratio grows by the chain rule,
LR(i is m, j is n) = LR(i is m) · LR(j is n | i is m), whichever is placed first, and a son is found through the body
of his father although he fits the living too weakly. Beyond a declared number of
places to start from, the weakest are passed over; a family whose search ended by its limits is named.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

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
        if not self.prepared.linked or not linkage_can_matter(family.pedigree):
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
    many individuals are tried beside a placing, `tables` how many conditional tables a family may cost.
    """

    floor: Floats
    certain: float
    starts: int = 2
    next_best: int = 6
    tables: int = 60


@dataclass(frozen=True, eq=False)
class FamilyOptions:
    """All placings of several bodies in one family, with the log10 LR of the whole family.

    `incomplete` says that the number of tables ended the search for them, `refused` that the family with bodies in it
    is too large for a table.
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
    """Place bodies one after another, from every start, and keep what several of them say together.

    `prior` is, for each individual, log10 of the weight that an LR of 1 has. The weightiest placing is taken further
    first; one that weighs less than the weakest pair kept is not taken further.
    """
    waiting = {
        frozenset([(one.person, one.individual)]): _Placing(
            one.log10_lr - bodies.log10_of_linkage(family, {one.person: one.individual}),
            one.log10_lr + float(prior[one.individual]),
        )
        for one in _chosen(starts, limits)
    }
    found: dict[frozenset[tuple[str, int]], float] = {}
    tables, refused = 0, False
    while waiting:
        placed = max(waiting, key=lambda one: (waiting[one].log10_weight, sorted(one)))
        before = waiting.pop(placed)
        names = dict(placed)
        for person in (name for name in family.missing if name not in names):
            if tables == limits.tables:
                return FamilyOptions(found, incomplete=True, refused=refused)
            tables += 1
            try:
                following = _next(family, names, person, bodies, limits)
            except TableError:
                refused = True
                continue
            for i, more in following:
                larger = placed | {(person, i)}
                if larger in found:
                    continue
                after = _Placing(before.log10_lr + more, before.log10_weight + more + float(prior[i]))
                found[larger] = after.log10_lr + bodies.log10_of_linkage(family, dict(larger))
                if len(larger) < len(family.missing) and after.log10_weight >= WEAKEST_PLACING:
                    waiting[larger] = after
    return FamilyOptions(found, incomplete=False, refused=refused)


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
