"""Run a schedule on many problems at once: one problem is one marker (or one pair of linked ones) of one family.

`evaluate` runs compiled; `evaluate_plain` runs the same steps in plain NumPy, slowly and in a way that can be read. The
tests compare the two for ever, and both with an enumeration of all genotypes that shares no code with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from antigone.genetics.elimination import NONE, Factor, Schedule
from antigone.genetics.models import MarkerModel
from antigone.genetics.network import PASSED, Leaf, Meiosis, Passing, Table, VariableKind

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ModelPack:
    """Marker models side by side in one stretch of memory."""

    models: tuple[MarkerModel, ...]
    memory: Floats
    sizes: Integers  # (models,)
    frequencies: Integers  # (models,): where the frequencies lie
    matrices: Integers  # (models, 3 meioses, 2): where the matrix lies, and its transpose
    identities: NDArray[np.bool_]  # (models, 3): the matrix changes nothing

    @classmethod
    def of(cls, models: Sequence[MarkerModel]) -> "ModelPack":
        """Lay out models."""
        pieces: list[Floats] = []
        filled = 0
        frequencies = np.zeros(len(models), dtype=np.int64)
        matrices = np.zeros((len(models), 3, 2), dtype=np.int64)
        identities = np.zeros((len(models), 3), dtype=np.bool_)
        for k, model in enumerate(models):
            frequencies[k] = filled
            pieces.append(model.frequencies)
            filled += len(model)
            identity = np.eye(len(model))
            for meiosis, matrix in (
                (Meiosis.FEMALE, model.female),
                (Meiosis.MALE, model.male),
                (Meiosis.NONE, identity),
            ):
                identities[k, meiosis] = np.array_equal(matrix, identity)
                for way, laid in enumerate((matrix, matrix.T)):
                    matrices[k, meiosis, way] = filled
                    pieces.append(laid.ravel())
                    filled += laid.size
        sizes = np.array([len(model) for model in models], dtype=np.int64)
        return cls(tuple(models), np.concatenate(pieces), sizes, frequencies, matrices, identities)


@dataclass(eq=False)
class Problems:
    """What is known in each problem. Axes: problem, locus, member, state (at most 2), side (0 father, 1 mother).

    `models` says which model of the pack each locus uses. `priors` replaces the frequencies where given (theta).
    `observations` holds P(readings | genotype) for `Role.OBSERVED` members, flattened, at `observation_at`.
    """

    pack: ModelPack
    models: Integers  # (problems, loci)
    state_alleles: Integers  # (problems, loci, members, 2, 2)
    state_count: Integers  # (problems, loci, members)
    state_weight: Floats  # (problems, loci, members, 2)
    inbreeding: Floats  # (members,)
    recombination: Floats  # (loci − 1,)
    observations: Floats = field(default_factory=lambda: np.zeros(0))
    observation_at: Integers | None = None  # (problems, loci, members)
    priors: Floats | None = None  # flattened
    prior_at: Integers | None = None  # (problems, loci)

    def __len__(self) -> int:
        return len(self.models)


@dataclass(frozen=True, eq=False)
class Evaluated:
    """Answers: `values[i] · 2**exponents[i]`, over the variables asked for; shape (problems, entries)."""

    values: Floats
    exponents: Integers
    shape: tuple[int, ...] | None  # the axes of one answer, where all problems have the same

    def natural_logs(self) -> Floats:
        """Natural logarithm of answers that are one number; −inf for zero."""
        with np.errstate(divide="ignore"):
            return np.log(self.values[:, 0]) + self.exponents * np.log(2.0)


def evaluate(schedule: Schedule, problems: Problems) -> Evaluated:
    """Run the schedule, compiled. All problems must have the schedule's shape."""
    code = _encode(schedule)
    memory, where = _memory(problems)
    sizes = _answer_sizes(schedule, problems)
    largest = _workspace(code, problems)
    memory = np.concatenate([memory, np.zeros(largest)])
    values = np.zeros((len(problems), int(sizes.max(initial=1))))
    exponents = np.zeros(len(problems), dtype=np.int64)
    _run(  # type: ignore[call-arg]  # Numba's dispatcher is typed without arguments
        *code.arrays(), memory, len(memory) - largest, where.frequencies, where.weights, where.observations,
        problems.pack.sizes, problems.pack.matrices, problems.pack.identities, problems.models,
        problems.state_alleles, problems.state_count, problems.inbreeding, problems.recombination, values, exponents,
    )  # fmt: skip
    return Evaluated(values, exponents, _common_shape(schedule, problems))


