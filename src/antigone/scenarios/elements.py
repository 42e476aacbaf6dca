"""Which bones came with which remains: the parts of one person have none in common, a whole body has them all."""

from collections.abc import Sequence

import numpy as np

from antigone.scenarios.transfers import Arrival

ELEMENTS = (
    "skull",
    "spine",
    "pelvis",
    "left humerus",
    "right humerus",
    "left forearm",
    "right forearm",
    "left femur",
    "right femur",
    "left lower leg",
    "right lower leg",
)


def elements_present(arrival: Arrival, lost: float, rng: np.random.Generator) -> list[tuple[str, ...]]:
    """The elements of each remains, so that one that is there twice in a bag means two people.

    Each part of somebody in several parts has at least one element, while there are as many; of the others a share
    `lost` came with none of the parts.
    """
    found: list[tuple[str, ...]] = [ELEMENTS] * len(arrival.remains)
    parts: dict[int, list[int]] = {}
    for place, remains in enumerate(arrival.remains):
        if remains.part:
            parts.setdefault(remains.individual, []).append(place)
    for individual in sorted(parts):
        for place, elements in zip(parts[individual], _shared_out(len(parts[individual]), lost, rng), strict=True):
            found[place] = elements
    return found


def _shared_out(parts: int, lost: float, rng: np.random.Generator) -> Sequence[tuple[str, ...]]:
    order = rng.permutation(len(ELEMENTS)).tolist()
    missing, owner = rng.random(len(ELEMENTS)) < lost, rng.integers(parts, size=len(ELEMENTS))
    shares: list[list[int]] = [[] for _ in range(parts)]
    for rank, element in enumerate(order):
        if rank < parts:
            shares[rank].append(element)
        elif not missing[rank]:
            shares[int(owner[rank])].append(element)
    return [tuple(ELEMENTS[element] for element in sorted(share)) for share in shares]
