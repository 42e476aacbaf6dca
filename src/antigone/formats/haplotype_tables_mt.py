"""Tables of mitochondrial sequences as differences to the rCRS, as EMPOP takes them (`.emp`) and as papers print them.

In an `.emp` file a line `#!` names the ranges that were read for all lines below it; each line is a sample, its
haplogroup, how many people bear it, and the differences. A table with a header has a column for each. See
`docs/formats/haplotypes.md`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from antigone.formats.case_folder.lineage_databases import MT_FORMAT, mt_database_rows
from antigone.formats.case_folder.lineages import FORMAT
from antigone.formats.errors import quoted
from antigone.formats.loose_rows import Rows, cells_named, rows_of_file, rows_of_text
from antigone.formats.plain_text import lines_of, read_bytes
from antigone.formats.tables import Problems, is_workbook, near, plain_name, to_csv
from antigone.genetics.haplotypes import MtDatabase, MtHaplotype
from antigone.genetics.maternal import (
    LENGTH,
    NotationError,
    Ranges,
    merged_ranges,
    parse_differences,
    parse_ranges,
    write_ranges,
)

MAX_BYTES = 100_000_000
MAX_ROWS = 1_000_000
_MOST_RANGES = 100
_MOST_ASKED = 10
_LONGEST_DIFFERENCES = 10_000
_RANGES_LINE = "#!"
_SPANS = re.compile(r"[0-9]{1,5}-[0-9]{1,5}(?:[\s;,]+[0-9]{1,5}(?:-[0-9]{1,5})?)*[\s;,]*")
# EMPOP's names of the usual ranges (empop.online, Help: sequence range).
_NAMED_RANGES = {
    "cr": "16024-576", "controlregion": "16024-576", "all": f"1-{LENGTH}", "hvsi": "16024-16365", "hv1": "16024-16365",
    "hvs1": "16024-16365", "hvi": "16024-16365", "hvsii": "73-340", "hvs2": "73-340", "hv2": "73-340", "hvii": "73-340",
}  # fmt: skip
_COLUMNS = {
    "sample": ("sample", "sampleid", "samplename", "id", "haplotypeid", "name"),
    "ranges": ("range", "ranges", "sequencerange", "readingframe"),
    "haplogroup": ("haplogroup", "hg", "hgroup"),
    "count": ("frequency", "count", "n", "number", "freq"),
    "differences": (
        "polymorphisms", "polymorphism", "differences", "profile", "haplotype", "mutations", "variants", "mitotype",
    ),
}  # fmt: skip
_HAPLOGROUP = re.compile(r"[A-Z][A-Za-z0-9'’+@*()!./ -]{0,39}|\?|-")
_COUNT = re.compile(r"[0-9]{1,9}")
_DIFFERENCE_LIKE = re.compile(r"[ACGT]?[0-9]{1,5}(?:\.[0-9]{1,2})?(?:[ACGTRYSWKMN]|DEL|del|-)")
_NO_DIFFERENCE = ("rcrs", "crs", "none", "-")
_DELETED = re.compile(r"([0-9]{1,5})(?:-|DEL|del|d)")
# HaploGrep writes the bases of one insertion together: 309.1CC is 309.1C 309.2C.
_INSERTED_TOGETHER = re.compile(r"([0-9]{1,5})\.1([ACGT]{2,99})")


@dataclass(frozen=True)
class MtRow:
    """One sequence: who or what it was read of, its haplogroup as the file names it, and how many people bear it."""

    sequence: MtHaplotype
    haplogroup: str = ""
    count: int = 1


@dataclass(frozen=True)
class MtTable:
    """The sequences of a file, and the comments that stand in it; `beside` names the columns that were not used."""

    rows: tuple[MtRow, ...]
    comments: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    def mtdna_csv(self) -> str:
        """`mtdna.csv` of a case folder: what was read of each sample. Haplogroups and counts have no place in it."""
        header = [column.name for column in FORMAT.columns]
        cells = ((one.sequence, one.sequence.sample) for one in self.rows)
        return to_csv(header, ([sample, write_ranges(one.ranges), " ".join(one.differences)] for one, sample in cells))

    def database(self, source: str = "") -> MtDatabase:
        """The sequences as those of a population."""
        return MtDatabase(tuple(one.sequence for one in self.rows), tuple(one.count for one in self.rows), source)

    def database_csv(self) -> str:
        """`mt_database.csv` of a case folder. Samples and haplogroups have no place in it."""
        return to_csv([column.name for column in MT_FORMAT.columns], mt_database_rows(self.database()))


def read_mt_table(path: Path | str, *, sheet: str | None = None) -> MtTable:
    """Read an `.emp` file, or a table with a header, as text or as a sheet of a workbook.

    Raises `InputError` with all problems of the file.
    """
    path = Path(path)
    data = read_bytes(path, path.name, MAX_BYTES)
    if is_emp(data):
        return emp_of(data, path.name)
    rows, file = rows_of_file(path, data, is_mt_table, what="mitochondrial sequences", sheet=sheet)
    with cells_named(rows, in_sheet=is_workbook(data)):
        return mt_table_of(rows, file)


def is_emp(data: bytes) -> bool:
    """Whether bytes are an `.emp` file: some line names ranges."""
    if is_workbook(data):
        return False  # its packed bytes may be any
    return data.removeprefix(b"\xef\xbb\xbf").startswith(b"#!") or b"\n#!" in data or b"\r#!" in data


def is_mt_table(rows: Rows) -> bool:
    """Whether the first row is the header of a table of sequences."""
    columns = _columns(rows[0][1]) if rows else {}
    return ("differences" in columns and "ranges" in columns) or _is_without_header(rows)


def _is_without_header(rows: Rows) -> bool:
    """Whether rows are those of HaploGrep's `.hsd` without a header: sample, ranges, haplogroup, differences."""
    return bool(rows) and all(
        len(cells) >= 3 and _SPANS.fullmatch(cells[1]) and re.search("[0-9]{3}", cells[1])
        for _, cells in rows[:_MOST_ASKED]
    )