@dataclass(frozen=True, eq=False)
class _Where:
    """Offsets into the one stretch of memory."""

    frequencies: Integers  # (problems, loci)
    weights: int
    observations: Integers  # (problems, loci, members)


def _memory(problems: Problems) -> tuple[Floats, _Where]:
    pieces = [problems.pack.memory]
    filled = len(problems.pack.memory)
    if problems.priors is None or problems.prior_at is None:
        frequencies = problems.pack.frequencies[problems.models]
    else:
        frequencies = problems.prior_at + filled
        pieces.append(problems.priors)
        filled += len(problems.priors)
    weights = filled
    pieces.append(problems.state_weight.ravel())
    filled += problems.state_weight.size
    if problems.observation_at is None:
        observations = np.zeros(problems.state_count.shape, dtype=np.int64)
    else:
        observations = problems.observation_at + filled
        pieces.append(problems.observations)
    return np.concatenate(pieces), _Where(frequencies, weights, observations)


def _sizes_of(schedule: Schedule, problems: Problems, variable: int) -> Integers:
    """The size of a variable in each problem."""
    known = schedule.network.variables[variable]
    if known.kind is VariableKind.ALLELE:
        return problems.pack.sizes[problems.models[:, known.locus]]
    if known.kind is VariableKind.STATE:
        return problems.state_count[:, known.locus, known.person]
    return np.full(len(problems), 2)


def _answer_sizes(schedule: Schedule, problems: Problems) -> Integers:
    sizes = np.ones(len(problems), dtype=np.int64)
    for variable in dict.fromkeys(schedule.network.query):
        sizes = sizes * _sizes_of(schedule, problems, variable)
    return sizes


def _common_shape(schedule: Schedule, problems: Problems) -> tuple[int, ...] | None:
    axes = [_sizes_of(schedule, problems, variable) for variable in dict.fromkeys(schedule.network.query)]
    if any(np.any(axis != axis[0]) for axis in axes):
        return None
    return tuple(int(axis[0]) for axis in axes)


@dataclass(frozen=True, eq=False)
class _Code:
    """A schedule as arrays of integers."""

    variables: Integers  # (variables, 3): kind, locus, person
    tables: Integers  # (tables, 8): leaf, locus, parent, child, side, meiosis, passing, axes
    axes: Integers  # (tables, most axes)
    steps: Integers  # (steps, 8): out, inner, summed, outer from, outer to, factors from, factors to, locus
    outer: Integers
    factors: Integers  # (factors, 4): table, passed_is, selector, selected

    def arrays(self) -> tuple[Integers, ...]:
        return (self.variables, self.tables, self.axes, self.steps, self.outer, self.factors)


@lru_cache(maxsize=20_000)
def _encode(schedule: Schedule) -> _Code:
    network, tables = schedule.network, schedule.tables
    most = max(1, *(len(table.variables) for table in tables)) if tables else 1
    axes = np.zeros((len(tables), most), dtype=np.int64)
    for t, table in enumerate(tables):
        axes[t, : len(table.variables)] = table.variables
    outer: list[int] = []
    factors: list[tuple[int, int, int, int]] = []
    steps = []
    for step in schedule.steps:
        outer_from, factors_from = len(outer), len(factors)
        outer += step.outer
        factors += [(f.table, f.passed_is, f.selector, f.selected) for f in step.factors]
        locus = tables[step.out].locus
        ends = (outer_from, len(outer), factors_from, len(factors))
        steps.append((step.out, step.inner, step.summed, *ends, locus))
    return _Code(
        _integers([(v.kind, v.locus, v.person) for v in network.variables], 3),
        _integers([_describe(table) for table in tables], 8),
        axes,
        _integers(steps, 8),
        np.array(outer, dtype=np.int64),
        _integers(factors, 4),
    )


