"""What is declared before remains are put together: how probable it is beforehand, and what is asked of a group."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antigone.matching.operation import Individual
from antigone.matching.prior import ReassociationPrior

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class DeclarationError(ValueError):
    """A rule that cannot be."""


@dataclass(frozen=True, slots=True)
class ReassociationRules:
    """What is asked of a group before a merge is proposed, and what else is declared.

    A set of remains is proposed as one person where the posterior that they all are is at least `posterior`, and their
    joint log10 LR against two full siblings (the best split of them) at least `against_siblings`. Pairs are candidates
    from prior × LR = 10 to the `floor`; those below count as of different people. Up to `exact` remains that hang
    together are solved over all their partitions. Alternatives are told from the posterior `mention`.

    `sex_error` is the rate at which an examiner records the wrong sex; amelogenin does not err. A profile in
    `alarm_bags` bags or more is an alarm. Two remains cannot be one person where their log10 LR is `incompatible` or
    below, and no genotype shows both at `exclusions` markers or more.
    """

    posterior: float = 0.999
    against_siblings: float = 2.0
    floor: float = -2.0
    exact: int = 8
    mention: float = 0.01
    sex_error: float = 0.01
    alarm_bags: int = 5
    incompatible: float = -6.0
    exclusions: int = 1

    def __post_init__(self) -> None:
        if not 0.5 < self.posterior < 1:
            raise DeclarationError(f"the posterior asked of a group lies between 0.5 and 1, got {self.posterior}")
        if not 2 <= self.exact <= 10:
            raise DeclarationError(f"2 to 10 remains can be solved over all partitions, got {self.exact}")
        if not 0 <= self.sex_error < 0.5:
            raise DeclarationError(f"the rate of wrong sexes lies between 0 and 0.5, got {self.sex_error}")
        if not 0 < self.mention < 1:
            raise DeclarationError(f"the posterior from which alternatives are told lies in 0 to 1, got {self.mention}")
        if self.alarm_bags < 2:
            raise DeclarationError(f"an alarm needs 2 bags at least, got {self.alarm_bags}")
        if self.incompatible >= 0 or self.exclusions < 1:
            raise DeclarationError("incompatible remains have a log10 LR below 0 and at least 1 exclusion")


class PriorOdds:
    """The declared prior for given remains: log10 odds of pairs, and weights of sets."""

    def __init__(self, individuals: Sequence[Individual], prior: ReassociationPrior) -> None:
        transfers = [individual.transfer for individual in individuals]
        counts = Counter(transfers)
        number = {transfer: k for k, transfer in enumerate(counts)}
        bags: dict[tuple[str, str], int] = {}
        self._transfer = np.array([number[transfer] for transfer in transfers], dtype=np.int64)
        # Remains without a bag are in nobody's bag.
        self._bag = np.array(
            [
                bags.setdefault((one.transfer, one.bag), len(bags)) if one.bag else -1 - row
                for row, one in enumerate(individuals)
            ],
            dtype=np.int64,
        )
        self._between = self._odds_between(np.array(list(counts.values()), dtype=np.float64), prior)
        self._same_bag = math.log10(prior.same_bag)
        self.siblings = math.log(prior.siblings / max(len(individuals), 1))

    @staticmethod
    def _odds_between(counts: Floats, prior: ReassociationPrior) -> Floats:
        """log10 odds of two remains in different bags, by their transfers."""
        elsewhere = np.maximum(counts.sum() - np.minimum(counts[:, None], counts[None, :]), 1)
        odds = prior.other_transfer / elsewhere
        np.fill_diagonal(odds, prior.same_transfer / np.maximum(counts - 1, 1))
        return np.asarray(np.log10(odds))

    def row(self, i: int) -> Floats:
        """log10 prior odds of remains i with each of those after it."""
        odds = self._between[self._transfer[i]][self._transfer[i + 1 :]]
        odds[self._bag[i + 1 :] == self._bag[i]] = self._same_bag
        return np.asarray(odds)

    @property
    def highest(self) -> float:
        """The highest log10 prior odds of any pair."""
        return max(self._same_bag, float(self._between.max(initial=-math.inf)))

    def pairs(self, first: Integers, second: Integers) -> Floats:
        """log10 prior odds of many pairs."""
        odds = self._between[self._transfer[first], self._transfer[second]]
        return np.asarray(np.where(self._bag[first] == self._bag[second], self._same_bag, odds))

    def pair(self, i: int, j: int) -> float:
        """log10 prior odds of two remains."""
        if self._bag[i] == self._bag[j]:
            return self._same_bag
        return float(self._between[self._transfer[i], self._transfer[j]])

    def set_of(self, rows: Sequence[int]) -> float:
        """log10 prior weight of a set as one person, against all of them apart: the maximum spanning tree."""
        reached = dict.fromkeys(rows[1:], -math.inf)
        total, last = 0.0, rows[0]
        while reached:
            for row in reached:
                reached[row] = max(reached[row], self.pair(last, row))
            last = max(reached, key=lambda row: reached[row])
            total += reached.pop(last)
        return total
