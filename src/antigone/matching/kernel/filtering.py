"""All individuals against some missing persons: the first pass, and what it lets through.

The LR of what survives the first pass is a product in double precision. What lies so near to the threshold that
rounding could decide, or leaves the range in which a product loses nothing, is added up in logarithms, marker after
marker as in `matching.sweep`.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from antigone.matching.kernel.adding import LANES, empty_bytes, survivors
from antigone.matching.kernel.deficits import Reach, fill_deficits
from antigone.matching.kernel.instructions import fetch, lowest_bit
from antigone.matching.kernel.layout import Layout
from antigone.matching.kernel.log_tables import LogTables

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Within so much of the threshold, in log10, a product decides nothing.
NEAR = 1e-9

# So many survivors ahead the memory is asked for what an individual has.
AHEAD = 8


@dataclass(frozen=True, eq=False)
class Filtered:
    """What some missing persons have in common with all individuals.

    `individual`, `member` and `log10_lr` are all pairs at or above the threshold, by member and then by individual.
    `cut_lr` (individuals,) and `cut_lr_of_member` (members,) are Σ LR of pairs below it that survived the first pass.
    `survived` (members,) says how many did; `ceiling` (members,) is a log10 LR that none of the others exceeds.
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
    with np.errstate(over="ignore"):
        least = np.power(10.0, threshold - NEAR)
    for start in range(0, len(able), LANES):
        members = able[start : start + LANES]
        fill_deficits(tables, members, reach, layout, room)
        individuals, masks = survivors(layout.codes, room)
        masks &= np.uint32(2 ** len(members) - 1)  # lanes that nobody fills
        count = int(np.bitwise_count(masks).sum())
        individual, member, lr = np.empty(count, np.int32), np.empty(count, np.int64), np.empty(count)
        kept = _multiplied(
            individuals, masks, members, layout.cells, tables.ratios, tables.begin, least, cut, cut_of_member, survived,
            individual, member, lr,
        )  # fmt: skip
        found.append((individual[:kept].copy(), member[:kept].copy(), lr[:kept].copy()))
    individual, member, lr = (np.concatenate(each) for each in zip(*found, strict=True))
    logs = _exactly(tables, layout, threshold, individual, member, lr)
    hit = logs >= threshold
    _add_up(individual[~hit], member[~hit], logs[~hit], cut, cut_of_member)
    ceiling = np.minimum(threshold, reach.highest)
    return Filtered(individual[hit], member[hit], logs[hit], cut, cut_of_member, survived, ceiling, reach.reaches)


_NOBODY = (np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0))


def _exactly(
    tables: LogTables, layout: Layout, threshold: float, individual: NDArray[np.int32], member: Integers, lr: Floats
) -> Floats:
    """log10 LR of pairs, those of a product (nan where it is none) and those that want a sum of logarithms."""
    logs = np.log10(lr)
    unsure = np.isnan(logs) | (np.abs(logs - threshold) <= NEAR)
    again = np.flatnonzero(unsure | (not tables.from_ratios))
    logs[again] = tables.exact(member[again], layout.cells[individual[again]])
    return logs


@njit(cache=True, nogil=True)
def _multiplied(  # type: ignore[no-untyped-def]
    individuals, masks, members, cells, ratios, begin, least, cut, cut_of_member, survived, individual, member, lrs
):
    """Survivors one missing person after another, whose tables then stay in the first-level cache.

    What is below `least` is added to what was cut; all others are told, nan where the product left the safe range.
    """
    markers, flat = cells.shape[1], cells.reshape(cells.size)
    lanes = len(members)
    at = np.zeros(lanes + 1, dtype=np.int64)
    for s in range(len(individuals)):
        mask = masks[s]
        while mask != 0:
            at[lowest_bit(mask) + 1] += 1
            mask &= mask - np.uint32(1)
    for lane in range(lanes):
        survived[members[lane]] += at[lane + 1]
        at[lane + 1] += at[lane]
    sorted_out, place = np.empty(at[lanes] + AHEAD, dtype=np.int64), at[:-1].copy()
    sorted_out[at[lanes] :] = 0
    for s in range(len(individuals)):
        mask = masks[s]
        while mask != 0:
            lane = lowest_bit(mask)
            sorted_out[place[lane]] = individuals[s]
            place[lane] += 1
            mask &= mask - np.uint32(1)
    found = 0
    for lane in range(lanes):
        k, mine = members[lane], begin[members[lane]]
        total = 0.0
        for p in range(at[lane], at[lane + 1]):
            ahead = sorted_out[p + AHEAD] * markers
            fetch(flat, ahead)
            fetch(flat, ahead + np.int64(16))
            i = sorted_out[p]
            lr, lowest, highest = 1.0, 1.0, 1.0
            for m in range(markers):
                lr *= ratios[mine[m] + cells[i, m]]
                lowest = lr if lr < lowest else lowest  # noqa: FURB136  # Numba's min and max weigh what is no number
                highest = lr if lr > highest else highest  # noqa: FURB136
            # No step has come near to where numbers lose digits.
            safe = lowest > 1e-280 and highest < 1e280
            if safe and lr < least:
                cut[i] += lr
                total += lr
                continue
            individual[found], member[found], lrs[found] = i, k, lr if safe else np.nan
            found += 1
        cut_of_member[k] += total
    return found


@njit(cache=True, nogil=True)
def _add_up(individual, member, logs, cut, cut_of_member):  # type: ignore[no-untyped-def]
    for k in range(len(individual)):
        lr = np.exp(logs[k] * 2.302585092994046)
        cut[individual[k]] += lr
        cut_of_member[member[k]] += lr
