"""What a laboratory hands over, whatever file it came in: samples, the runs of each, and what was called in them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from operator import attrgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from antigone.formats.case_folder.readings import CellReader
from antigone.formats.collecting import uncollected
from antigone.formats.errors import InputError
from antigone.formats.plain_text import read_bytes
from antigone.formats.tables import to_csv
from antigone.genetics.alleles import Allele, AlleleError, Named, OffLadder, Repeat, parse_allele
from antigone.genetics.markers import Inheritance
from antigone.genetics.markers import marker as known_marker
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.profiles import Profile
from antigone.matching.operation import LeftOut

MAX_BYTES = 512_000_000
_CELLS = CellReader(None)  # no frequency table is known yet: whether it holds an allele is the case folder's question

Heights = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """What was called at one marker in one run, shared by all runs that say the same.

    `alleles` are those of the file in its order, off-ladder ones included; `readings` is what counts of them, one
    reading or none. At a Y marker `copies` counts instead, as a haplotype keeps them.
    """

    marker: str
    alleles: tuple[Allele, ...]
    readings: tuple[Reading, ...] = ()
    copies: tuple[Allele, ...] = ()

    @property
    def is_used(self) -> bool:
        """Whether anything of it counts."""
        return bool(self.readings or self.copies)

    @property
    def has_off_ladder(self) -> bool:
        """Whether an allele was there that the ladder does not name."""
        return any(isinstance(allele, OffLadder) for allele in self.alleles)

    @property
    def is_beyond_two(self) -> bool:
        """Whether an off-ladder allele stands beside two named ones or more, so that nothing of it can count."""
        named = {allele for allele in self.alleles if isinstance(allele, Repeat | Named)}
        return self.has_off_ladder and len(named) > 1


def call_of(marker: str, cells: tuple[str, ...]) -> Call:
    """What the cells of one marker say, whose canonical name is given. Alleles are written with a decimal point.

    One allele alone is one allele seen: it is homozygous only where the file writes it twice. Raises
    `case_folder.readings.CellError` for what is no allele.

    >>> call_of("TH01", ("6", "9.3")).readings
    (Reading(alleles=(Repeat(repeats=6, bases=0), Repeat(repeats=9, bases=3)), reads=<Reads.ALLELES: 'alleles'>),)
    >>> str(call_of("TH01", ("6", "")).readings[0]), str(call_of("TH01", ("6", "6")).readings[0])
    ('6/?', '6/6')
    >>> call_of("TH01", ("OL",)).is_used, call_of("TH01", ("6", "7", "OL")).is_beyond_two
    (False, True)
    """
    named = {cell for cell in cells if cell and cell != "?" and not is_off_ladder(cell)}
    is_beyond_two = len(named) > 1 and any(is_off_ladder(cell) for cell in cells)
    # Checked as if the off-ladder alleles were not there; then nothing of it counts.
    checked = tuple(cell for cell in cells if not is_off_ladder(cell)) if is_beyond_two else cells
    marker_is_y = inheritance_of(marker) is Inheritance.Y
    copies = _CELLS.read_copies(marker, checked) if marker_is_y else None
    reading = None if marker_is_y else _CELLS.read(marker, checked).reading
    alleles = _alleles(marker, cells)
    if is_beyond_two:
        return Call(marker, alleles)
    return Call(marker, alleles, () if reading is None else (reading,), copies or ())


@cache
def inheritance_of(marker: str) -> Inheritance:
    """How a marker is inherited, by its canonical name."""
    return known_marker(marker).inheritance


def is_off_ladder(cell: str) -> bool:
    """Whether a cell says that an allele lies outside the ladder: `OL`, `<8`, `>20`.

    >>> is_off_ladder("<8"), is_off_ladder("ol"), is_off_ladder("<b")
    (True, True, False)
    """
    try:
        return isinstance(parse_allele(cell), OffLadder)
    except AlleleError:
        return False


def _alleles(marker: str, cells: tuple[str, ...]) -> tuple[Allele, ...]:
    is_sex = inheritance_of(marker) is Inheritance.SEX
    return tuple(parse_allele(cell.upper() if is_sex else cell) for cell in cells if cell)


class RunHeights(Mapping[str, Heights]):
    """The heights of a run by marker, kept as one row of numbers: a dictionary of tuples takes five times as much.

    `flat` has a number, or NaN for none, for each allele of each call, in the order of `calls`.
    """

    __slots__ = ("_calls", "_flat")

    def __init__(self, calls: Mapping[str, Call], flat: NDArray[np.float64]) -> None:
        self._calls, self._flat = calls, flat

    def _pairs(self) -> Iterator[tuple[str, Heights]]:
        start = 0
        for marker, call in self._calls.items():
            end = start + len(call.alleles)
            heights = tuple(None if height != height else height for height in self._flat[start:end].tolist())
            if any(height is not None for height in heights):
                yield marker, heights
            start = end

    def __getitem__(self, marker: str) -> Heights:
        for name, heights in self._pairs():
            if name == marker:
                return heights
        raise KeyError(marker)

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._pairs())

    def __len__(self) -> int:
        return sum(1 for _ in self._pairs())

    def __repr__(self) -> str:
        return repr(dict(self._pairs()))


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a sample: the name under which the file has it, its first line, and the calls by marker.

    `heights` are those of the calls, in the order of their alleles, in the file's own unit (mostly RFU); empty where
    the file has none.
    """

    name: str
    line: int
    calls: Mapping[str, Call]
    heights: Mapping[str, Heights] = field(default_factory=dict)


