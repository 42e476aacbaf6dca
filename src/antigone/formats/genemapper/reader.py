"""Reads GeneMapper and GeneMarker tables into samples, runs and calls."""

import csv
import gc
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from antigone.formats.errors import quoted
from antigone.formats.genemapper.at_once import NotPlainError, Piece, coded, plain_pieces, starts_of
from antigone.formats.genemapper.cells import CellsReader
from antigone.formats.genemapper.declared import GenemapperToml, declared_beside
from antigone.formats.genemapper.dialect import Dialect
from antigone.formats.genemapper.encodings import encoding_of, has_control, lines_of
from antigone.formats.genemapper.header import Header, Layout, MarkerColumns, find_header, split
from antigone.formats.genemapper.names import (
    SAMPLE_TYPES,
    MarkerSpellings,
    SampleNames,
    ask_for_kind,
    doubtful_pair,
    plain,
)
from antigone.formats.laboratory import Call, LaboratoryProfiles, Run, RunHeights, bytes_of, height_text
from antigone.formats.tables import MAX_FIELD, MAX_ROWS, Problems
from antigone.matching.operation import LeftOut

MOST_RUNS = 999
"""Runs of one sample."""
_LISTED = 5
_NO_CALL = Call("", ())


@dataclass(frozen=True)
class GenemapperTable(LaboratoryProfiles):
    """The profiles of a table, and the dialect in which it is written."""

    dialect: Dialect | None = None


def read_genemapper(
    source: Path | str | bytes, *, declared: GenemapperToml | None = None, file: str | None = None
) -> GenemapperTable:
    """Read a GeneMapper or GeneMarker table from a file or its bytes.

    `declared` is what a person says of the tables; without it, `genemapper.toml` in the folder of the file is read
    where there is one. `file` is the name that errors use.

    Raises `InputError` where the file is no such table, where something can be read in two ways (the error says what to
    write into `genemapper.toml`), or where it exceeds a limit. Nothing of it is then used.
    """
    data, name = bytes_of(source, file)
    if declared is None:
        declared = GenemapperToml() if isinstance(source, bytes) else declared_beside(Path(source))
    # Hundreds of thousands of dictionaries grow and none is thrown away: the collector would look at them in vain,
    # again and again, for half of the time.
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        at_once = _Reader(data, name, declared).read_at_once()
        return _Reader(data, name, declared).read() if at_once is None else at_once
    finally:
        if was_collecting:
            gc.enable()


@dataclass(slots=True)
class _Run:
    """A run as it grows."""

    sample: str
    name: str
    line: int
    calls: dict[str, Call] = field(default_factory=dict)
    heights: Sequence[float | None] | NDArray[np.float64] = ()
    """The heights of all alleles of all calls, one after the other."""


@dataclass(slots=True)
class _LeftOutSample:
    """A control or ladder: in how many markers and rows anything was called."""

    kind: str
    called: int = 0