def mt_of(data: bytes, file: str) -> MtTable:
    """The sequences in the bytes of a text of either form. `file` is the name that errors use. Raises `InputError`."""
    return emp_of(data, file) if is_emp(data) else mt_table_of(rows_of_text(data, file), file)


def emp_of(data: bytes, file: str) -> MtTable:
    """The sequences in the bytes of an `.emp` file. Raises `InputError`."""
    read = _Reader(file)
    ranges: Ranges | None = None
    seen_ranges = False
    for number, line in enumerate(lines_of(data, file), 1):
        if line.startswith(_RANGES_LINE):
            seen_ranges, ranges = True, read.ranges(line[2:], number, 1)
        elif line.startswith("#"):
            read.comments.append(line.lstrip("# "))
        elif line.strip() and not seen_ranges:
            expected = "a line such as ‘#! 16024-16365 73-340’ before it, or # before a comment"
            read.complain(number, 1, found=quoted(line.strip()), expected=expected)
        elif line.strip() and ranges is not None:
            _take_emp_line(read, line, ranges, number)
    return read.table()


def _take_emp_line(read: "_Reader", line: str, ranges: Ranges, number: int) -> None:
    cells = [cell.strip() for cell in line.split("\t")]
    sample, *more = cells
    haplogroup, count = "", "1"
    if more and (not more[0] or (not _DIFFERENCE_LIKE.fullmatch(more[0]) and _HAPLOGROUP.fullmatch(more[0]))):
        haplogroup, *more = more
    if more and _COUNT.fullmatch(more[0]):
        count, *more = more
    read.row(sample, ranges, haplogroup, count, " ".join(more), number, None)


def mt_table_of(rows: Rows, file: str) -> MtTable:
    """The sequences of a table with a header. Raises `InputError`."""
    read = _Reader(file)
    if not rows:
        read.complain(1, None, found="an empty file", expected="a header")
        return read.table()
    if _is_without_header(rows):
        rows = [(0, ["sample", "range", "haplogroup", "polymorphisms"]), *rows]
    line, header = rows[0][0], _without_empty_end(rows[0][1])
    columns = _columns(header)
    _check_columns(read, line, header, columns)
    if len(read.problems):
        return read.table()
    read.beside = [text for place, text in enumerate(header) if text and place not in columns.values()]
    for number, cells in rows[1:]:
        if cells[0].startswith("#"):
            read.comments.append(" ".join(cells).lstrip("# ").strip())
        else:
            _take_row(read, number, cells, header, columns)
    return read.table()


