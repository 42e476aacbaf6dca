"""Where what was read of the dead stands in the tables of the first pass.

A *cell* is a class of a marker (`matching.classes`) or, after the classes of each marker, "not read". A cell has a
place in the table of log likelihood ratios, marker after marker, and a row among the deficits, where the cells that
most individuals have stand first: they then stay in the processor's first-level cache.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antigone.matching.classes import MarkerClasses
from antigone.matching.kernel.adding import Codes

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Layout:
    """The cells of all markers, and who has which.

    `first` (markers + 1,) is each marker's first cell; the last of a marker's cells is "not read". `cells` has shape
    (individuals, markers). `row` gives each cell's row among the deficits. `unread` says at which markers somebody was
    not read.
    """

    first: Integers
    cells: NDArray[np.int32]
    row: NDArray[np.int32]
    codes: Codes
    unread: NDArray[np.bool_]

    @classmethod
    def of(cls, classes: Sequence[MarkerClasses], individuals: int) -> "Layout":
        """From the classes of each marker."""
        counts = [len(these.readings) for these in classes]
        first = np.cumsum([0, *(count + 1 for count in counts)]).astype(np.int64)
        cells = np.zeros((individuals, len(classes)), dtype=np.int32)
        for m, these in enumerate(classes):
            cells[:, m] = first[m] + np.where(these.of >= 0, these.of, counts[m])
        used = np.bincount(cells.ravel(), minlength=int(first[-1]))
        row = np.empty(len(used), dtype=np.int32)
        row[np.argsort(-used, kind="stable")] = np.arange(len(used), dtype=np.int32)
        codes = Codes.of(row[cells], neutral=len(used))
        return cls(first, cells, row, codes, used[first[1:] - 1] > 0)

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def markers(self) -> int:
        """How many."""
        return self.cells.shape[1]
