"""Tails by drawing: the cross-check of the expected coincidences.

P(LR ≥ x | unrelated) of one missing person and one pattern is the mean of 1{LR ≥ x}/LR over readings that are drawn as
those of the missing person: importance sampling, which reaches probabilities that no plain simulation does. It shares
the lists of outcomes with the count (`matching.outcomes`) and neither its grid nor its Fourier transform. Alone it can
understate badly and look precise, which is why the count is a convolution and this its check.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antigone.matching.patterns import Patterns
from antigone.matching.tables import ConditionalTable

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over draws, and its standard error."""

    value: float
    standard_error: float

    @classmethod
    def of(cls, draws: Floats) -> "Estimate":
        """The mean of independent draws.

        >>> Estimate.of(np.array([1.0, 3.0]))
        Estimate(value=2.0, standard_error=1.0)
        """
        return cls(float(draws.mean()), float(draws.std(ddof=1) / np.sqrt(len(draws))))


def tail_by_drawing(
    patterns: Patterns,
    individual: int,
    table: ConditionalTable,
    log10_lrs: Floats,
    draws: int,
    rng: np.random.Generator,
) -> list[Estimate]:
    """P(LR ≥ x | unrelated) at each log10 x, without what is not listed (`CoincidenceCount.unlisted`)."""
    log10 = np.zeros(draws)
    log10_weight = np.zeros(draws)
    for lrs, probability in patterns.listed(individual, table):
        usable = (probability > 0) & np.isfinite(lrs) & (lrs > 0)
        lr, tilted = lrs[usable], probability[usable] * lrs[usable]
        reached = np.cumsum(tilted)
        chosen = np.searchsorted(reached, rng.random(draws) * reached[-1], side="right")
        logs = np.log10(lr)[np.minimum(chosen, len(lr) - 1)]
        log10 += logs
        log10_weight += np.log10(reached[-1]) - logs
    # A sum rounded elsewhere may fall short of x by a rounding.
    return [Estimate.of(np.where(log10 >= x - 1e-9, 10.0**log10_weight, 0.0)) for x in log10_lrs]


def mean_lr(of_unrelated: Floats, of_missing: Floats) -> Estimate:
    """E[LR | unrelated] from the log10 LRs of simulated unrelated people and of simulated missing persons.

    It is 1 if LR is what it claims to be, the quotient of the two densities. A mean over unrelated people alone would
    rest on a few draws, or on none; here each draw counts LR over (1 + LR)/2, the density of the mixture of both, which
    is at most 2, so that the standard error can be believed.

    >>> answer = mean_lr(np.log10([2.0, 0.5, 0.5]), np.log10([2.0, 2.0, 0.5]))  # LR of 2 has odds 1 : 2, of ½ 2 : 1
    >>> round(answer.value, 12)
    1.0
    """
    halves = [Estimate.of(2 / (1 + 10.0 ** -np.maximum(logs, -300.0))) for logs in (of_unrelated, of_missing)]
    errors = np.array([half.standard_error for half in halves])
    return Estimate(sum(half.value for half in halves) / 2, float(np.sqrt((errors**2).sum()) / 2))
