"""Evidence beside DNA, slowly: every person that could be, and everything that could be said of them, listed or drawn.

Each function gives P(found | told, the same person) and P(found | somebody of the dead), by adding up the joint
probabilities of what is true, told and found. Nothing is shared with the code that is tested.
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

Truth = tuple[int, ...]


def listed(
    truths: Mapping[Truth, float],
    told: Callable[[Truth], float],
    found: Callable[[Truth], float],
) -> tuple[float, float]:
    """From P(truth), P(what was told | truth) and P(what was found | truth)."""
    of_told = sum(p * told(truth) for truth, p in truths.items())
    same = sum(p * told(truth) * found(truth) for truth, p in truths.items()) / of_told
    return same, sum(p * found(truth) for truth, p in truths.items())


def marks(
    found: Truth, told: Truth, *, carriers: float, at_place: float, told_if: tuple[float, float],
    found_if: tuple[float, float],
) -> tuple[float, float]:  # fmt: skip
    """Marks at a few places. `told_if` and `found_if`: P(named | absent) and P(named | present)."""
    truths: dict[Truth, float] = {}
    for carrier, chance in ((True, carriers), (False, 1 - carriers)):
        for truth in itertools.product((0, 1), repeat=len(found)):
            rate = at_place if carrier else 0.0
            p = chance * math.prod(rate if mark else 1 - rate for mark in truth)
            truths[truth] = truths.get(truth, 0.0) + p

    def said(what: Truth, chances: tuple[float, float]) -> Callable[[Truth], float]:
        return lambda truth: math.prod(
            chances[mark] if named else 1 - chances[mark] for mark, named in zip(truth, what, strict=True)
        )

    return listed(truths, said(told, told_if), said(found, found_if))


OLDEST = 130


def stated_range(first: int, years: int, age: int, error: float, miss_years: float) -> float:
    """P(a range of so many years begins at `first` | the age), by listing where else it could begin."""
    begins = range(OLDEST - years + 2)
    holding = [begin for begin in begins if begin <= age < begin + years]
    missing = {
        begin: math.exp(-(begin - age if begin > age else age - (begin + years - 1)) / miss_years)
        for begin in begins
        if begin not in holding
    }
    total = sum(missing.values())
    if not total:
        return float(first in holding) / len(holding)
    return (1 - error) / len(holding) if first in holding else error * missing[first] / total


def age(
    stated: Callable[[int], float], possible: Callable[[int], bool], shares: Sequence[float]
) -> tuple[float, float]:
    """What was stated, of somebody whose age is one of the possible ones, and of anybody."""
    truths = {(years,): share for years, share in enumerate(shares)}
    return listed(truths, lambda truth: float(possible(truth[0])), lambda truth: stated(truth[0]))


def hair(found: int, told: int, shares: Sequence[float], confusion: Sequence[Sequence[float]]) -> tuple[float, float]:
    """The told colour is the true one; what is found may be confused."""
    truths = {(colour,): share for colour, share in enumerate(shares)}
    return confusion[told][found], sum(p * confusion[truth[0]][found] for truth, p in truths.items())


def stature_of_middles(
    found: float, told: float, *, mean: float, deviation: float, measured: float, of_told: float
) -> tuple[float, float]:
    """Two normal figures of one normal stature, in closed form."""
    share = deviation**2 / (deviation**2 + of_told**2)
    same = _normal(found - mean - share * (told - mean), math.sqrt(deviation**2 * (1 - share) + measured**2))
    return same, _normal(found - mean, math.sqrt(deviation**2 + measured**2))


def stature_at_most(
    found: float, told: float, *, mean: float, deviation: float, measured: float, of_told: float,
    rng: np.random.Generator, draws: int,
) -> tuple[float, float]:  # fmt: skip
    """Measured as at most `found`, told as at least `told`: by drawing people."""
    stature = mean + deviation * rng.standard_normal(draws)
    low = stature + measured * rng.standard_normal(draws) <= found
    high = stature + of_told * rng.standard_normal(draws) >= told
    return float(low[high].mean()), float(low.mean())


def _normal(excess: float, deviation: float) -> float:
    return math.exp(-0.5 * (excess / deviation) ** 2) / (deviation * math.sqrt(2 * math.pi))
