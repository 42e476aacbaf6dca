"""The choice that a joint answer is about: each family takes at most one option, each individual is taken at most once.

An option says which individual is which of the missing persons of one family; that a family misses several is then no
special case. What is summed over are all ways to choose: a weighted set packing. With one missing person a family it is
a matching, and the sum over all of them a permanent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Option:
    """Some missing persons of one family, each with the individual that they are; and the natural logarithm of the LR.

    `placed` are pairs of missing person and individual, by their positions, in order. The likelihood ratio is that of
    the whole family: with all of these in the pedigree, against all of them being nobody of the list. Where one missing
    person is placed several times they are parts of one, and the ratio holds what was declared of that (`parts`).
    """

    family: int
    placed: tuple[tuple[int, int], ...]
    log_lr: float


@dataclass(frozen=True, eq=False)
class Packing:
    """All options, laid out family after family; that a family takes none of them is always possible and not listed.

    `first[f]` to `first[f + 1]` are the options of a family, `placed_first[o]` to `placed_first[o + 1]` the places in
    `missing` and `individual` of an option. `missing_of` gives the family of each missing person.
    """

    individuals: int
    missing_of: Integers
    families: int
    first: Integers
    log_lr: Floats
    placed_first: Integers
    missing: Integers
    individual: Integers

    @classmethod
    def of(cls, options: Iterable[Option], *, individuals: int, missing_of: Sequence[int] | Integers) -> "Packing":
        """Lay out options. Those that are impossible (log LR −∞) are left out: nothing takes them."""
        kept = sorted((one for one in options if one.log_lr > -np.inf), key=lambda one: (one.family, one.placed))
        families = np.array([one.family for one in kept], dtype=np.int64)
        of = np.asarray(missing_of, dtype=np.int64)
        count = int(of.max(initial=-1)) + 1
        placed = [pair for one in kept for pair in one.placed]
        lengths = np.array([len(one.placed) for one in kept], dtype=np.int64)
        return cls(
            individuals,
            of,
            count,
            np.searchsorted(families, np.arange(count + 1)),
            np.array([one.log_lr for one in kept], dtype=np.float64),
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            np.array([m for m, _ in placed], dtype=np.int64),
            np.array([i for _, i in placed], dtype=np.int64),
        )

    @classmethod
    def of_pairs(
        cls,
        individual: Integers,
        missing: Integers,
        log_lr: Floats,
        *,
        individuals: int,
        missing_of: Integers,
    ) -> "Packing":
        """Pairs alone, none of two missing persons of one family: the fast way in."""
        possible = log_lr > -np.inf
        individual, missing, log_lr = individual[possible], missing[possible], log_lr[possible]
        families = missing_of[missing]
        order = np.lexsort((individual, missing, families))
        count = int(missing_of.max(initial=-1)) + 1
        first = np.searchsorted(families[order], np.arange(count + 1))
        return cls(
            individuals,
            missing_of,
            count,
            first.astype(np.int64),
            log_lr[order].astype(np.float64),
            np.arange(len(order) + 1, dtype=np.int64),
            missing[order].astype(np.int64),
            individual[order].astype(np.int64),
        )

    def __len__(self) -> int:
        return len(self.log_lr)

    @property
    def family_of_option(self) -> Integers:
        """The family of each option."""
        return np.repeat(np.arange(self.families), np.diff(self.first))

    @property
    def option_of_place(self) -> Integers:
        """The option of each place in `missing` and `individual`."""
        return np.repeat(np.arange(len(self)), np.diff(self.placed_first))

    def options_of(self, family: int) -> range:
        """The options of one family."""
        return range(int(self.first[family]), int(self.first[family + 1]))

    @cached_property
    def further(self) -> NDArray[np.bool_]:
        """Of which places the missing person is placed already: further parts of one person."""
        option = self.option_of_place
        again = np.zeros(len(option), dtype=np.bool_)
        again[1:] = (option[1:] == option[:-1]) & (self.missing[1:] == self.missing[:-1])
        return again

    @cached_property
    def persons(self) -> Integers:
        """How many missing persons each option names."""
        return np.bincount(self.option_of_place[~self.further], minlength=len(self)).astype(np.int64)

    def placed(self, option: int) -> tuple[tuple[int, int], ...]:
        """Pairs of missing person and individual."""
        where = slice(int(self.placed_first[option]), int(self.placed_first[option + 1]))
        return tuple(zip(self.missing[where].tolist(), self.individual[where].tolist(), strict=True))

    def summed_over_places(self, of_each_place: Floats) -> Floats:
        """For each option the sum over those whom it places."""
        total = np.zeros(len(self))
        np.add.at(total, self.option_of_place, of_each_place)
        return total

    def joined(self, other: "Packing") -> "Packing":
        """The options of both, family after family."""
        family = np.concatenate([self.family_of_option, other.family_of_option])
        order = np.argsort(family, kind="stable")
        lengths = np.concatenate([np.diff(self.placed_first), np.diff(other.placed_first)])
        starts = np.concatenate([self.placed_first[:-1], other.placed_first[:-1] + len(self.missing)])[order]
        lengths = lengths[order]
        first = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        places = np.arange(first[-1]) - np.repeat(first[:-1], lengths) + np.repeat(starts, lengths)
        return Packing(
            self.individuals,
            self.missing_of,
            self.families,
            np.searchsorted(family[order], np.arange(self.families + 1)).astype(np.int64),
            np.concatenate([self.log_lr, other.log_lr])[order],
            first,
            np.concatenate([self.missing, other.missing])[places],
            np.concatenate([self.individual, other.individual])[places],
        )

    def chosen(self, keep: NDArray[np.bool_]) -> "Packing":
        """Only some of the options."""
        places = keep[self.option_of_place]
        lengths = np.diff(self.placed_first)[keep]
        return Packing(
            self.individuals,
            self.missing_of,
            self.families,
            np.concatenate([[0], np.cumsum(keep)])[self.first].astype(np.int64),
            self.log_lr[keep],
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            self.missing[places],
            self.individual[places],
        )
