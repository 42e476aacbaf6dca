"""A marker made ready for computing: its alleles in order, their frequencies, and how they mutate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.alleles import Allele, Silent
from antigone.genetics.mutation import NO_MUTATION, Mutation, MutationModel, NoMutation

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]


class ModelError(ValueError):
    """Alleles, frequencies and mutation do not make a marker."""


@dataclass(frozen=True, eq=False)
class MarkerModel:
    """One marker with all that a likelihood needs.

    `frequencies` has shape (alleles,), `female` and `male` (alleles, alleles): row = the parent's allele, column =
    what the child gets from the mother or father. `silent` is the index of the silent allele, or None.
    """

    name: str
    alleles: tuple[Allele, ...]
    frequencies: Vector
    female: Matrix
    male: Matrix
    x_linked: bool = False
    silent: int | None = None
    mutation: str = "none"
    index: Mapping[Allele, int] = field(default_factory=dict, repr=False)

    @classmethod
    def build(
        cls,
        name: str,
        alleles: Sequence[Allele],
        frequencies: Sequence[float] | Vector,
        mutation: Mutation = NO_MUTATION,
        *,
        x_linked: bool = False,
    ) -> "MarkerModel":
        """Check and compute the matrices. The frequencies are used as they are; normalising is the table's business.

        A silent allele neither mutates nor is mutated to (as in Familias).
        """
        p = np.array(frequencies, dtype=np.float64)
        if len(alleles) != len(p) or not len(p):
            raise ModelError(f"{name}: {len(alleles)} alleles and {len(p)} frequencies")
        if len(set(alleles)) != len(alleles):
            raise ModelError(f"{name}: an allele stands twice in the table")
        if not np.all(np.isfinite(p)) or np.any(p < 0) or p.sum() <= 0:
            raise ModelError(f"{name}: frequencies must be positive numbers")
        silent = next((i for i, allele in enumerate(alleles) if isinstance(allele, Silent)), None)
        female, male = (_matrix(model, alleles, p, silent) for model in (mutation.female, mutation.male))
        return cls._of(name, tuple(alleles), p, female, male, x_linked, silent, mutation.describe())

    @classmethod
    def _of(
        cls,
        name: str,
        alleles: tuple[Allele, ...],
        frequencies: Vector,
        female: Matrix,
        male: Matrix,
        x_linked: bool,
        silent: int | None,
        mutation: str,
    ) -> "MarkerModel":
        index = {allele: i for i, allele in enumerate(alleles)}
        return cls(name, alleles, frequencies, female, male, x_linked, silent, mutation, index)

    def __len__(self) -> int:
        return len(self.alleles)

    def without_mutation(self) -> "MarkerModel":
        """The same marker where alleles pass unchanged."""
        identity = np.eye(len(self))
        return self._of(
            self.name,
            self.alleles,
            self.frequencies,
            identity,
            identity,
            self.x_linked,
            self.silent,
            NoMutation().describe(),
        )


def _matrix(model: MutationModel, alleles: Sequence[Allele], p: Vector, silent: int | None) -> Matrix:

    if silent is None:
        return np.ascontiguousarray(model.matrix(alleles, p))
    shown = [i for i in range(len(alleles)) if i != silent]
    matrix = np.eye(len(alleles))
    matrix[np.ix_(shown, shown)] = model.matrix([alleles[i] for i in shown], p[shown] / p[shown].sum())
    return matrix
