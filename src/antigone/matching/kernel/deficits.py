"""Deficits: how far each class stays behind the best, in steps of one missing person, rounded down.

Let h(m) be the highest log10 LR of any class at marker m, T the threshold, and step = (Σ h − T)/254. A pair whose log10
LR Σ v(m) reaches T has Σ (h − v)/step ≤ 254, so that its deficits floor((h − v)/step), which are smaller still, do not
add up to 255, and a sum that saturates at 255 says that the pair is below T. Not read is 0 in logarithms, so that its
deficit is floor(h/step), not 0. A missing person with Σ h < T can be nobody's match: they are told apart and skipped.

Rounding loses nothing either. The quick logarithms lie at most `ERROR` below the exact ones, and numbers in single
precision are off by a share of 10⁻⁷: both are added to Σ h − T before it is divided. Quotients may round up by the
same share, which can never make 254 of 254 + 1.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from antigone.matching.kernel.adding import LANES, OUT, Bytes, empty_bytes
from antigone.matching.kernel.instructions import EACH, fetch, turn
from antigone.matching.kernel.layout import Layout
from antigone.matching.kernel.log_tables import ERROR, LogTables

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# So many missing persons ahead their rows are asked for.
AHEAD = 3


@dataclass(frozen=True, eq=False)
class Reach:
    """How high each missing person can reach: shape (members,) each.

    `highest` is an upper bound of any pair's log10 LR, `margin` what quick sums may be below exact ones. Where
    `reaches` is false no pair reaches the threshold, and `step` says nothing.
    """

    highest: Floats
    margin: Floats
    step: Floats
    reaches: NDArray[np.bool_]

    @classmethod
    def of(cls, tables: LogTables, threshold: float | Floats) -> "Reach":
        """Of everybody in the tables; one threshold for all, or one for each."""
        highest = tables.highest.astype(np.float64)
        markers = tables.highest.shape[1]
        # A pair at the threshold has no single value beyond what all others could make up for.
        size = np.abs(highest).sum(axis=1) + np.abs(threshold)
        margin = markers * (ERROR + 2.0**-22 * size) + 1e-9
        top = highest.sum(axis=1) + margin
        room = top - threshold
        return cls(top, margin, np.maximum(room, 1e-9) / (OUT - 1), room >= 0)


def block_deficits(tables: LogTables, members: Integers, reach: Reach, layout: Layout) -> Bytes:
    """Deficits of at most 32 missing persons, laid out `[row][32]`; lanes that nobody fills are 0.

    The last row is 0 for everybody: individuals are filled up with it (`Codes`).
    """
    out = empty_bytes(layout.codes.rows)
    fill_deficits(tables, members, reach, layout, out)
    return out


def fill_deficits(tables: LogTables, members: Integers, reach: Reach, layout: Layout, out: Bytes) -> None:
    """The same into room that was used before: of lanes beyond the members nothing is said."""
    if len(members) > LANES:
        raise ValueError(f"{len(members)} missing persons in a block of {LANES}")
    if out.shape != (layout.codes.rows, LANES) or not out.flags.c_contiguous:
        raise ValueError(f"room of {out.shape}; expected {(layout.codes.rows, LANES)}, side by side")
    _fill(tables.quick, tables.begin, tables.highest, reach.step, members, layout.first, layout.row, out)


def plain_deficits(tables: LogTables, members: Integers, reach: Reach, layout: Layout) -> Bytes:
    """`block_deficits` in plain NumPy and double precision: at most one more or less, where rounding decides."""
    out = np.zeros((layout.codes.rows, LANES), dtype=np.uint8)
    for lane, k in enumerate(members.tolist()):
        for m in range(layout.markers):
            cells = np.arange(layout.first[m], layout.first[m + 1])
            values = tables.quick[tables.begin[k, m] + cells].astype(np.float64)
            behind = np.floor((float(tables.highest[k, m]) - values) / reach.step[k])
            out[layout.row[cells], lane] = np.clip(behind, 0, OUT)
    return out


@njit(cache=True, nogil=True)
def _fill(quick, begin, highest, step, members, first, row, out):  # type: ignore[no-untyped-def]
    """Marker by marker: along the cells of each person, then along the persons of each cell."""
    widest = 0
    for m in range(len(first) - 1):
        widest = max(widest, first[m + 1] - first[m])
    lanes, table = len(members), out.reshape(out.size)
    behind = np.zeros((LANES, widest), dtype=np.uint8)
    flat = behind.reshape(behind.size)
    none, most = np.float32(0), np.float32(255)
    for m in range(len(first) - 1):
        cells = first[m + 1] - first[m]
        for lane in range(lanes):
            k = members[lane]
            start = begin[k, m] + first[m]
            # Rows are short and anywhere, so that the processor does not see the next one coming.
            coming = begin[members[min(lane + AHEAD, lanes - 1)], m] + first[m]
            for c in range(0, cells, 16):
                fetch(quick, coming + c)
            values, steps_behind = quick[start : start + cells], behind[lane, :cells]
            best, steps_each = highest[k, m], np.float32(1.0 / step[k])
            # What nobody has may be above the best. Numba turns max and min into something that no vector can do.
            for c in range(cells):
                value = (best - values[c]) * steps_each
                value = value if value > none else none  # noqa: FURB136
                value = value if value < most else most  # noqa: FURB136
                steps_behind[c] = np.uint8(np.int32(value))
        if cells < EACH:
            for c in range(cells):
                here = row[first[m] + c]
                for lane in range(lanes):
                    out[here, lane] = behind[lane, c]
            continue
        for c in range(0, cells, EACH):
            at = min(c, cells - EACH)  # the last ones once more, rather than any beyond them
            turn(flat, at, widest, row, first[m] + at, table)
