"""Priors: how probable it is, before any comparison, that somebody received is somebody looked for.

For each individual, by transfer, there are three ways: listed with usable references, listed without, not listed at
all. DNA tells only the first from the other two; between these the prior decides. Several priors may be declared: every
posterior is then a range, and a policy uses the least favourable. And how probable it is that two given remains are of
one person.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


class PriorError(ValueError):
    """What is no prior."""


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


@dataclass(frozen=True, slots=True)
class ReassociationPrior:
    """How probable it is, before any DNA, that two given remains are of one person.

    `same_bag` are prior odds: for two given remains of one bag, one person against two. `same_transfer` is the number
    of further parts that are expected of the person of some given remains in the other bags of the same transfer,
    `other_transfer` that in all other transfers; each divided by the number of remains among which these parts would be
    is the prior odds of one pair. A set of more than two remains has the product of the odds of its likeliest links (a
    maximum spanning tree): each further part joins through one link, from wherever it most probably came.

    `siblings` is the number of full siblings of the same sex that an individual is expected to have among all that were
    received; divided by the number of remains it is the odds that two different individuals are full siblings.

    The defaults are declared, not measured: two parts of one person in one bag are mostly given one number by the
    mortuary, so that two numbers in one bag say little; about one body in seven comes in parts. Another operation
    declares its own.
    """

    same_bag: float = 0.1
    same_transfer: float = 0.2
    other_transfer: float = 0.1
    siblings: float = 0.05

    def __post_init__(self) -> None:
        for name in ("same_bag", "same_transfer", "other_transfer", "siblings"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise PriorError(f"{name} of a reassociation prior is a number above 0, got {value}")
