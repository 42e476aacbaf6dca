"""Haplotypes of lineages: Y-STR along the paternal line, mitochondrial DNA along the maternal one."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from antigone.genetics.alleles import Allele


@dataclass(frozen=True)
class YHaplotype:
    """What was read on the Y chromosome of one man: marker → alleles (several at duplicated markers)."""

    sample: str
    alleles: Mapping[str, tuple[Allele, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class MtHaplotype:
    """Differences of one mitochondrial sequence to the rCRS, and the ranges of positions that were read."""

    sample: str
    ranges: tuple[tuple[int, int], ...] = ()
    differences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lineage:
    """What was read of one person's two lineages; None where nothing was."""

    y: YHaplotype | None = None
    mt: MtHaplotype | None = None
