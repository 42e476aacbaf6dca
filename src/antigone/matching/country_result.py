"""A search at the scale of a country with what was counted meanwhile: all that its certificate is made from."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antigone.matching.batched_tables import Sought, TableBatches
from antigone.matching.classes import MarkerClasses
from antigone.matching.country_search import CountryHits, Part, TileFound, collect, placed
from antigone.matching.digests import PeopleDigests
from antigone.matching.odd import FamilyContradiction, family_contradictions, x_linked_left_out
from antigone.matching.operation import LeftOut, Operation
from antigone.matching.preparation import Prepared
from antigone.matching.search import Comparisons, unusable

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CountryResult:
    """What was found, and what was searched. In `hits`, missing persons are places in `operation.missing_persons()`.

    `missing` are those who were searched; `comparisons` is about them. `tiles` are the digests of the tiles, in the
    order of `comparisons.by_block`, `people` those of all who were given.
    """

    operation: Operation
    prepared: Prepared
    hits: CountryHits
    missing: tuple[Sought, ...]
    not_searched: tuple[LeftOut, ...]
    contradictions: tuple[FamilyContradiction, ...]
    unusable: tuple[LeftOut, ...]
    comparisons: Comparisons
    tiles: tuple[str, ...]
    people: PeopleDigests


def country_result(
    operation: Operation,
    prepared: Prepared,
    threshold: float,
    found: Iterable[tuple[Integers, TileFound]],
    tiles: tuple[str, ...],
    *,
    classes: Sequence[MarkerClasses],
    people: PeopleDigests,
) -> CountryResult:
    """Put together what was found about tiles, with the missing persons of each; their order is that of the sums.

    `classes` are those of the individuals, `people` the digests of everybody.
    """
    sought = operation.missing_persons()
    counting = _Counting(len(operation.individuals), sought, len(prepared.models))
    hits = collect(counting.parts(found), len(operation.individuals), len(sought), threshold)
    refused = dict(hits.refused)
    searched = np.array([j for j in range(len(sought)) if j not in refused], dtype=np.int64)
    missing = tuple(sought[j] for j in searched)
    not_searched = tuple(
        LeftOut("missing person", f"{sought[j][1]}, family {sought[j][0].name}", why) for j, why in hits.refused
    )
    return CountryResult(
        operation, prepared, hits, missing, not_searched,
        tuple(_contradictions(counting.contradicted(searched), prepared, operation)),
        (*unusable(operation, prepared, classes), *x_linked_left_out(operation, prepared)),
        counting.comparisons(searched), tiles, people,
    )  # fmt: skip


class _Counting:
    """Notes what was counted of tile after tile on its way."""

    def __init__(self, individuals: int, sought: tuple[Sought, ...], markers: int) -> None:
        self.sought = sought
        self.by_individual = np.zeros(individuals, dtype=np.int64)
        self.by_missing = np.zeros(len(sought), dtype=np.int64)
        self.by_tile: list[int] = []
        self.said = np.zeros((len(sought), markers), dtype=np.bool_)
        self.not_said = np.zeros(len(sought), dtype=np.bool_)
        self.samples: dict[str, frozenset[str]] = {}

    def parts(self, found: Iterable[tuple[Integers, TileFound]]) -> Iterator[Part]:
        for members, tile in found:
            self._take(members, tile)
            yield placed(tile.part, members)

    def _take(self, members: Integers, tile: TileFound) -> None:
        if not np.array_equal(tile.part.members, np.arange(len(members))):
            raise ValueError("a tile says of some of its missing persons nothing, or something twice")
        # Of a missing person everybody was compared or nobody.
        self.by_individual += len(members) - len(tile.part.refused)
        self.by_missing[members] = tile.compared
        self.by_tile.append(int(tile.compared.sum()))
        self.said[members] = tile.part.said
        self.not_said[members] = tile.contradicted.any(axis=1)
        for j, taken in zip(members.tolist(), tile.taken, strict=True):
            family, _ = self.sought[j]
            self.samples[family.name] = frozenset(
                person for person, one in zip(family.profiles, taken, strict=True) if one
            )

    def contradicted(self, searched: Integers) -> list[Sought]:
        """Those whose family contradicts itself somewhere."""
        return [self.sought[j] for j in searched.tolist() if self.not_said[j]]

    def comparisons(self, searched: Integers) -> Comparisons:
        families = {self.sought[j][0].name for j in searched.tolist()}
        samples = {name: self.samples.get(name, frozenset()) for name in families}
        return Comparisons(
            self.by_individual, self.by_missing[searched], tuple(self.by_tile), self.said[searched], samples
        )


def _contradictions(sought: list[Sought], prepared: Prepared, operation: Operation) -> Iterator[FamilyContradiction]:
    """In words, once a family; their tables are made again, for these few."""
    batches = TableBatches(sought, prepared, operation.settings)
    found: dict[int, list[FamilyContradiction]] = {}
    for members in batches.plan():
        for k, these in batches.block(members).contradictions.items():
            j = int(members[k])
            found[j] = family_contradictions(sought[j][0], these)
    yield from dict.fromkeys(one for j in sorted(found) for one in found[j])
