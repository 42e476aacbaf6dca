"""Which alleles may be treated as one.

Alleles that nobody carries can be lumped where the lumped chain is again a Markov chain: from every member of a class
the probability of reaching each other class must be the same (Kemeny & Snell, *Finite Markov Chains*, 1960, §6.3), in
the mothers' matrix *and* in the fathers'. (A peer asks for one of the two and is wrong where they differ: SEMANTICS
10.) The coarsest such partition is found by splitting classes until the rule holds.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.models import MarkerModel

Labels = NDArray[np.int64]

# Sums of the same numbers in another order differ by rounding alone.
_ROUNDING = 1e-14


def coarsest_lumping(model: MarkerModel, labels: Sequence[int] | Labels) -> Labels:
    """Classes of alleles, numbered by their first member; shape (alleles,).

    Alleles with different `labels` must stay apart: give those that somebody carries a label of their own, and all
    others the same. The silent allele always stays by itself.

    >>> from antigone.genetics.alleles import Repeat
    >>> from antigone.genetics.mutation import Equal, Mutation
    >>> alleles, frequencies = [Repeat(n) for n in (6, 7, 8, 9)], [0.1, 0.2, 0.3, 0.4]
    >>> model = MarkerModel.build("TH01", alleles, frequencies, Mutation.same(Equal(0.01)))
    >>> coarsest_lumping(model, [0, 1, 1, 1])
    array([0, 1, 1, 1])
    """
    classes = np.array(labels, dtype=np.int64)
    if model.silent is not None:
        classes[model.silent] = classes.max() + 1
    while True:
        split = _split(model, classes)
        if split.max() == classes.max() and len(np.unique(split)) == len(np.unique(classes)):
            return _by_first_member(split)
        classes = split


def lumped(model: MarkerModel, classes: Labels) -> MarkerModel:
    """The marker with one allele for each class. `classes` come from `coarsest_lumping`."""
    first = np.unique(classes, return_index=True)[1]
    belongs = (classes[:, None] == classes[first][None, :]).astype(np.float64)  # (alleles, classes)
    return MarkerModel._of(  # noqa: SLF001  checked already
        model.name,
        tuple(model.alleles[i] for i in first),
        model.frequencies @ belongs,
        np.ascontiguousarray((model.female @ belongs)[first]),
        np.ascontiguousarray((model.male @ belongs)[first]),
        model.x_linked,
        None if model.silent is None else int(classes[model.silent]),
        model.mutation,
    )


def _split(model: MarkerModel, classes: Labels) -> Labels:
    """One round: members of a class part where they reach some class with different probabilities."""
    names, number = np.unique(classes, return_inverse=True)
    belongs = (number[:, None] == np.arange(len(names))[None, :]).astype(np.float64)
    reached = np.hstack([model.female @ belongs, model.male @ belongs])
    split = np.zeros(len(classes), dtype=np.int64)
    fresh = 0
    for name in range(len(names)):
        waiting = np.flatnonzero(number == name)
        while len(waiting):
            like_first = np.all(
                np.abs(reached[waiting] - reached[waiting[0]]) <= _ROUNDING * np.abs(reached[waiting[0]]) + 1e-300,
                axis=1,
            )
            split[waiting[like_first]] = fresh
            fresh += 1
            waiting = waiting[~like_first]
    return split


def _by_first_member(classes: Labels) -> Labels:
    _, first, number = np.unique(classes, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    return np.asarray(rank[number], dtype=np.int64)
