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

from antigone.formats.encodings import has_control
from antigone.formats.genemapper.gathering import Block, Gathering, LeftOutSample, RunSoFar
from antigone.formats.genemapper.header import Header, Layout
from antigone.formats.laboratory import Call
from antigone.formats.tables import MAX_FIELD, MAX_ROWS
from antigone.formats.tables.whole_columns import byte_counts

# No text of a plain table holds it.
_BETWEEN = "\x1f"
# So much is taken at a time: columns of text take some five times as much memory as their bytes.
_PIECE = 16_000_000
_MOST_KNOWN = 10_000


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
    counts = byte_counts(rows, header.separator)
    width = len(header.cells)
    if counts is None or rows[:1] == b"\n" or columns < width:
        raise NotPlainError
    height = counts[0] + 1
    if counts[1] != height * (columns - 1):
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
    codes = texts.cast(pl.Enum(distinct)).to_physical()
    return [tuple(text.split(_BETWEEN)) for text in distinct.to_list()], codes.to_numpy().astype(np.int64)


def starts_of(frame: pl.DataFrame, places: Sequence[int]) -> list[int]:
    """The rows at which any of some columns is another than in the row before; the first row always."""
    changes = [pl.col(str(place)) != pl.col(str(place)).shift() for place in places]
    return frame.select(pl.any_horizontal(changes).fill_null(value=True).arg_true()).to_series().to_list()


class ColumnReader:
    """Takes whole columns. Whatever is amiss raises `NotPlainError`: what was gathered till then is worth nothing."""

    def __init__(self, gathering: Gathering, data: bytes, encoding: str) -> None:
        self._gathering = gathering
        self._data = data
        self._encoding = encoding
        self._current_key: tuple[str, str] | None = None
        self._current: RunSoFar | LeftOutSample | None = None

    def read(self) -> None:
        """Gather all rows."""
        header = self._gathering.header
        is_wide = header.layout is Layout.WIDE
        blocks = [Block(self._gathering, columns) for columns in header.blocks]
        with_heights = any(block.columns.heights for block in blocks)
        if has_control(self._data) or (with_heights if is_wide else len(blocks) > 1):
            raise NotPlainError
        for piece in plain_pieces(self._data, self._encoding, header):
            if is_wide:
                self._take_wide(piece, blocks)
            else:
                self._take_long(piece, blocks[0])

    def _take_wide(self, piece: Piece, blocks: "Sequence[Block]") -> None:
        """Take each marker's columns, and a run of each row."""
        markers, columns = [], []
        for block in blocks:
            calls, codes = self._coded_calls(piece, block)
            if marker := self._gathering.spellings.resolve(block.columns.name):
                markers.append(marker)
                columns.append(_RowsOfCalls(calls, codes).calls)
        if len(set(markers)) < len(markers) or not markers:
            raise NotPlainError
        rows = range(piece.frame.height)
        for row, key, kind, own in zip(
            rows, self._keys(piece, rows), self._types(piece, rows), zip(*columns, strict=True), strict=True
        ):
            self._gathering.line = piece.first_line + row
            run = self._only_run(key, kind)
            if isinstance(run, LeftOutSample):
                run.called += sum(bool(call.alleles) for call in own)
            else:
                run.calls = dict(zip(markers, own, strict=True))

    def _take_long(self, piece: Piece, block: "Block") -> None:
        """Take the rows of each run, which stand together."""
        calls, codes = self._coded_calls(piece, block)
        heights, firsts = self._coded_heights(piece, block, calls, codes)
        who = [place for place in (self._gathering.header.sample, self._gathering.header.run) if place is not None]
        starts = starts_of(piece.frame, who)
        ends = [*starts[1:], piece.frame.height]
        keys, kinds = self._keys(piece, starts), self._types(piece, starts)
        rows = _RowsOfCalls(calls, codes)
        for start, end, key, kind in zip(starts, ends, keys, kinds, strict=True):
            self._gathering.line = piece.first_line + start
            # A run may have begun in the piece before; elsewhere its rows would not stand together.
            run = self._current if start == 0 and key == self._current_key else None
            if run is None:
                run = self._only_run(key, kind)
            if isinstance(run, LeftOutSample):
                run.called += sum(bool(call.alleles) for call in rows.calls[start:end])
            else:
                own = rows.by_marker(start, end)
                if run.calls:
                    before = len(run.calls)
                    run.calls.update(own)
                    if len(run.calls) < before + len(own):
                        raise NotPlainError
                else:
                    run.calls = own
                if heights is not None:
                    further = heights[firsts[start] : firsts[end]]
                    if len(run.heights):
                        further = np.concatenate((np.asarray(run.heights, dtype=np.float64), further))
                    run.heights = further
            self._current_key, self._current = key, run

    def _only_run(self, key: tuple[str, str], kind: str | None) -> "RunSoFar | LeftOutSample":
        """A new run; none may have this sample and name already."""
        run = None if key in self._gathering.runs else self._gathering.new_run(key, kind)
        if run is None:
            raise NotPlainError
        return run[0] if isinstance(run, list) else run

    def _coded_calls(self, piece: Piece, block: "Block") -> tuple[list[Call], NDArray[np.int64]]:
        """The distinct calls, and which of them each row has."""
        distinct, codes = coded(piece.frame, block.places)
        known = [block.calls[texts] for texts in distinct]
        calls = [call for call in known if call is not None]
        if len(calls) < len(known):
            raise NotPlainError
        return calls, codes

    def _coded_heights(
        self, piece: Piece, block: "Block", calls: Sequence[Call], codes: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64] | None, NDArray[np.int64]]:
        """The heights of all alleles, row after row, NaN where there is none; and where those of each row begin."""
        counts = np.array([len(call.alleles) for call in calls], dtype=np.int64)[codes]
        firsts = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(counts)))
        places = block.columns.heights
        if not places:
            return None, firsts
        heights = np.full((len(codes), max(int(counts.max(initial=0)), len(places))), np.nan)
        for number, place in enumerate(places):
            distinct, which = coded(piece.frame, [place])
            known = [self._gathering.cells.heights(texts, block.complain_of_height) for texts in distinct]
            if any(one is None for one in known):
                raise NotPlainError
            heights[:, number] = np.array([one[0] for one in known if one is not None], dtype=np.float64)[which]
        are_called = np.arange(heights.shape[1]) < counts[:, np.newaxis]
        have_marker = np.array([bool(call.marker) for call in calls], dtype=bool)[codes]
        doubled = np.array([id(call) in block.calls.doubled for call in calls], dtype=bool)[codes]
        if np.any(heights[~are_called & have_marker[:, np.newaxis]] > 0) or _differ(heights[doubled]):
            raise NotPlainError
        return heights[are_called], firsts

    def _keys(self, piece: Piece, rows: Sequence[int]) -> list[tuple[str, str]]:
        sample, run = self._gathering.header.sample, self._gathering.header.run
        return list(zip(_cells_at(piece, sample, rows), _cells_at(piece, run, rows), strict=True))

    def _types(self, piece: Piece, rows: Sequence[int]) -> Sequence[str | None]:
        return (
            [None] * len(rows)
            if self._gathering.header.type is None
            else _cells_at(piece, self._gathering.header.type, rows)
        )


