"""The posterior over all assignments, against the enumeration of every one of them."""

import math
import os
import subprocess
import sys
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from antigone.matching.assignment import posterior as posterior_module
from antigone.matching.assignment.packing import Option, Packing
from antigone.matching.assignment.plan import MOST_BITS, make_plan
from antigone.matching.assignment.posterior import Cut, Pairs, Posterior, flat_posterior, least_favourable, posterior
from antigone.matching.assignment.sampling import sample
from antigone.matching.assignment.summing import maxima, sums
from antigone.matching.assignment.walk import WeightRange, walk
from oracles.assignment import Listed, assignments, list_all
from oracles.walk import PlainWalk

Options = list[list[tuple[dict[int, int], float]]]


@dataclass(frozen=True)
class Problem:
    """Options of each family as the oracle takes them: placed persons, and the natural log of the LR."""

    individuals: int
    missing_of: tuple[int, ...]
    options: tuple[tuple[tuple[tuple[tuple[int, int], ...], float], ...], ...]

    @property
    def packing(self) -> Packing:
        found = [Option(f, placed, log) for f, these in enumerate(self.options) for placed, log in these]
        return Packing.of(found, individuals=self.individuals, missing_of=self.missing_of)

    def for_oracle(self, shift: float = 0.0) -> Options:
        return [[(dict(placed), math.exp(log + shift)) for placed, log in these] for these in self.options]


@st.composite
def problems(draw, *, spread: float = 8.0, most_individuals: int = 5, one_each: bool = False) -> Problem:
    individuals = draw(st.integers(1, most_individuals))
    sizes = draw(st.lists(st.integers(1, 1 if one_each else 3), min_size=1, max_size=4))
    missing_of = tuple(f for f, size in enumerate(sizes) for _ in range(size))
    families = []
    for f in range(len(sizes)):
        persons = [m for m, of in enumerate(missing_of) if of == f]
        found: dict[tuple[tuple[int, int], ...], float] = {}
        for _ in range(draw(st.integers(0, 4))):
            who = draw(st.permutations(range(individuals)))
            chosen = draw(st.lists(st.sampled_from(persons), min_size=1, max_size=min(3, individuals), unique=True))
            placed = tuple(sorted(zip(chosen, who, strict=False)))
            found[placed] = draw(st.floats(-spread, spread))
        families.append(tuple(found.items()))
    return Problem(individuals, missing_of, tuple(families))


def seeded(seed: int, individuals: int, missing: int, *, spread: float = 2.0, mean: float = 0.0) -> Problem:
    """Everybody may be everybody, one missing person a family."""
    rng = np.random.default_rng(seed)
    options = tuple(
        tuple((((m, i),), float(rng.normal(mean, spread))) for i in range(individuals)) for m in range(missing)
    )
    return Problem(individuals, tuple(range(missing)), options)


def log_total(problem: Problem) -> float:
    return math.log(list_all(problem.for_oracle(), problem.individuals).total)


# Sums and maxima


@given(problems())
def test_sums_are_those_of_the_enumeration(problem):
    plan = make_plan(problem.packing)
    assert plan.exact.all()
    found = sums(plan, plan.packing.log_lr)
    want = list_all(problem.for_oracle(), problem.individuals)
    assert found.log_sum.sum() == pytest.approx(math.log(want.total), abs=1e-12)
    pair, nobody = flat_posterior(plan)
    pairs = Pairs.of(plan.packing)
    for k in range(len(pairs)):
        assert pair[k] == pytest.approx(want.probability(int(pairs.individual[k]), int(pairs.missing[k])), abs=1e-12)
    for i in range(problem.individuals):
        assert nobody[i] == pytest.approx(want.probability_of_nobody(i), abs=1e-12)


