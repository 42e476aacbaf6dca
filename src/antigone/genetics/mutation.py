"""Mutation: the probability that a parent's allele reaches the child as another.

Every model gives a matrix `M` of shape (alleles, alleles): row = the parent's allele, column = what the child gets.
Fathers and mothers may mutate by different models and rates (`Mutation`).

Sources: Egeland, Kling & Mostad, *Relationship Inference with Familias and R* (2015), ch. 5 (equal, proportional,
stepwise with its two rates); Dawid, Mortera & Pascali, Forensic Sci Int 124 (2001) 55 (the stationary stepwise model);
Simonsson & Mostad, FSI Genetics 23 (2016) 217 (the stationary transform). Where the words of these leave a choice open,
ours is the one that Familias and pedmut took, as the tests against their matrices show.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.alleles import Allele, Repeat

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]


class MutationError(ValueError):
    """A mutation model cannot be used with these rates or these alleles."""


class MutationModel(Protocol):
    """A model: from the alleles of a marker and their frequencies to the matrix."""

    def matrix(self, alleles: Sequence[Allele], frequencies: Vector) -> Matrix:
        """Transition probabilities, shape (alleles, alleles), rows summing to 1."""
        ...

    def describe(self) -> str:
        """Name and parameters, as provenance states them."""
        ...


@dataclass(frozen=True, slots=True)
class NoMutation:
    """Alleles pass unchanged."""

    def matrix(self, alleles: Sequence[Allele], frequencies: Vector) -> Matrix:
        """The identity."""
        return np.eye(len(alleles))

    def describe(self) -> str:
        """Name and parameters."""
        return "none"


@dataclass(frozen=True, slots=True)
class Equal:
    """Every other allele is equally likely: diagonal 1 − R, elsewhere R / (n − 1).

    >>> Equal(0.1).matrix([Repeat(9), Repeat(10), Repeat(11)], np.array([0.2, 0.3, 0.5]))
    array([[0.9 , 0.05, 0.05],
           [0.05, 0.9 , 0.05],
           [0.05, 0.05, 0.9 ]])
    """

    rate: float

    def __post_init__(self) -> None:
        _require_rate(self.rate, "rate")

    def matrix(self, alleles: Sequence[Allele], frequencies: Vector) -> Matrix:
        """Shape (alleles, alleles)."""
        n = len(alleles)
        if n == 1:
            return np.ones((1, 1))
        matrix = np.full((n, n), self.rate / (n - 1))
        np.fill_diagonal(matrix, 1 - self.rate)
        return matrix

    def describe(self) -> str:
        """Name and parameters."""
        return f"equal(rate={self.rate!r})"


@dataclass(frozen=True, slots=True)
class Proportional:
    """The new allele is drawn by frequency: M = (1 − a) I + a 1 pᵀ, a = R / Σ p(1 − p). R is the overall rate."""

    rate: float

    def __post_init__(self) -> None:
        _require_rate(self.rate, "rate")

    def matrix(self, alleles: Sequence[Allele], frequencies: Vector) -> Matrix:
        """Shape (alleles, alleles). Raises `MutationError` where the rate is too high for these frequencies."""
        p = frequencies
        if len(p) <= 1:
            return np.ones((len(p), len(p)))
        heterozygosity = float(np.sum(p * (1 - p)))
        if heterozygosity <= 0:
            raise MutationError("proportional mutation needs at least two alleles with a frequency above 0")
        a = self.rate / heterozygosity
        if a * (1 - p.min()) > 1:
            raise MutationError(
                f"proportional mutation at rate {self.rate} needs a rate of at most "
                f"{heterozygosity / (1 - p.min()):.6g} with these frequencies"
            )
        matrix = np.tile(a * p, (len(p), 1))
        matrix[np.diag_indices(len(p))] += 1 - a
        return matrix

    def describe(self) -> str:
        """Name and parameters."""
        return f"proportional(rate={self.rate!r})"


@dataclass(frozen=True, slots=True)
class Stepwise:
    """A step of r repeats is `range` times as likely as one of r − 1; a change of microvariant has its own rate.

    Alleles with the same incomplete repeat form a group (9.3 and 10.3, for instance). Within a group the mutation
    probability `rate` is shared out by range^|difference|; `microvariant_rate` goes in equal parts to all alleles of
    the other groups. Rows are shared out over the alleles of the table, so that gaps in the ladder matter. An allele
    alone in its group keeps `rate`; with one group alone nobody uses `microvariant_rate`.
    """

    rate: float
    range: float = 0.1
    microvariant_rate: float = 0.0

    def __post_init__(self) -> None:
        _require_rate(self.rate + self.microvariant_rate, "rate + microvariant_rate")
        _require_rate(self.rate, "rate")
        _require_rate(self.microvariant_rate, "microvariant_rate")
        if not self.range > 0:
            raise MutationError(f"the range of a stepwise model must be positive, got {self.range}")

    def matrix(self, alleles: Sequence[Allele], frequencies: Vector) -> Matrix:
        """Shape (alleles, alleles). Raises `MutationError` for alleles without a repeat count."""
        repeats, group = _ladder(alleles, "stepwise")
        n = len(alleles)
        same_group = group[:, None] == group[None, :]
        steps = np.abs(repeats[:, None] - repeats[None, :])
        # By logarithms, shifted to each row's nearest neighbour: with a small range and a far neighbour the plain power
        # underflows and the row would lose its mutations.
        others = same_group & ~np.eye(n, dtype=bool)
        exponents = np.where(others, steps * np.log(self.range), -np.inf)
        nearest = exponents.max(axis=1, keepdims=True, initial=-np.inf)
        within = np.where(others, np.exp(exponents - np.where(np.isfinite(nearest), nearest, 0.0)), 0.0)
        shares = within.sum(axis=1, keepdims=True)
        matrix = np.divide(self.rate * within, shares, out=np.zeros((n, n)), where=shares > 0)
        elsewhere = n - same_group.sum(axis=1)
        matrix += np.where(same_group, 0.0, self.microvariant_rate / np.maximum(elsewhere, 1)[:, None])
        stays = 1 - self.rate * (shares[:, 0] > 0) - self.microvariant_rate * (elsewhere > 0)
        matrix[np.diag_indices(n)] = np.maximum(stays, 0)  # two rates that sum to 1 may round below it
        return matrix

    def describe(self) -> str:
        """Name and parameters."""
        return f"stepwise(rate={self.rate!r}, microvariant_rate={self.microvariant_rate!r}, range={self.range!r})"


@dataclass(frozen=True, slots=True)
class OneStep:
    """To the neighbours at exactly one repeat, half the rate to each where there are two."""

    rate: float

    def __post_init__(self) -> None:
        _require_rate(self.rate, "rate")

    def matrix(self, alleles: Sequence[Allele], frequencies: Vector) -> Matrix:
        """Shape (alleles, alleles). Raises `MutationError` for alleles that are not whole repeats."""
        repeats, group = _ladder(alleles, "onestep")
        if np.any(group != 0):
            raise MutationError("the onestep model takes whole repeats only, not microvariants such as 9.3")
        neighbours = np.abs(repeats[:, None] - repeats[None, :]) == 1
        count = neighbours.sum(axis=1, keepdims=True)
        matrix = np.where(neighbours, self.rate / np.maximum(count, 1), 0.0)
        matrix[np.diag_indices(len(alleles))] = np.where(count[:, 0] > 0, 1 - self.rate, 1.0)
        return matrix

    def describe(self) -> str:
        """Name and parameters."""
        return f"onestep(rate={self.rate!r})"


@dataclass(frozen=True, slots=True)
class Dawid:
    """The stationary stepwise model: R/pᵢ · (1 − r)/(2r(n − a)) · r^|i−j|, a = (1 − rⁿ)/(1 − r), i and j as ranks."""

    rate: float
    range: float = 0.1

    def __post_init__(self) -> None:
        _require_rate(self.rate, "rate")
        if not 0 < self.range < 1:
            raise MutationError(f"the range of the dawid model lies between 0 and 1, got {self.range}")

    def matrix(self, alleles: Sequence[Allele], frequencies: Vector) -> Matrix:
        """Shape (alleles, alleles). Raises `MutationError` where a rare allele would need a row above 1."""
        n, r = len(alleles), self.range
        if n == 1:
            return np.ones((1, 1))
        if np.any(frequencies <= 0):
            raise MutationError("the dawid model needs a frequency above 0 for every allele")
        a = (1 - r**n) / (1 - r)
        ranks = np.arange(n)
        distance = np.abs(ranks[:, None] - ranks[None, :])
        matrix = self.rate / frequencies[:, None] * (1 - r) / (2 * r * (n - a)) * r**distance
        np.fill_diagonal(matrix, 0.0)
        leaving = matrix.sum(axis=1)
        if np.any(leaving > 1):
            rare = int(np.argmax(leaving))
            raise MutationError(
                f"allele {alleles[rare]} (frequency {frequencies[rare]:.3g}) is too rare for the dawid model at rate "
                f"{self.rate}: it would mutate with probability {leaving[rare]:.3g}"
            )
        np.fill_diagonal(matrix, 1 - leaving)
        return matrix

    def describe(self) -> str:
        """Name and parameters."""
        return f"dawid(rate={self.rate!r}, range={self.range!r})"


@dataclass(frozen=True, slots=True)
class RepeatsOnly:
    """Another model for the repeat alleles alone: named ones (a rest allele) neither mutate nor are mutated to.

    Frequency databases often end with a rest allele that stands for no one length; on a ladder it has no place.
    """

    model: MutationModel

    def matrix(self, alleles: Sequence[Allele], frequencies: Vector) -> Matrix:
        """Shape (alleles, alleles)."""
        repeats = [i for i, allele in enumerate(alleles) if isinstance(allele, Repeat)]
        matrix = np.eye(len(alleles))
        if repeats:
            shares = frequencies[repeats] / frequencies[repeats].sum()
            matrix[np.ix_(repeats, repeats)] = self.model.matrix([alleles[i] for i in repeats], shares)
        return matrix

    def describe(self) -> str:
        """Name and parameters."""
        return f"repeat alleles only: {self.model.describe()}"


@dataclass(frozen=True, slots=True)
class CustomMatrix:
    """A matrix given as it is, rows and columns in the order of the marker's alleles."""

    rows: tuple[tuple[float, ...], ...]

    def matrix(self, alleles: Sequence[Allele], frequencies: Vector) -> Matrix:
        """Shape (alleles, alleles). Raises `MutationError` for a wrong shape, a negative entry or a wrong row sum."""
        matrix = np.array(self.rows, dtype=np.float64)
        n = len(alleles)
        if matrix.shape != (n, n):
            raise MutationError(f"a mutation matrix of shape {matrix.shape} for a marker of {n} alleles")
        if np.any(matrix < 0):
            raise MutationError("a mutation matrix with a negative entry")
        worst = int(np.argmax(np.abs(matrix.sum(axis=1) - 1)))
        if abs(matrix[worst].sum() - 1) > 1e-6:
            raise MutationError(f"row {alleles[worst]} of a mutation matrix sums to {matrix[worst].sum():.9g}, not 1")
        return matrix

    def describe(self) -> str:
        """Name and parameters."""
        return f"custom({len(self.rows)} × {len(self.rows)})"


