"""Finds the header of a laboratory's table, and what stands in which column."""

import csv
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from antigone.formats.errors import InputError, quoted
from antigone.formats.genemapper.declared import GenemapperToml
from antigone.formats.genemapper.names import MarkerSpellings, plain
from antigone.formats.tables import near

MAX_COLUMNS = 2_000
# Longer than any name of a column: what is matched with it takes the square of its length.
MAX_NAME = 300
SEARCHED_LINES = 60
SEPARATORS = {"tab": "\t", "semicolon": ";", "comma": ","}
_BY_SEPARATOR = {separator: name for name, separator in SEPARATORS.items()}

_SAMPLE = (
    "samplename", "sample", "sampleid", "samplecode", "specimenid", "specimen", "id", "ind", "individual",
    "зразок", "назвазразка", "образец",
)  # fmt: skip
_RUN = ("samplefile", "samplefilename", "filename", "файл")
_RUN_NAME = ("runname",)
_TYPE = ("sampletype",)
_MARKER = ("marker", "locus", "markername", "маркер", "локус")
_ALLELE = ("allele", "алель", "аллель")
_HEIGHT = ("height", "peakheight", "rfu", "висота", "высота")
# Columns that GeneMapper and GeneMarker write beside those, and that say nothing of the genotype.
_BESIDE = re.compile(
    r"(size|area|peakarea|datapoint|mutation|alleleedit|allelecomment|comment|ud|udp|begin|end|quality|ratio)[0-9]{0,2}"
    r"|dye|dyecolor|color|panel|kit|runname|rundate|date|analysismethod|sizestandard|instrument|well|lane|plate|project"
    r"|os|bin|phr|lph|spu|an|bd|cc|ovl|gq|sq|sqi|off-?scale|sharedpeak|status|specimencategory|gender|sex|operator|score"
    r"|remarks?|notes?|pop|population|country|snp|case(?:number|id)?|known/?queried|аркуш|примітка"
)
_NUMBERED = re.compile(r"(.*?)[\s_.-]*([0-9]{1,2})")
# `D3S1358_a`, `D3S1358 B`: the two alleles of a marker by letters.
# `D3S1358(2)`: the second column of a marker, as STRmix has it; the first is without a number, or `(1)`.
_IN_BRACKETS = re.compile(r"(.*?)\s*\(([1-9])\)")
_LETTERED = re.compile(r"(.*?)(?:[\s_.-]+|(?<=[0-9]))([abAB])")
_WIDE_PART = re.compile(r"(.*?)[\s_.-]+(allele|height|rfu|size|area|peak height|peak area|h|a)", re.IGNORECASE)


class Layout(StrEnum):
    """How a table is laid out."""

    LONG = "long"
    """A row for each sample and marker; a row may hold several markers, each with columns of its own."""
    WIDE = "wide"
    """A row for each sample, with columns for each marker."""


@dataclass(frozen=True)
class MarkerColumns:
    """The columns of one marker. `marker` is a column in a long table (then `name` is empty), else `name` says which.

    `is_list` tells that the one column of alleles may hold several, with a sign between them.
    """

    alleles: tuple[int, ...]
    heights: tuple[int, ...] = ()
    marker: int | None = None
    name: str = ""
    is_list: bool = False


@dataclass(frozen=True)
class Header:
    """The header that was found: its line, the texts of the columns, and what stands where."""

    line: int
    separator: str
    layout: Layout
    cells: tuple[str, ...]
    sample: int | None
    run: int | None
    type: int | None
    blocks: tuple[MarkerColumns, ...]
    unused: tuple[str, ...] = ()
    is_merged: bool = False
    """Whether the name of a marker stands above the first of its columns only, as in merged cells."""

    @property
    def separator_name(self) -> str:
        """`tab`, `semicolon` or `comma`."""
        return _BY_SEPARATOR[self.separator]

    def column(self, place: int) -> str | int:
        """The name of a column for an error, its number where it has none."""
        return self.cells[place] if place < len(self.cells) and self.cells[place] else place + 1


