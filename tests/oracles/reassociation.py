"""Remains and people by listing everything: all partitions, sibling couples, cliques and pairs of genotypes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations, product
from math import fsum, prod

from .observation import Observation, enumerate_readings, replicates
from .pedigree import Member, likelihood, linked_likelihood

Block = frozenset[int]


def set_partitions(items: Sequence[int]) -> Iterator[list[Block]]:
    """All partitions of a set: the last item joins one of the blocks of the others, or stands alone.

    >>> [len(list(set_partitions(range(n)))) for n in range(6)]    # Bell numbers
    [1, 1, 2, 5, 15, 52]
    """
    if not items:
        yield []
        return
    for blocks in set_partitions(items[:-1]):
        yield [*blocks, frozenset({items[-1]})]
        for k in range(len(blocks)):
            yield [*blocks[:k], blocks[k] | {items[-1]}, *blocks[k + 1 :]]


def couples(blocks: Sequence[Block]) -> Iterator[list[tuple[Block, Block]]]:
    """All ways to declare some people siblings, each of one other at most."""
    if not blocks:
        yield []
        return
    first, *rest = blocks
    yield from couples(rest)
    for k, other in enumerate(rest):
        for more in couples([*rest[:k], *rest[k + 1 :]]):
            yield [(first, other), *more]


def posteriors(
    items: Sequence[int],
    person: Callable[[Block], float],
    siblings: Callable[[Block, Block], float],
) -> tuple[dict[Block, float], dict[Block, float]]:
    """P(exactly these are one person), P(all of these are one person), for every subset.

    `person` is prior weight times likelihood of a block as one person, `siblings` of two blocks as two siblings.
    """
    exactly: dict[Block, list[float]] = {}
    together: dict[Block, list[float]] = {}
    weights = []
    for blocks in set_partitions(items):
        for paired in couples(blocks):
            in_couples = {block for couple in paired for block in couple}
            weight = prod(siblings(a, b) for a, b in paired)
            weight *= prod(person(block) for block in blocks if block not in in_couples)
            weights.append(weight)
            for block in blocks:
                exactly.setdefault(block, []).append(weight)
                for size in range(1, len(block) + 1):
                    for subset in combinations(sorted(block), size):
                        together.setdefault(frozenset(subset), []).append(weight)
    total = fsum(weights)
    exact, joint = ({block: fsum(each) / total for block, each in sums.items()} for sums in (exactly, together))
    return exact, joint


def one_person(p: Sequence[float], read: Sequence[Observation], sex: str = "F", *, x_linked: bool = False) -> float:
    """P(all that was read | one person)."""
    return likelihood([Member("A", None, None, sex)], p, {"A": replicates(*read)}, x_linked=x_linked)


def two_siblings(
    p: Sequence[float],
    one: Sequence[Observation],
    other: Sequence[Observation],
    sex: str = "F",
    *,
    x_linked: bool = False,
) -> float:
    """P(all that was read | the first of one person, the rest of a full sibling)."""
    read = {"A": replicates(*one), "B": replicates(*other)}
    return likelihood(_siblings(sex), p, read, x_linked=x_linked)


def two_linked_siblings(
    loci: Sequence[tuple[Sequence[float], Sequence[Observation], Sequence[Observation]]], rho: float
) -> float:
    """The same at two linked markers: frequencies, what was read of the one, what of the other."""
    read = [(p, {"A": replicates(*one), "B": replicates(*other)}) for p, one, other in loci]
    return linked_likelihood(_siblings("F"), read, rho)


def _siblings(sex: str) -> list[Member]:
    parents = [Member("F", None, None, "M"), Member("M", None, None, "F")]
    return [*parents, Member("A", "F", "M", sex), Member("B", "F", "M", sex)]


def largest_clique(apart: Sequence[Sequence[bool]]) -> int:
    """The most items of which all pairs are apart."""
    n = len(apart)
    return max(
        size
        for size in range(n + 1)
        for chosen in combinations(range(n), size)
        if all(apart[a][b] for a, b in combinations(chosen, 2))
    )


def mixture(
    read: frozenset[int], genotypes: Sequence[int], p: Sequence[float], drop_out: Sequence[float], drop_in: float
) -> float:
    """P(reading | the alleles of several people), by listing what each allele and the drop-in can do."""
    return _readings(tuple(sorted(genotypes)), tuple(p), tuple(drop_out), drop_in).get(read, 0.0)


@lru_cache(maxsize=10_000)
def _readings(
    genotypes: tuple[int, ...], p: tuple[float, ...], drop_out: tuple[float, ...], drop_in: float
) -> dict[frozenset[int], float]:
    return dict(enumerate_readings(genotypes, p, drop_out, drop_in, 0.0, None))


def mixture_lr(
    reads: Sequence[frozenset[int]],
    person: Mapping[tuple[int, int], float],
    p: Sequence[float],
    drop_out: Sequence[float],
    drop_in: float,
) -> float:
    """P(replicates | the person and an unknown) over P(replicates | two unknown), all ordered genotypes listed.

    `person` is the probability of each ordered genotype of the person.
    """
    every = list(product(range(len(p)), repeat=2))

    def replicated(alleles: tuple[int, ...]) -> float:
        return prod(mixture(read, alleles, p, drop_out, drop_in) for read in reads)

    numerator = fsum(person.get(a, 0.0) * p[b[0]] * p[b[1]] * replicated((*a, *b)) for a in every for b in every)
    denominator = fsum(p[a[0]] * p[a[1]] * p[b[0]] * p[b[1]] * replicated((*a, *b)) for a in every for b in every)
    return numerator / denominator
