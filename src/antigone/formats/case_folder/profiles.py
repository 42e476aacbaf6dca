"""`profiles.csv`: what the laboratory read, in the long form (a row a marker) or the wide one (columns a marker)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from antigone.formats.case_folder.gathering import Copies, Found, Gathered, Place, Readings, gather_long, gather_wide
from antigone.formats.case_folder.markers import MarkerNames, MarkerUse, is_y
from antigone.formats.case_folder.profile_header import FORMAT, Layout, layout_of
from antigone.formats.case_folder.readings import CellError, CellReader
from antigone.formats.errors import InputError, quoted
from antigone.formats.tables import CsvTable, Problems, Table, as_number
from antigone.formats.tables.whole_columns import FIRST_LINE, CodedCells
from antigone.genetics.frequencies import Refuse
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.profiles import Profile
from antigone.matching.operation import LeftOut, Settings

__all__ = ["FORMAT", "ProfilesReader", "ReadProfiles"]

_NO_RESULT: Readings = ()
_WideRow = tuple[int, str, str, Iterable[tuple[str, ...]]]
"""The line, the sample, the replicate, and the cells of each marker."""


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
    ordinary: set[str] = field(default_factory=set)
    """Samples known to be of one person; see `Gathered`."""


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
        self._found: dict[tuple[str, ...], Found | None] = {}
        self._shared: dict[Readings, Readings] = {}
        self._places: dict[tuple[str, str], tuple[str, str]] = {}
        self._unknown: set[str] = set()
        self._heights: dict[str, float] = {}
        self._counts = _Counts()
        self._gathered = Gathered()
        self._y: dict[str, dict[str, tuple[Copies, ...]]] = {}

    def read(self) -> ReadProfiles:
        """All profiles of the table."""
        layout = layout_of(self._table, self._names, self._problems)
        if layout is not None:
            if layout.marker is not None:
                self._read_long(layout, layout.marker)
            else:
                self._read_wide(layout)
        gathered = self._gathered
        # In the order in which the samples first stand.
        profiles = {
            sample: ready if (ready := gathered.ready.pop(sample, None)) else self._profile(sample)
            for sample in gathered.lines
        }
        return ReadProfiles(
            profiles,
            gathered.lines,
            self._left_out(),
            self._warnings(),
            self._table.file,
            self._y,
            gathered.ordinary,
        )

    # The rows

    def _read_long(self, layout: Layout, marker: int) -> None:
        """A plain table is taken in whole columns; any other, and one whose heights are not in order, row after row."""
        coded = None
        if isinstance(self._table, CsvTable):
            groups = [(marker, *layout.alleles), (layout.sample,), *((place,) for place in layout.heights)]
            coded = self._table.coded(groups if layout.replicate is None else [*groups, (layout.replicate,)])
        if coded is None:
            self._walk_long(layout, marker, self._table.rows())
        elif not self._read_long_columns(layout, marker, coded):
            self._walk_long(layout, marker, _long_rows_of_columns(layout, marker, coded, len(self._table.header)))

    def _walk_long(self, layout: Layout, marker: int, rows: Iterable[tuple[int, Sequence[str]]]) -> None:
        cells_of = _getter((marker, *layout.alleles))
        columns = [self._table.header[place] for place in (marker, *layout.alleles)]
        for line, cells in rows:
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

    def _read_long_columns(self, layout: Layout, marker: int, coded: Sequence[CodedCells]) -> bool:
        """The same from whole columns. False, nothing being taken, where something is amiss in a table with heights."""
        kinds, samples = coded[:2]
        replicates = coded[-1] if layout.replicate is not None else None
        columns = [self._table.header[place] for place in (marker, *layout.alleles)]
        if layout.heights:
            judged = self._judged(kinds, coded[2 : 2 + len(layout.heights)], columns)
            if judged is None:
                self._found, self._counts, self._unknown, self._heights = {}, _Counts(), set(), {}
                return False
            kinds, found = judged
        else:
            found = self._understand_all(kinds, kinds.texts, columns)
        gather_long(samples, kinds, found, replicates, self._gathered, self._keep)
        return True

    def _judged(
        self, kinds: CodedCells, heights: Sequence[CodedCells], columns: Sequence[str]
    ) -> tuple[CodedCells, list[Found | None]] | None:
        """What each kind of row says, once as it stands and once for a peak above and below the threshold.

        With it which of these kinds each row is of. None where anything is amiss, which a walk then tells.
        """
        problems, self._problems = self._problems, Problems()
        try:
            understood = self._understand_all(kinds, kinds.texts, columns, with_heights=True)
        except InputError:
            return None
        finally:
            self._problems = problems
        found = [one for one in understood if one is not None]
        if len(found) < len(understood):
            return None
        given = self._given(kinds, heights, found)
        if given is None:
            return None
        first = given[:, 0].copy()
        for others in given[:, 1:].T:
            first = np.where(np.isnan(first), others, first)
        are_given = ~np.isnan(first)
        threshold = self._settings.stochastic_threshold
        if threshold is None:
            self._counts.heights_without_threshold += int(are_given.sum())
            return kinds, understood
        singles = _of_rows(found, kinds, lambda one: one.unseen is not None and one.homozygous is not None)
        if np.any((given != first[:, np.newaxis]) & ~np.isnan(given) & singles[:, np.newaxis]):
            return None
        self._counts.threshold_without_heights += int((singles & ~are_given).sum())
        is_above = first >= threshold
        way = np.where(singles & are_given, np.where(is_above, 1, 2), 0).astype(np.int32)
        judged = CodedCells(of=kinds.of + way * np.int32(len(found)))
        return judged, [*found, *(one.homozygous for one in found), *(one.unseen for one in found)]

    def _given(
        self, kinds: CodedCells, heights: Sequence[CodedCells], found: Sequence[Found]
    ) -> NDArray[np.float64] | None:
        """The heights of each row that are asked for, NaN where there is none; shape (rows, columns of heights).

        None where one is no height, or the height of no allele.
        """
        are_read = _of_rows(found, kinds, lambda one: bool(one.readings or one.copies))
        given = np.full((len(kinds.of), len(heights)), np.nan)
        for number, column in enumerate(heights):
            values = [np.nan if text == "" else as_number(text) for (text,) in column.texts]
            numbers = np.array([-1.0 if value is None else value for value in values])[column.of]
            is_called = np.array([texts[number + 1] != "" for texts in kinds.texts], dtype=bool)[kinds.of]
            asked = are_read & ~np.isnan(numbers)
            if np.any(asked & (~is_called | (numbers < 0))):
                return None
            given[asked, number] = numbers[asked]
        return given

    def _understand_all(
        self,
        kinds: CodedCells,
        keys: Sequence[tuple[str, ...]],
        columns: Sequence[str],
        *,
        with_heights: bool = False,
    ) -> list[Found | None]:
        """What each kind of row says; of what is told of each row, it is told of each."""
        counts = np.bincount(kinds.of, minlength=len(kinds.texts)).tolist()
        understood: list[Found | None] = []
        for k, (key, first, count) in enumerate(zip(keys, kinds.first, counts, strict=True)):
            found = self._understand(first + FIRST_LINE, key, columns)
            if key not in self._found and key[0] not in self._unknown:
                for row in np.flatnonzero(kinds.of == k)[1:].tolist():
                    self._understand(row + FIRST_LINE, key, columns)
            is_single = found is not None and found.unseen is not None
            if is_single and not with_heights and self._settings.stochastic_threshold is not None:
                self._counts.threshold_without_heights += count
            understood.append(found)
        return understood

    def _read_wide(self, layout: Layout) -> None:
        """A plain table in which nothing is amiss is read from whole columns; any other is walked."""
        coded = None
        if isinstance(self._table, CsvTable):
            groups = [(layout.sample,), *(places for _, places in layout.markers)]
            coded = self._table.coded(groups if layout.replicate is None else [*groups, (layout.replicate,)])
        if coded is None:
            self._walk_wide(layout, self._wide_rows(layout))
        elif not self._read_wide_columns(layout, coded):
            self._walk_wide(layout, _rows_of_columns(layout, coded))

    def _read_wide_columns(self, layout: Layout, coded: Sequence[CodedCells]) -> bool:
        """Take whole columns; False, nothing being taken, where they are to be walked."""
        samples, kinds = coded[0], coded[1 : len(layout.markers) + 1]
        has_replicates = layout.replicate is not None and coded[-1].texts != [("",)]
        replicates = coded[-1] if has_replicates else None
        if ("",) in samples.texts or _stand_twice(samples, replicates):
            return False
        problems, self._problems = self._problems, Problems()
        try:
            found = [
                self._understand_all(cells, [(marker, *texts) for texts in cells.texts], self._columns_of(places))
                for (marker, places), cells in zip(layout.markers, kinds, strict=True)
            ]
        except InputError:
            found = [[None]]
        finally:
            self._problems = problems
        if any(one is None for column in found for one in column):
            self._found, self._counts = {}, _Counts()
            return False
        # As a walk would have met them.
        self._counts.unlisted = dict(sorted(self._counts.unlisted.items(), key=lambda item: item[1][1]))
        sound = [[one for one in column if one is not None] for column in found]
        markers = [marker for marker, _ in layout.markers]
        gather_wide(samples, list(zip(markers, kinds, sound, strict=True)), replicates, self._gathered)
        return True

    def _columns_of(self, places: Sequence[int]) -> list[str]:
        """The names of the columns of a marker, after that of the marker itself, which has none."""
        return ["", *(self._table.header[place] for place in places)]

    def _wide_rows(self, layout: Layout) -> Iterator[_WideRow]:
        getters = [_getter(places) for _, places in layout.markers]
        for line, cells in self._table.rows():
            replicate = "" if layout.replicate is None else cells[layout.replicate]
            yield line, cells[layout.sample], replicate, (cells_of(cells) for cells_of in getters)

    def _walk_wide(self, layout: Layout, table_rows: Iterable[_WideRow]) -> None:
        markers = [(marker, self._columns_of(places)) for marker, places in layout.markers]
        rows: set[tuple[str, str]] = set()
        for line, sample, replicate, cells_by_marker in table_rows:
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
            for (marker, columns), cells in zip(markers, cells_by_marker, strict=True):
                key = (marker, *cells)
                found = self._found.get(key)
                if found is None:
                    found = self._understand(line, key, columns)
                    if found is None:
                        continue
                if found.unseen is not None and self._settings.stochastic_threshold is not None:
                    self._counts.threshold_without_heights += 1
                self._keep(line, sample, replicate, found)

    def _keep(self, line: int, sample: str, replicate: str, found: Found) -> None:
        gathered = self._gathered
        read = gathered.found.get(sample)
        if read is None:
            if not sample:
                self._complain(line, "sample", found="an empty cell", expected="the name of a sample")
                return
            read = gathered.found[sample] = {}
            gathered.lines[sample] = line
        place: Place = found.marker
        if replicate:
            key = (replicate, found.marker)
            place = self._places.setdefault(key, key)
        if place in read:
            what = f"{found.marker} of {quoted(sample)}" + (f", replicate {quoted(replicate)}" if replicate else "")
            expected = "one row for each sample, replicate and marker (further ones with a replicate of their own)"
            self._complain(line, "marker", found=f"a second row of {what}", expected=expected)
            return
        read[place] = found

    def _understand(self, line: int, key: tuple[str, ...], columns: Sequence[str]) -> Found | None:
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
                found = self._found[key] = Found(marker, _NO_RESULT, copies=copies or ())
                return found
            read = self._cells.read(marker, key[1:])
        except CellError as error:
            self._complain(line, columns[error.cell + 1], found=error.found, expected=error.expected)
            return None
        left_out = self._use.why_left_out(marker) is not None
        if read.reading is None:
            self._counts.off_ladder += read.is_off_ladder_only
            found = Found(marker, _NO_RESULT, left_out)
            if not read.is_off_ladder_only:
                self._found[key] = found
            return found
        if not left_out and not self._note_unlisted(line, marker, read.reading, key, columns):
            return None
        found = Found(marker, self._share((read.reading,)), left_out)
        if read.is_single and not left_out:
            unseen, homozygous = (
                Found(marker, self._share((Reading(read.reading.alleles, reads),)))
                for reads in (Reads.OTHER_UNSEEN, Reads.HOMOZYGOUS)
            )
            found = Found(marker, found.readings, unseen=unseen, homozygous=homozygous)
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

    def _judge_height(self, line: int, found: Found, cells: Sequence[str], layout: Layout) -> Found:
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

    def _profile(self, sample: str) -> Profile:
        read = self._gathered.found.pop(sample)
        readings: dict[str, Readings] = {}
        kinds = {type(place) for place in read}
        if len(kinds) > 1:
            found = f"rows of {quoted(sample)} with and without a replicate"
            self._complain(
                self._gathered.lines[sample], "replicate", found=found, expected="it in all rows of a sample or in none"
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


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _getter(places: Sequence[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """Takes some cells of a row; there are always two or more."""
    return itemgetter(*places)


def _stand_twice(samples: CodedCells, replicates: CodedCells | None) -> bool:
    """Whether a sample has two rows of one replicate, or one of several without a replicate."""
    if replicates is None:
        return len(samples.texts) < len(samples.of)
    both = samples.of.astype(np.int64) * len(replicates.texts) + replicates.of
    blank = np.array([text == "" for (text,) in replicates.texts], dtype=bool)[replicates.of]
    several = np.bincount(samples.of, minlength=len(samples.texts))[samples.of] > 1
    return len(np.unique(both)) < len(both) or bool(np.any(blank & several))


def _of_rows(found: Sequence[Found], kinds: CodedCells, asked: Callable[[Found], bool]) -> NDArray[np.bool_]:
    """What is asked of each kind of row, for each row."""
    return np.array([asked(one) for one in found], dtype=bool)[kinds.of]


def _long_rows_of_columns(
    layout: Layout, marker: int, coded: Sequence[CodedCells], width: int
) -> Iterator[tuple[int, Sequence[str]]]:
    """The rows of a long table again, from its columns."""
    groups = [(marker, *layout.alleles), (layout.sample,), *((place,) for place in layout.heights)]
    groups += [] if layout.replicate is None else [(layout.replicate,)]
    for row in range(len(coded[0].of)):
        cells = [""] * width
        for places, column in zip(groups, coded, strict=True):
            for place, text in zip(places, column.texts[column.of[row]], strict=True):
                cells[place] = text
        yield row + FIRST_LINE, cells


def _rows_of_columns(layout: Layout, coded: Sequence[CodedCells]) -> Iterator[_WideRow]:
    """The rows of a wide table again, from its columns."""
    samples, kinds = coded[0], coded[1 : len(layout.markers) + 1]
    replicates = coded[-1] if layout.replicate is not None else None
    for row in range(len(samples.of)):
        replicate = "" if replicates is None else replicates.texts[replicates.of[row]][0]
        cells = (column.texts[column.of[row]] for column in kinds)
        yield row + FIRST_LINE, samples.texts[samples.of[row]][0], replicate, cells
