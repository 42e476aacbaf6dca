"""`profiles.csv`: what the laboratory read, in the long form (a row a marker) or the wide one (columns a marker)."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from antigone.formats.case_folder.markers import MarkerNames, MarkerUse, is_y
from antigone.formats.case_folder.readings import CellError, CellReader
from antigone.formats.errors import quoted
from antigone.formats.tables import (
    Column,
    CsvTable,
    Problems,
    Table,
    TableFormat,
    as_number,
    complain_of_column,
    plain_name,
)
from antigone.formats.tables.whole_columns import FIRST_LINE, CodedCells
from antigone.genetics.alleles import Allele
from antigone.genetics.frequencies import Refuse
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.profiles import Profile
from antigone.matching.operation import LeftOut, Settings

FORMAT = TableFormat(
    "profiles",
    "What was read of each sample: one row for each replicate and marker (the long form).",
    (
        Column("sample", "the name of a sample", required=True, pattern=r".+"),
        Column("replicate", "which replicate, in every row of a sample or in none"),
        Column("marker", "the name of a marker, in any spelling", required=True, pattern=r".+"),
        Column("allele1", "an allele such as 12 or 9.3, OL, >20 or ?; empty where nothing was read", required=True),
        Column("allele2", "the other allele, the same again for homozygous; empty or ? where unseen", required=True),
    ),
)
_NUMBERED = re.compile(r"(allele|height)([1-9][0-9]?)")

Readings = tuple[Reading, ...]
Copies = tuple[Allele, ...]
_NO_RESULT: Readings = ()
_SEPARATORS = " _.-"


@dataclass
class ReadProfiles:
    """The profiles of a file by sample, the line where each sample first stands, and what was noticed."""

    profiles: dict[str, Profile] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    file: str = "profiles.csv"
    y: dict[str, dict[str, tuple[Copies, ...]]] = field(default_factory=dict)
    """By sample and Y marker the copies that were read, replicates side by side."""


@dataclass(frozen=True)
class _Layout:
    """Where the cells of a row stand: long if `marker` is given, else `markers` name the cells of each marker."""

    sample: int
    replicate: int | None
    marker: int | None = None
    alleles: tuple[int, ...] = ()
    heights: tuple[int, ...] = ()
    markers: tuple[tuple[str, tuple[int, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """What a marker and its cells say, for every row that says the same."""

    marker: str
    readings: Readings
    is_left_out: bool = False
    unseen: "_Found | None" = None
    """The same with its single allele not taken for homozygous; None where there are other alleles."""
    homozygous: "_Found | None" = None
    """The same with its single allele taken for homozygous."""
    copies: Copies = ()
    """What was read at a Y marker, which is no reading of two alleles."""

    @property
    def is_plain(self) -> bool:
        """Whether it is a reading that is used as it is."""
        return bool(self.readings) and not self.is_left_out and not self.copies


class _Rows:
    """The rows of a table by sample, from columns."""

    def __init__(
        self, order: NDArray[np.intp], kinds: CodedCells, replicates: CodedCells | None, found: Sequence[_Found | None]
    ) -> None:
        self._rows = order.tolist()
        self._kinds = kinds.of[order].tolist()
        self._found = found
        self._markers = ["" if one is None else one.marker for one in found]
        self._readings = [_NO_RESULT if one is None else one.readings for one in found]
        self._replicates = [""] if replicates is None else [text for (text,) in replicates.texts]
        self._which = None if replicates is None else replicates.of[order].tolist()

    def line(self, k: int) -> int:
        return int(self._rows[k]) + FIRST_LINE

    def readings(self, start: int, end: int) -> dict[str, Readings]:
        kinds = self._kinds[start:end]
        return dict(zip(map(self._markers.__getitem__, kinds), map(self._readings.__getitem__, kinds), strict=True))

    def one_by_one(self, start: int, end: int) -> Iterator[tuple[int, str, _Found]]:
        for k in range(start, end):
            found = self._found[self._kinds[k]]
            if found is not None:
                yield self.line(k), self._replicates[0 if self._which is None else self._which[k]], found


@dataclass
class _Counts:
    """What is told once, with how often."""

    heights_without_threshold: int = 0
    threshold_without_heights: int = 0
    off_ladder: int = 0
    left_out: dict[str, set[str]] = field(default_factory=dict)
    unlisted: dict[str, tuple[set[str], int]] = field(default_factory=dict)


class ProfilesReader:
    """Reads the rows of a profile table. Each distinct cell and reading is understood once, and shared."""

    def __init__(self, table: Table, settings: Settings, use: MarkerUse, problems: Problems) -> None:
        self._table = table
        self._settings = settings
        self._use = use
        self._problems = problems
        self._names = MarkerNames(use.table)
        self._cells = CellReader(use.table)
        self._found: dict[tuple[str, ...], _Found | None] = {}
        self._shared: dict[Readings, Readings] = {}
        self._places: dict[tuple[str, str], tuple[str, str]] = {}
        self._unknown: set[str] = set()
        self._heights: dict[str, float] = {}
        self._counts = _Counts()
        # A place is a marker, or a replicate and a marker.
        self._read: dict[str, dict[str | tuple[str, str], _Found]] = {}
        self._lines: dict[str, int] = {}
        self._ready: dict[str, Profile] = {}
        self._y: dict[str, dict[str, tuple[Copies, ...]]] = {}

    def read(self) -> ReadProfiles:
        """All profiles of the table."""
        layout = self._layout()
        if layout is not None:
            if layout.marker is not None:
                self._read_long(layout, layout.marker)
            else:
                self._read_wide(layout)
        # In the order in which the samples first stand.
        profiles = {
            sample: self._ready.pop(sample) if sample in self._ready else self._profile(sample, self._read.pop(sample))
            for sample in self._lines
        }
        return ReadProfiles(profiles, self._lines, self._left_out(), self._warnings(), self._table.file, self._y)

    # The header

    def _layout(self) -> _Layout | None:
        """Long if there is a column `marker`, wide if there is none; the contents are never asked."""
        names = [plain_name(text) for text in self._table.header]
        before = len(self._problems)
        layout = self._long_layout(names) if "marker" in names else self._wide_layout(names)
        return layout if len(self._problems) == before else None

    def _long_layout(self, names: Sequence[str]) -> _Layout:
        places: dict[str, int] = {}
        known = [*(column.name for column in FORMAT.columns), "allele3 …", "height1 …"]
        for place, (name, text) in enumerate(zip(names, self._table.header, strict=True)):
            if name not in ("sample", "replicate", "marker") and not _NUMBERED.fullmatch(name):
                complain_of_column(self._table.file, place, text, known, self._problems)
            elif name in places:
                self._complain(1, place + 1, found=f"a second column {quoted(text)}", expected="each column once")
            else:
                places[name] = place
        for column in FORMAT.columns:
            if column.required and column.name not in places:
                expected = f"a column ‘{column.name}’: {column.expected}"
                self._complain(1, None, found=f"no column ‘{column.name}’", expected=expected)
        alleles, heights = (self._numbered(places, kind) for kind in ("allele", "height"))
        if len(heights) > len(alleles):
            self._complain(
                1, None, found=f"{len(heights)} heights of {len(alleles)} alleles", expected="at most as many"
            )
        return _Layout(places.get("sample", 0), places.get("replicate"), places.get("marker", 0), alleles, heights)

    def _numbered(self, places: Mapping[str, int], kind: str) -> tuple[int, ...]:
        numbers = sorted(int(match[2]) for name in places if (match := _NUMBERED.fullmatch(name)) and match[1] == kind)
        if numbers != list(range(1, len(numbers) + 1)):
            found = f"the columns {', '.join(f'{kind}{number}' for number in numbers)}"
            self._complain(1, None, found=found, expected=f"{kind}1, {kind}2 and so on, without a gap")
        return tuple(places[f"{kind}{number}"] for number in numbers)

    def _wide_layout(self, names: Sequence[str]) -> _Layout | None:
        columns: dict[str, list[int]] = {}
        numbers: dict[str, list[int]] = {}
        for place, (name, text) in enumerate(zip(names, self._table.header, strict=True)):
            if name in ("sample", "replicate"):
                if name in names[:place]:
                    self._complain(1, place + 1, found=f"a second column {quoted(text)}", expected="each column once")
                continue
            marker, number = self._marker_of_column(text)
            if marker is None:
                self._complain_of_wide_column(place, text)
                continue
            columns.setdefault(marker, []).append(place)
            numbers.setdefault(marker, []).append(number)
        if "sample" not in names:
            self._complain(1, None, found="no column ‘sample’", expected="a column ‘sample’: the name of a sample")
            return None
        for marker, places in columns.items():
            self._check_columns(marker, places, numbers[marker])
        replicate = names.index("replicate") if "replicate" in names else None
        markers = tuple((marker, tuple(places)) for marker, places in columns.items())
        return _Layout(names.index("sample"), replicate, markers=markers)

    def _marker_of_column(self, text: str) -> tuple[str | None, int]:
        """The marker that a column is of, and which of its columns it is (0 where it does not say)."""
        base, number = _without_number(text)
        if number and (marker := self._names.resolve(base)) is not None:
            return marker, number
        return self._names.resolve(text), 0

    def _complain_of_wide_column(self, place: int, text: str) -> None:
        expected = self._names.expected(_without_number(text)[0])
        if plain_name(text).startswith(("allele", "height")):
            expected = "a column ‘marker’ as well (the long form), or columns such as TH01_1, TH01_2 (the wide one)"
        self._complain(1, place + 1, found=f"a column {quoted(text) if text else 'without a name'}", expected=expected)

    def _check_columns(self, marker: str, places: Sequence[int], numbers: Sequence[int]) -> None:
        if len(places) < 2:
            expected = f"two columns at least, such as {marker}_1 and {marker}_2"
            self._complain(1, places[0] + 1, found=f"one column of {marker}", expected=expected)
        elif any(numbers) and list(numbers) != list(range(1, len(numbers) + 1)):
            found = f"the columns {', '.join(quoted(self._table.header[place]) for place in places)}"
            self._complain(1, places[0] + 1, found=found, expected=f"{marker}_1, {marker}_2 and so on, in this order")

    # The rows

    def _read_long(self, layout: _Layout, marker: int) -> None:
        if isinstance(self._table, CsvTable) and not layout.heights and self._read_columns(self._table, layout, marker):
            return
        cells_of = _getter((marker, *layout.alleles))
        columns = [self._table.header[place] for place in (marker, *layout.alleles)]
        for line, cells in self._table.rows():
            key = cells_of(cells)
            found = self._found.get(key)
            if found is None:
                found = self._understand(line, key, columns)
                if found is None:
                    continue
            if layout.heights and (found.readings or found.copies):
                found = self._judge_height(line, found, cells, layout)
            elif found.unseen is not None and self._settings.stochastic_threshold is not None:
                self._counts.threshold_without_heights += 1
            sample = cells[layout.sample]
            replicate = "" if layout.replicate is None else cells[layout.replicate]
            self._keep(line, sample, replicate, found)

    def _read_columns(self, table: CsvTable, layout: _Layout, marker: int) -> bool:
        """The same from whole columns, where the file is plain: False where it is to be walked, nothing being taken."""
        groups = [(marker, *layout.alleles), (layout.sample,)]
        coded = table.coded(groups if layout.replicate is None else [*groups, (layout.replicate,)])
        if coded is None:
            return False
        kinds, samples = coded[:2]
        replicates = coded[2] if len(coded) > 2 else None
        found = self._understand_all(kinds, [table.header[place] for place in groups[0]])
        order = np.argsort(samples.of, kind="stable")
        ends = np.cumsum(np.bincount(samples.of, minlength=len(samples.texts))).tolist()
        plain = np.array([one is not None and one.is_plain for one in found], dtype=bool)[kinds.of]
        if replicates is not None:
            plain &= np.array([text == "" for (text,) in replicates.texts], dtype=bool)[replicates.of]
        odd = np.bincount(samples.of, ~plain, minlength=len(samples.texts)).tolist()
        rows, start = _Rows(order, kinds, replicates, found), 0
        for (sample,), end, unlike in zip(samples.texts, ends, odd, strict=True):
            if unlike or not sample or not self._keep_plain(sample, rows, start, end):
                for line, replicate, one in rows.one_by_one(start, end):
                    self._keep(line, sample, replicate, one)
            start = end
        return True

    def _keep_plain(self, sample: str, rows: "_Rows", start: int, end: int) -> bool:
        """A sample of which each row is an ordinary reading without a replicate; False where a marker stands twice."""
        readings = rows.readings(start, end)
        if len(readings) < end - start:
            return False
        self._lines[sample] = rows.line(start)
        self._ready[sample] = Profile(sample, readings)
        return True

    def _understand_all(self, kinds: CodedCells, columns: Sequence[str]) -> list[_Found | None]:
        """What each kind of row says; of what is told of each row, it is told of each."""
        counts = np.bincount(kinds.of, minlength=len(kinds.texts)).tolist()
        understood: list[_Found | None] = []
        for k, (cells, first, count) in enumerate(zip(kinds.texts, kinds.first, counts, strict=True)):
            found = self._understand(first + FIRST_LINE, cells, columns)
            if cells not in self._found and cells[0] not in self._unknown:
                for row in np.flatnonzero(kinds.of == k)[1:].tolist():
                    self._understand(row + FIRST_LINE, cells, columns)
            if found is not None and found.unseen is not None and self._settings.stochastic_threshold is not None:
                self._counts.threshold_without_heights += count
            understood.append(found)
        return understood

    def _read_wide(self, layout: _Layout) -> None:
        header = self._table.header
        getters = [
            (marker, ["", *(header[place] for place in places)], _getter(places)) for marker, places in layout.markers
        ]
        rows: set[tuple[str, str]] = set()
        for line, cells in self._table.rows():
            sample = cells[layout.sample]
            replicate = "" if layout.replicate is None else cells[layout.replicate]
            if (sample, replicate) in rows:
                found_row = f"a second row of {quoted(sample)}" + (
                    f", replicate {quoted(replicate)}" if replicate else ""
                )
                self._complain(line, "sample", found=found_row, expected="one row for each sample and replicate")
                continue
            rows.add((sample, replicate))
            if not sample:
                self._complain(line, "sample", found="an empty cell", expected="the name of a sample")
                continue
            for marker, columns, cells_of in getters:
                key = (marker, *cells_of(cells))
                found = self._found.get(key)
                if found is None:
                    found = self._understand(line, key, columns)
                    if found is None:
                        continue
                if found.unseen is not None and self._settings.stochastic_threshold is not None:
                    self._counts.threshold_without_heights += 1
                self._keep(line, sample, replicate, found)

    def _keep(self, line: int, sample: str, replicate: str, found: _Found) -> None:
        read = self._read.get(sample)
        if read is None:
            if not sample:
                self._complain(line, "sample", found="an empty cell", expected="the name of a sample")
                return
            read = self._read[sample] = {}
            self._lines[sample] = line
        place: str | tuple[str, str] = found.marker
        if replicate:
            key = (replicate, found.marker)
            place = self._places.setdefault(key, key)
        if place in read:
            what = f"{found.marker} of {quoted(sample)}" + (f", replicate {quoted(replicate)}" if replicate else "")
            expected = "one row for each sample, replicate and marker (further ones with a replicate of their own)"
            self._complain(line, "marker", found=f"a second row of {what}", expected=expected)
            return
        read[place] = found

    def _understand(self, line: int, key: tuple[str, ...], columns: Sequence[str]) -> _Found | None:
        """What the cells of a row say. `columns` are the names of the columns of `key`."""
        marker = self._names.resolve(key[0])
        if marker is None:
            if key[0] not in self._unknown:
                self._unknown.add(key[0])
                self._complain(line, columns[0], found=quoted(key[0]), expected=self._names.expected(key[0]))
            return None
        try:
            if is_y(marker):
                copies = self._cells.read_copies(marker, key[1:])
                found = self._found[key] = _Found(marker, _NO_RESULT, copies=copies or ())
                return found
            read = self._cells.read(marker, key[1:])
        except CellError as error:
            self._complain(line, columns[error.cell + 1], found=error.found, expected=error.expected)
            return None
        left_out = self._use.why_left_out(marker) is not None
        if read.reading is None:
            self._counts.off_ladder += read.is_off_ladder_only
            found = _Found(marker, _NO_RESULT, left_out)
            if not read.is_off_ladder_only:
                self._found[key] = found
            return found
        if not left_out and not self._note_unlisted(line, marker, read.reading, key, columns):
            return None
        found = _Found(marker, self._share((read.reading,)), left_out)
        if read.is_single and not left_out:
            unseen, homozygous = (
                _Found(marker, self._share((Reading(read.reading.alleles, reads),)))
                for reads in (Reads.OTHER_UNSEEN, Reads.HOMOZYGOUS)
            )
            found = _Found(marker, found.readings, unseen=unseen, homozygous=homozygous)
        self._found[key] = found
        return found

    def _note_unlisted(
        self, line: int, marker: str, reading: Reading, key: tuple[str, ...], columns: Sequence[str]
    ) -> bool:
        """Note alleles that the frequency table lacks. False where the rule for rare alleles refuses them."""
        unlisted = [str(allele) for allele in reading.alleles if not self._cells.is_listed(marker, allele)]
        for text in unlisted:
            if isinstance(self._settings.rare_alleles, Refuse):
                place = key.index(text, 1) if text in key[1:] else 1
                expected = f'an allele of {marker} that the frequency table holds, or another rule than "refuse"'
                self._complain(line, columns[place], found=quoted(text), expected=expected)
                return False
            self._counts.unlisted.setdefault(marker, (set(), line))[0].add(text)
        return True

    def _judge_height(self, line: int, found: _Found, cells: Sequence[str], layout: _Layout) -> _Found:
        """A single allele is homozygous only where its peak reaches the declared threshold."""
        given = []
        for allele, height in zip(layout.alleles, layout.heights, strict=False):
            if not cells[height]:
                continue
            if cells[allele]:
                given.append(self._height(line, cells[height], height))
            else:
                name, found_height = self._table.header[height], f"a height {quoted(cells[height])} of no allele"
                self._complain(line, name, found=found_height, expected="an empty cell")
        threshold = self._settings.stochastic_threshold
        if threshold is None:
            self._counts.heights_without_threshold += bool(given)
            return found
        if found.unseen is None or found.homozygous is None:
            return found
        if len(set(given)) > 1:
            name = self._table.header[layout.heights[1]]
            found_heights = "another height of the same allele"
            self._complain(line, name, found=found_heights, expected="one height, or the same twice")
        if not given:
            self._counts.threshold_without_heights += 1
            return found
        return found.homozygous if given[0] >= threshold else found.unseen

    def _height(self, line: int, text: str, place: int) -> float:
        height = self._heights.get(text)
        if height is None:
            height = as_number(text)
            if height is None or height < 0:
                expected = "a height: a number with a decimal point"
                self._complain(line, self._table.header[place], found=quoted(text), expected=expected)
                return 0.0
            self._heights[text] = height
        return height

    def _share(self, readings: Readings) -> Readings:
        return self._shared.setdefault(readings, readings)

    # The sum

    def _profile(self, sample: str, read: Mapping[str | tuple[str, str], _Found]) -> Profile:
        readings: dict[str, Readings] = {}
        kinds = {type(place) for place in read}
        if len(kinds) > 1:
            found = f"rows of {quoted(sample)} with and without a replicate"
            self._complain(
                self._lines[sample], "replicate", found=found, expected="it in all rows of a sample or in none"
            )
        for found_cells in read.values():
            marker = found_cells.marker
            if found_cells.copies:
                own = self._y.setdefault(sample, {})
                own[marker] = (*own.get(marker, ()), found_cells.copies)
            if not found_cells.readings:
                continue
            if found_cells.is_left_out:
                self._counts.left_out.setdefault(marker, set()).add(sample)
            elif marker in readings:
                readings[marker] = self._share(readings[marker] + found_cells.readings)
            else:
                readings[marker] = found_cells.readings
        return Profile(sample, readings)

    def _left_out(self) -> list[LeftOut]:
        return [
            LeftOut("marker", marker, f"{self._use.why_left_out(marker)}; read in {_counted(len(samples), 'sample')}")
            for marker, samples in self._counts.left_out.items()
        ]

    def _warnings(self) -> list[str]:
        file, counts = self._table.file, self._counts
        return list(_warnings(file, counts, self._settings))

    def _complain(self, line: int, column: str | int | None, *, found: str, expected: str) -> None:
        self._problems.add(self._table.file, line, column, found=found, expected=expected)


def _warnings(file: str, counts: _Counts, settings: Settings) -> Iterator[str]:
    if counts.heights_without_threshold:
        yield (
            f"{file}: heights are given and no stochastic_threshold is declared, so they are not used: a single allele "
            f"counts as the laboratory wrote it ({_counted(counts.heights_without_threshold, 'reading')})"
        )
    if counts.threshold_without_heights:
        singles = _counted(counts.threshold_without_heights, "single allele")
        yield (
            f"{file}: a stochastic_threshold is declared, but {singles} came without a height and count as the "
            "laboratory wrote them"
        )
    if counts.off_ladder:
        yield f"{file}: {_counted(counts.off_ladder, 'reading')} of off-ladder alleles alone count as no result"
    for marker, (alleles, line) in counts.unlisted.items():
        yield (
            f"{file}: {_counted(len(alleles), 'allele')} of {marker} that the frequency table does not hold, first in "
            f"line {line}; frequency by the rule {settings.rare_alleles.describe()}"
        )


def _without_number(text: str) -> tuple[str, int]:
    """`TH01_1`, `TH01 1` or `TH01 Allele 1`: the name and the number; the whole text and 0 where there is none."""
    if not text or text[-1] not in "123456789":
        return text, 0
    stem = text[:-1]
    base = stem.rstrip(_SEPARATORS)
    if base.casefold().endswith("allele") and base[:-6] != base[:-6].rstrip(_SEPARATORS):
        return base[:-6].rstrip(_SEPARATORS), int(text[-1])
    return (base, int(text[-1])) if base != stem else (text, 0)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _getter(places: Sequence[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """Takes some cells of a row; there are always two or more."""
    return itemgetter(*places)
