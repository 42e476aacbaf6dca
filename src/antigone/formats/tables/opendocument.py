"""OpenDocument sheets (`.ods`), looked through before calamine reads them.

A cell or a row says how often it is repeated, so that a few bytes can stand for a table without end; and the error of a
formula would be read as a text.
"""

from collections.abc import Callable
from typing import NoReturn
from xml.parsers import expat

from antigone.formats.tables.sheet_look import FORMULA, FORMULA_ERROR, SheetLook

MIMETYPE = b"application/vnd.oasis.opendocument.spreadsheet"
CONTENT = "content.xml"

# calamine knows elements and attributes by these prefixes, whatever namespace they stand for; what is measured here
# must be what it reads.
_TABLE, _OFFICE = "table:", "office:"
_MOST_REPEATS = 20_000_000
_MAX_DEPTH = 200


class OpenDocumentError(ValueError):
    """A part that is no sheet, or whose counts cannot be."""


class ContentReader:
    """Takes `content.xml` block by block; `sheets` then holds a look at each table, by name.

    Raises `OpenDocumentError`.
    """

    def __init__(self) -> None:
        self.sheets: dict[str, SheetLook] = {}
        self._look: SheetLook | None = None
        self._row = 0
        self._row_repeats = 1
        self._column = 0
        self._depth = 0
        self._parser = expat.ParserCreate()
        self._parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self._parser.StartDoctypeDeclHandler = _refuse_document_type
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def take(self, block: bytes, *, last: bool = False) -> None:
        """Some more of the bytes."""
        try:
            self._parser.Parse(block, last)
        except (expat.ExpatError, LookupError) as error:
            raise OpenDocumentError(f"no sound XML in {CONTENT} ({error})") from None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise OpenDocumentError(f"elements nested deeper than {_MAX_DEPTH}")
        begin: Callable[[dict[str, str]], None] | None = {
            f"{_TABLE}table": self._begin_table,
            f"{_TABLE}table-row": self._begin_row,
            f"{_TABLE}table-cell": self._cell,
            f"{_TABLE}covered-table-cell": self._cell,
        }.get(name)
        if begin is not None:
            begin(attributes)

    def _end(self, name: str) -> None:
        self._depth -= 1
        if name == f"{_TABLE}table":
            self._look = None
        elif name == f"{_TABLE}table-row":
            self._row += self._row_repeats

    def _begin_table(self, attributes: dict[str, str]) -> None:
        if self._look is not None:
            raise OpenDocumentError("a table within a table")
        name = attributes.get(f"{_TABLE}name", "")
        if name in self.sheets:
            raise OpenDocumentError("two sheets of one name")
        self._look = self.sheets[name] = SheetLook()
        self._row = 0

    def _begin_row(self, attributes: dict[str, str]) -> None:
        self._row_repeats = _repeats(attributes, "number-rows-repeated")
        self._column = 0

    def _cell(self, attributes: dict[str, str]) -> None:
        repeats = _repeats(attributes, "number-columns-repeated")
        first = self._column + 1
        self._column += repeats
        if self._look is None or self._row > _MOST_REPEATS or self._column > _MOST_REPEATS:
            if self._look is not None:
                raise OpenDocumentError("rows or columns beyond measure")
            return
        if _repeats(attributes, "number-columns-spanned") > 1 or _repeats(attributes, "number-rows-spanned") > 1:
            self._look.merged = self._look.merged or (self._row + 1, first)
        is_formula = f"{_TABLE}formula" in attributes
        if not is_formula and not any(name.startswith(_OFFICE) for name in attributes):
            return
        self._look.reach(self._row + self._row_repeats, self._column, repeats)
        if any(name.endswith(":value-type") and value == "error" for name, value in attributes.items()):
            self._look.refuse(self._row + 1, first, FORMULA_ERROR)
        elif is_formula:
            self._look.refuse(self._row + 1, first, FORMULA)


def _repeats(attributes: dict[str, str], name: str) -> int:
    text = attributes.get(f"{_TABLE}{name}", "1").strip()
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:10]) <= _MOST_REPEATS:
        raise OpenDocumentError(f"{name} that is no number of cells")
    return int(text)


def _refuse_document_type(*_: object) -> NoReturn:
    raise OpenDocumentError("a document type, and with it entities")
