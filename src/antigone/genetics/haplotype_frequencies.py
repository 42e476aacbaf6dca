"""How rare a haplotype of a lineage is: counted, with an upper bound.

Alleles of one lineage are inherited together, so their frequencies cannot be multiplied; what is left is to count whole
haplotypes. The one-sided upper bound of Clopper & Pearson (Biometrika 26, 1934, 404) is the frequency at which as few
matches as these, or fewer, would have a probability of 1 − confidence: it decides. Brenner's kappa (FSI Genetics 4,
2010, 281) is shown beside it, for haplotypes that nobody in the database bears.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from antigone.genetics.alleles import Allele
from antigone.genetics.haplotypes import LineageError, MtHaplotype, YHaplotype, in_order, is_complete
from antigone.genetics.maternal import Ranges, common_ranges, covers, merged_ranges, mt_differences, write_ranges

Integers = NDArray[np.int64]


@lru_cache(maxsize=65_536)
def upper_bound(matches: int, size: int, confidence: float = 0.95) -> float:
    """The one-sided upper bound of a frequency, from `matches` among `size`; 1 where nothing was counted.

    By hand: with no match it solves (1 − p)^N = 0.05, so p = 1 − 0.05^(1/N); 0 of 100 gives 0.0295.

    >>> round(upper_bound(0, 100), 6), round(1 - 0.05 ** (1 / 100), 6)
    (0.029513, 0.029513)
    >>> upper_bound(0, 0), upper_bound(3, 3)
    (1.0, 1.0)
    """
    if not 0 <= matches <= size or not 0 < confidence < 1:
        raise LineageError(f"{matches} matches of {size} at a confidence of {confidence} cannot be counted")
    if matches == size:
        return 1.0
    return float(betaincinv(matches + 1, size - matches, confidence))


def kappa_probability(counts: Sequence[int] | Integers) -> float | None:
    """Brenner's probability of a haplotype that none of these counts is of: (1 − κ) / n.

    κ is the share of singletons in the database with the new haplotype added to it, n its size. None where every
    haplotype is a singleton: there κ says nothing.

    By hand: 49 singletons and 10 haplotypes of five make 99; with the new one κ = 50/100, and the probability 0.005.

    >>> kappa_probability([1] * 49 + [5] * 10)
    0.005
    """
    size = int(np.sum(counts)) + 1
    singletons = int(np.sum(np.asarray(counts) == 1)) + 1
    return None if singletons == size else (1 - singletons / size) / size


@dataclass(frozen=True)
class Counted:
    """What counting gave: `matches` of `size` haplotypes that read all of `over` (markers, or ranges as written)."""

    matches: int
    size: int
    over: tuple[str, ...]
    upper: float
    kappa: float | None = None


class YCounts:
    """Y haplotypes laid out for counting."""

    def __init__(self, haplotypes: Iterable[YHaplotype], counts: Iterable[int]) -> None:
        kept = [haplotype.alleles for haplotype in haplotypes]
        self._counts = np.array(list(counts), dtype=np.int64)
        if len(kept) != len(self._counts):
            raise LineageError(f"{len(kept)} haplotypes and {len(self._counts)} counts")
        self.markers = tuple(dict.fromkeys(marker for alleles in kept for marker in alleles))
        self._numbers: list[dict[tuple[Allele, ...], int]] = [{} for _ in self.markers]
        self._codes = np.full((len(self.markers), len(kept)), -1, dtype=np.int32)  # a marker's codes lie together
        for m, marker in enumerate(self.markers):
            self._codes[m] = _codes([alleles.get(marker, ()) for alleles in kept], self._numbers[m])
        read = (self._codes >= 0) @ self._counts
        self._by_half = [2 * int(number) >= int(self._counts.sum()) for number in read]
        self._kappas: dict[tuple[int, ...], float | None] = {}

    def count(self, alleles: Mapping[str, tuple[Allele, ...]], confidence: float, *, kappa: bool = False) -> Counted:
        """Count a haplotype over those of its fully read markers that at least half of the database read.

        Which markers these are does not hang on what matches. Haplotypes that lack one of them are not counted, neither
        as a match nor in the size. With `kappa` that of Brenner is given where nothing matches.
        """
        asked = [m for m, name in enumerate(self.markers) if self._by_half[m] and is_complete(alleles.get(name, ()))]
        if not asked:
            return Counted(0, 0, (), 1.0)
        whole = np.ones(len(self._counts), dtype=bool)
        matching = whole.copy()
        for m in asked:
            code = self._numbers[m].get(in_order(alleles[self.markers[m]]), -2)
            whole &= self._codes[m] >= 0
            matching &= self._codes[m] == code
        matching &= whole
        matches, size = int(self._counts[matching].sum()), int(self._counts[whole].sum())
        found = self._kappa(tuple(asked), whole) if kappa and matches == 0 else None
        over = tuple(self.markers[m] for m in asked)
        return Counted(matches, size, over, upper_bound(matches, size, confidence), found)

    def _kappa(self, asked: tuple[int, ...], whole: NDArray[np.bool_]) -> float | None:
        if asked not in self._kappas:
            codes, counts = self._codes[list(asked)][:, whole], self._counts[whole]
            _, which = np.unique(codes, axis=1, return_inverse=True)
            by_haplotype = np.bincount(which.ravel(), weights=counts).astype(np.int64)
            self._kappas[asked] = kappa_probability(by_haplotype)
        return self._kappas[asked]


def _codes(readings: Sequence[tuple[Allele, ...]], numbers: dict[tuple[Allele, ...], int]) -> list[int]:
    """A number for each distinct set of copies, kept in `numbers`; −1 for one that was not read in full."""
    seen: dict[tuple[Allele, ...], int] = {}
    for copies in readings:
        if copies not in seen:
            seen[copies] = numbers.setdefault(in_order(copies), len(numbers)) if is_complete(copies) else -1
    return [seen[copies] for copies in readings]


class MtCounts:
    """Mitochondrial sequences laid out for counting: each distinct one once, by the ranges that were read."""

    def __init__(self, haplotypes: Iterable[MtHaplotype], counts: Iterable[int]) -> None:
        self._rows: dict[Ranges, dict[tuple[str, ...], int]] = {}
        for haplotype, count in zip(haplotypes, counts, strict=True):
            own = self._rows.setdefault(haplotype.ranges, {})
            own[haplotype.differences] = own.get(haplotype.differences, 0) + count
        self._half = self._read_by_half()
        self._counted: dict[tuple[tuple[str, ...], Ranges, int], tuple[int, int]] = {}

    def _read_by_half(self) -> Ranges:
        """The positions that at least half of the sequences read."""
        change: dict[int, int] = {}
        for ranges, own in self._rows.items():
            for first, last in ranges:
                change[first] = change.get(first, 0) + sum(own.values())
                change[last + 1] = change.get(last + 1, 0) - sum(own.values())
        total = sum(sum(own.values()) for own in self._rows.values())
        depth, positions = 0, list[int]()
        for edge, following in pairwise(sorted(change)):
            depth += change[edge]
            if 2 * depth >= total:
                positions.extend(range(edge, following))
        return merged_ranges(positions)

    def count(
        self,
        differences: tuple[str, ...],
        ranges: Ranges,
        confidence: float,
        *,
        apart: int = 0,
        kappa: bool = False,
    ) -> Counted:
        """Count the sequences that differ at most `apart` times within ranges, as far as half of the database read.

        Sequences that did not read all of that are not counted, neither as a match nor in the size. With `kappa` that
        of Brenner is given where nothing matches.
        """
        over = common_ranges(ranges, self._half)
        if not over:
            return Counted(0, 0, (), 1.0)
        key = (differences, over, apart)
        if key not in self._counted:
            self._counted[key] = self._count(*key)
        matches, size = self._counted[key]
        told = tuple(write_ranges((one,)) for one in over)
        found = self._kappa(over) if kappa and matches == 0 else None
        return Counted(matches, size, told, upper_bound(matches, size, confidence), found)

    def _count(self, differences: tuple[str, ...], over: Ranges, apart: int) -> tuple[int, int]:
        matches, size = 0, 0
        for own, count in self._covering(over):
            size += count
            if len(mt_differences(differences, own, over, most=apart)) <= apart:
                matches += count
        return matches, size

    def _covering(self, over: Ranges) -> Iterator[tuple[tuple[str, ...], int]]:
        for ranges, own in self._rows.items():
            if covers(ranges, over):
                yield from own.items()

    def _kappa(self, over: Ranges) -> float | None:
        """Sequences written alike within the ranges count as one haplotype; hotspots of length are left out."""
        counts: dict[tuple[str, ...], int] = {}
        for differences, count in self._covering(over):
            within = mt_differences((), differences, over)
            counts[within] = counts.get(within, 0) + count
        return kappa_probability(list(counts.values()))
