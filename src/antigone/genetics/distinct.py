"""What is distinct among things of which many are one object, as the readers of profiles share what is alike."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

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


def each_object_once(things: Iterable[Thing]) -> list[Thing]:
    """The distinct objects alone."""
    return list({id(thing): thing for thing in things}.values())
