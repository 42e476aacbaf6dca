"""All individuals against all missing persons, by conditional tables: plain NumPy, one missing person after another.

Correct before fast: this is what the fast search of later is compared with.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from antigone.matching.classes import MarkerClasses, marker_classes, sex_of
from antigone.matching.coincidences import CoincidenceCount, Coincidences, Patterns
from antigone.matching.odd import FamilyContradiction, family_contradictions, notes, x_linked_left_out
from antigone.matching.operation import Family, LeftOut, Operation
from antigone.matching.preparation import Prepared, prepare
from antigone.matching.tables import ConditionalTable, TableError, conditional_table

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Pair:
    """One individual and one missing person.

    `log10_lr` is the sum over `by_marker` (log10 LR; nan where one side has nothing) and `linkage`. `exclusions`
    counts markers that are impossible without mutation, error and drop-in although the family itself is possible.
    """

    individual: int
    missing: int
    log10_lr: float
    by_marker: Floats
    linkage: tuple[tuple[str, float], ...]
    exclusions: int


@dataclass(frozen=True, eq=False)
class Kept:
    """All pairs of a search whose log10 LR is at least `floor`, sorted by missing person, then by individual.

    `individual` and `missing` are places in `operation.individuals` and in `SearchResult.missing`.
    """

    floor: float
    individual: NDArray[np.int32]
    missing: NDArray[np.int32]
    log10_lr: Floats

    def __len__(self) -> int:
        return len(self.log10_lr)


@dataclass(frozen=True, eq=False)
class SearchResult:
    """What a search found, and what it searched."""

    operation: Operation
    prepared: Prepared
    missing: tuple[tuple[Family, str], ...]  # who was searched
    pairs: tuple[Pair, ...]  # hits, or every pair where that was asked for; best first
    kept: Kept  # every pair from the floor that was asked for
    total_lr: Floats  # (individuals,): Σ LR over all missing persons, of pairs that are not listed too
    total_lr_of_missing: Floats  # (missing persons,): Σ LR over all individuals, of pairs that are not listed too
    cut_lr: Floats  # (individuals,): Σ LR of the pairs below the floor of `kept`
    cut_lr_of_missing: Floats  # (missing persons,): the same over individuals
    highest: Floats  # (missing persons,): the best log10 LR of each
    histogram: Floats  # (bins,): pairs by log10 LR
    edges: Floats  # (bins + 1,): the first and last bins reach to ∓∞
    coincidences: CoincidenceCount
    contradictions: tuple[FamilyContradiction, ...]
    not_searched: tuple[LeftOut, ...]  # missing persons whose family is too large for what was asked
    unusable: tuple[LeftOut, ...]  # readings that no genotype can show under the declared rates, or of unknown sex

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Everything that was not searched, whoever found it."""
        contradicted = (
            LeftOut("marker", f"{one.marker}, family {one.family}", one.what) for one in self.contradictions
        )
        return (
            *self.not_searched, *self.operation.left_out, *self.prepared.left_out, *self.unusable, *contradicted
        )  # fmt: skip

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of the input and of settings that nobody declared."""
        return (*self._not_searched_note(), *self.operation.warnings, *notes(self.operation, self.prepared))

    def _not_searched_note(self) -> Iterator[str]:
        if self.not_searched:
            named = "; ".join(one.id for one in self.not_searched[:NAMED])
            more = f"; and {len(self.not_searched) - NAMED} more" if len(self.not_searched) > NAMED else ""
            yield f"NOT SEARCHED, for the family is too large for what was asked: {named}{more}"

    @property
    def compared(self) -> int:
        """How many pairs were compared."""
        return len(self.operation.individuals) * len(self.missing)


# So many people whose family is too large are named in the notes; all of them stand in what was left out.
NAMED = 20

# The picture of all LRs: a fifth of a power of ten a bin.
HISTOGRAM_EDGES = np.round(np.arange(-12.0, 60.0001, 0.2), 1)


def search(
    operation: Operation, *, all_pairs: bool = False, keep: float | None = None, progress: Progress | None = None
) -> SearchResult:
    """Compare every individual with every missing person.

    Whose family is too large for what was asked is not searched, and said. `keep` is the log10 LR from which pairs are
    kept as numbers, for the joint answer; the threshold unless given. `progress` is told how many missing persons are
    done, of how many.
    """
    prepared = prepare(operation)
    settings = operation.settings
    classes = marker_classes(operation.individuals, prepared.models, settings)
    sexes = np.array([str(sex_of(individual)) for individual in operation.individuals])
    missing = operation.missing_persons()
    searched: list[tuple[Family, str]] = []
    not_searched: list[LeftOut] = []
    patterns = Patterns.of_classes(classes, prepared.models, settings)
    coincidences = Coincidences(patterns, prepared, missing)
    to_count = coincidences.sample()
    count = len(operation.individuals)
    total_lr, histogram = np.zeros(count), np.zeros(len(HISTOGRAM_EDGES) + 1)
    floor = settings.threshold if keep is None else keep
    highest: list[float] = []
    total_lr_of_missing: list[float] = []
    cut_lr, cut_lr_of_missing = np.zeros(count), list[float]()
    kept: list[tuple[Integers, int, Floats]] = []
    found: list[Pair] = []
    contradictions: dict[FamilyContradiction, None] = {}  # once a family, however many it misses
    for done, (family, person) in enumerate(missing, 1):
        try:
            table = conditional_table(family, person, prepared, settings)
        except TableError as error:
            not_searched.append(LeftOut("missing person", f"{person}, family {family.name}", str(error)))
        else:
            contradictions |= dict.fromkeys(family_contradictions(family, table.contradictions))
            lookup = PairLookup(table, classes, sexes)
            totals = lookup.totals
            lr = 10.0**totals
            total_lr += lr
            total_lr_of_missing.append(float(lr.sum()))
            cut = np.where(totals < floor, lr, 0.0)  # by itself: Σ LR less what was kept would be rounding error
            cut_lr += cut
            cut_lr_of_missing.append(float(cut.sum()))
            here = np.flatnonzero(totals >= floor)
            kept.append((here, len(searched), totals[here]))
            highest.append(float(totals.max(initial=-np.inf)))
            histogram += np.bincount(np.searchsorted(HISTOGRAM_EDGES, totals, side="right"), minlength=len(histogram))
            if done - 1 in to_count:
                coincidences.add(table, to_count[done - 1])
            listed = np.arange(count) if all_pairs else np.flatnonzero(totals >= settings.threshold)
            if len(listed):
                excluded = lookup.exclusions(family, person, prepared, operation)
                names = [model.name for model in prepared.models]
                found += [lookup.pair(int(i), len(searched), names, int(excluded[i])) for i in listed]
            searched.append((family, person))
        if progress is not None:
            progress(done, len(missing))
    found.sort(key=lambda pair: (-pair.log10_lr, pair.individual, pair.missing))
    return SearchResult(
        operation, prepared, tuple(searched), tuple(found), _kept(floor, kept), total_lr,
        np.array(total_lr_of_missing), cut_lr, np.array(cut_lr_of_missing), np.array(highest), histogram, HISTOGRAM_EDGES, coincidences.count(len(searched)),
        tuple(contradictions), tuple(not_searched),
        (*_unusable(operation, prepared, classes), *x_linked_left_out(operation, prepared)),
    )  # fmt: skip


def _kept(floor: float, pieces: Sequence[tuple[Integers, int, Floats]]) -> Kept:
    return Kept(
        floor,
        np.concatenate([np.zeros(0, np.int32), *(here.astype(np.int32) for here, _, _ in pieces)]),
        np.repeat(np.array([j for _, j, _ in pieces], np.int32), [len(here) for here, _, _ in pieces]),
        np.concatenate([np.zeros(0), *(logs for _, _, logs in pieces)]),
    )


def _unusable(operation: Operation, prepared: Prepared, classes: Sequence[MarkerClasses]) -> tuple[LeftOut, ...]:
    """Readings that contradict themselves: three alleles, say, where no drop-in is declared."""
    found = []
    for model, these in zip(prepared.models, classes, strict=True):
        for individual in operation.individuals:
            readings = individual.profile.readings.get(model.name, ())
            if readings and any(readings == these.readings[k] for k in these.impossible):
                shown = " | ".join(map(str, readings))
                reason = f"{model.name} {shown}: no genotype shows this under the declared error rates"
                found.append(LeftOut("reading", individual.id, reason))
    return tuple(found)


class PairLookup:
    """The likelihood ratios of all individuals against one missing person."""

    def __init__(self, table: ConditionalTable, classes: Sequence[MarkerClasses], sexes: NDArray[np.str_]) -> None:
        self.table = table
        self.classes = classes
        self.sexes = sexes
        # Of all individuals at once, for a list of every pair asks for each of them.
        logs = [self._logs_of_individuals(m) for m in range(len(classes))]
        self.by_marker = np.array(logs).reshape(len(classes), len(sexes))
        self.linkage = {where: self._linkage_of_individuals(where) for where in table.linkage}
        self.totals = self._totals()

    def _logs(self, m: int) -> Floats | None:
        """log10 LR of each class of a marker; nan for the classes of the other sex at an X-linked one."""
        marker, classes = self.table.markers[m], self.classes[m]
        if marker is None or not classes.readings:
            return None
        logs = np.full(len(classes.readings), np.nan)
        rows = classes.rows(haploid=marker.haploid)
        with np.errstate(divide="ignore", invalid="ignore"):  # classes that no genotype can show: nobody has them
            logs[rows.which] = np.log10(rows.under(marker.related)) - rows.log10_under_unrelated(marker.unrelated)
        return logs

    def _pair_logs(self, where: tuple[int, int]) -> Floats:
        """log10 of what two linked markers say together over what they say apart; shape (classes, classes)."""
        joint = self.table.linkage[where]
        first, second = (self.classes[m] for m in where)
        haploid = [marker is not None and marker.haploid for marker in (self.table.markers[m] for m in where)]
        rows, columns = first.rows(haploid=haploid[0]), second.rows(haploid=haploid[1])
        together = rows.likelihood @ joint @ columns.likelihood.T
        apart = np.outer(rows.under(joint.sum(axis=1)), columns.under(joint.sum(axis=0)))
        logs = np.zeros((len(first.readings), len(second.readings)))
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.log10(together) - np.log10(apart)
        logs[np.ix_(rows.which, columns.which)] = np.where(np.isnan(ratio), 0.0, ratio)
        return logs

    def _logs_of_individuals(self, m: int) -> Floats:
        """log10 LR of each individual at a marker, nan where one side has nothing."""
        logs, of = self._logs(m), self.classes[m].of
        if logs is None:
            return np.full(len(of), np.nan)
        return np.asarray(np.where(of >= 0, logs[of], np.nan))

    def _linkage_of_individuals(self, where: tuple[int, int]) -> Floats:
        """What a linked pair of markers adds for each individual; nothing where one of them was not used."""
        usable = np.asarray(np.isfinite(self.by_marker[list(where)]).all(axis=0))
        first, second = (self.classes[m].of[usable] for m in where)
        added = np.zeros(len(usable))
        if usable.any():
            added[usable] = self._pair_logs(where)[first, second]
        return added

    def _totals(self) -> Floats:
        """log10 LR of every individual."""
        total = np.nan_to_num(self.by_marker, nan=0.0, neginf=-np.inf).sum(axis=0)
        return np.asarray(total + sum(self.linkage.values()))

    def exclusions(self, family: Family, person: str, prepared: Prepared, operation: Operation) -> Integers:
        """For each individual: at how many markers the pair is impossible without mutation, drop-in and error.

        Markers at which the family contradicts itself without these are not counted, nor are readings that contradict
        themselves (three alleles of one person): they say nothing of the pair.
        """
        strict = replace(prepared, models=tuple(model.without_mutation() for model in prepared.models), linked=())
        donors = replace(operation.settings.donors, drop_in=0.0, typing_error=0.0)
        settings = replace(operation.settings, theta=0.0, linkage=False, donors=donors)
        table = conditional_table(family, person, strict, settings)
        excluded = np.zeros(len(self.sexes), dtype=np.int64)
        for m, marker in enumerate(table.markers):
            classes = self.classes[m]
            if marker is None or not classes.readings:
                continue
            rows = classes.rows(haploid=marker.haploid)
            impossible = np.zeros(len(classes.readings), dtype=bool)
            fits = np.any(rows.possible & (marker.related > 0), axis=1)
            impossible[rows.which] = ~fits & np.any(rows.possible, axis=1)
            excluded += np.where(classes.of >= 0, impossible[classes.of], False)
        return excluded

    def pair(self, i: int, j: int, names: Sequence[str], exclusions: int) -> Pair:
        """One pair in full."""
        linkage = tuple((f"{names[a]}–{names[b]}", float(logs[i])) for (a, b), logs in self.linkage.items())
        return Pair(i, j, float(self.totals[i]), self.by_marker[:, i].copy(), linkage, exclusions)
