"""Co-ancestry of a population: founder alleles sampled one after another.

With co-ancestry θ the j-th founder allele is a with probability (bₐ θ + (1 − θ) pₐ) / (1 + (j − 2) θ), where bₐ counts
the copies of a among those before (Balding & Nichols, Forensic Sci Int 64 (1994) 125). All founders of all components
are sampled together, for they come from one population; at an X-linked marker a male founder gives one allele.

The sampling is an urn: an allele is a copy of an earlier one, or fresh from p. So the likelihood is a sum over the ways
in which the founder alleles that are not known fall into clusters of copies (set partitions); the known ones only shift
the frequencies that a cluster is drawn from. Each term is an ordinary likelihood with tied founder alleles. That is
exact on pedigrees of any shape, with mutation, across components and on X.

An unknown founder with two children passed one allele twice with probability one half, and two draws from the urn
otherwise. So such a founder can be told as two, one for each child (`split_founders`): the sum gets more terms, but
each is far cheaper, for no term has to ask which of the founder's alleles was passed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, combinations

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.elimination import TooComplexError
from antigone.genetics.network import FounderAllele, Shape, founder_alleles, relevant

Floats = NDArray[np.float64]

# The number of set partitions of ten is 115,975; of twelve it would be 4,213,597.
MOST_UNKNOWN_FOUNDER_ALLELES = 10

# Splitting founders gives up the exchange of their two alleles: up to here (4,140 partitions) the cheaper terms win.
MOST_ALLELES_TO_SPLIT = 8


@dataclass(frozen=True, slots=True)
class Clustering:
    """A way in which founder alleles are copies of one another, and in how many equivalent ways it arises."""

    ties: tuple[int, ...]
    multiplicity: int

    @property
    def cluster_sizes(self) -> tuple[int, ...]:
        """How many founder alleles each cluster holds."""
        return tuple(self.ties.count(cluster) for cluster in range(max(self.ties, default=-1) + 1))


@dataclass(frozen=True, slots=True)
class Split:
    """A shape in which unknown founders of two children stand once for each child, and whoever does not matter is gone.

    `source[i]` is the original position of member i. `same_founder` holds, for each founder that was split, the
    positions of the two draws among the founder alleles of `shape`.
    """

    shape: Shape
    source: tuple[int, ...]
    same_founder: tuple[tuple[int, int], ...] = ()


@lru_cache(maxsize=4096)
def split_founders(shape: Shape) -> Split:
    """Tell unknown founders of two children as two, where that pays."""
    keep = relevant(shape.members)
    twice: dict[int, tuple[int, int]] = {}
    if shape.loci == 1 and len(founder_alleles(shape)) <= MOST_ALLELES_TO_SPLIT:
        for founder in _unknown_founders_with_both_alleles(shape):
            children = [i for i, m in enumerate(shape.members) if keep[i] and founder in (m.father, m.mother)]
            if len(children) == 2:
                twice[founder] = (children[0], children[1])
    source: list[int] = []
    place: dict[tuple[int, int], int] = {}  # (original position, child it stands for, or −1 for all) → new position
    for i in range(len(shape.members)):
        if keep[i]:
            for child in twice.get(i, (-1,)):
                place[i, child] = len(source)
                source.append(i)

    def parent_of(i: int, parent: int) -> int:
        return -1 if parent < 0 else place[parent, i if parent in twice else -1]

    members = (
        replace(member, father=parent_of(i, member.father), mother=parent_of(i, member.mother))
        for i, member in ((i, shape.members[i]) for i in source)
    )
    split = replace(shape, members=tuple(members))
    draw_of = {allele.person: k for k, allele in enumerate(founder_alleles(split))}
    same = tuple((draw_of[place[i, first]], draw_of[place[i, second]]) for i, (first, second) in twice.items())
    return Split(split, tuple(source), same)


def _unknown_founders_with_both_alleles(shape: Shape) -> list[int]:
    """Founders nothing is asked or read of, and of whose two alleles either may have been passed to each child."""
    listed = [allele.person for allele in founder_alleles(shape)]
    return [
        i
        for i in dict.fromkeys(listed)
        if listed.count(i) == 2
        and shape.members[i].father < 0
        and shape.members[i].mother < 0
        and not any(shape.members[i].roles)
        and not shape.members[i].queried
    ]


def refuse_too_many(unknown: int) -> None:
    """Raise `TooComplexError` where more founder alleles are unknown than `MOST_UNKNOWN_FOUNDER_ALLELES`."""
    if unknown > MOST_UNKNOWN_FOUNDER_ALLELES:
        raise TooComplexError(
            f"theta with {unknown} unknown founder alleles is a sum of too many terms; the limit is "
            f"{MOST_UNKNOWN_FOUNDER_ALLELES}. Type more founders, leave out untyped branches, or compute without theta"
        )


def clusterings(alleles: Sequence[FounderAllele], *, exchangeable: bool = True) -> tuple[Clustering, ...]:
    """All clusterings, with `exchangeable` up to exchanging the two alleles of a founder, which changes nothing.

    Raises `TooComplexError` above `MOST_UNKNOWN_FOUNDER_ALLELES`.
    """
    refuse_too_many(len(alleles))
    positions: dict[int, list[int]] = {}
    for k, allele in enumerate(alleles):
        positions.setdefault(allele.person, []).append(k)
    pairs = tuple((where[0], where[1]) for where in positions.values() if len(where) == 2 and exchangeable)
    return _clusterings(len(alleles), pairs)


@lru_cache(maxsize=256)
def _clusterings(count: int, pairs: tuple[tuple[int, int], ...]) -> tuple[Clustering, ...]:
    found: dict[tuple[int, ...], int] = {}
    for ties in _restricted_growth(count):
        smallest = min(_exchanges(ties, pairs))
        found[smallest] = found.get(smallest, 0) + 1
    return tuple(Clustering(ties, multiplicity) for ties, multiplicity in sorted(found.items()))


def _restricted_growth(count: int) -> Iterator[tuple[int, ...]]:
    """Every set partition once: each element joins an earlier cluster or opens the next."""
    stack: list[tuple[int, ...]] = [()]
    while stack:
        ties = stack.pop()
        if len(ties) == count:
            yield ties
            continue
        stack += [(*ties, cluster) for cluster in range(max(ties, default=-1) + 2)]


def _exchanges(ties: tuple[int, ...], pairs: tuple[tuple[int, int], ...]) -> Iterator[tuple[int, ...]]:
    for choice in range(2 ** len(pairs)):
        swapped = list(ties)
        for bit, (first, second) in enumerate(pairs):
            if choice >> bit & 1:
                swapped[first], swapped[second] = swapped[second], swapped[first]
        renamed: dict[int, int] = {}
        yield tuple(renamed.setdefault(cluster, len(renamed)) for cluster in swapped)


def known_alleles_probability(counts: Floats, frequencies: Floats, theta: float) -> float:
    """Probability of drawing known founder alleles, in the order of the table; `counts` has shape (alleles,).

    >>> round(known_alleles_probability(np.array([2.0, 0.0]), np.array([0.2, 0.8]), 0.01), 12)  # 0.2 × 0.208, by hand
    0.0416
    """
    probability, drawn = 1.0, 0
    for count, frequency in zip(counts, frequencies, strict=True):
        for copies in range(int(count)):
            probability *= (copies * theta + (1 - theta) * frequency) / (1 + (drawn - 1) * theta)
            drawn += 1
    return float(probability)


def fresh_frequencies(counts: Floats, frequencies: Floats, theta: float) -> Floats:
    """The frequencies of a new cluster once the known alleles are drawn; they sum to 1 where the table does."""
    known = counts.sum()
    return np.asarray((counts * theta + (1 - theta) * frequencies) / (1 + (known - 1) * theta))


def clustering_probability(sizes: Sequence[int], known: int, theta: float) -> float:
    """Probability that the unknown founder alleles fall into clusters of these sizes, `known` alleles drawn before."""
    fresh = 1 + (known - 1) * theta
    probability, drawn = 1.0, known
    for size in sizes:
        probability *= fresh
        for copies in range(1, size):
            probability *= copies * theta
        for _ in range(size):
            probability /= 1 + (drawn - 1) * theta
            drawn += 1
    return float(probability)


def shared_draws_probability(
    ties: Sequence[int], same_founder: Sequence[tuple[int, int]], known: int, theta: float
) -> float:
    """Probability of a clustering of draws, where two draws of one founder are with probability 1/2 one and the same.

    `same_founder` as in `Split`. Summed over which founders passed one allele twice: those count once in the urn.
    """
    sizes = [ties.count(cluster) for cluster in range(max(ties, default=-1) + 1)]
    together = [ties[first] for first, second in same_founder if ties[first] == ties[second]]
    total = 0.0
    for merged in chain.from_iterable(combinations(together, k) for k in range(len(together) + 1)):
        left = [size - merged.count(cluster) for cluster, size in enumerate(sizes)]
        total += clustering_probability(left, known, theta)
    return total / 2 ** len(same_founder)
