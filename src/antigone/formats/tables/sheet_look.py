"""What is to be known of a sheet before its values are read: how large it is, and which cells are no values."""

from dataclasses import dataclass, field

MAX_CELLS = 10_000_000
"""Cells of one sheet, from the first to the last."""

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
    merged: tuple[int, int] | None = None
    """Row and column of the first of some merged cells, from 1."""
    refused: dict[int, dict[int, tuple[str, str]]] = field(default_factory=dict)
    """By row and column, what stood there and what would be right."""
    _count: int = 0

    def reach(self, row: int, column: int) -> None:
        """There is a cell here, both counted from 1."""
        self.rows = max(self.rows, row)
        self.columns = max(self.columns, column)

    def refuse(self, row: int, column: int, why: tuple[str, str]) -> None:
        """What stands in this cell is no value."""
        if self._count < _MOST_REFUSED:
            self._count += 1
            self.refused.setdefault(row, {}).setdefault(column, why)

    @property
    def too_large(self) -> tuple[str, str] | None:
        """What was found and what would be right, where the sheet is beyond `MAX_CELLS`."""
        if self.rows * self.columns <= MAX_CELLS:
            return None
        return (
            f"a sheet of {self.rows} rows and {self.columns} columns",
            f"at most {MAX_CELLS} cells from the first to the last (delete what stands far off), or CSV",
        )
