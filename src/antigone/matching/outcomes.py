"""Everything that a laboratory could read at a marker, and how likely each of it is under any genotypes.

One replicate shows a set of alleles: those that were read of the genotype, and at most one drop-in. Sets of one and two
alleles are rows of a matrix; a set of three can only be two of the genotype's own and a drop-in (on the X of a man: a
set of two, one and a drop-in), so that its probability follows from those of the smaller sets and no matrix is needed.

Replicates multiply. Where listing every combination would be too long, only those are listed that a genotype gives
without drop-in and error; what is left out has a probability that is known all the same, and so has its mean likelihood
ratio: the mass is not lost, it widens the bracket (Markov's inequality).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import combinations, combinations_with_replacement, product
from math import factorial, prod

import numpy as np
from numba import njit
from numpy.typing import NDArray

from antigone.genetics.alleles import Silent
from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import ErrorRates, Reading, Reads, genotype_likelihood, reading_table
from antigone.matching.log_grid import cell_of, log_grid
from antigone.matching.sparse import Sparse
from antigone.matching.tables import MarkerTable, genotype_pairs

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# A marker's kind has one word a replicate. "called": two alleles, or one that the laboratory calls homozygous. "open":
# the same sample would show one allele as "other unseen", and a drop-out rate is declared that says how often that
# happens. "undeclared": it would too, and no rate is declared, so that a homozygote shows one allele and a
# heterozygote both.
Kind = tuple[str, ...]

# Lists of outcomes are kept up to this size (outcomes × genotypes): three replicates at SE33 fit.
LARGEST_LIST = 20_000_000
# Combinations of replicates are listed up to this many.
MOST_COMBINATIONS = 40_000


@dataclass(frozen=True, eq=False)
class OneReplicate:
    """P(what one replicate shows | genotype).

    `rows` has shape (sets, genotypes). `own`, shape (sets, genotypes), is for sets that come of the genotype alone, and
    each further outcome is one of them and a drop-in: `parts` says in which ways (rows of `own`), `drop_ins` how likely
    the allele that is then missing drops in; both have shape (outcomes, ways).
    """

    rows: Floats
    own: Floats
    parts: Integers
    drop_ins: Floats
    _last: "_Last" = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.rows) + len(self.parts)

    def under(self, genotypes: Floats) -> Floats:
        """P(outcome) where genotypes have these probabilities; a matrix of such columns gives one of columns."""
        return _remembered(self._last, genotypes, self._under)

    def _under(self, genotypes: Floats) -> Floats:
        columns = genotypes if genotypes.ndim == 2 else genotypes[:, None]
        found = self._sparse_rows.times(columns)
        if len(self.parts):
            own = self._sparse_own.times(columns)
            found = np.concatenate([found, _with_parts(own, self.parts, self.drop_ins)])
        return found if genotypes.ndim == 2 else found[:, 0]

    @cached_property
    def _sparse_rows(self) -> Sparse:
        return Sparse.of(self.rows)

    @cached_property
    def _sparse_own(self) -> Sparse:
        return Sparse.of(self.own)

    @cached_property
    def total(self) -> Floats:
        """P(anything is shown | genotype)."""
        weight = np.bincount(self.parts.ravel(), self.drop_ins.ravel(), minlength=len(self.own))
        return np.asarray(self.rows.sum(axis=0) + weight @ self.own)

    def without_drop_ins(self) -> "OneReplicate":
        """The sets of `rows` alone."""
        return replace(self, parts=self.parts[:0], drop_ins=self.drop_ins[:0])

    def matrix(self) -> Floats:
        """All outcomes, shape (outcomes, genotypes)."""
        return self._under(np.eye(self.rows.shape[1]))


@njit(cache=True, nogil=True)
def _with_parts(own, parts, drop_ins):  # type: ignore[no-untyped-def]
    found = np.zeros((len(parts), own.shape[1]))
    for i in range(len(parts)):
        for way in range(parts.shape[1]):
            for u in range(own.shape[1]):
                found[i, u] += own[parts[i, way], u] * drop_ins[i, way]
    return found


@dataclass(frozen=True, eq=False)
class Combinations:
    """Combinations of what two replicates, or two groups of them, show: both matrices have shape (outcomes, genotypes).

    Of all combinations those at `kept` are listed, each for as many as `times` says.
    """

    first: Floats
    second: Floats
    kept: Integers
    times: Floats
    _last: "_Last" = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.kept)

    def under(self, genotypes: Floats) -> Floats:
        """P(outcome) where genotypes have these probabilities."""
        return _remembered(self._last, genotypes, self._under)

    def _under(self, genotypes: Floats) -> Floats:
        both = self._sparse_second.times(self._first_by_genotype * genotypes[:, None])
        return np.asarray(both.ravel()[self._kept_by_second] * self.times)

    @cached_property
    def _sparse_second(self) -> Sparse:
        return Sparse.of(self.second)

    @cached_property
    def _first_by_genotype(self) -> Floats:
        return np.ascontiguousarray(self.first.T)

    @cached_property
    def _kept_by_second(self) -> Integers:
        first, second = np.divmod(self.kept, len(self.second))
        return np.asarray(second * len(self.first) + first)


Listed = OneReplicate | Combinations

# What was asked last, and the answer, by the number of axes: one family is asked about the same list several times.
_Last = dict[int, tuple[Floats, Floats]]


def _remembered(last: _Last, genotypes: Floats, under: Callable[[Floats], Floats]) -> Floats:
    found = last.get(genotypes.ndim)
    if found is None or found[0] is not genotypes:
        found = last[genotypes.ndim] = genotypes, under(genotypes)
    return found[1]


@dataclass(frozen=True, eq=False)
class Readings:
    """Outcomes: `likelihood` gives each as the search computes it, `chance` as it is drawn."""

    likelihood: Listed
    chance: Listed

    def __len__(self) -> int:
        return len(self.likelihood)


@dataclass(frozen=True, eq=False)
class Cells:
    """A distribution of log10 LR on a grid: `mass[k]` lies in [cell[k], cell[k] + 1) steps; an LR of 0 is left out.

    `mean` is the mean LR of what is listed. What is not listed has at most the probability `unlisted` and adds at most
    `unlisted_lr` to the mean.
    """

    cell: Integers
    mass: Floats
    mean: float
    unlisted: float = 0.0
    unlisted_lr: float = 0.0


NOTHING_SAID = Cells(np.zeros(1, dtype=np.int64), np.ones(1), 1.0)


@dataclass(eq=False)
class Outcomes:
    """Everything that could be read at a marker under one kind.

    The likelihood of an outcome is what the search computes, its chance what outcomes are drawn by: where singles are
    called homozygous nothing can have dropped out, whatever rate is declared for the other samples. Where singles are
    left open and no rate is declared, the search asks for the chance that the allele is among those seen, which
    heterozygotes have too; drawn is such a reading as often as there are homozygotes.

    `alone` lists for the marker by itself, `beside` for a linked pair: from `common` on with a drop-in for certain.
    `total_likelihood` and `total_chance` are the sums over everything, listed or not, for each genotype; `excess` is
    how much larger than the likelihood a chance can be.
    """

    kind: Kind
    haploid: bool
    alone: Readings
    beside: Readings
    common: int
    total_likelihood: Floats
    total_chance: Floats
    excess: float
    _drawn: dict[int, tuple[Floats, Floats, Floats]] = field(default_factory=dict)  # of unrelated people, by list

    def lrs(self, table: MarkerTable, readings: Readings | None = None) -> tuple[Floats, Floats]:
        """LR of each outcome, and its probability if unrelated; these may sum to less than 1.

        The LR is nan or infinite where nobody of the population can show the outcome.
        """
        readings = readings or self.alone
        unrelated, probability = self._of_unrelated(table.unrelated, readings)
        with np.errstate(divide="ignore", invalid="ignore"):
            return readings.likelihood.under(table.related) / unrelated, probability

    def cells(self, table: MarkerTable, step: float, drawn: Floats | None = None) -> Cells:
        """The distribution of log10 LR if unrelated, or in somebody with `drawn` as probabilities of genotypes."""
        if self.haploid is not table.haploid:
            return NOTHING_SAID  # another sex at an X-linked marker
        lrs, probability = self.lrs(table)
        if drawn is not None:
            probability = self.alone.chance.under(drawn) / (self.total_chance @ drawn)
        found = cells_of(lrs, probability, step)
        return replace(found, unlisted_lr=self._unlisted_lr(table) if found.unlisted else 0.0)

    def _of_unrelated(self, genotypes: Floats, readings: Readings) -> tuple[Floats, Floats]:
        """The half that is the same for all families where theta is 0: likelihood, and chance."""
        last = self._drawn.get(id(readings))
        if last is None or not (last[0] is genotypes or np.array_equal(last[0], genotypes)):
            likelihood = readings.likelihood.under(genotypes)
            same = readings.likelihood is readings.chance
            chance = likelihood if same else readings.chance.under(genotypes)
            last = genotypes, likelihood, chance / (self.total_chance @ genotypes)
            self._drawn[id(readings)] = last
        return last[1], last[2]

    def _unlisted_lr(self, table: MarkerTable) -> float:
        """At most Σ LR · P(outcome | unrelated) over what is not listed."""
        left = self.total_likelihood @ table.related - self.alone.likelihood.under(table.related).sum()
        return float(max(left, 0.0) * self.excess / (self.total_chance @ table.unrelated))


# Less than this is what rounding leaves of 1 − 1.
ROUNDING = 1e-12


def cells_of(lrs: Floats, probability: Floats, step: float) -> Cells:
    """Likelihood ratios with their probabilities, on the grid."""
    return as_cells(_fill(np.ascontiguousarray(lrs), np.ascontiguousarray(probability), log_grid(step)))


def as_cells(filled: tuple[int, Floats, float, float]) -> Cells:
    """From the lowest cell, the mass of each cell from there on, the mean and all mass that is listed."""
    lowest, dense, mean, listed = filled
    present: Integers = np.flatnonzero(dense).astype(np.int64)
    unlisted = 1.0 - listed
    return Cells(present + lowest, dense[present], mean, unlisted if unlisted > ROUNDING else 0.0)


def cells_of_plain(lrs: Floats, probability: Floats, step: float) -> Cells:
    """What the compiled loop does, as it is written."""
    usable = np.isfinite(lrs) & (lrs > 0) & (probability > 0)
    cell = np.floor(np.log10(lrs[usable]) / step).astype(np.int64)
    present, which = np.unique(cell, return_inverse=True)
    unlisted = 1.0 - float(probability.sum())
    return Cells(
        present,
        np.asarray(np.bincount(which, probability[usable])),
        float(probability[usable] @ lrs[usable]),
        unlisted if unlisted > ROUNDING else 0.0,
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _fill(lrs, probability, grid):  # type: ignore[no-untyped-def]
    none = 2**62
    cell = np.full(len(lrs), none, dtype=np.int64)
    lowest, highest = none, -none
    mean, listed = 0.0, 0.0
    for i in range(len(lrs)):
        listed += probability[i]
        if probability[i] > 0.0 and 0.0 < lrs[i] < np.inf:
            here = cell_of(lrs[i], grid)
            cell[i] = here
            lowest, highest = min(lowest, here), max(highest, here)
            mean += probability[i] * lrs[i]
    if highest < lowest:
        return 0, np.zeros(0), mean, listed
    dense = np.zeros(highest - lowest + 1)
    for i in range(len(lrs)):
        if cell[i] != none:
            dense[cell[i] - lowest] += probability[i]
    return lowest, dense, mean, listed


def most_times(one: Floats, other: Floats) -> float:
    """How much larger the first can be than the second."""
    here = one > 0
    with np.errstate(divide="ignore"):
        return float(np.max(one[here] / other[here], initial=1.0))


# --- listing ----------------------------------------------------------------------------------------------------------


def list_outcomes(kind: Kind, model: MarkerModel, rates: ErrorRates, *, haploid: bool) -> Outcomes:
    """What could be read at a marker under one kind."""
    words = sorted(kind)
    likelihood = {word: _replicate(word, model, rates, haploid=haploid) for word in set(words)}
    chance = {
        word: likelihood["open"]
        if word == "open"
        else _replicate("called", model, replace(rates, drop_out=0.0), haploid=haploid)
        for word in set(words)
    }
    consistent = _consistent(kind, model, haploid=haploid) if len(kind) > 1 else {}
    if len(consistent) * len(genotype_pairs(len(model))[0]) > LARGEST_LIST:
        # So many replicates leave little open.
        return list_outcomes(("called",), model, rates, haploid=haploid)
    if len(words) == 1:
        alone = beside = Readings(likelihood[words[0]], chance[words[0]])
        common = len(likelihood[words[0]].rows)
    else:
        beside = _few(consistent, words, likelihood, chance, model)
        alone, common = _all_combinations(words, likelihood, chance) or beside, len(beside)
    excess = {word: _most_of(chance[word], likelihood[word]) for word in set(words)}
    return Outcomes(
        kind,
        haploid,
        alone,
        beside,
        common,
        np.asarray(prod(likelihood[word].total for word in words)),
        np.asarray(prod(chance[word].total for word in words)),
        prod(excess[word] for word in words),
    )


def _most_of(chance: OneReplicate, likelihood: OneReplicate) -> float:
    if chance is likelihood:
        return 1.0
    return max(most_times(chance.rows, likelihood.rows), most_times(chance.own, likelihood.own))


def _few(
    listed: Mapping[tuple[tuple[int, ...], ...], int],
    words: Sequence[str],
    likelihood: Mapping[str, OneReplicate],
    chance: Mapping[str, OneReplicate],
    model: MarkerModel,
) -> Readings:
    """What a genotype gives without drop-in and error."""
    size = len(_shown(model))
    places = np.array([[_place(alleles, size) for alleles in outcome] for outcome in listed], dtype=np.int64)
    times = np.array(list(listed.values()), dtype=np.float64)[:, None]

    def rows(of: Mapping[str, OneReplicate]) -> OneReplicate:
        found = times * np.asarray(prod(of[word].rows[places[:, k]] for k, word in enumerate(words)))
        return replace(of[words[0]].without_drop_ins(), rows=found)

    found = rows(likelihood)
    return Readings(found, found if set(words) == {"open"} else rows(chance))


def _all_combinations(
    words: Sequence[str], likelihood: Mapping[str, OneReplicate], chance: Mapping[str, OneReplicate]
) -> Readings | None:
    """Whatever each replicate shows, but drop-ins in both at once; None if that is too much."""
    alike = len(words) == 2 and words[0] == words[1]
    combined = _combined_alike if alike else _combined
    lengths = [len(likelihood[word].rows) for word in words]
    if alike:
        lengths[0] = len(likelihood[words[0]])
    if prod(lengths) > MOST_COMBINATIONS:
        return None
    found = combined([likelihood[word] for word in words])
    return Readings(found, found if set(words) == {"open"} else combined([chance[word] for word in words]))


def _combined_alike(replicates: Sequence[OneReplicate]) -> Combinations:
    """Two of one kind: each combination in one order, for both."""
    first, second = replicates[0].matrix(), replicates[0].rows
    times = np.full((len(first), len(second)), 2.0)
    times[: len(second)] = np.triu(times[: len(second)]) - np.eye(len(second))
    kept = np.flatnonzero(times)
    return Combinations(first, second, kept, times.ravel()[kept])


def _combined(replicates: Sequence[OneReplicate]) -> Combinations:
    """Without drop-ins."""
    first, second, *others = [replicate.rows for replicate in replicates]
    for more in others:
        second = (second[:, None] * more[None]).reshape(-1, second.shape[1])
    size = len(first) * len(second)
    return Combinations(first, second, np.arange(size), np.ones(size))


def _consistent(kind: Kind, model: MarkerModel, *, haploid: bool) -> dict[tuple[tuple[int, ...], ...], int]:
    """The alleles that replicates may show of one genotype, one entry for each word in order, and in how many orders.

    Replicates of one kind are not told apart.
    """
    shown = range(len(_shown(model)))
    genotypes = [(a,) for a in shown] if haploid else list(combinations_with_replacement(shown, 2))
    words = Counter(kind)
    listed: dict[tuple[tuple[int, ...], ...], int] = {}
    for genotype in genotypes:
        seen = tuple(sorted(set(genotype)))
        either = sorted({seen, *((a,) for a in seen)})
        choices = {"called": [seen], "undeclared": [seen], "open": either}
        # What the replicates of each kind show together, and in how many orders they may.
        together = [list(_multisets(choices[word], words[word])) for word in sorted(words)]
        for each in product(*together):
            listed[tuple(alleles for these, _ in each for alleles in these)] = prod(orders for _, orders in each)
    return listed


def _multisets(choices: Sequence[tuple[int, ...]], size: int) -> Iterator[tuple[tuple[tuple[int, ...], ...], int]]:
    """What `size` replicates may show, whichever shows what; and in how many orders."""
    for these in combinations_with_replacement(choices, size):
        yield these, factorial(size) // prod(factorial(count) for count in Counter(these).values())


def _shown(model: MarkerModel) -> list[int]:
    """The alleles that can be seen."""
    return [i for i, allele in enumerate(model.alleles) if not isinstance(allele, Silent)]


@lru_cache(maxsize=128)
def _replicate(word: str, model: MarkerModel, rates: ErrorRates, *, haploid: bool) -> OneReplicate:
    """What one replicate shows: rows for single alleles, then for pairs, of the alleles that can be seen."""
    shown = _shown(model)
    table = reading_table(model, rates, haploid=haploid)
    own = reading_table(model, replace(rates, drop_in=0.0), haploid=haploid)
    singles = table.singles[shown]
    if word == "called":
        singles = reading_table(model, replace(rates, drop_out=0.0), haploid=haploid).singles[shown]
    elif word == "undeclared":
        singles = np.array([_one_row(model, allele, rates, haploid=haploid) for allele in shown])
    if haploid:
        # Of his one allele a man shows two only if one of them dropped in.
        parts, drop_ins = _with_drop_in(model, rates, size=1)
        return OneReplicate(singles, own.singles[shown], parts, drop_ins)
    pairs = [k for k, pair in enumerate(combinations(range(len(model)), 2)) if set(pair) <= set(shown)]
    parts, drop_ins = _with_drop_in(model, rates, size=2)
    return OneReplicate(np.vstack([singles, table.pairs[pairs]]), own.pairs[pairs], parts, drop_ins)


def _with_drop_in(model: MarkerModel, rates: ErrorRates, *, size: int) -> tuple[Integers, Floats]:
    """Sets of `size` + 1 alleles: which of them are the genotype's own, and how likely the other one drops in."""
    frequencies = model.frequencies[_shown(model)]
    drop_in = rates.drop_in * frequencies / frequencies.sum()
    count = len(frequencies)
    number = {alleles: k for k, alleles in enumerate(combinations(range(count), size))}
    sets = list(combinations(range(count), size + 1)) if rates.drop_in else []
    parts = [[number[one[:k] + one[k + 1 :]] for k in range(size + 1)] for one in sets]
    added = [[drop_in[allele] for allele in one] for one in sets]
    shape = len(sets), size + 1
    return np.array(parts, dtype=np.int64).reshape(shape), np.array(added, dtype=np.float64).reshape(shape)


def _one_row(model: MarkerModel, allele: int, rates: ErrorRates, *, haploid: bool) -> Floats:
    """One allele seen, other unseen, without a declared rate of drop-out."""
    reading = Reading((model.alleles[allele],), Reads.OTHER_UNSEEN)
    likelihood = genotype_likelihood([reading], model, rates, haploid=haploid)
    return likelihood if haploid else np.asarray(likelihood[genotype_pairs(len(model))])


def _place(alleles: tuple[int, ...], size: int) -> int:
    """The row of a reading: single alleles first, then pairs in order."""
    if len(alleles) == 1:
        return alleles[0]
    first, second = alleles
    return size + first * (2 * size - first - 1) // 2 + second - first - 1
