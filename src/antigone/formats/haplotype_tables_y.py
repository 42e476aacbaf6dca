"""Tables of Y-STR haplotypes: a row a man or a haplotype, with a column a marker or in the order of a kit.

YHRD takes such tables. Alleles of one marker stand between commas, slashes or semicolons; a marker with two copies may
have two columns (DYS385a, DYS385b). See `docs/formats/haplotypes.md`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from antigone.formats.case_folder.lineage_databases import y_database_rows
from antigone.formats.case_folder.lineages import y_cells
from antigone.formats.case_folder.markers import is_y
from antigone.formats.case_folder.readings import CellError, CellReader
from antigone.formats.errors import InputError, quoted
from antigone.formats.loose_rows import Rows, cells_named, rows_of_file
from antigone.formats.plain_text import read_bytes
from antigone.formats.tables import Problems, foreign_letters, is_workbook, near, plain_name, to_csv
from antigone.genetics.alleles import Allele
from antigone.genetics.haplotypes import YDatabase, YHaplotype
from antigone.genetics.markers import all_markers, canonical_name, panel

Zero = Literal["refuse", "silent", "no result"]
"""What an allele 0 is: YHRD writes a silent allele so, other tables what was not read."""

MAX_BYTES = 100_000_000
MAX_ROWS = 1_000_000
_SAMPLE = (
    "sample", "sampleid", "samplename", "id", "haplotype", "haplotypeid", "name", "ht", "ind", "individual",
    "specimenid",
)  # fmt: skip
_COUNT = ("count", "n", "number", "frequency", "freq", "observed")
# Columns that say where a man comes from, which no comparison uses.
_BESIDE = (
    "population", "country", "continent", "region", "haplogroup", "accession", "kit", "metapopulation", "city",
    "pop", "populationcode", "subpopulation", "province", "sex", "gender", "order",
)  # fmt: skip
# A hyphen stands between the copies of DYS385 in many tables: 11-14.
_BETWEEN = re.compile(r"\s*[,/;]\s*|(?<=[0-9])\s*-\s*(?=[0-9])")
_NOTHING = ("", "-", "--", "–", "*", "?", "nd", "na", "n/a", "nan", "null")
_COPY = re.compile(r"(DYS385|DYF387S1)[\s_.-]*(?:[abAB12]|I{1,2})", re.IGNORECASE)
_BETWEEN_COPIES = re.compile(r"\s?[,&+]\s?")
_TWO_COPIES = ("DYS385", "DYF387S1")
_MOST_ASKED = 10
_WHOLE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class YRow:
    """One haplotype, and how many men bear it."""

    haplotype: YHaplotype
    count: int = 1


@dataclass(frozen=True)
class YTable:
    """The haplotypes of a file; `beside` names the columns that were not used."""

    rows: tuple[YRow, ...]
    beside: tuple[str, ...] = ()

    def profiles_csv(self) -> str:
        """Rows for `profiles.csv` of a case folder, a row a marker. Counts have no place in it."""
        cells = [
            (one.haplotype.sample, marker, y_cells(marker, copies))
            for one in self.rows
            for marker, copies in one.haplotype.alleles.items()
        ]
        width = max([2, *(len(own) for _, _, own in cells)])
        header = ["sample", "marker", *(f"allele{number}" for number in range(1, width + 1))]
        return to_csv(header, ([sample, marker, *own, *[""] * (width - len(own))] for sample, marker, own in cells))

    def database(self, source: str = "") -> YDatabase:
        """The haplotypes as those of a population."""
        return YDatabase(tuple(one.haplotype for one in self.rows), tuple(one.count for one in self.rows), source)

    def database_csv(self) -> str:
        """`y_database.csv` of a case folder. The names of samples have no place in it."""
        return to_csv(*y_database_rows(self.database()))


def read_y_table(
    path: Path | str, *, kit: str | None = None, sheet: str | None = None, zero: Zero = "refuse"
) -> YTable:
    """Read a table of haplotypes, as text or as a sheet of a workbook.

    With `kit` the table has no header: the first column is the sample, those after it are the Y markers of that kit in
    its order (genetics/data/panels.csv). Raises `InputError` with all problems, `UnknownPanelError` for another kit.
    """
    path = Path(path)
    data = read_bytes(path, path.name, MAX_BYTES)
    if kit is None:
        rows, file = rows_of_file(path, data, is_y_table, what="Y haplotypes", sheet=sheet)
    else:
        rows, file = rows_of_file(path, data, bool, what="Y haplotypes", sheet=sheet)
        rows = [(0, ["sample", *order_of(kit)]), *rows]
    with cells_named(rows, in_sheet=is_workbook(data)):
        return y_table_of(rows, file, zero=zero)


def order_of(kit: str) -> tuple[str, ...]:
    """The Y markers of a kit in its order. Raises `UnknownPanelError`, and `InputError` for a kit without any."""
    markers = tuple(marker for marker in panel(kit).markers if is_y(marker))
    if not markers:
        raise InputError.at(kit, None, None, found="a kit without Y markers", expected="such as Yfiler Plus")
    return markers


def is_y_table(rows: Rows) -> bool:
    """Whether the first row names at least two Y markers, and as many as it names others."""
    if not rows:
        return False
    named = [name for text in rows[0][1] if (name := _marker(text)) is not None or canonical_name(text)]
    y = [name for name in named if name is not None and is_y(name)]
    return len(y) >= 2 and len(y) == len(named)


def _marker(text: str) -> str | None:
    """The Y marker that heads a column; that of one of two copies is the marker itself."""
    copy = _COPY.fullmatch(text.strip())
    name = canonical_name(copy[1] if copy else text) or canonical_name(_BETWEEN_COPIES.sub("/", " ".join(text.split())))
    return name if name is not None and is_y(name) else None


def y_table_of(rows: Rows, file: str, *, zero: Zero = "refuse") -> YTable:
    """The haplotypes of some rows, the first of which is the header. Raises `InputError`."""
    problems = Problems()
    if not rows:
        raise InputError.at(file, 1, None, found="an empty file", expected="a header")
    columns = _Columns(rows[0], file, problems)
    problems.stop_if_any()
    read = _Reader(file, columns, zero, problems)
    for number, (line, cells) in enumerate(rows[1:]):
        if number == MAX_ROWS:
            problems.add(file, line, None, found=f"more than {MAX_ROWS} haplotypes", expected="at most that many")
            break
        read.row(line, cells)
    if not read.rows and not len(problems):
        problems.add(file, None, None, found="no haplotype", expected="one at least")
    problems.stop_if_any()
    return YTable(tuple(read.rows), tuple(columns.beside))


class _Columns:
    """Where everything stands; problems are noted."""

    def __init__(self, header: tuple[int, list[str]], file: str, problems: Problems) -> None:
        line, self.header = header[0], list(header[1])
        while self.header and not self.header[-1]:
            self.header.pop()  # separators at the end of each line; a cell below them is told with its row
        self.sample: int | None = None
        self.count: int | None = None
        self.markers: dict[str, list[int]] = {}
        self.beside: list[str] = []
        self._asked = 0
        for place, text in enumerate(self.header):
            wrong = self._take(place, text)
            if wrong is not None:
                found, expected = wrong
                problems.add(file, line or None, place + 1, found=found, expected=expected)
        if not self.markers and not len(problems):
            problems.add(file, line or None, None, found="no column of a Y marker", expected="one for each Y marker")

    def _take(self, place: int, text: str) -> tuple[str, str] | None:
        plain, marker = plain_name(text), _marker(text)
        if marker is not None:
            own = self.markers.setdefault(marker, [])
            own.append(place)
            is_copy = _COPY.fullmatch(text.strip()) is not None or marker in _TWO_COPIES
            if len(own) > (2 if is_copy else 1):
                return f"a second column {quoted(text)}", "each marker once"
        elif plain in _SAMPLE and self.sample is None:
            self.sample = place
        elif plain in _COUNT and self.count is None:
            self.count = place
        elif plain in _BESIDE:
            self.beside.append(text)
        else:
            expected = f"sample, count, population or the name of a Y marker{foreign_letters(text)}{self._near(text)}"
            return (f"a column {quoted(text)}" if text else "a column without a name"), expected
        return None

    def _near(self, text: str) -> str:
        """What was probably meant, of the first unknown columns: a broken line may have thousands."""
        self._asked += 1
        return near(text, [one.name for one in all_markers() if is_y(one.name)]) if self._asked <= _MOST_ASKED else ""


class _Reader:
    """Reads rows whose columns are known."""

    def __init__(self, file: str, columns: _Columns, zero: Zero, problems: Problems) -> None:
        self.file, self.columns, self.zero, self.problems = file, columns, zero, problems
        self.rows: list[YRow] = []
        self._cells = CellReader(None)
        self._lines: dict[str, int] = {}

    def row(self, line: int, cells: Sequence[str]) -> None:
        """Take a haplotype, or note what is wrong with it."""
        header = self.columns.header
        if any(cells[len(header) :]):
            found = f"{len(cells)} cells"
            self._complain(line, len(header) + 1, found=found, expected=f"{len(header)}, as the header has")
            return
        padded = [*cells, *[""] * (len(header) - len(cells))]
        sample = padded[self.columns.sample] if self.columns.sample is not None else f"line {line}"
        if not sample:
            self._complain(line, "sample", found="an empty cell", expected="the name of a sample or haplotype")
        elif sample in self._lines:
            found = f"{quoted(sample)}, which stands in line {self._lines[sample]}"
            self._complain(line, "sample", found=found, expected="each sample or haplotype once")
        self._lines.setdefault(sample, line)
        count = self._count(padded, line)
        before = len(self.problems)
        alleles: dict[str, tuple[Allele, ...]] = {}
        for marker, places in self.columns.markers.items():
            copies = self._copies(marker, [padded[place] for place in places], line, header[places[0]])
            if copies is not None:
                alleles[marker] = copies
        if not alleles and len(self.problems) == before:
            self._complain(line, None, found="a row without an allele", expected="a haplotype, or no such row")
        self.rows.append(YRow(YHaplotype(sample, alleles), count))

    def _count(self, cells: Sequence[str], line: int) -> int:
        text = cells[self.columns.count] if self.columns.count is not None else "1"
        if not _WHOLE.fullmatch(text) or not int(text):
            self._complain(line, "count", found=quoted(text), expected="how many men bear it: a whole number from 1")
            return 1
        return int(text)

    def _copies(self, marker: str, texts: Sequence[str], line: int, column: str) -> tuple[Allele, ...] | None:
        parts = [part.strip() for text in texts for part in _BETWEEN.split(text.strip())]
        parts = [part for part in parts if part.casefold() not in _NOTHING]
        if "0" in parts and self.zero == "refuse":
            expected = "an allele, or that somebody says whether 0 is a silent allele, as in YHRD, or no result"
            self._complain(line, column, found="‘0’", expected=expected)
            return None
        if self.zero == "silent":
            parts = ["silent" if part == "0" else part for part in parts]
        parts = [part for part in parts if part != "0"]
        try:
            return self._cells.read_copies(marker, parts)
        except CellError as error:
            self._complain(line, column, found=error.found, expected=error.expected)
            return None

    def _complain(self, line: int, column: str | int | None, *, found: str, expected: str) -> None:
        self.problems.add(self.file, line, column, found=found, expected=expected)


def y_table_text(table: YTable) -> str:
    """The text of such a table, between tabs; read back, it is the same.

    Raises `ValueError` for a name that it cannot hold.
    """
    markers = list(dict.fromkeys(marker for one in table.rows for marker in one.haplotype.alleles))
    lines = ["\t".join(["sample", "count", *markers])]
    for one in table.rows:
        sample = one.haplotype.sample
        if not sample or sample != " ".join(sample.split()) or '"' in sample:
            raise ValueError(f"{quoted(sample)} cannot stand in a table between tabs")
        own = one.haplotype.alleles
        cells = [",".join(y_cells(marker, own[marker])) if marker in own else "" for marker in markers]
        lines.append("\t".join([sample, str(one.count), *cells]))
    return "\n".join(lines) + "\n"
