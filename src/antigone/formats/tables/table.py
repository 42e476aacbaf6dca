"""A table as it stands in some file: a header and rows, each with its line."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from antigone.formats.tables.columns import Row, TableFormat
from antigone.formats.tables.problems import Problems

MAX_FIELD = 1_000
MAX_ROWS = 5_000_000


class Table(ABC):
    """A header, and rows that can be walked through once. To be closed, or used in a `with` statement.

    `file` is the name that errors use. `has_gaps` tells that some rows could not be given: who asks what is absent from
    the table should then be silent.
    """

    def __init__(self, file: str, header: tuple[str, ...], problems: Problems) -> None:
        self.file = file
        self.header = header
        self.problems = problems
        self.has_gaps = False

    @abstractmethod
    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row with its line, counted from 1, and as many cells as the header has. Empty rows are passed over.

        A row that is not sound is noted among the problems and not given.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def named_rows(self, table_format: TableFormat) -> Iterator[Row]:
        """Each row, to be asked by the names of its columns. Nothing where the header is not the right one."""
        places = table_format.places(self.file, self.header, self.problems)
        if places is None:
            self.has_gaps = True
            return
        for line, cells in self.rows():
            yield Row(self.file, line, cells, places, table_format, self.problems)


def unescaped(cell: str) -> str:
    """Take away the single quote that the writer put before a cell that a spreadsheet would take for a formula.

    >>> unescaped("'=1+1"), unescaped("''-5"), unescaped("'a")
    ('=1+1', "'-5", "'a")
    """
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(("=", "+", "-", "@")) else cell


def escaped(cell: str) -> str:
    """Put a single quote before a cell that a spreadsheet would take for a formula; `unescaped` takes it away.

    >>> escaped("=1+1"), escaped("'-5"), escaped("12")
    ("'=1+1", "''-5", '12')
    """
    return "'" + cell if cell.lstrip("'").startswith(("=", "+", "-", "@")) else cell