@given(problems())
def test_maxima_are_those_of_the_enumeration(problem):
    plan = make_plan(problem.packing)
    packing = plan.packing
    found = maxima(plan, packing.log_lr)
    ways = [(placed, math.log(weight)) for placed, weight in assignments(problem.for_oracle())]
    best = max(log for _, log in ways)
    assert found.log_max.sum() == pytest.approx(best, abs=1e-9)
    step = {int(o): s for s in range(len(plan.first_option) - 1) for o in _options_of_step(plan, s)}
    for o in range(len(packing)):
        family = int(packing.family_of_option[o])
        own = dict(packing.placed(o))
        persons = [m for m, f in enumerate(problem.missing_of) if f == family]
        holding = max(log for a, log in ways if {m: a[m] for m in persons if m in a} == own)
        elsewhere = best - found.log_max[plan.component_of_option[o]]
        assert found.with_option[o] + elsewhere == pytest.approx(holding, abs=1e-9)
        # What the step of this option is: a family, or an individual where that needs fewer bits.
        others = [set(packing.placed(p)) for p in _options_of_step(plan, step[o])]
        without = max(log for a, log in ways if not any(these <= set(a.items()) for these in others))
        assert found.nobody[o] + elsewhere == pytest.approx(without, abs=1e-9)
    chosen = {m: i for o in np.flatnonzero(found.best) for m, i in packing.placed(int(o))}
    assert packing.log_lr[found.best].sum() == pytest.approx(best, abs=1e-9)
    assert len(set(chosen.values())) == len(chosen)


def _options_of_step(plan, s: int) -> list[int]:
    return plan.option[plan.first_option[s] : plan.first_option[s + 1]].tolist()


@pytest.mark.parametrize("seed", range(3))
def test_individuals_choose_where_that_needs_fewer_bits(seed):
    # Ten bodies and two families, one of which misses two; by families ten bits, by individuals two.
    rng = np.random.default_rng(seed)
    options = tuple(
        tuple((((m, i),), float(rng.normal(0, 2))) for m in persons for i in range(10)) for persons in ((0, 1), (2,))
    )
    problem = Problem(10, (0, 0, 1), options)
    plan = make_plan(problem.packing)
    assert plan.bits.tolist() == [2]
    assert sums(plan, plan.packing.log_lr).log_sum.sum() == pytest.approx(log_total(problem), abs=1e-12)
    best = max(weight for _, weight in assignments(problem.for_oracle()))
    assert maxima(plan, plan.packing.log_lr).log_max.sum() == pytest.approx(math.log(best), abs=1e-12)


@given(problems(spread=600.0, most_individuals=4))
def test_weights_of_any_size_neither_overflow_nor_lose_anybody(problem):
    packing = problem.packing
    plan = make_plan(packing)
    found = sums(plan, packing.log_lr)
    ways = list(assignments([[(dict(placed), 1.0) for placed, _ in these] for these in problem.options]))
    logs = [_log_weight(problem, placed) for placed, _ in ways]
    total = float(np.logaddexp.reduce(logs))
    assert found.log_sum.sum() == pytest.approx(total, rel=1e-12, abs=1e-9)
    assert maxima(plan, packing.log_lr).log_max.sum() == pytest.approx(max(logs), rel=1e-12, abs=1e-9)
    for o in range(len(packing)):
        own = set(packing.placed(o))
        family = {m for m, f in enumerate(problem.missing_of) if f == packing.family_of_option[o]}
        holding = [
            log for (a, _), log in zip(ways, logs, strict=True) if {(m, i) for m, i in a.items() if m in family} == own
        ]
        assert found.taken[o] == pytest.approx(math.exp(np.logaddexp.reduce(holding) - total), rel=1e-8, abs=1e-12)


def _log_weight(problem: Problem, placed: dict[int, int]) -> float:
    logs = {(f, option): log for f, these in enumerate(problem.options) for option, log in these}
    families = {problem.missing_of[m] for m in placed}
    return sum(
        logs[f, tuple(sorted((m, i) for m, i in placed.items() if problem.missing_of[m] == f))] for f in families
    )


