"""From cells to calls and heights: decimal signs, words for no result, several alleles in one cell."""

import re
from collections.abc import Callable, Sequence

from antigone.formats.case_folder.readings import CellError
from antigone.formats.errors import quoted
from antigone.formats.genemapper.declared import GenemapperToml
from antigone.formats.laboratory import Call, call_of, inheritance_of
from antigone.formats.tables import as_number
from antigone.genetics.markers import Inheritance

_WITH_COMMA = re.compile(r"([<>]?\s*[0-9]+),([0-9]+)")
_WITH_POINT = re.compile(r"[<>]?\s*[0-9]+\.[0-9]+")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}([.,][0-9]{3})+")
_SIGNS = {",": "a decimal comma", ".": "a decimal point"}
_WORDS = frozenset(("nr", "neg", "none", "no result", "-", "--", "inc", "fail", "failed", "0", "-9", "-1", "*", "**"))
# What R, pandas and databases write for a cell without a value; never an allele.
_ABSENT = frozenset(("na", "n/a", "nan", "null", "<na>"))

_NO_HEIGHT = -1.0

Complain = Callable[[int, str, str], None]
"""Notes a problem with the cell of that place: what was found, and what would be right."""


class CellsReader:
    """Reads the cells of calls. Each distinct text is understood once; `decimal` is the sign that was seen."""

    def __init__(self, declared: GenemapperToml) -> None:
        self._declared = declared
        self._no_result = {word.casefold() for word in declared.no_result}
        self.decimal: str | None = declared.decimal
        self.list_sign: str | None = None
        """The sign that was seen between the alleles of one cell."""
        self.suffixes_dropped = 0
        self.absent: dict[str, None] = {}
        """Words for an empty cell that were seen."""
        self._first_with_decimal = ""
        self.known_heights: dict[str, float | None] = {"": None}
        """Heights by the texts that were read before."""

    def call(self, marker: str, cells: Sequence[str], complain: Complain, *, is_list: bool) -> Call | None:
        """What the cells say. None, with the problem told, where they are not sound."""
        if is_list and self._may_be_list_or_decimal(cells[0]):
            expected = (
                'in genemapper.toml alleles_in_cell = "," if these are two alleles, decimal = "," if it is one allele'
            )
            complain(0, quoted(cells[0].strip()), expected)
            return None
        texts = list(self._listed(cells[0])) if is_list else list(cells)
        places = [0] * len(texts) if is_list else list(range(len(texts)))
        alleles = []
        for place, text in zip(places, texts, strict=True):
            allele = self._allele(text.strip(), marker, place, complain)
            if allele is None:
                return None
            alleles.append(allele)
        try:
            return call_of(marker, tuple(alleles) or ("",))
        except CellError as error:
            place = places[error.cell] if error.cell < len(places) else 0
            as_written = texts[error.cell].strip() if error.cell < len(texts) else ""
            is_pointed = "," in as_written and error.found == quoted(as_written.replace(",", "."))
            complain(place, quoted(as_written) if is_pointed else error.found, self._advice(alleles, error))
            return None

    def _may_be_list_or_decimal(self, cell: str) -> bool:
        """Whether the one cell of a marker holds `11,3`: two alleles, or one with a decimal comma."""
        declared = self._declared
        is_said = declared.alleles_in_cell is not None or declared.decimal is not None
        return not is_said and _WITH_COMMA.fullmatch(cell.strip()) is not None

    def _listed(self, cell: str) -> Sequence[str]:
        sign = self._declared.alleles_in_cell or "/"
        text = cell.strip()
        if sign not in text:
            return [text]
        self.list_sign = sign
        return [part.strip() for part in text.split(sign) if part.strip() or sign != " "]

    def _allele(self, text: str, marker: str, place: int, complain: Complain) -> str | None:
        if not text or text.casefold() in self._no_result:
            return ""
        if text.casefold() in _ABSENT:
            self.absent[text] = None
            return ""
        for suffix in self._declared.allele_suffixes:
            if text.endswith(suffix) and len(text) > len(suffix):
                text = text.removesuffix(suffix).rstrip()
                self.suffixes_dropped += 1
        if match := _WITH_COMMA.fullmatch(text):
            return f"{match[1]}.{match[2]}" if self._is_decimal(",", text, place, complain) else None
        if _WITH_POINT.fullmatch(text):
            return text if self._is_decimal(".", text, place, complain) else None
        is_sex = inheritance_of(marker) is Inheritance.SEX
        return text.upper() if text.casefold() == "ol" or is_sex else text

    def _is_decimal(self, sign: str, text: str, place: int, complain: Complain) -> bool:
        """Whether this is the decimal sign of the file: the first one seen is, and another one is a problem."""
        if self.decimal is None:
            self.decimal, self._first_with_decimal = sign, text
        if self.decimal == sign:
            return True
        first = self._first_with_decimal
        why = f"as in {quoted(first)} above" if first else "as genemapper.toml says"
        complain(place, quoted(text), f"{_SIGNS[self.decimal]}, {why}: one sign in the whole file")
        return False

    def _advice(self, alleles: Sequence[str], error: CellError) -> str:
        """What would be right, and what to write where the laboratory means something by what it wrote."""
        text = alleles[error.cell] if error.cell < len(alleles) else ""
        if text.casefold() in _WORDS:
            return f'{error.expected}; if it means no result, no_result = ["{text}"] in genemapper.toml'
        if re.fullmatch(r"[0-9.XY]+(\s*[/;,|-]\s*[0-9.XY]+|\s+[0-9.XY]+)+", text):
            sign = re.sub(r"[0-9.XY]", "", text).strip()[:1] or " "
            declare = f'alleles_in_cell = "{sign}" in genemapper.toml'
            return f"one allele a cell, or, in a table of one column a marker, {declare}"
        if re.fullmatch(r"[XY]{2}", text):
            return f"{text[0]} in one cell and {text[1]} in the next"
        if match := re.match(r"(?:[0-9]{1,2}(?:\.[0-9])?|[XY])(?=[^0-9.])", text):
            ending = text[match.end() :]
            declare = f'allele_suffixes = ["{ending}"] in genemapper.toml'
            return f"{error.expected}; if ‘{ending}’ says nothing of it, {declare}"
        return error.expected

    def heights(self, texts: Sequence[str], complain: Complain) -> list[float | None] | None:
        """The heights of some cells. None, with the problem told, where one is none."""
        heights: list[float | None] = []
        for place, text in enumerate(texts):
            if text not in self.known_heights:
                height = self._height(text.strip(), place, complain)
                if height == _NO_HEIGHT:
                    return None
                self.known_heights[text] = height
            heights.append(self.known_heights[text])
        return heights

    def _height(self, text: str, place: int, complain: Complain) -> float | None:
        """A height in the file's unit; −1, with the problem told, where it is none."""
        if not text or text.casefold() in _ABSENT:
            return None
        if _THOUSANDS.fullmatch(text) and self._declared.decimal is None:
            expected = (
                "a height without a sign between thousands; or, if it is a decimal sign, "
                f'decimal = "{"," if "," in text else "."}" in genemapper.toml'
            )
            complain(place, quoted(text), expected)
            return _NO_HEIGHT
        sign = "," if "," in text else "." if "." in text else None
        if sign is not None and as_number(text.replace(",", ".", 1)) is not None:
            if not self._is_decimal(sign, text, place, complain):
                return _NO_HEIGHT
            text = text.replace(",", ".", 1)
        height = as_number(text)
        if height is None or not 0 <= height < 1e9:
            complain(place, quoted(text), "a height: a number from 0")
            return _NO_HEIGHT
        return height
