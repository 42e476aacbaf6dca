"""Genotypes by chance: alleles dropped down pedigrees, populations that drifted, and readings of degraded samples."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.markers import LinkedPair
from antigone.genetics.models import MarkerModel

Integers = NDArray[np.int64]
Codes = NDArray[np.int16]


def drop_alleles(
    father: Integers,
    mother: Integers,
    models: Sequence[MarkerModel],
    rng: np.random.Generator,
    *,
    male: NDArray[np.bool_] | None = None,
    linked: Sequence[LinkedPair] = (),
    founder_frequencies: Sequence[NDArray[np.float64]] | None = None,
) -> Codes:
    """Genotypes for everybody, by chance; shape (persons, markers, 2), paternal allele first, as indices of alleles.

    `father` and `mother` are positions of parents, who come before their children, or −1: that allele is then drawn
    from the population (`founder_frequencies`, one vector for each marker, replaces the models' own). Alleles mutate
    on their way by the models' matrices. `linked` markers recombine with their fraction. At X-linked markers `male`
    is needed; a male has his mother's allele twice.
    """
    people = len(father)
    genotypes = np.zeros((people, len(models), 2), dtype=np.int16)
    generation = _generations(father, mother)
    partner = _partners(models, linked)
    frequencies = founder_frequencies or [model.frequencies for model in models]
    for level in range(int(generation.max(initial=0)) + 1):
        here = np.flatnonzero(generation == level)
        for side, parents in enumerate((father, mother)):
            from_population = here[parents[here] < 0]
            for m in range(len(models)):
                p = frequencies[m] / frequencies[m].sum()
                genotypes[from_population, m, side] = rng.choice(len(p), size=len(from_population), p=p)
            children = here[parents[here] >= 0]
            _pass_on(genotypes, children, parents[children], side, models, partner, rng, male)
    if any(model.x_linked for model in models):
        if male is None:
            raise ValueError("X-linked markers need everybody's sex")
        for m, model in enumerate(models):
            if model.x_linked:
                genotypes[male, m, 0] = genotypes[male, m, 1]
    return genotypes


def drifted_frequencies(frequencies: NDArray[np.float64], fst: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Frequencies of a population that drifted from these by `fst` (Balding & Nichols: a Dirichlet distribution)."""
    if fst == 0:
        return frequencies
    return np.asarray(rng.dirichlet(frequencies / frequencies.sum() * (1 - fst) / fst))


def _generations(father: Integers, mother: Integers) -> Integers:
    generation = np.zeros(len(father), dtype=np.int64)
    for i in range(len(father)):
        parents = [parent for parent in (father[i], mother[i]) if parent >= 0]
        if any(parent >= i for parent in parents):
            raise ValueError(f"person {i} comes before a parent")
        if parents:
            generation[i] = 1 + max(generation[parent] for parent in parents)
    return generation


def _partners(models: Sequence[MarkerModel], linked: Sequence[LinkedPair]) -> dict[int, tuple[int, float]]:
    """For the later marker of a linked pair: the earlier one, and how often they recombine."""
    position = {model.name: m for m, model in enumerate(models)}
    partner = {}
    for pair in linked:
        if pair.first in position and pair.second in position:
            first, second = sorted((position[pair.first], position[pair.second]))
            partner[second] = (first, pair.recombination)
    return partner


def _pass_on(
    genotypes: Codes,
    children: Integers,
    parents: Integers,
    side: int,
    models: Sequence[MarkerModel],
    partner: dict[int, tuple[int, float]],
    rng: np.random.Generator,
    male: NDArray[np.bool_] | None,
) -> None:
    picked = np.zeros((len(models), len(children)), dtype=np.int64)  # which of the parent's two alleles
    for m, model in enumerate(models):
        if m in partner:
            earlier, recombination = partner[m]
            crossed = rng.random(len(children)) < recombination
            picked[m] = np.where(crossed, 1 - picked[earlier], picked[earlier])
        else:
            picked[m] = rng.integers(0, 2, len(children))
        if model.x_linked and side == 0:
            picked[m] = 1  # a father has one X
        alleles = genotypes[parents, m, picked[m]]
        genotypes[children, m, side] = _mutated(alleles, model.male if side == 0 else model.female, rng)
    if male is not None and side == 0:
        for m, model in enumerate(models):
            if model.x_linked:  # sons get no X from their father; theirs is copied from the mother's side at the end
                genotypes[children[male[children]], m, 0] = 0


def _mutated(alleles: Codes, matrix: NDArray[np.float64], rng: np.random.Generator) -> Codes:
    """Pass alleles through a mutation matrix; one uniform number each, so that a stream of chance is easy to follow."""
    cumulative = np.cumsum(matrix, axis=1)
    cumulative[:, -1] = 1.0
    u = rng.random(len(alleles))
    return np.asarray((u[:, None] >= cumulative[alleles]).sum(axis=1), dtype=np.int16)