def test_who_is_strong_twice_is_found_at_the_stronger_place():
    """Twelve individuals who fit one family with e⁶⁰ and another one with e¹⁰⁰; all may be all.

    Scaled step by step, nobody taken by the first families weighs e⁻⁷²⁰ of all taken, and wins all the same.
    """
    count = 12
    options = [
        Option(f, ((f, i),), (60.0 if f < count else 100.0) if f % count == i else -5.0)
        for f in range(2 * count)
        for i in range(count)
    ]
    packing = Packing.of(options, individuals=count, missing_of=range(2 * count))
    plan = make_plan(packing)
    assert plan.bits.tolist() == [count]
    found = sums(plan, packing.log_lr)
    assert found.log_sum[0] == pytest.approx(100.0 * count, abs=1e-9)
    assert found.taken[packing.log_lr == 100.0] == pytest.approx(1.0)
    assert maxima(plan, packing.log_lr).log_max[0] == pytest.approx(100.0 * count)


def test_thirty_strong_pairs_in_a_chain_are_all_taken():
    # Individual i fits family i with e³⁰⁰ and family i + 1 with e²⁹⁹.
    options = [Option(i, ((i, i),), 300.0) for i in range(30)]
    options += [Option(i + 1, ((i + 1, i),), 299.0) for i in range(29)]
    packing = Packing.of(options, individuals=30, missing_of=range(30))
    plan = make_plan(packing)
    found = sums(plan, packing.log_lr)
    # Whoever moves on leaves a family without anybody, which costs e³⁰⁰: all but this one are lost.
    assert found.log_sum[0] == pytest.approx(9000.0, rel=1e-14)
    assert found.taken[packing.log_lr == 300.0] == pytest.approx(1.0, abs=1e-12)


def test_joined_and_chosen_keep_families_together():
    pairs = Packing.of_pairs(
        np.array([1, 0, 2]), np.array([0, 1, 2]), np.array([1.0, -np.inf, 3.0]), individuals=3,
        missing_of=np.array([0, 0, 1]),
    )  # fmt: skip
    both = pairs.joined(Packing.of([Option(0, ((0, 1), (1, 2)), 2.0)], individuals=3, missing_of=[0, 0, 1]))
    assert [both.placed(o) for o in range(len(both))] == [((0, 1),), ((0, 1), (1, 2)), ((2, 2),)]
    assert both.first.tolist() == [0, 2, 3]
    left = both.chosen(both.log_lr > 1.5)
    assert [left.placed(o) for o in range(len(left))] == [((0, 1), (1, 2)), ((2, 2),)]
    assert left.first.tolist() == [0, 1, 2]


def test_a_component_that_is_too_wide_says_so():
    plan = make_plan(seeded(1, MOST_BITS + 3, MOST_BITS + 3).packing)
    assert plan.exact.tolist() == [False]
    assert np.isnan(sums(plan, plan.packing.log_lr).log_sum).all()
    with pytest.raises(ValueError, match="too wide"):
        flat_posterior(plan)


# The posterior under a prior


def posterior_of(problem: Problem, odds, listed: int, cut: Cut | None = None) -> tuple[Pairs, Posterior]:
    plan = make_plan(problem.packing)
    pairs = Pairs.of(plan.packing)
    nothing = Cut.nothing(problem.individuals, len(problem.missing_of))
    rng = np.random.default_rng(1)
    return pairs, posterior(plan, pairs, "a prior", np.asarray(odds, float), listed, cut or nothing, rng)


def worst(pairs: Pairs, found: Posterior, want: Listed, individuals: int) -> float:
    differences = [
        abs(found.pair[k] - want.probability(int(pairs.individual[k]), int(pairs.missing[k])))
        for k in range(len(pairs))
    ]
    differences += [abs(found.nobody[i] - want.probability_of_nobody(i)) for i in range(individuals)]
    return max(differences, default=0.0)


def test_one_individual_and_one_missing_person_by_hand():
    """P = w LR / (1 + w LR), with w = s/(1 − s)/M: s = 0.2, M = 50, LR = 1000."""
    problem = Problem(1, (0,), (((((0, 0),), math.log(1000.0)),),))
    pairs, found = posterior_of(problem, [0.25], 50)
    # 0.25 / 50 · 1000 = 5
    assert found.pair[0] == pytest.approx(5 / 6, abs=1e-14)
    assert found.nobody[0] == pytest.approx(1 / 6, abs=1e-14)
    assert (found.lower[0], found.upper[0], found.error[0]) == (pytest.approx(5 / 6), pytest.approx(5 / 6), 0.0)
    assert (pairs.individual.tolist(), pairs.missing.tolist()) == ([0], [0])
    assert least_favourable([found, replace(found, lower=np.array([0.1]))]).tolist() == [0.1]


