"""All remains against all remains: the log10 LR of every pair, one person against two unrelated people.

At each marker the LR depends on two classes alone, so that it is looked up. Of few remains one row of pairs after
another, in plain NumPy, which needs no compiler; of many by the kernel of the country search.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antigone.matching.reassociation.declared import PriorOdds
from antigone.matching.reassociation.evidence import Evidence
from antigone.matching.reassociation.first_pass import pairs_at_least

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Singles = NDArray[np.float32]


# Up to so many remains plain NumPy is as quick.
FEW = 1500


@dataclass(frozen=True, eq=False)
class Candidates:
    """The pairs that may be of one person: two numbers of remains, log10 LR, log10 (prior odds × LR)."""

    first: Integers
    second: Integers
    log10_lr: Singles
    log10_odds: Singles
    compared: int  # how many pairs were looked at

    def __len__(self) -> int:
        return len(self.first)


def candidate_pairs(evidence: Evidence, prior: PriorOdds, floor: float) -> Candidates:
    """All pairs whose prior odds × LR are 10 to the floor, or more.

    Sums are kept in single precision: they only choose, what is reported is computed anew.
    """
    n = len(evidence.individuals)
    found = list((_plainly if n <= FEW else _quickly)(evidence, prior, floor))
    columns = [np.concatenate([one[c] for one in found]) if found else np.zeros(0) for c in range(4)]
    return Candidates(
        columns[0].astype(np.int64),
        columns[1].astype(np.int64),
        columns[2].astype(np.float32),
        columns[3].astype(np.float32),
        n * (n - 1) // 2,
    )


Found = tuple[Integers, Integers, Singles, Singles]


def _plainly(evidence: Evidence, prior: PriorOdds, floor: float) -> Iterator[Found]:
    for i, log10_lr in _rows(evidence):
        odds = (log10_lr + prior.row(i)).astype(np.float32)
        (kept,) = np.nonzero(odds >= floor)
        if len(kept):
            yield np.full(len(kept), i), kept + i + 1, log10_lr[kept], odds[kept]


def _quickly(evidence: Evidence, prior: PriorOdds, floor: float) -> Iterator[Found]:
    """The first pass knows no prior: it asks for the LR that the most favoured pair needs."""
    for first, second, log10_lr in pairs_at_least(evidence, floor - prior.highest - 1e-9):
        odds = log10_lr + prior.pairs(first, second)
        kept = odds >= floor
        yield first[kept], second[kept], log10_lr[kept].astype(np.float32), odds[kept].astype(np.float32)


def log10_lr_of_pairs(evidence: Evidence) -> Floats:
    """The log10 LR of every pair as a matrix, 0 on the diagonal: for small numbers of remains."""
    n = len(evidence.individuals)
    matrix = np.zeros((n, n))
    for i, row in _rows(evidence):
        matrix[i, i + 1 :] = matrix[i + 1 :, i] = row
    return matrix


def incompatible_pairs(evidence: Evidence, log10_lr: float, exclusions: int) -> Flags:
    """Which pairs cannot be of one person, as a symmetric matrix.

    Their LR is 10 to `log10_lr` or below (which parts of one person reach with at most that probability), and drop-out
    alone cannot explain both at `exclusions` markers or more. Different sexes, one of which amelogenin shows, exclude
    by themselves.
    """
    n = len(evidence.individuals)
    matrix = np.zeros((n, n), dtype=bool)
    tables = [marker.excluding_classes().astype(np.int8) for marker in evidence.markers]
    for i, row in _rows(evidence):
        excluded = np.zeros(n - i - 1, dtype=np.int8)
        for marker, table in zip(evidence.markers, tables, strict=True):
            if marker.of[i] != marker.nothing:
                excluded += table[marker.of[i]].take(marker.of[i + 1 :])
        incompatible = (row <= log10_lr) & ((excluded >= exclusions) | np.isneginf(evidence.sex.row(i)))
        matrix[i, i + 1 :] = matrix[i + 1 :, i] = incompatible
    return matrix


def _rows(evidence: Evidence) -> Iterator[tuple[int, Singles]]:
    """Each of the remains with the log10 LR of it and each of those after it."""
    tables = [marker.log10_lr_of_classes().astype(np.float32) for marker in evidence.markers]
    columns = [marker.of.astype(np.intp) for marker in evidence.markers]
    nothing = [marker.nothing for marker in evidence.markers]
    for i in range(len(evidence.individuals)):
        total = evidence.sex.row(i).astype(np.float32)
        for table, of, none in zip(tables, columns, nothing, strict=True):
            if of[i] != none:
                total += table[of[i]].take(of[i + 1 :])
        yield i, total


def neighbours(candidates: Candidates, remains: int) -> Sequence[dict[int, float]]:
    """Of each of the remains, those with which it is a candidate pair, with log10 (prior odds × LR)."""
    found: list[dict[int, float]] = [{} for _ in range(remains)]
    for i, j, odds in zip(
        candidates.first.tolist(), candidates.second.tolist(), candidates.log10_odds.tolist(), strict=True
    ):
        found[i][j] = found[j][i] = odds
    return found
