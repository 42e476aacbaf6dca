"""Workbooks of three kinds with the same cells, made by hand where no library of ours writes them."""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import quoteattr

import xlsxwriter

_OF_THE_TABLE, _END, _FREE = 0xFFFF_FFFD, 0xFFFF_FFFE, 0xFFFF_FFFF

Cell = str | float
Sheets = Mapping[str, Sequence[Sequence[Cell]]]

_NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)
_MANIFEST = 'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'
_CALC = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'


def xlsx(sheets: Sheets) -> bytes:
    """A workbook of Excel 2007."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, str):
                        sheet.write_string(at, column, cell) if cell else None
                    else:
                        sheet.write_number(at, column, cell)
    return stream.getvalue()


def ods(sheets: Sheets) -> bytes:
    """An OpenDocument workbook."""
    return ods_of("".join(_ods_sheet(name, rows) for name, rows in sheets.items()))


def ods_of(tables: str, *, prolog: str = "") -> bytes:
    """An OpenDocument workbook of the XML of its tables."""
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>{prolog}<office:document-content {_NAMES} {_CALC}><office:body>'
        f"<office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", f"<manifest:manifest {_MANIFEST}/>")
        archive.writestr("content.xml", content)
    return stream.getvalue()


def _ods_sheet(name: str, rows: Sequence[Sequence[Cell]]) -> str:
    made = "".join(f"<table:table-row>{''.join(ods_cell(cell) for cell in row)}</table:table-row>" for row in rows)
    return f"<table:table table:name={quoteattr(name)}>{made}</table:table>"


def ods_cell(cell: Cell, more: str = "") -> str:
    """The XML of one cell; `more` are further attributes."""
    if cell == "":
        return f"<table:table-cell {more}/>"
    if isinstance(cell, str):
        return f'<table:table-cell office:value-type="string" {more}><text:p>{cell}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="float" office:value="{cell!r}" {more}/>'


def xls(sheets: Sheets) -> bytes:
    """A workbook of Excel 97."""
    return compound_file(biff({name: _xls_cells(rows) for name, rows in sheets.items()}))


def record(kind: int, data: bytes) -> bytes:
    """One record of such a workbook."""
    return struct.pack("<HH", kind, len(data)) + data


def _xls_cells(rows: Sequence[Sequence[Cell]]) -> list[bytes]:
    return [xls_cell(at, column, cell) for at, row in enumerate(rows) for column, cell in enumerate(row) if cell != ""]


def xls_cell(row: int, column: int, cell: Cell) -> bytes:
    """The record of one cell."""
    place = struct.pack("<HHH", row, column, 15)
    if isinstance(cell, str):
        text = cell.encode("utf-16-le")
        return record(0x0204, place + struct.pack("<HB", len(text) // 2, 1) + text)
    return record(0x0203, place + struct.pack("<d", cell))


def biff(sheets: Mapping[str, Sequence[bytes]]) -> bytes:
    """The stream of a workbook, of the records of the cells of its sheets."""
    begin = struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)
    names = [struct.pack("<BB", len(name), 1) + name.encode("utf-16-le") for name in sheets]
    head = record(0x0809, begin) + record(0x0042, struct.pack("<H", 1200))
    formats = b"".join(record(0x00E0, struct.pack("<HHH", 0, 0, 0) + bytes(14)) for _ in range(16))
    size = len(head) + len(formats) + sum(4 + 6 + len(name) for name in names) + 4
    globals_, parts = head + formats, b""
    for name, cells in zip(names, sheets.values(), strict=True):
        globals_ += record(0x0085, struct.pack("<IBB", size + len(parts), 0, 0) + name)
        parts += record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
        parts += b"".join(cells) + record(0x000A, b"")
    return globals_ + record(0x000A, b"") + parts


def compound_file(stream: bytes, name: str = "Workbook") -> bytes:
    """A compound file with one stream, long enough to lie in sectors of its own."""
    stream = stream.ljust(4096, b"\0")
    count = -(-len(stream) // 512)
    tables = -(-(count + 1) // 127)
    # The sectors: those of the table, the directory, then the stream.
    table = [_OF_THE_TABLE] * tables + [_END]
    table += [tables + 2 + place for place in range(count - 1)] + [_END]
    table += [_FREE] * (128 * tables - len(table))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<9I", 0, tables, tables, 0, 4096, _END, 0, _END, 0)
    header += struct.pack(f"<{tables}I", *range(tables))
    entries = _entry("Root Entry", 5, _END, 0, child=1) + _entry(name, 2, tables + 1, len(stream))
    body = struct.pack(f"<{len(table)}I", *table) + entries.ljust(512, b"\0") + stream.ljust(512 * count, b"\0")
    return header.ljust(512, b"\xff") + body


def _entry(name: str, kind: int, start: int, size: int, *, child: int = 0xFFFF_FFFF) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    made = text.ljust(64, b"\0") + struct.pack("<HBB", len(text), kind, 1)
    made += struct.pack("<III", 0xFFFF_FFFF, 0xFFFF_FFFF, child) + bytes(36) + struct.pack("<IQ", start, size)
    return made