class _NotAHeaderError(Exception):
    """A line that is not a header; `score` tells how near it came."""

    def __init__(self, score: int, found: str, expected: str) -> None:
        super().__init__(found)
        self.score, self.found, self.expected = score, found, expected


def find_header(lines: Iterable[str], file: str, declared: GenemapperToml, spellings: MarkerSpellings) -> Header:
    """The header among the first lines. Raises `InputError` where there is none, or more than one reading of it."""
    best: tuple[_NotAHeaderError, int] | None = None
    number = 0
    for number, line in enumerate(lines, 1):
        if declared.header_line not in (None, number) or not line.strip():
            continue
        found = []
        for separator in _separators(declared):
            try:
                found.append(_header(number, _cells(line, separator), separator, declared, spellings))
            except _NotAHeaderError as error:
                if best is None or error.score > best[0].score:
                    best = (error, number)
        if len(found) > 1:
            names = " or ".join(header.separator_name for header in found)
            expected = f'separator = "{found[0].separator_name}" or another in genemapper.toml'
            raise InputError.at(file, number, None, found=f"columns by {names}", expected=expected)
        if found:
            return found[0]
        if number >= max(SEARCHED_LINES, declared.header_line or 0):
            break
    if best is None:
        what = "an empty file" if number == 0 else f"no header in the first {number} lines"
        raise InputError.at(file, 1, None, found=what, expected=_ANY_HEADER)
    nearest, line_number = best
    raise InputError.at(file, line_number, None, found=nearest.found, expected=nearest.expected)


_ANY_HEADER = (
    "a header with Sample Name (or Sample File), Marker and Allele 1, or with Sample Name and columns such as TH01 1, "
    "TH01 2; where they are called otherwise, [columns] in genemapper.toml says how"
)


def _separators(declared: GenemapperToml) -> tuple[str, ...]:
    return tuple(SEPARATORS.values()) if declared.separator is None else (SEPARATORS[declared.separator],)


def split(line: str, separator: str) -> list[str]:
    """The cells of a line, spaces around them included. None of a quoted cell reaches into the next line.

    Raises `csv.Error` for a quotation mark that does not pair.
    """
    if '"' not in line:
        return line.split(separator)
    rows = list(csv.reader([line], delimiter=separator, strict=True))
    return rows[0] if rows else []


def _cells(line: str, separator: str) -> list[str]:
    try:
        return split(line, separator)
    except csv.Error:
        raise _NotAHeaderError(0, "a quotation mark that does not pair", _ANY_HEADER) from None


