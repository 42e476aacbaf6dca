"""How many pairs of unrelated people would reach a likelihood ratio in this very search.

The count is a sum over all searched pairs of P(LR ≥ x | unrelated). Taken as given is an individual's *pattern*: at
which markers there is a result, of how many replicates, and whether the laboratory calls a single allele homozygous
or leaves it open (without a declared drop-out rate, a homozygote is then what shows a single allele);
the alleles are those of somebody unrelated to the family, of the same population. For one missing person and one
marker that is a short list of values of log10 LR with their probabilities; over markers they are convolved on a grid.

Each value is rounded down to the grid, so the sum over n markers is low by less than n steps: the true count lies
between the one computed and the one computed n steps further up. The convolution runs by Fourier transform on
probabilities that are tilted by LR itself (which turns the distribution under "unrelated" into the one under
"related"); without the tilt the far tail, which is what matters, would drown in rounding. P(LR ≥ x) ≤ E[LR]/x caps
the count (Markov's inequality; E[LR | unrelated] is 1, but for the drop-ins and errors that are not listed).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations_with_replacement, product

import numpy as np
from numba import njit
from numpy.typing import NDArray

from antigone.genetics.alleles import Silent
from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import ErrorRates, Reading, Reads, genotype_likelihood, reading_table
from antigone.matching.classes import MarkerClasses
from antigone.matching.operation import Settings
from antigone.matching.preparation import Prepared
from antigone.matching.tables import ConditionalTable, MarkerTable, genotype_pairs

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Integers = NDArray[np.int64]

# Grid in log10 LR; a search of many millions of pairs takes a coarser one, and its bracket is wider.
STEP = 0.01
COARSER_ABOVE = 3_000_000  # pairs of a pattern and a missing person
LOWEST = -12.0  # below this, log10 LR is not told apart

# A marker's kind has one word a replicate. "called": two alleles, or one that the laboratory calls homozygous. "open":
# the same sample would show one allele as "other unseen", and a drop-out rate is declared that says how often that
# happens. "undeclared": it would too, and no rate is declared, so that a homozygote shows one allele and a
# heterozygote both.
Kind = tuple[str, ...]

# Lists of outcomes are kept up to this size (outcomes × genotypes): three replicates at SE33 fit.
LARGEST_LIST = 20_000_000


@dataclass(eq=False)
class Outcomes:
    """Everything that could be read at a marker under one kind; both arrays have shape (outcomes, genotypes).

    `likelihood` is P(outcome | genotype) as the search computes it, `chance` what outcomes are drawn by: where singles
    are called homozygous nothing can have dropped out, whatever rate is declared for the other samples. Where singles
    are left open and no rate is declared, the search asks for the chance that the allele is among those seen, which
    heterozygotes have too; drawn is such a reading as often as there are homozygotes.
    """

    kind: Kind
    haploid: bool
    likelihood: Floats
    chance: Floats
    # The half that is the same for all families where theta is 0.
    _last: tuple[Floats, Floats, Floats] | None = None

    def under(self, table: MarkerTable) -> tuple[Floats, Floats]:
        """log10 LR of each outcome and its probability if unrelated."""
        if self.haploid is not table.haploid:
            return np.zeros(1), np.ones(1)  # another sex at an X-linked marker: says nothing
        if self._last is None or self._last[0] is not table.unrelated:
            probability = self.chance @ table.unrelated
            with np.errstate(divide="ignore"):
                logs = np.log10(self.likelihood @ table.unrelated)
            self._last = (table.unrelated, logs, probability / probability.sum())
        _, unrelated, probability = self._last
        with np.errstate(divide="ignore"):
            return np.log10(self.likelihood @ table.related) - unrelated, probability


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
            for i in np.flatnonzero(these.of >= 0):
                k = these.of[i]
                kind = _kind(these.readings[k], leaves_open=bool(leaves_open[i]), declared=declared)
                column[i] = number.setdefault((kind, bool(these.haploid[k])), len(number))
            columns.append(column)
            outcomes.append(tuple(_outcomes(kind, model, rates, haploid=haploid) for kind, haploid in number))
        return cls(np.array(columns, dtype=np.int64).reshape(len(models), individuals).T, tuple(outcomes))


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


def _outcomes(kind: Kind, model: MarkerModel, rates: ErrorRates, *, haploid: bool) -> Outcomes:
    """List what could be read of one genotype, without the rare drop-ins and errors that contradict it."""
    listed = _list_outcomes(kind, model, haploid=haploid)
    if len(listed) * len(model) ** 2 / 2 > LARGEST_LIST:
        return _outcomes(("called",), model, rates, haploid=haploid)  # so many replicates leave little open
    with_drop_out = _rows_by_word(model, rates, haploid=haploid)
    without = _rows_by_word(model, replace(rates, drop_out=0.0), haploid=haploid)
    places = np.array([[_place(alleles, len(model)) for alleles in outcome] for outcome in listed])
    likelihood, chance = np.ones(()), np.ones(())
    for k, word in enumerate(sorted(kind)):
        likelihood = likelihood * with_drop_out[word][places[:, k]]
        chance = chance * (with_drop_out["open"] if word == "open" else without["called"])[places[:, k]]
    return Outcomes(kind, haploid, likelihood, chance)


def _list_outcomes(kind: Kind, model: MarkerModel, *, haploid: bool) -> list[tuple[tuple[int, ...], ...]]:
    """The alleles that each replicate may show, one entry for each word of the kind in order."""
    shown = [i for i, allele in enumerate(model.alleles) if not isinstance(allele, Silent)]
    genotypes = [(a,) for a in shown] if haploid else list(combinations_with_replacement(shown, 2))
    listed: dict[tuple[tuple[int, ...], ...], None] = {}
    for genotype in genotypes:
        seen = tuple(sorted(set(genotype)))
        either = list(dict.fromkeys([seen, *((a,) for a in seen)]))
        choices: dict[str, list[tuple[int, ...]]] = {"called": [seen], "undeclared": [seen], "open": either}
        for outcome in product(*[choices[word] for word in kind]):
            paired = sorted(zip(kind, outcome, strict=True))
            listed[tuple(alleles for _, alleles in paired)] = None
    return list(listed)


def _rows_by_word(model: MarkerModel, rates: ErrorRates, *, haploid: bool) -> dict[str, Floats]:
    """P(what one replicate shows | genotype): rows for single alleles, then for pairs, under each word."""
    table = reading_table(model, rates, haploid=haploid)
    called = reading_table(model, replace(rates, drop_out=0.0), haploid=haploid).singles
    unseen = np.array([_one_row(model, allele, rates, haploid=haploid) for allele in range(len(model))])
    return {
        "called": np.vstack([called, table.pairs]),
        "open": np.vstack([table.singles, table.pairs]),
        "undeclared": np.vstack([unseen, table.pairs]),
    }


def _one_row(model: MarkerModel, allele: int, rates: ErrorRates, *, haploid: bool) -> Floats:
    """One allele seen, other unseen, without a declared rate of drop-out."""
    if isinstance(model.alleles[allele], Silent):
        return np.zeros(len(model) if haploid else len(genotype_pairs(len(model))[0]))
    reading = Reading((model.alleles[allele],), Reads.OTHER_UNSEEN)
    likelihood = genotype_likelihood([reading], model, rates, haploid=haploid)
    return likelihood if haploid else np.asarray(likelihood[genotype_pairs(len(model))])


def _place(alleles: tuple[int, ...], size: int) -> int:
    """The row of a reading: single alleles first, then pairs as `numpy.triu_indices(size, 1)` orders them."""
    if len(alleles) == 1:
        return alleles[0]
    first, second = alleles
    return size + first * (2 * size - first - 1) // 2 + second - first - 1


@dataclass(frozen=True, eq=False)
class CoincidenceCount:
    """The expected number of unrelated pairs at or above any LR: between `lower` and `upper`.

    `lower[k]` and `upper[k]` count pairs in the grid cell that begins at `start + k · step`, as bounds of where they
    may lie; `middle` puts them where they most likely are, for a picture.
    """

    step: float
    start: float
    lower: Floats
    upper: Floats
    middle: Floats
    pairs: float
    total_lr: float  # Σ E[LR | unrelated] over all pairs

    def at_least(self, log10_lr: float) -> tuple[float, float]:
        """Lower and upper end of the expected number of unrelated pairs with this log10 LR or more.

        Every pair has an LR of 0 (log10 −inf) or more.
        """
        if np.isneginf(log10_lr):
            return self.pairs, self.pairs
        first = int(np.clip(np.ceil(round((log10_lr - self.start) / self.step, 6)), 0, len(self.lower)))
        lower, upper = self._tails
        low, high = float(lower[first]), float(upper[first])
        # What was folded over from below LOWEST, and Markov's cap.
        high += self.pairs * _power_of_ten(LOWEST - log10_lr)
        cap = min(self.pairs, self.total_lr * _power_of_ten(-log10_lr))
        return min(low, cap), min(high, cap)

    @cached_property
    def _tails(self) -> tuple[Floats, Floats]:
        """Pairs at or above each cell, lower and upper: added up once, for every pair of a search may be asked for."""
        return _tail(self.lower), _tail(self.upper)

    def histogram(self, edges: Floats) -> Floats:
        """Expected pairs in the bins of `edges`; the first bin takes all below, the last all above."""
        where = self.start + (np.arange(len(self.middle)) + 0.5) * self.step
        counts = np.bincount(np.searchsorted(edges, where, side="right"), self.middle, minlength=len(edges) + 1)
        counts[0] += self.pairs - counts.sum()
        return np.maximum(counts, 0.0)


def _tail(counts: Floats) -> Floats:
    """The sums from each place to the end, and 0 for beyond the end."""
    return np.append(np.cumsum(counts[::-1])[::-1], 0.0)


def _power_of_ten(exponent: float) -> float:
    """10 to a power, at most 10³⁰⁰: a bound that large bounds nothing, and does not overflow."""
    return float(10.0 ** min(exponent, 300.0))


@dataclass(eq=False)
class Coincidences:
    """Adds up, missing person by missing person, what chance alone would give."""

    patterns: Patterns
    prepared: Prepared
    missing: int  # how many missing persons are searched, for the choice of the grid
    step: float = field(init=False)
    mass: dict[int, Floats] = field(default_factory=dict)  # by number of units: pairs in each cell
    pairs: float = 0.0
    total_lr: float = 0.0

    def __post_init__(self) -> None:
        distinct = len(np.unique(self.patterns.of, axis=0)) if len(self.patterns.of) else 0
        self.step = STEP if distinct * self.missing <= COARSER_ABOVE else 4 * STEP
        self._first = round(LOWEST / self.step)

    def add(self, table: ConditionalTable) -> None:
        """Take in one missing person."""
        self.pairs += len(self.patterns.of)
        if not len(self.patterns.of):
            return  # nobody to compare
        columns, units = self._units(table)
        patterns, counts = np.unique(columns, axis=0, return_counts=True)
        self.total_lr += _total_lr(patterns, counts.astype(np.float64), units)
        spectra, highest, length = self._spectra(units)
        total = sum_of_products(patterns, counts.astype(np.float64), spectra)
        # A family that says nothing leaves all LRs at 1.
        tilted = np.fft.irfft(total, n=length) if spectra else np.array([total[0].real])
        self._collect(np.maximum(tilted, 0.0), highest, most_units=int((patterns >= 0).sum(axis=1).max(initial=0)))

    def _units(self, table: ConditionalTable) -> tuple[Integers, list[list[tuple[Floats, Floats]]]]:
        """Columns of the patterns as this family sees them, and for each column its kinds: values, probabilities.

        A linked pair that matters is one unit where both of its markers were read.
        """
        columns, units = [], []
        paired = {m for where in table.linkage for m in where}
        for m, marker in enumerate(table.markers):
            if marker is not None and m not in paired:
                columns.append(self.patterns.of[:, m])
                units.append([outcomes.under(marker) for outcomes in self.patterns.outcomes[m]])
        for where in table.linkage:
            column, kinds = self._pair_units(table, where)
            columns.append(column)
            units.append(kinds)
        return np.array(columns, dtype=np.int64).reshape(len(columns), len(self.patterns.of)).T, units

    def _pair_units(
        self, table: ConditionalTable, where: tuple[int, int]
    ) -> tuple[Integers, list[tuple[Floats, Floats]]]:
        first, second = (self.patterns.of[:, m] for m in where)
        present, column = np.unique(np.column_stack([first, second]), axis=0, return_inverse=True)
        kinds = [self._pair_kind(table, where, int(a), int(b)) for a, b in present]
        column = column.ravel()
        if len(present) and tuple(present[0]) == (-1, -1):
            column, kinds = column - 1, kinds[1:]
        return column, kinds

    def _pair_kind(self, table: ConditionalTable, where: tuple[int, int], a: int, b: int) -> tuple[Floats, Floats]:
        markers = [table.markers[m] for m in where]
        outcomes = [self.patterns.outcomes[m][k] if k >= 0 else None for m, k in zip(where, (a, b), strict=True)]
        single = [
            kind.under(marker) if kind is not None and marker is not None else (np.zeros(1), np.ones(1))
            for kind, marker in zip(outcomes, markers, strict=True)
        ]
        logs = single[0][0][:, None] + single[1][0][None, :]
        joint = table.linkage[where]
        rows = [kind.likelihood if kind is not None else None for kind in outcomes]
        if rows[0] is not None and rows[1] is not None and joint.shape == (rows[0].shape[1], rows[1].shape[1]):
            together = rows[0] @ joint @ rows[1].T
            apart = np.outer(rows[0] @ joint.sum(axis=1), rows[1] @ joint.sum(axis=0))
            with np.errstate(divide="ignore", invalid="ignore"):
                linked = np.log10(together) - np.log10(apart)
            logs = logs + np.where(np.isnan(linked), 0.0, linked)
        return logs.ravel(), np.outer(single[0][1], single[1][1]).ravel()

    def _spectra(self, units: Sequence[Sequence[tuple[Floats, Floats]]]) -> tuple[list[Complexes], int, int]:
        """Fourier transforms of the tilted distributions, by column and kind; the highest cell, and how many cells."""
        cells = [[np.floor(logs / self.step) for logs, _ in kinds] for kinds in units]
        highest = 0
        for cells_of_column in cells:
            tops = [float(cell[np.isfinite(cell)].max(initial=0.0)) for cell in cells_of_column]
            highest += int(max(tops, default=0.0))
        length = 2 ** int(np.ceil(np.log2(max(2, highest - self._first + 1))))
        spectra = []
        for kinds, cell_kinds in zip(units, cells, strict=True):
            rows = np.zeros((len(kinds), length))
            for k, ((_, probability), cell) in enumerate(zip(kinds, cell_kinds, strict=True)):
                finite = np.isfinite(cell)
                here = cell[finite].astype(np.int64)
                tilted = probability[finite] * 10.0 ** (here * self.step)
                rows[k] = np.bincount(here % length, tilted, minlength=length)
            spectra.append(np.fft.rfft(rows, axis=1))
        return spectra, highest, length

    def _collect(self, tilted: Floats, highest: int, most_units: int) -> None:
        """Undo the tilt and add to the cells, from the highest one downwards to the lowest told apart."""
        length = len(tilted)
        cells = np.arange(max(self._first, highest - length + 1), highest + 1)
        pairs = tilted[cells % length] * 10.0 ** (-cells * self.step)
        kept = self.mass.setdefault(most_units, np.zeros(0))
        needed = highest - self._first + 1
        if needed > len(kept):
            kept = np.concatenate([kept, np.zeros(needed - len(kept))])
        kept[cells - self._first] += pairs
        self.mass[most_units] = kept

    def count(self) -> CoincidenceCount:
        """What was added up so far."""
        longest = max((len(mass) + units + 1 for units, mass in self.mass.items()), default=1)
        lower, upper, middle = np.zeros(longest), np.zeros(longest), np.zeros(longest)
        for units, mass in self.mass.items():
            lower[: len(mass)] += mass
            upper[units + 1 : units + 1 + len(mass)] += mass
            middle[units // 2 : units // 2 + len(mass)] += mass
        return CoincidenceCount(self.step, self._first * self.step, lower, upper, middle, self.pairs, self.total_lr)


def _total_lr(patterns: Integers, counts: Floats, units: Sequence[Sequence[tuple[Floats, Floats]]]) -> float:
    """Σ over individuals of E[LR | unrelated], a product over the columns of the pattern."""
    total = counts.copy()
    for column, kinds in enumerate(units):
        means = np.array([*(float(probability @ 10.0**logs) for logs, probability in kinds), 1.0])
        total *= means[patterns[:, column]]
    return float(total.sum())


def sum_of_products(patterns: Integers, counts: Floats, spectra: Sequence[Complexes]) -> Complexes:
    """Σ over patterns of count · Π over columns of the spectrum of the pattern's kind there; −1 leaves a column out.

    `patterns` are sorted by rows, so that neighbours share the products of their first columns.
    """
    if not spectra:
        return np.array([counts.sum()], dtype=np.complex128)
    width = spectra[0].shape[1]
    starts = np.cumsum([0, *(len(rows) for rows in spectra)])
    stacked = np.concatenate(spectra) if starts[-1] else np.zeros((0, width), dtype=np.complex128)
    rows = np.where(patterns >= 0, patterns + starts[:-1], -1)
    return np.asarray(_sum_of_products(rows, counts, np.ascontiguousarray(stacked), width))


def sum_of_products_plain(patterns: Integers, counts: Floats, spectra: Sequence[Complexes]) -> Complexes:
    """`sum_of_products` as it is written."""
    if not spectra:
        return np.array([counts.sum()], dtype=np.complex128)
    total = np.zeros(spectra[0].shape[1], dtype=np.complex128)
    for pattern, count in zip(patterns, counts, strict=True):
        term = np.full(total.shape, count, dtype=np.complex128)
        for column, kind in enumerate(pattern):
            if kind >= 0:
                term *= spectra[column][kind]
        total += term
    return total


@njit(cache=True, nogil=True)
def _sum_of_products(rows, counts, spectra, width):  # type: ignore[no-untyped-def]
    """Walk the patterns as a tree: `products[c]` is the product of the first c columns of the pattern before."""
    patterns, columns = rows.shape
    products = np.ones((columns + 1, width), dtype=np.complex128)
    total = np.zeros(width, dtype=np.complex128)
    for p in range(patterns):
        shared = 0
        if p > 0:
            while shared < columns and rows[p, shared] == rows[p - 1, shared]:
                shared += 1
        for c in range(shared, columns):
            row = rows[p, c]
            if row < 0:
                for f in range(width):
                    products[c + 1, f] = products[c, f]
            else:
                for f in range(width):
                    products[c + 1, f] = products[c, f] * spectra[row, f]
        for f in range(width):
            total[f] += counts[p] * products[columns, f]
    return total
