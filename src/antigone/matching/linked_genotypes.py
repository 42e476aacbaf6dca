"""P(genotypes at two linked markers | relatives), kept as what it is a sum of.

Given which of a parent's alleles each meiosis passed on, the two markers are independent. The table of genotypes at
both is therefore a sum of few products, one for each inheritance that the relatives leave possible: a table of tens of
thousands of numbers is kept as two narrow ones, and what readings at both markers are worth costs as little.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LinkedGenotypes:
    """P(genotype i at the first marker, j at the second) = Σ over inheritances v of `first[i, v] · second[j, v]`.

    Shapes (genotypes, inheritances); the whole sums to 1.

    >>> one = LinkedGenotypes(np.array([[0.5, 0.0], [0.0, 0.5]]), np.array([[0.9, 0.1], [0.1, 0.9]]))
    >>> one.table().tolist()
    [[0.45, 0.05], [0.05, 0.45]]
    >>> round(float(one.under(np.array([1.0, 0.0]), np.array([1.0, 0.0]))), 10)
    0.45
    """

    first: Floats
    second: Floats

    @classmethod
    def of(cls, table: Floats) -> "LinkedGenotypes":
        """A table of genotypes at both markers, whatever it is a sum of."""
        if table.shape[0] < table.shape[1]:
            return cls(np.eye(len(table)), np.ascontiguousarray(table.T))
        return cls(table, np.eye(table.shape[1]))

    @classmethod
    def independent(cls, first: Floats, second: Floats) -> "LinkedGenotypes":
        """Two markers that say nothing of one another."""
        return cls(first[:, None], second[:, None])

    @property
    def shape(self) -> tuple[int, int]:
        """How many genotypes there are at either marker."""
        return len(self.first), len(self.second)

    def table(self) -> Floats:
        """The whole, shape (genotypes at the first, genotypes at the second)."""
        return np.asarray(self.first @ self.second.T)

    def under(self, first: Floats, second: Floats) -> Floats:
        """Σ `first[…, i] · second[…, j]` · P(i, j): the probability of readings with these likelihoods.

        Rows of readings give all pairs of them, shape (readings at the first, readings at the second).
        """
        return np.asarray((first @ self.first) @ (second @ self.second).T)