def test_two_individuals_and_two_missing_persons_by_hand():
    """Of two who are listed both: the second has one place left, not two."""
    options = (((((0, 0),), 0.0),), ((((1, 1),), 0.0),))
    _, found = posterior_of(Problem(2, (0, 1), options), [1.0, 1.0], 2)
    # nobody 1, one of them 1/2 each, both 1/2: 2.5
    assert found.pair == pytest.approx([0.4, 0.4], abs=1e-14)
    assert found.nobody == pytest.approx([0.6, 0.6], abs=1e-14)


@settings(max_examples=50)
@given(problems(), st.data())
def test_posteriors_are_those_of_the_enumeration(problem, data):
    odds = data.draw(
        st.lists(st.floats(0.01, 50.0), min_size=problem.individuals, max_size=problem.individuals), label="odds"
    )
    listed = data.draw(st.integers(len(problem.missing_of), 60), label="listed")
    pairs, found = posterior_of(problem, odds, listed)
    want = list_all(problem.for_oracle(), problem.individuals, odds=odds, listed=listed)
    assert worst(pairs, found, want, problem.individuals) < 1e-12
    assert np.abs(found.lower - found.pair).max(initial=0) < 1e-12
    assert np.abs(found.upper - found.pair).max(initial=0) < 1e-12
    assert not found.below.any()


