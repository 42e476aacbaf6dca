"""What is distinct among things of which many are one object, as the readers of profiles share what is alike."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import TypeVar

Key = TypeVar("Key")
Thing = TypeVar("Thing")


def distinct_objects(things: Sequence[Thing]) -> tuple[list[Thing], list[int]]:
    """The distinct objects in the order in which they first stand, and the number of each thing among them.

    Two objects that are equal count as two: what is made of each must not tell them apart. Nothing is hashed, which for
    readings takes long.

    >>> same = (12, 13)
    >>> distinct_objects([same, (14, 15), same])
    ([(12, 13), (14, 15)], [0, 1, 0])
    """
    ids = list(map(id, things))  # while `things` holds them all, no two have one identity
    found = dict(zip(ids, things, strict=True))
    number = dict(zip(found, range(len(found)), strict=True))
    return list(found.values()), list(map(number.__getitem__, ids))


def columns_of(rows: Iterable[Mapping[Key, tuple[Thing, ...]]], keys: Sequence[Key]) -> list[list[tuple[Thing, ...]]]:
    """What stands under each key in each of the rows; nothing, `()`, where a row lacks it.

    Each row is gone through once: rows of a country lie all over memory, and going to each for every key takes longest.

    >>> columns_of([{"a": (1,), "b": (2,)}, {"b": (3,)}], ["b", "a"])
    [[(2,), (3,)], [(1,), ()]]
    """
    cells = [cell for row in rows for cell in map(row.get, keys, repeat(()))]
    return [cells[k :: len(keys)] for k in range(len(keys))]
