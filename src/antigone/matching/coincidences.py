"""How many pairs of unrelated people would reach a likelihood ratio in this very search.

The count is a sum over all searched pairs of P(LR ≥ x | unrelated). Taken as given is an individual's *pattern*: at
which markers there is a result, of how many replicates, and whether the laboratory calls a single allele homozygous
or leaves it open (without a declared drop-out rate, a homozygote is then what shows a single allele);
the alleles are those of somebody unrelated to the family, of the same population. For one missing person and one
marker that is a short list of values of log10 LR with their probabilities (`matching.outcomes`); over markers they are
convolved on a grid (`matching.convolution`).

Each value is rounded down to the grid, so the sum over n markers is low by less than n steps: the true count lies
between the one computed and the one computed n steps further up. Outcomes that are not listed enter the upper end by
Markov's inequality, P(LR ≥ x, not listed) ≤ E[LR; not listed]/x, and P(LR ≥ x) ≤ E[LR]/x caps the count.

A search of many missing persons is not gone through in full: some hundred of them, by kind of reference set, and for
each of them some hundred individuals, stand for all. The bracket is then that of an estimate, three standard errors
wider at both ends, and says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from antigone.matching.convolution import mean_lrs, spectra_of, sum_of_products
from antigone.matching.operation import Family
from antigone.matching.patterns import Patterns
from antigone.matching.preparation import Prepared
from antigone.matching.references import ReferenceKind, kind_of_reference, typed_persons
from antigone.matching.strata import Strata, everybody, sampled_strata
from antigone.matching.tables import ConditionalTable, linkage_can_matter

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

__all__ = ["CoincidenceCount", "Coincidences", "Patterns", "Sampling"]

STEP = 0.01  # grid in log10 LR
LOWEST = -12.0  # below this, log10 LR is not told apart

# Whoever is compared with them, a missing person costs as much as this many patterns; a search is sampled where its
# missing persons × (this + patterns) are more than `MOST_WORK`.
FIXED_WORK = 1_000
MOST_WORK = 1_500_000
PERSONS_SAMPLED = 200
INDIVIDUALS_SAMPLED = 400
LINKAGE_COSTS = 16.0  # all outcomes of two markers together, against those of one
STANDARD_ERRORS = 3.0  # by which a sampled bracket is wider


@dataclass(frozen=True)
class Sampling:
    """How many missing persons were gone through, and how many individuals for each of them, out of how many."""

    persons: int
    of_persons: int
    individuals: int
    of_individuals: int

    def __str__(self) -> str:
        return (
            f"estimated from {self.persons} of {self.of_persons} missing persons, by kind of reference set, "
            f"and for each of them {self.individuals} of {self.of_individuals} individuals"
        )


@dataclass(frozen=True, eq=False)
class CoincidenceCount:
    """The expected number of unrelated pairs at or above any LR: between `lower` and `upper`.

    `lower[k]` and `upper[k]` count pairs in the grid cell that begins at `start + k · step`, as bounds of where they
    may lie; `middle` puts them where they most likely are, for a picture. `unlisted` is at most the number of pairs
    with an outcome that is not listed, and `unlisted_lr` Σ E[LR] over them.

    Where `sampled` is not None, all this is estimated, and `lower_error[k]` and `upper_error[k]` are the standard
    errors of the numbers at or above cell k; else these are empty.
    """

    step: float
    start: float
    lower: Floats
    upper: Floats
    middle: Floats
    pairs: float
    total_lr: float  # Σ E[LR | unrelated] over all pairs
    unlisted: float = 0.0
    unlisted_lr: float = 0.0
    sampling: Sampling | None = None
    lower_error: Floats = field(default_factory=lambda: np.zeros(0))
    upper_error: Floats = field(default_factory=lambda: np.zeros(0))
    # The parts of the same count by what there is to compare with. Where `sampled`, these are estimates whose ends say
    # nothing of the sample.
    by_reference: Mapping[ReferenceKind, "CoincidenceCount"] = field(default_factory=dict)

    @property
    def sampled(self) -> bool:
        """Whether this is an estimate from a sample of the search, and no exact bracket."""
        return self.sampling is not None

    def at_least(self, log10_lr: float) -> tuple[float, float]:
        """Lower and upper end of the expected number of unrelated pairs with this log10 LR or more.

        Every pair has an LR of 0 (log10 −inf) or more. An estimate's ends are three standard errors further apart.
        """
        if np.isneginf(log10_lr):
            return self.pairs, self.pairs
        first = self._cell(log10_lr)
        lower, upper = self._tails
        low = float(lower[first]) - STANDARD_ERRORS * _at(self.lower_error, first)
        high = float(upper[first]) + STANDARD_ERRORS * _at(self.upper_error, first)
        # What was folded over from below LOWEST, what is not listed, and Markov's cap.
        high += self.pairs * _power_of_ten(LOWEST - log10_lr)
        high += min(self.unlisted, self.unlisted_lr * _power_of_ten(-log10_lr))
        cap = min(self.pairs, self.total_lr * _power_of_ten(-log10_lr))
        return max(0.0, min(low, cap)), min(high, cap)

    def at_least_each(self, log10_lr: Floats) -> tuple[Floats, Floats]:
        """`at_least` of many finite log10 LRs at once, shape (pairs,) each."""
        first = np.clip(np.ceil(np.round((log10_lr - self.start) / self.step, 6)), 0, len(self.lower)).astype(np.int64)
        lower, upper = self._tails
        low = lower[first] - STANDARD_ERRORS * _each(self.lower_error, first)
        high = upper[first] + STANDARD_ERRORS * _each(self.upper_error, first)
        high += self.pairs * _powers_of_ten(LOWEST - log10_lr)
        high += np.minimum(self.unlisted, self.unlisted_lr * _powers_of_ten(-log10_lr))
        cap = np.minimum(self.pairs, self.total_lr * _powers_of_ten(-log10_lr))
        return np.maximum(0.0, np.minimum(low, cap)), np.minimum(high, cap)

    def standard_error(self, log10_lr: float) -> float:
        """Standard error of the upper end before it is widened: 0 for an exact bracket."""
        return 0.0 if np.isneginf(log10_lr) else _at(self.upper_error, self._cell(log10_lr))

    def _cell(self, log10_lr: float) -> int:
        return int(np.clip(np.ceil(round((log10_lr - self.start) / self.step, 6)), 0, len(self.lower)))

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


def _at(values: Floats, place: int) -> float:
    return float(values[place]) if place < len(values) else 0.0


def _each(values: Floats, places: Integers) -> Floats:
    return np.append(values, 0.0)[np.minimum(places, len(values))]


def _powers_of_ten(exponents: Floats) -> Floats:
    return np.asarray(10.0 ** np.minimum(exponents, 300.0))


def _tail(counts: Floats) -> Floats:
    """The sums from each place to the end, and 0 for beyond the end."""
    return np.append(np.cumsum(counts[::-1])[::-1], 0.0)


def _power_of_ten(exponent: float) -> float:
    """10 to a power, at most 10³⁰⁰: a bound that large bounds nothing, and does not overflow."""
    return float(10.0 ** min(exponent, 300.0))


@dataclass(eq=False)
class _Stratum:
    """Sums over the missing persons of one stratum that were gone through, of arrays of one figure for each.

    Each comes as the estimates from two halves of the individuals sampled.
    """

    total: Floats = field(default_factory=lambda: np.zeros(0))
    squares: Floats = field(default_factory=lambda: np.zeros(0))
    within: Floats = field(default_factory=lambda: np.zeros(0))

    def add(self, halves: Floats) -> None:
        """`halves` has shape (2, figures)."""
        mean = halves.mean(axis=0)
        self.total = _sum(self.total, mean)
        self.squares = _sum(self.squares, mean**2)
        self.within = _sum(self.within, (halves[0] - halves[1]) ** 2 / 4)

    def variance(self, sampled: int, of: int, length: int) -> Floats:
        """Of the estimated total over the whole stratum (Cochran, equation 11.24: two stages, equal probabilities)."""
        total, squares, within = (_padded(one, length) for one in (self.total, self.squares, self.within))
        between = np.maximum(squares - total**2 / sampled, 0.0) / max(sampled - 1, 1)
        return np.asarray(of**2 * (1 - sampled / of) * between / sampled + of / sampled * within)


def _padded(values: Floats, length: int) -> Floats:
    return np.concatenate([values, np.zeros(max(0, length - len(values)))])


def _sum(one: Floats, other: Floats) -> Floats:
    length = max(len(one), len(other))
    return _padded(one, length) + _padded(other, length)


@dataclass(eq=False)
class _Total:
    """What was added up over some missing persons."""

    mass: dict[int, Floats] = field(default_factory=dict)  # by number of units: pairs in each cell
    weights: float = 0.0
    of_person: Floats = field(default_factory=lambda: np.zeros(3))  # Σ E[LR], unlisted, Σ E[LR] of unlisted

    def add(self, mass: Floats, most_units: int, others: Floats, weight: float) -> None:
        """Take in one missing person who stands for as many as `weight` says."""
        self.weights += weight
        self.mass[most_units] = _sum(self.mass.get(most_units, np.zeros(0)), weight * mass)
        self.of_person += weight * others

    def ends(self) -> tuple[Floats, Floats, Floats]:
        """Pairs in each cell: as low as they may lie, as high, and in the middle."""
        longest = max((len(mass) + units + 1 for units, mass in self.mass.items()), default=1)
        lower, upper, middle = np.zeros(longest), np.zeros(longest), np.zeros(longest)
        for units, mass in self.mass.items():
            lower[: len(mass)] += mass
            upper[units + 1 : units + 1 + len(mass)] += mass
            middle[units // 2 : units // 2 + len(mass)] += mass
        return lower, upper, middle


@dataclass(frozen=True, eq=False)
class Chance:
    """What chance alone would give of one missing person, twice: of two halves of a sample of the individuals.

    `halves` has pairs in each cell, shape (2, cells); `others` E[LR], unlisted pairs and their E[LR], shape (2, 3);
    an individual has at most `most_units` units.
    """

    halves: Floats
    others: Floats
    most_units: int


@dataclass(eq=False)
class Coincidences:
    """Adds up, missing person by missing person, what chance alone would give.

    `missing` are those who are searched. `sample` says for whom `add` is to be called, and with which weight; the
    order does not matter. `seed` draws another sample: only tests have a use for that.
    """

    patterns: Patterns
    prepared: Prepared
    missing: Sequence[tuple[Family, str]]
    seed: int = 0
    step: float = STEP
    _total: _Total = field(default_factory=_Total)
    _by_reference: dict[ReferenceKind, _Total] = field(default_factory=dict)
    _added: int = 0

    def __post_init__(self) -> None:
        self._first = round(LOWEST / self.step)
        self._digest = _digest(self.patterns, self.missing, self.seed)
        individuals = len(self.patterns.of)
        work = len(self.missing) * (FIXED_WORK + self.patterns.distinct) if self.missing else 0
        self._strata: Strata = everybody(len(self.missing))
        self._individuals = individuals
        if work > MOST_WORK:
            if len(self.missing) > PERSONS_SAMPLED:
                rng = np.random.default_rng(self._digest)
                costs = [self._cost(family) for family, _ in self.missing]
                self._strata = sampled_strata(self.missing, self.prepared.models, PERSONS_SAMPLED, rng, costs)
            if self.patterns.distinct > INDIVIDUALS_SAMPLED:
                self._individuals = INDIVIDUALS_SAMPLED
        self._exact = self._strata.exact and self._individuals == individuals
        self._sums: list[dict[str, _Stratum]] = [
            {"lower": _Stratum(), "upper": _Stratum(), "others": _Stratum()} for _ in self._strata.members
        ]

    def _cost(self, family: Family) -> float:
        """What somebody costs, roughly, against somebody to whom linkage cannot matter."""
        return LINKAGE_COSTS if self.prepared.linked and linkage_can_matter(family.pedigree) else 1.0

    def sample(self) -> dict[int, float]:
        """For whom of the missing persons `add` is to be called, and with which weight.

        Everybody with weight 1 while that is not too long; else a random sample by kind of reference set, the same for
        the same input.
        """
        return self._strata.weights()

    def add(self, table: ConditionalTable, weight: float = 1.0) -> None:
        """Take in one missing person who stands for as many as `weight` says."""
        self.take(table, self.chance_of(table), weight)

    def take(self, table: ConditionalTable, chance: "Chance", weight: float = 1.0) -> None:
        """`add`, of somebody whose `chance_of` was computed before."""
        self._added += 1
        for total in (self._total, self._by_reference.setdefault(self._reference_of(table), _Total())):
            total.add(chance.halves.mean(axis=0), chance.most_units, chance.others.mean(axis=0), weight)
        if not self._exact and len(self.patterns.of):
            self._take_down(table, chance)

    def chance_of(self, table: ConditionalTable) -> "Chance":
        """What chance alone would give of one missing person; several threads may ask at once."""
        if not len(self.patterns.of):
            return Chance(np.zeros((2, 0)), np.zeros((2, 3)), 0)  # nobody to compare
        columns, units = self.patterns.units(table, self.step)
        patterns, counts = self._counted(columns, table)
        spectra, highest, length = spectra_of(units, self.step, self._first, tilted=True)
        mean, unlisted, unlisted_lr = (one @ counts for one in mean_lrs(patterns, units))
        if spectra:
            transformed = sum_of_products(patterns, counts, spectra, length // 2 + 1)
            tilted = np.maximum(np.fft.irfft(transformed, n=length, axis=1), 0.0)
        else:
            tilted, length = counts.sum(axis=0)[:, None], 1  # a family that says nothing leaves all LRs at 1
        halves = self._untilted(tilted, highest)
        most_units = int((patterns >= 0).sum(axis=1).max(initial=0))
        return Chance(halves, np.array([mean, unlisted, unlisted_lr]).T, most_units)

    def _counted(self, columns: Integers, table: ConditionalTable) -> tuple[Integers, Floats]:
        """Patterns, and of how many individuals each: twice, by halves of a sample where there is one."""
        individuals = len(columns)
        weights = np.ones((individuals, 2))
        if self._individuals < individuals:
            rng = np.random.default_rng([self._digest, _number(f"{table.family.name}\n{table.person}")])
            weights = _half_samples(self.patterns.of, self._individuals, rng)
            columns, weights = columns[weights.any(axis=1)], weights[weights.any(axis=1)]
        patterns, which = np.unique(columns, axis=0, return_inverse=True)
        which = which.ravel()
        counts = [np.bincount(which, weights[:, half], minlength=len(patterns)) for half in (0, 1)]
        return patterns, np.column_stack(counts)

    def _untilted(self, tilted: Floats, highest: int) -> Floats:
        """Undo the tilt: pairs in each cell from the lowest told apart to the highest; one row a half."""
        length = tilted.shape[1]
        cells = np.arange(max(self._first, highest - length + 1), highest + 1)
        pairs = np.zeros((len(tilted), highest - self._first + 1))
        pairs[:, cells - self._first] = tilted[:, cells % length] * 10.0 ** (-cells * self.step)
        return pairs

    def _take_down(self, table: ConditionalTable, chance: "Chance") -> None:
        """What the standard error is computed from."""
        sums = self._sums[self._stratum_of(table)]
        tails = np.cumsum(chance.halves[:, ::-1], axis=1)[:, ::-1]
        sums["lower"].add(tails)
        beginning = np.repeat(tails[:, :1], chance.most_units + 1, axis=1)
        sums["upper"].add(np.concatenate([beginning, tails], axis=1))
        sums["others"].add(chance.others)

    def _stratum_of(self, table: ConditionalTable) -> int:
        place = self._places[table.family.name, table.person]
        return self._strata.of[place]

    @cached_property
    def _places(self) -> dict[tuple[str, str], int]:
        return {(self.missing[i][0].name, self.missing[i][1]): i for i in self._strata.of}

    def count(self, searched: int | None = None) -> CoincidenceCount:
        """What was added up so far. `searched` says how many missing persons were searched in the end."""
        lower, upper, middle = self._total.ends()
        pairs = len(self.patterns.of) * (self._total.weights if searched is None else searched)
        others, lower_error, upper_error = self._total.of_person, np.zeros(0), np.zeros(0)
        if not self._exact:
            lower_error, upper_error = (self._standard_error(which, len(lower) + 1) for which in ("lower", "upper"))
            others = others + STANDARD_ERRORS * self._standard_error("others", 3)
        total_lr, unlisted, unlisted_lr = others.tolist()
        return CoincidenceCount(
            self.step, self._first * self.step, lower, upper, middle, float(pairs), total_lr, unlisted, unlisted_lr,
            self._sampling(), lower_error, upper_error, self._parts(),
        )  # fmt: skip

    def _parts(self) -> dict[ReferenceKind, CoincidenceCount]:
        return {kind: self._part(self._by_reference[kind]) for kind in ReferenceKind if kind in self._by_reference}

    def _part(self, total: _Total) -> CoincidenceCount:
        lower, upper, middle = total.ends()
        pairs = len(self.patterns.of) * total.weights
        total_lr, unlisted, unlisted_lr = total.of_person.tolist()
        return CoincidenceCount(
            self.step, self._first * self.step, lower, upper, middle, pairs, total_lr, unlisted, unlisted_lr,
            self._sampling(),
        )  # fmt: skip

    def _reference_of(self, table: ConditionalTable) -> ReferenceKind:
        typed = typed_persons(table.family, [model.name for model in self.prepared.models])
        return kind_of_reference(table.family.pedigree, table.person, typed)

    def _sampling(self) -> Sampling | None:
        if self._exact:
            return None
        return Sampling(self._added, len(self.missing), self._individuals, len(self.patterns.of))

    def _standard_error(self, which: str, length: int) -> Floats:
        members, sampled = self._strata.members, self._strata.sampled
        variances = [
            sums[which].variance(len(some), len(all_), length)
            for sums, all_, some in zip(self._sums, members, sampled, strict=True)
        ]
        return np.sqrt(np.sum(variances, axis=0))


def _half_samples(of: Integers, size: int, rng: np.random.Generator) -> Floats:
    """Weights of the individuals in two halves of a sample, shape (individuals, 2).

    Each half takes every so many-th of the individuals in the order of how much was read of them, from a random start.
    """
    order = np.lexsort([*of.T, (of >= 0).sum(axis=1)])
    weights = np.zeros((len(of), 2))
    half = size // 2
    for column in (0, 1):
        chosen = ((rng.random() + np.arange(half)) * len(of) / half).astype(np.int64)
        weights[order[chosen], column] = len(of) / half
    return weights


def _digest(patterns: Patterns, missing: Sequence[tuple[Family, str]], seed: int) -> int:
    """A seed from the input itself."""
    names = "\n".join(f"{family.name}\t{person}" for family, person in missing)
    return _number(f"{seed}\n{patterns.of.shape}\n{sha256(patterns.of.tobytes()).hexdigest()}\n{names}")


def _number(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:8])
