"""What is gathered of a laboratory's table while its rows are walked through: runs, calls, controls, problems."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from antigone.formats.errors import quoted
from antigone.formats.genemapper.cells import CellsReader
from antigone.formats.genemapper.declared import GenemapperToml
from antigone.formats.genemapper.header import Header, MarkerColumns
from antigone.formats.genemapper.names import (
    SAMPLE_TYPES,
    MarkerSpellings,
    SampleNames,
    ask_for_kind,
    doubtful_pair,
    plain,
)
from antigone.formats.laboratory import Call, Run, RunHeights
from antigone.formats.tables import Problems, place_in_sheet
from antigone.genetics.alleles import Named, Repeat, Unknown
from antigone.matching.operation import LeftOut

MOST_RUNS = 999
"""Runs of one sample."""
_LISTED = 5


@dataclass(slots=True)
class RunSoFar:
    """A run as it grows."""

    sample: str
    name: str
    line: int
    calls: dict[str, Call] = field(default_factory=dict)
    heights: Sequence[float | None] | NDArray[np.float64] = ()
    """The heights of all alleles of all calls, one after the other."""


@dataclass(slots=True)
class LeftOutSample:
    """A control or ladder: in how many markers and rows anything was called."""

    kind: str
    called: int = 0


class Gathering:
    """What was found so far. Each distinct call is understood once, and shared; `line` is the one being read."""

    def __init__(
        self, file: str, header: Header, declared: GenemapperToml, spellings: MarkerSpellings, *, in_sheet: bool = False
    ) -> None:
        self.file = file
        self._in_sheet = in_sheet
        self.header = header
        self.declared = declared
        self.spellings = spellings
        self.cells = CellsReader(declared)
        self.problems = Problems()
        self.line = 0
        self.runs: dict[tuple[str, str], list[RunSoFar] | LeftOutSample] = {}
        """By sample and run as the cells have them."""
        self._names = SampleNames(declared)
        self._kinds: dict[str, tuple[str, int]] = {}
        self._complained: set[str] = set()
        self._markers_left_out: dict[str, str] = {}
        self.headers_again: list[int] = []
        """Lines in which the header stands once more, as where files were put together."""
        self._has_off_ladder = False
        self._has_beyond_two = False
        self._has_unnamed = False

    def new_run(self, key: tuple[str, str], sample_type: str | None) -> "list[RunSoFar] | LeftOutSample | None":
        """The runs under a new pair of sample and file. None, with a problem noted, where it has no name."""
        header = self.header
        own, run_name = key[0].strip(), key[1].strip()
        name = own or (run_name if header.sample is None else "")
        if not name:
            column = header.sample if header.sample is not None else header.run
            self.complain(column, "an empty cell", "a sample’s name")
            return None
        if not own.isprintable() or not run_name.isprintable():
            column = header.run if own.isprintable() else header.sample
            self.complain(column, quoted(run_name if own.isprintable() else own), "a name in plain letters and signs")
            return None
        sample = self._names.sample(name)
        kind = self._kind(sample, name, None if sample_type is None else sample_type.strip())
        if kind is None:
            return None
        if kind != "sample":
            made: list[RunSoFar] | LeftOutSample = LeftOutSample(kind)
        else:
            made = [RunSoFar(sample, run_name or name, self.line)]
        self.runs[key] = made
        return made

    def _kind(self, sample: str, name: str, sample_type: str | None) -> str | None:
        kind = self._names.kind(sample, name, sample_type)
        if kind is None:
            if name not in self._complained:
                self._complained.add(name)
                self._complain_of_kind(sample, name, sample_type)
            return None
        known, line = self._kinds.setdefault(sample, (kind, self.line))
        if known != kind:
            self.complain(self.header.type, f"{quoted(sample)} as {kind}", f"{known}, as in line {line}")
        return kind

    def _complain_of_kind(self, sample: str, name: str, sample_type: str | None) -> None:
        column = self.header.sample if self.header.sample is not None else self.header.run
        if sample_type is None or plain(sample_type) in SAMPLE_TYPES:
            found = f"the sample {quoted(name)}, which may be a control"
            self.complain(column, found, ask_for_kind(sample))
        else:
            expected = "Sample, Allelic Ladder, Positive Control or Negative Control; or " + ask_for_kind(sample)
            self.complain(self.header.type, quoted(sample_type), expected)

    def understand(self, key: tuple[str, ...], block: MarkerColumns) -> Call | None:
        """What a marker's name and cells say. None where they are not sound; a call without marker is left out."""
        text = key[0].strip()
        place = block.marker if block.marker is not None else block.alleles[0]
        if not text and not any(cell.strip() for cell in key[1:]):
            return Call("", ())  # a row of several markers may hold fewer
        marker = self.spellings.resolve(text) if text else None
        if marker is None:
            if text not in self._complained:
                self._complained.add(text)
                found = quoted(text) if text else "an empty cell"
                self.complain(place, found, self.spellings.expected(text) if text else "the name of a marker")
            return None
        if not marker:
            self._markers_left_out[text] = self.spellings.why_left_out(text)
            return Call("", ())
        call = self.cells.call(
            marker,
            key[1:],
            lambda cell, found, expected: self.complain(block.alleles[cell], found, expected),
            is_list=block.is_list,
        )
        if call is not None:
            self._has_off_ladder = self._has_off_ladder or call.has_off_ladder
            self._has_beyond_two = self._has_beyond_two or call.is_beyond_two
            self._has_unnamed = self._has_unnamed or _is_unnamed(call)
        return call

    def samples(self) -> dict[str, tuple[Run, ...]]:
        """The runs of each sample; problems are noted where they cannot be told apart."""
        samples: dict[str, list[Run]] = {}
        for key in list(self.runs):
            runs = self.runs[key]
            if isinstance(runs, list):
                for one in runs:
                    samples.setdefault(one.sample, []).append(_whole(one))
        for first, second in self._names.doubtful_pairs(list(samples)):
            found, expected = doubtful_pair(first, second)
            line = samples[second][0].line
            self.problems.add(self.file, line, self._sample_column(line), found=found, expected=expected)
        for sample, runs_of in samples.items():
            if len(runs_of) > MOST_RUNS:
                found = f"{len(runs_of)} runs of {quoted(sample)}"
                self.problems.add(self.file, runs_of[0].line, None, found=found, expected=f"at most {MOST_RUNS}")
        return {sample: tuple(runs) for sample, runs in samples.items()}

    def _sample_column(self, line: int) -> str | int | None:
        place = self.header.sample if self.header.sample is not None else self.header.run
        return None if place is None else self._column(place, line)

    def _column(self, place: int, line: int) -> str | int:
        """A column as errors name it; in a sheet with the cell."""
        name = self.header.column(place)
        return place_in_sheet(name, place + 1, line) if self._in_sheet else name

    def left_out(self, samples: dict[str, tuple[Run, ...]]) -> tuple[LeftOut, ...]:
        """Markers, controls and readings that are not used, and why."""
        return (*self._left_out_names(), *self._left_out_calls(samples))

    def _left_out_names(self) -> Iterator[LeftOut]:
        for text, reason in self._markers_left_out.items():
            yield LeftOut("marker", text, reason)
        for (own, run), what in self.runs.items():
            if isinstance(what, LeftOutSample):
                yield LeftOut("sample", own.strip() or run.strip(), _why_left_out(what))

    def _left_out_calls(self, samples: dict[str, tuple[Run, ...]]) -> Iterator[LeftOut]:
        for sample, runs in samples.items() if self._has_beyond_two else ():
            for run in runs:
                for call in run.calls.values():
                    if call.is_beyond_two:
                        shown = ", ".join(map(str, call.alleles))
                        reason = f"off-ladder beside two named alleles or more ({shown}), in run {run.name}"
                        yield LeftOut("reading", f"{sample} {call.marker}", reason)

    def notes(self, samples: dict[str, tuple[Run, ...]]) -> Iterator[str]:
        """What a person should know of how the table was read."""
        header = self.header
        if header.line > 1:
            yield f"{self.file}: the header is in line {header.line}, and what stands before it is passed over"
        if self.headers_again:
            lines = _some([str(line) for line in self.headers_again])
            yield f"{self.file}: the header stands again in line {lines}; what follows is read as of the same table"
        if self.cells.absent:
            words = ", ".join(map(quoted, self.cells.absent))
            yield f"{self.file}: {words} is read as an empty cell"
        for text, marker in self.spellings.abbreviated.items():
            yield f"{self.file}: {text} is read as {marker}, the only core marker that begins so"
        if self._names.stripped:
            pairs = [f"{name} → {sample}" for name, sample in self._names.stripped.items()]
            yield f"{self.file}: names without the suffix of their run: {_some(pairs)}"
        several = [f"{sample} ({len(runs)})" for sample, runs in samples.items() if len(runs) > 1]
        if several:
            yield f"{self.file}: runs of one sample are taken as its replicates: {_some(several)}"
        yield from self._notes_of_calls(samples)

    def _notes_of_calls(self, samples: dict[str, tuple[Run, ...]]) -> Iterator[str]:
        def where_they_are(which: Callable[[Call], bool]) -> list[str]:
            return [
                f"{call.marker} of {sample}"
                for sample, runs in samples.items()
                for run in runs
                for call in run.calls.values()
                if which(call)
            ]

        if self._has_off_ladder:
            where = where_they_are(lambda call: call.has_off_ladder)
            if where:
                yield f"{self.file}: off-ladder alleles are kept and never used as an allele: {_some(where)}"
        if self._has_unnamed:
            where = where_they_are(_is_unnamed)
            if where:
                yield f"{self.file}: nothing but ‘?’ stands there, which is read as no result: {_some(where)}"
        if self.cells.suffixes_dropped:
            yield f"{self.file}: alleles are read without the endings that genemapper.toml names"

    def complain(self, place: int | None, found: str, expected: str) -> None:
        """Note a problem in the line that is being read; `place` is its column, counted from 0."""
        column = None if place is None else self._column(place, self.line)
        self.problems.add(self.file, self.line, column, found=found, expected=expected)


