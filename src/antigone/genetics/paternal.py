"""Y-STR haplotypes of one paternal line: how probable one is, given another some meioses away.

Each copy of each marker mutates by itself, by whole repeats, up as often as down. The ladder has no ends, so the
probability of one allele given another hangs on their distance and on the number of meioses alone: whether these lead
up, down, or up to a common forefather and down again makes no difference.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.alleles import Allele, OffLadder, Repeat, Silent, Unknown
from antigone.genetics.haplotypes import LineageError, LineageSettings, YHaplotype, in_order, is_complete

Floats = NDArray[np.float64]
Copies = tuple[Allele, ...]

_MOST_REPEATS = 100  # alleles have two digits
_MOST_COPIES = 6


@dataclass(frozen=True)
class YComparison:
    """Two haplotypes side by side.

    `compared` were read in full on both sides, `incomplete` not; `differing` are those of either whose alleles are not
    the same. `log10_transmission` is log10 P(one haplotype | the other, one line).
    """

    compared: tuple[str, ...]
    incomplete: tuple[str, ...]
    differing: tuple[str, ...]
    log10_transmission: float


def compare_y(first: YHaplotype, second: YHaplotype, meioses: int, settings: LineageSettings) -> YComparison:
    """Compare two men of one paternal line, `meioses` apart (0: one man, or identical twins).

    An incompletely read marker can speak against the line and never for it: where its seen alleles are explained its
    factor is that of no mutation, and nobody will count it in a population.
    """
    one, other = _without_nested(first.alleles, second.alleles)
    compared: list[str] = []
    incomplete: list[str] = []
    differing: list[str] = []
    total = 0.0
    for marker in one:
        if marker not in other or not one[marker] or not other[marker]:
            continue
        whole = is_complete(one[marker]) and is_complete(other[marker])
        (compared if whole else incomplete).append(marker)
        probability = transmission(marker, one[marker], other[marker], meioses, settings)
        total += math.log10(probability) if probability > 0 else -math.inf
        if not agree(one[marker], other[marker]):
            differing.append(marker)
    return YComparison(tuple(compared), tuple(incomplete), tuple(differing), total)


def transmission(marker: str, parent: Copies, child: Copies, meioses: int, settings: LineageSettings) -> float:
    """P(the child's copies | the parent's), both unordered: the sum over which copy became which.

    Where a copy was not seen, the most favourable arrangement counts. A copy too few on one side is a silent one.

    By hand: at a rate of 0.002, range 0.04 and no other change, one step up in one meiosis is 0.002 / 2 · 0.96.

    >>> settings = LineageSettings(y_rates={"DYS391": 0.002}, y_other_change=1e-12)
    >>> round(transmission("DYS391", (Repeat(10),), (Repeat(11),), 1, settings), 9)
    0.00096
    >>> round(transmission("DYS391", (Repeat(10),), (Repeat(10),), 2, settings), 9)  # 0.998² and back and forth
    0.996005846
    """
    if meioses < 0:
        raise LineageError(f"a number of meioses is 0 or more, got {meioses}")
    width = max(len(parent), len(child))
    if width > _MOST_COPIES:
        raise LineageError(f"{marker}: {width} copies; at most {_MOST_COPIES} can be compared")
    padded, own = ((*copies, *(Silent(),) * (width - len(copies))) for copies in (parent, child))
    arrangements = set(permutations(own))
    products = [
        math.prod(_copy(marker, a, b, meioses, settings) for a, b in zip(padded, arrangement, strict=True))
        for arrangement in arrangements
    ]
    return min(1.0, sum(products)) if is_complete(padded) and is_complete(own) else max(products)


def _copy(marker: str, parent: Allele, child: Allele, meioses: int, settings: LineageSettings) -> float:
    """P(one copy | its forebear)."""
    if isinstance(parent, Unknown | OffLadder) or isinstance(child, Unknown | OffLadder):
        return 1.0
    unchanged = (1 - settings.y_other_change) ** meioses
    if isinstance(parent, Repeat) and isinstance(child, Repeat) and parent.bases == child.bases:
        steps = step_probabilities(settings.y_rate_of(marker), settings.y_range, meioses)
        return unchanged * float(steps[abs(parent.repeats - child.repeats)])
    return unchanged if parent == child else 1 - unchanged


@lru_cache(maxsize=4096)
def step_probabilities(rate: float, range_: float, meioses: int) -> Floats:
    """P(an allele lies that many repeats above another, `meioses` away): shape (101,); the same below.

    In one meiosis it stays with 1 − rate; up and down by k repeats it goes with rate/2 · (1 − range) · range^(k−1).
    """
    size = np.arange(1, _MOST_REPEATS + 1)
    away = rate / 2 * (1 - range_) * range_ ** (size - 1.0)
    one = np.concatenate([away[::-1], [1 - rate], away])
    total = np.zeros(2 * _MOST_REPEATS + 1)
    total[_MOST_REPEATS] = 1.0
    for _ in range(meioses):
        total = np.convolve(total, one, mode="same")
    return np.asarray(total[_MOST_REPEATS:])


def without_nested(alleles: Mapping[str, Copies]) -> dict[str, Copies]:
    """DYS389II less DYS389I, which it contains: one mutation would otherwise count twice.

    >>> without_nested({"DYS389I": (Repeat(13),), "DYS389II": (Repeat(29),)})["DYS389II"]
    (Repeat(repeats=16, bases=0),)
    """
    found = dict(alleles)
    inner, outer = found.get("DYS389I", ()), found.get("DYS389II", ())
    if _is_whole(inner) and _is_whole(outer):
        difference = _repeats(outer) - _repeats(inner)
        if difference > 0:
            found["DYS389II"] = (Repeat(difference),)
    return found


def _without_nested(
    first: Mapping[str, Copies], second: Mapping[str, Copies]
) -> tuple[Mapping[str, Copies], Mapping[str, Copies]]:
    """Both, with DYS389II made independent where that can be done on both sides; else left as it is."""
    one, other = without_nested(first), without_nested(second)
    changed = [reduced.get("DYS389II") != whole.get("DYS389II") for reduced, whole in ((one, first), (other, second))]
    return (one, other) if all(changed) else (first, second)


def _is_whole(copies: Copies) -> bool:
    return len(copies) == 1 and isinstance(copies[0], Repeat) and copies[0].bases == 0


def _repeats(copies: Copies) -> int:
    return copies[0].repeats if isinstance(copies[0], Repeat) else 0


def agree(first: Copies, second: Copies) -> bool:
    """Whether two readings of one marker are the same, as far as they were read."""
    if is_complete(first) and is_complete(second):
        return in_order(first) == in_order(second)
    if len(first) != len(second):
        return False
    return any(
        all(a == b or isinstance(a, Unknown | OffLadder) or isinstance(b, Unknown | OffLadder) for a, b in pairs)
        for pairs in (tuple(zip(first, arrangement, strict=True)) for arrangement in set(permutations(second)))
    )
