"""What is to be known of a sheet before its values are read: how large it is, and which cells are no values."""

from dataclasses import dataclass, field

MAX_CELLS = 10_000_000
"""Cells of one sheet, from the first to the last."""
# A small file asks for much memory with two cells far apart: of a sheet with more cells than this, no more than so many
# may be there for each that is written.
_FEW_CELLS = 2_000_000
_FOR_EACH_WRITTEN = 20

FORMULA = ("a formula", "a value (copy the cells, paste special, values)")
FORMULA_ERROR = ("the error of a formula", "a value")
_MOST_REFUSED = 1_000


def column_letters(number: int) -> str:
    """The letters of a column, which counts from 1.

    >>> column_letters(1), column_letters(28)
    ('A', 'AB')
    """
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def place_in_sheet(name: str | int, column: int, line: int) -> str:
    """A column of a sheet and the cell in it, as errors name them; the column counts from 1.

    >>> place_in_sheet("TH01", 3, 2), place_in_sheet(3, 3, 2)
    ('TH01, cell C2', 'C')
    """
    letters = column_letters(column)
    return f"{name}, cell {letters}{line}" if isinstance(name, str) else letters


@dataclass
class SheetLook:
    """One sheet: rows and columns up to the last cell that is not empty, and cells that are no values."""

    rows: int = 0
    columns: int = 0
    written: int = 0
    merged: tuple[int, int] | None = None
    """Row and column of the first of some merged cells, from 1."""
    refused: dict[int, dict[int, tuple[str, str]]] = field(default_factory=dict)
    """By row and column, what stood there and what would be right."""
    _count: int = 0

    def reach(self, row: int, column: int, cells: int = 1) -> None:
        """There is a cell here, both counted from 1, the last of so many side by side."""
        self.rows = max(self.rows, row)
        self.columns = max(self.columns, column)
        self.written += cells

    def refuse(self, row: int, column: int, why: tuple[str, str]) -> None:
        """What stands in this cell is no value."""
        if self._count < _MOST_REFUSED:
            self._count += 1
            self.refused.setdefault(row, {}).setdefault(column, why)

    @property
    def too_large(self) -> tuple[str, str] | None:
        """What was found and what would be right, where there are too many cells or hardly any of them is written."""
        return too_vast(self.rows, self.columns, self.written)


def too_vast(rows: int, columns: int, written: int) -> tuple[str, str] | None:
    """What was found and what would be right of a sheet with so many rows and columns, and so many cells written."""
    cells = rows * columns
    if cells > MAX_CELLS:
        return (
            f"a sheet of {rows} rows and {columns} columns",
            f"at most {MAX_CELLS} cells from the first to the last (delete what stands far off), or CSV",
        )
    if cells > max(_FEW_CELLS, _FOR_EACH_WRITTEN * written):
        return (
            f"a sheet of {rows} rows and {columns} columns, nearly all of it empty or repeated",
            "cells that stand together (delete what stands far off), or CSV",
        )
    return None
