"""All individuals against one missing person: plain NumPy, marker by marker.

Correct before fast: `plain_search` uses it for every missing person, and the fast search is compared with that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from antigone.matching.classes import MarkerClasses
from antigone.matching.operation import Family, Operation, Settings
from antigone.matching.preparation import Prepared
from antigone.matching.tables import ConditionalTable, conditional_table

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


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


def without_errors(prepared: Prepared, settings: Settings) -> tuple[Prepared, Settings]:
    """What a search computes with if nothing mutates, drops in or is mistyped: for counting exclusions."""
    strict = replace(prepared, models=tuple(model.without_mutation() for model in prepared.models), linked=())
    donors = replace(settings.donors, drop_in=0.0, typing_error=0.0)
    return strict, replace(settings, theta=0.0, linkage=False, donors=donors)


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
        together = joint.under(rows.likelihood, columns.likelihood)
        alone = self.table.apart(where)
        apart = np.outer(rows.under(alone[0]), columns.under(alone[1]))
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
        table = conditional_table(family, person, *without_errors(prepared, operation.settings))
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
