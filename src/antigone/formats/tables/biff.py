"""Sheets of Excel 97 to 2003 (`.xls`), looked through before calamine reads them.

Two cells far apart make calamine ask for hundreds of megabytes, and it gives the error of a formula as an empty cell.
The file is a compound file, whose streams lie in chains of sectors [MS-CFB], and its workbook a list of records
[MS-XLS].
"""

import struct
from collections.abc import Iterator

from antigone.formats.tables.sheet_look import FORMULA, FORMULA_ERROR, SheetLook

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_HEADER = 512
_ENTRY = 128
_LAST_SECTOR = 0xFFFF_FFF9  # Above it stand marks: end of a chain, free, part of the tables.
_BOF, _EOF, _FILEPASS, _BOUNDSHEET, _MERGED = 0x0809, 0x000A, 0x002F, 0x0085, 0x00E5
_FORMULA, _BOOLERR, _MULRK = 0x0006, 0x0205, 0x00BD
_VALUES = frozenset({0x0203, 0x0204, 0x027E, 0x00FD, 0x00D6, _FORMULA, _BOOLERR, _MULRK})


class XlsError(ValueError):
    """A file that is no workbook of Excel 97 to 2003, or one with a password."""


def look_at_sheets(data: bytes) -> dict[str, SheetLook]:
    """A look at each sheet, by name. Raises `XlsError`."""
    try:
        stream = _workbook_stream(data)
        return {name: _look(stream, offset) for name, offset in _sheets(stream)}
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise XlsError(f"a damaged file ({type(error).__name__})") from None


# The compound file


def _workbook_stream(data: bytes) -> bytes:
    sector_shift, mini_shift = struct.unpack_from("<HH", data, 30)
    if sector_shift not in (9, 12) or mini_shift != 6:
        raise XlsError("a compound file with sectors of unusual size")
    sectors = _Sectors(data, 1 << sector_shift)
    (directory_start,) = struct.unpack_from("<I", data, 48)
    cutoff, mini_start = struct.unpack_from("<II", data, 56)
    directory = sectors.chain(directory_start)
    entries = {name: (start, size) for name, start, size in _entries(directory)}
    if "EncryptedPackage" in entries:
        raise XlsError("a workbook with a password")
    found = entries.get("Workbook") or entries.get("Book")
    if found is None:
        raise XlsError("a compound file without a workbook")
    start, size = found
    if size >= cutoff:
        return sectors.chain(start)[:size]
    root, root_size = entries.get("Root Entry", (_LAST_SECTOR + 1, 0))
    mini = sectors.chain(root)[:root_size]
    table = [number for (number,) in struct.iter_unpack("<I", sectors.chain(mini_start))]
    return b"".join(mini[64 * at : 64 * at + 64] for at in _chain(table, start))[:size]


class _Sectors:
    """The sectors of a compound file, and the table that chains them."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data, self._size = data, size
        self._table = list(self._read_table())

    def chain(self, start: int) -> bytes:
        """The bytes of a stream."""
        return b"".join(self._sector(at) for at in _chain(self._table, start))

    def _sector(self, at: int) -> bytes:
        begin = (at + 1) * self._size
        if begin >= len(self._data):
            raise XlsError("a sector beyond the end of the file")
        return self._data[begin : begin + self._size]

    def _read_table(self) -> Iterator[int]:
        """The table lies in sectors that the header lists, and further lists that follow one another."""
        listed = list(struct.unpack_from("<109I", self._data, 76))
        (following,) = struct.unpack_from("<I", self._data, 68)
        seen: set[int] = set()
        while following <= _LAST_SECTOR:
            if following in seen:
                raise XlsError("a list of sectors that goes in a circle")
            seen.add(following)
            *more, following = (number for (number,) in struct.iter_unpack("<I", self._sector(following)))
            listed += more
        own = [at for at in listed if at <= _LAST_SECTOR]
        if len(set(own)) < len(own):
            raise XlsError("a sector that is listed twice")
        for at in own:
            sector = self._sector(at)
            yield from (number for (number,) in struct.iter_unpack("<I", sector[: len(sector) // 4 * 4]))


def _chain(table: list[int], start: int) -> Iterator[int]:
    at, taken = start, 0
    while at <= _LAST_SECTOR:
        taken += 1
        if taken > len(table):
            raise XlsError("a chain of sectors that goes in a circle")
        yield at
        at = table[at]


def _entries(directory: bytes) -> Iterator[tuple[str, int, int]]:
    for at in range(0, len(directory) - _ENTRY + 1, _ENTRY):
        entry = directory[at : at + _ENTRY]
        length, kind = struct.unpack_from("<HB", entry, 64)
        if kind and 2 <= length <= 64:
            start, size = struct.unpack_from("<II", entry, 116)
            yield entry[: length - 2].decode("utf-16-le"), start, size


# The records


def _records(stream: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Kind, place and length of each record, from a place to the end of the part that begins there."""
    depth = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        at += 4
        if at + length > len(stream):
            raise XlsError("a record that is cut short")
        depth += (kind == _BOF) - (kind == _EOF)
        yield kind, at, length
        if depth <= 0:
            return
        at += length
    raise XlsError("a part without end")


def _sheets(stream: bytes) -> Iterator[tuple[str, int]]:
    """Name and place of each sheet with cells."""
    seen: set[str] = set()
    for kind, at, length in _records(stream, 0):
        if kind == _FILEPASS:
            raise XlsError("a workbook with a password")
        if kind == _BOF and struct.unpack_from("<H", stream, at)[0] != 0x0600:
            raise XlsError("a workbook of an Excel before 97")
        if kind != _BOUNDSHEET or length < 8:
            continue
        offset, _, sheet_kind, letters, is_wide = struct.unpack_from("<IBBBB", stream, at)
        end = at + 8 + letters * (2 if is_wide & 1 else 1)
        if end > at + length:
            raise XlsError("the name of a sheet that is cut short")
        name = stream[at + 8 : end].decode("utf-16-le" if is_wide & 1 else "latin-1")
        if name in seen:
            raise XlsError("two sheets of one name")
        seen.add(name)
        if sheet_kind == 0:
            yield name, offset


def _look(stream: bytes, offset: int) -> SheetLook:
    look = SheetLook()
    for kind, at, length in _records(stream, offset):
        if kind == _MERGED and length >= 10:
            row, _, column, _ = struct.unpack_from("<4H", stream, at + 2)
            look.merged = look.merged or (row + 1, column + 1)
        if kind not in _VALUES:
            continue
        row, column = struct.unpack_from("<HH", stream, at)
        last = struct.unpack_from("<H", stream, at + length - 2)[0] if kind == _MULRK else column
        look.reach(row + 1, last + 1, max(1, last - column + 1))
        if kind == _FORMULA:
            look.refuse(row + 1, column + 1, FORMULA)
        elif kind == _BOOLERR and stream[at + 7]:
            look.refuse(row + 1, column + 1, FORMULA_ERROR)
    return look
