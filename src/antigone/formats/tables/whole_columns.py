"""Plain tables taken in whole columns: what is said of a cell is said once for all rows that say the same.

A file is plain where a cell is what stands between two commas and nothing is amiss: UTF-8 without quotation marks and
control characters, no empty line, each line with as many cells as the header. Any other is walked row by row, which is
the way that says where something is wrong.
"""

import codecs
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from antigone.formats.tables.table import MAX_FIELD, MAX_ROWS

# So much is taken at a time: columns of text take some five times as much memory as their bytes.
_PIECE = 16_000_000
_BETWEEN = "\x1f"  # no text of a plain table holds it
_BLOCK = 1 << 18
# The line of the first row.
FIRST_LINE = 2


@dataclass(eq=False)
class CodedCells:
    """The distinct contents of some columns, in the order in which they first stand, and which of them each row has.

    `first` are the rows where they first stand; row k stands in line k + `FIRST_LINE`.
    """

    texts: list[tuple[str, ...]] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    of: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    _number: dict[str, int] = field(default_factory=dict)
    _pieces: list[NDArray[np.int32]] = field(default_factory=list)

    def add(self, texts: pl.Series, row: int) -> None:
        """Take in the rows from `row` on; cells of one row with `_BETWEEN` between them."""
        # What stands in several rows in turn, as a sample does in the long form, is looked up once.
        starts = (texts != texts.shift()).fill_null(value=True).arg_true()
        heads = texts.gather(starts) if 2 * len(starts) < len(texts) else texts
        distinct = heads.unique(maintain_order=True)
        within = heads.cast(pl.Enum(distinct)).to_physical().to_numpy()
        first = np.empty(len(distinct), dtype=np.int64)
        first[within[::-1]] = np.arange(len(within))[::-1]
        if heads is not texts:
            first = starts.to_numpy()[first]
            within = np.repeat(within, np.diff(starts.to_numpy(), append=len(texts)))
        codes = np.empty(len(distinct), dtype=np.int32)
        for k, text in enumerate(distinct.to_list()):
            number = self._number.get(text)
            if number is None:
                number = self._number[text] = len(self.texts)
                self.texts.append(tuple(text.split(_BETWEEN)))
                self.first.append(row + int(first[k]))
            codes[k] = number
        self._pieces.append(codes[within])

    def finish(self) -> None:
        """Put the pieces together."""
        self.of = np.concatenate([self.of, *self._pieces])
        self._pieces, self._number = [], {}


def coded_cells(data: bytes, width: int, groups: Sequence[Sequence[int]]) -> list[CodedCells] | None:
    """The cells of groups of columns, each group together; None for a file that is not plain.

    `width` is the number of cells of the header, which is the first line; blanks around cells are taken away.
    """
    found = [CodedCells() for _ in groups]
    row = 0
    for frame in _frames(data, width):
        if frame is None:
            return None
        for places, cells in zip(groups, found, strict=True):
            cells.add(frame.select(pl.concat_str([str(k) for k in places], separator=_BETWEEN)).to_series(), row)
        row += frame.height
    for cells in found:
        cells.finish()
    return found


def plain_rows(data: bytes, width: int) -> list[tuple[str, ...]] | None:
    """The cells of each row; None for a file that is not plain. For a file of some megabytes: all are kept at once.

    Row k stands in line k + `FIRST_LINE`. Blanks around cells are taken away.
    """
    found: list[tuple[str, ...]] = []
    for frame in _frames(data, width):
        if frame is None:
            return None
        found += frame.rows()
    return found


def _frames(data: bytes, width: int) -> Iterator[pl.DataFrame | None]:
    """The rows piece by piece, as columns of text; a None where the file is seen not to be plain."""
    rows = _plain_rows(data, width)
    if rows is None:
        yield None
        return
    start = 0
    while start < len(rows):
        stop = len(rows)
        if stop - start > _PIECE:
            end = rows.find(b"\n", start + _PIECE)
            stop = stop if end < 0 else end
        yield _frame(rows[start:stop], width)
        start = stop + 1


def _plain_rows(data: bytes, width: int) -> bytes | None:
    data = data.removeprefix(codecs.BOM_UTF8)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    start = data.find(b"\n") + 1
    rows = data[start:].removesuffix(b"\n") if start else b""
    if not rows or width < 2 or any(quote in data for quote in (b'"', b"'")) or byte_counts(data[:start], ",") is None:
        return None
    counts = byte_counts(rows, ",")
    if counts is None or rows[:1] == b"\n" or rows[-1:] == b"\n":
        return None
    line_ends, commas = counts
    height = line_ends + 1
    return None if height > MAX_ROWS or commas != height * (width - 1) else rows


def byte_counts(data: bytes, separator: str) -> tuple[int, int] | None:
    """How many line feeds and separators there are; None where a line is empty or something is no plain text.

    Control characters but line feeds and the separator itself are no plain text. Of frequent bytes NumPy counts a
    hundred million in a twentieth of the time that `bytes.count` takes.
    """
    line_ends = separators = 0
    whole = np.frombuffer(data, dtype=np.uint8)
    for start in range(0, len(whole), _BLOCK):
        part = whole[start : start + _BLOCK]
        ends, between = part == ord("\n"), part == ord(separator)
        if np.any((part < ord(" ")) & ~ends & ~between) or np.any(part == 0x7F) or np.any(ends[1:] & ends[:-1]):
            return None
        if start and ends[0] and whole[start - 1] == ord("\n"):
            return None
        line_ends += int(np.count_nonzero(ends))
        separators += int(np.count_nonzero(between))
    return line_ends, separators


def _frame(rows: bytes, width: int) -> pl.DataFrame | None:
    schema = {str(place): pl.String for place in range(width)}
    try:
        frame = pl.read_csv(io.BytesIO(rows), quote_char=None, has_header=False, schema=schema, infer_schema=False)
    except pl.exceptions.PolarsError:
        # A line with more cells than the others; none has fewer then, as many cells as there are in all.
        return None
    frame = frame.fill_null("")
    if _may_have_blanks(rows):
        frame = frame.with_columns(pl.all().str.strip_chars())
    if frame.height != np.count_nonzero(np.frombuffer(rows, dtype=np.uint8) == ord("\n")) + 1:
        return None
    longest = frame.select(pl.all().str.len_bytes().max()).row(0)
    if max(longest) > MAX_FIELD and max(frame.select(pl.all().str.len_chars().max()).row(0)) > MAX_FIELD:
        return None
    # A line of nothing but empty cells is no row; where each has something in its first cell, there is none.
    is_empty = pl.all_horizontal(pl.all() == "")
    return None if frame["0"].eq("").any() and frame.select(is_empty.any()).item() else frame


def _may_have_blanks(rows: bytes) -> bool:
    """Whether there may be blanks at the ends of cells: spaces, or letters beyond ASCII that may be blanks."""
    if not rows.isascii():
        return True
    if b" " not in rows:
        return False
    every = np.frombuffer(rows, dtype=np.uint8)
    spaces = np.flatnonzero(every == ord(" "))
    if spaces[0] == 0 or spaces[-1] == len(every) - 1:
        return True
    beside = np.concatenate((every[spaces - 1], every[spaces + 1]))
    return bool(np.any((beside == ord(",")) | (beside == ord("\n"))))
