"""Variable elimination: in which order the variables of a network are summed out, and with which tables.

The order is chosen greedily, by several scores, and the cheapest of the resulting schedules is kept; a schedule depends
on the shape of the pedigree alone and is used for every marker and every family of that shape. How a variable is summed
out with gates is explained in `network`; the one special step keeps a gate closed: where the variable is what a meiosis
passed on, the sum goes into the gate's table and neither of the parent's alleles is touched.

Elston & Stewart, Hum Hered 21 (1971) 523; Fishelson & Geiger, Bioinformatics 18 Suppl 1 (2002) S189.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from antigone.genetics.network import PASSED, Gate, Leaf, Network, Shape, Table, VariableKind, build

# No variable: a step without innermost loop, or one that sums nothing.
NONE = -2


@dataclass(frozen=True, slots=True)
class Factor:
    """A table as one step reads it.

    `passed_is` is the variable (or `PASSED`) that the first axis of a gate's table is read at. With `selector` ≥ 0 the
    factor counts only where that selector has `selected`, and is 1 elsewhere.
    """

    table: int
    passed_is: int = PASSED
    selector: int = -1
    selected: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """out[outer…, inner] += Σ product of the factors, over `summed` and over the loops of `outer` that out lacks.

    `inner` and `summed` are variables, or `NONE`; `PASSED` may be among the loops where the result is a gate's table.
    """

    out: int
    factors: tuple[Factor, ...]
    outer: tuple[int, ...]
    inner: int
    summed: int


@dataclass(frozen=True, eq=False)
class Schedule:
    """The steps for one shape. The last table of `tables` is the answer, over `network.query`.

    `cost` counts multiplications, `largest` the numbers of the largest table.
    """

    network: Network
    tables: tuple[Table, ...]
    steps: tuple[Step, ...]
    cost: float
    largest: float


class TooComplexError(ValueError):
    """The pedigree would need tables larger than `LARGEST_TABLE` entries."""


LARGEST_TABLE = 2.0**27  # one gigabyte of double precision

# So many tables are multiplied at once; each is kept near 1, so the product stays within the range of numbers.
MOST_FACTORS = 24

# Multiplications that take about as long as another search for an order; and so few that no order is worth it, though a
# schedule is used for many families.
_CHEAP = 2e6
_TRIVIAL = 2e5

# Greedy scores: what to sum out next is what leaves the smallest table, costs least, or adds fewest ties.
_SCORES: tuple[Callable[[float, float, float], tuple[float, float]], ...] = (
    lambda cost, size, _fill: (size, cost),
    lambda cost, size, _fill: (cost, size),
    lambda cost, size, fill: (fill, cost + size),
    lambda cost, size, fill: (size + fill, cost),
)


def schedule(shape: Shape, alleles: Sequence[int]) -> Schedule:
    """The schedule of a shape for loci with about that many alleles.

    Raises `TooComplexError` where no order that was tried fits into memory.
    """
    found = _cached_schedule(shape, tuple(_size_class(n) for n in alleles))
    largest = found.largest
    if largest > LARGEST_TABLE:  # that was for the size class; what is there may be smaller
        largest = _largest_table(found, tuple(alleles))
    if largest > LARGEST_TABLE:
        raise TooComplexError(
            f"this pedigree needs a table of about {largest:.1e} numbers; the limit is {LARGEST_TABLE:.1e}. "
            "Leave out untyped branches, or type more of the people in its loops"
        )
    return found


def _size_class(alleles: int) -> int:
    """Schedules are shared by loci of about the same size."""
    return 2 if alleles <= 2 else 2 ** math.ceil(math.log2(alleles))


@lru_cache(maxsize=50_000)
def _cached_schedule(shape: Shape, alleles: tuple[int, ...]) -> Schedule:
    network = build(shape)
    sizes = _variable_sizes(network, alleles)
    best = _Elimination(network, sizes, alleles).run(_SCORES[0])
    # Theta asks for thousands of tied shapes, most of them so cheap that a better order would not pay for the search.
    if best.cost > (_CHEAP if shape.ties else _TRIVIAL):
        others = [_Elimination(network, sizes, alleles).run(score) for score in _SCORES[1:]]
        best = min((best, *others), key=lambda candidate: candidate.cost)
    return Schedule(network, tuple(best.tables), tuple(best.steps), best.cost, best.largest)


def _variable_sizes(network: Network, alleles: Sequence[int]) -> list[int]:
    return [alleles[variable.locus] if variable.kind is VariableKind.ALLELE else 2 for variable in network.variables]


def _largest_table(found: Schedule, alleles: Sequence[int]) -> float:
    sizes = _variable_sizes(found.network, alleles)
    return max(
        math.prod(float(alleles[table.locus] if v == PASSED else sizes[v]) for v in table.variables)
        for table in found.tables
    )


@dataclass
class _Half:
    """One side of a gate that is still waiting for its variable."""

    gate: Gate
    side: int

    @property
    def variable(self) -> int:
        return self.gate.sides[self.side]

    def factor(self) -> Factor:
        return Factor(self.gate.table, self.variable, self.gate.selector, self.side)


@dataclass
class _Reach:
    """What summing out a variable would take in."""

    plain: list[int]
    halves: list[_Half]
    kept: Gate | None
    variables: set[int] = field(default_factory=set)


class _Elimination:
    """One pass over the network with one score."""

    def __init__(self, network: Network, sizes: Sequence[int], alleles: tuple[int, ...]) -> None:
        self.network = network
        self.sizes = sizes
        self.alleles = alleles
        self.tables = list(network.tables)
        self.plain = dict.fromkeys(network.plain)
        self.halves = [_Half(gate, side) for gate in network.gates for side in (0, 1)]
        self.steps: list[Step] = []
        self.cost = 0.0
        self.largest = 1.0
        self.transposed: dict[int, int] = {}
        self._index()

    def _index(self) -> None:
        """Which plain tables and which halves of gates speak of each variable."""
        count = len(self.network.variables)
        self.plain_of: list[dict[int, None]] = [{} for _ in range(count)]
        self.read_at: list[list[_Half]] = [[] for _ in range(count)]
        self.inside: list[list[_Half]] = [[] for _ in range(count)]
        self.selected_by: list[list[_Half]] = [[] for _ in range(count)]
        for table in self.plain:
            self._index_plain(table)
        for half in self.halves:
            self._index_half(half)

    def _index_plain(self, table: int) -> None:
        for variable in set(self.tables[table].variables):
            self.plain_of[variable][table] = None

    def _index_half(self, half: _Half) -> None:
        self.read_at[half.variable].append(half)
        self.selected_by[half.gate.selector].append(half)
        for variable in self._rest(half.gate):
            self.inside[variable].append(half)

    def _forget_half(self, half: _Half) -> None:
        self.read_at[half.variable].remove(half)
        self.selected_by[half.gate.selector].remove(half)
        for variable in self._rest(half.gate):
            self.inside[variable].remove(half)

    def _rest(self, gate: Gate) -> set[int]:
        return {variable for variable in self.tables[gate.table].variables if variable != PASSED}

    def run(self, score: Callable[[float, float, float], tuple[float, float]]) -> "_Elimination":
        waiting = dict.fromkeys(v for v in range(len(self.network.variables)) if v not in self.network.query)
        scores = {variable: score(*self._weigh(variable)) for variable in waiting}
        while waiting:
            variable = min(waiting, key=lambda v: (scores[v], v))
            del waiting[variable]
            touched = self._eliminate(variable)
            for other in touched:
                if other in waiting:
                    scores[other] = score(*self._weigh(other))
        self._finish()
        return self

    def _reach(self, variable: int) -> _Reach:
        """Everything that speaks of a variable; whether one gate can stay closed over it."""
        plain = list(self.plain_of[variable])
        passing = self.inside[variable]
        gates = {id(half.gate): half.gate for half in passing}
        others = [*self.read_at[variable], *self.selected_by[variable]]
        kept = None
        if len(gates) == 1 and len(passing) == 2 and not any(half.gate is passing[0].gate for half in others):
            kept = passing[0].gate
        halves = [half for half in passing if half.gate is not kept]
        halves += [half for half in others if half not in halves]
        reach = _Reach(plain, halves, kept)
        for table in plain:
            reach.variables.update(self.tables[table].variables)
        for half in halves:
            reach.variables.update(self._rest(half.gate), (half.variable, half.gate.selector))
        if kept is not None:
            reach.variables.update(self._rest(kept))
        return reach

    def _weigh(self, variable: int) -> tuple[float, float, float]:
        """Cost of summing a variable out, size of what is left, and what it adds beyond what it takes away."""
        reach = self._reach(variable)
        size = math.prod((self.sizes[v] for v in reach.variables), start=1.0)
        if reach.kept is not None:
            size *= self._passed_size(reach.kept)
        left = size / self.sizes[variable]
        taken = sum(self._table_size(table) for table in reach.plain)
        taken += sum(self._table_size(half.gate.table) for half in reach.halves)
        if reach.kept is not None:
            taken += self._table_size(reach.kept.table)
        return size, left, left - taken

    def _passed_size(self, gate: Gate) -> int:
        return self.alleles[self.tables[gate.table].locus]

    def _table_size(self, table: int) -> float:
        variables = self.tables[table].variables
        locus = self.tables[table].locus
        return math.prod((self.alleles[locus] if v == PASSED else self.sizes[v] for v in variables), start=1.0)

    def _eliminate(self, variable: int) -> set[int]:
        """Sum a variable out; returns the variables whose neighbourhood changed."""
        reach = self._reach(variable)
        factors = [Factor(table) for table in reach.plain] + [half.factor() for half in reach.halves]
        remaining = sorted(reach.variables - {variable})
        for table in reach.plain:
            for other in set(self.tables[table].variables):
                del self.plain_of[other][table]
            del self.plain[table]
        for half in reach.halves:
            self._forget_half(half)
        if reach.kept is None:
            out = self._step(factors, remaining, variable, locus=0)
            self.plain[out] = None
            self._index_plain(out)
        else:
            self._keep_closed(reach.kept, factors, remaining, variable)
            return {*remaining, *reach.kept.sides, reach.kept.selector}
        return set(remaining)

    def _keep_closed(self, gate: Gate, factors: list[Factor], remaining: list[int], variable: int) -> None:
        closed = [half for half in self.inside[variable] if half.gate is gate]
        for half in closed:
            self._forget_half(half)
        locus = self.tables[gate.table].locus
        factors = [Factor(gate.table), *factors]
        out = self._step(factors, [*remaining, PASSED], variable, locus=locus)
        fresh = Gate(gate.selector, gate.sides, out)
        for half in closed:
            self._index_half(_Half(fresh, half.side))

    def _finish(self) -> None:
        """Multiply what is left, over the variables asked for."""
        waiting = {id(half): half for halves in self.read_at for half in halves}  # where a selector is asked for
        factors = [Factor(table) for table in self.plain] + [half.factor() for half in waiting.values()]
        self._step(factors, list(dict.fromkeys(self.network.query)), NONE, locus=0)

    def _step(self, factors: Iterable[Factor], remaining: list[int], summed: int, *, locus: int) -> int:
        """Plan one step: which loop is innermost, and so how the result lies in memory."""
        factors = self._multiplied_in_parts(list(factors))
        size = math.prod((self.alleles[locus] if v == PASSED else self.sizes[v] for v in remaining), start=1.0)
        self.cost += 20.0 + size * (self.sizes[summed] if summed != NONE else 1) * max(1, len(factors))
        self.largest = max(self.largest, float(size))
        selectors = {factor.selector for factor in factors if factor.selector >= 0}
        if summed == NONE:  # the answer keeps the order of the question
            inner = remaining[-1] if remaining else NONE
        else:
            inner = self._innermost(factors, remaining, summed, selectors)
        ordered = [v for v in remaining if v != inner] + [v for v in remaining if v == inner]
        factors = [self._along(factor, inner) for factor in factors]
        self.tables.append(Table(tuple(ordered), Leaf.COMPUTED, locus))
        out = len(self.tables) - 1
        gated = summed in selectors
        outer = [v for v in ordered if v != inner] + ([summed] if gated else [])
        self.steps.append(Step(out, tuple(factors), tuple(outer), inner, NONE if gated else summed))
        return out

    def _multiplied_in_parts(self, factors: list[Factor]) -> list[Factor]:
        """Multiply tables over the same variables beforehand where there are too many for the range of numbers."""
        while len(factors) > MOST_FACTORS:
            alike: dict[tuple[int, ...], list[Factor]] = {}
            for factor in factors:
                variables = self.tables[factor.table].variables
                if factor.selector < 0 and PASSED not in variables:
                    alike.setdefault(tuple(sorted(set(variables))), []).append(factor)
            variables, most = max(alike.items(), key=lambda item: len(item[1]), default=((), []))
            part = most[:MOST_FACTORS]
            if len(part) < 2:
                break
            product = self._step(part, list(variables), NONE, locus=0)
            factors = [factor for factor in factors if factor not in part] + [Factor(product)]
        return factors

    def _innermost(self, factors: list[Factor], remaining: list[int], summed: int, selectors: set[int]) -> int:
        """The longest axis of the result, best one that a factor shares with the summed variable."""

        def length(variable: int) -> int:
            return max(self.alleles) if variable == PASSED else self.sizes[variable]

        beside = {v for factor in factors for v in self._axes(factor) if summed in self._axes(factor)}
        choices = [v for v in remaining if v not in selectors]
        if not choices:
            return NONE
        return max(choices, key=lambda v: (length(v) > 2 and v in beside, length(v), v in beside, -v))

    def _axes(self, factor: Factor) -> list[int]:
        variables = self.tables[factor.table].variables
        return [factor.passed_is if v == PASSED else v for v in variables]

    def _along(self, factor: Factor, inner: int) -> Factor:
        """Read a mutation matrix so that the innermost loop runs along memory."""
        table = self.tables[factor.table]
        if table.leaf is not Leaf.MATRIX or inner == NONE or self._axes(factor)[0] != inner:
            return factor
        if factor.table not in self.transposed:
            parent, child = table.variables
            self.tables.append(
                Table(
                    (child, parent),
                    Leaf.MATRIX_TRANSPOSED,
                    table.locus,
                    table.parent,
                    table.child,
                    table.side,
                    table.meiosis,
                    table.passing,
                )
            )
            self.transposed[factor.table] = len(self.tables) - 1
        return Factor(self.transposed[factor.table], factor.passed_is, factor.selector, factor.selected)
