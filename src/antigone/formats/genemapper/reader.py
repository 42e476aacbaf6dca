"""Reads GeneMapper and GeneMarker tables into samples, runs and calls."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

from antigone.formats.errors import quoted
from antigone.formats.genemapper.cells import CellsReader
from antigone.formats.genemapper.declared import GenemapperToml, declared_beside
from antigone.formats.genemapper.dialect import Dialect
from antigone.formats.genemapper.encodings import encoding_of, lines_of
from antigone.formats.genemapper.header import Header, Layout, MarkerColumns, find_header, split
from antigone.formats.genemapper.names import (
    SAMPLE_TYPES,
    MarkerSpellings,
    SampleNames,
    ask_for_kind,
    doubtful_pair,
    plain,
)
from antigone.formats.laboratory import Call, Heights, LaboratoryProfiles, Run, bytes_of
from antigone.formats.tables import MAX_FIELD, MAX_ROWS, Problems, foreign_letters
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
    return _Reader(data, name, declared).read()


@dataclass(slots=True)
class _Run:
    """A run as it grows."""

    sample: str
    name: str
    line: int
    calls: dict[str, Call] = field(default_factory=dict)
    heights: dict[str, Heights] = field(default_factory=dict)


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
        self._calls: dict[tuple[str, ...], Call | None] = {}
        self._runs: dict[tuple[str, str], list[_Run] | _LeftOutSample] = {}
        self._kinds: dict[str, tuple[str, int]] = {}
        self._complained: set[str] = set()
        self._markers_left_out: dict[str, str] = {}
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
        left_out = (*self._left_out_names(), *self._left_out_calls(samples))
        return GenemapperTable(self._file, samples, left_out, tuple(self._notes(samples)), self._dialect())

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
                self._complain(None, f"a cell of more than {MAX_FIELD} characters", f"at most {MAX_FIELD}")
                continue
            taken += 1
            if taken > MAX_ROWS:
                self._complain(None, f"more than {MAX_ROWS} rows", "at most that many")
                return
            yield cells
        if not taken and not len(self._problems):
            self._complain(None, "no row after the header", "a row for each sample")

    def _quoted_cells(self, line: str) -> list[str]:
        try:
            return split(line, self._header.separator)
        except csv.Error:
            expected = "around the whole cell and closed on this line (doubled within a cell)"
            self._complain(None, "a quotation mark that does not pair", expected)
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
        self._complain(None, f"{len(cells)} cells", expected)
        return []

    def _read_long(self) -> None:
        who = _Who(self._header)
        getters = [(block, _getter((block.marker or 0, *block.alleles))) for block in self._header.blocks]
        calls, runs = self._calls, self._runs
        for cells in self._rows():
            key = who(cells)
            run = runs.get(key)
            if run is None:
                run = self._new_run(key, cells)
                if run is None:
                    continue
            for block, cells_of in getters:
                texts = cells_of(cells)
                call = calls.get(texts, _NO_CALL)
                if call is _NO_CALL:
                    call = calls[texts] = self._understand(texts, block)
                if call is None:
                    continue
                if run.__class__ is _LeftOutSample:
                    run.called += any(texts[1:])
                elif call.marker:
                    self._keep(run, key, call, cells, block, texts[1:])

    def _read_wide(self) -> None:
        who = _Who(self._header)
        blocks = [(block, _getter(block.alleles)) for block in self._header.blocks]
        by_block: list[dict[tuple[str, ...], Call | None]] = [{} for _ in blocks]
        # Blocks of one marker may differ in the names of their columns only.
        plan = [(block, cells_of, known) for (block, cells_of), known in zip(blocks, by_block, strict=True)]
        seen: set[tuple[str, str]] = set()
        for cells in self._rows():
            key = who(cells)
            run = self._runs.get(key)
            if run is None:
                run = self._new_run(key, cells)
                if run is None:
                    continue
            elif key in seen and isinstance(run, list):
                if not self._may_repeat(key):
                    continue
                run.append(_Run(run[0].sample, run[0].name, self._line))
            seen.add(key)
            if isinstance(run, _LeftOutSample):
                run.called += sum(any(cells_of(cells)) for _, cells_of, _ in plan)
                continue
            current = run[-1]
            for block, cells_of, known in plan:
                texts = cells_of(cells)
                call = known.get(texts, _NO_CALL)
                if call is _NO_CALL:
                    call = known[texts] = self._understand((block.name, *texts), block)
                if call is None or not call.marker or (not call.alleles and call.marker in current.calls):
                    continue
                if call.marker in current.calls:
                    self._complain(block.alleles[0], f"a second set of columns of {call.marker}", "each marker once")
                    continue
                current.calls[call.marker] = call
                if block.heights:
                    self._keep_heights(current, call, cells, block, texts)

    def _new_run(self, key: tuple[str, str], cells: Sequence[str]) -> "list[_Run] | _LeftOutSample | None":
        """The runs under a new pair of sample and file. None, with a problem noted, where it has no name."""
        header = self._header
        own, run_name = key[0].strip(), key[1].strip()
        name = own or (run_name if header.sample is None else "")
        if not name:
            column = header.sample if header.sample is not None else header.run
            self._complain(column, "an empty cell", "a sample’s name")
            return None
        sample = self._names.sample(name)
        sample_type = cells[header.type].strip() if header.type is not None else None
        kind = self._kind(sample, name, sample_type)
        if kind is None:
            return None
        if kind != "sample":
            made: list[_Run] | _LeftOutSample = _LeftOutSample(kind)
        else:
            made = [_Run(sample, run_name or name, self._line)]
        self._runs[key] = made
        return made

    def _kind(self, sample: str, name: str, sample_type: str | None) -> str | None:
        kind = self._names.kind(sample, name, sample_type)
        if kind is None:
            if name not in self._complained:
                self._complained.add(name)
                self._complain_of_kind(sample, name, sample_type)
            return None
        known, line = self._kinds.setdefault(sample, (kind, self._line))
        if known != kind:
            self._complain(self._header.type, f"{quoted(sample)} as {kind}", f"{known}, as in line {line}")
        return kind

    def _complain_of_kind(self, sample: str, name: str, sample_type: str | None) -> None:
        column = self._header.sample if self._header.sample is not None else self._header.run
        if sample_type is None or plain(sample_type) in SAMPLE_TYPES:
            found = f"the sample {quoted(name)}, which may be a control"
            self._complain(column, found, ask_for_kind(sample))
        else:
            expected = "Sample, Allelic Ladder, Positive Control or Negative Control; or " + ask_for_kind(sample)
            self._complain(self._header.type, quoted(sample_type), expected)

    def _may_repeat(self, key: tuple[str, str]) -> bool:
        if self._declared.repeated_rows == "replicates":
            return True
        name = key[0].strip() or key[1].strip()
        if name not in self._complained:
            self._complained.add(name)
            found = f"a second row of {quoted(name)}"
            expected = 'one; or, if it is another run of the sample, repeated_rows = "replicates" in genemapper.toml'
            self._complain(self._header.sample, found, expected)
        return False

    def _keep(
        self,
        run: list[_Run] | _LeftOutSample,
        key: tuple[str, str],
        call: Call,
        cells: Sequence[str],
        block: MarkerColumns,
        texts: tuple[str, ...],
    ) -> None:
        """Put a call of a long table into the run that has none of its marker yet."""
        assert isinstance(run, list)  # noqa: S101 - the caller has looked
        current = run[0]
        if call.marker in current.calls:
            later = next((one for one in run[1:] if call.marker not in one.calls), None)
            if later is None:
                if self._declared.repeated_rows != "replicates":
                    name = key[0].strip() or key[1].strip()
                    expected = 'one; or, if it is another run, repeated_rows = "replicates" in genemapper.toml'
                    self._complain(block.marker, f"a second row of {call.marker} of {quoted(name)}", expected)
                    return
                later = _Run(current.sample, current.name, self._line)
                run.append(later)
            current = later
        current.calls[call.marker] = call
        if block.heights:
            self._keep_heights(current, call, cells, block, texts)

    def _keep_heights(
        self, run: _Run, call: Call, cells: Sequence[str], block: MarkerColumns, texts: tuple[str, ...]
    ) -> None:
        heights = self._cells.heights(
            [cells[place] for place in block.heights],
            texts,
            lambda place, found, expected: self._complain(block.heights[place], found, expected),
            lambda place, found, expected: self._complain(block.alleles[place], found, expected),
        )
        if heights:
            run.heights[call.marker] = heights

    def _understand(self, key: tuple[str, ...], block: MarkerColumns) -> Call | None:
        """What a marker's name and cells say. None where they are not sound; a call without marker is left out."""
        text = key[0].strip()
        place = block.marker if block.marker is not None else block.alleles[0]
        if not text and not any(cell.strip() for cell in key[1:]):
            return Call("", ())  # a row of several markers may hold fewer
        marker = self._spellings.resolve(text) if text else None
        if marker is None:
            if text not in self._complained:
                self._complained.add(text)
                found = quoted(text) + foreign_letters(text) if text else "an empty cell"
                self._complain(place, found, self._spellings.expected(text) if text else "the name of a marker")
            return None
        if not marker:
            self._markers_left_out[text] = self._spellings.why_left_out(text)
            return Call("", ())
        call = self._cells.call(
            marker,
            key[1:],
            lambda cell, found, expected: self._complain(block.alleles[cell], found, expected),
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
                    samples.setdefault(one.sample, []).append(Run(one.name, one.line, one.calls, one.heights))
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

    def _complain(self, place: int | None, found: str, expected: str) -> None:
        column = None if place is None else self._header.column(place)
        self._problems.add(self._file, self._line, column, found=found, expected=expected)


class _Who:
    """Takes the sample and the run of a row."""

    def __init__(self, header: Header) -> None:
        self._sample, self._run = header.sample, header.run

    def __call__(self, cells: Sequence[str]) -> tuple[str, str]:
        sample, run = self._sample, self._run
        return ("" if sample is None else cells[sample], "" if run is None else cells[run])


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
