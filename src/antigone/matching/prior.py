"""Priors: how probable it is, before any comparison, that somebody received is somebody looked for.

For each individual, by transfer, there are three ways: listed with usable references, listed without, not listed at
all. DNA tells only the first from the other two; between these the prior decides. Several priors may be declared: every
posterior is then a range, and a policy uses the least favourable.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


class PriorError(ValueError):
    """Shares that are no prior."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Where an individual may be: in the register with references that can be used, without, or not in it.

    >>> Shares(0.75, 0.05, 0.2).odds  # 0.75 : 0.25
    3.0
    """

    listed: float
    listed_without_references: float
    not_listed: float

    def __post_init__(self) -> None:
        parts = (self.listed, self.listed_without_references, self.not_listed)
        if any(not math.isfinite(part) or part < 0 for part in parts):
            raise PriorError(f"the three shares of a prior are 0 or more, got {parts}")
        if not math.isclose(sum(parts), 1.0, abs_tol=1e-9):
            raise PriorError(f"the three shares of a prior sum to 1, got {parts}, which sum to {sum(parts):.12g}")
        if not 0 < self.listed < 1:
            raise PriorError(
                f"the share of those listed with usable references lies between 0 and 1, got {self.listed}"
            )

    @property
    def odds(self) -> float:
        """Listed with usable references, against not."""
        return self.listed / (1 - self.listed)


@dataclass(frozen=True)
class Prior:
    """One declared prior: shares for everybody, and others for the transfers that are named."""

    name: str
    shares: Shares
    by_transfer: Mapping[str, Shares] = field(default_factory=dict)

    def of(self, transfer: str) -> Shares:
        """The shares for somebody who came with this transfer."""
        return self.by_transfer.get(transfer, self.shares)