def _is_unnamed(call: Call) -> bool:
    return bool(call.alleles) and all(isinstance(allele, Unknown) for allele in call.alleles)


def _whole(run: RunSoFar) -> Run:
    if len(run.heights):
        flat = np.asarray(run.heights, dtype=np.float64)
        if flat[0] >= 0 or not np.all(np.isnan(flat)):
            return Run(run.name, run.line, run.calls, RunHeights(run.calls, flat))
    return Run(run.name, run.line, run.calls)


class Calls(dict[tuple[str, ...], Call | None]):
    """The calls of cells that were read before; others are understood when they are first asked for."""

    def __init__(self, gathering: Gathering, columns: MarkerColumns) -> None:
        super().__init__()
        self._gathering, self._columns = gathering, columns
        self.doubled: set[int] = set()
        """Which calls name one allele twice."""

    def __missing__(self, texts: tuple[str, ...]) -> Call | None:
        """Understand what is new, in the line that is being read."""
        key = texts if self._columns.marker is not None else (self._columns.name, *texts)
        call = self[texts] = self._gathering.understand(key, self._columns)
        # Two peaks without a name (OL, ?) are not one allele twice.
        is_named = call is not None and isinstance(next(iter(call.alleles), None), Repeat | Named)
        if call is not None and is_named and len(call.alleles) > 1 and len(set(call.alleles)) == 1:
            self.doubled.add(id(call))
        return call


class Block:
    """The columns of one marker at work: they take its cells, know its calls, and complain in its columns."""

    def __init__(self, gathering: Gathering, columns: MarkerColumns) -> None:
        self.columns = columns
        self.places = columns.alleles if columns.marker is None else (columns.marker, *columns.alleles)
        self.cells_of = _getter(self.places)
        self.heights_of = _getter(columns.heights) if columns.heights else None
        self.calls = Calls(gathering, columns)
        self._gathering = gathering

    def complain_of_height(self, place: int, found: str, expected: str) -> None:
        """Note a problem with one of the heights."""
        self._gathering.complain(self.columns.heights[place], found, expected)

    def complain_of_allele(self, place: int, found: str, expected: str) -> None:
        """Note a problem with one of the alleles."""
        self._gathering.complain(self.columns.alleles[place], found, expected)


def _getter(places: Sequence[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """Takes some cells of a row, as a tuple also where there is one."""
    if len(places) == 1:
        place = places[0]
        return lambda cells: (cells[place],)
    return itemgetter(*places)


def _why_left_out(what: LeftOutSample) -> str:
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
