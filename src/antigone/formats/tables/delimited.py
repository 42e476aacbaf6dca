"""CSV files, read line by line: every cell has a line and a column, and nothing is repaired in silence.

Comma, UTF-8, one row a line. A cell with a line break in it is not read: so a quotation mark that was never closed is
found on its own line and swallows nothing.
"""

import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from antigone.formats.errors import InputError
from antigone.formats.tables.problems import Problems
from antigone.formats.tables.table import MAX_FIELD, MAX_ROWS, Table, unescaped
from antigone.formats.tables.whole_columns import FIRST_LINE, CodedCells, coded_cells, plain_rows

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_BYTES = 512_000_000
_MAX_LINE = 1_000_000
_BUFFER = 1 << 20
_MAX_AT_ONCE = 48_000_000
# Line ends and tabs are text; the other control characters are not.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CONTROL_BYTES = bytes(byte for byte in range(256) if _CONTROL.match(chr(byte)))
_OTHER_BYTES = bytes(byte for byte in range(256) if byte not in _CONTROL_BYTES)
_CELL = re.compile(r'\s*"([^"]*(?:""[^"]*)*)"\s*(?:(,)|$)|([^",]*)(?:(,)|$)')


class CsvTable(Table):
    """A CSV file. `digest`, the SHA-256 of its bytes, is known once all rows were taken."""

    def __init__(self, bytes_read: "_Watched", stream: io.TextIOWrapper, file: str, problems: Problems) -> None:
        super().__init__(file, (), problems)
        self._bytes = bytes_read
        self._stream = stream
        self._line = 0

    @property
    def digest(self) -> str:
        """SHA-256 of all bytes read so far."""
        return self._bytes.sha256.hexdigest()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def read_header(self) -> bool:
        """Take the first line. False, with problems noted, where it is no header."""
        before = len(self.problems)
        text = next(self._lines(), None)
        if text is None:
            if len(self.problems) == before:
                self.problems.add(self.file, 1, None, found="an empty file", expected="a header")
            return False
        cells = self._cells(text)
        if cells is None:
            return False
        if not any(cells):
            self.problems.add(self.file, 1, None, found="an empty line", expected="a header")
            return False
        self.header = tuple(cells)
        return self._is_comma_separated(text)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row with its line. A plain file of some megabytes is taken at once, any other line by line."""
        data = self._all_bytes(_MAX_AT_ONCE)
        found = None if data is None else plain_rows(data, len(self.header))
        if data is None or found is None:
            yield from self._walked()
            return
        self._digest_all(data)
        yield from enumerate(map(list, found), FIRST_LINE)

    def _walked(self) -> Iterator[tuple[int, list[str]]]:
        """Each row with its line, in any file."""
        width = len(self.header)
        taken = 0
        for text in self._lines():
            cells = self._cells(text)
            if cells is None:
                self.has_gaps = True
                continue
            if not any(cells):
                continue
            if len(cells) != width:
                self._complain_of_width(cells, width)
                self.has_gaps = True
                continue
            taken += 1
            if taken > MAX_ROWS:
                self._complain(None, found=f"more than {MAX_ROWS} rows", expected="at most that many")
                self.has_gaps = True
                return
            yield self._line, cells

    def coded(self, groups: Sequence[Sequence[int]]) -> list[CodedCells] | None:
        """See `whole_columns.coded_cells`; None, nothing being taken, where the file is not plain."""
        data = self._all_bytes(MAX_BYTES)
        found = None if data is None else coded_cells(data, len(self.header), groups)
        if data is not None and found is not None:
            self._digest_all(data)
        return found

    def _all_bytes(self, most: int) -> bytes | None:
        """The whole file, where it is not too large and can be read once more."""
        path = self._bytes.path
        try:
            return path.read_bytes() if path.is_file() and path.stat().st_size <= most else None
        except OSError:
            return None

    def _digest_all(self, data: bytes) -> None:
        """Take all of the file into the digest, and complain where it is another one than these bytes."""
        while self._stream.buffer.read(_BUFFER):
            pass
        if self._bytes.sha256.digest() != hashlib.sha256(data).digest():
            expected = "a file that nobody writes to"
            self.problems.add(self.file, None, None, found="a file that changed while it was read", expected=expected)

    def _lines(self) -> Iterator[str]:
        """The lines without their ends; stops, with a problem noted, where the rest cannot be read."""
        before = len(self.problems)
        yield from self._sound_lines()
        self.has_gaps = self.has_gaps or len(self.problems) > before

    def _sound_lines(self) -> Iterator[str]:
        try:
            for line in iter(partial(self._stream.readline, _MAX_LINE + 1), ""):
                self._line += 1
                if len(line) > _MAX_LINE:
                    self._complain(None, found=f"more than {_MAX_LINE} characters", expected="a line end before that")
                    return
                if self._bytes.has_control_characters and (control := _CONTROL.search(line)):
                    found = f"the control character {ord(control[0]):#04x}"
                    self._complain(self._column(line[: control.start()].count(",")), found=found, expected="text")
                    return
                yield line.rstrip("\r\n")
        except UnicodeDecodeError:
            self._complain_of_encoding()
        except InputError as error:
            self.problems.take(error)

    def _cells(self, text: str) -> list[str] | None:
        cells = self._quoted_cells(text) if '"' in text else text.split(",")
        if cells is None:
            return None
        cells = [cell.strip() for cell in cells]
        if "'" in text:
            cells = [unescaped(cell) for cell in cells]
        if len(text) > MAX_FIELD and any(len(cell) > MAX_FIELD for cell in cells):
            self._complain(None, found="a cell of more than 1000 characters", expected="at most 1000")
            return None
        return cells

    def _quoted_cells(self, text: str) -> list[str] | None:
        cells: list[str] = []
        at = 0
        while True:
            match = _CELL.match(text, at)
            if match is None:
                expected = "around the whole cell and closed on this line (doubled within a cell)"
                self._complain(self._column(len(cells)), found="a quotation mark that does not pair", expected=expected)
                return None
            cells.append(match[3] if match[1] is None else match[1].replace('""', '"'))
            if match[2] is None and match[4] is None:
                return cells
            at = match.end()

    def _is_comma_separated(self, text: str) -> bool:
        for separator, name in ((";", "semicolons"), ("\t", "tabs")):
            if len(self.header) == 1 and separator in text:
                expected = "commas (in Excel: save as ‘CSV UTF-8 (comma delimited)’, or hand in the .xlsx itself)"
                self._complain(None, found=f"{name} between the columns", expected=expected)
                return False
        return True

    def _complain_of_width(self, cells: list[str], width: int) -> None:
        expected = f"{width}, as the header has"
        if len(cells) > width and any(cell.isdigit() for cell in cells):
            expected += " (a decimal comma makes one more: write 9.3)"
        self._complain(None, found=f"{len(cells)} cells", expected=expected)

    def _complain_of_encoding(self) -> None:
        """Find the first byte that is not UTF-8: the decoder only knows its place within some block."""
        expected = "UTF-8 (in Excel: save as ‘CSV UTF-8’)"
        with self._bytes.path.open("rb") as file:
            for number, line in enumerate(iter(partial(file.readline, 4 * _MAX_LINE), b""), 1):
                try:
                    line.decode("utf-8")
                except UnicodeDecodeError as error:
                    self._line = number
                    column = self._column(line[: error.start].count(b","))
                    self._complain(column, found=f"the byte {line[error.start]:#04x}", expected=expected)
                    return
        self._complain(None, found="bytes that are not UTF-8", expected=expected)

    def _column(self, place: int) -> str | int:
        """The name of a column, or its number where it has none."""
        return self.header[place] if place < len(self.header) and self.header[place] else place + 1

    def _complain(self, column: str | int | None, *, found: str, expected: str) -> None:
        self.problems.add(self.file, self._line, column, found=found, expected=expected)


class _Watched(io.RawIOBase):
    """A file that is hashed, measured and searched for control characters as it is read."""

    def __init__(self, path: Path, file: str) -> None:
        super().__init__()
        self.path = path
        self.file = file
        self.sha256 = hashlib.sha256()
        self.has_control_characters = False
        self._size = 0
        self._raw = path.open("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)
        count = self._raw.readinto(view) or 0
        block = view[:count].tobytes()
        self.sha256.update(block)
        self._size += count
        if self._size > MAX_BYTES:
            raise InputError.at(self.file, None, None, found=f"more than {MAX_BYTES} bytes", expected="a smaller file")
        if block.translate(None, _OTHER_BYTES):
            self.has_control_characters = True
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


def open_csv(path: Path, file: str, problems: Problems) -> CsvTable | None:
    """Open a CSV file and read its header. None, with problems noted, where that is not possible.

    `file` is the name that errors use.
    """
    try:
        watched = _Watched(path, file)
    except OSError as error:
        found = error.strerror or type(error).__name__
        problems.add(file, None, None, found=found, expected="a readable file")
        return None
    buffered = io.BufferedReader(watched, _BUFFER)
    if buffered.peek(2)[:2] in (b"\xff\xfe", b"\xfe\xff"):
        problems.add(file, 1, 1, found="the mark of UTF-16", expected="UTF-8 (in Excel: save as ‘CSV UTF-8’)")
        buffered.close()
        return None
    table = CsvTable(watched, io.TextIOWrapper(buffered, encoding="utf-8-sig", newline=""), file, problems)
    if table.read_header():
        return table
    table.close()
    return None
