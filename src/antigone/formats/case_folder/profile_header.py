"""The header of `profiles.csv`: which form a table has, and where the cells of each marker stand."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from antigone.formats.case_folder.markers import MarkerNames
from antigone.formats.errors import quoted
from antigone.formats.tables import Column, Problems, Table, TableFormat, complain_of_column, plain_name

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
_SEPARATORS = " _.-"


@dataclass(frozen=True)
class Layout:
    """Where the cells of a row stand: long if `marker` is given, else `markers` name the cells of each marker."""

    sample: int
    replicate: int | None
    marker: int | None = None
    alleles: tuple[int, ...] = ()
    heights: tuple[int, ...] = ()
    markers: tuple[tuple[str, tuple[int, ...]], ...] = ()


def layout_of(table: Table, names: MarkerNames, problems: Problems) -> Layout | None:
    """Long if there is a column `marker`, wide if there is none; the contents are never asked.

    None, with problems noted, where the header is not sound.
    """
    return _HeaderReader(table, names, problems).read()


class _HeaderReader:
    def __init__(self, table: Table, names: MarkerNames, problems: Problems) -> None:
        self._table = table
        self._names = names
        self._problems = problems

    def read(self) -> Layout | None:
        names = [plain_name(text) for text in self._table.header]
        before = len(self._problems)
        layout = self._long_layout(names) if "marker" in names else self._wide_layout(names)
        return layout if len(self._problems) == before else None

    def _long_layout(self, names: Sequence[str]) -> Layout:
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
        return Layout(places.get("sample", 0), places.get("replicate"), places.get("marker", 0), alleles, heights)

    def _numbered(self, places: Mapping[str, int], kind: str) -> tuple[int, ...]:
        numbers = sorted(int(match[2]) for name in places if (match := _NUMBERED.fullmatch(name)) and match[1] == kind)
        if numbers != list(range(1, len(numbers) + 1)):
            found = f"the columns {', '.join(f'{kind}{number}' for number in numbers)}"
            self._complain(1, None, found=found, expected=f"{kind}1, {kind}2 and so on, without a gap")
        return tuple(places[f"{kind}{number}"] for number in numbers)

    def _wide_layout(self, names: Sequence[str]) -> Layout | None:
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
        return Layout(names.index("sample"), replicate, markers=markers)

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

    def _complain(self, line: int, column: str | int | None, *, found: str, expected: str) -> None:
        self._problems.add(self._table.file, line, column, found=found, expected=expected)


def _without_number(text: str) -> tuple[str, int]:
    """`TH01_1`, `TH01 1` or `TH01 Allele 1`: the name and the number; the whole text and 0 where there is none."""
    if not text or text[-1] not in "123456789":
        return text, 0
    stem = text[:-1]
    base = stem.rstrip(_SEPARATORS)
    if base.casefold().endswith("allele") and base[:-6] != base[:-6].rstrip(_SEPARATORS):
        return base[:-6].rstrip(_SEPARATORS), int(text[-1])
    return (base, int(text[-1])) if base != stem else (text, 0)
