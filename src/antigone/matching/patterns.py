"""Patterns: what is taken as given of an individual when chance is asked for.

A pattern says at which markers there is a result, of how many replicates, and whether the laboratory calls a single
allele homozygous or leaves it open. Which alleles were read it does not say: those are drawn, of somebody unrelated or
of a relative, and scored by what a family says of the person it misses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import Reading, Reads
from antigone.matching.classes import MarkerClasses
from antigone.matching.convolution import Units
from antigone.matching.linked_genotypes import LinkedGenotypes
from antigone.matching.linked_outcomes import LinkedTable, pair_cells, pair_lrs
from antigone.matching.operation import Settings
from antigone.matching.outcomes import NOTHING_SAID, Cells, Kind, Outcomes, list_outcomes
from antigone.matching.tables import ConditionalTable, MarkerTable

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Patterns:
    """Which kind of reading each individual has at each marker: `of` has shape (individuals, markers), −1 for none."""

    of: Integers
    outcomes: tuple[tuple[Outcomes, ...], ...]  # by marker and kind

    @classmethod
    def of_classes(
        cls,
        classes: Sequence[MarkerClasses],
        models: Sequence[MarkerModel],
        settings: Settings,
    ) -> "Patterns":
        """From the classes of each marker."""
        individuals = len(classes[0].of) if classes else 0
        rates_of = [settings.remains.rates(model) for model in models]
        declared_at = [bool(np.any(np.array(rates.drop_out) > 0)) for rates in rates_of]
        leaves_open = _leaves_open(classes, individuals, declared=any(declared_at))
        columns, outcomes = [], []
        for these, model, rates, declared in zip(classes, models, rates_of, declared_at, strict=True):
            number: dict[tuple[Kind, bool], int] = {}
            column = np.full(individuals, -1, dtype=np.int64)
            read = these.of >= 0
            # Each class once for those whose readings leave it open, and once for the others, as they come.
            classes_read = (2 * these.of[read] + leaves_open[read]).tolist()
            number_of = {}
            for one in dict.fromkeys(classes_read):
                k, is_open = divmod(one, 2)
                kind = _kind(these.readings[k], leaves_open=bool(is_open), declared=declared)
                number_of[one] = number.setdefault((kind, bool(these.haploid[k])), len(number))
            column[read] = list(map(number_of.__getitem__, classes_read))
            columns.append(column)
            outcomes.append(tuple(list_outcomes(kind, model, rates, haploid=haploid) for kind, haploid in number))
        return cls(np.array(columns, dtype=np.int64).reshape(len(models), individuals).T, tuple(outcomes))

    @classmethod
    def of_nobody(cls, models: Sequence[MarkerModel]) -> "Patterns":
        """Of no individuals: where chance is not asked for."""
        return cls(np.zeros((0, len(models)), dtype=np.int64), ((),) * len(models))

    @cached_property
    def distinct(self) -> int:
        """How many different patterns there are."""
        return len(np.unique(self.of, axis=0))

    def units(
        self, table: ConditionalTable, step: float, drawn: ConditionalTable | None = None
    ) -> tuple[Integers, Units]:
        """Columns of the patterns as a family sees them, and for each column its kinds.

        A linked pair that matters is one unit where both of its markers were read. The distributions are those of
        somebody unrelated, or of the person of the table `drawn`.
        """
        scored = _Scored(table, step, drawn)
        columns, units = [], []
        paired = {m for where in scored.pairs for m in where}
        for m, outcomes in enumerate(self.outcomes):
            if table.markers[m] is not None and m not in paired:
                columns.append(self.of[:, m])
                units.append([scored.one(m, each) for each in outcomes])
        for where in scored.pairs:
            column, kinds = self._pair_units(scored, where)
            columns.append(column)
            units.append(kinds)
        return np.array(columns, dtype=np.int64).reshape(len(columns), len(self.of)).T, units

    def only(self, individual: int) -> "Patterns":
        """The pattern of one individual."""
        return Patterns(self.of[individual : individual + 1], self.outcomes)

    def listed(self, individual: int, table: ConditionalTable) -> list[tuple[Floats, Floats]]:
        """For each marker, or linked pair that matters: LR of each outcome, and its probability if unrelated."""
        scored, of = _Scored(table, 0.0, None), self.of[individual]
        linked = [where for where in scored.pairs if min(of[list(where)]) >= 0]
        paired = {m for where in linked for m in where}
        found = [scored.listed(where, tuple(self.outcomes[m][of[m]] for m in where)) for where in linked]
        for m, outcomes in enumerate(self.outcomes):
            if of[m] >= 0 and m not in paired and table.markers[m] is not None:
                found.append(scored.listed((m,), (outcomes[of[m]],)))
        return found

    def _pair_units(self, scored: "_Scored", where: tuple[int, int]) -> tuple[Integers, list[Cells]]:
        first, second = (self.of[:, m] for m in where)
        present, column = np.unique(np.column_stack([first, second]), axis=0, return_inverse=True)
        read = [(int(a), int(b)) for a, b in present if max(a, b) >= 0]
        kinds = []
        for a, b in read:
            if a < 0 or b < 0:
                m, k = (where[1], b) if a < 0 else (where[0], a)
                kinds.append(scored.one(m, self.outcomes[m][k]))
            else:
                kinds.append(scored.two(where, (self.outcomes[where[0]][a], self.outcomes[where[1]][b])))
        # Where neither marker was read stands first if anywhere.
        return column.ravel() - (len(present) - len(read)), kinds


@dataclass(frozen=True, eq=False)
class _Scored:
    """What a family says of whom it misses, and who is compared: somebody unrelated, or the person of `drawn`."""

    table: ConditionalTable
    step: float
    drawn: ConditionalTable | None

    @cached_property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Linked pairs that matter to the likelihood ratio, or to what is drawn."""
        drawn = () if self.drawn is None else self.drawn.linkage
        usable = {m for m, marker in enumerate(self.table.markers) if marker is not None}
        return tuple(where for where in dict.fromkeys([*self.table.linkage, *drawn]) if set(where) <= usable)

    def marker(self, m: int) -> MarkerTable:
        """What the family says at a marker that can be used."""
        marker = self.table.markers[m]
        assert marker is not None  # noqa: S101  others have no unit
        return marker

    def one(self, m: int, outcomes: Outcomes) -> Cells:
        """A marker by itself."""
        marker = self.marker(m)
        if self.drawn is None:
            return outcomes.cells(marker, self.step)
        own = self.drawn.markers[m]
        if own is None or own.haploid is not marker.haploid:
            return NOTHING_SAID  # another sex at an X-linked marker
        return outcomes.cells(marker, self.step, own.related)

    def two(self, where: tuple[int, int], outcomes: tuple[Outcomes, Outcomes]) -> Cells:
        """Two linked markers together."""
        first, second = (self.marker(m) for m in where)
        if any(each.haploid is not first.haploid for each in outcomes):
            return NOTHING_SAID
        own = None
        if self.drawn is not None:
            own = _joint(self.drawn, where)
            if own is None or own.shape != (len(first.related), len(second.related)):
                return NOTHING_SAID
        return pair_cells(outcomes, (first, second), self._linked(where), self.step, own)

    def listed(self, where: tuple[int, ...], outcomes: tuple[Outcomes, ...]) -> tuple[Floats, Floats]:
        """`Patterns.listed` of one marker or of a linked pair."""
        markers = [self.marker(m) for m in where]
        if any(each.haploid is not marker.haploid for each, marker in zip(outcomes, markers, strict=True)):
            return np.ones(1), np.ones(1)
        if len(where) == 1:
            return outcomes[0].lrs(markers[0])
        linked = self._linked((where[0], where[1]))
        return pair_lrs((outcomes[0], outcomes[1]), (markers[0], markers[1]), linked)

    def _linked(self, where: tuple[int, int]) -> LinkedTable:
        joint = _joint(self.table, where)
        assert joint is not None  # noqa: S101  both markers can be used
        return LinkedTable(joint, *self.table.apart(where))


