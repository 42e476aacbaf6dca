"""All remains against all remains on the kernel of the country search: the pairs that may be of one person.

Each remains is a family of one, of whom everything that was read is said of the same person; what was recorded of sex
counts as one more marker. No pair at or above the threshold is lost (`matching.kernel.deficits` says why).
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from antigone.matching.classes import MarkerClasses, Rows
from antigone.matching.kernel.filtering import filtered
from antigone.matching.kernel.layout import Layout
from antigone.matching.kernel.log_tables import LogRows, LogTables
from antigone.matching.reassociation.evidence import Evidence

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# So many remains are families of one in one go, so that what is found stays small.
TOGETHER = 8192


def pairs_at_least(evidence: Evidence, log10_lr: float) -> Iterator[tuple[Integers, Integers, Floats]]:
    """Numbers of remains, the lower one first, and log10 LR: all pairs from `log10_lr` on, some at a time."""
    n = len(evidence.individuals)
    tables, columns = [], []
    for marker in evidence.markers:
        tables.append(marker.log10_lr_of_classes()[:-1, :-1])  # the last says that nothing was read
        columns.append(np.where(marker.of == marker.nothing, -1, marker.of))
    seen, of = np.unique(evidence.sex.likelihood, axis=0, return_inverse=True)
    with np.errstate(divide="ignore"):
        tables.append(np.log10((seen * evidence.sex.share) @ seen.T))
    columns.append(of.ravel())
    layout = Layout.of([_numbered(column, len(logs)) for column, logs in zip(columns, tables, strict=True)], n)
    which = np.array(columns, dtype=np.int64).T
    rows = [LogRows(logs.T) for logs in tables]
    for start in range(0, n, TOGETHER):
        found = filtered(LogTables.of(rows, which[start : start + TOGETHER], layout), layout, log10_lr)
        first, second = start + found.member, found.individual.astype(np.int64)
        once = first < second
        yield first[once], second[once], found.log10_lr[once]


def _numbered(of: Integers, count: int) -> MarkerClasses:
    """Classes of which nothing is asked but who has which."""
    none = Rows(np.zeros(0, dtype=np.int64), np.zeros((0, 0)), np.zeros((0, 0), dtype=np.bool_))
    return MarkerClasses(of, ((),) * count, np.zeros(count, dtype=np.bool_), none, none, frozenset())
