"""The minimum number of individuals: how many people the remains are at least, in a bag, a transfer, and altogether.

Remains of which no two can be one person are as many people: a clique of the graph of incompatible pairs. Pairs are
incompatible by their profiles, or because both hold the same element of which everybody has one. Only pairs within the
set count, so that each number is a lower bound for its own set; a person whose parts lie in two bags counts in both,
and the sum over bags is no bound of anything.
"""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from antigone.genetics.models import MarkerModel
from antigone.matching.operation import Individual, Settings
from antigone.matching.reassociation.declared import ReassociationRules
from antigone.matching.reassociation.elements import counts_of_elements, is_unique
from antigone.matching.reassociation.evidence import Evidence
from antigone.matching.reassociation.pairs import incompatible_pairs

Flags = NDArray[np.bool_]

# Remains that hang together by compatible pairs, up to which the largest clique is found for certain.
_EXACT = 40


@dataclass(frozen=True)
class Minimum:
    """At least so many individuals are in a set of remains.

    `remains` are some of whom no two can be one person, where that is what the number stands on. `exact` says that no
    larger set of such remains exists; the number is a lower bound either way.
    """

    individuals: int
    remains: tuple[str, ...]
    exact: bool
    why: str


@dataclass(frozen=True)
class MinimumNumber:
    """The minimum number of individuals by bag (transfer, bag), by transfer and overall. They are never summed."""

    by_bag: Mapping[tuple[str, str], Minimum]
    by_transfer: Mapping[str, Minimum]
    overall: Minimum


def minimum_number(
    individuals: Sequence[Individual],
    models: Sequence[MarkerModel],
    settings: Settings,
    *,
    rules: ReassociationRules | None = None,
) -> MinimumNumber:
    """How many people some remains are at least.

    Each of `individuals` is one remains, or remains that were accepted as one person; these count in each of their
    bags.
    """
    rules = rules or ReassociationRules()
    evidence = Evidence.of(individuals, models, settings, sex_error=rules.sex_error)
    by_profile = incompatible_pairs(evidence, rules.incompatible, rules.exclusions)
    incompatible = by_profile | _by_element(individuals)
    rows_of_bag: dict[tuple[str, str], list[int]] = {}
    rows_of_transfer: dict[str, list[int]] = {}
    known = {(one.transfer, one.bag) for one in individuals}
    for row, one in enumerate(individuals):
        # Somebody put together from several bags is in each of them.
        for transfer in _several(one.transfer):
            rows_of_transfer.setdefault(transfer, []).append(row)
        for key in _bags(one, known):
            rows_of_bag.setdefault(key, []).append(row)
    count = _Count(individuals, incompatible, by_profile)
    return MinimumNumber(
        {bag: count.of(rows) for bag, rows in rows_of_bag.items()},
        {transfer: count.of(rows) for transfer, rows in rows_of_transfer.items()},
        count.of(range(len(individuals))),
    )


@dataclass(frozen=True, eq=False)
class _Count:
    individuals: Sequence[Individual]
    incompatible: Flags
    by_profile: Flags

    def of(self, rows: Sequence[int]) -> Minimum:
        """The greater of the largest clique and of the most frequent element."""
        rows = list(rows)
        if not rows:
            return Minimum(0, (), exact=True, why="no remains")
        clique, exact = largest_clique(self.incompatible[np.ix_(rows, rows)])
        chosen = [rows[k] for k in clique]
        elements = counts_of_elements(self.individuals[row] for row in rows)
        element, times = max(sorted(elements.items()), key=lambda one: one[1], default=("", 0))
        if times > len(chosen):
            return Minimum(times, (), exact, f"{element} is there {times} times")
        return Minimum(len(chosen), tuple(self.individuals[row].id for row in chosen), exact, self._why(chosen))

    def _why(self, chosen: Sequence[int]) -> str:
        if len(chosen) == 1:
            return "there are remains, and nothing shows that they are of more than one person"
        pairs = self.by_profile[np.ix_(chosen, chosen)]
        apart = len(chosen) * (len(chosen) - 1) // 2 - int(np.triu(pairs, 1).sum())
        shown = (
            "their profiles exclude each other"
            if not apart
            else "their profiles or repeated elements exclude each other"
        )
        return f"no two of {len(chosen)} remains can be one person: {shown}"


