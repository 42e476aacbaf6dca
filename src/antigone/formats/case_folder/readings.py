"""From the cells of a laboratory's table to a reading: the one place where a notation gets its meaning."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from antigone.formats.case_folder.markers import AMELOGENIN, is_y
from antigone.formats.errors import quoted
from antigone.formats.tables import foreign_letters
from antigone.genetics.alleles import Allele, AlleleError, Named, OffLadder, Repeat, Silent, Unknown, parse_allele
from antigone.genetics.frequencies import FrequencyTable
from antigone.genetics.haplotypes import COPIES, in_order
from antigone.genetics.markers import canonical_name
from antigone.genetics.markers import marker as known_marker
from antigone.genetics.observation import Reading

_DECIMAL_COMMA = re.compile(r"[0-9]+,[0-9]")
_LONGEST_REPEAT = 99
_NO_RESULT = ("nr", "n/a", "na", "neg", "none", "no result", "-", "--", "inc", "0", "0.0", "x", "fail", "failed")
_SEX = {"x": Named("X"), "y": Named("Y")}


class CellError(ValueError):
    """A cell that is not an allele: which of the cells, what stood there, what would be right."""

    def __init__(self, cell: int, found: str, expected: str) -> None:
        self.cell, self.found, self.expected = cell, found, expected
        super().__init__(f"found {found}; expected {expected}")


@dataclass(frozen=True, slots=True)
class CellReading:
    """What the cells say. `reading` is None where nothing was read.

    `is_single` tells that one allele was written and nothing else that can be named: whether it is homozygous is then
    for its height to say, where heights are given.
    """

    reading: Reading | None
    is_single: bool = False
    is_off_ladder_only: bool = False


class CellReader:
    """Reads the alleles of one marker and row. Knows the frequency table, for what can be an allele there."""

    def __init__(self, table: FrequencyTable | None) -> None:
        markers = table.markers if table is not None else {}
        self._listed: Mapping[str, frozenset[Allele]] = {
            name: frozenset(entry.alleles) for name, entry in markers.items()
        }

    def is_listed(self, marker: str, allele: Allele) -> bool:
        """Whether the frequency table holds the allele; a marker that it does not hold is not asked about."""
        return marker not in self._listed or allele in self._listed[marker]

    def read(self, marker: str, cells: Sequence[str]) -> CellReading:
        """What the cells say: `12,14` typed, `12,12` homozygous, `12,` and `12,?` one seen, empty: no result.

        Raises `CellError`.
        """
        alleles = [self._allele(marker, place, text) for place, text in enumerate(cells) if text]
        if not alleles:
            return CellReading(None)
        _require_no_gap(cells)
        named = [allele for allele in alleles if isinstance(allele, Repeat | Named)]
        if not named:
            return CellReading(None, is_off_ladder_only=any(isinstance(allele, OffLadder) for allele in alleles))
        _require_sound(alleles, cells)
        if len(alleles) == 1:
            alleles.append(Unknown())
        off_ladder = any(isinstance(allele, OffLadder) for allele in alleles)
        return CellReading(Reading.of(*alleles), is_single=len(set(named)) == 1 and not off_ladder)

    def read_copies(self, marker: str, cells: Sequence[str]) -> tuple[Allele, ...] | None:
        """What the cells of a Y marker say: its copies, in order, as a haplotype keeps them; None for no result.

        A marker that lies there once shows one allele, however often it is written, or the two of a doubled one. At
        one that lies there twice `11,11` are both copies, and `11,` leaves one unseen. `silent` is an allele that the
        laboratory found not to show. Raises `CellError`.
        """
        alleles = [self._allele(marker, place, text) for place, text in enumerate(cells) if text]
        _require_no_gap(cells)
        named = [allele for allele in alleles if isinstance(allele, Repeat | Named | Silent)]
        if not named:
            return None
        copies = COPIES.get(marker, 1)
        if copies == 1:
            return in_order(dict.fromkeys(named))
        _require_sound(alleles, cells)
        return in_order([*alleles, *[Unknown()] * (copies - len(alleles))])

    def _allele(self, marker: str, place: int, text: str) -> Allele:
        if marker == AMELOGENIN:
            return self._sex(place, text)
        try:
            allele = parse_allele(text)
        except AlleleError as error:
            raise CellError(place, quoted(text) + foreign_letters(text), _hint(text) or str(error)) from None
        if allele in self._listed.get(marker, ()) and not isinstance(allele, Silent):
            return allele
        expected = _why_no_allele(marker, allele, text)
        if expected is not None:
            raise CellError(place, quoted(text) + foreign_letters(text), expected)
        return allele

    def _sex(self, place: int, text: str) -> Allele:
        if text in ("?", "OL"):
            return parse_allele(text)
        if text.casefold() not in _SEX:
            raise CellError(place, quoted(text) + foreign_letters(text), "X or Y, an empty cell or ?")
        return _SEX[text.casefold()]


def _require_no_gap(cells: Sequence[str]) -> None:
    if any(cells[place + 1] and not text for place, text in enumerate(cells[:-1])):
        place = next(place for place, text in enumerate(cells) if not text)
        raise CellError(place, "an empty cell before an allele", "the first allele in the first cell, without gaps")


def _require_sound(alleles: Sequence[Allele], cells: Sequence[str]) -> None:
    """Two named alleles or more stand alone, and three or more stand once each."""
    distinct = {allele for allele in alleles if isinstance(allele, Repeat | Named)}
    for place, allele in enumerate(alleles):
        if allele not in distinct and len(distinct) > 1:
            expected = "named alleles alone, or one named allele beside OL or ?"
            raise CellError(place, f"{quoted(cells[place])} beside two named alleles or more", expected)
        if len(alleles) > 2 and allele in distinct and allele in alleles[:place]:
            found = f"{quoted(cells[place])} a second time among three or more"
            raise CellError(place, found, "each allele once")


def _hint(text: str) -> str | None:
    if _DECIMAL_COMMA.fullmatch(text):
        return f"a decimal point: {text.replace(',', '.')}"
    if text.casefold() in _NO_RESULT:
        return "an allele, or empty cells where there is no result"
    if re.fullmatch(r"[0-9.]+\s*[/;|-]\s*[0-9.]+", text):
        return "one allele a cell"
    return None


def _why_no_allele(marker: str, allele: Allele, text: str) -> str | None:
    """What would be right instead of an allele that the table does not hold and that can hardly be one."""
    match allele:
        case Silent() if is_y(marker):
            return None
        case Silent():
            return "an allele that was seen; where a second one does not show, an empty cell or ?"
        case Named():
            if canonical_name(marker) is not None and known_marker(marker).repeat_length is None:
                return None
            return _hint(text) or "an allele such as 12 or 9.3, OL, >20 or ?"
        case Repeat(repeats, bases):
            if repeats == 0 and bases == 0:
                return "an allele, or empty cells where there is no result"
            if repeats > _LONGEST_REPEAT:
                return f"an allele of at most {_LONGEST_REPEAT} repeats (is a decimal point missing?)"
            unit = known_marker(marker).repeat_length if canonical_name(marker) is not None else None
            if unit is not None and bases >= unit:
                return f"an incomplete repeat of at most .{unit - 1}: one repeat of {marker} has {unit} bases"
    return None
