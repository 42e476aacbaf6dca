"""Families that miss several: what the whole family says with several bodies in it, not a product of pairs.

With one body placed the family says something new about the others: the conditional table is computed again with that
body in the pedigree, and every individual is looked up in it. So the joint likelihood ratio grows by the chain rule,
LR(i is m, j is n) = LR(i is m) · LR(j is n | i is m), whichever is placed first, and a son is found through the body
of his father although he fits the living too weakly. Bodies that belong to a family are found so; then every way to
place these bodies is computed, for a way that was not looked at would seem impossible, and the others certain. A family
in which there are too many ways is named, and nobody is identified in it.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.pedigrees import Sex
from antigone.matching.assignment.bodies import Bodies
from antigone.matching.assignment.placed_tables import Answer, PlacedTables, Question
from antigone.matching.operation import Family

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Start:
    """A pair from which placing begins; `with_kin` however weak it is, for somebody else of the dead is kin."""

    person: str
    individual: int
    log10_lr: float
    with_kin: bool = False


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
    every: int = 400
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


Work = Generator[list[Question], list[Answer], FamilyOptions]


def placings(
    families: Mapping[int, tuple[Family, Sequence[Start]]],
    bodies: Bodies,
    limits: Limits,
    prior: Floats,
    progress: Callable[[int, int], None] | None = None,
) -> dict[int, FamilyOptions]:
    """Every way to place two or more of the bodies that belong to each family.

    `prior` is, for each individual, log10 of the weight that an LR of 1 has. Families are worked on side by side, so
    that what they ask is computed together. `progress` is told how many of them are done.
    """
    tables = PlacedTables(bodies, limits.next_best, limits.floor)
    found: dict[int, FamilyOptions] = {}
    asking: dict[int, tuple[Work, list[Question]]] = {}

    def go_on(key: int, work: Work, answers: list[Answer] | None) -> None:
        try:
            asking[key] = (work, next(work) if answers is None else work.send(answers))
        except StopIteration as end:
            asking.pop(key, None)
            found[key] = end.value

    for key, (family, starts) in families.items():
        go_on(key, _placings(family, starts, bodies, limits, prior), None)
    while asking:
        round_of = list(asking.items())
        answers = iter(tables.answers([question for _, (_, questions) in round_of for question in questions]))
        for key, (work, questions) in round_of:
            go_on(key, work, [next(answers) for _ in questions])
        if progress is not None:
            progress(len(found), len(families))
    return {key: found[key] for key in families}


def _placings(family: Family, starts: Sequence[Start], bodies: Bodies, limits: Limits, prior: Floats) -> Work:
    explored = yield from _explored(family, starts, bodies, limits, prior)
    if not explored.log10_lr:
        return FamilyOptions({}, incomplete=False, refused=explored.refused)
    gains = explored.gains
    chosen = sorted(gains, key=lambda i: (-gains[i], i))
    most = len(bodies.individuals) if limits.thorough else _MOST_BODIES
    left_out = max((gains[i] for i in chosen[most:]), default=-np.inf)
    every = _Every(None, refused=explored.refused)
    if not explored.refused:
        every = yield from _every_placing(family, chosen[:most], bodies, limits, prior)
    options = _heaviest(explored.log10_lr, prior) if every.log10_lr is None else every.log10_lr
    incomplete = every.log10_lr is None or left_out >= _COUNTS
    return FamilyOptions(_exchanged(family, options), incomplete=incomplete, refused=every.refused)


# Of a family in which not every way could be computed nobody is identified: its heaviest placings say whom it competes
# for, and hundreds of them would make the sum over its whole component too long.
_HEAVIEST = 24


def _heaviest(
    options: Mapping[frozenset[tuple[str, int]], float], prior: Floats
) -> dict[frozenset[tuple[str, int]], float]:
    weight = {placed: log10 + sum(float(prior[i]) for _, i in placed) for placed, log10 in options.items()}
    kept = sorted(options, key=lambda placed: (-weight[placed], sorted(placed)))[:_HEAVIEST]
    return {placed: options[placed] for placed in kept}


@dataclass(eq=False)
class _Explored:
    """Placings found, with log10 LR.

    `gains` is, for each body that was placed, log10 of the greatest weight that it added by itself or beside others;
    `refused` says that the family was refused a table.
    """

    log10_lr: dict[frozenset[tuple[str, int]], float]
    gains: dict[int, float]
    refused: bool = False


def _explored(
    family: Family, starts: Sequence[Start], bodies: Bodies, limits: Limits, prior: Floats
) -> Generator[list[Question], list[Answer], _Explored]:
    """Placings found by placing body after body, from every start.

    The weightiest placing is taken further first; one that weighs less than the weakest pair kept is not taken further.
    """
    waiting = {
        frozenset([(one.person, one.individual)]): _Placing(
            one.log10_lr - bodies.log10_of_linkage(family, {one.person: one.individual}),
            one.log10_lr + float(prior[one.individual]),
        )
        for one in _chosen(starts, limits)
    }
    found = _Explored({}, {})
    for placed, one in waiting.items():
        for _, i in placed:
            found.gains[i] = max(found.gains.get(i, -np.inf), one.log10_weight)
    tables = 0
    while waiting and tables < limits.tables:
        placed = max(waiting, key=lambda one: (waiting[one].log10_weight, sorted(one)))
        before = waiting.pop(placed)
        names = {name for name, _ in placed}
        free = [name for name in family.missing if name not in names]
        tables += len(free)
        answers = yield [Question(family, tuple(sorted(placed)), person, None) for person in free]
        for person, following in zip(free, answers, strict=True):
            if following is None:
                found.refused = True
                continue
            for i, more in following:
                found.gains[i] = max(found.gains.get(i, -np.inf), more + float(prior[i]))
                larger = placed | {(person, i)}
                if larger in found.log10_lr:
                    continue
                after = _Placing(before.log10_lr + more, before.log10_weight + more + float(prior[i]))
                found.log10_lr[larger] = after.log10_lr
                if len(larger) < len(family.missing) and after.log10_weight >= WEAKEST_PLACING:
                    waiting[larger] = after
    return found


# So many bodies are placed in every way, those that add most; where one more would count, the family is incomplete.
_MOST_BODIES = 6
_COUNTS = -1.3
# A body is not placed where that makes a placing a million times less probable than the body being a stranger.
_LEAST = -6.0
# Linkage is computed for placings that weigh 10⁻⁸ of the best; for lighter ones it changes nothing that counts.
_WEIGHS = 8.0


@dataclass(frozen=True, eq=False)
class _Every:
    """Every placing with its log10 LR; None where that takes too many tables, or one that is too large (`refused`)."""

    log10_lr: dict[frozenset[tuple[str, int]], float] | None
    refused: bool = False


def _every_placing(
    family: Family, chosen: Sequence[int], bodies: Bodies, limits: Limits, prior: Floats
) -> Generator[list[Question], list[Answer], _Every]:
    """Every way to place these bodies, missing person after missing person."""
    found: dict[frozenset[tuple[str, int]], float] = {}
    tables = 0
    least = -np.inf if limits.thorough else _LEAST
    partial: list[tuple[dict[str, int], float]] = [({}, 0.0)]
    for person in family.missing:
        open_ones = [(placed, log10, [i for i in chosen if i not in placed.values()]) for placed, log10 in partial]
        asking = [one for one in open_ones if one[2]]
        tables += len(asking)
        if tables > limits.every:
            return _Every(None)
        answers = yield [
            Question(family, tuple(sorted(placed.items())), person, tuple(free)) for placed, _, free in asking
        ]
        for (placed, log10, _), answer in zip(asking, answers, strict=True):
            if answer is None:
                return _Every(None, refused=True)
            for i, more in answer:
                if more + prior[i] < least or np.isneginf(more):
                    continue
                larger = {**placed, person: i}
                partial.append((larger, log10 + more))
                if placed:
                    found[frozenset(larger.items())] = log10 + more
    weights = {placed: log10 + sum(float(prior[i]) for _, i in placed) for placed, log10 in found.items()}
    best = max((0.0, *weights.values()))
    for one, weight in weights.items():
        if limits.thorough or weight >= best - _WEIGHS:
            found[one] += bodies.log10_of_linkage(family, dict(one))
    return _Every(found)


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
        if rank < limits.starts or one.log10_lr >= limits.certain or one.with_kin
    ]