def _joint(table: ConditionalTable, where: tuple[int, int]) -> LinkedGenotypes | None:
    """P(both genotypes | relatives): independent where linkage does not matter."""
    first, second = (table.markers[m] for m in where)
    if first is None or second is None:
        return None
    return table.linkage.get(where) or LinkedGenotypes.independent(first.related, second.related)


def _leaves_open(classes: Sequence[MarkerClasses], individuals: int, *, declared: bool) -> NDArray[np.bool_]:
    """Whose single alleles the laboratory leaves open.

    Somebody without any single allele does not tell. Most of the others decide then; where nobody tells, singles are
    open if a drop-out rate is declared.
    """
    leaves, calls = np.zeros(individuals, dtype=bool), np.zeros(individuals, dtype=bool)
    for these in classes:
        leaves |= _shown_by(these, Reads.OTHER_UNSEEN)
        calls |= _shown_by(these, Reads.HOMOZYGOUS)
    calls &= ~leaves
    most = leaves.sum() > calls.sum() or (declared and leaves.sum() == calls.sum())
    return leaves | ~calls if most else leaves


def _shown_by(these: MarkerClasses, reads: Reads) -> NDArray[np.bool_]:
    """Who has a reading of this sort at a marker; the one allele of a man at an X-linked marker is no homozygote."""
    shown = [
        any(reading.reads is reads for reading in readings) and not (haploid and reads is Reads.HOMOZYGOUS)
        for readings, haploid in zip(these.readings, these.haploid, strict=True)
    ]
    return np.asarray(np.array([*shown, False])[these.of])


def _kind(readings: Sequence[Reading], *, leaves_open: bool, declared: bool) -> Kind:
    if leaves_open and declared:
        return ("open",) * len(readings)
    calls = [not leaves_open or reading.reads is Reads.HOMOZYGOUS for reading in readings]
    return tuple(sorted("called" if called else "undeclared" for called in calls))
