"""All individuals against some missing persons: the first pass, and what it lets through.

What survives the first pass is added up in the quick logarithms; what may reach the threshold is computed exactly, in
double precision, marker after marker as in `matching.sweep`.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from antigone.matching.kernel.adding import LANES, empty_bytes, survivors
from antigone.matching.kernel.deficits import Reach, fill_deficits
from antigone.matching.kernel.layout import Layout
from antigone.matching.kernel.log_tables import LogTables

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Filtered:
    """What some missing persons have in common with all individuals.

    `individual`, `member` and `log10_lr` are all pairs at or above the threshold, by member and then by individual.
    `cut_lr` (individuals,) and `cut_lr_of_member` (members,) are Σ LR of pairs below it that survived the first pass,
    rounded up by less than half a per cent. `survived` (members,) says how many did; `ceiling` (members,) is a log10 LR
    that none of the others exceeds.
    """

    individual: NDArray[np.int32]
    member: Integers
    log10_lr: Floats
    cut_lr: Floats
    cut_lr_of_member: Floats
    survived: Integers
    ceiling: Floats
    reaches: NDArray[np.bool_]


def filtered(tables: LogTables, layout: Layout, threshold: float) -> Filtered:
    """Compare everybody with these missing persons; `threshold` is a log10 LR."""
    reach = Reach.of(tables, threshold)
    cut, cut_of_member = np.zeros(len(layout)), np.zeros(len(tables))
    survived = np.zeros(len(tables), dtype=np.int64)
    found: list[tuple[NDArray[np.int32], Integers, Floats]] = []
    room = empty_bytes(layout.codes.rows)
    able = np.flatnonzero(reach.reaches)
    for start in range(0, len(able), LANES):
        members = able[start : start + LANES]
        fill_deficits(tables, members, reach, layout, room)
        individuals, masks = survivors(layout.codes, room)
        masks = masks & np.uint32(2 ** len(members) - 1)  # lanes that nobody fills
        individual, lane, logs = _quick_sums(individuals, masks, layout.cells, tables.quick, tables.begin[members])
        member = members[lane]
        survived += np.bincount(member, minlength=len(tables))
        possible = logs >= threshold - reach.margin[member]
        _add_up(
            individual[~possible],
            member[~possible],
            logs[~possible] + reach.margin[member[~possible]],
            cut,
            cut_of_member,
        )
        individual, member = individual[possible], member[possible]
        exact = tables.exact(member, layout.cells[individual])
        hit = exact >= threshold
        _add_up(individual[~hit], member[~hit], exact[~hit], cut, cut_of_member)
        order = np.lexsort((individual[hit], member[hit]))
        found.append((individual[hit][order], member[hit][order], exact[hit][order]))
    individual, member, exact = (np.concatenate(each) for each in zip(_NOBODY, *found, strict=True))
    return Filtered(
        individual, member, exact, cut, cut_of_member, survived, np.minimum(threshold, reach.highest), reach.reaches
    )


_NOBODY = (np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0))


def _quick_sums(  # type: ignore[no-untyped-def]
    individuals, masks, cells, quick, begin
) -> tuple[NDArray[np.int32], Integers, Floats]:
    count = int(np.bitwise_count(masks).sum())
    individual, lane, logs = np.empty(count, np.int32), np.empty(count, np.int64), np.empty(count)
    _sum_quickly(individuals, masks, cells, quick, begin, individual, lane, logs)
    return individual, lane, logs


@njit(cache=True, nogil=True)
def _sum_quickly(individuals, masks, cells, quick, begin, individual, lane, logs):  # type: ignore[no-untyped-def]
    markers = cells.shape[1]
    found = 0
    for k in range(len(individuals)):
        i, mask = individuals[k], masks[k]
        for which in range(32):
            if mask >> np.uint32(which) & np.uint32(1):
                total = 0.0
                for m in range(markers):
                    total += quick[begin[which, m] + cells[i, m]]
                individual[found], lane[found], logs[found] = i, which, total
                found += 1


@njit(cache=True, nogil=True)
def _add_up(individual, member, logs, cut, cut_of_member):  # type: ignore[no-untyped-def]
    for k in range(len(individual)):
        lr = np.exp(logs[k] * 2.302585092994046)
        cut[individual[k]] += lr
        cut_of_member[member[k]] += lr