def _header(
    line: int, cells: Sequence[str], separator: str, declared: GenemapperToml, spellings: MarkerSpellings
) -> Header:
    texts = [cell.strip() for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    if len(texts) == 1:
        between = " or ".join(f"{_BY_SEPARATOR[one]}s" for one in _separators(declared))
        raise _NotAHeaderError(0, quoted(texts[0]), f"columns between {between}: {_ANY_HEADER}")
    if len(texts) > MAX_COLUMNS:
        raise _NotAHeaderError(0, f"{len(texts)} columns", f"at most {MAX_COLUMNS}")
    longest = max((len(text) for text in texts), default=0)
    if longest > MAX_NAME:
        raise _NotAHeaderError(0, f"a cell of {longest} characters", _ANY_HEADER)
    columns = _Columns(texts, declared)
    markers = columns.all_of("marker", _MARKER)
    is_long = declared.layout == "long" or (declared.layout is None and bool(markers))
    if is_long:
        blocks, unused = columns.long_blocks(markers)
    else:
        blocks, unused = columns.wide_blocks(spellings)
    sample, run = columns.one_of("sample", _SAMPLE), columns.one_of("run", _RUN)
    if run is None:
        run = columns.one_of("run", _RUN_NAME)
    if sample is None and (run is None or plain(texts[run]) in _RUN_NAME):
        found = f"the columns {', '.join(map(quoted, texts[:8]))}{' …' if len(texts) > 8 else ''}"
        raise _NotAHeaderError(2 * len(blocks), found, _ANY_HEADER)
    layout = Layout.LONG if is_long else Layout.WIDE
    type_column = columns.one_of("type", _TYPE)
    unused = (*columns.others({sample, run, type_column}), *unused)
    cells = tuple(texts)
    return Header(line, separator, layout, cells, sample, run, type_column, blocks, unused, columns.is_merged)


class _Columns:
    """The texts of a header, asked for what they are."""

    def __init__(self, texts: list[str], declared: GenemapperToml) -> None:
        self._texts = texts
        self._plain = [plain(text) for text in texts]
        self._declared = declared
        self._ignored = {plain(text) for text in declared.ignore_columns}
        self.is_merged = False
        self._fixed = {
            place
            for key, names in (("sample", _SAMPLE), ("run", _RUN + _RUN_NAME), ("type", _TYPE))
            for place in self.all_of(key, names)
        }
        self._score = sum(1 for name in self._plain if name in _SAMPLE + _RUN + _MARKER) + sum(
            1 for name in self._plain if name.rstrip("0123456789") in _ALLELE
        )

    def all_of(self, key: str, names: Sequence[str]) -> list[int]:
        """The places of all columns of a kind: those that are declared, else those of the usual names."""
        asked = getattr(self._declared.columns, key)
        wanted = (plain(asked),) if asked is not None else names
        return [place for place, name in enumerate(self._plain) if name in wanted]

    def one_of(self, key: str, names: Sequence[str]) -> int | None:
        """The one column of a kind. The usual names are tried in their order."""
        places = self.all_of(key, names)
        for name in names if getattr(self._declared.columns, key) is None else ():
            if len(same := [place for place in places if self._plain[place] == name]) > 0:
                places = same
                break
        if len(places) > 1:
            found = f"two columns {quoted(self._texts[places[0]])}"
            raise _NotAHeaderError(self._score, found, f"one, or which it is in [columns] {key} of genemapper.toml")
        return places[0] if places else None

    def others(self, chosen: set[int | None]) -> list[str]:
        """The texts of further columns that name a sample, a run or a kind, and are not used."""
        return [self._texts[place] for place in sorted(self._fixed) if place not in chosen]

    # Long tables

    def long_blocks(self, markers: list[int]) -> tuple[tuple[MarkerColumns, ...], tuple[str, ...]]:
        """The columns of each marker of a row, and the columns that are not used."""
        if not markers:
            raise _NotAHeaderError(self._score, "no column Marker", _ANY_HEADER)
        blocks: list[MarkerColumns] = []
        unused: list[str] = []
        for marker, after in zip(markers, [*markers[1:], len(self._texts)], strict=True):
            start = 0 if marker == markers[0] else marker
            places = {"allele": dict[int, int](), "height": dict[int, int]()}
            lists = []
            for place in range(start, after):
                if place in self._fixed or place in markers:
                    continue
                kind, number = self._numbered(place)
                if kind is None:
                    unused += self._unused(place)
                elif number == 0 and kind == "allele":
                    lists.append(place)
                elif number in places[kind] or number == 0:
                    found = f"a second column {quoted(self._texts[place])}" if number else quoted(self._texts[place])
                    expected = "each column once, with its number"
                    if number == 0 and lists:
                        expected += (
                            ": Allele 1, Height 1, Allele 2 … in one row for each sample and marker, not a row a peak"
                        )
                    raise _NotAHeaderError(self._score, found, expected)
                else:
                    places[kind][number] = place
            blocks.append(self._block(marker, places, lists))
        return tuple(blocks), tuple(dict.fromkeys(unused))

    def _block(self, marker: int, places: dict[str, dict[int, int]], lists: list[int]) -> MarkerColumns:
        alleles, heights = (self._in_order(places[kind], kind) for kind in ("allele", "height"))
        if len(lists) == 1 and not alleles and not heights:
            return MarkerColumns(tuple(lists), marker=marker, is_list=True)
        if not alleles or lists:
            found = "no column Allele 1" if not alleles else "columns of alleles with and without a number"
            hint = "" if alleles else "; a table with a column for each sample is to be turned on its side"
            raise _NotAHeaderError(self._score, found, _ANY_HEADER + hint)
        if len(heights) > len(alleles):
            found = f"{len(heights)} columns of heights beside {len(alleles)} of alleles"
            raise _NotAHeaderError(self._score, found, "at most as many")
        return MarkerColumns(alleles, heights, marker)

    def _in_order(self, places: dict[int, int], kind: str) -> tuple[int, ...]:
        if sorted(places) != list(range(1, len(places) + 1)):
            found = f"the columns {', '.join(quoted(self._texts[place]) for place in places.values())}"
            raise _NotAHeaderError(self._score, found, f"{kind.title()} 1, {kind.title()} 2 and so on, without a gap")
        return tuple(places[number] for number in sorted(places))

    def _numbered(self, place: int) -> tuple[str | None, int]:
        """Which allele or height a column holds; 0 where it has no number, and None where it is neither."""
        for kind, names in (("allele", _ALLELE), ("height", _HEIGHT)):
            declared = getattr(self._declared.columns, kind)
            if declared is not None:
                before, _, after = (plain(part) for part in declared.partition("#"))
                if match := re.fullmatch(rf"{re.escape(before)}([0-9]{{1,2}}){re.escape(after)}", self._plain[place]):
                    return kind, int(match[1])
                continue
            if self._plain[place] in names or (kind == "allele" and self._plain[place] in ("alleles", "genotype")):
                return kind, 0
            numbered = _NUMBERED.fullmatch(self._plain[place])
            if numbered and numbered[1] in names:
                return kind, int(numbered[2])
        return None, 0

    def _unused(self, place: int) -> list[str]:
        """The text of a column that is passed over; not of one that may be misspelt, or that has no name."""
        text, name = self._texts[place], self._plain[place]
        if name in self._ignored or _BESIDE.fullmatch(name):
            return [text]
        bare = name.rstrip("0123456789")
        if not name or near(bare, ["allele", "height", "marker", "sample"]) or "алел" in name or "allel" in name:
            found = f"the column {quoted(text)}" if text else f"column {place + 1} without a name"
            expected = "Allele 1, Height 1 and so on, or the column named in ignore_columns of genemapper.toml"
            raise _NotAHeaderError(self._score, found, expected)
        return [text]

    # Wide tables

    def wide_blocks(self, spellings: MarkerSpellings) -> tuple[tuple[MarkerColumns, ...], tuple[str, ...]]:
        """The columns of each marker, and the columns that are not used."""
        places: dict[str, dict[str, list[tuple[int, int]]]] = {}
        unused: list[str] = []
        strangers: list[int] = []
        self._fill_merged(spellings)
        for place, text in enumerate(self._texts):
            if place in self._fixed:
                continue
            if self.is_merged and place == 0 and not text:
                unused.append("column 1")
                continue
            marker, kind, number = self._of_marker(text, spellings)
            if marker is not None:
                if kind in ("allele", "height"):
                    places.setdefault(marker, {}).setdefault(kind, []).append((number, place))
                else:
                    unused.append(text)
            elif self._plain[place] in self._ignored or _BESIDE.fullmatch(self._plain[place]):
                unused.append(text)
            else:
                strangers.append(place)
        score = self._score + len(places)
        if not places or len(strangers) > len(places):
            shown = ", ".join(quoted(text) for text in self._texts[:8])
            raise _NotAHeaderError(score, f"the columns {shown}{' …' if len(self._texts) > 8 else ''}", _ANY_HEADER)
        if strangers:
            text = self._texts[strangers[0]]
            found = f"the column {quoted(text)}" if text else f"column {strangers[0] + 1} without a name"
            expected = f"{spellings.expected(text)}, or the column named in ignore_columns of genemapper.toml"
            raise _NotAHeaderError(score, found, expected)
        return tuple(self._wide_block(marker, own, score) for marker, own in places.items()), tuple(unused)

    def _fill_merged(self, spellings: MarkerSpellings) -> None:
        """Give each column its marker where each name stands above the first of as many columns, as merged cells do."""
        named = [
            place
            for place, text in enumerate(self._texts)
            if text and place not in self._fixed and spellings.resolve(text) is not None
        ]
        if len(named) < 2 or len({self._texts[place] for place in named}) < len(named):
            return
        width = named[1] - named[0]
        is_even = all(after - before == width for before, after in itertools.pairwise(named))
        between = range(named[0], named[-1] + width)
        if width < 2 or not is_even or len(self._texts) > between.stop:
            return
        if any(self._texts[place] for place in between if place not in named and place < len(self._texts)):
            return
        self.is_merged = True
        for place in between:
            text = self._texts[place - (place - named[0]) % width]
            if place == len(self._texts):
                self._texts.append(text)
                self._plain.append(plain(text))
            self._texts[place], self._plain[place] = text, plain(text)

    def _of_marker(self, text: str, spellings: MarkerSpellings) -> tuple[str | None, str, int]:
        """The marker of a column (empty for one left out), whether of alleles or heights, and its number or 0."""
        if text and (marker := spellings.resolve(text)) is not None:
            whole: tuple[str | None, str, int] = (marker or text, "allele", 0)
        else:
            whole = (None, "", 0)
        match = re.fullmatch(r"(.*?)[\s_.-]+([0-9]{1,2})", text) or re.fullmatch(r"(.*[A-Za-z])([0-9])", text)
        base, number = (match[1], int(match[2])) if match else (text, 0)
        if match is None and whole[0] is None and (bracketed := _IN_BRACKETS.fullmatch(text)):
            base, number = bracketed[1], int(bracketed[2])
        if match is None and whole[0] is None and (lettered := _LETTERED.fullmatch(text)):
            base, number = lettered[1], "ab".index(lettered[2].casefold()) + 1
        part = _WIDE_PART.fullmatch(base)
        stem, word = (part[1], part[2].casefold()) if part else (base, "allele")
        kind = (
            "allele"
            if word in ("allele", "a")
            else "height"
            if word in ("height", "peak height", "rfu", "h")
            else "beside"
        )
        if (number or part) and (marker := spellings.resolve(stem)) is not None:
            return marker or stem, kind, number
        return whole

    def _wide_block(self, marker: str, own: dict[str, list[tuple[int, int]]], score: int) -> MarkerColumns:
        numbers = {kind: [number for number, _ in places] for kind, places in own.items()}
        for kind, found_numbers in numbers.items():
            if any(found_numbers) and not _are_in_order(found_numbers):
                shown = ", ".join(quoted(self._texts[place]) for _, place in own[kind])
                expected = f"{marker} 1, {marker} 2 and so on, in this order"
                raise _NotAHeaderError(score, f"the columns {shown}", expected)
        alleles = tuple(place for _, place in own.get("allele", ()))
        heights = tuple(place for _, place in own.get("height", ()))
        if len(heights) > len(alleles):
            found = f"{len(heights)} columns of heights beside {len(alleles)} of alleles of {marker}"
            raise _NotAHeaderError(score, found, "at most as many")
        is_list = len(alleles) == 1 and not heights
        return MarkerColumns(alleles, heights, name=marker, is_list=is_list)


def _are_in_order(numbers: Sequence[int]) -> bool:
    """Whether the columns of a marker are numbered from 1; the first may be without, as R and pandas write `TH01.1`.

    >>> [_are_in_order(numbers) for numbers in ([1, 2], [0, 1], [0, 2], [2, 1], [0, 0, 1])]
    [True, True, True, False, False]
    """
    further = list(numbers if numbers[0] else numbers[1:])
    starts = (1,) if numbers[0] else (1, 2)
    return any(further == list(range(start, start + len(further))) for start in starts)