def _describe(table: Table) -> tuple[int, ...]:
    return (
        table.leaf, table.locus, table.parent, table.child, table.side, table.meiosis, table.passing,
        len(table.variables)
    )  # fmt: skip


def _integers(rows: Sequence[tuple[int, ...]], width: int) -> Integers:
    return np.array(rows, dtype=np.int64).reshape(len(rows), width)


def _workspace(code: _Code, problems: Problems) -> int:
    """Numbers that the largest problem keeps at once."""
    sizes = np.zeros(len(code.variables), dtype=np.int64)
    return int(
        _largest_workspace(
            code.variables, code.tables, code.axes, problems.pack.sizes, problems.models, problems.state_count, sizes
        )
    )


# The kernels below are one derivation each and stay long: their pieces share a dozen local arrays.

_ALLELE, _STATE = int(VariableKind.ALLELE), int(VariableKind.STATE)
_COMPUTED, _PRIOR, _MATRIX, _MATRIX_TRANSPOSED = map(
    int, (Leaf.COMPUTED, Leaf.PRIOR, Leaf.MATRIX, Leaf.MATRIX_TRANSPOSED)
)
_JOINT_PRIOR, _OBSERVATION, _STATE_WEIGHT = map(int, (Leaf.JOINT_PRIOR, Leaf.OBSERVATION, Leaf.STATE_WEIGHT))
_MATRIX_STATE, _STATE_MATRIX, _STATE_STATE = map(int, (Leaf.MATRIX_STATE, Leaf.STATE_MATRIX, Leaf.STATE_STATE))
_SELECTOR, _RECOMBINATION = int(Leaf.SELECTOR), int(Leaf.RECOMBINATION)
_EITHER, _SELECTED = int(Passing.EITHER), int(Passing.SELECTED)
_NONE, _PASSED = NONE, PASSED


@njit(cache=True, nogil=True)
def _variable_sizes(variables, pack_sizes, models, state_count, problem, sizes):  # type: ignore[no-untyped-def]
    for v in range(len(variables)):
        if variables[v, 0] == _ALLELE:
            sizes[v] = pack_sizes[models[problem, variables[v, 1]]]
        elif variables[v, 0] == _STATE:
            sizes[v] = state_count[problem, variables[v, 1], variables[v, 2]]
        else:
            sizes[v] = 2


@njit(cache=True, nogil=True)
def _is_kept_elsewhere(leaf):  # type: ignore[no-untyped-def]
    """Tables that are read where they lie, in the packs, and take no workspace."""
    return leaf in (_PRIOR, _MATRIX, _MATRIX_TRANSPOSED, _OBSERVATION, _STATE_WEIGHT)


@njit(cache=True, nogil=True)
def _largest_workspace(variables, tables, axes, pack_sizes, models, state_count, sizes):  # type: ignore[no-untyped-def]
    largest = 0
    for problem in range(len(models)):
        _variable_sizes(variables, pack_sizes, models, state_count, problem, sizes)
        total = 0
        for t in range(len(tables)):
            if _is_kept_elsewhere(tables[t, 0]):
                continue
            size = 1
            for axis in range(tables[t, 7]):
                v = axes[t, axis]
                size *= pack_sizes[models[problem, tables[t, 1]]] if v == _PASSED else sizes[v]
            total += size
        largest = max(largest, total)
    return largest


