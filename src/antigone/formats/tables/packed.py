"""Packed workbooks (`.xlsx`, `.ods`), unpacked and measured before calamine reads them.

Two cells far apart are enough to make calamine ask for hundreds of gigabytes, and it gives the error of a formula
(`#N/A`) as an empty cell, which would be read as no result. A few thousand bytes can unpack to gigabytes.
"""

import io
import re
import struct
import zipfile
import zlib
from typing import Any
from xml.etree import ElementTree as ET

from antigone.formats.errors import InputError
from antigone.formats.tables.opendocument import CONTENT, ContentReader, OpenDocumentError
from antigone.formats.tables.sheet_look import FORMULA, FORMULA_ERROR, SheetLook, too_vast

MAX_UNPACKED = 200_000_000
MAX_RATIO = 100
"""How many times its own size a workbook may be when unpacked, beyond `FREE_UNPACKED` bytes (SAFETY G14)."""
FREE_UNPACKED = 1_000_000
_MOST_REFUSED = 1_000
_BLOCK = 8_000_000

_PLACE = re.compile(rb"""\br\s*=\s*["']\s*([A-Za-z]{0,9})([0-9]{1,9})\s*["']""")
_ERROR = re.compile(rb"""<(?:\w+:)?c(?=[\s/>])(?=[^<>]*?\bt\s*=\s*["']e["'])[^<>]*?\br\s*=\s*["']([A-Za-z]+)([0-9]+)""")
_FORMULA = re.compile(rb"""<(?:\w+:)?c(?=[\s/>])[^<>]*?\br\s*=\s*["']([A-Za-z]+)([0-9]+)["'][^<>]*>\s*<(?:\w+:)?f\b""")
_WITHOUT_PLACE = re.compile(
    rb"""<(?:\w+:)?c(?=[\s/>])(?![^<>]*\br\s*=)"""
    # A place that Excel does not have: calamine computes with its letters all the same, and asks for that much memory.
    rb"""|<(?:\w+:)?c(?=[\s/>])[^<>]*?[\s:]r\s*=\s*["'](?!\s*[A-Za-z]{1,3}[0-9]{1,7}\s*["'])"""
    rb"""|<(?:\w+:)?row(?=[\s/>])[^<>]*?[\s:]r\s*=\s*["'](?!\s*[0-9]{1,7}\s*["'])"""
)
_FORBIDDEN = re.compile(
    rb"""\0|<!DOCTYPE|<!ENTITY|<\?xml[^>]*encoding\s*=\s*["'](?!utf-8["']|us-ascii["'])""", re.IGNORECASE
)
_NO_PLACE = "whose cells do not say where they stand (save it again in Excel)"
# What Python's unpacking says of damaged files, in its many voices.
_UNPACKING_ERRORS = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
)
_OTHER_KINDS = {"word/": "a document of Word, which holds no sheets", "ppt/": "slides, which hold no sheets"}
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def room_of(data: bytes) -> int:
    """How many bytes the parts of a packed file may have in all when unpacked."""
    return min(MAX_UNPACKED, max(FREE_UNPACKED, MAX_RATIO * len(data)))


def _too_large_unpacked(data: bytes, file: str) -> InputError:
    room = room_of(data)
    why = f", {MAX_RATIO} times its size" if room == MAX_RATIO * len(data) else ""
    found = f"more than {room} bytes when unpacked{why}"
    return InputError.at(file, None, None, found=found, expected="a smaller file, or CSV")


def not_excel(file: str, why: str) -> InputError:
    """The error of a file that is no workbook; `why` is what was found."""
    return InputError.at(
        file, None, None, found=why, expected="an Excel file (.xlsx, .xls, .ods) without a password, or CSV"
    )


def look_at_open_document(data: bytes, file: str) -> dict[str, SheetLook]:
    """Unpack an OpenDocument file, with the same limits, and look through its content."""
    reader = ContentReader()
    room, unpacked = room_of(data), 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [entry.filename for entry in archive.infolist()]
            if names.count(CONTENT) != 1 or any(name.startswith("xl/") for name in names):
                raise not_excel(file, f"a file without one {CONTENT}")
            for entry in archive.infolist():
                with archive.open(entry) as stream:
                    while block := stream.read(_BLOCK):
                        unpacked += len(block)
                        if unpacked > room:
                            raise _too_large_unpacked(data, file)
                        if entry.filename == CONTENT:
                            reader.take(block)
        reader.take(b"", last=True)
    except OpenDocumentError as error:
        raise not_excel(file, str(error)) from None
    except _UNPACKING_ERRORS as error:
        raise not_excel(file, f"a file that cannot be unpacked ({type(error).__name__})") from None
    return reader.sheets


