"""Run a schedule on many problems side by side: the fast twin of `evaluation.evaluate`, with the very same numbers.

Problems of one marker model in which the same members have one state, and the same two, have tables of the same sizes.
So every loop and every place in memory is worked out once for all of them, and each number of a table becomes a row of
numbers, one lane a problem. In each lane the operations are those of `evaluation`, in their order; what that leaves out
because a factor is zero adds a zero here. The tests compare every digit.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from antigone.genetics.elimination import Schedule
from antigone.genetics.evaluation import (
    _ALLELE,
    _COMPUTED,
    _LARGE,
    _MATRIX,
    _MATRIX_TRANSPOSED,
    _PASSED,
    _PRIOR,
    _SELECTOR,
    _SMALL,
    _STATE,
    _STATE_WEIGHT,
    Evaluated,
    Problems,
    _encode,
    _fill_leaf,
    _laid_out,
    evaluate,
)
from antigone.genetics.network import Leaf

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Problems that stand side by side: enough to fill vector registers, few enough for the tables to stay near.
LANES = 64

# Fewer problems than this are not worth sorting.
FEWEST = 64


def evaluate_alike(schedule: Schedule, problems: Problems) -> Evaluated:
    """What `evaluate` gives, digit by digit, save the exponent of a zero.

    Fastest where many problems have one model and the same numbers of states.

    Linked loci, theta, observations and questions about a genotype are left to `evaluate`.
    """
    leaves = {table.leaf for table in schedule.tables}
    unusual = Leaf.OBSERVATION in leaves or Leaf.RECOMBINATION in leaves or schedule.network.query
    if unusual or problems.priors is not None or problems.models.shape[1] != 1 or len(problems) < FEWEST:
        return evaluate(schedule, problems)
    order, starts = _alike(problems)
    code = _encode(schedule)
    pack = problems.pack
    values, exponents = np.zeros((len(problems), 1)), np.zeros(len(problems), dtype=np.int64)
    _run_side_by_side(  # type: ignore[call-arg]  # Numba's dispatcher is typed without arguments
        *code.arrays(), pack.memory, pack.frequencies, pack.sizes, pack.matrices, pack.identities,
        problems.models[:, 0], problems.state_alleles[:, 0], problems.state_count[:, 0], problems.state_weight[:, 0],
        problems.inbreeding, order, starts, values, exponents,
    )  # fmt: skip
    return Evaluated(values, exponents, ())


def _alike(problems: Problems) -> tuple[Integers, Integers]:
    """The problems by model and numbers of states; where each group of one kind begins, and the last ends."""
    counts = problems.state_count[:, 0]
    key = problems.models[:, 0].astype(np.int64)
    for member in range(counts.shape[1]):
        if key.max() >= 2**61:
            key = np.unique(key, return_inverse=True)[1].astype(np.int64)
        if np.any(counts[:, member] != counts[0, member]):
            key = key * 2 + (counts[:, member] - 1)
    order = np.argsort(key, kind="stable")
    ends = np.flatnonzero(np.diff(key[order])) + 1
    return order, np.concatenate([[0], ends, [len(key)]]).astype(np.int64)


# One derivation, as in `evaluation`: its pieces share a dozen local arrays.


@njit(cache=True, nogil=True)
def _fill_lane(  # type: ignore[no-untyped-def]
    work, at, lane, size, scratch, table, n, alleles, counts, matrix, inbreeding, frequencies
):  # fmt: skip
    """Write one leaf of one problem into its lane; `scratch` begins with what the leaves are made of."""
    _fill_leaf(scratch, len(scratch) - size, table, n, alleles, counts, matrix, inbreeding, frequencies, 0.0)
    for i in range(size):
        work[at + i, lane] = scratch[len(scratch) - size + i]


@njit(cache=True, nogil=True)
def _run_side_by_side(  # type: ignore[no-untyped-def]
    variables, tables, axes, steps, outer, factors, pack_memory, pack_frequencies, pack_sizes, pack_matrices,
    pack_identities, models, state_alleles, state_count, state_weight, inbreeding, order, starts, values, exponents,
):  # fmt: skip
    n_tables, n_steps, n_variables = len(tables), len(steps), len(variables)
    most_axes = axes.shape[1]
    longest = 2
    for k in range(len(pack_sizes)):
        longest = max(longest, pack_sizes[k])
    most_outer = most_factors = 1
    for s in range(n_steps):
        most_outer = max(most_outer, steps[s, 4] - steps[s, 3])
        most_factors = max(most_factors, steps[s, 6] - steps[s, 5])
    sizes = np.zeros(n_variables, dtype=np.int64)
    table_at = np.zeros(n_tables, dtype=np.int64)
    table_size = np.zeros(n_tables, dtype=np.int64)
    shared = np.zeros(n_tables, dtype=np.bool_)  # read in the pack, the same in every lane
    table_strides = np.zeros((n_tables, most_axes), dtype=np.int64)
    strides = np.zeros((most_factors, most_outer), dtype=np.int64)
    along_inner = np.zeros(most_factors, dtype=np.int64)
    along_sum = np.zeros(most_factors, dtype=np.int64)
    at = np.zeros(most_factors, dtype=np.int64)
    out_strides = np.zeros(most_outer, dtype=np.int64)
    length = np.zeros(most_outer, dtype=np.int64)
    position = np.zeros(most_outer, dtype=np.int64)
    gate_axis = np.zeros(most_factors, dtype=np.int64)
    active = np.zeros(most_factors, dtype=np.bool_)
    identity = np.zeros(most_factors, dtype=np.bool_)
    weights = np.zeros((longest, LANES))
    total = np.zeros((longest, LANES))
    scalar = np.zeros((1, LANES))
    weight = np.zeros((1, LANES))
    product = np.zeros((1, LANES))
    largest = np.zeros(LANES)
    exponent = np.zeros(LANES, dtype=np.int64)
    work = np.zeros((1, LANES))
    scratch = np.zeros(0)

    for group in range(len(starts) - 1):
        first = order[starts[group]]
        model = models[first]
        n = pack_sizes[model]
        for v in range(n_variables):
            if variables[v, 0] == _ALLELE:
                sizes[v] = n
            elif variables[v, 0] == _STATE:
                sizes[v] = state_count[first, variables[v, 2]]
            else:
                sizes[v] = 2
        free = 0
        longest_leaf = 0
        for t in range(n_tables):
            size = 1
            for axis in range(tables[t, 7] - 1, -1, -1):
                table_strides[t, axis] = size
                v = axes[t, axis]
                size *= n if v == _PASSED else sizes[v]
            leaf = tables[t, 0]
            table_size[t] = size
            shared[t] = True
            if leaf == _PRIOR:
                table_at[t] = pack_frequencies[model]
            elif leaf == _MATRIX:
                table_at[t] = pack_matrices[model, tables[t, 5], 0]
            elif leaf == _MATRIX_TRANSPOSED:
                table_at[t] = pack_matrices[model, tables[t, 5], 1]
            else:
                shared[t] = False
                table_at[t] = free
                free += size
                if leaf != _COMPUTED:
                    longest_leaf = max(longest_leaf, size)
        if free > len(work):
            work = np.zeros((free, LANES))
        if len(pack_memory) + longest_leaf > len(scratch):
            scratch = np.zeros(len(pack_memory) + longest_leaf)
            scratch[: len(pack_memory)] = pack_memory

        for start in range(starts[group], starts[group + 1], LANES):
            lanes = min(LANES, starts[group + 1] - start)
            for t in range(n_tables):
                leaf = tables[t, 0]
                if shared[t] or leaf == _COMPUTED:
                    continue
                for lane in range(lanes):
                    problem = order[start + lane]
                    if leaf == _STATE_WEIGHT:
                        for i in range(table_size[t]):
                            work[table_at[t] + i, lane] = state_weight[problem, tables[t, 3], i]
                    elif leaf == _SELECTOR:
                        work[table_at[t], lane] = work[table_at[t] + 1, lane] = 0.5
                    else:
                        _fill_lane(
                            work, table_at[t], lane, table_size[t], scratch, tables[t], n,
                            state_alleles[problem], state_count[problem], pack_matrices[model, tables[t, 5], 0],
                            inbreeding, pack_frequencies[model],
                        )  # fmt: skip
            for lane in range(lanes):
                exponent[lane] = 0

            for s in range(n_steps):
                out, n_outer = steps[s, 0], steps[s, 4] - steps[s, 3]
                factors_from, n_factors = steps[s, 5], steps[s, 6] - steps[s, 5]
                n_inner, n_summed, loops = _laid_out(
                    s, n, steps, outer, factors, tables, axes, table_at, table_strides, sizes, length, position,
                    out_strides, at, strides, along_inner, along_sum, gate_axis,
                )  # fmt: skip
                for f in range(n_factors):
                    t = factors[factors_from + f, 0]
                    identity[f] = False
                    if tables[t, 0] in (_MATRIX, _MATRIX_TRANSPOSED):
                        identity[f] = pack_identities[model, tables[t, 5]]
                out_at = table_at[out]
                size = loops * n_inner
                if n_outer > 0 and out_strides[n_outer - 1] == 0 and length[n_outer - 1] > 0:
                    size //= length[n_outer - 1]  # the last outer loop is a sum
                for i in range(size):
                    _set(lanes, work, out_at + i, 0.0)

                # Where each number of the result is one product, and no sum of several, it is written where it belongs.
                once = size == loops * n_inner
                target = out_at
                for _ in range(loops):
                    crossing = 0  # factors along both loops
                    crossing_factor = 0
                    along_inner_only = 0
                    scaled = False
                    weighted = False
                    for f in range(n_factors):
                        active[f] = gate_axis[f] < 0 or position[gate_axis[f]] == factors[factors_from + f, 3]
                        if not active[f]:
                            continue
                        is_shared = shared[factors[factors_from + f, 0]]
                        if along_inner[f] == 0 or n_inner == 1:
                            active[f] = False
                            if along_sum[f] == 0 or n_summed == 1:
                                if is_shared:
                                    if not scaled:
                                        _set(lanes, scalar, 0, pack_memory[at[f]])
                                    else:
                                        _scale(lanes, scalar, 0, pack_memory[at[f]])
                                elif not scaled:
                                    _copy(lanes, scalar, 0, work, at[f])
                                else:
                                    _multiply(lanes, scalar, 0, work, at[f])
                                scaled = True
                            else:
                                for j in range(n_summed):
                                    place = at[f] + j * along_sum[f]
                                    if is_shared:
                                        if not weighted:
                                            _set(lanes, weights, j, pack_memory[place])
                                        else:
                                            _scale(lanes, weights, j, pack_memory[place])
                                    elif not weighted:
                                        _copy(lanes, weights, j, work, place)
                                    else:
                                        _multiply(lanes, weights, j, work, place)
                                weighted = True
                        elif along_sum[f] == 0 or n_summed == 1:
                            along_inner_only += 1
                        else:
                            crossing += 1
                            crossing_factor = f
                    if not weighted:
                        for j in range(n_summed):
                            _set(lanes, weights, j, 1.0)
                    if crossing == 0:
                        _set(lanes, weight, 0, 0.0)
                        for j in range(n_summed):
                            _add(lanes, weight, 0, weights, j)
                        if scaled:
                            _multiply(lanes, weight, 0, scalar, 0)
                        for i in range(n_inner):
                            _copy(lanes, total, i, weight, 0)
                    elif crossing == 1 and identity[crossing_factor]:
                        for i in range(n_inner):
                            _copy(lanes, total, i, weights, i)
                            if scaled:
                                _multiply(lanes, total, i, scalar, 0)
                    else:
                        for i in range(n_inner):
                            _set(lanes, total, i, 0.0)
                        for j in range(n_summed):
                            if scaled:
                                _multiply(lanes, weights, j, scalar, 0)
                            for i in range(n_inner):
                                if crossing == 1:
                                    f = crossing_factor
                                    place = at[f] + j * along_sum[f] + i * along_inner[f]
                                    if shared[factors[factors_from + f, 0]]:
                                        _add_scaled(lanes, total, i, weights, j, pack_memory[place])
                                    else:
                                        _add_product(lanes, total, i, weights, j, work, place)
                                    continue
                                _copy(lanes, product, 0, weights, j)
                                for f in range(n_factors):
                                    if active[f] and along_sum[f] != 0:
                                        place = at[f] + j * along_sum[f] + i * along_inner[f]
                                        if shared[factors[factors_from + f, 0]]:
                                            _scale(lanes, product, 0, pack_memory[place])
                                        else:
                                            _multiply(lanes, product, 0, work, place)
                                _add(lanes, total, i, product, 0)
                    if along_inner_only > 0:
                        for f in range(n_factors):
                            if active[f] and (along_sum[f] == 0 or n_summed == 1):
                                for i in range(n_inner):
                                    place = at[f] + i * along_inner[f]
                                    if shared[factors[factors_from + f, 0]]:
                                        _scale(lanes, total, i, pack_memory[place])
                                    else:
                                        _multiply(lanes, total, i, work, place)
                    for i in range(n_inner):
                        if once:
                            _copy(lanes, work, target + i, total, i)
                        else:
                            _add(lanes, work, target + i, total, i)
                    # The next place of the outer loops.
                    for k in range(n_outer - 1, -1, -1):
                        position[k] += 1
                        target += out_strides[k]
                        for f in range(n_factors):
                            at[f] += strides[f, k]
                        if position[k] < length[k]:
                            break
                        target -= out_strides[k] * length[k]
                        for f in range(n_factors):
                            at[f] -= strides[f, k] * length[k]
                        position[k] = 0

                # Powers of two keep long pedigrees within range and change no digit.
                for lane in range(lanes):
                    largest[lane] = 0.0
                for i in range(size):
                    for lane in range(lanes):
                        largest[lane] = max(largest[lane], work[out_at + i, lane])
                for lane in range(lanes):
                    # Zero: impossible, and zero it remains.
                    if largest[lane] != 0.0 and (largest[lane] < _SMALL or largest[lane] > _LARGE):
                        shift = int(np.floor(np.log2(largest[lane])))
                        half = -shift // 2  # in two halves, see `evaluation`
                        one, other = 2.0**half, 2.0 ** (-shift - half)
                        for i in range(size):
                            work[out_at + i, lane] = work[out_at + i, lane] * one * other
                        exponent[lane] += shift

            last = table_at[steps[n_steps - 1, 0]]
            for lane in range(lanes):
                problem = order[start + lane]
                values[problem, 0] = work[last, lane]
                exponents[problem] = exponent[lane]


# Rows are named by their array and place: a view of one would be counted, which costs more than the arithmetic.


@njit(cache=True, nogil=True, inline="always")
def _set(lanes, rows, row, value):  # type: ignore[no-untyped-def]
    for lane in range(lanes):
        rows[row, lane] = value


@njit(cache=True, nogil=True, inline="always")
def _copy(lanes, rows, row, others, other):  # type: ignore[no-untyped-def]
    for lane in range(lanes):
        rows[row, lane] = others[other, lane]


@njit(cache=True, nogil=True, inline="always")
def _scale(lanes, rows, row, factor):  # type: ignore[no-untyped-def]
    for lane in range(lanes):
        rows[row, lane] *= factor


@njit(cache=True, nogil=True, inline="always")
def _multiply(lanes, rows, row, others, other):  # type: ignore[no-untyped-def]
    for lane in range(lanes):
        rows[row, lane] *= others[other, lane]


@njit(cache=True, nogil=True, inline="always")
def _add(lanes, rows, row, others, other):  # type: ignore[no-untyped-def]
    for lane in range(lanes):
        rows[row, lane] += others[other, lane]


@njit(cache=True, nogil=True, inline="always")
def _add_scaled(lanes, rows, row, weights, weight, factor):  # type: ignore[no-untyped-def]
    for lane in range(lanes):
        rows[row, lane] += weights[weight, lane] * factor


@njit(cache=True, nogil=True, inline="always")
def _add_product(lanes, rows, row, weights, weight, others, other):  # type: ignore[no-untyped-def]
    for lane in range(lanes):
        rows[row, lane] += weights[weight, lane] * others[other, lane]