def _check_columns(read: "_Reader", line: int, header: Sequence[str], columns: dict[str, int]) -> None:
    for name in ("ranges", "differences"):
        if len(same := [text for text in header if _column_named(text) == name]) > 1:
            read.complain(line, None, found=f"the columns {', '.join(map(quoted, same))}", expected=f"one of {name}")
    for name in ("sample", "ranges", "differences"):
        if name not in columns:
            known = [spelling for spellings in _COLUMNS.values() for spelling in spellings]
            meant = "".join(near(text, known) for text in header[:_MOST_ASKED] if not _column_named(text))[:200]
            expected = f"a column ‘{_COLUMNS[name][0]}’{meant}"
            read.complain(line, None, found=f"no column of {name}", expected=expected)


def _take_row(
    read: "_Reader", number: int, cells: Sequence[str], header: Sequence[str], columns: dict[str, int]
) -> None:
    if columns["differences"] == len(header) - 1:
        # HaploGrep's `.hsd` has a cell for each difference below the last column.
        cells = [*cells[: len(header) - 1], " ".join(cells[len(header) - 1 :])]
    padded = [*cells, *[""] * (len(header) - len(cells))]
    if any(cells[len(header) :]):
        found = f"{len(cells)} cells"
        read.complain(number, len(header) + 1, found=found, expected=f"{len(header)}, as the header has")
        return
    astray = next((place for place, text in enumerate(padded) if _stands_astray(text, place, header, columns)), None)
    if astray is not None:
        found = f"{quoted(padded[astray])} below {quoted(header[astray]) if header[astray] else 'no name'}"
        column = quoted(header[columns["differences"]])
        expected = f"differences in the column {column} only, or as the last columns"
        read.complain(number, astray + 1, found=found, expected=expected)
        return
    of = {name: padded[place] for name, place in columns.items()}
    ranges = read.ranges(of["ranges"], number, header[columns["ranges"]])
    if ranges is not None:
        column = header[columns["differences"]]
        haplogroup = of.get("haplogroup", "")
        read.row(of["sample"], ranges, haplogroup, of.get("count") or "1", of["differences"], number, column)


def _without_empty_end(header: Sequence[str]) -> list[str]:
    """A header without the empty cells at its end, which stand above cells of a last column that has many."""
    named = [place for place, text in enumerate(header) if text]
    return list(header[: named[-1] + 1]) if named else list(header)


def _stands_astray(text: str, place: int, header: Sequence[str], columns: dict[str, int]) -> bool:
    """Whether a cell of a column that is not used may be of the sequence: it has no name, or holds differences."""
    if not text or place in columns.values():
        return False
    words = text.split()
    # `12A` alone may number a bone.
    is_like = all(map(_DIFFERENCE_LIKE.fullmatch, words)) and (
        len(words) > 1 or re.search("[0-9]{3}", text) is not None
    )
    return not header[place] or is_like


