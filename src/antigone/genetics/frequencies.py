"""Allele frequencies: tables with their source and digest, and one named rule for rare and unseen alleles."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.alleles import Allele, Named, Repeat, Silent, allele_order, parse_allele


class FrequencyError(ValueError):
    """A frequency table is not one, or cannot be used with the rule asked for."""


class UnseenAlleleError(FrequencyError):
    """An allele that was seen and that the table does not hold, or holds with 0, under the rule that refuses it."""

    def __init__(self, marker: str, allele: Allele, table: str, *, listed: bool = False) -> None:
        self.marker, self.allele = marker, allele
        where = f"has frequency 0 in the table {table}" if listed else f"is not in the table {table}"
        taken = "takes no allele that the table says nobody has" if listed else "takes no allele from outside it"
        super().__init__(f"allele {allele} of {marker} {where}; ‘refuse’ {taken}")


@dataclass(frozen=True, slots=True)
class Refuse:
    """Frequencies stay as published; an allele seen that the table does not hold, or holds with 0, is an error."""

    def describe(self) -> str:
        """Name of the rule."""
        return "refuse"


@dataclass(frozen=True, slots=True)
class FiveOverTwoN:
    """No frequency below 5/2N, N people having been typed (National Research Council 1996, recommendation 4.1)."""

    def describe(self) -> str:
        """Name of the rule."""
        return "5/2N"


@dataclass(frozen=True, slots=True)
class Laplace:
    """One more chromosome counted for every allele, the unseen ones too: (count + 1) / (2N + number of alleles)."""

    def describe(self) -> str:
        """Name of the rule."""
        return "laplace"


@dataclass(frozen=True, slots=True)
class Floor:
    """No frequency below a given one."""

    minimum: float

    def __post_init__(self) -> None:
        if not 0 < self.minimum < 1:
            raise FrequencyError(f"the floor of allele frequencies lies between 0 and 1, got {self.minimum}")

    def describe(self) -> str:
        """Name of the rule and its figure."""
        return f"floor {self.minimum!r}"


RareAlleleRule = Refuse | FiveOverTwoN | Laplace | Floor


class Normalisation(StrEnum):
    """What is done with a table whose frequencies do not sum to 1."""

    SCALE = "scale"  # all are divided by their sum
    NONE = "none"  # they are used as they are


@dataclass(frozen=True, slots=True)
class MarkerFrequencies:
    """Published frequencies of one marker.

    `chromosomes` is 2N where known, `counts` where counts were published.
    """

    marker: str
    alleles: tuple[Allele, ...]
    frequencies: tuple[float, ...]
    counts: tuple[int, ...] | None = None
    chromosomes: int | None = None

    @classmethod
    def from_counts(cls, marker: str, counts: Mapping[Allele, int]) -> "MarkerFrequencies":
        """From how often each allele was seen.

        >>> MarkerFrequencies.from_counts("TH01", {Repeat(6): 30, Repeat(9, 3): 10}).frequencies
        (0.75, 0.25)
        """
        alleles = tuple(sorted(counts, key=allele_order))
        total = sum(counts.values())
        if total <= 0 or any(count < 0 for count in counts.values()):
            raise FrequencyError(f"{marker}: allele counts must be positive, got {list(counts.values())}")
        ordered = tuple(counts[allele] for allele in alleles)
        return cls(marker, alleles, tuple(count / total for count in ordered), ordered, total)

    @classmethod
    def from_frequencies(
        cls, marker: str, frequencies: Mapping[Allele, float], *, chromosomes: int | None = None
    ) -> "MarkerFrequencies":
        """From frequencies, with the number of chromosomes typed where it is known."""
        alleles = tuple(sorted(frequencies, key=allele_order))
        values = tuple(float(frequencies[allele]) for allele in alleles)
        if not values or any(not 0 <= value <= 1 for value in values) or sum(values) <= 0:
            raise FrequencyError(f"{marker}: frequencies lie between 0 and 1, got {list(values)}")
        return cls(marker, alleles, values, None, chromosomes)


@dataclass(frozen=True)
class FrequencyTable:
    """The frequencies of one population, as published."""

    name: str
    source: str
    markers: Mapping[str, MarkerFrequencies]

    @property
    def digest(self) -> str:
        """SHA-256 of markers, alleles and frequencies, whatever file they came from."""
        return _digest(
            (name, entry.alleles, entry.counts or entry.frequencies) for name, entry in sorted(self.markers.items())
        )

    def prepare(
        self,
        *,
        rule: RareAlleleRule,
        normalisation: Normalisation = Normalisation.SCALE,
        seen: Mapping[str, Iterable[Allele]] | None = None,
    ) -> "PreparedFrequencies":
        """Apply the rule for rare alleles, with the alleles that were seen in the profiles, then normalise.

        Raises `UnseenAlleleError` under `Refuse`, `FrequencyError` where a rule needs counts that were not published.
        """
        seen = seen or {}
        prepared = {
            name: _prepare(self.name, entry, rule, normalisation, seen.get(name, ()))
            for name, entry in self.markers.items()
        }
        return PreparedFrequencies(self.name, self.source, self.digest, rule.describe(), str(normalisation), prepared)


@dataclass(frozen=True, slots=True)
class PreparedMarker:
    """Frequencies of one marker as used: alleles in order and a vector of the same length."""

    alleles: tuple[Allele, ...]
    frequencies: NDArray[np.float64]
    added: tuple[Allele, ...]  # those that the table does not hold
    raised: tuple[Allele, ...]  # those that the rule raised


@dataclass(frozen=True)
class PreparedFrequencies:
    """A table after the rule for rare alleles and normalisation: what a result was computed with."""

    table: str
    source: str
    table_digest: str
    rule: str
    normalisation: str
    markers: Mapping[str, PreparedMarker]

    @property
    def digest(self) -> str:
        """SHA-256 of the frequencies as used."""
        return _digest(
            (name, entry.alleles, entry.frequencies.tolist()) for name, entry in sorted(self.markers.items())
        )


@cache
def nist_1036_caucasian() -> FrequencyTable:
    """29 autosomal STR markers in 361 people (722 chromosomes), from the published counts.

    Source: NIST U.S. population data "1036", Caucasian group, 2017 revision: Steffen et al. 2017, FSI Genetics 31,
    e36–e40, doi:10.1016/j.fsigen.2017.08.011 (corrigendum to Hill et al. 2013, FSI Genetics 7, e82–e83). Public
    domain.
    """
    text = resources.files("antigone.genetics").joinpath("data/nist-1036-caucasian.csv").read_text("utf-8")
    counts: dict[str, dict[Allele, int]] = {}
    for line in text.splitlines()[1:]:
        marker, allele, count = line.split(",")
        counts.setdefault(marker, {})[parse_allele(allele)] = int(count)
    return FrequencyTable(
        "NIST 1036 Caucasian",
        "Steffen et al. 2017, doi:10.1016/j.fsigen.2017.08.011 (361 people)",
        {marker: MarkerFrequencies.from_counts(marker, entry) for marker, entry in counts.items()},
    )


def _prepare(
    table: str, entry: MarkerFrequencies, rule: RareAlleleRule, normalisation: Normalisation, seen: Iterable[Allele]
) -> PreparedMarker:
    published = dict(zip(entry.alleles, entry.frequencies, strict=True))
    named = sorted({a for a in seen if isinstance(a, Repeat | Named)}, key=allele_order)
    added = [a for a in named if a not in published]
    refused = [a for a in named if published.get(a, 0.0) == 0] if isinstance(rule, Refuse) else []
    if refused:
        raise UnseenAlleleError(entry.marker, refused[0], table, listed=refused[0] in published)
    alleles = sorted((*entry.alleles, *added), key=allele_order)
    values = np.array([published.get(allele, 0.0) for allele in alleles])
    used = _apply(rule, entry, alleles, values)
    raised = tuple(
        a for a, before, after in zip(alleles, values, used, strict=True) if after > before and a in published
    )
    if normalisation is Normalisation.SCALE:
        used = used / used.sum()
    return PreparedMarker(tuple(alleles), used, tuple(added), () if isinstance(rule, Laplace) else raised)


def _apply(
    rule: RareAlleleRule, entry: MarkerFrequencies, alleles: list[Allele], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    match rule:
        case Refuse():
            return values
        case Floor(minimum):
            return np.maximum(values, minimum)
        case FiveOverTwoN():
            if not entry.chromosomes:
                raise FrequencyError(
                    f"the rule 5/2N needs the number of chromosomes typed; the table gives none for {entry.marker}"
                )
            # A silent allele is a modelling assumption, not a rare allele that somebody might have missed.
            floor = np.array([0.0 if isinstance(a, Silent) else 5 / entry.chromosomes for a in alleles])
            return np.maximum(values, floor)
        case Laplace():
            if entry.counts is None or entry.chromosomes is None:
                raise FrequencyError(
                    f"the rule laplace needs allele counts, which the table does not give for {entry.marker}"
                )
            counts = dict(zip(entry.alleles, entry.counts, strict=True))
            return np.array([counts.get(a, 0) + 1 for a in alleles]) / (entry.chromosomes + len(alleles))


def _digest(rows: Iterable[tuple[str, tuple[Allele, ...], Iterable[float]]]) -> str:
    text = "".join(
        f"{name}\t{allele}\t{float(value)!r}\n"
        for name, alleles, values in rows
        for allele, value in zip(alleles, values, strict=True)
    )
    return hashlib.sha256(text.encode()).hexdigest()
