"""The posterior over assignments by listing every one of them. Slow, obvious, and right."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

# Who is whom: missing person → individual.
Placed = Mapping[int, int]


@dataclass
class Listed:
    """Sums over all assignments: of everything, by pair, and by individual placed nowhere."""

    total: float = 0.0
    pairs: dict[tuple[int, int], float] = field(default_factory=dict)
    nobody: dict[int, float] = field(default_factory=dict)
    best: float = 0.0

    def probability(self, individual: int, missing: int) -> float:
        return self.pairs.get((individual, missing), 0.0) / self.total

    def probability_of_nobody(self, individual: int) -> float:
        return self.nobody.get(individual, 0.0) / self.total


def assignments(
    options: Sequence[Sequence[tuple[Placed, float]]], taken: frozenset[int] = frozenset()
) -> Iterator[tuple[dict[int, int], float]]:
    """Every way in which each family takes one option or none, no individual twice; with the product of the LRs.

    `options[f]` lists what family f may take, each with its likelihood ratio.
    """
    if not options:
        yield {}, 1.0
        return
    yield from assignments(options[1:], taken)
    for placed, lr in options[0]:
        individuals = set(placed.values())
        if lr > 0 and not individuals & taken:
            for rest, product in assignments(options[1:], taken | individuals):
                yield {**placed, **rest}, lr * product


def list_all(
    options: Sequence[Sequence[tuple[Placed, float]]],
    individuals: int,
    *,
    odds: Sequence[float] | None = None,
    listed: int | None = None,
) -> Listed:
    """Add up all assignments.

    With `odds` (of each individual, to be among the `listed` missing persons) the prior is ∏ odds · (M − k)!/M!, else
    it is flat.
    """
    found = Listed()
    for placed, lr in assignments(options):
        weight = lr
        if odds is not None and listed is not None:
            if len(placed) > listed:
                continue
            weight *= math.prod(odds[i] for i in placed.values())
            weight *= math.factorial(listed - len(placed)) / math.factorial(listed)
        found.total += weight
        found.best = max(found.best, weight)
        for missing, individual in placed.items():
            found.pairs[individual, missing] = found.pairs.get((individual, missing), 0.0) + weight
        for individual in set(range(individuals)) - set(placed.values()):
            found.nobody[individual] = found.nobody.get(individual, 0.0) + weight
    return found
