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
    found = [_NOBODY]
    room = empty_bytes(layout.codes.rows)
    able = np.flatnonzero(reach.reaches)
    for start in range(0, len(able), LANES):
        members = able[start : start + LANES]
        fill_deficits(tables, members, reach, layout, room)
        individuals, masks = survivors(layout.codes, room)
        masks = masks & np.uint32(2 ** len(members) - 1)  # lanes that nobody fills
        individual, lane, logs = _quick_sums(individuals, masks, layout, tables, members)
        member = members[lane]
        survived[members] = np.bincount(lane, minlength=len(members))
        possible = logs >= threshold - reach.margin[member]
        found.append((individual[possible], member[possible]))
        _add_up(individual, member, np.where(possible, -np.inf, logs + reach.margin[member]), cut, cut_of_member)
    individual, member = (np.concatenate(each) for each in zip(*found, strict=True))
    exact = tables.exact(member, layout.cells[individual])
    hit = exact >= threshold
    _add_up(individual, member, np.where(hit, -np.inf, exact), cut, cut_of_member)
    ceiling = np.minimum(threshold, reach.highest)
    return Filtered(individual[hit], member[hit], exact[hit], cut, cut_of_member, survived, ceiling, reach.reaches)


_NOBODY = (np.zeros(0, np.int32), np.zeros(0, np.int64))


def _quick_sums(
    individuals: NDArray[np.int32], masks: NDArray[np.uint32], layout: Layout, tables: LogTables, members: Integers
) -> tuple[NDArray[np.int32], Integers, Floats]:
    """Survivors by lane, then by individual, and the sums of their quick logarithms."""
    count = int(np.bitwise_count(masks).sum())
    individual, lane, logs = np.empty(count, np.int32), np.empty(count, np.int64), np.empty(count)
    _sum_quickly(individuals, masks, layout.cells, tables.quick, tables.begin[members], individual, lane, logs)
    return individual, lane, logs


@njit(cache=True, nogil=True)
def _sum_quickly(individuals, masks, cells, quick, begin, individual, lane, logs):  # type: ignore[no-untyped-def]
    """One missing person after another, whose tables then stay in the first-level cache."""
    markers = cells.shape[1]
    found = 0
    for which in range(len(begin)):
        bit = np.uint32(1) << np.uint32(which)
        for k in range(len(individuals)):
            if masks[k] & bit:
                individual[found], lane[found] = individuals[k], which
                found += 1
    for k in range(found):
        i, which = individual[k], lane[k]
        total = 0.0
        for m in range(markers):
            total += quick[begin[which, m] + cells[i, m]]
        logs[k] = total


@njit(cache=True, nogil=True)
def _add_up(individual, member, logs, cut, cut_of_member):  # type: ignore[no-untyped-def]
    for k in range(len(individual)):
        lr = np.exp(logs[k] * 2.302585092994046)
        cut[individual[k]] += lr
        cut_of_member[member[k]] += lr