@njit(cache=True, nogil=True)
def _fill_leaf(memory, at, table, sizes_a, alleles, counts, matrix, inbreeding, frequencies, rho):  # type: ignore[no-untyped-def]
    """Write one leaf that depends on the genotypes of a problem; `alleles` (members, 2, 2), `counts` (members,)."""
    leaf, parent, child, side, passing = table[0], table[2], table[3], table[4], table[6]
    n = sizes_a
    if leaf == _SELECTOR:
        memory[at] = memory[at + 1] = 0.5
    elif leaf == _RECOMBINATION:
        memory[at] = memory[at + 3] = 1.0 - rho
        memory[at + 1] = memory[at + 2] = rho
    elif leaf == _JOINT_PRIOR:
        f = inbreeding[child]
        for a in range(n):
            for b in range(n):
                value = (1 - f) * memory[frequencies + a] * memory[frequencies + b]
                memory[at + a * n + b] = value + (f * memory[frequencies + a] if a == b else 0.0)
    elif leaf == _MATRIX_STATE:
        for g in range(counts[child]):
            to = alleles[child, g, side]
            for a in range(n):
                memory[at + g * n + a] = memory[matrix + a * n + to]
    else:
        width = n if leaf == _STATE_MATRIX else counts[child]
        ways = 2 if passing == _SELECTED else 1
        for way in range(ways):
            for h in range(counts[parent]):
                for column in range(width):
                    to = column if leaf == _STATE_MATRIX else alleles[child, column, side]
                    from_father = memory[matrix + alleles[parent, h, 0] * n + to]
                    from_mother = memory[matrix + alleles[parent, h, 1] * n + to]
                    if passing == _EITHER:
                        value = 0.5 * (from_father + from_mother)
                    elif passing == _SELECTED:
                        value = from_father if way == 0 else from_mother
                    else:
                        value = from_mother  # a male's one X allele is his mother's
                    memory[at + (way * counts[parent] + h) * width + column] = value


@njit(cache=True, nogil=True, inline="always")
def _laid_out(  # type: ignore[no-untyped-def]
    s, passed_size, steps, outer, factors, tables, axes, table_at, table_strides, sizes, length, position, out_strides,
    at, strides, along_inner, along_sum, gate_axis,
):  # fmt: skip
    """Where a step's loops begin and how far each factor moves with them; how long the inner, summed, outer loops are.

    Fills the last eight arrays. It becomes part of whatever calls it: a call would cost more than it does.
    """
    out, inner, summed = steps[s, 0], steps[s, 1], steps[s, 2]
    outer_from, n_outer = steps[s, 3], steps[s, 4] - steps[s, 3]
    factors_from, n_factors = steps[s, 5], steps[s, 6] - steps[s, 5]
    n_inner = 1
    if inner != _NONE:
        n_inner = passed_size if inner == _PASSED else sizes[inner]
    n_summed = sizes[summed] if summed != _NONE else 1
    loops = 1
    for k in range(n_outer):
        v = outer[outer_from + k]
        length[k] = passed_size if v == _PASSED else sizes[v]
        loops *= length[k]
        position[k] = 0
        out_strides[k] = 0
        for axis in range(tables[out, 7]):
            if axes[out, axis] == v:
                out_strides[k] = table_strides[out, axis]
    for f in range(n_factors):
        t, passed_is = factors[factors_from + f, 0], factors[factors_from + f, 1]
        at[f] = table_at[t]
        along_inner[f] = along_sum[f] = 0
        for k in range(n_outer):
            strides[f, k] = 0
        for axis in range(tables[t, 7]):
            v = axes[t, axis]
            if v == _PASSED:
                v = passed_is
            if v == inner:
                along_inner[f] += table_strides[t, axis]
            elif v == summed:
                along_sum[f] += table_strides[t, axis]
            else:
                for k in range(n_outer):
                    if outer[outer_from + k] == v:
                        strides[f, k] += table_strides[t, axis]
        gate_axis[f] = -1
        selector = factors[factors_from + f, 2]
        if selector >= 0:
            for k in range(n_outer):
                if outer[outer_from + k] == selector:
                    gate_axis[f] = k
    return n_inner, n_summed, loops


# Tables are kept within this range: a step multiplies up to `elimination.MOST_FACTORS` of them.
_SMALL, _LARGE = 2.0**-8, 2.0**8