class _Reader:
    """Walks once through the rows. Each distinct call is understood once, and shared."""

    def __init__(self, data: bytes, file: str, declared: GenemapperToml) -> None:
        self._file = file
        self._declared = declared
        self._encoding = encoding_of(data, file, declared.encoding)
        self._data = data
        self._spellings = MarkerSpellings(declared)
        self._names = SampleNames(declared)
        self._cells = CellsReader(declared)
        self._problems = Problems()
        self._header = find_header(lines_of(data, self._encoding, file), file, declared, self._spellings)
        self._line = 0
        self._runs: dict[tuple[str, str], list[_Run] | _LeftOutSample] = {}
        self._kinds: dict[str, tuple[str, int]] = {}
        self._complained: set[str] = set()
        self._markers_left_out: dict[str, str] = {}
        self._current_key: tuple[str, str] | None = None
        self._current: _Run | _LeftOutSample | None = None
        self._has_off_ladder = False
        self._has_beyond_two = False

    def read(self) -> GenemapperTable:
        """All profiles of the table."""
        if self._header.layout is Layout.LONG:
            self._read_long()
        else:
            self._read_wide()
        samples = self._samples()
        self._problems.stop_if_any()
        return self._table(samples)

    def _table(self, samples: dict[str, tuple[Run, ...]]) -> GenemapperTable:
        left_out = (*self._left_out_names(), *self._left_out_calls(samples))
        return GenemapperTable(self._file, samples, left_out, tuple(self._notes(samples)), self._dialect())

    # Whole columns

    def read_at_once(self) -> GenemapperTable | None:
        """All profiles of a plain table; None where it is not plain, or where anything is amiss in it."""
        is_wide = self._header.layout is Layout.WIDE
        blocks = [_Block(self, columns) for columns in self._header.blocks]
        with_heights = any(block.columns.heights for block in blocks)
        if has_control(self._data) or (with_heights if is_wide else len(blocks) > 1):
            return None
        try:
            for piece in plain_pieces(self._data, self._encoding, self._header):
                if is_wide:
                    self._take_wide(piece, blocks)
                else:
                    self._take_long(piece, blocks[0])
        except NotPlainError:
            return None
        samples = self._samples()
        return None if len(self._problems) else self._table(samples)

    def _take_wide(self, piece: Piece, blocks: "Sequence[_Block]") -> None:
        """Take each marker's columns, and a run of each row."""
        markers, columns = [], []
        for block in blocks:
            calls, codes = self._coded_calls(piece, block)
            if marker := self._spellings.resolve(block.columns.name):
                markers.append(marker)
                columns.append([calls[code] for code in codes.tolist()])
        if len(set(markers)) < len(markers) or not markers:
            raise NotPlainError
        rows = range(piece.frame.height)
        for row, key, kind, own in zip(
            rows, self._keys(piece, rows), self._types(piece, rows), zip(*columns, strict=True), strict=True
        ):
            self._line = piece.first_line + row
            run = self._only_run(key, kind)
            if isinstance(run, _LeftOutSample):
                run.called += sum(bool(call.alleles) for call in own)
            else:
                run.calls = dict(zip(markers, own, strict=True))

    def _take_long(self, piece: Piece, block: "_Block") -> None:
        """Take the rows of each run, which stand together."""
        calls, codes = self._coded_calls(piece, block)
        heights, firsts = self._coded_heights(piece, block, calls, codes)
        who = [place for place in (self._header.sample, self._header.run) if place is not None]
        starts = starts_of(piece.frame, who)
        ends = [*starts[1:], piece.frame.height]
        keys, kinds = self._keys(piece, starts), self._types(piece, starts)
        for start, end, key, kind in zip(starts, ends, keys, kinds, strict=True):
            self._line = piece.first_line + start
            # A run may have begun in the piece before; elsewhere its rows would not stand together.
            run = self._current if start == 0 and key == self._current_key else None
            if run is None:
                run = self._only_run(key, kind)
            own = [calls[code] for code in codes[start:end].tolist()]
            if isinstance(run, _LeftOutSample):
                run.called += sum(bool(call.alleles) for call in own)
            else:
                before = len(run.calls)
                run.calls.update((call.marker, call) for call in own if call.marker)
                if len(run.calls) < before + sum(bool(call.marker) for call in own):
                    raise NotPlainError
                if heights is not None:
                    further = heights[firsts[start] : firsts[end]]
                    run.heights = np.concatenate((np.asarray(run.heights, dtype=np.float64), further))
            self._current_key, self._current = key, run

    def _only_run(self, key: tuple[str, str], kind: str | None) -> "_Run | _LeftOutSample":
        """A new run; none may have this sample and name already."""
        run = None if key in self._runs else self._new_run(key, kind)
        if run is None:
            raise NotPlainError
        return run[0] if isinstance(run, list) else run

    def _coded_calls(self, piece: Piece, block: "_Block") -> tuple[list[Call], NDArray[np.int64]]:
        """The distinct calls, and which of them each row has."""
        distinct, codes = coded(piece.frame, block.places)
        known = [block.calls[texts] for texts in distinct]
        calls = [call for call in known if call is not None]
        if len(calls) < len(known):
            raise NotPlainError
        return calls, codes

    def _coded_heights(
        self, piece: Piece, block: "_Block", calls: Sequence[Call], codes: NDArray[np.int64]
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
            known = [self._cells.heights(texts, block.complain_of_height) for texts in distinct]
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
        sample, run = self._header.sample, self._header.run
        return list(zip(_cells_at(piece, sample, rows), _cells_at(piece, run, rows), strict=True))

    def _types(self, piece: Piece, rows: Sequence[int]) -> Sequence[str | None]:
        return [None] * len(rows) if self._header.type is None else _cells_at(piece, self._header.type, rows)

    # The rows

    def _rows(self) -> Iterator[list[str]]:
        """The cells of each row after the header, as many as the header has."""
        header = self._header
        width, separator = len(header.cells), header.separator
        taken = 0
        for number, line in enumerate(lines_of(self._data, self._encoding, self._file), 1):
            self._line = number
            if number <= header.line:
                continue
            cells = line.split(separator) if '"' not in line else self._quoted_cells(line)
            if len(cells) != width:
                cells = self._of_width(cells, width)
            if not cells or not (line.strip() if not cells[0] else True) or not any(map(str.strip, cells)):
                continue
            if len(line) > MAX_FIELD and any(len(cell) > MAX_FIELD for cell in cells):
                self.complain(None, f"a cell of more than {MAX_FIELD} characters", f"at most {MAX_FIELD}")
                continue
            taken += 1
            if taken > MAX_ROWS:
                self.complain(None, f"more than {MAX_ROWS} rows", "at most that many")
                return
            yield cells
        if not taken and not len(self._problems):
            self.complain(None, "no row after the header", "a row for each sample")

    def _quoted_cells(self, line: str) -> list[str]:
        try:
            return split(line, self._header.separator)
        except csv.Error:
            expected = "around the whole cell and closed on this line (doubled within a cell)"
            self.complain(None, "a quotation mark that does not pair", expected)
            return []

    def _of_width(self, cells: list[str], width: int) -> list[str]:
        """The cells without empty ones beyond the header; empty, with a problem noted, where they are too few."""
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            return cells[:width]
        if not any(cell.strip() for cell in cells):
            return []
        if len(cells) < width and self._declared.short_rows == "fill":
            return cells + [""] * (width - len(cells))
        expected = f"{width}, as the header has"
        if len(cells) < width:
            expected += '; where empty cells were cut off at the ends of lines, short_rows = "fill" in genemapper.toml'
        elif self._header.separator == ",":
            expected += " (a decimal comma makes one more: such a cell stands between quotation marks)"
        self.complain(None, f"{len(cells)} cells", expected)
        return []

    def _read_long(self) -> None:
        key_of = _who(self._header)
        blocks = [_Block(self, block) for block in self._header.blocks]
        with_heights = any(block.heights_of is not None for block in blocks)
        last_key: tuple[str, str] | None = None
        run: list[_Run] | _LeftOutSample | None = None
        for cells in self._rows():
            key = key_of(cells)
            if key != last_key:  # the rows of a sample mostly stand together
                last_key, run = key, self._runs.get(key)
            if run is None:
                run = self._new_run(key, self._type(cells))
                if run is None:
                    last_key = None
                    continue
            for block in blocks:
                call = block.calls[block.cells_of(cells)]
                if call is None or not call.marker:
                    continue
                if isinstance(run, _LeftOutSample):
                    run.called += bool(call.alleles)
                    continue
                current = run[0]
                if call.marker in current.calls:
                    later = self._later_run(run, key, call, block)
                    if later is None:
                        continue
                    current = later
                current.calls[call.marker] = call
                if with_heights:
                    self._keep_heights(current, call, cells, block)

    def _read_wide(self) -> None:
        key_of = _who(self._header)
        blocks = [_Block(self, block) for block in self._header.blocks]
        markers = [self._spellings.resolve(block.columns.name) for block in blocks]
        is_plain = all(markers) and len(set(markers)) == len(markers)
        plan = [(block.calls, block.cells_of) for block in blocks]
        with_heights = any(block.heights_of is not None for block in blocks)
        for cells in self._rows():
            run = self._next_run(key_of(cells), cells)
            if run is None:
                continue
            calls = [known[cells_of(cells)] for known, cells_of in plan]
            if isinstance(run, _LeftOutSample):
                run.called += sum(call is not None and bool(call.alleles) for call in calls)
            elif is_plain and not with_heights and not len(self._problems):
                run.calls = dict(zip(markers, calls, strict=True))  # type: ignore[arg-type] # a None is a problem
            else:
                self._keep_row(run, calls, cells, blocks)

    def _next_run(self, key: tuple[str, str], cells: Sequence[str]) -> "_Run | _LeftOutSample | None":
        """The run of a row of a wide table: each row is another one."""
        runs = self._runs.get(key)
        if runs is None:
            runs = self._new_run(key, self._type(cells))
        elif isinstance(runs, list):
            if not self._may_repeat(key):
                return None
            runs.append(_Run(runs[0].sample, runs[0].name, self._line))
        return runs[-1] if isinstance(runs, list) else runs

    def _keep_row(
        self, run: _Run, calls: Sequence[Call | None], cells: Sequence[str], blocks: "Sequence[_Block]"
    ) -> None:
        """Put the calls of a row of a wide table into its run, one by one."""
        for call, block in zip(calls, blocks, strict=True):
            if call is None or not call.marker or (not call.alleles and call.marker in run.calls):
                continue
            if run.calls.get(call.marker, _NO_CALL).alleles:
                place = block.columns.alleles[0]
                self.complain(place, f"a second set of columns of {call.marker}", "each marker once")
                continue
            if call.marker in run.calls:
                del run.calls[call.marker]  # it was empty: the order of calls is that of the heights
            run.calls[call.marker] = call
            self._keep_heights(run, call, cells, block)

    def _new_run(self, key: tuple[str, str], sample_type: str | None) -> "list[_Run] | _LeftOutSample | None":
        """The runs under a new pair of sample and file. None, with a problem noted, where it has no name."""
        header = self._header
        own, run_name = key[0].strip(), key[1].strip()
        name = own or (run_name if header.sample is None else "")
        if not name:
            column = header.sample if header.sample is not None else header.run
            self.complain(column, "an empty cell", "a sample’s name")
            return None
        sample = self._names.sample(name)
        kind = self._kind(sample, name, None if sample_type is None else sample_type.strip())
        if kind is None:
            return None
        if kind != "sample":
            made: list[_Run] | _LeftOutSample = _LeftOutSample(kind)
        else:
            made = [_Run(sample, run_name or name, self._line)]
        self._runs[key] = made
        return made

    def _type(self, cells: Sequence[str]) -> str | None:
        return None if self._header.type is None else cells[self._header.type]

    def _kind(self, sample: str, name: str, sample_type: str | None) -> str | None:
        kind = self._names.kind(sample, name, sample_type)
        if kind is None:
            if name not in self._complained:
                self._complained.add(name)
                self._complain_of_kind(sample, name, sample_type)
            return None
        known, line = self._kinds.setdefault(sample, (kind, self._line))
        if known != kind:
            self.complain(self._header.type, f"{quoted(sample)} as {kind}", f"{known}, as in line {line}")
        return kind

    def _complain_of_kind(self, sample: str, name: str, sample_type: str | None) -> None:
        column = self._header.sample if self._header.sample is not None else self._header.run
        if sample_type is None or plain(sample_type) in SAMPLE_TYPES:
            found = f"the sample {quoted(name)}, which may be a control"
            self.complain(column, found, ask_for_kind(sample))
        else:
            expected = "Sample, Allelic Ladder, Positive Control or Negative Control; or " + ask_for_kind(sample)
            self.complain(self._header.type, quoted(sample_type), expected)

    def _may_repeat(self, key: tuple[str, str]) -> bool:
        if self._declared.repeated_rows == "replicates":
            return True
        name = key[0].strip() or key[1].strip()
        if name not in self._complained:
            self._complained.add(name)
            found = f"a second row of {quoted(name)}"
            expected = 'one; or, if it is another run of the sample, repeated_rows = "replicates" in genemapper.toml'
            self.complain(self._header.sample, found, expected)
        return False

    def _later_run(self, runs: list[_Run], key: tuple[str, str], call: Call, block: "_Block") -> _Run | None:
        """Another run of the sample that has none of this marker yet; None, with a problem noted, where none may be."""
        later = next((one for one in runs[1:] if call.marker not in one.calls), None)
        if later is not None:
            return later
        if self._declared.repeated_rows != "replicates":
            name = key[0].strip() or key[1].strip()
            expected = 'one; or, if it is another run, repeated_rows = "replicates" in genemapper.toml'
            self.complain(block.columns.marker, f"a second row of {call.marker} of {quoted(name)}", expected)
            return None
        later = _Run(runs[0].sample, runs[0].name, self._line)
        runs.append(later)
        return later

    def _keep_heights(self, run: _Run, call: Call, cells: Sequence[str], block: "_Block") -> None:
        """Keep the heights of a call, as many as it has alleles; most texts of heights were seen before."""
        count = len(call.alleles)
        heights: list[float | None] | None = None
        if block.heights_of is not None:
            texts = block.heights_of(cells)
            known = self._cells.known_heights
            try:
                heights = [known[text] for text in texts]
            except KeyError:
                heights = self._cells.heights(texts, block.complain_of_height)
            if heights is not None and (any(heights[count:]) or id(call) in block.calls.doubled):
                self._check_heights(heights, count, block)
        heights = (heights or [])[:count]
        if not isinstance(run.heights, list):
            run.heights = []
        run.heights += heights if len(heights) == count else heights + [None] * (count - len(heights))

    def _check_heights(self, heights: Sequence[float | None], count: int, block: "_Block") -> None:
        """Complain of a height beside no allele, and of two heights of one."""
        for place, height in enumerate(heights[count:], count):
            if height:
                found = f"a height {quoted(height_text(height))} of no allele"
                block.complain_of_height(place, found, "an empty cell, or the allele")
                return
        if not any(heights[count:]) and len(set(heights[:count]) - {None}) > 1:
            block.complain_of_allele(1, "the same allele a second time, with another height", "each allele once")

    def understand(self, key: tuple[str, ...], block: MarkerColumns) -> Call | None:
        """What a marker's name and cells say. None where they are not sound; a call without marker is left out."""
        text = key[0].strip()
        place = block.marker if block.marker is not None else block.alleles[0]
        if not text and not any(cell.strip() for cell in key[1:]):
            return Call("", ())  # a row of several markers may hold fewer
        marker = self._spellings.resolve(text) if text else None
        if marker is None:
            if text not in self._complained:
                self._complained.add(text)
                found = quoted(text) if text else "an empty cell"
                self.complain(place, found, self._spellings.expected(text) if text else "the name of a marker")
            return None
        if not marker:
            self._markers_left_out[text] = self._spellings.why_left_out(text)
            return Call("", ())
        call = self._cells.call(
            marker,
            key[1:],
            lambda cell, found, expected: self.complain(block.alleles[cell], found, expected),
            is_list=block.is_list,
        )
        if call is not None:
            self._has_off_ladder = self._has_off_ladder or call.has_off_ladder
            self._has_beyond_two = self._has_beyond_two or call.is_beyond_two
        return call

    # The sum

    def _samples(self) -> dict[str, tuple[Run, ...]]:
        samples: dict[str, list[Run]] = {}
        for key in list(self._runs):
            runs = self._runs[key]
            if isinstance(runs, list):
                for one in runs:
                    samples.setdefault(one.sample, []).append(_whole(one))
        for first, second in self._names.doubtful_pairs(list(samples)):
            found, expected = doubtful_pair(first, second)
            line = samples[second][0].line
            self._problems.add(self._file, line, self._sample_column(), found=found, expected=expected)
        for sample, runs_of in samples.items():
            if len(runs_of) > MOST_RUNS:
                found = f"{len(runs_of)} runs of {quoted(sample)}"
                self._problems.add(self._file, runs_of[0].line, None, found=found, expected=f"at most {MOST_RUNS}")
        return {sample: tuple(runs) for sample, runs in samples.items()}

    def _sample_column(self) -> str | int | None:
        place = self._header.sample if self._header.sample is not None else self._header.run
        return None if place is None else self._header.column(place)

    def _left_out_names(self) -> Iterator[LeftOut]:
        for text, reason in self._markers_left_out.items():
            yield LeftOut("marker", text, reason)
        for (own, run), what in self._runs.items():
            if isinstance(what, _LeftOutSample):
                yield LeftOut("sample", own.strip() or run.strip(), _why_left_out(what))

    def _left_out_calls(self, samples: dict[str, tuple[Run, ...]]) -> Iterator[LeftOut]:
        for sample, runs in samples.items() if self._has_beyond_two else ():
            for run in runs:
                for call in run.calls.values():
                    if call.is_beyond_two:
                        shown = ", ".join(map(str, call.alleles))
                        reason = f"off-ladder beside two named alleles or more ({shown}), in run {run.name}"
                        yield LeftOut("reading", f"{sample} {call.marker}", reason)

    def _notes(self, samples: dict[str, tuple[Run, ...]]) -> Iterator[str]:
        header = self._header
        if header.line > 1:
            yield f"{self._file}: the header is in line {header.line}, and what stands before it is passed over"
        for text, marker in self._spellings.abbreviated.items():
            yield f"{self._file}: {text} is read as {marker}, the only core marker that begins so"
        if self._names.stripped:
            pairs = [f"{name} → {sample}" for name, sample in self._names.stripped.items()]
            yield f"{self._file}: names without the suffix of their run: {_some(pairs)}"
        several = [f"{sample} ({len(runs)})" for sample, runs in samples.items() if len(runs) > 1]
        if several:
            yield f"{self._file}: runs of one sample are taken as its replicates: {_some(several)}"
        yield from self._notes_of_calls(samples)

    def _notes_of_calls(self, samples: dict[str, tuple[Run, ...]]) -> Iterator[str]:
        if self._has_off_ladder:
            where = [
                f"{call.marker} of {sample}"
                for sample, runs in samples.items()
                for run in runs
                for call in run.calls.values()
                if call.has_off_ladder
            ]
            if where:
                yield f"{self._file}: off-ladder alleles are kept and never used as an allele: {_some(where)}"
        if self._cells.suffixes_dropped:
            yield f"{self._file}: alleles are read without the endings that genemapper.toml names"
        if self._encoding == "cp1251" and self._declared.encoding is None:
            line = next(line for line in lines_of(self._data, self._encoding, self._file) if not line.isascii())
            shown = re.sub(r"\s+", " ", line.strip())
            yield f"{self._file}: read as cp1251, because all beyond ASCII then makes Cyrillic words: {quoted(shown)}"

    def _dialect(self) -> Dialect:
        header, cells = self._header, self._header.cells
        marker = header.blocks[0].marker
        return Dialect(
            encoding=self._encoding,
            separator=header.separator_name,
            layout=header.layout,
            header_line=header.line,
            sample="" if header.sample is None else cells[header.sample],
            run="" if header.run is None else cells[header.run],
            marker="" if marker is None else cells[marker],
            markers=tuple(block.name for block in header.blocks if block.name),
            alleles=max(len(block.alleles) for block in header.blocks),
            heights=max(len(block.heights) for block in header.blocks),
            decimal=self._cells.decimal,
            list_sign=self._cells.list_sign,
            rows_of_several=header.layout is Layout.LONG and len(header.blocks) > 1,
            unused=header.unused,
            declared=tuple(sorted(self._declared.model_fields_set - {"format", "version"})),
        )

    def complain(self, place: int | None, found: str, expected: str) -> None:
        """Note a problem in the line that is being read; `place` is its column, counted from 0."""
        column = None if place is None else self._header.column(place)
        self._problems.add(self._file, self._line, column, found=found, expected=expected)


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


def _whole(run: _Run) -> Run:
    if len(run.heights):
        flat = np.array(run.heights, dtype=np.float64)
        if not np.all(np.isnan(flat)):
            return Run(run.name, run.line, run.calls, RunHeights(run.calls, flat))
    return Run(run.name, run.line, run.calls)


class _Calls(dict[tuple[str, ...], Call | None]):
    """The calls of cells that were read before; others are understood when they are first asked for."""

    def __init__(self, reader: _Reader, columns: MarkerColumns) -> None:
        super().__init__()
        self._reader, self._columns = reader, columns
        self.doubled: set[int] = set()
        """Which calls name one allele twice."""

    def __missing__(self, texts: tuple[str, ...]) -> Call | None:
        """Understand what is new, in the line that is being read."""
        key = texts if self._columns.marker is not None else (self._columns.name, *texts)
        call = self[texts] = self._reader.understand(key, self._columns)
        if call is not None and len(call.alleles) > 1 and len(set(call.alleles)) == 1:
            self.doubled.add(id(call))
        return call


class _Block:
    """The columns of one marker at work: they take its cells, know its calls, and complain in its columns."""

    def __init__(self, reader: _Reader, columns: MarkerColumns) -> None:
        self.columns = columns
        self.places = columns.alleles if columns.marker is None else (columns.marker, *columns.alleles)
        self.cells_of = _getter(self.places)
        self.heights_of = _getter(columns.heights) if columns.heights else None
        self.calls = _Calls(reader, columns)
        self._reader = reader

    def complain_of_height(self, place: int, found: str, expected: str) -> None:
        """Note a problem with one of the heights."""
        self._reader.complain(self.columns.heights[place], found, expected)

    def complain_of_allele(self, place: int, found: str, expected: str) -> None:
        """Note a problem with one of the alleles."""
        self._reader.complain(self.columns.alleles[place], found, expected)


def _who(header: Header) -> Callable[[Sequence[str]], tuple[str, str]]:
    """Takes the sample and the run of a row; empty for a column that is not there."""
    sample, run = header.sample, header.run
    if sample is None:
        return lambda cells: ("", cells[run])  # type: ignore[index] # one of both is there
    if run is None:
        return lambda cells: (cells[sample], "")
    return itemgetter(sample, run)


def _getter(places: Sequence[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """Takes some cells of a row, as a tuple also where there is one."""
    if len(places) == 1:
        place = places[0]
        return lambda cells: (cells[place],)
    return itemgetter(*places)


def _why_left_out(what: _LeftOutSample) -> str:
    if what.kind == "left out":
        return "genemapper.toml leaves it out"
    if what.kind == "negative control" and what.called:
        return f"a negative control, with alleles at {_counted(what.called, 'marker')}: is there contamination?"
    return f"a {what.kind}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _some(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - _LISTED} more" if len(texts) > _LISTED else ""
    return ", ".join(texts[:_LISTED]) + more