@dataclass(frozen=True)
class LaboratoryProfiles:
    """Samples with their runs, in the order of the file; what was left out and why; and what a person should know."""

    file: str
    samples: Mapping[str, tuple[Run, ...]]
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()

    def profiles(self) -> dict[str, Profile]:
        """The profile of each sample; runs are its replicates, in their order. Y markers are not in it."""
        with uncollected():
            return {sample: Profile(sample, _readings(runs)) for sample, runs in self.samples.items()}

    def y(self) -> dict[str, dict[str, tuple[tuple[Allele, ...], ...]]]:
        """By sample and Y marker the copies that were read, replicates side by side."""
        found: dict[str, dict[str, tuple[tuple[Allele, ...], ...]]] = {}
        for sample, runs in self.samples.items():
            for call in (call for run in runs for call in run.calls.values() if call.copies):
                own = found.setdefault(sample, {})
                own[call.marker] = (*own.get(call.marker, ()), call.copies)
        return found

    def markers(self) -> tuple[str, ...]:
        """The markers of all calls, in the order in which they first stand."""
        names: dict[str, None] = {}
        for runs in self.samples.values():
            for run in runs:
                names.update(dict.fromkeys(run.calls))
        return tuple(names)

    def profiles_csv(self) -> str:
        """The text of a case folder's `profiles.csv`, with replicates and heights.

        Off-ladder alleles beside two named ones, which no search can use, are not in it: `left_out` tells of them.
        Raises `ValueError` for a sample's name that a cell cannot hold.
        """
        width = max([2, *(len(call.alleles) for call in self._calls() if call.is_used)])
        tall = max([0, *(len(one) for runs in self.samples.values() for run in runs for one in run.heights.values())])
        header = ["sample", "replicate", "marker", *(f"allele{number}" for number in range(1, width + 1))]
        header += [f"height{number}" for number in range(1, min(tall, width) + 1)]
        return to_csv(header, self._rows(width, min(tall, width)))

    def _calls(self) -> Iterator[Call]:
        return (call for runs in self.samples.values() for run in runs for call in run.calls.values())

    def _rows(self, width: int, tall: int) -> Iterator[list[str]]:
        for sample, runs in self.samples.items():
            for number, run in enumerate(runs, 1):
                replicate = str(number) if len(runs) > 1 else ""
                # A row without result says that the sample was typed, which its absence would not.
                heights_of = dict(run.heights)
                for call in run.calls.values() or (Call("AMEL", ()),):
                    cells = [str(allele) for allele in call.alleles] if call.is_used else []
                    heights = [height_text(one) for one in heights_of.get(call.marker, ())[: len(cells)]]
                    cells += [""] * (width - len(cells))
                    heights += [""] * (tall - len(heights))
                    yield [sample, replicate, call.marker, *cells, *heights]


def laboratory_of(profiles: Iterable[Profile]) -> LaboratoryProfiles:
    """Profiles as a laboratory would hand them over: the first reading of each marker in the first run, and so on.

    Which readings were of one run, a profile does not say. Without readings a sample has one run without calls.
    """
    samples: dict[str, tuple[Run, ...]] = {}
    for profile in profiles:
        count = max([1, *(len(readings) for readings in profile.readings.values())])
        runs: list[dict[str, Call]] = [{} for _ in range(count)]
        for marker, readings in profile.readings.items():
            for run, reading in zip(runs, readings, strict=False):
                alleles = reading.alleles * (2 if reading.reads is Reads.HOMOZYGOUS else 1)
                run[marker] = Call(marker, alleles, (reading,))
        names = [profile.sample] if count == 1 else [f"{profile.sample} run {n}" for n in range(1, count + 1)]
        samples[profile.sample] = tuple(Run(name, 0, calls) for name, calls in zip(names, runs, strict=True))
    return LaboratoryProfiles("", samples)


_readings_of = attrgetter("readings")


def _readings(runs: tuple[Run, ...]) -> dict[str, tuple[Reading, ...]]:
    if len(runs) == 1:
        found = list(map(_readings_of, runs[0].calls.values()))
        if all(found):
            return dict(zip(runs[0].calls, found, strict=True))
        return {marker: call.readings for marker, call in runs[0].calls.items() if call.readings}
    readings: dict[str, tuple[Reading, ...]] = {}
    for run in runs:
        for marker, call in run.calls.items():
            if call.readings:
                readings[marker] = readings.get(marker, ()) + call.readings
    return readings


def height_text(height: float | None) -> str:
    """A height as it is written: whole where it is whole, empty where there is none."""
    if height is None:
        return ""
    return str(int(height)) if height == int(height) else repr(height)


def bytes_of(source: Path | str | bytes, file: str | None) -> tuple[bytes, str]:
    """The bytes of a file, and the name that errors use. Raises `InputError` where they cannot be had."""
    if not isinstance(source, bytes):
        name = file or str(source)
        return read_bytes(Path(source), name, MAX_BYTES), name
    name = file or "<bytes>"
    if len(source) > MAX_BYTES:
        raise InputError.at(name, None, None, found=f"more than {MAX_BYTES} bytes", expected="a smaller file")
    return source, name