@dataclass(frozen=True, slots=True)
class Stationary:
    """Another model, transformed so that the frequencies stay as they are from generation to generation.

    P = I + diag(d)(M − I) with d = R v / ((1 − Σ diag(M) v) p): v is the stationary vector of M and R = 1 − Σ diag(M) p
    the expected mutation rate, which the transform keeps (Simonsson & Mostad 2016, "PM").
    """

    model: MutationModel

    def matrix(self, alleles: Sequence[Allele], frequencies: Vector) -> Matrix:
        """Shape (alleles, alleles). Raises `MutationError` where the transform leaves the probabilities."""
        return stationary(self.model.matrix(alleles, frequencies), frequencies)

    def describe(self) -> str:
        """Name and parameters."""
        return f"stationary({self.model.describe()})"


def stationary(matrix: Matrix, frequencies: Vector) -> Matrix:
    """The transform "PM" of a mutation matrix; shapes (alleles, alleles) and (alleles,)."""
    n = len(frequencies)
    expected_rate = 1 - float(np.diag(matrix) @ frequencies)
    if n <= 1 or expected_rate == 0:
        return matrix.copy()
    if np.any(frequencies <= 0):
        raise MutationError("the stationary transform needs a frequency above 0 for every allele")
    v = _stationary_vector(matrix)
    leaving = 1 - float(np.diag(matrix) @ v)
    d = expected_rate * v / (leaving * frequencies)
    if np.any(d * (1 - np.diag(matrix)) > 1):
        raise MutationError(
            "the stationary transform of this model would need a probability above 1: an allele is too rare"
        )
    return np.eye(n) + d[:, None] * (matrix - np.eye(n))


