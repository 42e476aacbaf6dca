"""Alleles for everybody in the world, dropped down from parents to children."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.models import MarkerModel
from antigone.genetics.simulation import drifted_frequencies, drop_alleles
from antigone.matching.preparation import Prepared
from antigone.scenarios.world import World

Codes = NDArray[np.int16]


@dataclass(frozen=True)
class Kinship:
    """Who descended from whom at one moment: parents as positions, or −1."""

    father: tuple[int, ...]
    mother: tuple[int, ...]

    @classmethod
    def of(cls, world: World) -> "Kinship":
        """As the world is now."""
        return cls(tuple(world.father), tuple(world.mother))


def drop_through(
    world: World,
    before: Kinship,
    changed: set[int],
    prepared: Prepared,
    fst: float,
    chance: Mapping[str, np.random.Generator],
) -> Codes:
    """Genotypes as positions of alleles in the models; shape (people, markers, 2), paternal allele first.

    The families of the register as they were `before` unlisted relatives and other fathers came in are drawn by
    themselves, then the `changed` households anew, and strangers apart: an operation with and one without such
    relatives share the genotypes of everybody else.
    """
    founders = _founder_frequencies(prepared.models, fst, chance["drift"])
    everybody = np.zeros((len(world), len(prepared.models), 2), dtype=np.int16)
    listed = len(before.father)
    home = np.array(world.household)
    again = np.flatnonzero(np.isin(home, sorted(changed)))
    strangers = np.setdiff1d(np.arange(listed, len(world)), again)
    now = Kinship.of(world)
    for people, kinship, name in (
        (np.arange(listed), before, "genotypes"),
        (again, now, "genotypes of changed families"),
        (strangers, now, "genotypes of strangers"),
    ):
        everybody[people] = _drop(people, kinship, prepared, founders, chance[name])
    return everybody


def _founder_frequencies(
    models: Sequence[MarkerModel], fst: float, rng: np.random.Generator
) -> list[NDArray[np.float64]]:
    return [drifted_frequencies(model.frequencies, fst, rng) for model in models]


def _drop(
    people: NDArray[np.intp],
    kinship: Kinship,
    prepared: Prepared,
    founders: Sequence[NDArray[np.float64]],
    rng: np.random.Generator,
) -> Codes:
    """Genotypes of people among whom are all their parents."""
    position = {int(person): k for k, person in enumerate(people)}
    father, mother = (
        np.array([position.get(side[person], -1) for person in people.tolist()], dtype=np.int64)
        for side in (kinship.father, kinship.mother)
    )
    order = np.argsort(_depth(father, mother), kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    father, mother = (np.where(side >= 0, rank[side], -1)[order] for side in (father, mother))
    dropped = drop_alleles(father, mother, prepared.models, rng, linked=prepared.linked, founder_frequencies=founders)
    return dropped[rank]


def _depth(father: NDArray[np.int64], mother: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many generations of known ancestors everybody has."""
    depth = np.zeros(len(father), dtype=np.int64)
    while len(father):
        above = [np.where(side >= 0, depth[side] + 1, 0) for side in (father, mother)]
        deeper = np.maximum(*above)
        if np.array_equal(deeper, depth):
            break
        depth = deeper
    return depth
