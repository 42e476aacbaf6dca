"""Profiles: what was read of a sample, marker by marker, and hundreds of thousands of them as columns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.alleles import Allele, allele_order
from antigone.genetics.distinct import columns_of, distinct_objects
from antigone.genetics.observation import Reading, Reads


@dataclass(frozen=True)
class Profile:
    """All readings of one sample; replicates stand side by side, in their order."""

    sample: str
    readings: Mapping[str, tuple[Reading, ...]]

    def markers(self) -> tuple[str, ...]:
        """The markers at which anything was read."""
        return tuple(name for name, readings in self.readings.items() if readings)

    def joined(self, other: "Profile", sample: str) -> "Profile":
        """The readings of two samples of one person, as replicates of each other."""
        names = dict.fromkeys((*self.readings, *other.readings))
        return Profile(sample, {name: (*self.readings.get(name, ()), *other.readings.get(name, ())) for name in names})


def alleles_seen(readings: Sequence[Reading]) -> tuple[Allele, ...]:
    """Every allele that any replicate shows, in order."""
    return tuple(sorted({allele for reading in readings for allele in reading.alleles}, key=allele_order))


def is_discordant(readings: Sequence[Reading]) -> bool:
    """Whether no genotype explains the replicates by drop-out alone.

    Two alleles at most were there, and where the laboratory excludes drop-out there was one.

    >>> from antigone.genetics.alleles import Repeat, Unknown
    >>> is_discordant([Reading.of(Repeat(9), Unknown()), Reading.of(Repeat(9), Repeat(11))])
    False
    >>> is_discordant([Reading.of(Repeat(9), Repeat(9)), Reading.of(Repeat(9), Repeat(11))])
    True
    """
    seen = alleles_seen(readings)
    if len(seen) > 2:
        return True
    return len(seen) == 2 and any(reading.reads is Reads.HOMOZYGOUS for reading in readings)


class ConsensusRule(StrEnum):
    """How replicates are summed up for people to read. No likelihood is computed from a consensus."""

    MAJORITY = "majority"
    """An allele stands that more than half of the replicates with a result show."""


def consensus(readings: Sequence[Reading], rule: ConsensusRule = ConsensusRule.MAJORITY) -> Reading | None:
    """Replicates summed up for display and export; None where nothing stands.

    A single allele stands as homozygous only where every replicate that shows it excludes drop-out.
    """
    if rule is not ConsensusRule.MAJORITY:
        raise ValueError(f"no such rule: {rule}")
    standing = tuple(
        allele
        for allele in alleles_seen(readings)
        if 2 * sum(allele in reading.alleles for reading in readings) > len(readings)
    )
    if not standing:
        return None
    if len(standing) > 1:
        return Reading(standing)
    single = [reading for reading in readings if standing[0] in reading.alleles]
    certain = all(reading.reads is Reads.HOMOZYGOUS for reading in single)
    return Reading(standing, Reads.HOMOZYGOUS if certain else Reads.OTHER_UNSEEN)


class Column(IntEnum):
    """What a cell of a `ProfileTable` says about its two allele codes."""

    MISSING = 0
    ALLELES = 1  # first and second, which differ
    HOMOZYGOUS = 2  # first
    OTHER_UNSEEN = 3  # first; the other was not seen
    REPLICATES = 4  # see `ProfileTable.replicates`


@dataclass(frozen=True, eq=False)
class ProfileTable:
    """Many profiles as columns of small integers: five bytes a marker and sample.

    `first`, `second` and `kind` have shape (samples, markers); codes index `alleles[marker]`, −1 where there is none.
    Markers with several readings, or with more than two alleles, are kept whole in `replicates`.
    """

    samples: tuple[str, ...]
    markers: tuple[str, ...]
    alleles: tuple[tuple[Allele, ...], ...]
    first: NDArray[np.int16]
    second: NDArray[np.int16]
    kind: NDArray[np.uint8]
    replicates: Mapping[tuple[int, int], tuple[Reading, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, profiles: Iterable[Profile], markers: Sequence[str]) -> "ProfileTable":
        """Lay out profiles; markers that are not named are left out."""
        kept = list(profiles)
        first = np.full((len(kept), len(markers)), -1, dtype=np.int16)
        second = first.copy()
        kind = np.zeros(first.shape, dtype=np.uint8)
        replicates: dict[tuple[int, int], tuple[Reading, ...]] = {}
        names = []
        for m, column in enumerate(columns_of((profile.readings for profile in kept), markers)):
            known: dict[Allele, int] = {}
            found, of = distinct_objects(column)
            cells = np.array([_cell(readings, known) for readings in found], dtype=np.int16).reshape(-1, 3)
            kind[:, m], first[:, m], second[:, m] = cells[of].T
            for row in np.flatnonzero(kind[:, m] == Column.REPLICATES).tolist():
                replicates[row, m] = tuple(found[of[row]])
            names.append(tuple(known))
        samples = tuple(profile.sample for profile in kept)
        return cls(samples, tuple(markers), tuple(names), first, second, kind, replicates)

    def __len__(self) -> int:
        return len(self.samples)

    def readings(self, row: int, marker: int) -> tuple[Reading, ...]:
        """What was read of one sample at one marker."""
        alleles = self.alleles[marker]
        match self.kind[row, marker]:
            case Column.MISSING:
                return ()
            case Column.REPLICATES:
                return self.replicates[row, marker]
            case Column.ALLELES:
                return (Reading((alleles[self.first[row, marker]], alleles[self.second[row, marker]])),)
            case Column.HOMOZYGOUS:
                return (Reading((alleles[self.first[row, marker]],), Reads.HOMOZYGOUS),)
            case _:
                return (Reading((alleles[self.first[row, marker]],), Reads.OTHER_UNSEEN),)

    def classes(self, marker: int) -> tuple[NDArray[np.int64], list[tuple[Reading, ...]]]:
        """The distinct things read at a marker, and which of them each sample has; −1 where nothing was read."""
        keys = (
            self.kind[:, marker].astype(np.int64) << 32
            | (self.first[:, marker].astype(np.int64) + 1) << 16
            | (self.second[:, marker].astype(np.int64) + 1)
        )
        simple = (self.kind[:, marker] != Column.MISSING) & (self.kind[:, marker] != Column.REPLICATES)
        which = np.full(len(self), -1, dtype=np.int64)
        _, rows, which[simple] = np.unique(keys[simple], return_index=True, return_inverse=True)
        found = [self.readings(int(np.flatnonzero(simple)[row]), marker) for row in rows]
        number = {readings: k for k, readings in enumerate(found)}
        for row in np.flatnonzero(self.kind[:, marker] == Column.REPLICATES):
            readings = self.replicates[int(row), marker]
            if readings not in number:
                number[readings] = len(found)
                found.append(readings)
            which[row] = number[readings]
        return which, found


def _cell(readings: Sequence[Reading], known: dict[Allele, int]) -> tuple[int, int, int]:
    """`ProfileTable.kind`, `first` and `second` of what was read; alleles that are new are added to those `known`."""
    for allele in alleles_seen(readings):
        known.setdefault(allele, len(known))
    if not readings:
        return Column.MISSING, -1, -1
    alleles = readings[0].alleles
    if len(readings) > 1 or len(alleles) > 2:
        return Column.REPLICATES, -1, -1
    if len(alleles) == 2:
        return Column.ALLELES, known[alleles[0]], known[alleles[1]]
    single = readings[0].reads is Reads.HOMOZYGOUS
    return Column.HOMOZYGOUS if single else Column.OTHER_UNSEEN, known[alleles[0]], -1
