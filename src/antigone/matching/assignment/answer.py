"""The joint answer: what all pairs together say of who is whom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from antigone.matching.among_the_dead import KinAmongTheDead
from antigone.matching.assignment.bodies import Bodies
from antigone.matching.assignment.candidates import Listed, Several, candidates, log_of_sexes, several
from antigone.matching.assignment.parts import PartOdds
from antigone.matching.assignment.plan import Plan
from antigone.matching.assignment.posterior import EXACT_BELOW, Pairs, Posterior, posterior
from antigone.matching.assignment.summing import Maxima, maxima
from antigone.matching.assignment.symmetry import SymmetricSet, symmetric_sets
from antigone.matching.classes import marker_classes, sex_of
from antigone.matching.operation import Individual, Operation
from antigone.matching.prior import Prior, Shares
from antigone.matching.search import Progress, SearchResult

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# As the peers count it: a pair is undisputed where its LR is 10⁴ or more and 10⁴ times any other of its row and column.
UNDISPUTED = 4.0
# More markers than these that only a mutation, an error or a drop-in explains exclude a pair.
MOST_EXCLUSIONS = 2


class Standing(StrEnum):
    """What the joint answer says of a pair."""

    UNDISPUTED = "undisputed"
    LEADING = "leading"
    SYMMETRIC = "symmetric"
    OUTWEIGHED = "outweighed"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class PairAnswer:
    """One individual and one missing person in the joint answer; both by their positions in the search.

    `posterior` is the range over the declared priors, `by_prior` the figure under each, `lowest` and `highest` what cut
    pairs (and sampling) leave of the ends. `exact` says that these differ by less than 10⁻⁶. `log10_glr` compares the
    best assignment with the pair and the best without it; None where the component was sampled. `error` is the standard
    error of sampling.
    """

    individual: int
    missing: int
    posterior: tuple[float, float]
    by_prior: tuple[float, ...]
    lowest: float
    highest: float
    exact: bool
    error: float
    log10_glr: float | None
    standing: Standing
    why: str


@dataclass(frozen=True, slots=True)
class NobodyAnswer:
    """How probable it is that an individual is none of the missing persons compared, over the declared priors.

    `listed_without_references` and `not_listed` are how each prior shares that out; DNA cannot. `below` is the part
    that goes to missing persons of whom every pair was too weak to be weighed by itself.
    """

    individual: int
    posterior: tuple[float, float]
    lowest: float
    highest: float
    below: tuple[float, float]
    listed_without_references: tuple[float, float]
    not_listed: tuple[float, float]


@dataclass(frozen=True)
class Component:
    """Individuals and missing persons who compete, directly or through others."""

    individuals: tuple[int, ...]
    missing: tuple[int, ...]
    pairs: tuple[PairAnswer, ...]
    exact: bool
    options: int


@dataclass(frozen=True, eq=False)
class JointAnswer:
    """The posterior over all assignments, in parts that people can read.

    `best` is the best assignment of all: individual → missing person. `listed` counts the missing persons with usable
    references, among whom the prior chooses.
    """

    result: SearchResult
    priors: tuple[Prior, ...]
    listed: int
    components: tuple[Component, ...]
    nobody: tuple[NobodyAnswer, ...]
    best: dict[int, int]
    symmetric: tuple[SymmetricSet, ...]
    incomplete: tuple[str, ...]

    @property
    def exact_share(self) -> float:
        """The share of components that were summed exactly."""
        return sum(one.exact for one in self.components) / len(self.components) if self.components else 1.0

    def pair(self, individual: int, missing: int) -> PairAnswer | None:
        """What is said of one pair; None where it weighed too little to be looked at."""
        return self._by_pair.get((individual, missing))

    @property
    def _by_pair(self) -> dict[tuple[int, int], PairAnswer]:
        found: dict[tuple[int, int], PairAnswer] | None = self.__dict__.get("_pairs")
        if found is None:
            found = {(one.individual, one.missing): one for part in self.components for one in part.pairs}
            object.__setattr__(self, "_pairs", found)
        return found


def joint_answer(
    result: SearchResult,
    rng: np.random.Generator | None = None,
    *,
    priors: Sequence[Prior] | None = None,
    parts: bool = False,
    kin: KinAmongTheDead | None = None,
    progress: Progress | None = None,
) -> JointAnswer:
    """The posterior over all assignments of individuals to missing persons, under every declared prior.

    `result` is a search that kept its pairs from `floor_for(operation)` on. `rng` is asked only where a component has
    to be sampled; without one, a fixed seed. With `parts` several individuals may be parts of one person, under the
    prior of reassociation; without, all of them are different people. Individuals who are `kin` are tried together in
    families that miss kin. `progress` is told of families with several missing.
    """
    operation = result.operation
    declared = tuple(priors) if priors is not None else operation.settings.declared_priors()
    listed = Listed.of(result)
    greatest = np.max(_odds(operation, declared), axis=0)
    odds_of_part = PartOdds(operation.individuals, operation.settings.reassociation) if parts else None
    together = several(result, listed, greatest, _bodies(result), parts=odds_of_part, kin=kin, progress=progress)
    generator = rng if rng is not None else np.random.default_rng(1)
    return weighed(result, listed, together, declared, generator)


def weighed(
    result: SearchResult, listed: Listed, together: Several, declared: Sequence[Prior], rng: np.random.Generator
) -> JointAnswer:
    """The joint answer of the pairs that a search kept and of the placings of several in one family."""
    odds = _odds(result.operation, declared)
    found = candidates(result, listed, np.max(odds, axis=0), together)
    plan, pairs = found.plan, Pairs.of(found.plan.packing)
    posteriors = [
        posterior(plan, pairs, prior.name, these, len(listed), found.cut, rng)
        for prior, these in zip(declared, odds, strict=True)
    ]
    prior_weight = np.log(odds[0][plan.packing.individual] / max(len(listed), 1))
    prior_weight[plan.packing.further] = 0.0
    best = maxima(plan, plan.packing.log_lr + plan.packing.summed_over_places(prior_weight))
    by_likelihood = maxima(plan, plan.packing.log_lr)
    symmetric = symmetric_sets(result, plan, pairs, posteriors[0].pair)
    answers = _pair_answers(result, plan, pairs, posteriors, by_likelihood, symmetric)
    return JointAnswer(
        result,
        tuple(declared),
        len(listed),
        tuple(_components(plan, pairs, answers)),
        tuple(_nobody(result, declared, posteriors)),
        _best(plan, best, pairs, posteriors[0]),
        symmetric,
        found.incomplete,
    )


def _odds(operation: Operation, declared: Sequence[Prior]) -> list[Floats]:
    """For each prior the odds of each individual to be among the listed."""
    return [np.array([shares_of(one, prior).odds for one in operation.individuals], float) for prior in declared]


def shares_of(individual: Individual, prior: Prior) -> Shares:
    """The prior of one individual; of one whose parts came with several transfers, the least favourable of theirs."""
    transfers = [one.strip() for one in individual.transfer.split(";")]
    return min((prior.of(transfer) for transfer in transfers), key=lambda shares: shares.listed)


def _bodies(result: SearchResult) -> Bodies:
    operation, prepared = result.operation, result.prepared
    classes = marker_classes(operation.individuals, prepared.models, operation.settings)
    sexes = np.array([str(sex_of(individual)) for individual in operation.individuals])
    return Bodies(operation.individuals, classes, sexes, prepared, operation.settings)


def _pair_answers(
    result: SearchResult,
    plan: Plan,
    pairs: Pairs,
    posteriors: Sequence[Posterior],
    by_likelihood: Maxima,
    symmetric: Sequence[SymmetricSet],
) -> list[PairAnswer]:
    middle = np.array([one.pair for one in posteriors])
    low, high = middle.min(axis=0), middle.max(axis=0)
    lowest = np.min([one.lower for one in posteriors], axis=0)
    highest = np.max([one.upper for one in posteriors], axis=0)
    width = np.max([one.upper - one.lower for one in posteriors], axis=0)
    error = np.max([one.error for one in posteriors], axis=0)
    exact = plan.exact[plan.component_of_family[plan.packing.missing_of[pairs.missing]]] & (width < EXACT_BELOW)
    glr = _log10_glr(plan, pairs, by_likelihood)
    words = _Standings(result, pairs, low, highest, symmetric)
    answers = []
    for k in range(len(pairs)):
        standing, why = words.of(k)
        answers.append(
            PairAnswer(
                int(pairs.individual[k]),
                int(pairs.missing[k]),
                (float(low[k]), float(high[k])),
                tuple(middle[:, k].tolist()),
                float(lowest[k]),
                float(highest[k]),
                bool(exact[k]),
                float(error[k]),
                glr[k],
                standing,
                why,
            )
        )
    return answers


def _log10_glr(plan: Plan, pairs: Pairs, best: Maxima) -> list[float | None]:
    """For each pair: the best assignment that holds it against the best that does not."""
    packing = plan.packing
    step = np.zeros(len(packing), dtype=np.int64)
    step[plan.option] = np.repeat(np.arange(len(plan.first_option) - 1), np.diff(plan.first_option))
    order = np.argsort(pairs.of_place, kind="stable")
    options_of = np.split(packing.option_of_place[order], np.cumsum(np.bincount(pairs.of_place))[:-1])
    found: list[float | None] = []
    for k in range(len(pairs)):
        # All options that hold a pair are choices of one step, of its family or of its individual.
        own = options_of[k]
        if np.isnan(best.nobody[own[0]]):
            found.append(None)
            continue
        s = step[own[0]]
        others = plan.option[plan.first_option[s] : plan.first_option[s + 1]]
        outside = best.with_option[others[~np.isin(others, own)]].max(initial=-np.inf) if len(others) > 1 else -np.inf
        without = max(float(best.nobody[own[0]]), float(outside))
        found.append((float(best.with_option[own].max()) - without) / float(np.log(10.0)))
    return found


class _Standings:
    """Why a pair stands as it does."""

    def __init__(
        self, result: SearchResult, pairs: Pairs, low: Floats, highest: Floats, symmetric: Sequence[SymmetricSet]
    ) -> None:
        self.result, self.pairs, self.low, self.highest = result, pairs, low, highest
        self.of_search = {(pair.individual, pair.missing): pair for pair in result.pairs}
        self.symmetric = {(i, m): one for one in symmetric for i in one.individuals for m in one.missing}
        individuals, missing = len(result.operation.individuals), len(result.missing)
        log10 = result.kept.log10_lr
        self.rows = _two_best(result.kept.individual.astype(np.int64), log10, individuals)
        self.columns = _two_best(result.kept.missing.astype(np.int64), log10, missing)
        self.leading_of_individual = _leading(pairs.individual, low, individuals)
        self.leading_of_missing = _leading(pairs.missing, low, missing)
        self.of_other_sex = log_of_sexes(result, pairs.individual, pairs.missing) < 0
        self.leaders: dict[int, set[int]] = {}
        for k in np.flatnonzero(low > 0.5).tolist():
            self.leaders.setdefault(int(pairs.missing[k]), set()).add(int(pairs.individual[k]))

    def of(self, k: int) -> tuple[Standing, str]:
        i, m = int(self.pairs.individual[k]), int(self.pairs.missing[k])
        if (i, m) in self.symmetric:
            return Standing.SYMMETRIC, self.symmetric[i, m].words(self.result)
        listed = self.of_search.get((i, m))
        if listed is not None and listed.exclusions > MOST_EXCLUSIONS:
            return Standing.EXCLUDED, f"{listed.exclusions} markers that only mutations, errors or drop-ins explain"
        if self.of_other_sex[k] and self.low[k] <= 0.5:
            return Standing.EXCLUDED, "amelogenin shows the other sex"
        if self.highest[k] < EXACT_BELOW:
            return Standing.OUTWEIGHED, self._rival(i, m)
        log10 = None if listed is None else listed.log10_lr
        if log10 is not None and self._undisputed(i, m, log10):
            return Standing.UNDISPUTED, "LR of 10⁴ or more, and 10⁴ times any other of either side"
        if self.low[k] > 0.5:
            return Standing.LEADING, f"more probable than everything else together{self._parts(i, m)}"
        return Standing.OUTWEIGHED, self._rival(i, m)

    def _parts(self, i: int, m: int) -> str:
        """Whom else the same missing person may be at once: they would be parts of one person."""
        others = sorted(self.leaders.get(m, set()) - {i})
        if not others:
            return ""
        names = " and ".join(self.result.operation.individuals[other].id for other in others)
        return f"; as a part of one person with {names}, which remains to be shown"

    def _undisputed(self, i: int, m: int, log10: float) -> bool:
        others = (_other(self.rows, i, log10), _other(self.columns, m, log10), self.result.kept.floor)
        # Pairs below the floor of the search are at most the floor.
        return log10 >= UNDISPUTED and all(other <= log10 - UNDISPUTED for other in others)

    def _rival(self, i: int, m: int) -> str:
        """Who takes either side."""
        individuals, missing = self.result.operation.individuals, self.result.missing
        rather, instead = int(self.leading_of_individual[i]), int(self.leading_of_missing[m])
        rivals = [
            (float(self.low[rather]), f"{individuals[i].id} is rather {missing[int(self.pairs.missing[rather])][1]}"),
            (
                float(self.low[instead]),
                f"{missing[m][1]} is rather {individuals[int(self.pairs.individual[instead])].id}",
            ),
        ]
        probability, words = max(rivals)
        if probability > 0.5:
            return words
        return f"{individuals[i].id} is more probably nobody compared here, or one of several"


def _leading(group: Integers, probability: Floats, count: int) -> Integers:
    """The most probable pair of each group; of a group without pairs, any."""
    leading = np.zeros(count, dtype=np.int64)
    order = np.argsort(probability, kind="stable")
    leading[group[order]] = order
    return leading


def _two_best(group: Integers, log10: Floats, count: int) -> Floats:
    """The two greatest of each group; shape (groups, 2), −∞ where there are fewer."""
    best = np.full((count, 2), -np.inf)
    order = np.lexsort((-log10, group))
    starts = np.searchsorted(group[order], np.arange(count + 1))
    for rank in (0, 1):
        there = starts[:-1] + rank < starts[1:]
        best[there, rank] = log10[order][(starts[:-1] + rank)[there]]
    return best


def _other(best: Floats, k: int, own: float) -> float:
    return float(best[k, 1] if best[k, 0] == own else best[k, 0])


def _components(plan: Plan, pairs: Pairs, answers: Sequence[PairAnswer]) -> Iterator[Component]:
    if not len(plan):
        return
    component = plan.component_of_family[plan.packing.missing_of[pairs.missing]]
    options = np.bincount(plan.component_of_option, minlength=len(plan))
    order = np.argsort(component, kind="stable")
    for c, group in enumerate(np.split(order, np.searchsorted(component[order], np.arange(1, len(plan))))):
        own = tuple(
            sorted((answers[k] for k in group), key=lambda one: (-one.posterior[0], one.individual, one.missing))
        )
        individuals = tuple(sorted({one.individual for one in own}))
        missing = tuple(sorted({one.missing for one in own}))
        yield Component(individuals, missing, own, bool(plan.exact[c]), int(options[c]))


def _nobody(result: SearchResult, priors: Sequence[Prior], posteriors: Sequence[Posterior]) -> Iterator[NobodyAnswer]:
    for i, individual in enumerate(result.operation.individuals):
        middle = [float(one.nobody[i]) for one in posteriors]
        below = [float(one.below[i]) for one in posteriors]
        without, unlisted = [], []
        for prior, total, part in zip(priors, middle, below, strict=True):
            shares = shares_of(individual, prior)
            rest = (total - part) / (1 - shares.listed)
            without.append(rest * shares.listed_without_references)
            unlisted.append(rest * shares.not_listed)
        yield NobodyAnswer(
            i,
            (min(middle), max(middle)),
            min(float(one.nobody_lower[i]) for one in posteriors),
            max(float(one.nobody_upper[i]) for one in posteriors),
            (min(below), max(below)),
            (min(without), max(without)),
            (min(unlisted), max(unlisted)),
        )


def _best(plan: Plan, best: Maxima, pairs: Pairs, first: Posterior) -> dict[int, int]:
    """The best assignment; in components that were sampled, the pairs that are more probable than not."""
    packing = plan.packing
    found = {i: m for o in np.flatnonzero(best.best) for m, i in packing.placed(int(o))}
    sampled = ~plan.exact[plan.component_of_family[packing.missing_of[pairs.missing]]] & (first.pair > 0.5)
    return found | {int(pairs.individual[k]): int(pairs.missing[k]) for k in np.flatnonzero(sampled)}