@settings(max_examples=10)
@given(problems(), st.data())
def test_with_many_listed_a_few_nodes_are_enough(problem, data):
    odds = data.draw(
        st.lists(st.floats(0.05, 20.0), min_size=problem.individuals, max_size=problem.individuals), label="odds"
    )
    listed = data.draw(st.sampled_from([200, 3000, 20_000, 70_000]), label="listed")
    # LRs about as large as the number of the listed: where the prior counts most.
    shifted = Problem(
        problem.individuals,
        problem.missing_of,
        tuple(tuple((placed, log + math.log(listed)) for placed, log in these) for these in problem.options),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(posterior_module, "_GRID_BELOW", -1)
        pairs, found = posterior_of(shifted, odds, listed)
    want = list_all(shifted.for_oracle(), problem.individuals, odds=odds, listed=listed)
    assert worst(pairs, found, want, problem.individuals) < 1e-7


@dataclass(frozen=True)
class Halved:
    """A problem of which weak pairs were cut, and what was cut."""

    whole: Problem
    kept: Problem
    cut: Cut


def halved(problem: Problem, below: float) -> Halved:
    """Cut the pairs below a log LR of families that miss one; what they are stays in the sums."""
    single = {f for f in range(len(problem.options)) if problem.missing_of.count(f) == 1}

    def goes(f: int, log: float) -> bool:
        return f in single and log < below

    kept = tuple(
        tuple((placed, log) for placed, log in these if not goes(f, log)) for f, these in enumerate(problem.options)
    )
    gone = [
        (*placed[0], math.exp(log))
        for f, these in enumerate(problem.options)
        for placed, log in these
        if goes(f, log)
    ]  # fmt: skip
    of_individual = np.zeros(problem.individuals)
    for _, i, lr in gone:
        of_individual[i] += lr

    def of_missing(odds):
        found = np.zeros(len(problem.missing_of))
        for m, i, lr in gone:
            found[m] += lr * odds[i]
        return found

    return Halved(problem, replace(problem, options=kept), Cut(of_individual, of_individual, of_missing))


@settings(max_examples=25)
@given(problems(), st.floats(-4.0, 6.0), st.integers(0, 40), st.data())
def test_what_was_cut_never_leaves_its_bounds(problem, below, more, data):
    odds = data.draw(
        st.lists(st.floats(0.05, 20.0), min_size=problem.individuals, max_size=problem.individuals), label="odds"
    )
    one = halved(problem, below)
    assume(one.cut.of_individual.any())
    bounds_hold(one, odds, len(problem.missing_of) + more)


def bounds_hold(one: Halved, odds, listed: int) -> None:
    problem = one.whole
    pairs, found = posterior_of(one.kept, odds, listed, one.cut)
    want = list_all(problem.for_oracle(), problem.individuals, odds=odds, listed=listed)
    here = set(zip(pairs.individual.tolist(), pairs.missing.tolist(), strict=True))
    for ends in (found.lower, found.pair, found.upper, found.nobody_lower, found.nobody, found.nobody_upper):
        assert ends.min(initial=0.0) >= 0.0
        assert ends.max(initial=1.0) <= 1.0
    for k in range(len(pairs)):
        truth = want.probability(int(pairs.individual[k]), int(pairs.missing[k]))
        assert found.lower[k] - 1e-12 <= truth <= found.upper[k] + 1e-12
        assert found.lower[k] - 1e-12 <= found.pair[k] <= found.upper[k] + 1e-12
    for i in range(problem.individuals):
        # Nobody of those kept: also those whose pair was cut.
        truth = 1.0 - sum(want.probability(j, m) for j, m in here if j == i)
        if any(j == i for j, _ in here):
            assert found.nobody_lower[i] - 1e-12 <= truth <= found.nobody_upper[i] + 1e-12
        assert 0.0 <= found.below[i] <= found.nobody[i] + 1e-12


@pytest.mark.long
@pytest.mark.parametrize("seed", range(300))
def test_what_was_cut_never_leaves_its_bounds_long(seed):
    rng = np.random.default_rng(seed)
    problem = seeded(seed, int(rng.integers(1, 6)), int(rng.integers(1, 5)), spread=4.0)
    one = halved(problem, float(rng.uniform(-4, 6)))
    bounds_hold(
        one, rng.uniform(0.05, 20, problem.individuals).tolist(), len(problem.missing_of) + int(rng.integers(9))
    )


def test_little_that_was_cut_moves_little():
    problem = seeded(4, 4, 4, spread=3.0)
    one = halved(problem, -3.0)
    tiny = Cut(one.cut.of_individual * 1e-9, one.cut.expected * 1e-9, lambda odds: one.cut.of_missing(odds) * 1e-9)
    _, found = posterior_of(one.kept, np.ones(4), 100, tiny)
    assert one.cut.of_individual.any()
    assert (found.upper - found.lower).max() < 1e-8


def test_more_individuals_than_listed_persons_with_much_cut_still_end():
    # 60 bodies and 20 listed persons, everything that is not certain cut: degree 60 in 1/t would never end.
    options = tuple(((((m, m),), 20.0),) for m in range(20))
    cut = Cut(np.full(60, 20.0), np.full(60, 20.0), lambda odds: np.full(20, odds.sum()))
    _, found = posterior_of(Problem(60, tuple(range(20)), options), np.full(60, 3.0), 20, cut)
    assert np.isfinite(found.pair).all()
    assert ((found.lower <= found.pair) & (found.pair <= found.upper)).all()


@pytest.mark.parametrize("missing", [0, 2])
@pytest.mark.parametrize("individuals", [0, 3])
def test_where_nothing_was_kept_everybody_is_nobody(individuals, missing):
    problem = Problem(individuals, tuple(range(missing)), ((),) * missing)
    pairs, found = posterior_of(problem, np.ones(individuals), missing)
    assert len(pairs) == 0
    for nobody in (found.nobody, found.nobody_lower, found.nobody_upper):
        assert nobody == pytest.approx(np.ones(individuals), abs=1e-14)


# Sampling


@pytest.mark.parametrize("seed", range(4))
def test_sampled_posteriors_are_within_their_error_and_the_walk_holds_the_truth(seed):
    rng = np.random.default_rng(seed)
    persons = (0, 0, 1, 2, 3)
    families = []
    for f in range(4):
        own = [m for m, of in enumerate(persons) if of == f]
        found = {((m, i),): float(rng.normal(0, 1.5)) for m in own for i in range(5)}
        if len(own) == 2:
            found |= {((0, i), (1, j)): float(rng.normal(1, 1.5)) for i in range(5) for j in range(5) if i != j}
        families.append(tuple(found.items()))
    problem = Problem(5, persons, tuple(families))
    exact = make_plan(problem.packing)
    wide = replace(exact, exact=np.zeros(len(exact), dtype=bool))
    truth = sums(exact, exact.packing.log_lr).taken
    sampled = sample(wide, exact.packing.log_lr, np.random.default_rng(seed), sweeps=3000)
    assert (np.abs(sampled.taken - truth) <= 5 * sampled.error).all()
    assert sampled.error.max() < 0.02
    pairs = Pairs.of(exact.packing)
    true_pairs, everybody = pairs.summed(exact.packing, truth), np.ones(exact.packing.families, dtype=bool)
    weights = WeightRange.of_one(exact.packing, exact.packing.log_lr)
    for depth in (0, 1, 3, 6):
        walked = walk(exact.packing, pairs.of_place, weights, everybody, depth=depth, budget=200)
        same_as_plain(walked, exact.packing, pairs, weights, depth, 200)
        assert (walked.lower <= true_pairs + 1e-12).all()
        assert (true_pairs <= walked.upper + 1e-12).all()


def same_as_plain(walked, packing, pairs, weights, depth, budget):
    plain = PlainWalk(packing, weights, budget)
    of_pairs = [plain.of_pair(int(i), int(m), depth) for i, m in zip(pairs.individual, pairs.missing, strict=True)]
    of_nobody = [plain.of_nobody(i, depth) for i in range(packing.individuals)]
    np.testing.assert_allclose(np.column_stack([walked.lower, walked.upper]), of_pairs, rtol=1e-12)
    np.testing.assert_allclose(np.column_stack([walked.nobody_lower, walked.nobody_upper]), of_nobody, rtol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_a_walk_that_ends_knows_the_answer(seed):
    plan = make_plan(seeded(seed, 3, 3).packing)
    pairs = Pairs.of(plan.packing)
    weights = WeightRange.of_one(plan.packing, plan.packing.log_lr)
    ended = walk(plan.packing, pairs.of_place, weights, np.ones(3, dtype=bool), depth=20, budget=1e6)
    truth = pairs.summed(plan.packing, sums(plan, plan.packing.log_lr).taken)
    assert np.abs(ended.upper - ended.lower).max() < 1e-12
    assert ended.lower == pytest.approx(truth)


def test_the_walk_can_be_loaded_from_the_cache(tmp_path):
    # A compiled function that calls itself crashes the process when it is loaded, if it was compiled twice.
    asks = (
        "import numpy as np\n"
        "from antigone.matching.assignment.packing import Packing\n"
        "from antigone.matching.assignment.walk import WeightRange, walk\n"
        "i, m = np.divmod(np.arange(9), 3)\n"
        "packing = Packing.of_pairs(i, m, np.linspace(-1, 1, 9), individuals=3, missing_of=np.arange(3))\n"
        "weights = WeightRange.of_one(packing, packing.log_lr)\n"
        "found = walk(packing, np.arange(9), weights, np.ones(3, dtype=bool), depth=20, budget=1e6)\n"
        "assert np.abs(found.upper - found.lower).max() < 1e-12\n"
    )
    for _ in ("compiled", "loaded"):
        own_cache = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
        run = subprocess.run([sys.executable, "-c", asks], env=own_cache, check=False)  # noqa: S603 - our own
        assert run.returncode == 0


@pytest.mark.parametrize("seed", range(20))
def test_the_walk_holds_the_truth_at_every_weight_and_whatever_was_cut(seed):
    rng = np.random.default_rng(seed)
    problem = seeded(seed, int(rng.integers(2, 6)), int(rng.integers(2, 5)), spread=3.0)
    one = halved(problem, float(rng.uniform(-3, 3)))
    packing = one.kept.packing
    pairs = Pairs.of(packing)
    if not len(pairs):
        return
    least, factor = rng.uniform(0.5, 1.0), rng.uniform(1.0, 1.5)
    between = WeightRange(
        packing.log_lr + np.log(least) * packing.persons,
        packing.log_lr + np.log(least * factor) * packing.persons,
        least * factor * one.cut.of_individual,
        least * factor * one.cut.of_missing(np.ones(packing.individuals)),
    )
    depth, budget = int(rng.integers(0, 5)), float(rng.choice([1, 10, 100, 10_000]))
    walked = walk(packing, pairs.of_place, between, np.ones(packing.families, dtype=bool), depth=depth, budget=budget)
    same_as_plain(walked, packing, pairs, between, depth, budget)
    for share in (0.0, 0.4, 1.0):
        log = math.log(least) + share * math.log(factor)
        weighed = tuple(tuple((placed, lr + log * len(placed)) for placed, lr in these) for these in problem.options)
        want = list_all(replace(problem, options=weighed).for_oracle(), problem.individuals)
        for k in range(len(pairs)):
            truth = want.probability(int(pairs.individual[k]), int(pairs.missing[k]))
            assert walked.lower[k] - 1e-12 <= truth <= walked.upper[k] + 1e-12
        for i in range(problem.individuals):
            here = [want.probability(i, int(m)) for j, m in zip(pairs.individual, pairs.missing, strict=True) if j == i]
            assert walked.nobody_lower[i] - 1e-12 <= 1.0 - sum(here) <= walked.nobody_upper[i] + 1e-12


def make_wide(problem: Problem):
    plan = make_plan(problem.packing)
    return replace(plan, exact=np.zeros(len(plan), dtype=bool))


def test_who_outweighs_all_that_is_near_is_known_however_much_was_cut_far_away():
    # 60 bodies in a ring, each all but surely one person and weakly the next; so much is cut of each that all together
    # could be anything (factors up to e^40), and everything was sampled.
    ring = tuple(((((m, m),), 30.0), (((m, (m + 1) % 60),), 2.0)) for m in range(60))
    plan = make_wide(Problem(60, tuple(range(60)), ring))
    pairs = Pairs.of(plan.packing)
    cut = Cut(np.full(60, 2000.0), np.full(60, 2000.0), lambda _: np.full(60, 1000.0))
    found = posterior(plan, pairs, "a prior", np.full(60, 1.0), 2000, cut, np.random.default_rng(1))
    own = pairs.individual == pairs.missing
    assert found.lower[own].min() > 1 - 1e-8
    assert found.upper[~own].max() < 1e-8
    assert found.nobody_upper.max() < 1e-8


@pytest.mark.parametrize("listed", [20, 2000])
def test_a_posterior_that_was_sampled_says_its_error_and_its_bounds(listed):
    problem = seeded(11, 5, 5, spread=2.0, mean=math.log(listed))
    plan = make_wide(problem)
    pairs = Pairs.of(plan.packing)
    odds = np.linspace(0.5, 3.0, 5)
    found = posterior(plan, pairs, "a prior", odds, listed, Cut.nothing(5, 5), np.random.default_rng(5))
    want = list_all(problem.for_oracle(), 5, odds=odds.tolist(), listed=listed)
    truth = np.array([want.probability(int(i), int(m)) for i, m in zip(pairs.individual, pairs.missing, strict=True)])
    # At one t instead of all: that costs about 1/M beside the error of sampling.
    assert (np.abs(found.pair - truth) <= 5 * found.error + 0.2 / listed).all()
    assert found.error.max() < 0.02
    if listed == 2000:
        assert ((found.lower - 1e-3 <= truth) & (truth <= found.upper + 1e-3)).all()
    nobody = np.array([want.probability_of_nobody(i) for i in range(5)])
    assert np.abs(found.nobody - nobody).max() < 0.05
    assert (found.nobody_lower <= found.nobody + 1e-12).all()
    assert (found.nobody <= found.nobody_upper + 1e-12).all()