def _by_element(individuals: Sequence[Individual]) -> Flags:
    """Remains that hold the same element of which everybody has one.

    Remains that hold one twice are of several people themselves; the count of that element speaks for them, no pair
    does.
    """
    n = len(individuals)
    found = np.zeros((n, n), dtype=bool)
    holders: dict[str, list[int]] = {}
    for row, one in enumerate(individuals):
        own = Counter(" ".join(element.casefold().split()) for element in one.elements if is_unique(element))
        if max(own.values(), default=0) == 1:
            for element in own:
                holders.setdefault(element, []).append(row)
    for rows in holders.values():
        found[np.ix_(rows, rows)] = True
    np.fill_diagonal(found, False)
    return found


def largest_clique(incompatible: Flags) -> tuple[list[int], bool]:
    """Rows of which all pairs are incompatible, as many as could be found; and whether no more exist.

    The compatible pairs are few: what hangs together by them is solved by itself, and everything else is in the clique.

    >>> a_and_b_apart = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]], dtype=bool)  # the third could be either
    >>> largest_clique(a_and_b_apart)
    ([0, 1], True)
    """
    compatible = ~incompatible
    np.fill_diagonal(compatible, False)
    count, label = connected_components(csr_array(compatible), directed=False)  # dense, it would be copied as numbers
    order = np.argsort(label, kind="stable")
    chosen: list[int] = []
    exact = True
    for rows in np.split(order, np.cumsum(np.bincount(label, minlength=count))[:-1]):
        within = compatible[np.ix_(rows, rows)]
        found = _greedy(within)
        if 1 < len(rows) <= _EXACT:
            found = _independent(within, found)
        elif len(rows) > _EXACT:
            exact = False
        chosen.extend(int(rows[k]) for k in found)
    return sorted(chosen), exact


def _greedy(compatible: Flags) -> list[int]:
    """Take whoever is compatible with the fewest that are left, leave out those, and so on."""
    left = np.ones(len(compatible), dtype=bool)
    chosen = []
    degree = compatible.sum(axis=0).astype(np.int64)
    while left.any():
        row = int(np.where(left, degree, len(compatible) + 1).argmin())
        chosen.append(row)
        gone = left & compatible[row]
        gone[row] = True
        left &= ~gone
        degree -= compatible[gone].sum(axis=0)
    return chosen


def _independent(compatible: Flags, at_least: Sequence[int]) -> list[int]:
    """The most rows of which no two are compatible: branch and bound over bit sets."""
    near = [sum(1 << int(k) for k in np.flatnonzero(row)) for row in compatible]
    best = sum(1 << k for k in at_least)

    def search(chosen: int, left: int) -> None:
        nonlocal best
        if chosen.bit_count() + left.bit_count() <= best.bit_count():
            return
        if not left:
            best = chosen
            return
        members = [k for k in range(left.bit_length()) if left >> k & 1]
        row = max(members, key=lambda k: (near[k] & left).bit_count())
        if not near[row] & left:
            search(chosen | left, 0)  # nobody who is left is compatible with another
            return
        search(chosen | 1 << row, left & ~near[row] & ~(1 << row))
        search(chosen, left & ~(1 << row))

    search(0, (1 << len(near)) - 1)
    return [k for k in range(len(near)) if best >> k & 1]


def _several(names: str) -> list[str]:
    return [name for part in names.split(";") if (name := part.strip())]


def _bags(individual: Individual, known: Container[tuple[str, str]]) -> list[tuple[str, str]]:
    """The bags of somebody. Of several transfers it is the one that is known to have brought a bag of this name."""
    transfers = _several(individual.transfer) or [""]
    found = []
    for bag in _several(individual.bag):
        brought = [transfer for transfer in transfers if (transfer, bag) in known]
        found.append((brought[0] if len(brought) == 1 else "; ".join(transfers), bag))
    return found
