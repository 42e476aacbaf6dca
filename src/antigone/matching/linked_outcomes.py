"""Everything that a laboratory could read at two linked markers, and what both say together.

What linkage adds is the quotient of P(both outcomes | relatives) and the product of what each marker says by itself, as
in the search; theta, where declared, is in the latter.
"""

from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from antigone.matching.linked_genotypes import LinkedGenotypes
from antigone.matching.log_grid import cell_of, log_grid
from antigone.matching.outcomes import (
    ROUNDING,
    Cells,
    Listed,
    Outcomes,
    Readings,
    as_cells,
    cells_of_plain,
    most_times,
)
from antigone.matching.sparse import narrow_product
from antigone.matching.tables import MarkerTable

Floats = NDArray[np.float64]

# All outcomes of one linked marker are combined with all of the other up to this many.
MOST_PAIRS = 30_000


@dataclass(frozen=True, eq=False)
class LinkedTable:
    """P(both genotypes | relatives), and that of each from what the relatives show at its marker alone; theta 0."""

    joint: LinkedGenotypes
    first: Floats
    second: Floats


def pair_cells(
    outcomes: tuple[Outcomes, Outcomes],
    tables: tuple[MarkerTable, MarkerTable],
    linked: LinkedTable,
    step: float,
    drawn: LinkedGenotypes | None = None,
) -> Cells:
    """`Outcomes.cells` of two linked markers together.

    `drawn` is P(both genotypes) of whom readings are drawn of, if not somebody unrelated.
    """
    first, second = outcomes
    joint = linked.joint
    if joint.shape != (len(first.total_chance), len(second.total_chance)):
        raise ValueError(f"genotypes of both markers have shape {joint.shape}")
    readings = first.beside, second.beside
    (one, chance_of_one), (other, chance_of_other) = (
        each.lrs(table, these) for each, table, these in zip(outcomes, tables, readings, strict=True)
    )
    together, *apart = _together_and_apart(readings, linked)
    if drawn is None:
        probability = np.outer(chance_of_one, chance_of_other)
    else:
        total = float(drawn.under(first.total_chance, second.total_chance))
        probability = _both(readings[0].chance, readings[1].chance, drawn) / total
    # Drop-ins at both markers at once are left out where they would make the list too long.
    all_ = len(readings[0]) * len(readings[1]) <= MOST_PAIRS
    rare = (len(readings[0]), len(readings[1])) if all_ else (first.common, second.common)
    found = cells_of_pairs(one, other, together, apart[0], apart[1], probability, rare, step)
    if not found.unlisted or drawn is not None:
        return found
    # What is left out of the lists is summed, what never was in them is bounded. With theta the tables of the single
    # markers are not those that linkage is measured against.
    with np.errstate(divide="ignore", invalid="ignore"):
        first_share = np.nan_to_num(one * chance_of_one / apart[0], posinf=0.0)[rare[0] :]
        other_share = np.nan_to_num(other * chance_of_other / apart[1], posinf=0.0)[rare[1] :]
    left_out = float((first_share[:, None] * together[rare[0] :, rare[1] :] * other_share).sum())
    never = float(joint.under(first.total_likelihood, second.total_likelihood) - together.sum())
    norm = float((first.total_chance @ tables[0].unrelated) * (second.total_chance @ tables[1].unrelated))
    theta = most_times(tables[0].related, linked.first) * most_times(tables[1].related, linked.second)
    never_at_most = never * first.excess * second.excess * theta / norm if never > ROUNDING else 0.0
    return replace(found, unlisted_lr=left_out + never_at_most)


def pair_lrs(
    outcomes: tuple[Outcomes, Outcomes], tables: tuple[MarkerTable, MarkerTable], linked: LinkedTable
) -> tuple[Floats, Floats]:
    """LR of each pair of outcomes of two linked markers and its probability if unrelated, one after another."""
    readings = outcomes[0].beside, outcomes[1].beside
    (one, chance_of_one), (other, chance_of_other) = (
        each.lrs(table, these) for each, table, these in zip(outcomes, tables, readings, strict=True)
    )
    together, first, second = _together_and_apart(readings, linked)
    with np.errstate(divide="ignore", invalid="ignore"):
        linkage = together / np.outer(first, second)
        lrs = np.outer(one, other) * np.where(np.isnan(linkage), 1.0, linkage)
    return lrs.ravel(), np.outer(chance_of_one, chance_of_other).ravel()


def _together_and_apart(readings: tuple[Readings, Readings], linked: LinkedTable) -> tuple[Floats, Floats, Floats]:
    """P(both outcomes | relatives), and that of each by itself: linkage adds their quotient, as in the search."""
    first, second = (each.likelihood for each in readings)
    return _both(first, second, linked.joint), first.under(linked.first), second.under(linked.second)


def _both(first: Listed, second: Listed, joint: LinkedGenotypes) -> Floats:
    """P(outcome of the first, outcome of the second)."""
    return np.asarray(narrow_product(first.under(joint.first), np.ascontiguousarray(second.under(joint.second).T)))


def cells_of_pairs(
    one: Floats,
    other: Floats,
    together: Floats,
    apart_one: Floats,
    apart_other: Floats,
    mass: Floats,
    rare: tuple[int, int],
    step: float,
) -> Cells:
    """Pairs of outcomes on the grid; those from `rare` on in both are not listed."""
    single = tuple(np.ascontiguousarray(array) for array in (one, other, apart_one, apart_other))
    double = tuple(np.ascontiguousarray(array) for array in (together, mass))
    return as_cells(_fill_pairs(single, double, rare, log_grid(step)))


def cells_of_pairs_plain(
    one: Floats,
    other: Floats,
    together: Floats,
    apart_one: Floats,
    apart_other: Floats,
    mass: Floats,
    rare: tuple[int, int],
    step: float,
) -> Cells:
    """What the compiled loop does, as it is written: a pair's LR is that of both alone, times what linkage adds."""
    with np.errstate(divide="ignore", invalid="ignore"):
        linkage = together / np.outer(apart_one, apart_other)
        lrs = np.outer(one, other) * np.where(np.isnan(linkage), 1.0, linkage)
    listed = np.ones(mass.shape, dtype=bool)
    listed[rare[0] :, rare[1] :] = False
    return cells_of_plain(lrs[listed], mass[listed], step)


@njit(cache=True, nogil=True, error_model="numpy")
def _fill_pairs(single, double, rare, grid):  # type: ignore[no-untyped-def]
    one, other, apart_one, apart_other = single
    together, mass = double
    rows, columns = mass.shape
    none = 2**62
    cell = np.full((rows, columns), none, dtype=np.int64)
    lowest, highest = none, -none
    mean, listed = 0.0, 0.0
    for i in range(rows):
        for j in range(columns if i < rare[0] else rare[1]):
            listed += mass[i, j]
            apart = apart_one[i] * apart_other[j]
            lr = one[i] * other[j]
            if apart > 0.0:
                lr *= together[i, j] / apart
            if mass[i, j] > 0.0 and 0.0 < lr < np.inf:
                here = cell_of(lr, grid)
                cell[i, j] = here
                lowest, highest = min(lowest, here), max(highest, here)
                mean += mass[i, j] * lr
    if highest < lowest:
        return 0, np.zeros(0), mean, listed
    dense = np.zeros(highest - lowest + 1)
    for i in range(rows):
        for j in range(columns):
            if cell[i, j] != none:
                dense[cell[i, j] - lowest] += mass[i, j]
    return lowest, dense, mean, listed
