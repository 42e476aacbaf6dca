"""Remains that are all but the same as somebody's own sample: one allele read wrongly would make them strangers.

Where no typing error is declared, a single marker at which a body and a missing person's own sample contradict each
other makes the pair impossible, whatever all other markers say. The body may then be told to be that person's brother.
(In a made-up operation with undeclared typing errors one of 1,903 identifications was that.) Nobody but the person of
the sample shares nearly every marker with it: such a body is to be typed again, and no policy lets it pass as somebody
else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.profiles import Profile, alleles_seen, is_discordant
from antigone.matching.operation import Family, Individual

# A body is near a sample where so many markers at least show the same alleles, and so many at most contradict.
FEWEST_THE_SAME = 10
MOST_CONTRADICTING = 2


@dataclass(frozen=True, slots=True)
class NearMatch:
    """Remains and a missing person whose own sample they nearly fit: of `compared` markers, those that contradict."""

    remains: str
    family: str
    person: str
    compared: int
    contradicting: tuple[str, ...]

    @property
    def words(self) -> str:
        """For whoever has to look at it."""
        markers = ", ".join(self.contradicting)
        return (
            f"fit the own sample of {self.person}, family {self.family}, at "
            f"{self.compared - len(self.contradicting)} of {self.compared} markers and contradict it at {markers}: "
            "type both again before anybody is identified by either"
        )


def near_matches(
    individuals: Sequence[Individual], families: Sequence[Family], markers: Sequence[str]
) -> tuple[NearMatch, ...]:
    """All of them, in the order of the individuals."""
    own = OwnSamples(families, markers)
    return tuple(near for individual in individuals for near in own.near(individual))


class OwnSamples:
    """The own samples of missing persons, by the alleles that they show at each marker."""

    def __init__(self, families: Sequence[Family], markers: Sequence[str]) -> None:
        self._markers = tuple(markers)
        own = [(family, person) for family in families for person in family.missing if person in family.profiles]
        self._whose = [(family.name, person) for family, person in own]
        self._samples = [family.profiles[person] for family, person in own]
        self._places = [_by_alleles(self._samples, marker) for marker in markers]

    def near(self, individual: Individual) -> Iterator[NearMatch]:
        """Those that one individual nearly fits, in the order of the families."""
        the_same = np.zeros(len(self._samples), dtype=np.int64)
        for marker, places in zip(self._markers, self._places, strict=True):
            readings = individual.profile.readings.get(marker, ())
            here = places.get(alleles_seen(readings)) if readings else None
            if here is not None:
                the_same[here] += 1
        for k in np.flatnonzero(the_same >= FEWEST_THE_SAME).tolist():
            compared, contradicting = _compared(individual.profile, self._samples[k], self._markers)
            if 1 <= len(contradicting) <= MOST_CONTRADICTING:
                yield NearMatch(individual.id, *self._whose[k], compared, contradicting)


def _by_alleles(samples: Sequence[Profile], marker: str) -> dict[tuple[object, ...], NDArray[np.int64]]:
    """Which samples show each set of alleles at a marker."""
    places: dict[tuple[object, ...], list[int]] = {}
    for k, sample in enumerate(samples):
        readings = sample.readings.get(marker, ())
        if readings:
            places.setdefault(alleles_seen(readings), []).append(k)
    return {alleles: np.array(these, dtype=np.int64) for alleles, these in places.items()}


def _compared(one: Profile, other: Profile, markers: Sequence[str]) -> tuple[int, tuple[str, ...]]:
    """How many markers both have, and at which of them no genotype explains both by drop-out alone."""
    both = [marker for marker in markers if one.readings.get(marker) and other.readings.get(marker)]
    return len(both), tuple(_contradicting(one, other, both))


def _contradicting(one: Profile, other: Profile, markers: Sequence[str]) -> Iterator[str]:
    for marker in markers:
        if is_discordant((*one.readings[marker], *other.readings[marker])):
            yield marker
