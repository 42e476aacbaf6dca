"""What the rows of a profile table say, gathered by sample: from one row after another, or from whole columns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from antigone.formats.case_folder.markers import AMELOGENIN
from antigone.formats.tables.whole_columns import FIRST_LINE, CodedCells
from antigone.genetics.alleles import Allele
from antigone.genetics.observation import Reading
from antigone.genetics.profiles import Profile, is_discordant

Readings = tuple[Reading, ...]
Copies = tuple[Allele, ...]
Place = str | tuple[str, str]
"""A marker, or a replicate and a marker."""
_MOST_KNOWN = 10_000


@dataclass(frozen=True, slots=True)
class Found:
    """What a marker and its cells say, for every row that says the same."""

    marker: str
    readings: Readings
    is_left_out: bool = False
    unseen: "Found | None" = None
    """The same with its single allele not taken for homozygous; None where there are other alleles."""
    homozygous: "Found | None" = None
    """The same with its single allele taken for homozygous."""
    copies: Copies = ()
    """What was read at a Y marker, which is no reading of two alleles."""

    @property
    def is_plain(self) -> bool:
        """Whether it is a reading that is used as it is."""
        return bool(self.readings) and not self.is_left_out and not self.copies

    @property
    def is_nothing(self) -> bool:
        """Whether nothing was read."""
        return not self.readings and not self.copies

    @property
    def is_crowded(self) -> bool:
        """Whether three alleles or more were read."""
        return any(len(reading.alleles) > 2 for reading in self.readings)

    @property
    def is_evidence(self) -> bool:
        """Whether it is used and tells of kinship."""
        return self.is_plain and self.marker != AMELOGENIN


@dataclass
class Gathered:
    """By sample what was found, and the line where the sample first stands.

    `ready` are profiles that need no further look. `ordinary` are samples known to be of one person: some marker but
    amelogenin was read, with two alleles at most, and replicates do not contradict each other. Others can be so too: it
    is what was seen on the way, so that nobody has to look through each profile again.
    """

    lines: dict[str, int] = field(default_factory=dict)
    found: dict[str, dict[Place, Found]] = field(default_factory=dict)
    ready: dict[str, Profile] = field(default_factory=dict)
    ordinary: set[str] = field(default_factory=set)

    def put_ready(self, sample: str, line: int, readings: Mapping[str, Readings], *, ordinary: bool) -> None:
        """Keep a sample of which all is said."""
        self.lines[sample] = line
        self.ready[sample] = Profile(sample, readings)
        if ordinary:
            self.ordinary.add(sample)


Keep = Callable[[int, str, str, Found], None]


def gather_long(
    samples: CodedCells,
    kinds: CodedCells,
    found: Sequence[Found | None],
    replicates: CodedCells | None,
    into: Gathered,
    keep: Keep,
) -> None:
    """Gather a table with a row a marker. `found` is what each kind of row says, None where it says nothing sound.

    What has replicates, stands twice or is not sound goes to `keep`, row after row: line, sample, replicate, found.
    """
    order = np.argsort(samples.of, kind="stable")
    number = len(samples.texts)
    ends = np.cumsum(np.bincount(samples.of, minlength=number)).tolist()
    by_rows = np.array([one is None for one in found], dtype=bool)[kinds.of]
    if replicates is not None:
        by_rows |= np.array([text != "" for (text,) in replicates.texts], dtype=bool)[replicates.of]
    walked = np.bincount(samples.of, by_rows, minlength=number).tolist()
    looked_at = np.bincount(samples.of, _flags(found, lambda one: not one.is_plain)[kinds.of], minlength=number)
    rows = _Rows(order, kinds, replicates, found)
    ordinary = _ordinary(samples.of, number, found, kinds.of).tolist()
    start = 0
    for (sample,), end, walk, look, one_person in zip(
        samples.texts, ends, walked, looked_at.tolist(), ordinary, strict=True
    ):
        if walk or not sample or not rows.put(sample, start, end, into, plain=not look, ordinary=one_person):
            for line, replicate, one in rows.one_by_one(start, end):
                keep(line, sample, replicate, one)
        start = end


def gather_wide(
    samples: CodedCells,
    markers: Sequence[tuple[str, CodedCells, Sequence[Found]]],
    replicates: CodedCells | None,
    into: Gathered,
) -> None:
    """Gather a table with a row a sample, or a row a replicate of it: what the kinds of cells of each marker say.

    Each sample and replicate stands once, and of several rows of a sample each has a replicate.
    """
    rows = _RowsBySample.of(samples)
    number = len(samples.texts)
    special, gaps = np.zeros(number, dtype=bool), np.zeros(number, dtype=bool)
    ordinary, evidence = np.ones(number, dtype=bool), np.zeros(number, dtype=bool)
    columns = []
    for _, kinds, found in markers:
        together, of = rows.together(kinds, found)
        special |= _any(together, of, lambda one: not (one.is_plain or one.is_nothing))
        gaps |= ~_any(together, of, lambda one: not one.is_nothing)
        ordinary &= ~_any(together, of, lambda one: one.is_crowded)
        evidence |= _any(together, of, lambda one: one.is_evidence)
        # One object for all samples that were read alike.
        readings = [these[0].readings if len(these) == 1 else _joined(these) for these in together]
        columns.append(_objects(readings)[of].tolist())
        contradict = np.array([len(each) > 1 and is_discordant(each) for each in readings], dtype=bool)
        ordinary &= ~contradict[of]
    names = [name for name, _, _ in markers]
    flags = zip(special.tolist(), gaps.tolist(), (ordinary & evidence).tolist(), strict=True)
    for k, ((sample,), first, readings_of_sample, (is_special, has_gaps, one_person)) in enumerate(
        zip(samples.texts, samples.first, zip(*columns, strict=True), flags, strict=True)
    ):
        if is_special:
            into.lines[sample] = first + FIRST_LINE
            into.found[sample] = dict(rows.places(k, markers, replicates))
        else:
            named = zip(names, readings_of_sample, strict=True)
            own = {name: one for name, one in named if one} if has_gaps else dict(named)
            into.put_ready(sample, first + FIRST_LINE, own, ordinary=one_person)


@dataclass(frozen=True, eq=False)
class _RowsBySample:
    """The rows of a wide table by sample: those of sample k are `order[starts[k] : starts[k] + counts[k]]`."""

    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    counts: NDArray[np.intp]

    @classmethod
    def of(cls, samples: CodedCells) -> "_RowsBySample":
        counts = np.bincount(samples.of, minlength=len(samples.texts))
        return cls(np.argsort(samples.of, kind="stable"), np.cumsum(counts) - counts, counts)

    def together(
        self, kinds: CodedCells, found: Sequence[Found]
    ) -> tuple[list[tuple[Found, ...]], NDArray[np.intp] | NDArray[np.int32]]:
        """The different things that the rows of a sample say together at a marker, and which each sample has."""
        own = kinds.of[self.order]
        of: NDArray[np.intp] | NDArray[np.int32] = own[self.starts]
        together: list[tuple[Found, ...]] = [(one,) for one in found]
        size = len(found) + 1
        for k in range(1, int(self.counts.max(initial=1))):
            there = self.counts > k
            following = np.zeros(len(self.counts), dtype=np.int64)
            following[there] = own[self.starts[there] + k] + 1
            distinct, of = np.unique(of.astype(np.int64) * size + following, return_inverse=True)
            together = [
                together[before] + ((found[after - 1],) if after else ())
                for before, after in (divmod(one, size) for one in distinct.tolist())
            ]
        return together, of

    def places(
        self, k: int, markers: Sequence[tuple[str, CodedCells, Sequence[Found]]], replicates: CodedCells | None
    ) -> Iterator[tuple[Place, Found]]:
        """All that the rows of one sample say, row after row."""
        for row in self.order[self.starts[k] : self.starts[k] + self.counts[k]].tolist():
            replicate = "" if replicates is None else replicates.texts[replicates.of[row]][0]
            for name, kinds, found in markers:
                yield (replicate, name) if replicate else name, found[kinds.of[row]]


def _joined(found: Sequence[Found]) -> Readings:
    return tuple(reading for one in found for reading in one.readings)


def _any(
    together: Sequence[Sequence[Found]], of: NDArray[np.intp] | NDArray[np.int32], asked: Callable[[Found], bool]
) -> NDArray[np.bool_]:
    return np.array([any(map(asked, these)) for these in together], dtype=bool)[of]


def _flags(found: Sequence[Found | None], asked: Callable[[Found], bool]) -> NDArray[np.bool_]:
    return np.array([one is not None and asked(one) for one in found], dtype=bool)


def _ordinary(
    samples: NDArray[np.int32], number: int, found: Sequence[Found | None], kinds: NDArray[np.int32]
) -> NDArray[np.bool_]:
    crowded = np.bincount(samples, _flags(found, lambda one: one.is_crowded)[kinds], minlength=number)
    evidence = np.bincount(samples, _flags(found, lambda one: one.is_evidence)[kinds], minlength=number)
    return np.asarray((crowded == 0) & (evidence > 0), dtype=bool)


def _objects(values: Sequence[object]) -> NDArray[np.object_]:
    """An array of the very objects, also where they are tuples."""
    array = np.empty(len(values), dtype=object)
    for k, value in enumerate(values):
        array[k] = value
    return array


class _Rows:
    """The rows of a table by sample, from columns."""

    def __init__(
        self, order: NDArray[np.intp], kinds: CodedCells, replicates: CodedCells | None, found: Sequence[Found | None]
    ) -> None:
        self._rows = order
        self._kinds = kinds.of[order]
        self._found = found
        number: dict[str, int] = {}
        markers = [number.setdefault("" if one is None else one.marker, len(number)) for one in found]
        self._names = list(number)
        self._markers = np.array(markers, dtype=np.int32)[self._kinds]
        readings = _objects([() if one is None else one.readings for one in found])
        self._readings: list[Readings] = readings[self._kinds].tolist()
        self._replicates = [""] if replicates is None else [text for (text,) in replicates.texts]
        self._which = None if replicates is None else replicates.of[order]
        self._known: dict[bytes, tuple[str, ...] | None] = {}

    def _line(self, k: int) -> int:
        return int(self._rows[k]) + FIRST_LINE

    def _markers_of(self, start: int, end: int) -> tuple[str, ...] | None:
        """The markers of some rows, None where one stands twice: most samples have the same ones, in the same order."""
        key = self._markers[start:end].tobytes()
        if key in self._known:
            return self._known[key]
        names = tuple([self._names[k] for k in self._markers[start:end].tolist()])
        found = names if len(set(names)) == len(names) else None
        if len(self._known) < _MOST_KNOWN:
            self._known[key] = found
        return found

    def put(self, sample: str, start: int, end: int, into: Gathered, *, plain: bool, ordinary: bool) -> bool:
        """Keep a sample without replicates. False where a marker of it stands twice, which is then not kept."""
        markers = self._markers_of(start, end)
        if markers is None:
            return False
        if plain:
            readings = dict(zip(markers, self._readings[start:end], strict=True))
            into.put_ready(sample, self._line(start), readings, ordinary=ordinary)
            return True
        into.lines[sample] = self._line(start)
        kinds = self._kinds[start:end].tolist()
        into.found[sample] = {one.marker: one for kind in kinds if (one := self._found[kind]) is not None}
        if ordinary:
            into.ordinary.add(sample)
        return True

    def one_by_one(self, start: int, end: int) -> Iterator[tuple[int, str, Found]]:
        """Line, replicate and what was found, where anything sound was."""
        for k in range(start, end):
            found = self._found[self._kinds[k]]
            if found is not None:
                yield self._line(k), self._replicates[0 if self._which is None else self._which[k]], found
