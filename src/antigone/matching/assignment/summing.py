"""Sums and maxima over all ways to choose, component by component: compiled, with a plain twin in the tests.

Weights are relative to "this family takes nobody", which weighs 1. Every term is positive, so nothing cancels. Sums are
scaled at every step; where that would lose a way that may still win (many strong pairs, each of which has a stronger
rival later), the component is summed again relative to the best way to go on from each state, which loses nothing.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from antigone.matching.assignment.plan import Plan

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sums:
    """`log_sum` of each component (nan where it is not exact); `taken`: in which share of it each option is taken."""

    log_sum: Floats
    taken: Floats


@dataclass(frozen=True, eq=False)
class Maxima:
    """The greatest logarithm of a weight: of each component, with each option taken, and without it.

    `nobody` is, for each option, the greatest of all ways in which its step (family or individual) takes none of its
    options, `best` whether the best way of all takes the option. nan, or False, where a component is not exact.
    """

    log_max: Floats
    with_option: Floats
    nobody: Floats
    best: NDArray[np.bool_]


def sums(plan: Plan, log_weight: Floats) -> Sums:
    """Over all ways to choose, the sum of the products of weights; `log_weight` has one entry an option."""
    log_sum = np.full(len(plan), np.nan)
    taken = np.full(len(plan.packing), np.nan)
    _sums(
        plan.first_step, plan.first_option, plan.option, plan.bits, plan.closing, plan.exact, plan.mask,
        np.ascontiguousarray(log_weight, dtype=np.float64), log_sum, taken,
    )  # fmt: skip
    return Sums(log_sum, taken)


def maxima(plan: Plan, log_weight: Floats) -> Maxima:
    """The best way to choose, and how good the best is under each single choice."""
    log_max = np.full(len(plan), np.nan)
    with_option, nobody = np.full(len(plan.packing), np.nan), np.full(len(plan.packing), np.nan)
    best = np.zeros(len(plan.packing), dtype=bool)
    _maxima(
        plan.first_step, plan.first_option, plan.option, plan.bits, plan.closing, plan.exact, plan.mask,
        np.ascontiguousarray(log_weight, dtype=np.float64), log_max, with_option, nobody, best,
    )  # fmt: skip
    return Maxima(log_max, with_option, nobody, best)


@njit(cache=True, nogil=True)
def _sums(first_step, first_option, option, bits, closing, exact, mask, log_weight, log_sum, taken):  # type: ignore[no-untyped-def]
    for c in range(len(exact)):
        if exact[c]:
            start, stop, states = first_step[c], first_step[c + 1], 1 << bits[c]
            found = _scaled(start, stop, states, first_option, option, closing, mask, log_weight, taken)
            if np.isnan(found):
                found = _from_the_best(start, stop, states, first_option, option, closing, mask, log_weight, taken)
            log_sum[c] = found


# A product of two positive numbers below this has lost digits, or all of them.
TINY = 1e-290


@njit(cache=True, nogil=True)
def _scaled(start, stop, states, first_option, option, closing, mask, log_weight, taken):  # type: ignore[no-untyped-def]
    """Each step relative to its greatest weight and sum; nan where something was too small beside them to be kept."""
    steps = stop - start
    forward = np.zeros((steps + 1, states))
    forward[0, 0] = 1.0
    total = 0.0
    scale = np.zeros(steps)  # of each step: its greatest weight, so that no exponential overflows
    least = 1.0
    for t in range(steps):
        s = start + t
        for k in range(first_option[s], first_option[s + 1]):
            scale[t] = max(scale[t], log_weight[option[k]])
        keep = ~closing[s]
        nobody = np.exp(-scale[t])
        for state in range(states):
            if forward[t, state] > 0.0:
                value = forward[t, state] * nobody
                least = min(least, value)
                forward[t + 1, state & keep] += value
        for k in range(first_option[s], first_option[s + 1]):
            o = option[k]
            weight = np.exp(log_weight[o] - scale[t])
            for state in range(states):
                if forward[t, state] > 0.0 and state & mask[o] == 0:
                    value = forward[t, state] * weight
                    least = min(least, value)
                    forward[t + 1, (state | mask[o]) & keep] += value
        if least < TINY:
            return np.nan
        greatest = forward[t + 1].max()
        forward[t + 1] /= greatest
        total += scale[t] + np.log(greatest)
    total += np.log(forward[steps].sum())
    after = np.ones(states)
    for t in range(steps - 1, -1, -1):
        s = start + t
        keep = ~closing[s]
        before = np.zeros(states)
        nobody = np.exp(-scale[t])
        everything = 0.0
        for state in range(states):
            if forward[t, state] > 0.0:
                value = nobody * after[state & keep]
                least = min(least, value)
                before[state] += value
                everything += forward[t, state] * value
        for k in range(first_option[s], first_option[s + 1]):
            o = option[k]
            weight = np.exp(log_weight[o] - scale[t])
            here = 0.0
            for state in range(states):
                if forward[t, state] > 0.0 and state & mask[o] == 0:
                    value = weight * after[(state | mask[o]) & keep]
                    least = min(least, value)
                    before[state] += value
                    here += forward[t, state] * value
            taken[o] = here
            everything += here
        if least < TINY or everything < TINY:
            return np.nan
        for k in range(first_option[s], first_option[s + 1]):
            taken[option[k]] /= everything
        after = before / before.max()
    return total


@njit(cache=True, nogil=True)
def _best_after(start, stop, states, first_option, option, closing, mask, log_weight):  # type: ignore[no-untyped-def]
    """The greatest logarithm of a weight from each step and state on."""
    after = np.zeros((stop - start + 1, states))
    for t in range(stop - start - 1, -1, -1):
        s = start + t
        keep = ~closing[s]
        for state in range(states):
            value = after[t + 1, state & keep]
            for k in range(first_option[s], first_option[s + 1]):
                o = option[k]
                if state & mask[o] == 0:
                    value = max(value, log_weight[o] + after[t + 1, (state | mask[o]) & keep])
            after[t, state] = value
    return after


@njit(cache=True, nogil=True)
def _from_the_best(start, stop, states, first_option, option, closing, mask, log_weight, taken):  # type: ignore[no-untyped-def]
    """The same, each move relative to the best way to go on: none weighs more than 1, so what is lost is nothing."""
    steps = stop - start
    best = _best_after(start, stop, states, first_option, option, closing, mask, log_weight)
    forward = np.zeros((steps + 1, states))
    forward[0, 0] = 1.0
    for t in range(steps):
        s = start + t
        keep = ~closing[s]
        for state in range(states):
            if forward[t, state] > 0.0:
                to = state & keep
                forward[t + 1, to] += forward[t, state] * np.exp(best[t + 1, to] - best[t, state])
                for k in range(first_option[s], first_option[s + 1]):
                    o = option[k]
                    if state & mask[o] == 0:
                        to = (state | mask[o]) & keep
                        forward[t + 1, to] += forward[t, state] * np.exp(
                            log_weight[o] + best[t + 1, to] - best[t, state]
                        )
    whole = forward[steps].sum()
    after = np.ones(states)
    for t in range(steps - 1, -1, -1):
        s = start + t
        keep = ~closing[s]
        before = np.zeros(states)
        for k in range(first_option[s], first_option[s + 1]):
            taken[option[k]] = 0.0
        for state in range(states):
            if forward[t, state] > 0.0:
                to = state & keep
                before[state] = np.exp(best[t + 1, to] - best[t, state]) * after[to]
                for k in range(first_option[s], first_option[s + 1]):
                    o = option[k]
                    if state & mask[o] == 0:
                        to = (state | mask[o]) & keep
                        value = np.exp(log_weight[o] + best[t + 1, to] - best[t, state]) * after[to]
                        before[state] += value
                        taken[o] += forward[t, state] * value / whole
        after = before
    return best[0, 0] + np.log(whole)


@njit(cache=True, nogil=True)
def _maxima(  # type: ignore[no-untyped-def]
    first_step, first_option, option, bits, closing, exact, mask, log_weight, log_max, with_option, nobody, best
):
    for c in range(len(exact)):
        if not exact[c]:
            continue
        start, stop = first_step[c], first_step[c + 1]
        steps, states = stop - start, 1 << bits[c]
        after = _best_after(start, stop, states, first_option, option, closing, mask, log_weight)
        log_max[c] = after[0, 0]
        forward = np.full(states, -np.inf)
        forward[0] = 0.0
        state_of_best = 0
        for t in range(steps):
            s = start + t
            keep = ~closing[s]
            behind = np.full(states, -np.inf)
            none = -np.inf
            for state in range(states):
                to = state & keep
                behind[to] = max(behind[to], forward[state])
                none = max(none, forward[state] + after[t + 1, to])
            to = state_of_best & keep
            greatest, choice = after[t + 1, to], -1
            for k in range(first_option[s], first_option[s + 1]):
                o = option[k]
                nobody[o] = none
                here = -np.inf
                for state in range(states):
                    if state & mask[o] == 0 and forward[state] > -np.inf:
                        to = (state | mask[o]) & keep
                        behind[to] = max(behind[to], forward[state] + log_weight[o])
                        here = max(here, forward[state] + log_weight[o] + after[t + 1, to])
                with_option[o] = here
                if state_of_best & mask[o] == 0:
                    to = (state_of_best | mask[o]) & keep
                    if log_weight[o] + after[t + 1, to] > greatest:
                        greatest, choice = log_weight[o] + after[t + 1, to], o
            if choice >= 0:
                best[choice] = True
                state_of_best = (state_of_best | mask[choice]) & keep
            else:
                state_of_best &= keep
            forward = behind
