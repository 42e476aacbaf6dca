"""The posterior over all partitions of a few remains into people, some of whom may be full siblings.

A partition's weight is the product over its people of prior weight × joint likelihood ratio. Two of its people may be
full siblings, each of one other person at most: such a couple has both prior weights, the prior odds of siblings, and
the likelihood ratio of two siblings. All partitions are summed by a recursion over subsets: the subset that holds the
first of those who are left is chosen, and the rest is a smaller problem. Ten remains have 115,975 partitions and 1,024
subsets.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from antigone.matching.reassociation.evidence import SubsetLikelihoods

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
SetWeight = Callable[[Sequence[int]], float]


@dataclass(frozen=True, eq=False)
class Partitions:
    """Posteriors of subsets (bit i of a subset is unit i).

    `exactly` is that these and no others are one person; `together`, that they all are one person, whoever else is;
    `log10_against_siblings` the LR of one person against the best split into two siblings, infinite for one unit.
    """

    units: int
    exactly: Floats
    together: Floats
    log10_against_siblings: Floats


def partitions(likelihoods: SubsetLikelihoods, prior_weights: Floats, sibling_odds: float) -> Partitions:
    """Sum over all partitions.

    `prior_weights` holds the natural log prior weight of each subset as one person, `sibling_odds` the natural log odds
    of two people being siblings.
    """
    size = len(prior_weights)
    units = size.bit_length() - 1
    person = prior_weights + likelihoods.one_person
    couple = likelihoods.siblings + prior_weights[:, None] + prior_weights[None, :] + sibling_odds
    # What a subset may be at once: one person, or two who are siblings.
    either, apart = person.copy(), np.full(size, -np.inf)
    for subset in range(1, size):
        halves = _with_first(subset)[:-1]
        if len(halves):
            apart[subset] = np.logaddexp.reduce(couple[halves, subset ^ halves])
            either[subset] = np.logaddexp(person[subset], apart[subset])
    total = np.full(size, -np.inf)
    total[0] = 0.0
    for subset in range(1, size):
        chosen = _with_first(subset)
        total[subset] = np.logaddexp.reduce(either[chosen] + total[subset ^ chosen])
    exactly = np.zeros(size)
    for subset in range(1, size):
        rest = (size - 1) ^ subset
        others = _subsets(rest)  # the sibling of this person, or nobody
        alone = person[subset] + total[rest]
        with_sibling = np.logaddexp.reduce(couple[subset, others[1:]] + total[rest ^ others[1:]]) if rest else -np.inf
        exactly[subset] = np.exp(np.logaddexp(alone, with_sibling) - total[-1])
    return Partitions(units, exactly, _sums_over_supersets(exactly, units), _against_siblings(likelihoods, units))


def _against_siblings(likelihoods: SubsetLikelihoods, units: int) -> Floats:
    """log10 LR of each subset as one person against that split into two siblings which explains it best."""
    found = np.full(1 << units, np.inf)
    for subset in range(1, 1 << units):
        halves = _with_first(subset)[:-1]
        if len(halves):
            best = likelihoods.siblings[halves, subset ^ halves].max()
            # Where neither explains it nothing is said for one person.
            lr = likelihoods.one_person[subset] - best if np.isfinite(best) else likelihoods.one_person[subset]
            found[subset] = lr / np.log(10)
    return found


def _sums_over_supersets(values: Floats, units: int) -> Floats:
    sums = values.copy()
    for unit in range(units):
        without = np.array([s for s in range(len(sums)) if not s >> unit & 1], dtype=np.int64)
        sums[without] += sums[without | 1 << unit]
    return sums


@lru_cache(maxsize=4096)
def _subsets(of: int) -> Integers:
    """All subsets of a set, the empty one first and the set itself last."""
    found = [0]
    for unit in range(of.bit_length()):
        if of >> unit & 1:
            found += [subset | 1 << unit for subset in found]
    return np.array(found, dtype=np.int64)


@lru_cache(maxsize=4096)
def _with_first(of: int) -> Integers:
    """The subsets that hold the first member, the set itself last."""
    first = of & -of
    return np.asarray(_subsets(of ^ first) | first)


def members(subset: int) -> tuple[int, ...]:
    """The units of a subset."""
    return tuple(unit for unit in range(subset.bit_length()) if subset >> unit & 1)


def prior_of_subsets(units: Sequence[Sequence[int]], weight: SetWeight) -> Floats:
    """Natural log prior weight of each subset of units as one person."""
    weights = np.zeros(1 << len(units))
    for subset in range(1, len(weights)):
        rows = [row for unit in members(subset) for row in units[unit]]
        weights[subset] = weight(rows) * np.log(10) if len(rows) > 1 else 0.0
    return weights
