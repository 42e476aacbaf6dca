"""Excel files (`.xlsx`, `.xls`) and OpenDocument sheets (`.ods`): the same tables, with the place of every cell.

calamine reads the values, after the file was measured (`packed`, `biff`, `opendocument`). Which of the three a file is,
its bytes say and not its name.
"""

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar

from python_calamine import CalamineError, CalamineWorkbook

from antigone.formats.errors import InputError
from antigone.formats.plain_text import read_bytes
from antigone.formats.tables.biff import MAGIC, XlsError, look_at_sheets
from antigone.formats.tables.opendocument import MIMETYPE
from antigone.formats.tables.packed import look_at_open_document, measured, not_excel, parts_by_sheet
from antigone.formats.tables.problems import Problems
from antigone.formats.tables.sheet_look import SheetLook
from antigone.formats.tables.table import MAX_FIELD, MAX_ROWS, Table, unescaped
from antigone.formats.tables.trial import what_is_wrong

MAX_BYTES = 100_000_000
SUFFIXES = (".xlsx", ".xls", ".ods")

T = TypeVar("T")


class _Look(Protocol):
    """What was seen of a sheet before its values are read."""

    refused: dict[int, dict[int, tuple[str, str]]]
    merged: tuple[int, int] | None


class Workbook:
    """A workbook whose size is checked. `digest` is the SHA-256 of its bytes."""

    def __init__(self, workbook: CalamineWorkbook, looks: Mapping[str, _Look], digest: str, file: str) -> None:
        self._workbook = workbook
        self._looks = looks
        self.digest = digest
        self.file = file
        self.sheet_names: tuple[str, ...] = tuple(workbook.sheet_names)

    def table(self, sheet: str, problems: Problems) -> "ExcelTable | None":
        """One sheet; None, with a problem noted, where it has no header."""
        table = self._opened(sheet, problems, merged_is_wrong=True)
        return table if table is not None and table.read_header() else None

    def grid(self, sheet: str, problems: Problems) -> list[tuple[int, list[str]]]:
        """Every row of a sheet that has no header of its own, with its line; of merged cells the first has the text."""
        table = self._opened(sheet, problems, merged_is_wrong=False)
        return [] if table is None else list(table.all_rows())

    def has_rows(self, sheet: str) -> bool:
        """Whether a sheet has anything below its first row. True for one that cannot be read: reading it says why."""
        problems = Problems()
        table = self._opened(sheet, problems, merged_is_wrong=False)
        return table is None or any(line > 1 for line, _ in table.all_rows()) or len(problems) > 0

    def _opened(self, sheet: str, problems: Problems, *, merged_is_wrong: bool) -> "ExcelTable | None":
        file = f"{self.file}, sheet {sheet}"
        try:
            found = _without_panic(lambda: self._workbook.get_sheet_by_name(sheet))
        except CalamineError as error:
            problems.add(file, None, None, found=f"a sheet that cannot be read ({error})", expected="an Excel sheet")
            return None
        look = self._looks.get(sheet)
        if look is None:
            problems.add(file, None, None, found="a sheet whose part cannot be found", expected="an Excel sheet")
            return None
        merged = look.merged
        if merged is None and found.merged_cell_ranges:
            (row, column), _ = found.merged_cell_ranges[0]
            merged = row + 1, column + 1
        if merged is not None and merged_is_wrong:
            expected = "single cells: of merged ones only the first has a value"
            problems.add(file, *merged, found="merged cells", expected=expected)
            return None
        return ExcelTable(found, look, file, problems)


