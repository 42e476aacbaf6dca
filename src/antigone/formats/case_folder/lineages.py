"""Whose lineages are whose: `mtdna.csv`, the Y markers of `profiles.csv`, and the samples of one person joined."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from antigone.formats.errors import quoted
from antigone.formats.tables import Column, Row, Table, TableFormat
from antigone.genetics.alleles import Allele, Unknown
from antigone.genetics.haplotypes import COPIES, Lineage, MtHaplotype, YHaplotype, in_order, is_complete
from antigone.genetics.maternal import (
    NotationError,
    common_ranges,
    mt_differences,
    parse_differences,
    parse_ranges,
    size_of,
    write_ranges,
)
from antigone.genetics.paternal import agree
from antigone.matching.operation import Operation

BETWEEN_SAMPLES = ";"
"""Between the samples of one person, and in the name of what was read of several together."""
RANGES = "the ranges of positions that were read, such as 16024-16365;73-340"
DIFFERENCES = (
    "the differences to the rCRS between spaces, such as ‘263G 315.1C 249DEL 16093Y’; empty where there is none"
)

FORMAT = TableFormat(
    "mtdna",
    "What was read of the mitochondrial DNA of each sample: one row a sample.",
    (
        Column("sample", "the name of a sample, which remains.csv or families.csv names", required=True, pattern=r".+"),
        Column("ranges", RANGES, required=True, pattern=r"[0-9; -]+"),
        Column("differences", DIFFERENCES, required=True, pattern=r"[A-Za-z0-9. ]*"),
    ),
)

WOMAN_WITH_Y = (
    "a Y haplotype was read, and the sex is F; it is not used, and the sex, a label or the reading may be wrong"
)

Copies = tuple[Allele, ...]
T = TypeVar("T", YHaplotype, MtHaplotype)


@dataclass
class ReadMtDna:
    """The sequences of a table by sample, and the line of each."""

    sequences: dict[str, MtHaplotype] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    file: str = "mtdna.csv"


def read_mtdna(table: Table) -> ReadMtDna:
    """The sequences of a table. Problems are noted with their lines."""
    read = ReadMtDna(file=table.file)
    for row in table.named_rows(FORMAT):
        sample = row.required("sample")
        sequence = sequence_of(row, sample)
        if not sample:
            continue
        if sample in read.lines:
            expected = f"each sample once: {quoted(sample)} stands in line {read.lines[sample]} already"
            row.complain("sample", expected=expected)
            continue
        read.lines[sample] = row.line
        if sequence is not None:
            read.sequences[sample] = sequence
    return read


def sequence_of(row: Row, sample: str) -> MtHaplotype | None:
    """The columns `ranges` and `differences` of a row; None, with every problem noted, where they are not sound."""
    if not row.required("ranges"):
        return None
    try:
        ranges = parse_ranges(row.text("ranges"))
    except NotationError as error:
        for problem in error.problems:
            row.complain("ranges", found=quoted(problem.found), expected=problem.expected)
        return None
    try:
        return MtHaplotype(sample, ranges, parse_differences(row.text("differences"), ranges))
    except NotationError as error:
        for problem in error.problems:
            row.complain("differences", found=quoted(problem.found), expected=problem.expected)
        return None


class SampleLineages:
    """The lineages by sample; a name such as `B1;B2` is that of a joint one."""

    def __init__(self, y: Mapping[str, Mapping[str, Sequence[Copies]]], mt: Mapping[str, MtHaplotype]) -> None:
        self._y = y
        self._mt = mt

    def __contains__(self, sample: object) -> bool:
        return sample in self._y or sample in self._mt

    def names(self) -> Iterator[str]:
        """Every sample of which a lineage was read."""
        yield from dict.fromkeys((*self._y, *self._mt))

    def joined(self, samples: Sequence[str], whose: object, warnings: list[str]) -> Lineage | None:
        """The lineages of one person; None where nothing was read. What the samples disagree about is left out."""
        y = self._joined_y([name for name in samples if name in self._y], whose, warnings)
        mt = self._joined_mt([name for name in samples if name in self._mt], whose, warnings)
        return None if y is None and mt is None else Lineage(y, mt)

    def _joined_y(self, samples: Sequence[str], whose: object, warnings: list[str]) -> YHaplotype | None:
        readings: dict[str, list[Copies]] = {}
        for sample in samples:
            for marker, copies in self._y[sample].items():
                readings.setdefault(marker, []).extend(copies)
        joined = {marker: _joined_copies(copies) for marker, copies in readings.items()}
        disagreeing = [marker for marker, copies in joined.items() if copies is None]
        if disagreeing:
            warnings.append(
                f"{whose}: {', '.join(disagreeing)} read in different ways, and left out of the Y haplotype"
            )
        kept = {marker: copies for marker, copies in joined.items() if copies is not None}
        return YHaplotype(_joint_name(samples), kept) if kept else None

    def _joined_mt(self, samples: Sequence[str], whose: object, warnings: list[str]) -> MtHaplotype | None:
        """The sequence with the most read stands for all of them, where they agree."""
        sequences = [self._mt[sample] for sample in samples]
        if not sequences:
            return None
        best = max(sequences, key=lambda one: size_of(one.ranges))
        for other in sequences:
            common = common_ranges(best.ranges, other.ranges)
            if differing := mt_differences(best.differences, other.differences, common):
                pair = f"{best.sample} and {other.sample}"
                told = ", ".join(differing)
                warnings.append(f"{whose}: the mitochondrial DNA of {pair} differs ({told}), and is left out")
                return None
        if len(sequences) > 1:
            warnings.append(f"{whose}: of several mitochondrial sequences that of {best.sample}, the longest, is used")
        return best


def _joint_name(samples: Sequence[str]) -> str:
    return BETWEEN_SAMPLES.join(dict.fromkeys(part for sample in samples for part in sample.split(BETWEEN_SAMPLES)))


def _joined_copies(readings: Sequence[Copies]) -> Copies | None:
    """What several readings of one marker say together; None where they contradict each other."""
    distinct = list(dict.fromkeys(in_order(copies) for copies in readings))
    whole = [copies for copies in distinct if is_complete(copies)]
    best = whole[0] if whole else distinct[0]
    return best if all(agree(best, other) for other in distinct) and (whole or len(distinct) == 1) else None


# Writing


def lineages_of(operation: Operation) -> Iterator[Lineage]:
    """Every lineage of an operation."""
    yield from (one.lineage for one in operation.individuals if one.lineage is not None)
    for family in operation.families:
        yield from family.lineages.values()


def samples_of(lineage: Lineage | None) -> tuple[str, ...]:
    """The single samples that a lineage was read of."""
    if lineage is None:
        return ()
    names = [one.sample for one in (lineage.y, lineage.mt) if one is not None and not _is_empty(one)]
    return tuple(dict.fromkeys(part for name in names for part in name.split(BETWEEN_SAMPLES)))


def _is_empty(haplotype: YHaplotype | MtHaplotype) -> bool:
    return not (haplotype.alleles if isinstance(haplotype, YHaplotype) else haplotype.ranges)


def as_read(lineage: Lineage | None) -> Lineage | None:
    """As it is read back: copies in order, and nothing for what nothing was read of."""
    if lineage is None:
        return None
    y = None if lineage.y is None or _is_empty(lineage.y) else YHaplotype.of(lineage.y.sample, lineage.y.alleles)
    mt = None if lineage.mt is None or _is_empty(lineage.mt) else lineage.mt
    return None if y is None and mt is None else Lineage(y, mt)


def y_rows(operation: Operation) -> dict[str, list[tuple[str, list[str]]]]:
    """By sample, each Y marker with its cells as `profiles.csv` holds them."""
    found: dict[str, YHaplotype] = {}
    for lineage in lineages_of(operation):
        if lineage.y is not None and not _is_empty(lineage.y):
            _keep_one(found, lineage.y, "Y haplotypes")
    return {
        sample: [(marker, y_cells(marker, copies)) for marker, copies in haplotype.alleles.items()]
        for sample, haplotype in found.items()
    }


def y_cells(marker: str, copies: Copies) -> list[str]:
    """The cells of one marker; raises `ValueError` for what they cannot hold."""
    least = COPIES.get(marker, 1)
    if len(copies) < least or (len(copies) > least and any(isinstance(one, Unknown) for one in copies)):
        raise ValueError(f"{len(copies)} copies of {marker} cannot be written; it has {least}")
    return [str(allele) for allele in in_order(copies)]


def mtdna_rows(operation: Operation) -> list[list[str]]:
    """The rows of `mtdna.csv`."""
    found: dict[str, MtHaplotype] = {}
    for lineage in lineages_of(operation):
        if lineage.mt is not None and not _is_empty(lineage.mt):
            _keep_one(found, lineage.mt, "mitochondrial sequences")
    return [[one.sample, write_ranges(one.ranges), " ".join(one.differences)] for one in found.values()]


def _keep_one(found: dict[str, T], haplotype: T, what: str) -> None:
    if not haplotype.sample:
        raise ValueError(f"{what} without a sample")
    if found.setdefault(haplotype.sample, haplotype) != haplotype:
        raise ValueError(f"two {what} of the sample {quoted(haplotype.sample)}")
