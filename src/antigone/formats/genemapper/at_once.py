"""Plain tables taken in whole columns, for the hundreds of thousands of rows that a register hands over.

A table is plain where its bytes are UTF-8 without quotation marks and control characters, no line is empty and each
has as many cells as the others. Any other is read line by line, as is every table in which something is amiss: that way
is the one that says where. Both give the same; a test holds them against each other.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from antigone.formats.genemapper.header import Header
from antigone.formats.tables import MAX_FIELD, MAX_ROWS

# No text of a plain table holds it.
_BETWEEN = "\x1f"
# So much is taken at a time: columns of text take some five times as much memory as their bytes.
_PIECE = 16_000_000


class NotPlainError(Exception):
    """A table that has to be read line by line."""


@dataclass(frozen=True)
class Piece:
    """Some rows of a table as columns of text, called by their places, and the line of the first row."""

    frame: pl.DataFrame
    first_line: int


def plain_pieces(data: bytes, encoding: str, header: Header) -> Iterator[Piece]:
    """The rows after the header, piece by piece. Raises `NotPlainError`, perhaps after some pieces.

    `data` holds no control characters but tabs and line ends.
    """
    if encoding not in ("utf-8", "utf-8-sig") or b'"' in data:
        raise NotPlainError
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    start = _after_line(data, header.line)
    end = len(data)
    while end > start and data[end - 1 : end] == b"\n":
        end -= 1
    if b"\r" in data or start >= end:
        raise NotPlainError
    columns = data.count(header.separator.encode("ascii"), start, _end_of_line(data, start, end)) + 1
    line = header.line + 1
    while start < end:
        stop = end if end - start <= _PIECE else _end_of_line(data, start + _PIECE, end)
        piece = Piece(_frame(data[start:stop], columns, header), line)
        line += piece.frame.height
        if line - header.line - 1 > MAX_ROWS:
            raise NotPlainError
        yield piece
        start = stop + 1


def _frame(rows: bytes, columns: int, header: Header) -> pl.DataFrame:
    """The columns that the header names. Every row has to have as many cells, and the further ones empty."""
    height = rows.count(b"\n") + 1
    width = len(header.cells)
    if b"\n\n" in rows or rows[:1] == b"\n" or columns < width:
        raise NotPlainError
    if rows.count(header.separator.encode("ascii")) != height * (columns - 1):
        raise NotPlainError
    try:
        frame = pl.read_csv(
            io.BytesIO(rows),
            separator=header.separator,
            quote_char=None,
            has_header=False,
            schema={str(place): pl.String for place in range(columns)},
            infer_schema=False,
        ).fill_null("")
    except pl.exceptions.PolarsError:
        # A line with more cells than the others; none has fewer then, as many cells as there are in all.
        raise NotPlainError from None
    longest = frame.select(pl.all().str.len_bytes().max()).row(0)
    if frame.height != height or max(longest) > MAX_FIELD or any(longest[width:]):
        raise NotPlainError
    return frame


def _end_of_line(data: bytes, at: int, end: int) -> int:
    found = data.find(b"\n", at, end)
    return end if found < 0 else found


def _after_line(data: bytes, line: int) -> int:
    """The place of the first byte after so many lines."""
    at = 0
    for _ in range(line):
        found = data.find(b"\n", at)
        if found < 0:
            return len(data)
        at = found + 1
    return at


def coded(frame: pl.DataFrame, places: Sequence[int]) -> tuple[list[tuple[str, ...]], NDArray[np.int64]]:
    """The distinct cells of some columns, in the order in which they first stand, and which of them each row has."""
    texts = frame.select(pl.concat_str([str(place) for place in places], separator=_BETWEEN)).to_series()
    distinct = texts.unique(maintain_order=True)
    codes = texts.replace_strict(distinct, pl.int_range(len(distinct), eager=True), return_dtype=pl.Int64)
    return [tuple(text.split(_BETWEEN)) for text in distinct.to_list()], codes.to_numpy()


def starts_of(frame: pl.DataFrame, places: Sequence[int]) -> list[int]:
    """The rows at which any of some columns is another than in the row before; the first row always."""
    changes = [pl.col(str(place)) != pl.col(str(place)).shift() for place in places]
    return frame.select(pl.any_horizontal(changes).fill_null(value=True).arg_true()).to_series().to_list()
