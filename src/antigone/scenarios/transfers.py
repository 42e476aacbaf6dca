"""What arrives: bags by transfer, remains in bags, and which individual each remains is a part of."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from antigone.scenarios.presets import Preset


@dataclass(frozen=True, slots=True)
class Remains:
    """One remains as it was received: its transfer (from 0), its bag (counted over all transfers), whose it is.

    `part` says that more of the same individual came elsewhere.
    """

    transfer: int
    bag: int
    individual: int
    part: bool


@dataclass(frozen=True)
class Arrival:
    """All that was received. `bags` holds each bag's transfer, `remains` stand in the order of bags."""

    bags: tuple[int, ...]
    remains: tuple[Remains, ...]
    individuals: int

    def bags_by_transfer(self, transfers: int) -> list[int]:
        """How many bags came with each transfer."""
        return [self.bags.count(transfer) for transfer in range(transfers)]

    def first_transfers(self) -> list[int]:
        """The transfer with which the first remains of each individual came."""
        first: dict[int, int] = {}
        for remains in self.remains:
            first.setdefault(remains.individual, remains.transfer)
        return [first[individual] for individual in range(self.individuals)]


def scaled(count: int, scale: float) -> int:
    """A count at another scale: rounded, halves up, at least 1.

    >>> scaled(1212, 1.0), scaled(1245, 0.02), scaled(1200, 0.0001)
    (1212, 25, 1)
    """
    return max(1, math.floor(count * scale + 0.5))


def shares(weights: Sequence[float]) -> np.ndarray:
    """Weights as probabilities."""
    values = np.array(weights, dtype=np.float64)
    return np.asarray(values / values.sum())


def receive(preset: Preset, scale: float, rng: np.random.Generator) -> Arrival:
    """Fill the bags of every transfer with the remains of people, each once or in several parts."""
    bags = tuple(t for t, transfer in enumerate(preset.transfers) for _ in range(scaled(transfer.bags, scale)))
    people = 1 + rng.choice(len(preset.people_in_bag), size=len(bags), p=shares(preset.people_in_bag))
    places = np.repeat(np.arange(len(bags)), people)  # one place in a bag for each remains
    parts = _parts_of_individuals(preset, len(places), rng)
    individual = _place_parts(parts, places, bags, preset.part_in_other_transfer, rng)
    remains = tuple(
        Remains(bags[bag], int(bag), int(who), bool(parts[who] > 1))
        for bag, who in zip(places.tolist(), individual, strict=True)
    )
    return Arrival(bags, remains, len(parts))


def _parts_of_individuals(preset: Preset, places: int, rng: np.random.Generator) -> list[int]:
    """How many remains each individual is, so that all places are taken."""
    drawn = 1 + rng.choice(len(preset.parts), size=places, p=shares(preset.parts))
    taken = np.cumsum(drawn)
    count = int(np.searchsorted(taken, places)) + 1
    parts = drawn[:count].tolist()
    parts[-1] -= int(taken[count - 1]) - places
    return [int(one) for one in parts]


def _place_parts(
    parts: Sequence[int], places: np.ndarray, bags: Sequence[int], elsewhere: float, rng: np.random.Generator
) -> list[int]:
    """Which individual lies in which place. Those in most parts come first, while there is room in many bags."""
    individual = [-1] * len(places)
    free: list[deque[int]] = [deque() for _ in range(max(bags) + 1)]
    for place in rng.permutation(len(places)).tolist():
        free[bags[places[place]]].append(place)
    for who in sorted(range(len(parts)), key=lambda who: -parts[who]):
        used: set[int] = set()
        home: int | None = None
        for _ in range(parts[who]):
            transfer = _transfer_of_part(home, free, elsewhere, rng)
            place = _place_in(free[transfer], places, used)
            individual[place] = who
            used.add(int(places[place]))
            home = transfer if home is None else home
    return individual


def _transfer_of_part(home: int | None, free: Sequence[deque[int]], elsewhere: float, rng: np.random.Generator) -> int:
    """Where the next part comes from: the first from anywhere by room, a further one mostly from the same transfer."""
    leaves = rng.random() < elsewhere
    if home is not None and not leaves and free[home]:
        return home
    room = np.array([len(places) if t != home else 0 for t, places in enumerate(free)], dtype=np.float64)
    if not room.any():
        return home if home is not None else 0
    return int(np.searchsorted(np.cumsum(room), rng.random() * room.sum(), side="right"))


def _place_in(free: deque[int], places: np.ndarray, used: set[int]) -> int:
    """A free place in a bag that holds nothing of this individual yet, where there is one."""
    for _ in range(len(free)):
        place = free.popleft()
        if int(places[place]) not in used:
            return place
        free.append(place)
    return free.popleft()