def _columns(header: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, text in enumerate(header):
        name = _column_named(text)
        if name is not None:
            found.setdefault(name, place)
    return found


def _column_named(text: str) -> str | None:
    return next((name for name, spellings in _COLUMNS.items() if plain_name(text) in spellings), None)


class _Reader:
    """Gathers sequences and problems."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems = Problems()
        self.comments: list[str] = []
        self.beside: list[str] = []
        self._rows: list[MtRow] = []
        self._ranges: dict[str, Ranges] = {}
        self._read: dict[tuple[str, Ranges], tuple[str, ...]] = {}
        self._lines: dict[str, int] = {}

    def ranges(self, text: str, line: int, column: str | int) -> Ranges | None:
        """Ranges between spaces, semicolons or commas; None, with a problem noted, where they are none.

        Ranges that overlap or touch, as of two amplicons, become one.
        """
        if text in self._ranges:
            return self._ranges[text]
        words = re.split(r"[\s;,]+", text.strip(" ;,\t"))
        if len(words) > _MOST_RANGES:
            self.complain(line, column, found=f"{len(words)} ranges", expected=f"at most {_MOST_RANGES}")
            return None
        named = _NAMED_RANGES.get(plain_name(text))
        parts = [named] if named else [_NAMED_RANGES.get(plain_name(word), word) for word in words]
        try:
            found = [one for part in parts for one in parse_ranges(part)]
        except NotationError as error:
            for problem in error.problems:
                self.complain(line, column, found=quoted(problem.found), expected=problem.expected)
            return None
        positions = {position for first, last in found for position in range(first, last + 1)}
        self._ranges[text] = merged_ranges(sorted(positions))
        return self._ranges[text]

    def row(
        self, sample: str, ranges: Ranges, haplogroup: str, count: str, differences: str, line: int, column: str | None
    ) -> None:
        """Take a sequence, or note what is wrong with it."""
        if not sample:
            self.complain(line, 1, found="an empty cell", expected="the name of a sample")
            return
        if sample in self._lines:
            found = f"the sample {quoted(sample)}, which stands in line {self._lines[sample]}"
            self.complain(line, 1, found=found, expected="each sample once")
            return
        self._lines[sample] = line
        if not _COUNT.fullmatch(count) or not int(count):
            self.complain(line, "count", found=quoted(count), expected="how many people bear it: a whole number from 1")
            return
        if len(self._rows) == MAX_ROWS:
            self.complain(line, None, found=f"more than {MAX_ROWS} sequences", expected="at most that many")
            self.problems.stop_if_any()
        read = self._differences(differences, ranges, line, column or "differences")
        if read is None:
            return
        group = "" if haplogroup in ("?", "-") else haplogroup
        self._rows.append(MtRow(MtHaplotype(sample, ranges, read), group, int(count)))

    def _differences(self, text: str, ranges: Ranges, line: int, column: str) -> tuple[str, ...] | None:
        """The differences of a sequence; None, with problems noted, where they are none. Many people have the same."""
        key = (text, ranges)
        if key in self._read:
            return self._read[key]
        if len(text) > _LONGEST_DIFFERENCES:
            found = f"{len(text)} characters"
            self.complain(line, column, found=found, expected=f"at most {_LONGEST_DIFFERENCES}")
            return None
        try:
            self._read[key] = parse_differences(_usual(text), ranges)
        except NotationError as error:
            for problem in error.problems:
                self.complain(line, column, found=quoted(problem.found), expected=problem.expected)
            return None
        return self._read[key]

    def complain(self, line: int, column: str | int | None, *, found: str, expected: str) -> None:
        """Note a problem."""
        self.problems.add(self.file, line, column, found=found, expected=expected)

    def table(self) -> MtTable:
        """What was read; raises `InputError` where anything was wrong."""
        if not self._rows and not len(self.problems):
            self.problems.add(self.file, None, None, found="no sequence", expected="one at least")
        self.problems.stop_if_any()
        return MtTable(tuple(self._rows), tuple(self.comments), tuple(self.beside))


def _usual(text: str) -> str:
    """Differences as a case folder writes them: EMPOP takes a deletion as 249DEL, 249del and 249-.

    >>> _usual("249del 309.1CC, 523d")
    '249DEL 309.1C 309.2C 523DEL'
    """
    words = re.split(r"[\s,;]+", text.strip())
    if len(words) == 1 and words[0].casefold() in _NO_DIFFERENCE:
        return ""
    return " ".join(part for word in words for part in _usual_difference(word))


def _usual_difference(word: str) -> list[str]:
    if match := _DELETED.fullmatch(word):
        return [f"{match[1]}DEL"]
    if match := _INSERTED_TOGETHER.fullmatch(word):
        return [f"{match[1]}.{number}{base}" for number, base in enumerate(match[2], 1)]
    return [word]


def emp_text(table: MtTable) -> str:
    """The text of an `.emp` file; read back, it is the same. Raises `ValueError` for a name that it cannot hold."""
    return "".join(_emp_lines(table.rows, table.comments))


def _emp_lines(rows: Iterable[MtRow], comments: Iterable[str]) -> Iterator[str]:
    yield from (f"# {comment}".rstrip() + "\n" for comment in comments)
    before: Ranges | None = None
    for one in rows:
        sample = one.sequence.sample
        for text in (sample, one.haplogroup):
            if text.startswith("#") or text != " ".join(text.split()):
                raise ValueError(f"{quoted(text)} cannot stand in an .emp file")
        if one.sequence.ranges != before:
            before = one.sequence.ranges
            yield f"{_RANGES_LINE} {' '.join(write_ranges((span,)) for span in before)}\n"
        yield "\t".join([sample, one.haplogroup or "?", str(one.count), *one.sequence.differences]) + "\n"
