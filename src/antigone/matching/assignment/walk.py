"""Bounds for probabilities of a joint answer that follow a walk through the graph, whatever was cut.

That somebody (a family, or an individual) is free has probability 1 / (1 + Σ weight × probability that all others of
that option are free without them); the walk is cut where its budget ends, with 0 and 1 for what is not known. For
matchings the two ends close in as the walk grows (Bayati, Gamarnik, Katz, Nair & Tetali 2007); for options that place
several the same recursion holds, term by term.

A pair is then weighed against what else its individual, or its family, may do: A / (1 + A + B), where A sums the terms
of the options that hold the pair and B those of the others. Both ends of A move together, so that a pair that outweighs
everything near it is known to be certain however many weak pairs lie far away.

What was cut are pairs too, of unknown place and known sums: those of individual i weigh c_i together, those of missing
person m d_m. They add between 0 and c_i to what competes for an individual, and an option of a family that is gone
otherwise finds its missing persons free with a probability between ∏ 1/(1 + d_m) and 1.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from antigone.matching.assignment.packing import Packing

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

# No weight is taken for more than e to this: sums of many must not overflow.
_MOST_LOG = 600.0
# What budgets are divided by is never 0.
_TINY = 1e-300


@dataclass(frozen=True, eq=False)
class WeightRange:
    """Between which ends the weights of a packing lie.

    `least` and `most` are natural logs, one an option. `cut_of_individuals` is the most that the pairs cut of each
    individual weigh together, `cut_of_missing` the same of each missing person.
    """

    least: Floats
    most: Floats
    cut_of_individuals: Floats
    cut_of_missing: Floats

    @classmethod
    def of_one(cls, packing: Packing, log_weight: Floats) -> "WeightRange":
        """Weights that are known, and nothing cut."""
        return cls(log_weight, log_weight, np.zeros(packing.individuals), np.zeros(len(packing.missing_of)))


@dataclass(frozen=True, eq=False)
class Walked:
    """Ends of the probability of each pair, and of each individual being in none of the pairs kept; nan: not asked."""

    lower: Floats
    upper: Floats
    nobody_lower: Floats
    nobody_upper: Floats


@dataclass(frozen=True, eq=False)
class Terms:
    """What each place (families, then individuals) sums over: its options, and between which ends each term lies.

    Those of place v are `option[first[v] : first[v + 1]]`; nan where the place was not asked about.
    """

    first: Integers
    option: Integers
    least: Floats
    most: Floats


def walk(
    packing: Packing,
    pair_of_place: Integers,
    weights: WeightRange,
    asked: Flags,
    *,
    depth: int = 6,
    budget: float = 2_000.0,
) -> Walked:
    """Bounds for every pair and individual of the families `asked`, shape (families,): whole components.

    `pair_of_place` gives the pair of each place of the packing, numbered from 0. `budget` is how many places the walk
    from one place may visit, about.
    """
    terms = terms_of_places(packing, weights, asked, depth=depth, budget=budget)
    pairs = int(pair_of_place.max(initial=-1)) + 1
    lower, upper = np.full(pairs, np.nan), np.full(pairs, np.nan)
    order = np.argsort(pair_of_place, kind="stable")
    first_of_pair = np.searchsorted(pair_of_place[order], np.arange(pairs + 1))
    families = packing.families
    cut = np.concatenate([np.zeros(families), weights.cut_of_individuals])
    _of_pairs(
        first_of_pair, packing.option_of_place[order], packing.family_of_option, families + packing.individual[order],
        terms.first, terms.option, terms.least, terms.most, cut, lower, upper,
    )  # fmt: skip
    place = np.repeat(np.arange(len(terms.first) - 1), np.diff(terms.first))
    least, most = (
        np.asarray(np.bincount(place, one, len(terms.first) - 1), np.float64)[families:]
        for one in (terms.least, terms.most)
    )
    of_cut = 1.0 + weights.cut_of_individuals
    return Walked(lower, upper, 1.0 / (1.0 + most), of_cut / (of_cut + least))


def terms_of_places(packing: Packing, weights: WeightRange, asked: Flags, *, depth: int, budget: float) -> Terms:
    """For every place of the families asked about, between which ends the term of each of its options lies."""
    families, places = packing.families, packing.families + packing.individuals
    family_of_option = packing.family_of_option
    needs_first, needs = _needs(packing)
    order = np.argsort(needs, kind="stable")
    option = np.repeat(np.arange(len(packing)), np.diff(needs_first))[order]
    first = np.concatenate([[0], np.cumsum(np.bincount(needs, minlength=places))]).astype(np.int64)
    roots = np.zeros(places, dtype=np.bool_)
    roots[:families] = asked
    roots[families + packing.individual[asked[family_of_option[packing.option_of_place]]]] = True
    once = np.where(packing.further, 0.0, np.log1p(weights.cut_of_missing[packing.missing]))
    untouched = np.exp(-packing.summed_over_places(once))
    least, most = np.full(len(option), np.nan), np.full(len(option), np.nan)
    cut = np.concatenate([np.zeros(families), weights.cut_of_individuals])
    _all_terms(
        np.flatnonzero(roots), depth, float(budget), first, option, needs_first, needs,
        np.exp(np.minimum(weights.least, _MOST_LOG)), np.exp(np.minimum(weights.most, _MOST_LOG)), untouched, cut,
        np.zeros(places, dtype=np.bool_), least, most,
    )  # fmt: skip
    return Terms(first, option, least, most)


def _needs(packing: Packing) -> tuple[Integers, Integers]:
    """Whom each option takes: its family, then its individuals, in one numbering."""
    lengths = np.diff(packing.placed_first) + 1
    first = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    needs = np.empty(first[-1], dtype=np.int64)
    family = np.zeros(first[-1], dtype=np.bool_)
    family[first[:-1]] = True
    needs[family] = packing.family_of_option
    needs[~family] = packing.families + packing.individual
    return first, needs


@njit(cache=True, nogil=True)
def _all_terms(  # type: ignore[no-untyped-def]
    roots, depth, budget, first, option, needs_first, needs, weight_least, weight_most, untouched, cut, gone, least,
    most,
):  # fmt: skip
    for root in roots:
        _free(
            root, root, depth, budget, first, option, needs_first, needs, weight_least, weight_most, untouched, cut,
            gone, least, most,
        )  # fmt: skip


# One function that calls itself with the same types: of two that call each other, or of one that is compiled twice,
# Numba's cache keeps what crashes when it is loaded (0.68; `test_the_walk_can_be_loaded_from_the_cache`).
@njit(cache=True, nogil=True)
def _free(  # type: ignore[no-untyped-def]
    one, root, depth, budget, first, option, needs_first, needs, weight_least, weight_most, untouched, cut, gone,
    term_least, term_most,
):  # fmt: skip
    """Bounds for one being free; the terms of a root are written down. The budget is shared among its options."""
    least, most = 1.0, 1.0 + cut[one]
    gone[one] = True
    share = _TINY
    for at in range(first[one], first[one + 1]):
        if _possible(option[at], one, needs_first, needs, gone):
            share += min(weight_most[option[at]], 1.0)
    for at in range(first[one], first[one + 1]):
        o = option[at]
        if not _possible(o, one, needs_first, needs, gone):
            continue
        low, high = 0.0, 1.0
        own = (budget - 1.0) * min(weight_most[o], 1.0) / share
        if depth > 0 and own >= 1.0:
            low = untouched[o]
            begin, end = needs_first[o], needs_first[o + 1]
            for k in range(begin, end):
                if needs[k] != one:
                    # One after another, each without those before.
                    a, b = _free(
                        needs[k], root, depth - 1, own / (end - begin - 1), first, option, needs_first, needs,
                        weight_least, weight_most, untouched, cut, gone, term_least, term_most,
                    )  # fmt: skip
                    low, high = low * a, high * b
                    gone[needs[k]] = True
            for k in range(begin, end):
                if needs[k] != one:
                    gone[needs[k]] = False
        least += weight_least[o] * low
        most += weight_most[o] * high
        if one == root:
            term_least[at], term_most[at] = weight_least[o] * low, weight_most[o] * high
    gone[one] = False
    return 1.0 / most, 1.0 / least


@njit(cache=True, nogil=True)
def _possible(o, one, needs_first, needs, gone):  # type: ignore[no-untyped-def]
    for k in range(needs_first[o], needs_first[o + 1]):
        if needs[k] != one and gone[needs[k]]:
            return False
    return True


@njit(cache=True, nogil=True)
def _of_pairs(  # type: ignore[no-untyped-def]
    first_of_pair, option_of_pair, family_of_option, individual_of_pair, first, option, least, most, cut, lower, upper
):  # fmt: skip
    """The better of the bounds that a pair's family and its individual give."""
    holds = np.zeros(len(family_of_option), np.bool_)
    for p in range(len(first_of_pair) - 1):
        begin, end = first_of_pair[p], first_of_pair[p + 1]
        for k in range(begin, end):
            holds[option_of_pair[k]] = True
        for root in (family_of_option[option_of_pair[begin]], individual_of_pair[begin]):
            with_least, with_most, without_least, without_most = 0.0, 0.0, 1.0, 1.0 + cut[root]
            for at in range(first[root], first[root + 1]):
                if holds[option[at]]:
                    with_least += least[at]
                    with_most += most[at]
                else:
                    without_least += least[at]
                    without_most += most[at]
            low, high = with_least / (with_least + without_most), with_most / (with_most + without_least)
            # Comparisons with nan are false: who was not asked about stays nan.
            if not low <= lower[p]:
                lower[p] = low
            if not high >= upper[p]:
                upper[p] = high
        for k in range(begin, end):
            holds[option_of_pair[k]] = False