@njit(cache=True, nogil=True)
def _run(  # type: ignore[no-untyped-def]
    variables, tables, axes, steps, outer, factors, memory, work_from, frequencies_at, weights_at, observations_at,
    pack_sizes, pack_matrices, pack_identities, models, state_alleles, state_count, inbreeding, recombination,
    values, exponents,
):  # fmt: skip
    n_tables, n_steps = len(tables), len(steps)
    most_axes = axes.shape[1]
    members = state_count.shape[2]
    loci = models.shape[1]
    longest = 2
    for k in range(len(pack_sizes)):
        longest = max(longest, pack_sizes[k])
    most_outer = most_factors = 1
    for s in range(n_steps):
        most_outer = max(most_outer, steps[s, 4] - steps[s, 3])
        most_factors = max(most_factors, steps[s, 6] - steps[s, 5])
    sizes = np.zeros(len(variables), dtype=np.int64)
    table_at = np.zeros(n_tables, dtype=np.int64)
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
    weights = np.zeros(longest)
    total = np.zeros(longest)

    for problem in range(len(models)):
        _variable_sizes(variables, pack_sizes, models, state_count, problem, sizes)
        exponent = 0
        free = work_from
        # Where each table lies, and the leaves that depend on this problem.
        for t in range(n_tables):
            locus = tables[t, 1]
            model = models[problem, locus]
            n = pack_sizes[model]
            size = 1
            for axis in range(tables[t, 7] - 1, -1, -1):
                table_strides[t, axis] = size
                v = axes[t, axis]
                size *= n if v == _PASSED else sizes[v]
            leaf = tables[t, 0]
            if leaf == _PRIOR:
                table_at[t] = frequencies_at[problem, locus]
            elif leaf == _MATRIX:
                table_at[t] = pack_matrices[model, tables[t, 5], 0]
            elif leaf == _MATRIX_TRANSPOSED:
                table_at[t] = pack_matrices[model, tables[t, 5], 1]
            elif leaf == _OBSERVATION:
                table_at[t] = observations_at[problem, locus, tables[t, 3]]
            elif leaf == _STATE_WEIGHT:
                table_at[t] = weights_at + ((problem * loci + locus) * members + tables[t, 3]) * 2
            else:
                table_at[t] = free
                free += size
                if leaf != _COMPUTED:
                    rho = recombination[locus - 1] if leaf == _RECOMBINATION else 0.0
                    _fill_leaf(
                        memory, table_at[t], tables[t], n, state_alleles[problem, locus], state_count[problem, locus],
                        pack_matrices[model, tables[t, 5], 0], inbreeding, frequencies_at[problem, locus], rho,
                    )  # fmt: skip

        impossible = False
        for s in range(n_steps):
            out, n_outer = steps[s, 0], steps[s, 4] - steps[s, 3]
            factors_from, n_factors = steps[s, 5], steps[s, 6] - steps[s, 5]
            passed_size = pack_sizes[models[problem, steps[s, 7]]]
            n_inner, n_summed, loops = _laid_out(
                s, passed_size, steps, outer, factors, tables, axes, table_at, table_strides, sizes, length, position,
                out_strides, at, strides, along_inner, along_sum, gate_axis,
            )  # fmt: skip
            for f in range(n_factors):
                t = factors[factors_from + f, 0]
                identity[f] = False
                if tables[t, 0] in (_MATRIX, _MATRIX_TRANSPOSED):
                    identity[f] = pack_identities[models[problem, tables[t, 1]], tables[t, 5]]
            out_at = table_at[out]
            size = loops * n_inner
            if n_outer > 0 and out_strides[n_outer - 1] == 0 and length[n_outer - 1] > 0:
                size //= length[n_outer - 1]  # the last outer loop is a sum
            for i in range(size):
                memory[out_at + i] = 0.0

            target = out_at
            for _ in range(loops):
                scalar = 1.0
                crossing = 0  # factors along both loops
                crossing_factor = 0
                along_inner_only = 0
                for j in range(n_summed):
                    weights[j] = 1.0
                for f in range(n_factors):
                    active[f] = gate_axis[f] < 0 or position[gate_axis[f]] == factors[factors_from + f, 3]
                    if not active[f]:
                        continue
                    if along_inner[f] == 0 or n_inner == 1:
                        if along_sum[f] == 0 or n_summed == 1:
                            scalar *= memory[at[f]]
                            active[f] = False
                        else:
                            for j in range(n_summed):
                                weights[j] *= memory[at[f] + j * along_sum[f]]
                            active[f] = False
                    elif along_sum[f] == 0 or n_summed == 1:
                        along_inner_only += 1
                    else:
                        crossing += 1
                        crossing_factor = f
                if scalar != 0.0:
                    if crossing == 0:
                        together = 0.0
                        for j in range(n_summed):
                            together += weights[j]
                        together *= scalar
                        for i in range(n_inner):
                            total[i] = together
                    elif crossing == 1 and identity[crossing_factor]:
                        for i in range(n_inner):
                            total[i] = scalar * weights[i]
                    elif crossing == 1:
                        for i in range(n_inner):
                            total[i] = 0.0
                        step_inner = along_inner[crossing_factor]
                        for j in range(n_summed):
                            weight = scalar * weights[j]
                            if weight == 0.0:
                                continue
                            start = at[crossing_factor] + j * along_sum[crossing_factor]
                            if step_inner == 1:
                                for i in range(n_inner):
                                    total[i] += weight * memory[start + i]
                            else:
                                for i in range(n_inner):
                                    total[i] += weight * memory[start + i * step_inner]
                    else:
                        for i in range(n_inner):
                            total[i] = 0.0
                        for j in range(n_summed):
                            weight = scalar * weights[j]
                            if weight == 0.0:
                                continue
                            for i in range(n_inner):
                                product = weight
                                for f in range(n_factors):
                                    if active[f] and along_sum[f] != 0:
                                        product *= memory[at[f] + j * along_sum[f] + i * along_inner[f]]
                                total[i] += product
                    if along_inner_only > 0:
                        for f in range(n_factors):
                            if active[f] and (along_sum[f] == 0 or n_summed == 1):
                                step_inner = along_inner[f]
                                for i in range(n_inner):
                                    total[i] *= memory[at[f] + i * step_inner]
                    for i in range(n_inner):
                        memory[target + i] += total[i]
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
            largest = 0.0
            for i in range(size):
                largest = max(largest, memory[out_at + i])
            if largest == 0.0:
                impossible = True
                break
            if largest < _SMALL or largest > _LARGE:
                shift = int(np.floor(np.log2(largest)))
                half = -shift // 2  # in two halves: the power that lifts a denormal number is out of range itself
                for i in range(size):
                    memory[out_at + i] = memory[out_at + i] * 2.0**half * 2.0 ** (-shift - half)
                exponent += shift

        exponents[problem] = exponent
        last = steps[n_steps - 1, 0]
        size = 1
        for axis in range(tables[last, 7]):
            size *= sizes[axes[last, axis]]
        for i in range(size):
            values[problem, i] = 0.0 if impossible else memory[table_at[last] + i]


