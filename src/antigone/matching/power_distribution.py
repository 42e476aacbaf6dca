"""The distribution of log10 LR before anybody is compared: exact at each marker, convolved over markers on a grid.

At one marker everything that a laboratory may read of the remains is a short list of values of log10 LR, each with
its probability if the remains are the missing person's and if they are a stranger's. Markers are independent given
what the family says (a linked pair that matters is one entry), so the distribution of the sum is the convolution of the
lists. Values are rounded to the nearest cell of a grid, so that the sum over n entries is off by at most n / 2 cells:
each tail probability comes with the bracket that follows.

The convolution runs by Fourier transform over cells from 10^−40 up; what lies below wraps around. If the remains are
the person's that has no more than that probability, for P(LR ≤ x | related) ≤ x. For strangers it is common, and the
entries are tilted by the fourth root of LR, which leaves 10^−10 of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEP = 0.005  # in log10 LR
LOWEST = -20.0  # below this, log10 LR is not told apart
_WRAPS_BELOW = -40.0
_TILT = 0.25


@dataclass(frozen=True, eq=False)
class Entry:
    """What one marker, or one linked pair, may say: log10 LR of each outcome, and its probabilities."""

    log10: Floats
    related: Floats
    unrelated: Floats

    @property
    def highest(self) -> float:
        """The largest log10 LR that the person's own remains can show here."""
        return float(self.log10[self.related > 0].max(initial=-np.inf))


@dataclass(frozen=True, eq=False)
class Distribution:
    """P(log10 LR) in cells of `step` from `start` on; what is missing to 1 lies below.

    `slack` is how far a value may lie from its cell. `mean` is exact, not from the cells; −inf where LR can be 0.
    """

    start: float
    step: float
    mass: Floats
    slack: float
    mean: float

    def at_least(self, log10_lr: float) -> float:
        """P(log10 LR ≥ this), as the cells have it."""
        if np.isneginf(log10_lr):
            return 1.0
        first = int(np.clip(np.ceil(round((log10_lr - self.start) / self.step, 6)), 0, len(self.mass)))
        return float(self._tail[first])

    def bracket(self, log10_lr: float) -> tuple[float, float]:
        """Between which the true P(log10 LR ≥ this) lies."""
        return self.at_least(log10_lr + self.slack), self.at_least(log10_lr - self.slack)

    def quantile(self, share: float) -> float:
        """The log10 LR that this share stays at or below; −inf where that lies below the grid."""
        if not 0 <= share <= 1:
            raise ValueError(f"a share lies between 0 and 1, got {share}")
        below = 1 - self._tail[1:]  # up to and with each cell
        cell = int(np.searchsorted(below, share - 1e-12))
        if cell == 0 and 1 - self._tail[0] >= share - 1e-12 and self._tail[0] < 1 - 1e-12:
            return -np.inf
        return self.start + min(cell, len(self.mass) - 1) * self.step

    @cached_property
    def _tail(self) -> Floats:
        sums = np.minimum(np.cumsum(self.mass[::-1])[::-1], 1.0)
        return np.append(sums, 0.0)


@dataclass(frozen=True, eq=False)
class Together:
    """The distribution of log10 LR over all entries, if the remains are the person's and if they are a stranger's."""

    related: Distribution
    unrelated: Distribution


def together(entries: Sequence[Entry], offset: float = 0.0) -> Together:
    """The sum of all entries, and of a log10 LR that is known already."""
    return Together(if_related(entries, offset), _if_unrelated(entries, offset))


def if_related(entries: Sequence[Entry], offset: float = 0.0) -> Distribution:
    """The distribution if the remains are the missing person's."""
    return _convolved(entries, [entry.related for entry in entries], 0.0, offset)


def _if_unrelated(entries: Sequence[Entry], offset: float) -> Distribution:
    return _convolved(entries, [entry.unrelated for entry in entries], _TILT, offset)


def _convolved(entries: Sequence[Entry], weights: Sequence[Floats], tilt: float, offset: float) -> Distribution:
    cells = [np.round(np.maximum(entry.log10, -1000.0) / STEP).astype(np.int64) for entry in entries]
    kept = [(weight > 0) & np.isfinite(entry.log10) for entry, weight in zip(entries, weights, strict=True)]
    top = sum(int(cell[here].max(initial=0)) for cell, here in zip(cells, kept, strict=True))
    first = round(LOWEST / STEP)
    length = 2 ** int(np.ceil(np.log2(top - round(_WRAPS_BELOW / STEP) + 1)))
    rows = np.zeros((len(entries), length))
    for k, (cell, weight, here) in enumerate(zip(cells, weights, kept, strict=True)):
        tilted = weight[here] * 10.0 ** (tilt * STEP * cell[here])
        rows[k] = np.bincount(cell[here] % length, tilted, minlength=length)
    spectrum = np.fft.rfft(rows, axis=1).prod(axis=0) if len(entries) else np.ones(length // 2 + 1)
    there = np.arange(first, top + 1)
    mass = np.maximum(np.fft.irfft(spectrum, n=length), 0.0)[there % length] * 10.0 ** (-tilt * STEP * there)
    return Distribution(first * STEP + offset, STEP, mass, len(entries) * STEP / 2, offset + _mean(entries, weights))


def _mean(entries: Sequence[Entry], weights: Sequence[Floats]) -> float:
    total = 0.0
    for entry, weight in zip(entries, weights, strict=True):
        happens = weight > 0
        total += float(weight[happens] @ entry.log10[happens] / weight[happens].sum())
    return total
