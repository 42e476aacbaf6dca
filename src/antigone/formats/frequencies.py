"""Allele frequency files: one row an allele, or one column a marker as populations are published."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from antigone.formats.errors import InputError, quoted
from antigone.formats.tables import (
    SUFFIXES,
    Column,
    Problems,
    Row,
    Table,
    TableFormat,
    as_number,
    open_csv,
    open_workbook,
    plain_name,
    to_csv,
    write_whole,
)
from antigone.genetics.alleles import Allele, AlleleError, Unknown, parse_allele
from antigone.genetics.frequencies import FrequencyError, FrequencyTable, MarkerFrequencies
from antigone.genetics.markers import Inheritance, canonical_name
from antigone.genetics.markers import marker as known_marker

SUM_TOLERANCE = 0.02
"""How far the frequencies of a marker may be from a sum of 1. Smaller differences are left to the normalisation."""
NOT_STATED = "not stated"

_MOST_CHROMOSOMES = 1_000_000_000

FORMAT = TableFormat(
    "frequencies",
    "Allele frequencies of one population, one row an allele: its frequency, or how often it was counted.",
    (
        Column("marker", "the name of a marker, in any spelling", required=True, pattern=r".+"),
        Column("allele", "an allele such as 12 or 9.3 (with a point)", required=True, pattern=r".+"),
        Column("frequency", "a frequency from 0 to 1", pattern=r"|[0-9.eE+-]+"),
        Column("count", "how often the allele was seen: a whole number", pattern=r"|[0-9]+"),
        Column(
            "chromosomes", "how many chromosomes were typed at this marker (2N): a whole number", pattern=r"|[0-9]+"
        ),
    ),
)


def read_frequencies(path: Path | str, *, name: str | None = None, source: str | None = None) -> FrequencyTable:
    """Read a frequency table from a CSV or Excel file, in the long or the wide form (docs/formats/case-folder.md).

    The file itself says neither what the table is called nor where it comes from; without `name` it is called as the
    file. Of an Excel file the sheet `frequencies` is read, or the only one.

    Raises `InputError` with all problems of the file.
    """
    path = Path(path)
    problems = Problems()
    table = _open(path, problems)
    read = None
    if table is not None:
        with table:
            read = frequencies_of(table, problems, name=name or path.name, source=source or NOT_STATED)
    problems.stop_if_any()
    if read is None:
        raise InputError.at(path.name, None, None, found="no table", expected="a frequency table")
    return read


def write_frequencies(table: FrequencyTable, path: Path | str) -> None:
    """Write a frequency table as CSV, in the long form; reading it back gives the same markers.

    The name and the source of the table do not stand in the file. The file appears whole or not at all.
    Raises `FrequencyError` for a table that would be read back as another one, or not at all.
    """
    write_whole(Path(path), frequencies_as_csv(table))


def frequencies_as_csv(table: FrequencyTable) -> str:
    """The text of a frequency file."""
    for name, entry in table.markers.items():
        _require_writable(name, entry)
    counted = any(entry.counts is not None for entry in table.markers.values())
    others = any(entry.counts is None for entry in table.markers.values())
    header = ["marker", "allele"] + ["count"] * counted + ["frequency", "chromosomes"] * others
    try:
        return to_csv(header, (row for entry in table.markers.values() for row in _rows(entry, counted, others)))
    except ValueError as error:
        raise FrequencyError(str(error)) from error


def _rows(entry: MarkerFrequencies, counted: bool, others: bool) -> Iterator[list[str]]:
    chromosomes = "" if entry.counts is not None or entry.chromosomes is None else str(entry.chromosomes)
    for i, allele in enumerate(entry.alleles):
        count = [] if not counted else [""] if entry.counts is None else [str(entry.counts[i])]
        frequency = (
            [] if not others else [repr(float(entry.frequencies[i])) if entry.counts is None else "", chromosomes]
        )
        yield [entry.marker, str(allele), *count, *frequency]


def _require_writable(name: str, entry: MarkerFrequencies) -> None:
    if entry.counts is not None:
        again = MarkerFrequencies.from_counts(entry.marker, dict(zip(entry.alleles, entry.counts, strict=True)))
    else:
        frequencies = dict(zip(entry.alleles, entry.frequencies, strict=True))
        again = MarkerFrequencies.from_frequencies(entry.marker, frequencies, chromosomes=entry.chromosomes)
        if not is_near_one(sum(entry.frequencies)):
            raise FrequencyError(f"the frequencies of {entry.marker} sum to {sum(entry.frequencies):.6g}, not to 1")
    if again != entry:
        raise FrequencyError(f"the frequencies of {entry.marker} do not follow from its counts, or are not in order")
    if not _marker_name(name) == name == entry.marker:
        raise FrequencyError(f"the marker ‘{name}’ would be read back as ‘{_marker_name(entry.marker)}’")
    for allele in entry.alleles:
        if isinstance(allele, Unknown) or parse_allele(str(allele)) != allele:
            raise FrequencyError(f"‘{allele}’ of {entry.marker} cannot be an allele of a frequency file")


def _open(path: Path, problems: Problems) -> Table | None:
    if path.suffix.casefold() not in SUFFIXES:
        return open_csv(path, path.name, problems)
    try:
        workbook = open_workbook(path, path.name)
    except InputError as error:
        problems.take(error)
        return None
    named = [sheet for sheet in workbook.sheet_names if sheet.casefold() == "frequencies"] or workbook.sheet_names
    if len(named) != 1:
        found = f"the sheets {', '.join(workbook.sheet_names)}"
        problems.add(path.name, None, None, found=found, expected="a sheet ‘frequencies’, or one sheet")
        return None
    return workbook.table(named[0], problems)


@dataclass
class _Marker:
    """What was read of one marker so far."""

    name: str
    line: int
    column: str | None = None
    values: dict[Allele, float] = field(default_factory=dict)
    counts: dict[Allele, int] = field(default_factory=dict)
    chromosomes: int | None = None
    is_broken: bool = False
    """Some cell of it was noted as a problem: its sum then says nothing."""


def frequencies_of(table: Table, problems: Problems, *, name: str, source: str) -> FrequencyTable | None:
    """The frequency table that stands in a table of rows. None, with problems noted, where it is not one."""
    before = len(problems)
    columns = [plain_name(column) for column in table.header]
    markers = _read_wide(table, problems) if columns[0] == "allele" and "marker" not in columns else _read_long(table)
    entries = {entry.marker: entry for read in markers.values() if (entry := _entry(read, table, problems))}
    if len(problems) > before:
        return None
    if not entries:
        problems.add(table.file, None, None, found="no frequencies", expected="one marker at least")
        return None
    return FrequencyTable(name, source, entries)


def _read_long(table: Table) -> dict[str, _Marker]:
    markers: dict[str, _Marker] = {}
    before = len(table.problems)
    places = FORMAT.places(table.file, table.header, table.problems)
    if places is not None and not {"frequency", "count"} & places.keys():
        expected = "a column ‘frequency’ or ‘count’"
        table.problems.add(table.file, 1, None, found="neither frequencies nor counts", expected=expected)
    if len(table.problems) > before:
        return {}
    for row in table.named_rows(FORMAT):
        text = row.required("marker")
        if not text:
            continue
        name = _marker_name(text)
        marker = markers.setdefault(name, _Marker(name, row.line))
        allele = _allele(row.text("allele"))
        before = len(table.problems)
        if allele is None:
            row.complain("allele")
        elif allele in marker.values or allele in marker.counts:
            row.complain("allele", expected=f"each allele of {name} once")
        else:
            _take_figure(row, marker, allele)
        _take_chromosomes(row, marker)
        marker.is_broken = marker.is_broken or len(table.problems) > before
    return markers


def _take_figure(row: Row, marker: _Marker, allele: Allele) -> None:
    count, frequency = row.text("count"), row.text("frequency")
    if bool(count) == bool(frequency):
        column = "count" if "count" in row.places else "frequency"
        found = "a frequency and a count" if count else "an empty cell"
        row.complain(column, found=found, expected="either a frequency or a count in each row")
    elif count:
        number = row.whole("count", 0, _MOST_CHROMOSOMES)
        marker.counts[allele] = 0 if number is None else number
    else:
        marker.values[allele] = row.number("frequency", 0.0, 1.0) or 0.0


def _take_chromosomes(row: Row, marker: _Marker) -> None:
    number = row.whole("chromosomes", 1, _MOST_CHROMOSOMES)
    if number is None:
        return
    if marker.chromosomes not in (None, number):
        row.complain("chromosomes", expected=f"the same number in all rows of {marker.name} ({marker.chromosomes})")
    marker.chromosomes = number


def _read_wide(table: Table, problems: Problems) -> dict[str, _Marker]:
    markers: dict[str, _Marker] = {}
    columns: list[_Marker] = []
    for place, text in enumerate(table.header[1:], 1):
        name = _marker_name(text)
        if not text or name in markers:
            found = f"a second column of {name}" if text else "a column without a name"
            problems.add(table.file, 1, place + 1, found=found, expected="one column a marker")
        markers[name] = _Marker(name, 1, text, is_broken=name in markers)
        columns.append(markers[name])
    seen: set[Allele] = set()
    for line, cells in table.rows():
        label = cells[0].strip().casefold().replace(" ", "")
        if label in ("n", "2n"):
            for marker, text in zip(columns, cells[1:], strict=True):
                _take_size(table, line, marker, text, doubled=label == "n")
            continue
        allele = _allele(cells[0])
        if allele is None or allele in seen:
            expected = "each allele once" if allele else "an allele such as 12 or 9.3, N (people) or 2N (chromosomes)"
            problems.add(table.file, line, table.header[0], found=quoted(cells[0]), expected=expected)
            continue
        seen.add(allele)
        for marker, text in zip(columns, cells[1:], strict=True):
            _take_wide_figure(table, line, marker, allele, text)
    return markers


def _take_wide_figure(table: Table, line: int, marker: _Marker, allele: Allele, text: str) -> None:
    if not text:
        return
    value = as_number(text)
    if value is None or value < 0:
        expected = "a frequency from 0 to 1 with a decimal point, or an empty cell"
        table.problems.add(table.file, line, marker.column, found=quoted(text), expected=expected)
        marker.is_broken = True
    else:
        marker.values[allele] = value


def _take_size(table: Table, line: int, marker: _Marker, text: str, *, doubled: bool) -> None:
    """The sample size. People have two chromosomes each, but at an X marker only the authors know how many they had."""
    if not text:
        return
    value = as_number(text)
    if value is None or not 1 <= value <= _MOST_CHROMOSOMES or value != int(value):
        found, expected = quoted(text), "a whole number, or an empty cell"
    elif marker.chromosomes is not None:
        found, expected = "a second sample size", "one row ‘N’ (people) or ‘2N’ (chromosomes)"
    elif doubled and _is_on_x(marker.name):
        found, expected = "a number of people at an X marker", "a row ‘2N’ with the number of X chromosomes"
    else:
        marker.chromosomes = int(value) * (2 if doubled else 1)
        return
    table.problems.add(table.file, line, marker.column, found=found, expected=expected)


def _is_on_x(name: str) -> bool:
    return canonical_name(name) is not None and known_marker(name).inheritance is Inheritance.X


def _entry(marker: _Marker, table: Table, problems: Problems) -> MarkerFrequencies | None:
    if marker.is_broken:
        return None
    if not marker.values and not marker.counts:
        if marker.column is not None:
            found = f"no frequency of {marker.name}"
            problems.add(table.file, marker.line, marker.column, found=found, expected="one at least")
        return None
    expected = _why_not(marker)
    if expected is None:
        if marker.counts:
            return MarkerFrequencies.from_counts(marker.name, marker.counts)
        return MarkerFrequencies.from_frequencies(marker.name, marker.values, chromosomes=marker.chromosomes)
    if marker.counts and marker.values:
        found = f"frequencies and counts of {marker.name}"
    elif marker.counts:
        found = f"counts of {marker.name} that sum to {sum(marker.counts.values())}"
    else:
        found = f"frequencies of {marker.name} that sum to {sum(marker.values.values()):.6g}"
    problems.add(table.file, marker.line, marker.column, found=found, expected=expected)
    return None


def is_near_one(total: float) -> bool:
    """Whether a sum of frequencies is 1, at most `SUM_TOLERANCE` away. What is lost in adding them does not count.

    >>> is_near_one(0.22 + 0.3 + 0.5), is_near_one(1.021)
    (True, False)
    """
    return abs(total - 1) <= SUM_TOLERANCE + 1e-9


def _why_not(marker: _Marker) -> str | None:
    """What would be right, where the figures of a marker cannot be."""
    if marker.counts and marker.values:
        return "either frequencies or counts"
    if marker.counts:
        total = sum(marker.counts.values())
        if total == 0:
            return "some allele counted"
        if marker.chromosomes not in (None, total):
            return f"the number of chromosomes, {marker.chromosomes}, as the sum"
        return None
    total_frequency = sum(marker.values.values())
    if is_near_one(total_frequency):
        return "no frequency above 1" if max(marker.values.values()) > 1 else None
    if abs(total_frequency - 100) <= 100 * SUM_TOLERANCE:
        return "a sum of 1, not per cent"
    if total_frequency > 2 and all(value == int(value) for value in marker.values.values()):
        return "a sum of 1; counts go into a column ‘count’ of the long form"
    return f"a sum of 1 (at most {SUM_TOLERANCE} away)"


def _allele(text: str) -> Allele | None:
    try:
        allele = parse_allele(text)
    except AlleleError:
        return None
    return None if isinstance(allele, Unknown) else allele


def _marker_name(text: str) -> str:
    """The one name of a marker; one that the marker table lacks keeps the name that it has in the file."""
    return canonical_name(text) or text
