"""How a search grows: with the remains, with the missing persons, and with the cores, up to ten times the size.

Each size is a register of its own, searched by a process of its own (`bench.search`). Time is what all threads together
took for the search, tables and all, without start-up and files: the clock says little beside other work. A search holds
no more tables at once the more families there are, so memory grows with what was read and found alone.
"""

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from antigone.bench.register import make_register
from antigone.bench.search import SearchSize, search_elsewhere

TIMES = (1, 3, 10)


@dataclass(frozen=True, slots=True)
class ScalingFigure:
    """One size. `along` is what grows: remains, missing or cores."""

    along: str
    remains: int
    missing: int
    cores: int
    pairs: int
    hits: int
    core_seconds_search: float  # all threads together
    seconds_search: float  # of the clock
    core_seconds_total: float
    peak_rss_bytes: int
    load: float

    def as_row(self) -> dict[str, object]:
        """As JSON has it."""
        return asdict(self)


def scaling(size: SearchSize, times: Iterable[int] = TIMES) -> list[ScalingFigure]:
    """`size` with so many times the remains, then the missing persons; then with 1 and more cores, by doubling."""
    figures = []
    grown = list(times)
    most = os.cpu_count() or 1
    sizes = [("remains", replace(size, remains=size.remains * k, cores=1)) for k in grown]
    sizes += [("missing", replace(size, missing=size.missing * k, cores=1)) for k in grown]
    sizes += [("cores", replace(size, cores=2**k)) for k in range(most.bit_length()) if 2**k <= most]
    for along, one in sizes:
        with TemporaryDirectory() as folder:
            figures.append(_measured(along, one, Path(folder)))
    return figures


def _measured(along: str, size: SearchSize, folder: Path) -> ScalingFigure:
    make_register(folder, remains=size.remains, missing=size.missing, markers=size.markers, seed=size.seed)
    whole = search_elsewhere(folder, size.cores)
    return ScalingFigure(
        along, size.remains, size.missing, size.cores, whole["pairs"], whole["hits"], whole["core_search"],
        whole["search"], whole["core_total"], whole["peak"], os.getloadavg()[0],
    )  # fmt: skip


def largest_deviation(figures: list[ScalingFigure], along: str) -> float:
    """How far the time is from a straight line in the number of pairs, at worst, as a share of that line.

    The line is the one whose shares of error are least together; what does not grow is its value at none.
    """
    mine = [one for one in figures if one.along == along]
    pairs = np.array([one.pairs for one in mine], dtype=np.float64)
    seconds = np.array([one.core_seconds_search for one in mine])
    columns = np.stack([np.ones(len(mine)), pairs], axis=1) / seconds[:, None]
    line = np.linalg.lstsq(columns, np.ones(len(mine)))[0]
    expected = line[0] + line[1] * pairs
    return float(np.max(np.abs(seconds / expected - 1)))