class ExcelTable(Table):
    """A sheet of an Excel file; its first row is the header."""

    def __init__(self, sheet: Any, look: _Look, file: str, problems: Problems) -> None:
        super().__init__(file, (), problems)
        start = sheet.start
        self._pad = [""] * (start[1] if start else 0)
        self._iterator: Iterator[list[Any]] = sheet.iter_rows() if start else iter(())
        self._refused = look.refused
        self._line = 0

    def close(self) -> None:
        """Nothing to close: the file is in memory."""

    def read_header(self) -> bool:
        """Take the first row. False, with problems noted, where it is no header."""
        values = next(self._iterator, None)
        self._line = 1
        cells = None if values is None else self._cells(values)
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            self.problems.add(self.file, 1, None, found="an empty row", expected="a header")
            return False
        self.header = tuple(cells)
        return True

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row with its line."""
        width = len(self.header)
        taken = 0
        for values in self._iterator:
            self._line += 1
            cells = self._cells(values)
            if cells is None:
                self.has_gaps = True
                continue
            if not any(cells):
                continue
            if any(cells[width:]):
                self.problems.add(
                    self.file, self._line, width + 1, found="a cell beyond the header", expected="a name for its column"
                )
                continue
            taken += 1
            if taken > MAX_ROWS:
                expected = f"at most {MAX_ROWS}"
                self.problems.add(self.file, self._line, None, found="more rows than that", expected=expected)
                return
            yield self._line, cells[:width] + [""] * (width - len(cells))

    def all_rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row with its line, the first included; empty ones are passed over."""
        for values in self._iterator:
            self._line += 1
            cells = self._cells(values)
            if cells is None:
                self.has_gaps = True
            elif any(cells):
                yield self._line, cells

    def _cells(self, values: list[Any]) -> list[str] | None:
        cells = list(self._pad)
        sound = True
        refused = self._refused.get(self._line, {})
        for column, value in enumerate(values, len(self._pad) + 1):
            if value == "" and column not in refused:
                cells.append("")
                continue
            wrong = refused.get(column) or _what_is_wrong_with(value)
            if wrong is not None:
                found, expected = wrong
                self.problems.add(self.file, self._line, self._name(column), found=found, expected=expected)
                sound = False
            else:
                cells.append(unescaped(_text(value)))
        return cells if sound else None

    def _name(self, column: int) -> str | int:
        return self.header[column - 1] if column <= len(self.header) and self.header[column - 1] else column


def _what_is_wrong_with(value: object) -> tuple[str, str] | None:
    """What a cell holds that is not text or a number, and what would be right."""
    if isinstance(value, str):
        too_long = ("a cell of more than 1000 characters", "at most 1000")
        control = ("a line break or control character", "text on one line")
        if len(value) > MAX_FIELD:
            return too_long
        return control if any(letter < " " or letter == "\x7f" for letter in value.strip()) else None
    if isinstance(value, bool):
        return (f"the truth value {value}", "text or a number")
    if isinstance(value, date | datetime | time | timedelta):
        return (
            f"a date or time ({value})",
            "text or a number: Excel made a date of what was typed; format the cell as text and type it again",
        )
    if isinstance(value, float | int) and abs(value) >= 1e15:
        return (f"the number {value:.15g}", "text: Excel keeps 15 digits of a number and has lost the others")
    return None


def _text(value: object) -> str:
    """The text of a cell. Excel computes with 15 digits, so 9.300000000000001 is what somebody typed as 9.3."""
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value).strip()


def open_workbook(path: Path, file: str) -> Workbook:
    """Open an Excel file. `file` is the name that errors use.

    Raises `InputError` for a file that is none, or that would be larger in memory than the limits allow.
    """
    data = read_bytes(path, file, MAX_BYTES)
    looks = _look_at(data, file)
    if data.startswith(MAGIC) and (wrong := what_is_wrong(data)) is not None:
        raise not_excel(file, wrong)
    try:
        workbook = _without_panic(lambda: CalamineWorkbook.from_filelike(io.BytesIO(data)))
    except CalamineError as error:
        raise not_excel(file, str(error)) from None
    return Workbook(workbook, looks, hashlib.sha256(data).hexdigest(), file)


def is_workbook(data: bytes) -> bool:
    """Whether bytes begin as one of the three kinds of workbook does."""
    return data.startswith((MAGIC, b"PK\x03\x04"))


def _look_at(data: bytes, file: str) -> Mapping[str, _Look]:
    """A look at each sheet, by the kind of workbook that the bytes are."""
    if data.startswith(MAGIC):
        try:
            return _not_too_large(look_at_sheets(data), file)
        except XlsError as error:
            raise not_excel(file, str(error)) from None
    if MIMETYPE in data[:100]:
        return _not_too_large(look_at_open_document(data, file), file)
    return parts_by_sheet(measured(data, file), file)


def _without_panic(read: Callable[[], T]) -> T:
    """What calamine reads. Where its compiled code gives up, that is an error like the others it has."""
    try:
        return read()
    except CalamineError:
        raise
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise CalamineError("a file that cannot be understood") from None


def _not_too_large(looks: dict[str, SheetLook], file: str) -> dict[str, SheetLook]:
    for name, look in looks.items():
        if look.too_large is not None:
            found, expected = look.too_large
            raise InputError.at(f"{file}, sheet {name}", None, None, found=found, expected=expected)
    return looks
