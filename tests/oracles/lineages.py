"""Lineages the slow way: every history of a marker listed, every base of two sequences laid side by side.

Written without the engine, on plain numbers and texts.
"""

import itertools
import math
from collections.abc import Mapping, Sequence


def one_step(distance: int, rate: float, range_: float) -> float:
    """P(an allele moves by that many repeats in one meiosis)."""
    if distance == 0:
        return 1 - rate
    return rate / 2 * (1 - range_) * range_ ** (abs(distance) - 1)


def copy_after(parent: int, child: int, meioses: int, rate: float, range_: float, reach: int = 8) -> float:
    """P(child | parent) summed over every allele that each man between may have had, up to `reach` repeats away."""
    if meioses == 0:
        return float(parent == child)
    ladder = range(min(parent, child) - reach, max(parent, child) + reach + 1)
    total = 0.0
    for between in itertools.product(ladder, repeat=meioses - 1):
        path = (parent, *between, child)
        total += math.prod(one_step(b - a, rate, range_) for a, b in itertools.pairwise(path))
    return total


def copies_after(parent: Sequence[int], child: Sequence[int], meioses: int, rate: float, range_: float) -> float:
    """P(the child shows this set | the parent has these copies): sum over every ordered outcome that shows it."""
    low, high = min(*parent, *child), max(*parent, *child)
    total = 0.0
    for outcome in itertools.product(range(low, high + 1), repeat=len(parent)):
        if sorted(outcome) == sorted(child):
            pairs = zip(parent, outcome, strict=True)
            total += math.prod(copy_after(a, b, meioses, rate, range_) for a, b in pairs)
    return total


def upper_bound(matches: int, size: int, confidence: float) -> float:
    """The frequency at which P(as few matches or fewer) is 1 − confidence, by halving."""
    low, high = 0.0, 1.0
    if matches == size:
        return 1.0
    for _ in range(200):
        p = (low + high) / 2
        as_few = sum(math.comb(size, k) * p**k * (1 - p) ** (size - k) for k in range(matches + 1))
        low, high = (p, high) if as_few > 1 - confidence else (low, p)
    return low


def sequence(reference: str, changes: Mapping[int, str], inserted: Mapping[int, str]) -> list[set[str]]:
    """A whole sequence, base by base: position 1 first; each inserted base after the position it follows."""
    bases: list[set[str]] = []
    for position, base in enumerate(reference, 1):
        bases.append(set(changes.get(position, base)))
        bases += [{base} for base in inserted.get(position, "")]
    return bases
