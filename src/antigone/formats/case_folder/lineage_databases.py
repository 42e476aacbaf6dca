"""`y_database.csv` and `mt_database.csv`: haplotypes of a population, which those of a case are counted in."""

from collections.abc import Iterator
from dataclasses import dataclass

from antigone.formats.case_folder.lineages import DIFFERENCES, RANGES, sequence_of, y_cells
from antigone.formats.case_folder.markers import is_y
from antigone.formats.case_folder.readings import CellError, CellReader
from antigone.formats.errors import quoted
from antigone.formats.tables import Column, Problems, Table, TableFormat, foreign_letters, near, plain_name
from antigone.genetics.alleles import Allele
from antigone.genetics.haplotypes import MtDatabase, MtHaplotype, YDatabase, YHaplotype
from antigone.genetics.markers import all_markers, canonical_name
from antigone.genetics.maternal import write_ranges

_BETWEEN_COPIES = ";"
_MOST = 1_000_000_000
_COUNT = Column("count", "how many people bear it: a whole number from 1; 1 without this column", pattern=r"|[0-9]+")
Y_FORMAT = TableFormat(
    "y_database",
    "Y haplotypes of a population, one row each, with one further column for each Y marker.",
    (Column("haplotype", "a name of one's own, which is not used"), _COUNT),
)
MT_FORMAT = TableFormat(
    "mt_database",
    "Mitochondrial sequences of a population, one row each.",
    (
        Column("ranges", RANGES, required=True, pattern=r"[0-9; -]+"),
        Column("differences", DIFFERENCES, required=True, pattern=r"[A-Za-z0-9. ]*"),
        _COUNT,
    ),
)
Y_CELL = "an allele; at a marker with several copies all of them between semicolons; empty where nothing was read"


def read_mt_database(table: Table, source: str) -> MtDatabase:
    """The sequences of a table. Problems are noted with their lines."""
    sequences: list[MtHaplotype] = []
    counts: list[int] = []
    for row in table.named_rows(MT_FORMAT):
        sequence = sequence_of(row, "")
        count = row.whole("count", 1, _MOST)
        if sequence is not None:
            sequences.append(sequence)
            counts.append(count or 1)
    return MtDatabase(tuple(sequences), tuple(counts), source)


def read_y_database(table: Table, source: str, problems: Problems) -> YDatabase:
    """The haplotypes of a table. Problems are noted with their lines."""
    places = _places(table, problems)
    if places is None:
        return YDatabase((), (), source)
    cells = CellReader(None)
    haplotypes: list[YHaplotype] = []
    counts: list[int] = []
    for line, row in table.rows():
        alleles: dict[str, tuple[Allele, ...]] = {}
        for marker, place in places.markers.items():
            try:
                copies = cells.read_copies(marker, [part.strip() for part in row[place].split(_BETWEEN_COPIES)])
            except CellError as error:
                problems.add(table.file, line, table.header[place], found=error.found, expected=error.expected)
                continue
            if copies is not None:
                alleles[marker] = copies
        count = _count(row[places.count], line, table, problems) if places.count is not None else 1
        haplotypes.append(YHaplotype("", alleles))
        counts.append(count)
        if not any(row[place] for place in places.markers.values()):
            found = "a row without an allele"
            problems.add(table.file, line, None, found=found, expected="a haplotype, or no such row")
    return YDatabase(tuple(haplotypes), tuple(counts), source)


@dataclass(frozen=True)
class _Places:
    count: int | None
    markers: dict[str, int]


def _places(table: Table, problems: Problems) -> _Places | None:
    before = len(problems)
    count: int | None = None
    seen: set[str] = set()
    markers: dict[str, int] = {}
    for place, text in enumerate(table.header):
        plain = plain_name(text)
        name = plain if plain in ("haplotype", "count") else canonical_name(text)
        if name is None or not (name in ("haplotype", "count") or is_y(name)):
            found = f"a column {quoted(text)}" if text else "a column without a name"
            known = [marker.name for marker in all_markers() if is_y(marker.name)]
            expected = f"haplotype, count or the name of a Y marker{foreign_letters(text)}{near(text, known)}"
            problems.add(table.file, 1, place + 1, found=found, expected=expected)
        elif name in seen:
            problems.add(table.file, 1, place + 1, found=f"a second column {quoted(text)}", expected="each column once")
        elif name == "count":
            count = place
        elif name != "haplotype":
            markers[name] = place
        seen.add(name or "")
    if len(problems) == before and not markers:
        problems.add(table.file, 1, None, found="no column of a Y marker", expected="one column for each Y marker")
    return _Places(count, markers) if len(problems) == before else None


def _count(text: str, line: int, table: Table, problems: Problems) -> int:
    if not text:
        return 1
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:18]) <= _MOST):
        problems.add(table.file, line, "count", found=quoted(text), expected=_COUNT.expected)
        return 1
    return int(text)


def y_database_rows(database: YDatabase) -> tuple[list[str], Iterator[list[str]]]:
    """Header and rows of `y_database.csv`."""
    markers = list(dict.fromkeys(marker for haplotype in database.haplotypes for marker in haplotype.alleles))
    rows = (
        [
            str(count),
            *(
                _BETWEEN_COPIES.join(y_cells(marker, haplotype.alleles[marker]))
                if haplotype.alleles.get(marker)
                else ""
                for marker in markers
            ),
        ]
        for haplotype, count in zip(database.haplotypes, database.counts, strict=True)
    )
    return ["count", *markers], rows


def mt_database_rows(database: MtDatabase) -> Iterator[list[str]]:
    """The rows of `mt_database.csv`."""
    for sequence, count in zip(database.haplotypes, database.counts, strict=True):
        yield [write_ranges(sequence.ranges), " ".join(sequence.differences), str(count)]
