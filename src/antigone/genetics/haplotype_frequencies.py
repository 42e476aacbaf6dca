"""How rare a haplotype of a lineage is: counted, with an upper bound.

Alleles of one lineage are inherited together, so their frequencies cannot be multiplied; what is left is to count whole
haplotypes. The one-sided upper bound of Clopper & Pearson (Biometrika 26, 1934, 404) is the frequency at which as few
matches as these, or fewer, would have a probability of 1 − confidence: it decides. Brenner's kappa (FSI Genetics 4,
2010, 281) is shown beside it, for haplotypes that nobody in the database bears.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from antigone.genetics.alleles import Allele
from antigone.genetics.haplotypes import LineageError, MtHaplotype, YHaplotype, in_order, is_complete
from antigone.genetics.maternal import Ranges, common_ranges, covers, merged_ranges, mt_differences

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
        self._codes = np.full((len(kept), len(self.markers)), -1, dtype=np.int64)
        for column, marker in enumerate(self.markers):
            numbers = self._numbers[column]
            for row, alleles in enumerate(kept):
                copies = alleles.get(marker, ())
                if is_complete(copies):
                    self._codes[row, column] = numbers.setdefault(in_order(copies), len(numbers))
        self._kappas: dict[tuple[int, ...], float | None] = {}

    def count(self, alleles: Mapping[str, tuple[Allele, ...]], confidence: float) -> Counted:
        """Count a haplotype over those of its fully read markers that at least half of the database read.

        Which markers these are does not hang on what matches. Haplotypes that lack one of them are not counted, neither
        as a match nor in the size.
        """
        asked = [m for m, name in enumerate(self.markers) if is_complete(alleles.get(name, ()))]
        total = int(self._counts.sum())
        columns = [m for m in asked if 2 * int(self._counts[self._codes[:, m] >= 0].sum()) >= total]
        if not columns:
            return Counted(0, 0, (), 1.0)
        codes = self._codes[:, columns]
        whole = np.all(codes >= 0, axis=1)
        target = [self._numbers[m].get(in_order(alleles[self.markers[m]]), -2) for m in columns]
        matching = np.all(codes == np.array(target), axis=1)
        matches, size = int(self._counts[matching].sum()), int(self._counts[whole].sum())
        kappa = self._kappa(tuple(columns), whole) if matches == 0 else None
        over = tuple(self.markers[m] for m in columns)
        return Counted(matches, size, over, upper_bound(matches, size, confidence), kappa)

    def _kappa(self, columns: tuple[int, ...], whole: NDArray[np.bool_]) -> float | None:
        if columns not in self._kappas:
            codes, counts = self._codes[np.ix_(np.flatnonzero(whole), np.array(columns))], self._counts[whole]
            _, which = np.unique(codes, axis=0, return_inverse=True)
            by_haplotype = np.bincount(which.ravel(), weights=counts).astype(np.int64)
            self._kappas[columns] = kappa_probability(by_haplotype)
        return self._kappas[columns]


class MtCounts:
    """Mitochondrial sequences laid out for counting: each distinct one once."""

    def __init__(self, haplotypes: Iterable[MtHaplotype], counts: Iterable[int]) -> None:
        self._rows: dict[tuple[Ranges, tuple[str, ...]], int] = {}
        for haplotype, count in zip(haplotypes, counts, strict=True):
            key = (haplotype.ranges, haplotype.differences)
            self._rows[key] = self._rows.get(key, 0) + count
        self._half = self._read_by_half()

    def _read_by_half(self) -> Ranges:
        """The positions that at least half of the sequences read."""
        change: dict[int, int] = {}
        for (ranges, _), count in self._rows.items():
            for first, last in ranges:
                change[first] = change.get(first, 0) + count
                change[last + 1] = change.get(last + 1, 0) - count
        total, depth, edges = sum(self._rows.values()), 0, sorted(change)
        positions: list[int] = []
        for edge, following in pairwise(edges):
            depth += change[edge]
            if 2 * depth >= total:
                positions.extend(range(edge, following))
        return merged_ranges(positions)

    def count(self, differences: tuple[str, ...], ranges: Ranges, confidence: float, *, apart: int = 0) -> Counted:
        """Count the sequences that differ at most `apart` times within ranges, as far as half of the database read.

        Sequences that did not read all of that are not counted, neither as a match nor in the size.
        """
        over = common_ranges(ranges, self._half)
        if not over:
            return Counted(0, 0, (), 1.0)
        matches, size, same = 0, 0, []
        for (read, own), count in self._rows.items():
            if not covers(read, over):
                continue
            size += count
            same.append((own, count))
            if len(mt_differences(differences, own, over, most=apart)) <= apart:
                matches += count
        told = tuple(f"{first}-{last}" for first, last in over)
        kappa = _mt_kappa(same, over) if matches == 0 else None
        return Counted(matches, size, told, upper_bound(matches, size, confidence), kappa)


def _mt_kappa(rows: Sequence[tuple[tuple[str, ...], int]], ranges: Ranges) -> float | None:
    """Sequences written alike within the ranges count as one haplotype; hotspots of length are left out."""
    counts: dict[tuple[str, ...], int] = {}
    for differences, count in rows:
        within = tuple(mt_differences((), differences, ranges))
        counts[within] = counts.get(within, 0) + count
    return kappa_probability(list(counts.values()))
