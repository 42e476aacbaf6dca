"""The posterior over all assignments under one declared prior, with bounds of what the search cut.

The prior: each individual i is, by itself, among the M missing persons with usable references with probability s_i, and
if so each of those not yet taken is as likely. An assignment a that places k individuals has

    P(a) ∝ ∏_{i placed} s_i/(1 − s_i) · (M − k)!/M!

Only (M − k)! ties the components of the hit graph together. It is ∫ t^(M−k) e^(−t) dt, so that given t every component
stands by itself, each placed individual weighing s_i/(1 − s_i)/t; the answer is a mean over t, with weights that the
components themselves give. All terms are positive: nothing cancels.

What was cut: pairs with a small LR, of which the search gives the sum. Let c_i be what was cut of individual i and d_m
of missing person m, both as weights. Given which individuals of a component are not placed (U) and which of its
missing persons are free (V), the pairs that were cut multiply the weight by something between 1 and
∏_U (1 + c_i) ∏_V (1 + d_m). Sums without and with that factor bracket every probability at one t. Which t count is
bracketed too: by how few and how many can be placed at each. The figure given takes ∏_U (1 + c_i), with what is cut of
a missing person shared among those who claim it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from antigone.matching.assignment.packing import Packing
from antigone.matching.assignment.plan import Plan
from antigone.matching.assignment.sampling import Sampled, sample
from antigone.matching.assignment.summing import Sums, sums
from antigone.matching.assignment.walk import Walked, WeightRange, walk

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# A posterior is called exact only below this.
EXACT_BELOW = 1e-6


@dataclass(frozen=True, eq=False)
class Cut:
    """Sums of likelihood ratios that were left out.

    `of_individual` over missing persons, `expected` the same where a missing person who is claimed by somebody else
    counts by the chance of being free, `of_missing` over individuals, each times the odds of the individual.
    """

    of_individual: Floats
    expected: Floats
    of_missing: Callable[[Floats], Floats]

    @classmethod
    def nothing(cls, individuals: int, missing: int) -> "Cut":
        """Every pair was kept."""
        zero = np.zeros(individuals)
        return cls(zero, zero, lambda _: np.zeros(missing))


@dataclass(frozen=True, eq=False)
class Pairs:
    """Every individual and missing person that some option places together, and which options do."""

    individual: Integers
    missing: Integers
    of_place: Integers  # for each place of the packing, its pair

    @classmethod
    def of(cls, packing: Packing) -> "Pairs":
        """In the order of individual and missing person."""
        key = packing.individual * (len(packing.missing_of) + 1) + packing.missing
        found, of_place = np.unique(key, return_inverse=True)
        return cls(found // (len(packing.missing_of) + 1), found % (len(packing.missing_of) + 1), of_place)

    def __len__(self) -> int:
        return len(self.individual)

    def summed(self, packing: Packing, of_option: Floats) -> Floats:
        """For each pair the sum over the options that hold it."""
        return np.asarray(np.bincount(self.of_place, of_option[packing.option_of_place], minlength=len(self)), float)


@dataclass(frozen=True, eq=False)
class Posterior:
    """Probabilities under one prior: of each pair, and of each individual being none of those kept.

    `lower` and `upper` hold what the cut pairs may change, and for components that were sampled the bounds of the walk
    (`error` is then the standard error of the sampling, else 0). `below` is the part of `nobody` that goes to missing
    persons whose pairs were cut.
    """

    prior: str
    pair: Floats
    lower: Floats
    upper: Floats
    error: Floats
    nobody: Floats
    nobody_lower: Floats
    nobody_upper: Floats
    below: Floats


def flat_posterior(plan: Plan) -> tuple[Floats, Floats]:
    """Every assignment as likely as every other before any DNA, as the peers have it: pairs, and nobody.

    Raises `ValueError` where a component is too wide to be summed.
    """
    if not plan.exact.all():
        raise ValueError("a component is too wide to be summed exactly")
    pairs = Pairs.of(plan.packing)
    pair = pairs.summed(plan.packing, sums(plan, plan.packing.log_lr).taken)
    return pair, 1.0 - _by_individual(pairs, pair, plan.packing)


def _by_individual(pairs: Pairs, of_pairs: Floats, packing: Packing) -> Floats:
    """Sums over the pairs of each individual."""
    return np.asarray(np.bincount(pairs.individual, of_pairs, minlength=packing.individuals), float)


def posterior(
    plan: Plan, pairs: Pairs, name: str, odds: Floats, listed: int, cut: Cut, rng: np.random.Generator
) -> Posterior:
    """The posterior under one prior.

    `odds` are s_i/(1 − s_i), shape (individuals,); `listed` is M, the number of missing persons with usable references.
    """
    weights = _Weights(plan, odds, listed, cut)
    sampled = None
    if not plan.exact.all():
        # How many are placed in what is sampled moves t, and t moves how many are placed.
        for sweeps in _SWEEPS:
            sampled = sample(plan, weights.expected(_middle_of(*_nodes(weights))), rng, sweeps=sweeps)
            placed = float((np.nan_to_num(sampled.taken) * plan.packing.persons).sum())
            weights = replace(weights, placed_in_wide=placed)
    nodes, shares = _nodes(weights)
    found = [
        _at(weights, pairs, float(np.exp(u)), sampled, walked)
        for part in _slices(nodes)
        for walked in [_walked(weights, pairs, part)]
        for u in part
    ]

    def at_nodes(field: str) -> Floats:
        return np.array([getattr(one, field) for one in found])

    def between(of: str, least: str, most: str) -> tuple[Floats, Floats, Floats]:
        """The figure and its ends. It weighs t by what is expected to be cut: to the last digit it may lie outside."""
        ends = shares.least(at_nodes(least)), 1.0 - shares.least(1.0 - at_nodes(most))
        lower, upper = (np.clip(end, 0.0, 1.0) for end in ends)  # a mean of zeros may be less than nothing by rounding
        figure = np.clip(shares.expected @ at_nodes(of), lower, upper)
        return figure, np.minimum(lower, figure), np.maximum(upper, figure)

    pair, pair_lower, pair_upper = between("pair", "lower", "upper")
    nobody, nobody_lower, nobody_upper = between("nobody", "nobody_lower", "nobody_upper")
    error, below = shares.expected @ at_nodes("error"), np.minimum(shares.expected @ at_nodes("below"), nobody)
    return Posterior(name, pair, pair_lower, pair_upper, error, nobody, nobody_lower, nobody_upper, below)


@dataclass(frozen=True, eq=False)
class _Shares:
    """How much each of several t counts, t ascending: as expected, and where the fewest and the most are placed.

    The true weights lie between the last two: t is stochastically no larger than with the fewest placed, and no smaller
    than with the most (their densities are ordered by likelihood ratio).
    """

    expected: Floats
    fewest: Floats
    most: Floats

    def least(self, of_nodes: Floats) -> Floats:
        """The least mean of something over t, whatever the weights between; shape of `of_nodes`: (nodes, ...)."""
        # Of what lies below and rises with t, the mean is least where t is small; of what falls, where t is large.
        rising = np.minimum.accumulate(of_nodes[::-1], axis=0)[::-1]
        falling = np.minimum.accumulate(of_nodes, axis=0)
        by_order = np.maximum(self.most @ rising, self.fewest @ falling)
        # Weights that are so ordered differ by no more than their distribution functions do.
        apart = float(np.abs(np.cumsum(self.most - self.fewest)).max())
        moved = apart * (of_nodes.max(axis=0) - of_nodes.min(axis=0))
        return np.maximum(by_order, np.maximum(self.most @ of_nodes, self.fewest @ of_nodes) - moved)


@dataclass(frozen=True, eq=False)
class _Weights:
    """The weights of a packing as functions of t."""

    plan: Plan
    odds: Floats
    listed: int
    cut: Cut
    placed_in_wide: float = 0.0  # how many are placed in components that were sampled

    @cached_property
    def anything_cut(self) -> bool:
        return bool(self.cut.of_individual.any())

    @cached_property
    def of_missing(self) -> Floats:
        return self.cut.of_missing(self.odds)

    @cached_property
    def claimed(self) -> float:
        """How much a missing person is claimed by pairs that were cut: free of them with probability t/(t + this)."""
        return float(self.of_missing.sum()) / max(self.listed, 1)

    def cut_of_individuals(self, t: float, *, expected: bool) -> Floats:
        if not expected:
            return self.odds / t * self.cut.of_individual
        return self.odds / (t + self.claimed) * self.cut.expected

    def cut_of_missing(self, t: float) -> Floats:
        return self.of_missing / t

    def kept(self, t: float) -> Floats:
        packing = self.plan.packing
        weights = np.where(packing.further, 0.0, np.log(self.odds[packing.individual] / t))
        return packing.log_lr + packing.summed_over_places(weights)

    def expected(self, t: float) -> Floats:
        """Relative to everybody being nobody, or somebody whose pair was cut."""
        packing = self.plan.packing
        relative = np.log1p(self.cut_of_individuals(t, expected=True))
        return self.kept(t) - packing.summed_over_places(relative[packing.individual])

    def greatest(self, t: float) -> Floats:
        """The same with all that was cut, of individuals and of missing persons."""
        packing = self.plan.packing
        individuals = np.log1p(self.cut_of_individuals(t, expected=False))[packing.individual]
        missing = np.where(packing.further, 0.0, np.log1p(self.cut_of_missing(t))[packing.missing])
        return self.kept(t) - packing.summed_over_places(individuals + missing)

    def log_factor(self, t: float) -> Floats:
        """For each component the greatest factor of what was cut: that of nobody placed."""
        packing, component = self.plan.packing, self.plan.component_of_option[self.plan.packing.option_of_place]
        total = np.zeros(len(self.plan))
        for who, log in (
            (packing.individual, np.log1p(self.cut_of_individuals(t, expected=False))),
            (packing.missing, np.log1p(self.cut_of_missing(t))),
        ):
            once, where = np.unique(who, return_index=True)
            np.add.at(total, component[where], log[once])
        return total


# Up to so many options t is integrated on a grid to the last digit; beyond, at the nodes of a Gauss–Hermite rule.
_GRID_BELOW = 3000
_GRID_WORK = 300_000  # and where summing all takes no more steps, unless few are listed
_FEW_LISTED = 100


# Sweeps of the sampling: twice a few, to find the t that counts, then as many as the error asks for.
_SWEEPS = (200, 200, 2000)


def _nodes_for(listed: int) -> int:
    """The fewer are listed, the less the weight of log t looks like a normal density."""
    return 3 if listed >= 10_000 else 9


# The sum over everything else as a function of log t, and how many are placed at t: what decides how t is weighted.
LogSum = Callable[[float], float]
Placed = Callable[[float], float]


def _nodes(weights: _Weights) -> tuple[Floats, _Shares]:
    """Values of log t, ascending, and how much each counts."""
    plan, few = weights.plan, weights.listed < _FEW_LISTED
    if len(plan.packing) <= _GRID_BELOW and (few or plan.work <= _GRID_WORK):
        return _grid(weights)
    ways = [_gauss_hermite(*_expected(weights), weights.listed)]
    if weights.anything_cut:
        ways += [_gauss_hermite(*_end(weights, which), weights.listed) for which in ("fewest", "most")]
    nodes = np.concatenate([nodes for nodes, _ in ways])
    order = np.argsort(nodes)
    count = len(ways[0][0])
    shares = np.zeros((len(ways), len(nodes)))
    for k, (_, share) in enumerate(ways):
        shares[k, k * count : (k + 1) * count] = share
    shares = shares[:, order]
    return nodes[order], _Shares(shares[0], shares[1 % len(ways)], shares[2 % len(ways)])


def _expected(weights: _Weights) -> tuple[LogSum, Placed]:
    plan, packing = weights.plan, weights.plan.packing
    count = packing.persons

    def log_sum(u: float) -> float:
        t = float(np.exp(u))
        of_components = np.nansum(sums(plan, weights.expected(t)).log_sum)
        of_cut = np.log1p(weights.cut_of_individuals(t, expected=True)).sum()
        return float(of_components - weights.placed_in_wide * u + of_cut)

    def placed(t: float) -> float:
        taken = np.nan_to_num(sums(plan, weights.expected(t)).taken)
        cut = weights.cut_of_individuals(t, expected=True)
        by_cut = cut / (1 + cut) * t / (t + weights.claimed)
        # Who is placed by a pair that was kept is not placed by one that was cut.
        in_sums = (taken * (count - packing.summed_over_places(by_cut[packing.individual]))).sum()
        return float(weights.placed_in_wide + by_cut.sum() + in_sums)

    return log_sum, placed


@dataclass(frozen=True, slots=True)
class _PlacedAt:
    """At one t: the log of the sum over what was kept, how many that places, and how few and many the truth can."""

    log_kept: float
    kept: float
    fewest: float
    most: float

    @classmethod
    def of(cls, weights: _Weights, t: float) -> "_PlacedAt":
        packing = weights.plan.packing
        least, most, ratio = _extremes(weights, t)
        sides: tuple[tuple[Integers, Floats], ...] = (
            (packing.individual, weights.cut_of_individuals(t, expected=False)),
            (packing.missing, weights.cut_of_missing(t)),
        )
        # Of several parts of one person each is placed, and one person is.
        sides = sides[1:] if packing.further.any() else sides
        wide = weights.placed_in_wide
        fewest, greatest = 0.0, float(min(packing.individuals, weights.listed))
        for who, cut in sides:
            lowest, highest = _free_ends(weights.plan, who, len(cut), least.taken, most.taken, ratio)
            fewest = max(fewest, wide + float(np.nansum(1 - highest)))
            # Who is in no pair that was kept is in none that was cut with probability 1/(1 + cut) or more.
            greatest = min(greatest, wide + float(np.nansum(1 - lowest / (1 + cut))))
        kept = wide + float((np.nan_to_num(least.taken) * packing.persons).sum())
        log_kept = float(np.nansum(least.log_sum)) - wide * float(np.log(t))
        return cls(log_kept, kept, min(fewest, kept), max(greatest, kept))


def _grid(weights: _Weights) -> tuple[Floats, _Shares]:
    """The trapezoid rule, which converges fast for what falls off smoothly on both sides."""
    listed, (log_sum, _) = weights.listed, _expected(weights)
    bracketed = weights.anything_cut
    u = np.log(listed + 1.0) + 10.0 / np.sqrt(listed + 1.0)
    step = min(0.25, 0.5 / np.sqrt(listed + 1.0))
    nodes: list[float] = []
    rows: list[list[float]] = []
    excess: list[tuple[float, float]] = []
    by_ends = np.zeros(2)  # log of the sums over everything beside the sum over what was kept, from their slopes
    while len(nodes) < 8 or any(row[-1] > max(row) - 40.0 for row in zip(*rows, strict=True)):
        nodes.append(u)
        of_t = (listed + 1) * u - float(np.exp(u))
        rows.append([of_t + log_sum(u)])
        if bracketed:
            here = _PlacedAt.of(weights, float(np.exp(u)))
            excess.append((here.fewest - here.kept, here.most - here.kept))
            if len(excess) > 1:
                by_ends += step * np.array([min(excess[-1][0], excess[-2][0]), max(excess[-1][1], excess[-2][1])])
            rows[-1] += (of_t + here.log_kept + by_ends).tolist()
        u -= step
    logs = np.array(rows).T[:, ::-1]
    shares = np.exp(logs - logs.max(axis=1, keepdims=True))
    kept = (shares > 1e-17).any(axis=0)
    shares = shares[:, kept] / shares[:, kept].sum(axis=1, keepdims=True)
    return np.array(nodes)[::-1][kept], _Shares(shares[0], shares[1 % len(shares)], shares[2 % len(shares)])


def _end(weights: _Weights, which: str) -> tuple[LogSum, Placed]:
    """The sum over everything if at each t the fewest, or the most, are placed: near the t where that matters."""

    def placed(t: float) -> float:
        return float(getattr(_PlacedAt.of(weights, t), which))

    middle = _mode(placed, weights.listed)
    there = _PlacedAt.of(weights, float(np.exp(middle)))

    def log_sum(u: float) -> float:
        here = _PlacedAt.of(weights, float(np.exp(u)))
        excess = getattr(here, which) - here.kept + getattr(there, which) - there.kept
        return here.log_kept - float(excess) / 2 * (u - middle)

    return log_sum, placed


def _gauss_hermite(log_sum: LogSum, placed: Placed, listed: int) -> tuple[Floats, Floats]:
    def log_density(u: float) -> float:
        return (listed + 1) * u - float(np.exp(u)) + log_sum(u)

    u = _mode(placed, listed)
    step = 1.0 / np.sqrt(listed + 1.0)
    middle, left, right = (log_density(u + move) for move in (0.0, -step, step))
    curvature = max((2 * middle - left - right) / step**2, 1.0)
    x, w = np.polynomial.hermite_e.hermegauss(_nodes_for(listed))
    nodes = u + x / np.sqrt(curvature)
    logs = np.array([log_density(float(node)) for node in nodes])
    share = w * np.exp(logs - middle + x**2 / 2)
    return nodes, share / share.sum()


def _mode(placed: Placed, listed: int) -> float:
    """Where t = M + 1 − (expected number of those placed at t), by halving."""
    low, high = float(np.log(0.5)), float(np.log(listed + 1.0))
    while high - low > 0.05 / np.sqrt(listed + 1.0):
        u = (low + high) / 2
        if np.exp(u) < listed + 1 - placed(float(np.exp(u))):
            low = u
        else:
            high = u
    return (low + high) / 2


def _middle_of(nodes: Floats, shares: _Shares) -> float:
    return float(np.exp(nodes @ shares.expected))


@dataclass(frozen=True, eq=False)
class _At:
    """The answer at one t."""

    pair: Floats
    lower: Floats
    upper: Floats
    error: Floats
    nobody: Floats
    nobody_lower: Floats
    nobody_upper: Floats
    below: Floats


def _extremes(weights: _Weights, t: float) -> tuple[Sums, Sums, Floats]:
    """Sums without and with all that was cut, and how much larger the second sums are."""
    least = sums(weights.plan, weights.kept(t))
    if not weights.anything_cut:
        return least, least, np.ones(len(weights.plan))
    most = sums(weights.plan, weights.greatest(t))
    factor = weights.log_factor(t)
    # Relative to each other, so that no exponential overflows: most is never below least.
    return least, most, np.exp(np.minimum(most.log_sum + factor - least.log_sum, 700.0))


# One walk gives bounds for all t between nodes that lie so near to each other.
_SLICE = 0.1


def _slices(nodes: Floats) -> list[Floats]:
    """The nodes (log t, ascending) in parts that span no more than `_SLICE` each."""
    parts, begin = [], 0
    for k in range(1, len(nodes) + 1):
        if k == len(nodes) or nodes[k] - nodes[begin] > _SLICE:
            parts.append(nodes[begin:k])
            begin = k
    return parts


def _walked(weights: _Weights, pairs: Pairs, nodes: Floats) -> Walked | None:
    """Bounds that hold at every t between these nodes; None where sums alone say everything."""
    plan, packing = weights.plan, weights.plan.packing
    asked = np.ones(len(plan), dtype=bool) if weights.anything_cut else ~plan.exact
    if not asked.any():
        return None
    least, most = float(np.exp(nodes[0])), float(np.exp(nodes[-1]))
    between = WeightRange(
        weights.kept(most),
        weights.kept(least),
        weights.cut_of_individuals(least, expected=False),
        weights.cut_of_missing(least),
    )
    of_family = (plan.component_of_family >= 0) & asked[plan.component_of_family]
    return walk(packing, pairs.of_place, between, of_family)


def _at(weights: _Weights, pairs: Pairs, t: float, sampled: Sampled | None, walked: Walked | None) -> _At:
    plan, packing = weights.plan, weights.plan.packing
    least_sums, most_sums, ratio = _extremes(weights, t)
    least, most = least_sums.taken, most_sums.taken
    taken = sums(plan, weights.expected(t)).taken if weights.anything_cut else least
    if sampled is not None:
        taken = np.where(np.isnan(taken), sampled.taken, taken)
    component = plan.component_of_family[packing.missing_of[pairs.missing]]
    pair = pairs.summed(packing, taken)
    lower, upper = _ends(pairs.summed(packing, least), pairs.summed(packing, most), ratio[component])
    error = np.zeros(len(pairs))
    if sampled is not None:
        error = np.where(plan.exact[component], 0.0, pairs.summed(packing, np.nan_to_num(sampled.error)))
    count = packing.individuals
    nobody = np.clip(1.0 - _by_individual(pairs, pair, packing), 0, 1)
    alone = np.ones(count, dtype=bool)
    alone[pairs.individual] = False
    elsewhere = weights.cut_of_individuals(t, expected=True)
    below = nobody * elsewhere / (1 + elsewhere)
    lowest, highest = _free_ends(plan, packing.individual, packing.individuals, least, most, ratio)
    if walked is not None:
        # Either bound is nan where it was not computed.
        lower, upper = np.fmax(lower, walked.lower), np.fmin(upper, walked.upper)
        lowest, highest = np.fmax(lowest, walked.nobody_lower), np.fmin(highest, walked.nobody_upper)
    lowest[alone], highest[alone] = 1.0, 1.0
    return _At(pair, lower, upper, error, nobody, lowest, highest, below)


def _ends(least: Floats, most: Floats, ratio: Floats) -> tuple[Floats, Floats]:
    """Where a probability lies: `least` without, `most` with all that was cut, whose sum is `ratio` times as large."""
    least, most = np.clip(least, 0, 1), np.clip(most, 0, 1)
    with np.errstate(invalid="ignore"):
        lower = least / (least + ratio * (1 - most))
        upper = ratio * most / (ratio * most + (1 - least))
    # 0/0: the pair is certain, or impossible, in both.
    lower, upper = np.where(np.isnan(lower), least, lower), np.where(np.isnan(upper), most, upper)
    return np.minimum(lower, 1.0), np.minimum(upper, 1.0)


def _free_ends(
    plan: Plan, who: Integers, count: int, least: Floats, most: Floats, ratio: Floats
) -> tuple[Floats, Floats]:
    """Bounds for each individual, or missing person, of being in none of the pairs kept; `who` is at each place."""
    packing = plan.packing
    placed = [np.asarray(np.bincount(who, one[packing.option_of_place], count), float) for one in (least, most)]
    component = np.full(count, -1, dtype=np.int64)
    component[who] = plan.component_of_option[packing.option_of_place]
    return _ends(1 - placed[0], 1 - placed[1], np.where(component >= 0, ratio[component] if len(ratio) else 1.0, 1.0))


def least_favourable(posteriors: Sequence[Posterior]) -> Floats:
    """For each pair the lowest that any declared prior, and what was cut, leave of its probability."""
    return np.min([one.lower for one in posteriors], axis=0)
