"""Two individuals of this search who may be parts of one person: more than one of them may be one missing person.

Reassociation proposes what is all but sure. What it leaves apart may still be one person, and a missing person whom a
reference or a sibling names for both is a reason to think so. An option then holds several individuals for one missing
person. Its likelihood ratio is that of the first times that of each further one, given that the first is that person;
its weight has for each further one the declared prior odds that the two are one person, where another pair has the
odds of being listed.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.pedigrees import Sex
from antigone.matching.assignment.bodies import Bodies
from antigone.matching.assignment.packing import Option
from antigone.matching.assignment.placed_tables import PlacedTables, Question
from antigone.matching.classes import sex_of
from antigone.matching.operation import Individual
from antigone.matching.prior import ReassociationPrior
from antigone.matching.reassociation.elements import repeated_elements
from antigone.matching.search import SearchResult

Floats = NDArray[np.float64]

# log10 weight, against nobody, from which somebody is a first part.
FIRST = -0.5
# A further part is weighed where it adds 10⁻³ or more.
FURTHER = -3.0
# So many first parts of one missing person, and so many further ones of each, are asked about.
MOST_FIRST, MOST_FURTHER = 3, 6
# The rate of sexes recorded wrongly: two of one person may differ so.
SEX_ERROR = 0.01

Pair = tuple[int, int]  # missing person, individual


class PartOdds:
    """log10 prior odds that two individuals are parts of one person."""

    def __init__(self, individuals: Sequence[Individual], prior: ReassociationPrior | None = None) -> None:
        self._individuals = individuals
        self._transfers = [frozenset(_names(one.transfer)) for one in individuals]
        self._bags = [frozenset(_names(one.bag)) for one in individuals]
        self._prior = prior or ReassociationPrior()
        self._in_transfer: dict[str, int] = {}
        for transfers in self._transfers:
            for name in transfers:
                self._in_transfer[name] = self._in_transfer.get(name, 0) + 1

    @property
    def greatest(self) -> float:
        """No two individuals have more."""
        return math.log10(max(self._prior.same_bag, self._prior.same_transfer, self._prior.other_transfer))

    def __call__(self, i: int, j: int) -> float:
        """The odds; −∞ where they cannot be."""
        one, other = self._individuals[i], self._individuals[j]
        if repeated_elements((one, other)):
            return -math.inf
        common = self._transfers[i] & self._transfers[j]
        if common and self._bags[i] & self._bags[j]:
            odds = self._prior.same_bag
        elif common:
            odds = self._prior.same_transfer / max(min(self._in_transfer[name] for name in common) - 1, 1)
        else:
            elsewhere = len(self._individuals) - min(self._size(i), self._size(j))
            odds = self._prior.other_transfer / max(elsewhere, 1)
        return math.log10(odds * self._of_sex(sex_of(one), sex_of(other)))

    def _size(self, i: int) -> int:
        return max((self._in_transfer[name] for name in self._transfers[i]), default=0)

    @staticmethod
    def _of_sex(one: Sex, other: Sex) -> float:
        return 2 * SEX_ERROR if Sex.UNKNOWN not in (one, other) and one is not other else 1.0


def _names(text: str) -> list[str]:
    return [one.strip() for one in text.split(";") if one.strip()]


def options_in_parts(
    result: SearchResult,
    pairs: Mapping[Pair, tuple[float, float]],
    several: Sequence[Option],
    bodies: Bodies,
    family_of: Sequence[int],
    odds_of_part: PartOdds,
) -> list[Option]:
    """Every option of pairs, and of several of one family, with further parts of somebody in it.

    `pairs` gives for each pair natural log LR and log10 weight.
    """
    further = dict(_further(result, pairs, bodies, odds_of_part))
    single = [Option(family_of[m], ((m, i),), pairs[m, i][0]) for m, i in further]
    found: dict[tuple[int, tuple[Pair, ...]], float] = {}
    for option in (*single, *several):
        for placed, log in _with_parts(option, further):
            found.setdefault((option.family, placed), log)
    return [Option(family, placed, log) for (family, placed), log in found.items()]


def _further(
    result: SearchResult, pairs: Mapping[Pair, tuple[float, float]], bodies: Bodies, odds_of_part: PartOdds
) -> Iterator[tuple[Pair, list[tuple[int, float]]]]:
    """For each first part the further ones, with natural log of what each multiplies an option by."""
    by_missing: dict[int, list[tuple[float, int]]] = {}
    for (m, i), (_, weight) in pairs.items():
        if weight >= FIRST:
            by_missing.setdefault(m, []).append((-weight, i))
    asked = [(m, i) for m, these in by_missing.items() for _, i in sorted(these)[:MOST_FIRST]]
    questions = [
        Question(family, ((person, i),), person, None) for m, i in asked for family, person in [result.missing[m]]
    ]
    floor = np.full(len(bodies.individuals), FURTHER - odds_of_part.greatest)
    answers = PlacedTables(bodies, MOST_FURTHER, floor).answers(questions)
    for (m, i), answer in zip(asked, answers, strict=True):
        these = [(j, log10 + odds_of_part(i, j)) for j, log10 in answer or ()]
        kept = [(j, log10 * math.log(10.0)) for j, log10 in these if log10 >= FURTHER]
        if kept:
            yield (m, i), kept


def _with_parts(
    option: Option, further: Mapping[Pair, Sequence[tuple[int, float]]]
) -> Iterator[tuple[tuple[Pair, ...], float]]:
    """The option with one further part, and with two."""
    taken = {i for _, i in option.placed}
    ways = [(m, j, log) for m, i in option.placed for j, log in further.get((m, i), ()) if j not in taken]
    for count in (1, 2):
        for chosen in combinations(ways, count):
            if len({j for _, j, _ in chosen}) == count:
                placed = tuple(sorted((*option.placed, *((m, j) for m, j, _ in chosen))))
                yield placed, option.log_lr + sum(log for _, _, log in chosen)
