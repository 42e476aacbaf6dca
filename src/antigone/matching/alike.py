"""Missing siblings whom the samples of their family cannot tell apart, whoever is found.

That two are so is known before any body is compared: their parents and siblings fit both alike. It stays so until
somebody is typed who descends from one of them, or they have a sample of their own.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from antigone.genetics.kinship import blood_relatives
from antigone.genetics.pedigrees import Pedigree
from antigone.matching.operation import Family
from antigone.matching.references import typed_persons


@dataclass(frozen=True, slots=True)
class AlikePersons:
    """Missing full siblings of one sex whom no sample tells apart; those of `deciding` would, were they typed."""

    family: str
    persons: tuple[str, ...]
    deciding: tuple[str, ...]


def alike_persons(families: Iterable[Family], markers: Sequence[str]) -> tuple[AlikePersons, ...]:
    """All of them, family by family."""
    return tuple(one for family in families if len(family.missing) > 1 for one in _of_family(family, markers))


def _of_family(family: Family, markers: Sequence[str]) -> Iterator[AlikePersons]:
    groups: list[list[str]] = []
    for first, second in indistinguishable(family, markers):
        # Whoever is like one of a group is like all of it.
        group = next((one for one in groups if first in one), None)
        if group is None:
            groups.append([first, second])
        elif second not in group:
            group.append(second)
    for group in groups:
        deciding = (one.id for one in family.pedigree.persons if ancestors(family.pedigree, one.id) & set(group))
        missing = set(family.missing)
        yield AlikePersons(family.name, tuple(group), tuple(name for name in deciding if name not in missing))


def indistinguishable(family: Family, markers: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pairs of missing full siblings of one sex whom no sample of the family tells apart.

    A sample tells them apart if it is of one of them, or of somebody who descends from one of them.
    """
    pedigree = family.pedigree
    typed = typed_persons(family, markers)
    told = set(typed) | {ancestor for name in typed for ancestor in ancestors(pedigree, name)}
    for k, first in enumerate(family.missing):
        for second in family.missing[k + 1 :]:
            one, other = pedigree[first], pedigree[second]
            siblings = one.father is not None and (one.father, one.mother) == (other.father, other.mother)
            if not (siblings and one.sex is other.sex) or {first, second} & told:
                continue
            if typed & blood_relatives(pedigree, first):
                yield first, second


def ancestors(pedigree: Pedigree, person: str) -> set[str]:
    """Everybody from whom somebody descends, as far as the pedigree says."""
    found: set[str] = set()
    waiting = [person]
    while waiting:
        one = pedigree[waiting.pop()]
        parents = [parent for parent in (one.father, one.mother) if parent is not None and parent not in found]
        found.update(parents)
        waiting += parents
    return found
