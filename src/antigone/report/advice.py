"""What would make a hit stronger, or undo it: plain rules on what was typed and what was not."""

from antigone.genetics.observation import Reads
from antigone.genetics.pedigrees import Pedigree
from antigone.matching.hits import Hit
from antigone.matching.operation import Family
from antigone.report.words import counted, listing, significant

# Above this many chance pairs as good as a hit, chance is said first.
CHANCE_COUNTS = 0.01


def advice(hit: Hit, markers: tuple[str, ...], *, ranked: bool = False) -> list[str]:
    """Sentences, the most urgent first; `markers` are all markers of the search.

    Where samples were `ranked` by what each can be expected to give, no rule of thumb names any.
    """
    found = [*_against(hit), *_chance(hit), *_relatives(hit, ranked=ranked)]
    untyped = [name for name in markers if not hit.individual.profile.readings.get(name)]
    if untyped:
        which = f": {', '.join(untyped)}" if len(untyped) <= 8 else ""
        found.append(
            f"Type the remains again: {counted(len(untyped), 'marker')} of {len(markers)} gave no result{which}."
        )
    unseen = [name for name in hit.by_marker if _has_unseen_allele(hit, name)]
    if len(unseen) > 4:
        found.append(
            f"A second extract: at {counted(len(unseen), 'marker')} one allele was seen, another may be hidden."
        )
    elif unseen:
        found.append(
            f"A second extract would show whether the single allele at {listing(unseen)} stands for one or two."
        )
    return found


def _against(hit: Hit) -> list[str]:
    found = [f"Resolve what speaks against it: {text}." for text in hit.contradictions]
    if hit.exclusions:
        found.append(
            f"{counted(hit.exclusions, 'marker')} can be explained only by a mutation, an error or a drop-in: type "
            "the remains and the relatives there again."
        )
    return found


def _chance(hit: Hit) -> list[str]:
    _, high = hit.expected_coincidences
    if high <= CHANCE_COUNTS:
        return []
    chance = f"Up to {significant(high)} pairs of unrelated people are expected to do as well in this search"
    return [f"{chance}: by itself this hit cannot be told from chance."]


def _relatives(hit: Hit, *, ranked: bool) -> list[str]:
    family, person = hit.family, hit.missing_person
    if person in family.profiles:
        return ["A second sample of the remains should confirm the direct reference before anything else follows."]
    found = []
    untyped = _untyped_relatives(family, person)
    if len(family.profiles) == 1:
        found.append("One relative and one method alone: a second relative, or a second method, is needed.")
    if untyped and not ranked:
        found.append(
            f"Samples that would help most: {listing(untyped[:3])}, or anything that the missing person used in life."
        )
    elif not ranked:
        found.append(
            "A direct reference would help most: a sample taken in life, or something the missing person used."
        )
    if not family.pedigree.children(person):
        found.append(
            "An unlisted full brother or sister would fit these relatives as well: ask the family, and look for "
            "evidence that is not kinship."
        )
    return found


def _untyped_relatives(family: Family, person: str) -> list[str]:
    """The close ones first: parents, children, siblings, then the rest of the pedigree."""
    pedigree = family.pedigree
    return [
        f"{name} ({closeness})"
        for closeness, names in _by_closeness(pedigree, person)
        for name in names
        if name not in family.profiles and name not in family.missing
    ]


def _by_closeness(pedigree: Pedigree, person: str) -> list[tuple[str, list[str]]]:
    own = pedigree[person]
    parents = {"father": own.father, "mother": own.mother}
    children = [child.id for child in pedigree.children(person)]
    siblings = [
        other.id
        for other in pedigree.persons
        if other.id != person and {other.father, other.mother} & {own.father, own.mother} - {None}
    ]
    return [
        *((role, [name]) for role, name in parents.items() if name is not None),
        ("child", children),
        ("sibling", siblings),
    ]


def _has_unseen_allele(hit: Hit, marker: str) -> bool:
    readings = hit.individual.profile.readings.get(marker, ())
    return bool(readings) and all(reading.reads is Reads.OTHER_UNSEEN for reading in readings)
