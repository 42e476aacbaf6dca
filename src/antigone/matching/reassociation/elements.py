"""Skeletal elements of which everybody has one: two of them are two people."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from antigone.matching.operation import Individual

# There is one of each.
_SINGLE = frozenset(
    (
        "skull", "cranium", "mandible", "sternum", "manubrium", "sacrum", "coccyx", "hyoid", "atlas", "axis",
        "frontal", "occipital", "sphenoid", "vomer", "torso", "head", "pelvis",
    )
)  # fmt: skip
# There are several on each side, so that two of them are two people only where they are numbered.
_SEVERAL = re.compile(r"\b(ribs?|vertebrae?|phalan|metacarp|metatars|carpal|tarsal|tooth|teeth|finger|toe|sesamoid)")
# Two of these may be of one bone.
_INCOMPLETE = re.compile(r"\b(fragment|fragments|part|parts|piece|pieces|portion|shaft)\b")
_SIDED = re.compile(r"\b(left|right)\b")


def is_unique(element: str) -> bool:
    """Whether everybody has at most one of this element.

    >>> [is_unique(name) for name in ("left femur", "femur", "Mandible", "left rib", "left rib 3", "left femur part")]
    [True, False, True, False, True, False]
    """
    name = _plain(element)
    if _INCOMPLETE.search(name):
        return False
    if name in _SINGLE:
        return True
    if not _SIDED.search(name):
        return False
    return not _SEVERAL.search(name) or bool(re.search(r"\d", name))


def counts_of_elements(individuals: Iterable[Individual]) -> Counter[str]:
    """How often each unique element is there."""
    return Counter(
        _plain(element) for individual in individuals for element in individual.elements if is_unique(element)
    )


def repeated_elements(individuals: Sequence[Individual]) -> tuple[str, ...]:
    """The unique elements that are there more than once."""
    return tuple(element for element, count in sorted(counts_of_elements(individuals).items()) if count > 1)


def _plain(element: str) -> str:
    return " ".join(element.casefold().split())