def evaluate_plain(schedule: Schedule, problems: Problems) -> Evaluated:
    """The same steps in plain NumPy."""
    sizes = _answer_sizes(schedule, problems)
    values = np.zeros((len(problems), int(sizes.max(initial=1))))
    exponents = np.zeros(len(problems), dtype=np.int64)
    for problem in range(len(problems)):
        answer, exponents[problem] = _evaluate_one(schedule, problems, problem)
        values[problem, : answer.size] = answer.ravel()
    return Evaluated(values, exponents, _common_shape(schedule, problems))


def _evaluate_one(schedule: Schedule, problems: Problems, problem: int) -> tuple[Floats, int]:
    arrays: dict[int, Floats] = {}
    exponent = 0
    answer = np.ones(())
    for step in schedule.steps:
        operands = []
        for factor in step.factors:
            array = arrays.get(factor.table)
            if array is None:
                array = _leaf(schedule.tables[factor.table], problems, problem)
            operands.append(_operand(schedule.tables[factor.table], factor, array))
        out = schedule.tables[step.out]
        covered = {axis for operand in operands for axis in operand.axes}
        for axis in out.variables:
            if axis not in covered:  # nothing depends on it
                size = _size_of(schedule, problems, problem, axis, out.locus)
                operands.append(_Operand(np.ones(size), [axis]))
        answer = _summed_product(operands, list(out.variables))
        largest = float(answer.max(initial=0.0))
        if largest == 0.0:
            return np.zeros(0), 0
        shift = int(np.floor(np.log2(largest)))
        answer = np.ldexp(answer, -shift)
        exponent += shift
        arrays[step.out] = answer
    return answer, exponent


