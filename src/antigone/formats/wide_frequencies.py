"""Allele frequencies as populations publish them: a column a marker, with titles, sample sizes and statistics around.

`formats.frequencies` reads the strict table of a case folder. Here a table may begin below some title, stand on its
side (a row a marker), have a row for each marker and allele, or a block for each marker as Familias exports them; be
separated by commas, semicolons or tabs, have decimal commas, and be a sheet of a workbook. What is passed over is said
in `notes`.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from antigone.formats.case_folder.markers import AMELOGENIN
from antigone.formats.errors import InputError, quoted
from antigone.formats.frequencies import NOT_STATED
from antigone.formats.frequency_figures import (
    FrequencyFigures,
    MarkerFigures,
    SampleSize,
    is_on_x,
    pointed,
    read_allele,
)
from antigone.formats.loose_rows import Rows, cells_named, rows_of_file
from antigone.formats.plain_text import read_bytes
from antigone.formats.tables import Problems, as_number, is_workbook, near, plain_name
from antigone.genetics.alleles import OffLadder, Repeat, Silent
from antigone.genetics.frequencies import FrequencyTable
from antigone.genetics.markers import all_markers, canonical_name

MAX_BYTES = 20_000_000
_MOST_NOTES = 20
_ALLELES = ("allele", "alleles", "алель", "аллель")
_MARKERS = ("locus", "loci", "marker", "markers", "system", "strlocus", "локус", "маркер")
_FREQUENCIES = ("frequency", "freq", "frequencies", "частота")
_LONG_COLUMNS = "one population, in the columns marker, allele, frequency"
_NAMES_OF_ALLELES = (*_ALLELES, *_MARKERS, "allele/locus", "locus/allele", "")
_BASES = ("A", "C", "G", "T")
_NOTHING = ("", "-", "–", "—", "nd", "n.d.", "na", "n/a", "nan", "null")
# What papers print below the frequencies, each in several spellings; compared without case, spaces and hyphens.
_STATISTICS = frozenset({
    "h", "ho", "hobs", "hobserved", "he", "hexp", "hexpected", "het", "heterozygosity", "gd", "genediversity",
    "pd", "dp", "powerofdiscrimination", "pe", "ep", "powerofexclusion", "pic", "mp", "pm", "pi", "tpi",
    "matchingprobability", "p", "pvalue", "hwe", "hwep", "total", "sum", "min", "minfreq", "mef", "fst", "theta",
})  # fmt: skip
_SIZE_IN_NAME = re.compile(r"(.*?)\s*\(\s*(2?)[nN]\s*=\s*([0-9]{1,9})\s*\)\s*")


@dataclass(frozen=True)
class PublishedFrequencies:
    """A population, and what stood around its figures and was not used."""

    table: FrequencyTable
    notes: tuple[str, ...]


def read_wide_frequencies(
    path: Path | str, *, sheet: str | None = None, name: str | None = None, source: str | None = None
) -> PublishedFrequencies:
    """Read a published table. Of a workbook `sheet` is read, or the only one with such a table.

    Raises `InputError` with all problems.
    """
    path = Path(path)
    data = read_bytes(path, path.name, MAX_BYTES)
    rows, file = rows_of_file(path, data, is_wide_table, what="a frequency table", sheet=sheet)
    with cells_named(rows, in_sheet=is_workbook(data)):
        return wide_of(rows, file, name=name or path.name, source=source or NOT_STATED)


def wide_of(rows: Rows, file: str, *, name: str, source: str) -> PublishedFrequencies:
    """The population that stands in some rows, each with its line. `file` is the name that errors use."""
    problems = Problems()
    header = find_header(rows)
    start = _first_block(rows) if header is None else None
    if header is None and start is None:
        expected = (
            "a row that begins with ‘Allele’ and names markers, a row of alleles above rows of markers, a header "
            "Marker, Allele, Frequency, or markers each above its own rows"
        )
        raise InputError.at(file, None, None, found="no header of a frequency table", expected=expected)
    read = _Reader(file, problems, rows[: start if header is None else header])
    if header is None:
        read.blocks(rows[start:])
    elif _is_long(rows[header][1]):
        read.long(rows[header], rows[header + 1 :])
    elif _is_on_its_side(rows[header][1]):
        read.on_its_side(rows[header][1], rows[header + 1 :])
    else:
        read.upright(*_without_row_names(rows[header], rows[header + 1 :]))
    if read.figures.populations() and read.figures.explain_sizes("") == "chromosomes":
        read.notes.append(f"{file}: N counts chromosomes and not people: every frequency is a whole part of it")
    entries = read.figures.entries("") if read.figures.populations() else {}
    if not entries and not len(problems):
        problems.add(file, None, None, found="no frequencies", expected="one marker at least")
    problems.stop_if_any()
    return PublishedFrequencies(FrequencyTable(name, source, entries), tuple(read.notes))


def find_header(rows: Rows) -> int | None:
    """Which row is the header of a frequency table; None where none is."""
    for place, (_, cells) in enumerate(rows):
        if _is_long(cells):
            return place
        named = [cell for cell in cells[1:] if cell]
        if not named or plain_name(cells[0]) not in {plain_name(name) for name in _NAMES_OF_ALLELES}:
            continue
        known = sum(canonical_name(_without_size(cell)[0]) is not None for cell in named)
        if 2 * known >= len(named):
            return place
        below = rows[place + 1][1] if place + 1 < len(rows) else [""]
        if _is_on_its_side(cells) and canonical_name(below[0]) is not None:
            return place
    return None


def is_wide_table(rows: Rows) -> bool:
    """Whether some rows hold a published frequency table."""
    return find_header(rows) is not None or _first_block(rows) is not None


def _is_long(header: Sequence[str]) -> bool:
    """Whether a header has a marker, an allele and a frequency in each row."""
    names = [plain_name(cell) for cell in header]
    return all(any(name in names for name in known) for known in (_MARKERS, _ALLELES, _FREQUENCIES))


def _first_block(rows: Rows) -> int | None:
    """Where a table begins as Familias exports it: a marker alone, and below it a row an allele; None for no such."""
    for place, (above, below) in enumerate(itertools.pairwise(cells for _, cells in rows)):
        figures = [cell for cell in below if cell]
        if _is_alone(above) and canonical_name(above[0]) is not None:
            is_figure = len(figures) == 2 and _is_allele(figures[0]) and as_number(pointed(figures[1])) is not None
            return place if is_figure else None
    return None


def _is_alone(cells: Sequence[str]) -> bool:
    return bool(cells[0]) and not any(cells[1:])


def _without_row_names(header: tuple[int, list[str]], rows: Rows) -> tuple[tuple[int, list[str]], Rows]:
    """The table without the numbers that R writes before each row; every other cell stays in its place."""
    names = header[1]
    if names[0] or len(names) < 2 or plain_name(names[1]) not in _ALLELES:
        return header, rows
    moved = [(line, [cells[1], "", *cells[2:]]) for line, cells in (header, *rows) if len(cells) > 1]
    return moved[0], moved[1:]


def _is_on_its_side(header: Sequence[str]) -> bool:
    """Whether a header holds alleles, so that each row below is a marker."""
    labels = [cell for cell in header[1:] if cell and plain_name(cell) not in ("n", "2n", *_STATISTICS)]
    return bool(labels) and all(isinstance(read_allele(pointed(cell)), Repeat | OffLadder) for cell in labels)


class _Reader:
    """Takes the cells of a table, wherever its markers stand."""

    def __init__(self, file: str, problems: Problems, above: Rows) -> None:
        self.file, self.problems = file, problems
        self.figures = FrequencyFigures(file, problems)
        self.notes: list[str] = []
        for line, cells in above:
            self._note(line, cells, "above the table")

    def upright(self, header: tuple[int, list[str]], rows: Rows) -> None:
        """A column a marker."""
        line, names = header
        beside = [place for place, text in enumerate(names) if canonical_name(text) == AMELOGENIN]
        for place in beside:
            self.notes.append(f"{self.file}, line {line}: {names[place]} has no frequencies that are used")
        used = [place for place, text in enumerate(names) if place and text and place not in beside]
        markers = {place: self._begin(names[place], line, names[place]) for place in used}
        for line, cells_with_sex in rows:
            cells = ["" if place in beside else cell for place, cell in enumerate(cells_with_sex)]
            if self._is_no_row_of_figures(line, cells):
                continue
            for place, text in enumerate(cells[1:], 1):
                if place in markers:
                    self._take(markers[place], names[place], cells[0], text, (line, names[place]))
                elif text.casefold() not in _NOTHING:
                    expected = "a cell below the name of a marker"
                    self.figures.complain(line, place + 1, found=quoted(text), expected=expected)

    def long(self, header: tuple[int, list[str]], rows: Rows) -> None:
        """A row a marker and allele."""
        line, names = header[0], [plain_name(cell) for cell in header[1]]
        marker_at, allele_at, figure_at = (
            next(place for place, name in enumerate(names) if name in known)
            for known in (_MARKERS, _ALLELES, _FREQUENCIES)
        )
        for place, text in enumerate(header[1], 1):
            if text and place - 1 not in (marker_at, allele_at, figure_at):
                self.figures.complain(line, place, found=f"a column {quoted(text)}", expected=_LONG_COLUMNS)
        markers: dict[str, MarkerFigures] = {}
        for line, cells in rows:
            marker, allele, text = ([*cells, *[""] * len(names)][at] for at in (marker_at, allele_at, figure_at))
            if not marker:
                self.figures.complain(line, header[1][marker_at], found="an empty cell", expected="a marker")
                continue
            if marker not in markers:
                markers[marker] = self._begin(marker, line, header[1][marker_at])
            self._take(markers[marker], marker, allele, text, (line, header[1][figure_at]))

    def blocks(self, rows: Rows) -> None:
        """A marker alone on its line, and below it a row an allele, as Familias exports frequencies."""
        marker, name = None, ""
        for line, cells in rows:
            figures = [cell for cell in cells if cell]
            if _is_alone(cells) and not _is_allele(cells[0]):
                marker, name = self._begin(cells[0], line, 1), cells[0]
            elif marker is None or len(figures) != 2:
                if marker is not None:
                    marker.is_broken = True
                found = quoted(" ".join(figures))
                self.figures.complain(line, 1, found=found, expected="an allele and its frequency, or a marker alone")
            else:
                self._take(marker, name, figures[0], figures[1], (line, 2))

    def on_its_side(self, header: Sequence[str], rows: Rows) -> None:
        """A row a marker."""
        for line, cells in rows:
            if len([cell for cell in cells if cell]) < 2:
                self._note(line, cells, "without figures")
                continue
            marker = self._begin(cells[0], line, 1)
            for place, text in enumerate(cells[1:], 1):
                label = header[place] if place < len(header) else ""
                if label:
                    self._take(marker, cells[0], label, text, (line, label))
                elif text.casefold() not in _NOTHING:
                    self.figures.complain(line, place + 1, found=quoted(text), expected="a cell below an allele")

    def _begin(self, text: str, line: int, column: str | int) -> MarkerFigures:
        name, twice, size = _without_size(text)
        marker = self.figures.marker("", name, line, column)
        if canonical_name(name) is None and len(self.notes) < _MOST_NOTES:
            known = [one.name for one in all_markers()]
            self.notes.append(f"{self.file}, line {line}: the marker {quoted(name)} is not known{near(name, known)}")
        if size:
            self.figures.size(marker, size, line, column, "chromosomes" if twice else "people")
        return marker

    def _is_no_row_of_figures(self, line: int, cells: Sequence[str]) -> bool:
        label = plain_name(cells[0])
        is_figure = label in ("n", "2n") or _is_allele(cells[0])
        if is_figure:
            return False
        if label in _STATISTICS or not any(cells[1:]):
            self._note(line, cells, "not a frequency")
        else:
            expected = "an allele such as 12 or 9.3, N (people), 2N (chromosomes) or a statistic such as PD"
            if label in _ALLELES:
                expected += "; of a table with columns of several populations keep those of one"
            self.figures.complain(line, 1, found=quoted(cells[0]), expected=expected)
        return True

    def _take(self, marker: MarkerFigures, name: str, label: str, text: str, place: tuple[int, str | int]) -> None:
        line, column = place
        plain = plain_name(label)
        if text.casefold() in _NOTHING or plain in _STATISTICS:
            return
        if plain not in ("n", "2n"):
            self.figures.frequency(marker, pointed(label), pointed(text), line, column)
            return
        counts: SampleSize = "people" if plain == "n" else "chromosomes"
        if counts == "people" and is_on_x(_without_size(name)[0]):
            expected = "a size ‘2N’ with the number of X chromosomes"
            self.figures.complain(line, column, found="a number of people at an X marker", expected=expected)
        else:
            self.figures.size(marker, text, line, column, counts, is_explained=counts == "chromosomes")

    def _note(self, line: int, cells: Sequence[str], what: str) -> None:
        if len(self.notes) < _MOST_NOTES:
            text = " ".join(cell for cell in cells[:4] if cell)
            self.notes.append(f"{self.file}, line {line}: {what}, not used: {quoted(text)}")


def _is_allele(text: str) -> bool:
    return text in _BASES or isinstance(read_allele(pointed(text)), Repeat | OffLadder | Silent)


def _without_size(text: str) -> tuple[str, str, str]:
    """A name without the sample size that stands behind it, whether that is doubled, and the size.

    >>> _without_size("TH01 (2n = 400)"), _without_size("TH01")
    (('TH01', '2', '400'), ('TH01', '', ''))
    """
    match = _SIZE_IN_NAME.fullmatch(text)
    return (match[1], match[2], match[3]) if match else (text, "", "")
