"""At how many markers a pair is impossible without mutation, drop-in and error: of many pairs at once."""

import numpy as np
from numpy.typing import NDArray

from antigone.matching.batched_tables import Block, MarkerRows, TableBatches
from antigone.matching.classes import MarkerClasses

Integers = NDArray[np.int64]


def exclusions(
    strict: TableBatches, classes: list[MarkerClasses], block: Block, individual: Integers, member: Integers
) -> Integers:
    """For pairs of an individual and a member of the block, what `PairLookup.exclusions` says of each.

    `strict` holds the families of the search without mutation, drop-in and typing errors. Markers at which a family
    contradicts itself without these are not counted, nor are readings that contradict themselves.
    """
    counts = np.zeros(len(individual), dtype=np.int64)
    if not len(individual):
        return counts
    members, place = np.unique(member, return_inverse=True)
    without = strict.block(block.members[members], explain=False)
    for these, rows in zip(classes, without.markers, strict=True):
        k, row = these.of[individual], rows.which[place]
        used = (k >= 0) & (row >= 0)
        counts[used] += _impossible(these, rows)[k[used], row[used]]
    return counts


def _impossible(classes: MarkerClasses, tables: MarkerRows) -> NDArray[np.bool_]:
    """Which classes no genotype that the family allows could show; shape (classes, rows of the tables)."""
    rows = classes.rows(haploid=tables.haploid)
    impossible = np.zeros((len(classes.readings), len(tables.related)), dtype=np.bool_)
    # Counts of genotypes, exact in single precision.
    shared = rows.possible.astype(np.float32) @ (tables.related > 0).T.astype(np.float32)
    impossible[rows.which] = (shared == 0) & np.any(rows.possible, axis=1)[:, None]
    return impossible