@dataclass(frozen=True, slots=True)
class Mutation:
    """What mothers and what fathers do."""

    female: MutationModel
    male: MutationModel

    @classmethod
    def same(cls, model: MutationModel) -> "Mutation":
        """One model for both sexes."""
        return cls(model, model)

    def describe(self) -> str:
        """Names and parameters."""
        return f"female {self.female.describe()}, male {self.male.describe()}"


NO_MUTATION = Mutation.same(NoMutation())


def _stationary_vector(matrix: Matrix) -> Vector:
    """The left eigenvector of eigenvalue 1, summing to 1: solved as a linear system, which is exact for small rates."""
    n = matrix.shape[0]
    system = (matrix - np.eye(n)).T
    system[-1] = 1.0
    try:
        return np.asarray(np.linalg.solve(system, np.eye(n)[:, -1]), dtype=np.float64)
    except np.linalg.LinAlgError:
        raise MutationError(
            "the model has no unique stationary distribution: some alleles cannot reach others"
        ) from None


def _require_rate(rate: float, name: str) -> None:
    if not 0 <= rate <= 1:
        raise MutationError(f"the {name} of a mutation model is a probability, got {rate}")


def _ladder(alleles: Sequence[Allele], model: str) -> tuple[Vector, NDArray[np.int64]]:
    """Whole repeats, and each allele's microvariant group; within a group whole repeats give the distance."""
    for allele in alleles:
        if not isinstance(allele, Repeat):
            raise MutationError(f"the {model} model needs repeat counts; allele ‘{allele}’ has none")
    repeats = np.array([a.repeats for a in alleles if isinstance(a, Repeat)], dtype=np.float64)
    group = np.array([a.bases for a in alleles if isinstance(a, Repeat)])
    return repeats, group