@dataclass(frozen=True, slots=True, eq=False)
class _Operand:
    """An array and the variables that its axes stand for."""

    array: Floats
    axes: list[int]


def _operand(table: Table, factor: Factor, array: Floats) -> _Operand:
    """A factor with its gate opened: one where the selector points the other way."""
    axes = [factor.passed_is if v == PASSED else v for v in table.variables]
    if factor.selector < 0:
        return _Operand(array, axes)
    if factor.selector in axes:
        where = axes.index(factor.selector)
        opened = np.ones_like(array)
        index = [slice(None)] * array.ndim
        index[where] = slice(factor.selected, factor.selected + 1)
        opened[tuple(index)] = array[tuple(index)]
        return _Operand(opened, axes)
    both = [np.ones_like(array), np.ones_like(array)]
    both[factor.selected] = array
    return _Operand(np.stack(both), [factor.selector, *axes])


def _summed_product(operands: Sequence[_Operand], axes: Sequence[int]) -> Floats:
    """Einstein's sum of the operands over all variables that are not in `axes`."""
    if not operands:
        return np.ones(())
    number: dict[int, int] = {}
    for v in [v for operand in operands for v in operand.axes]:
        number.setdefault(v, len(number))
    arguments: list[Any] = []
    for operand in operands:
        arguments += [operand.array, [number[v] for v in operand.axes]]
    return np.asarray(np.einsum(*arguments, [number[v] for v in axes]))


def _size_of(schedule: Schedule, problems: Problems, problem: int, variable: int, locus: int) -> int:
    if variable == PASSED:
        return int(problems.pack.sizes[problems.models[problem, locus]])
    return int(_sizes_of(schedule, problems, variable)[problem])


def _leaf(table: Table, problems: Problems, problem: int) -> Floats:
    """The numbers of a table that a network starts from."""
    pack = problems.pack
    model = pack.models[problems.models[problem, table.locus]]
    matrix = (model.female, model.male, np.eye(len(model)))[table.meiosis]
    frequencies = model.frequencies
    if problems.priors is not None and problems.prior_at is not None:
        start = problems.prior_at[problem, table.locus]
        frequencies = problems.priors[start : start + len(model)]
    alleles = problems.state_alleles[problem, table.locus]
    counts = problems.state_count[problem, table.locus]
    child, parent, side = table.child, table.parent, table.side
    match table.leaf:
        case Leaf.PRIOR:
            return frequencies
        case Leaf.MATRIX:
            return matrix
        case Leaf.MATRIX_TRANSPOSED:
            return matrix.T
        case Leaf.JOINT_PRIOR:
            f = problems.inbreeding[child]
            return np.asarray((1 - f) * np.outer(frequencies, frequencies) + f * np.diag(frequencies))
        case Leaf.OBSERVATION:
            assert problems.observation_at is not None  # noqa: S101  the shape says that there are observations
            start = problems.observation_at[problem, table.locus, child]
            shape = (len(model),) * len(table.variables)
            return problems.observations[start : start + len(model) ** len(shape)].reshape(shape)
        case Leaf.STATE_WEIGHT:
            return problems.state_weight[problem, table.locus, child, : counts[child]]
        case Leaf.MATRIX_STATE:
            return matrix[:, alleles[child, : counts[child], side]].T
        case Leaf.SELECTOR:
            return np.array([0.5, 0.5])
        case Leaf.RECOMBINATION:
            rho = problems.recombination[table.locus - 1]
            return np.array([[1 - rho, rho], [rho, 1 - rho]])
    columns = slice(None) if table.leaf is Leaf.STATE_MATRIX else alleles[child, : counts[child], side]
    ways = [matrix[alleles[parent, : counts[parent], way]][:, columns] for way in (0, 1)]
    if table.passing is Passing.EITHER:
        return np.asarray(0.5 * (ways[0] + ways[1]))
    return np.stack(ways) if table.passing is Passing.SELECTED else ways[1]
