"""Haplotypes of lineages: Y-STR along the paternal line, mitochondrial DNA along the maternal one.

What was read (`Lineage`), what it is counted in (`LineageDatabases`) and what is declared beforehand
(`LineageSettings`). How they are compared is in `paternal` and `maternal`, how rare they are in
`haplotype_frequencies`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from antigone.genetics.alleles import Allele, OffLadder, Unknown, allele_order

COPIES: Mapping[str, int] = {"DYS385": 2, "DYF387S1": 2}
"""Markers that lie on the Y chromosome more than once; every other one is there once."""


@dataclass(frozen=True)
class YHaplotype:
    """What was read on the Y chromosome of one man: marker → alleles (several at duplicated markers).

    The alleles are an unordered set of copies, kept in order: DYS385 11 twice is `(11, 11)`, with one copy not seen
    `(11, ?)`. A `Silent` allele is one that the laboratory found not to show; a marker without result is not there.
    """

    sample: str
    alleles: Mapping[str, tuple[Allele, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, sample: str, alleles: Mapping[str, Iterable[Allele]]) -> "YHaplotype":
        """With the copies of each marker in order."""
        return cls(sample, {marker: in_order(copies) for marker, copies in alleles.items()})


def in_order(copies: Iterable[Allele]) -> tuple[Allele, ...]:
    """The copies of one marker as they are kept: which allele is on which copy is not known."""
    return tuple(sorted(copies, key=allele_order))


def is_complete(copies: tuple[Allele, ...]) -> bool:
    """Whether every copy was read: no allele unseen or outside the ladder."""
    return bool(copies) and not any(isinstance(allele, Unknown | OffLadder) for allele in copies)


@dataclass(frozen=True)
class MtHaplotype:
    """Differences of one mitochondrial sequence to the rCRS, and the ranges of positions that were read.

    Both as `maternal.parse_ranges` and `maternal.parse_differences` give them.
    """

    sample: str
    ranges: tuple[tuple[int, int], ...] = ()
    differences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lineage:
    """What was read of one person's two lineages; None where nothing was."""

    y: YHaplotype | None = None
    mt: MtHaplotype | None = None


@dataclass(frozen=True)
class YDatabase:
    """Y haplotypes of a population: each with how many men bear it."""

    haplotypes: tuple[YHaplotype, ...]
    counts: tuple[int, ...]
    source: str = ""


@dataclass(frozen=True)
class MtDatabase:
    """Mitochondrial sequences of a population: each with how many people bear it."""

    haplotypes: tuple[MtHaplotype, ...]
    counts: tuple[int, ...]
    source: str = ""


@dataclass(frozen=True)
class LineageDatabases:
    """The databases that haplotypes are counted in; None where none was supplied."""

    y: YDatabase | None = None
    mt: MtDatabase | None = None


NO_DATABASES = LineageDatabases()


class LineageError(ValueError):
    """Something about lineages that cannot be."""


@dataclass(frozen=True)
class LineageSettings:
    """What is declared about lineages before a search.

    `confidence` is that of the one-sided upper bound of counting. `own_donors` adds the operation's own lineages, each
    once, to the database. Rates are probabilities in one meiosis: `y_rate` of a mutation at one copy of a Y marker that
    neither `y_rates` nor the published table names; of those that happen, a share `y_range` goes one repeat further
    than the last; `y_other_change` of a change that is no whole number of repeats (an allele lost, doubled, or a
    microvariant). `mt_rate` is that of one difference in the mitochondrial ranges compared, `mt_beyond` the
    probability of two or more differences within one maternal line, however long.
    """

    confidence: float = 0.95
    own_donors: bool = True
    y_rate: float = 0.003
    y_rates: Mapping[str, float] = field(default_factory=dict)
    y_range: float = 0.04
    y_other_change: float = 1e-4
    mt_rate: float = 0.01
    mt_beyond: float = 1e-4

    def __post_init__(self) -> None:
        named = {"confidence": self.confidence, "y_rate": self.y_rate, "y_range": self.y_range}
        named |= {"y_other_change": self.y_other_change, "mt_rate": self.mt_rate, "mt_beyond": self.mt_beyond}
        named |= {f"y_rates of {marker}": rate for marker, rate in self.y_rates.items()}
        for name, value in named.items():
            if not 0 < value < 1:
                raise LineageError(f"{name} lies between 0 and 1, got {value}")

    def y_rate_of(self, marker: str) -> float:
        """The mutation rate of one copy: as declared, as published, or the one for all others."""
        return self.y_rates.get(marker) or published_y_rates().get(marker, self.y_rate)


@cache
def published_y_rates() -> Mapping[str, float]:
    """Mutation rates of Y markers, for one copy and meiosis; sources in `data/README.md`.

    >>> published_y_rates()["DYS391"]
    0.00253
    """
    text = files("antigone.genetics").joinpath("data", "y_mutation_rates.csv").read_text(encoding="utf-8")
    rows = [line.split(",") for line in text.splitlines()[1:]]
    return {marker: float(rate) for marker, rate, _ in rows}


@cache
def reference_sequence() -> str:
    """The revised Cambridge Reference Sequence (NC_012920.1): 16,569 bases, position 1 first.

    >>> len(reference_sequence()), reference_sequence()[263 - 1]
    (16569, 'A')
    """
    text = files("antigone.genetics").joinpath("data", "rcrs.txt").read_text(encoding="ascii")
    return "".join(text.split())
