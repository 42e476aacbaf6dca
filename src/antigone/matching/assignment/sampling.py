"""Components too wide to be summed: Markov chain Monte Carlo with its error (bounds that are no estimate: `walk`).

The chain looks at two families that share an individual and draws the options of both together, given all others (a
heat bath, so the weights' ratios enter exactly and swaps of two individuals are one step). What is added up are the
probabilities that were drawn from, not the draws (Rao–Blackwell). The error is that of batch means of several chains,
which begin at the best single options, at nothing, and at random; chains that have not met show as a large error.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from antigone.matching.assignment.packing import Packing
from antigone.matching.assignment.plan import Plan

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CHAINS, BATCHES = 4, 10


@dataclass(frozen=True, eq=False)
class Sampled:
    """How often each option of the sampled components is taken, with the standard error; nan elsewhere."""

    taken: Floats
    error: Floats


@dataclass(frozen=True, eq=False)
class _Graph:
    """Who asks for whom, as arrays that compiled code reads."""

    family: Integers  # of each option
    neighbours_first: Integers  # by family: families that share an individual
    neighbours: Integers


def sample(plan: Plan, log_weight: Floats, rng: np.random.Generator, *, sweeps: int = 2000) -> Sampled:
    """Sample every component that is not exact; `sweeps` times as many steps as it has families, in each chain."""
    packing = plan.packing
    taken, error = np.full(len(packing), np.nan), np.full(len(packing), np.nan)
    graph = _graph(packing)
    family_of_option = packing.family_of_option
    for c in np.flatnonzero(~plan.exact):
        families = np.flatnonzero(plan.component_of_family == c)
        own = np.isin(family_of_option, families)
        means = np.zeros((CHAINS, BATCHES, len(packing)))
        for chain in range(CHAINS):
            start = _start(packing, families, log_weight, chain, rng)
            seed = int(rng.integers(2**31))
            _run_chain(
                families, packing.first, packing.placed_first, packing.individual, graph.neighbours_first,
                graph.neighbours, log_weight, start, max(1, sweeps // BATCHES) * len(families), means[chain],
                packing.individuals, seed,
            )  # fmt: skip
        mean = means.mean(axis=(0, 1))
        between = means.mean(axis=1).std(axis=0, ddof=1) / np.sqrt(CHAINS)
        within = means.reshape(CHAINS * BATCHES, -1).std(axis=0, ddof=1) / np.sqrt(CHAINS * BATCHES)
        # What no chain ever met is not known better than one visit tells.
        least = 1.0 / (CHAINS * max(1, sweeps))
        taken[own], error[own] = mean[own], np.maximum(np.maximum(between, within)[own], least)
    return Sampled(taken, error)


def _graph(packing: Packing) -> _Graph:
    option = packing.option_of_place
    family = packing.family_of_option
    asked_by: dict[int, set[int]] = {}
    for o, i in zip(option.tolist(), packing.individual.tolist(), strict=True):
        asked_by.setdefault(i, set()).add(int(family[o]))
    neighbours: list[set[int]] = [set() for _ in range(packing.families)]
    for these in asked_by.values():
        for f in these:
            neighbours[f] |= these - {f}
    first = np.concatenate([[0], np.cumsum([len(these) for these in neighbours])]).astype(np.int64)
    flat = np.array([f for these in neighbours for f in sorted(these)], dtype=np.int64)
    return _Graph(family, first, flat)


def _start(packing: Packing, families: Integers, log_weight: Floats, chain: int, rng: np.random.Generator) -> Integers:
    """What each family takes at first: the best options, then nothing, then options at random."""
    choice = np.full(packing.families, -1, dtype=np.int64)
    options = [o for f in families for o in packing.options_of(int(f))]
    if chain == 0:
        options.sort(key=lambda o: -log_weight[o])
    elif chain == 1:
        return choice
    else:
        options = rng.permutation(options).tolist()
    taken: set[int] = set()
    family = packing.family_of_option
    for o in options:
        these = {i for _, i in packing.placed(o)}
        if choice[family[o]] < 0 and not these & taken:
            choice[family[o]] = o
            taken |= these
    return choice


@njit(cache=True, nogil=True)
def _run_chain(  # type: ignore[no-untyped-def]
    families, first, placed_first, individual, neighbours_first, neighbours, log_weight, choice, steps, means,
    individuals, seed,
):  # fmt: skip
    np.random.seed(seed)
    used = np.full(individuals, -1, np.int64)
    for f in families:
        if choice[f] >= 0:
            for k in range(placed_first[choice[f]], placed_first[choice[f] + 1]):
                used[individual[k]] = f
    burn_in = steps  # one batch
    visits = np.zeros(len(first) - 1)
    most = 0
    for f in families:
        most = max(most, first[f + 1] - first[f])
    scratch = np.zeros((4, most + 1))
    for batch in range(-1, means.shape[0]):
        visits[:] = 0.0
        for _ in range(burn_in if batch < 0 else steps):
            f = families[np.random.randint(len(families))]
            count = neighbours_first[f + 1] - neighbours_first[f]
            g = neighbours[neighbours_first[f] + np.random.randint(count)] if count > 0 else -1
            _draw_two(f, g, first, placed_first, individual, log_weight, choice, used, means, batch, visits, scratch)
        if batch >= 0:
            for f in families:
                for o in range(first[f], first[f + 1]):
                    means[batch, o] = means[batch, o] / visits[f] if visits[f] > 0 else np.nan


@njit(cache=True, nogil=True)
def _draw_two(f, g, first, placed_first, individual, log_weight, choice, used, means, batch, visits, scratch):  # type: ignore[no-untyped-def]
    """Draw the options of both families given everybody else's.

    The weight of both is a product, so what each option of one weighs with all of the other is a sum without
    exponentials; `scratch` has room for the options of any two families, and "nobody" first.
    """
    for family in (f, g):
        if family >= 0 and choice[family] >= 0:
            for k in range(placed_first[choice[family]], placed_first[choice[family] + 1]):
                used[individual[k]] = -1
            choice[family] = -1
    rows = first[f + 1] - first[f] + 1
    columns = first[g + 1] - first[g] + 1 if g >= 0 else 1
    of_rows, of_columns, sums_of_rows, sums_of_columns = scratch[0], scratch[1], scratch[2], scratch[3]
    _weigh(f, first, placed_first, individual, log_weight, used, of_rows)
    if g >= 0:
        _weigh(g, first, placed_first, individual, log_weight, used, of_columns)
    else:
        of_columns[0] = 1.0
    sums_of_columns[:columns] = 0.0
    total = 0.0
    for r in range(rows):
        sums_of_rows[r] = 0.0
        if of_rows[r] == 0.0:
            continue
        a = first[f] + r - 1
        _mark(a, r > 0, f, placed_first, individual, used)
        with_all = of_columns[0]
        sums_of_columns[0] += of_rows[r] * of_columns[0]
        for s in range(1, columns):
            if of_columns[s] > 0.0 and _free(first[g] + s - 1, placed_first, individual, used):
                with_all += of_columns[s]
                sums_of_columns[s] += of_rows[r] * of_columns[s]
        _mark(a, r > 0, -1, placed_first, individual, used)
        sums_of_rows[r] = of_rows[r] * with_all
        total += sums_of_rows[r]
    if batch >= 0:
        visits[f] += 1.0
        for r in range(1, rows):
            means[batch, first[f] + r - 1] += sums_of_rows[r] / total
        if g >= 0:
            visits[g] += 1.0
            for s in range(1, columns):
                means[batch, first[g] + s - 1] += sums_of_columns[s] / total
    r = _drawn(sums_of_rows, rows, total)
    _take(f, first[f] + r - 1 if r > 0 else -1, placed_first, individual, choice, used)
    if g < 0:
        return
    left = of_columns[0]
    for s in range(1, columns):
        if of_columns[s] > 0.0 and not _free(first[g] + s - 1, placed_first, individual, used):
            of_columns[s] = 0.0
        left += of_columns[s]
    s = _drawn(of_columns, columns, left)
    _take(g, first[g] + s - 1 if s > 0 else -1, placed_first, individual, choice, used)


@njit(cache=True, nogil=True)
def _weigh(family, first, placed_first, individual, log_weight, used, weights):  # type: ignore[no-untyped-def]
    """What a family's options weigh relative to its heaviest, nobody first; 0 where somebody is used."""
    begin, end = first[family], first[family + 1]
    greatest = 0.0
    for o in range(begin, end):
        if _free(o, placed_first, individual, used):
            greatest = max(greatest, log_weight[o])
    weights[0] = np.exp(-greatest)
    for o in range(begin, end):
        weights[o - begin + 1] = 0.0
        if _free(o, placed_first, individual, used):
            weights[o - begin + 1] = np.exp(log_weight[o] - greatest)


@njit(cache=True, nogil=True)
def _drawn(weights, count, total):  # type: ignore[no-untyped-def]
    """The place of one of the weights, drawn; never one that weighs nothing."""
    u = np.random.random() * total
    last = 0
    for k in range(count):
        if weights[k] > 0.0:
            last = k
            u -= weights[k]
            if u < 0.0:
                break
    return last


@njit(cache=True, nogil=True)
def _mark(o, anybody, family, placed_first, individual, used):  # type: ignore[no-untyped-def]
    if anybody:
        for k in range(placed_first[o], placed_first[o + 1]):
            used[individual[k]] = family


@njit(cache=True, nogil=True)
def _free(o, placed_first, individual, used):  # type: ignore[no-untyped-def]
    for k in range(placed_first[o], placed_first[o + 1]):
        if used[individual[k]] >= 0:
            return False
    return True


@njit(cache=True, nogil=True)
def _take(f, o, placed_first, individual, choice, used):  # type: ignore[no-untyped-def]
    choice[f] = o
    if o >= 0:
        for k in range(placed_first[o], placed_first[o + 1]):
            used[individual[k]] = f
