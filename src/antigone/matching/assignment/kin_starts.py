"""Places to start from that no pair by itself would show: two of the dead who are kin, and a family that misses kin.

Two brothers of whom an aunt alone was typed: she says next to nothing of either, so that a large search keeps neither
pair; but the two bodies are full siblings, which says a good deal, and a family that misses two brothers is where they
are to be tried. For every two individuals who are kin the families are taken in which both together weigh most; placing
begins from one of them, and finds the other.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from antigone.matching.among_the_dead import KinAmongTheDead, Relation
from antigone.matching.assignment.bodies import Bodies
from antigone.matching.assignment.families import WEAKEST_PLACING, Start
from antigone.matching.assignment.placed_tables import PlacedTables, Question
from antigone.matching.operation import Family

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Of every two who are kin so many places are tried, the weightiest.
PLACES = 12
# The product of three likelihood ratios is not that of the whole family: so much in log10 it may be wrong.
MARGIN = 1.5


def kin_starts(
    kin: KinAmongTheDead, families: Sequence[Family], bodies: Bodies, prior: Floats
) -> list[tuple[int, Start]]:
    """Where to begin, as the place of a family among `families` and a pair of it.

    `prior` is, for each individual, log10 of the weight that an LR of 1 has.
    """
    pairs = _pairs(kin, bodies)
    asked = [(f, name) for f, family in enumerate(families) if len(family.missing) > 1 for name in family.missing]
    if not pairs or not asked:
        return []
    individuals = sorted({i for i, _, _ in pairs} | {j for _, j, _ in pairs})
    logs = _logs([(families[f], name) for f, name in asked], individuals, bodies)
    weight = logs + prior[individuals]
    column = {i: k for k, i in enumerate(individuals)}
    first, second = _two_of_a_family([f for f, _ in asked])
    found: dict[tuple[int, int], Start] = {}
    for i, j, kinship in pairs:
        together = weight[first, column[i]] + weight[second, column[j]] + kinship
        best = np.argsort(-together, kind="stable")[:PLACES]
        for k in best[together[best] >= WEAKEST_PLACING - MARGIN].tolist():
            # The stronger of the two is where placing begins.
            ends = (int(first[k]), i), (int(second[k]), j)
            row, body = max(ends, key=lambda end: (weight[end[0], column[end[1]]], end))
            f, name = asked[row]
            linkage = bodies.log10_of_linkage(families[f], {name: body})
            found[row, body] = Start(name, body, float(logs[row, column[body]]) + linkage, with_kin=True)
    return [(asked[row][0], start) for (row, _), start in sorted(found.items())]


def _pairs(kin: KinAmongTheDead, bodies: Bodies) -> list[tuple[int, int, float]]:
    """Two individuals either way round, and log10 LR of the kinship that explains them best."""
    place = {one.id: i for i, one in enumerate(bodies.individuals)}
    found = []
    for pair in kin.pairs:
        if pair.relation is not Relation.SAME_PERSON:
            i, j = place[pair.first], place[pair.second]
            found += [(i, j, pair.log10_lr), (j, i, pair.log10_lr)]
    return found


def _logs(asked: Sequence[tuple[Family, str]], individuals: Sequence[int], bodies: Bodies) -> Floats:
    """log10 LR of these individuals at each missing person without linkage; −∞ where a family is too large."""
    count = len(bodies.individuals)
    tables = PlacedTables(bodies, count, np.full(count, -np.inf))
    answers = tables.answers([Question(family, (), name, tuple(individuals)) for family, name in asked])
    logs = np.full((len(asked), len(individuals)), -np.inf)
    for row, answer in enumerate(answers):
        if answer is not None:
            logs[row] = [log10 for _, log10 in answer]
    return logs


def _two_of_a_family(family_of: Sequence[int]) -> tuple[Integers, Integers]:
    """All ordered pairs of missing persons of one family, as positions among those asked about."""
    rows: dict[int, list[int]] = {}
    for row, f in enumerate(family_of):
        rows.setdefault(f, []).append(row)
    pairs = [(a, b) for these in rows.values() for a in these for b in these if a != b]
    first, second = np.array(pairs, dtype=np.int64).T
    return first, second