class Part:
    """What is to be known of one part of the packed file before it is read: its size, and cells that are not values."""

    def __init__(self) -> None:
        self.rows = 0
        self.columns = 0
        self.written = 0
        self.has_cells_without_place = False
        self.refused: dict[int, dict[int, tuple[str, str]]] = {}
        self.merged: tuple[int, int] | None = None  # calamine tells of those
        self.data = b""  # of the two small parts that name the sheets
        self._count = 0

    def measure(self, block: bytes) -> None:
        """Look through some whole rows."""
        # A row may have a place and no cell: Excel and LibreOffice write such rows far below, and nobody reads them.
        places = [(letters, digits) for letters, digits in _PLACE.findall(block) if letters]
        self.written += len(places)
        for letters, digits in set(places):
            self.rows = max(self.rows, int(digits))
            self.columns = max(self.columns, _column_number(letters))
        if _WITHOUT_PLACE.search(block):
            self.has_cells_without_place = True
        for match in _ERROR.finditer(block):
            self._refuse(match, FORMULA_ERROR)
        for match in _FORMULA.finditer(block):
            self._refuse(match, FORMULA)

    def _refuse(self, match: re.Match[bytes], why: tuple[str, str]) -> None:
        if self._count < _MOST_REFUSED:
            self._count += 1
            row = self.refused.setdefault(int(match[2]), {})
            row.setdefault(_column_number(match[1]), why)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - 64
    return number


class _TooLargeError(Exception):
    """More was unpacked than there is room for."""


def measured(data: bytes, file: str) -> dict[str, Part]:
    """Unpack every part and look through it, block by block."""
    parts: dict[str, Part] = {}
    room = room_of(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                if entry.filename in parts:
                    raise not_excel(file, "two parts of one name")
                if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise not_excel(file, "a part that is packed in an unusual way")
                parts[entry.filename] = part = Part()
                with archive.open(entry) as stream:
                    room = _measure_part(part, entry.filename, stream, room, file)
    except _TooLargeError:
        raise _too_large_unpacked(data, file) from None
    except _UNPACKING_ERRORS as error:
        raise not_excel(file, f"a file that cannot be unpacked ({type(error).__name__})") from None
    return parts


def _measure_part(part: Part, name: str, stream: Any, room: int, file: str) -> int:
    """Look through a part; how much room is left for the others."""
    rest = b""
    while block := stream.read(_BLOCK):
        room -= len(block)
        if room < 0:
            raise _TooLargeError
        rest += block
        if name.endswith((".xml", ".rels")) and _FORBIDDEN.search(rest, max(0, len(rest) - len(block) - 200)):
            raise not_excel(file, f"a part {name} with entities, or not in UTF-8")
        end = rest.rfind(b"row>") + len(b"row>")
        if end > len(b"row>"):
            part.measure(rest[:end])
            rest = rest[end:]
    part.measure(rest)
    _refuse_vast_sheets(part, name, file)
    if name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
        part.data = rest
    return room


def _refuse_vast_sheets(part: Part, name: str, file: str) -> None:
    # How much of it is written counts only where it is a sheet, which is not known yet.
    _refuse_vast(too_vast(part.rows, part.columns, part.rows * part.columns), file)
    if part.has_cells_without_place and name.startswith("xl/worksheets/"):
        raise not_excel(file, f"a sheet {name} {_NO_PLACE}")


def parts_by_sheet(parts: dict[str, Part], file: str) -> dict[str, Part]:
    """Which part holds which sheet."""
    if CONTENT in parts or "xl/workbook.bin" in parts:
        raise not_excel(file, "a file that is two kinds of workbook, or a binary one (.xlsb)")
    try:
        names = _xml(parts["xl/workbook.xml"].data)
        relations = _xml(parts["xl/_rels/workbook.xml.rels"].data)
        targets = {relation.get("Id"): _part_name(relation.get("Target", "")) for relation in relations}
        sheets = [element for element in names.iter() if element.tag.endswith("}sheet")]
        found = {sheet.get("name", ""): parts[targets[sheet.get(_RELATION)]] for sheet in sheets}
    except (KeyError, ET.ParseError) as error:
        other = next(
            (words for start, words in _OTHER_KINDS.items() if any(part.startswith(start) for part in parts)), ""
        )
        if other or "xl/workbook.xml" not in parts:
            raise not_excel(file, other or "a packed file (.zip) without a workbook") from None
        raise not_excel(file, f"a file whose sheets cannot be found ({type(error).__name__})") from None
    # A sheet may lie in a part of whatever name.
    for name, part in found.items():
        if part.has_cells_without_place:
            raise not_excel(file, f"a sheet {name} {_NO_PLACE}")
        _refuse_vast(too_vast(part.rows, part.columns, part.written), f"{file}, sheet {name}")
    return found


def _refuse_vast(why: tuple[str, str] | None, where: str) -> None:
    if why is not None:
        found, expected = why
        raise InputError.at(where, None, None, found=found, expected=expected)


def _part_name(target: str) -> str:
    return target[1:] if target.startswith("/") else f"xl/{target}"


def _xml(data: bytes) -> ET.Element:
    return ET.fromstring(data)  # noqa: S314 - document types, and with them entities, were refused before