class _RowsOfCalls:
    """The calls of the rows of a piece, and those of some rows by marker."""

    def __init__(self, calls: Sequence[Call], codes: NDArray[np.int64]) -> None:
        distinct = np.empty(len(calls), dtype=object)
        distinct[:] = calls
        self.calls: list[Call] = distinct[codes].tolist()
        number: dict[str, int] = {}
        markers = np.array([number.setdefault(call.marker, len(number)) for call in calls], dtype=np.int32)
        self._markers = markers[codes]
        self._names = list(number)
        self._known: dict[bytes, tuple[str, ...]] = {}

    def by_marker(self, start: int, end: int) -> dict[str, Call]:
        """The calls of some rows, but for those without a marker. Raises `NotPlainError` where one stands twice."""
        markers = self._markers[start:end]
        key = markers.tobytes()
        names = self._known.get(key)
        if names is None:
            names = tuple([self._names[k] for k in markers.tolist()])
            named = [name for name in names if name]
            if len(set(named)) < len(named):
                raise NotPlainError
            if len(self._known) < _MOST_KNOWN:
                self._known[key] = names  # most runs have the same markers in the same order
        found = dict(zip(names, self.calls[start:end], strict=True))
        found.pop("", None)
        return found


def _cells_at(piece: Piece, place: int | None, rows: Sequence[int]) -> list[str]:
    """The cells of a column in some rows; empty texts for a column that is not there."""
    if place is None:
        return [""] * len(rows)
    column = piece.frame[str(place)]
    return (column if len(rows) == len(column) else column.gather(list(rows))).to_list()


def _differ(heights: NDArray[np.float64]) -> bool:
    """Whether any row holds two different heights."""
    low = np.where(np.isnan(heights), np.inf, heights).min(axis=1)
    high = np.where(np.isnan(heights), -np.inf, heights).max(axis=1)
    return bool(np.any(low < high))
