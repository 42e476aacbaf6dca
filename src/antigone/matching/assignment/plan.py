"""How components are summed exactly: families one after another, remembering which shared individuals are taken.

An individual who is in the options of one family only needs no memory. One who is in those of several has a bit from
the first of these families to the last; bits are used again. The work of a component is (options) × 2^(bits at once),
so the order of families matters: the next one is the one that leaves the fewest bits in use (greedy). With everybody
possible everywhere this is the dynamic programme for permanents over subsets (Ryser's problem, Bellman's way). Where
no family misses several, individuals may choose among families as well, whichever needs fewer bits.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from antigone.matching.assignment.packing import Packing

Integers = NDArray[np.int64]

# A component is summed exactly while options × 2^bits and families × 2^bits stay below these: seconds, and 128 MB.
MOST_STEPS = 300_000_000
MOST_STATES = 1 << 24
MOST_BITS = 22


@dataclass(frozen=True, eq=False)
class Plan:
    """The components in the order of their size, and the steps of each.

    Each step is a choice, of a family or of an individual, among the options `option[first_option[s] :
    first_option[s + 1]]` or none of them. The steps of component c are `first_step[c]` to `first_step[c + 1]`. `mask`
    gives for each option the bits of those whom it shares with other steps, `closing` for each step the bits that
    nobody asks for any more. `exact` says of each component whether it can be summed; the steps of one that cannot are
    its families, without bits.
    """

    packing: Packing
    component_of_family: Integers  # −1 where a family has no option
    first_step: Integers
    first_option: Integers
    option: Integers
    bits: Integers
    closing: Integers
    mask: Integers
    exact: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.first_step) - 1

    @property
    def work(self) -> int:
        """How many steps summing all exact components takes."""
        options = np.bincount(self.component_of_option, minlength=len(self)) + np.diff(self.first_step)
        return int(sum(int(n) << int(b) for n, b in zip(options[self.exact], self.bits[self.exact], strict=True)))

    @property
    def component_of_option(self) -> Integers:
        """The component of each option."""
        return self.component_of_family[self.packing.family_of_option]


@dataclass(frozen=True)
class _Steps:
    """The choices of one component in order: their options, the bits of each option, and which bits close."""

    options: list[list[int]]
    mask: dict[int, int]
    closing: list[int]
    bits: int

    def exact(self, most_steps: int) -> bool:
        if self.bits > MOST_BITS:
            return False
        work = sum(len(these) + 1 for these in self.options) << self.bits
        return work <= most_steps and (len(self.options) + 1) << self.bits <= MOST_STATES


def components(packing: Packing) -> Iterator[list[int]]:
    """Families that share individuals, directly or through others; those without options are in none."""
    with_options = np.flatnonzero(np.diff(packing.first))
    if not len(with_options):
        return
    family = packing.family_of_option[packing.option_of_place]
    size = packing.families + packing.individuals
    ones = np.ones(len(family), dtype=np.int8)
    graph = coo_array((ones, (family, packing.families + packing.individual)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    labels = label[with_options]
    order = np.argsort(labels, kind="stable")
    for group in np.split(with_options[order], np.flatnonzero(np.diff(labels[order])) + 1):
        yield group.tolist()


def make_plan(packing: Packing, *, most_steps: int = MOST_STEPS) -> Plan:
    """Components, the order of their choices, and the bits of those who are shared.

    A component that takes more steps than `most_steps` is not exact.
    """
    groups = sorted(components(packing), key=lambda group: (len(group), group))
    component_of_family = np.full(packing.families, -1, dtype=np.int64)
    planned = []
    places = packing.placed_first.tolist()
    individual = packing.individual.tolist()
    taken_by = [individual[places[o] : places[o + 1]] for o in range(len(packing))]
    for c, group in enumerate(groups):
        component_of_family[group] = c
        planned.append(_steps({family: list(packing.options_of(family)) for family in group}, taken_by, most_steps))
    mask = np.zeros(len(packing), dtype=np.int64)
    for steps in planned:
        for option, bits in steps.mask.items():
            mask[option] = bits
    choices = [options for steps in planned for options in steps.options]
    return Plan(
        packing,
        component_of_family,
        _starts(len(steps.options) for steps in planned),
        _starts(len(options) for options in choices),
        np.array([option for options in choices for option in options], dtype=np.int64),
        np.array([steps.bits for steps in planned], dtype=np.int64),
        np.array([bits for steps in planned for bits in steps.closing], dtype=np.int64),
        mask,
        np.array([steps.exact(most_steps) for steps in planned], dtype=bool),
    )


def _starts(lengths: Iterable[int]) -> Integers:
    return np.concatenate([[0], np.cumsum(list(lengths))]).astype(np.int64)


def _steps(by_family: Mapping[int, list[int]], taken_by: Sequence[Sequence[int]], most_steps: int) -> _Steps:
    """The choices of some families; `taken_by` gives the individuals that each option takes."""
    steps = _in_order(by_family, taken_by)
    if steps.bits <= _FEW_BITS or any(len(taken_by[option]) > 1 for these in by_family.values() for option in these):
        return steps if steps.exact(most_steps) else _without_bits(by_family)
    by_individual: dict[int, list[int]] = {}
    families: dict[int, list[int]] = {}
    for family, options in by_family.items():
        for option in options:
            by_individual.setdefault(taken_by[option][0], []).append(option)
            families[option] = [family]
    # One missing person an option; those of one family that misses several exclude each other through the family.
    others = _in_order(by_individual, families)
    fewer = min(steps, others, key=lambda one: one.bits)
    return fewer if fewer.exact(most_steps) else _without_bits(by_family)


# With so few bits another way round is not worth looking for.
_FEW_BITS = 4


def _without_bits(choices: Mapping[int, list[int]]) -> _Steps:
    return _Steps(list(choices.values()), {}, [0] * len(choices), MOST_BITS + 1)


def _in_order(choices: Mapping[int, list[int]], taken_by: Mapping[int, list[int]] | Sequence[Sequence[int]]) -> _Steps:
    """Choices in the greedy order; `taken_by` says whom each option takes."""
    whom = {choice: frozenset(i for option in options for i in taken_by[option]) for choice, options in choices.items()}
    order = _order(list(choices), whom)
    if len(order) < len(choices):
        return _without_bits(choices)
    bit_of, width, closing = _bits(order, whom)
    mask = {
        option: sum(1 << bit_of[i] for i in taken_by[option] if i in bit_of)
        for options in choices.values()
        for option in options
    }
    return _Steps([choices[choice] for choice in order], mask if width <= MOST_BITS else {}, closing, width)


def _shared(group: Sequence[int], whom: Mapping[int, frozenset[int]]) -> dict[int, int]:
    """Those whom several choices ask for, with the number of those choices."""
    count: dict[int, int] = {}
    for choice in group:
        for i in whom[choice]:
            count[i] = count.get(i, 0) + 1
    return {i: number for i, number in count.items() if number > 1}


def _order(group: list[int], whom: Mapping[int, frozenset[int]]) -> list[int]:
    """Always the choice after which the fewest are open; broken off where more are open than can be remembered."""
    if len(group) == 1:
        return group
    waiting = _shared(group, whom)
    shared = {choice: [i for i in whom[choice] if i in waiting] for choice in group}
    asked_by: dict[int, list[int]] = {}
    for choice in group:
        for i in shared[choice]:
            asked_by.setdefault(i, []).append(choice)
    opened: set[int] = set()
    left = set(group)

    def key(choice: int) -> tuple[int, int, int]:
        return _opens(shared[choice], opened, waiting), -len(shared[choice]), choice

    current = {choice: key(choice) for choice in group}
    queue = list(current.values())
    heapify(queue)
    order: list[int] = []
    while left and len(opened) <= MOST_BITS:
        best = heappop(queue)
        choice = best[2]
        if choice not in left or current[choice] != best:
            continue  # somebody was opened or closed since
        left.remove(choice)
        order.append(choice)
        changed: set[int] = set()
        for i in shared[choice]:
            waiting[i] -= 1
            if i not in opened or waiting[i] == 1:
                changed.update(asked_by[i])
            opened.add(i)
            if not waiting[i]:
                opened.remove(i)
        for other in changed & left:
            new = key(other)
            if new != current[other]:
                current[other] = new
                heappush(queue, new)
    return order


def _opens(own: Sequence[int], opened: set[int], waiting: Mapping[int, int]) -> int:
    """How many more are open after a choice than before."""
    new = sum(i not in opened for i in own)
    return new - sum(waiting[i] == 1 for i in own)


def _bits(order: Sequence[int], whom: Mapping[int, frozenset[int]]) -> tuple[dict[int, int], int, list[int]]:
    """Bits of those who are shared, how many there are at once, and which close after each choice."""
    waiting = _shared(order, whom)
    free: list[int] = []
    bit_of: dict[int, int] = {}
    width = 0
    closing = []
    for choice in order:
        closed = []
        for i in sorted(whom[choice]):
            if i not in waiting:
                continue
            if i not in bit_of:
                bit_of[i] = free.pop() if free else width
                width = max(width, bit_of[i] + 1)
            waiting[i] -= 1
            if not waiting[i]:
                closed.append(bit_of[i])
        closing.append(sum(1 << bit for bit in closed) if width <= MOST_BITS else 0)
        free += closed
    return bit_of, width, closing
