"""All of the dead against all of the dead: who may be parent and child, or full siblings.

Each individual is a family of one: the same first pass in bytes as against families of the living, the same exact
figures for what it lets through. Every pair is met twice, once with either as the family; its LR is the mean of the
two. Where mutation runs both ways alike they are one number; of parent and child it says that either may be the parent.

What linked markers say together is in no byte. Of two siblings it multiplies what both markers say by (2ψ)² at most,
with ψ = ρ² + (1 − ρ)² the probability that two meioses of one parent agree at the second marker as at the first; the
first pass of siblings asks for as much less, and the exact figures have it.

No living donor comes near this: individuals alone are taken.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antigone.matching.among_the_dead.chance import ChanceOfKin
from antigone.matching.among_the_dead.relations import SEXES, MarkerRelations, Relation
from antigone.matching.classes import marker_classes, sex_of
from antigone.matching.kernel.filtering import filtered
from antigone.matching.kernel.layout import Layout
from antigone.matching.kernel.log_tables import LogRows, LogTables
from antigone.matching.operation import Individual, Settings
from antigone.matching.preparation import Prepared

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

KIN = (Relation.PARENT_AND_CHILD, Relation.FULL_SIBLINGS)

# Families of one that are looked at together, at most; and numbers in the tables of their markers: 200 MiB.
MOST_TOGETHER = 2**15
MOST_NUMBERS = 2**24
# By so much in log10 one order of adding up may differ from another: who is looked at exactly, not who is told.
ROUNDING = 1e-9
# Up to so many individuals plain NumPy is as quick, and asks nobody to wait for a compiler.
FEW = 1000
# Pairs whose exact figures are computed together.
PAIRS_TOGETHER = 4096


@dataclass(frozen=True, slots=True)
class KinPair:
    """Two of the dead whom a kinship explains better than chance does; which of them is the parent cannot be told.

    `first` and `second` are names of individuals. `relation` is the one of the three that explains them best: where it
    is "same person", they are likelier parts of one body than kin. `log10_lrs` has all three, against two unrelated
    people. `expected` is at most how many pairs of unrelated people would reach as much by chance, if all pairs here
    had been read at these `markers` once.
    """

    first: str
    second: str
    relation: Relation
    log10_lrs: tuple[tuple[Relation, float], ...]
    expected: float
    markers: int

    @property
    def log10_lr(self) -> float:
        """Of the relation that explains them best."""
        return dict(self.log10_lrs)[self.relation]


@dataclass(frozen=True, eq=False)
class KinAmongTheDead:
    """All pairs whose log10 LR of a kinship reaches the threshold, best first, and how many pairs were compared.

    `survived` is how many pairs were looked at exactly, each counted once a relation and direction.
    """

    pairs: tuple[KinPair, ...]
    threshold: float
    compared: int
    survived: int
    notes: tuple[str, ...]

    def of(self, relation: Relation) -> int:
        """How many pairs a relation explains best."""
        return sum(pair.relation is relation for pair in self.pairs)


def kin_among_the_dead(
    individuals: Sequence[Individual], prepared: Prepared, settings: Settings, *, threshold: float | None = None
) -> KinAmongTheDead:
    """Compare all individuals with each other as kin, with the errors of remains on both sides.

    `threshold` is a log10 LR, that of the settings unless given. Raises `TypeError` for anything but individuals: the
    samples of living donors are compared within their own family alone.
    """
    for one in individuals:
        if not isinstance(one, Individual):
            raise TypeError(f"the dead are compared with each other, and nobody else is: got a {type(one).__name__}")
    floor = settings.threshold if threshold is None else threshold
    comparing = _Comparing(individuals, prepared, settings)
    found = [comparing.candidates(relation, floor) for relation in KIN]
    pairs = _unordered([one for one, _ in found])
    logs = {relation: comparing.log10_lrs(relation, pairs) for relation in Relation}
    best = np.max([logs[relation] for relation in KIN], axis=0, initial=-np.inf)
    kept = np.flatnonzero(best >= floor)
    chance = ChanceOfKin(comparing.markers, settings, np.unique(comparing.sex).tolist())
    told = [comparing.pair(pairs[k], {relation: float(logs[relation][k]) for relation in logs}, chance) for k in kept]
    told.sort(key=lambda pair: (-pair.log10_lr, pair.first, pair.second))
    survived = sum(count for _, count in found)
    return KinAmongTheDead(tuple(told), floor, comparing.pairs, survived, tuple(_notes(prepared, settings)))


def _unordered(found: Sequence[Integers]) -> Integers:
    """Each pair once, the lower place first; shape (pairs, 2)."""
    both = np.concatenate([np.zeros((0, 2), dtype=np.int64), *found])
    return np.unique(np.sort(both, axis=1), axis=0)


def _notes(prepared: Prepared, settings: Settings) -> Iterator[str]:
    if settings.theta > 0:
        yield (
            f"theta {settings.theta:g} is declared; likelihood ratios among the dead are computed at theta 0, which "
            "overstates those against unrelated people"
        )
    x_linked = {model.name for model in prepared.models if model.x_linked}
    together = [f"{pair.first}–{pair.second}" for pair in prepared.linked if {pair.first, pair.second} & x_linked]
    if together:
        yield f"linked X markers count as unlinked among the dead: {', '.join(together)}"


class _Comparing:
    """The individuals, ready to be compared with each other."""

    def __init__(self, individuals: Sequence[Individual], prepared: Prepared, settings: Settings) -> None:
        self.individuals = individuals
        self.classes = marker_classes(individuals, prepared.models, settings)
        self.markers = [
            MarkerRelations(model, these) for model, these in zip(prepared.models, self.classes, strict=True)
        ]
        self.of = np.array([these.of for these in self.classes], dtype=np.int64).reshape(
            len(self.classes), len(individuals)
        )
        self.sex = np.array([SEXES.index(sex_of(one)) for one in individuals], dtype=np.int64)
        self.pairs = len(individuals) * (len(individuals) - 1) // 2
        place = {model.name: m for m, model in enumerate(prepared.models) if not model.x_linked}
        self.linked = [
            (place[pair.first], place[pair.second], pair.recombination)
            for pair in prepared.linked
            if pair.first in place and pair.second in place
        ]

    def candidates(self, relation: Relation, floor: float) -> tuple[Integers, int]:
        """All pairs that may reach the floor, as places, shape (pairs, 2); and how many the first pass let through."""
        if len(self.individuals) < 2 or not self.markers:
            return np.zeros((0, 2), dtype=np.int64), 0
        if relation is Relation.FULL_SIBLINGS:
            floor -= sum(2 * math.log10(2 * _stay(rho)) for _, _, rho in self.linked)
        return self.plain_pass(relation, floor) if len(self.individuals) <= FEW else self.first_pass(relation, floor)

    def plain_pass(self, relation: Relation, floor: float) -> tuple[Integers, int]:
        """All pairs whose log10 LR without linkage reaches the floor: the sum of a matrix a marker."""
        everybody = np.arange(len(self.individuals))
        total = np.zeros((len(everybody), len(everybody)))
        for m, of in enumerate(self.of):
            logs, which = self._rows(relation, m, everybody)
            # One more row and column for those of whom nothing was read.
            padded = np.zeros((logs.shape[0] + 1, logs.shape[1] + 1))
            padded[:-1, :-1] = logs
            total += padded[which][:, of]
        np.fill_diagonal(total, -np.inf)
        pairs = np.argwhere(total >= floor - ROUNDING)
        return pairs, len(pairs)

    def first_pass(self, relation: Relation, floor: float) -> tuple[Integers, int]:
        """The same, and perhaps a few more, by the kernel of the country search."""
        layout = Layout.of(self.classes, len(self.individuals))
        found, survived = [], 0
        for members in self._blocks(relation):
            tables = self._tables(relation, members, layout)
            these = filtered(tables, layout, floor - ROUNDING)
            survived += int(these.survived.sum())
            pairs = np.column_stack([members[these.member], these.individual.astype(np.int64)])
            found.append(pairs[pairs[:, 0] != pairs[:, 1]])
        return np.concatenate(found), survived

    def _blocks(self, relation: Relation) -> Iterator[Integers]:
        """Everybody, so many at a time as fit into memory; those of one sex side by side."""
        widths = [len(these.readings) + 1 for these in self.classes]
        sexes = len(np.unique(self.sex))
        distinct = [width * (sexes if self._by_sex(relation, m) else 1) for m, width in enumerate(widths)]
        size = MOST_TOGETHER
        while size > 32 and sum(min(size, n) * width for n, width in zip(distinct, widths, strict=True)) > MOST_NUMBERS:
            size //= 2
        order = np.argsort(self.sex, kind="stable")
        for start in range(0, len(order), size):
            yield order[start : start + size]

    def _by_sex(self, relation: Relation, m: int) -> bool:
        """Whether the sex of the typed one makes a difference."""
        return relation is Relation.PARENT_AND_CHILD and self.markers[m].sexes_differ

    def _tables(self, relation: Relation, members: Integers, layout: Layout) -> LogTables:
        rows, which = [], np.full((len(members), len(self.markers)), -1, dtype=np.int64)
        for m in range(len(self.markers)):
            logs, of = self._rows(relation, m, members)
            rows.append(LogRows(logs))
            which[:, m] = of
        return LogTables.of(rows, which, layout)

    def _rows(self, relation: Relation, m: int, members: Integers) -> tuple[Floats, Integers]:
        """log10 LR of all classes beside what these have read, each distinct thing once; and which row each has."""
        sexes = self.sex[members] if self._by_sex(relation, m) else 0
        keys = np.where(self.of[m, members] >= 0, self.of[m, members] * len(SEXES) + sexes, -1)
        distinct, of = np.unique(keys, return_inverse=True)
        read = distinct[distinct >= 0]
        logs = np.zeros((len(read), len(self.classes[m].readings)))
        for sex in range(len(SEXES)):
            here = np.flatnonzero(read % len(SEXES) == sex)
            logs[here] = self.markers[m].log10_lrs(relation, read[here] // len(SEXES), sex)
        return logs, of - (len(distinct) - len(read))

    def log10_lrs(self, relation: Relation, pairs: Integers) -> Floats:
        """Exact log10 LRs of pairs: the mean of the two LRs, one with either as the family of one."""
        logs = np.empty(len(pairs))
        for start in range(0, len(pairs), PAIRS_TOGETHER):
            here = pairs[start : start + PAIRS_TOGETHER]
            there = self._one_way(relation, here[:, 0], here[:, 1])
            back = self._one_way(relation, here[:, 1], here[:, 0])
            logs[start : start + len(here)] = np.logaddexp2(there / _LOG10_2, back / _LOG10_2) * _LOG10_2 - _LOG10_2
        return logs

    def _one_way(self, relation: Relation, typed: Integers, others: Integers) -> Floats:
        total = np.zeros(len(typed))
        for m, marker in enumerate(self.markers):
            mine, theirs = self.of[m, typed], self.of[m, others]
            both = np.flatnonzero((mine >= 0) & (theirs >= 0))
            with np.errstate(divide="ignore"):
                logs = np.log10(marker.lrs_of_pairs(relation, mine[both], theirs[both], self.sex[typed[both]]))
            total[both] += logs
        if relation is Relation.FULL_SIBLINGS:
            for first, second, rho in self.linked:
                total += self._linked(first, second, rho, typed, others)
        return total

    def _linked(self, first: int, second: int, rho: float, typed: Integers, others: Integers) -> Floats:
        """log10 of what two linked markers say together over what they say apart."""
        read = np.flatnonzero((self.of[[first, second]][:, [typed, others]] >= 0).all(axis=(0, 1)))
        added = np.zeros(len(typed))
        one, other = (
            self.markers[m].log10_lrs_by_inheritance(self.of[m, typed[read]], self.of[m, others[read]])
            for m in (first, second)
        )
        agree = np.array([[2 * _stay(rho), 2 - 2 * _stay(rho)], [2 - 2 * _stay(rho), 2 * _stay(rho)]])
        together = ((one @ np.kron(agree, agree)) * other).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log10(together) - np.log10(one.sum(axis=1)) - np.log10(other.sum(axis=1))
        added[read] = np.where(np.isfinite(logs), logs, 0.0)
        return added

    def pair(self, places: Integers, logs: dict[Relation, float], chance: ChanceOfKin) -> KinPair:
        i, j = (int(place) for place in places)
        used = tuple(np.flatnonzero((self.of[:, i] >= 0) & (self.of[:, j] >= 0)).tolist())
        relation = max(Relation, key=lambda one: (logs[one], one is Relation.SAME_PERSON))
        apart = sum(2 * math.log10(2 * _stay(rho)) for a, b, rho in self.linked if a in used and b in used)
        sexes = tuple(sorted((int(self.sex[i]), int(self.sex[j]))))
        tail = chance.at_least(relation, logs[relation], used, sexes, apart)
        return KinPair(
            self.individuals[i].id,
            self.individuals[j].id,
            relation,
            tuple(logs.items()),
            self.pairs * tail,
            len(used),
        )


_LOG10_2 = math.log10(2)


def _stay(rho: float) -> float:
    """The probability that two meioses of one parent, which agree at a marker or do not, do so at the linked one."""
    return rho**2 + (1 - rho) ** 2
