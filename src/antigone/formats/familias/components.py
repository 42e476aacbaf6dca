"""The connected components of a project's pedigrees, as the R package pedFamilias 0.2.5 makes them.

This is for comparing our reading with its reading. It keeps the conventions of that package, some of which are guesses
that nothing else here relies on: everybody has both parents or none, so that missing ones are added; who is of unknown
sex counts as a woman; of two equal pedigrees of a family the "Reference pedigree" is left out.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from antigone.formats.familias.project import (
    REFERENCE_PEDIGREE,
    Dvi,
    DviPerson,
    FamiliasProject,
    Family,
    FamilyPedigree,
    Genotype,
    Person,
    Sex,
    infer_sexes,
)

UNTYPED = "-/-"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a component. `sex_is_known` is False where neither the file nor a partner tells the sex."""

    name: str
    father: str | None
    mother: str | None
    sex: Sex
    sex_is_known: bool
    genotypes: dict[str, str]


@dataclass(frozen=True, slots=True)
class Component:
    """People who are connected by relations, in the order of the file; added parents come last."""

    members: tuple[Member, ...]


def components(project: FamiliasProject) -> dict[str, Component]:
    """The components of all pedigrees, by a path as "/Family/Pedigree/_comp1".

    Where a pedigree has one component, its path ends with the pedigree. With a DVI section only that counts. Genotypes
    are "a/b", or "-/-" where there is none, for each marker of the frequency database.

    Raises `ValueError` for "Direct" references and where a parent may be father or mother.
    """
    markers = [marker.name for marker in project.frequencies.markers]
    found: dict[str, Component] = {}
    for path, pedigree in _pedigrees(project):
        parts = _connected(_with_parents(pedigree, markers))
        for number, members in enumerate(parts, 1):
            found[path if len(parts) == 1 else f"{path}/_comp{number}"] = Component(tuple(members))
    return found


@dataclass(frozen=True, slots=True)
class _Pedigree:
    sexes: dict[str, Sex]
    relations: tuple[tuple[str, str], ...]
    dna: dict[str, tuple[Genotype, ...]]


def _pedigrees(project: FamiliasProject) -> Iterable[tuple[str, _Pedigree]]:
    if project.dvi is not None:
        yield from _dvi_pedigrees(project.dvi)
    elif project.pedigrees:
        dna = _dna(project.persons)
        for pedigree in project.pedigrees:
            _refuse_identities(project.known.identities + pedigree.identities)
            relations = project.pedigree_relations(pedigree)
            yield f"/{pedigree.name}", _Pedigree(project.pedigree_sexes(pedigree), relations, dna)
    elif project.persons:
        yield "", _Pedigree(project.pedigree_sexes(), project.known.relations, _dna(project.persons))


def _dvi_pedigrees(dvi: Dvi) -> Iterable[tuple[str, _Pedigree]]:
    if dvi.unidentified:
        sexes = {person.name: person.sex for person in dvi.unidentified}
        yield "/Unidentified persons", _Pedigree(sexes, (), _dna(dvi.unidentified))
    for family in dvi.families:
        for path, pedigree in _family_pedigrees(family):
            _refuse_identities(pedigree.identities)
            yield path, _Pedigree(family.sexes, pedigree.relations, _dna(family.persons))


def _family_pedigrees(family: Family) -> Iterable[tuple[str, FamilyPedigree]]:
    links = [pedigree.links for pedigree in family.pedigrees]
    if len(links) == 2 and links[0] == links[1]:
        others = [pedigree for pedigree in family.pedigrees if pedigree.name != REFERENCE_PEDIGREE]
        yield from ((f"/{family.name}", pedigree) for pedigree in others)
    else:
        yield from ((f"/{family.name}/{pedigree.name}", pedigree) for pedigree in family.pedigrees)


def _dna(persons: Iterable[Person | DviPerson]) -> dict[str, tuple[Genotype, ...]]:
    """The DNA by name; of two persons of one name, the first counts."""
    dna: dict[str, tuple[Genotype, ...]] = {}
    for person in persons:
        dna.setdefault(person.name, person.dna)
    return dna


def _refuse_identities(identities: tuple[tuple[str, str], ...]) -> None:
    if identities:
        raise ValueError(f"a “Direct” reference has no place in a pedigree: {identities[0]}")


def _with_parents(pedigree: _Pedigree, markers: list[str]) -> list[Member]:
    """Everybody with both parents or none."""
    known = infer_sexes(pedigree.sexes, pedigree.relations)
    sexes = {name: Sex.FEMALE if sex is Sex.UNKNOWN else sex for name, sex in known.items()}
    parents: dict[Sex, dict[str, str]] = {Sex.MALE: {}, Sex.FEMALE: {}}
    for parent, child in pedigree.relations:
        if child in parents[sexes[parent]]:
            raise ValueError(f"{child!r} would have two parents of one sex, {parent!r} among them")
        parents[sexes[parent]][child] = parent
    added = _add_missing(list(sexes), parents)
    unknown = {name for name, sex in known.items() if sex is Sex.UNKNOWN}
    return [
        Member(
            name,
            parents[Sex.MALE].get(name),
            parents[Sex.FEMALE].get(name),
            sex,
            name not in unknown,
            _genotypes(pedigree.dna.get(name, ()), markers),
        )
        for name, sex in (sexes | added).items()
    ]


def _add_missing(names: list[str], parents: Mapping[Sex, dict[str, str]]) -> dict[str, Sex]:
    """Give a father to each who has only a mother, then a mother to each who has only a father."""
    lacking = {
        Sex.MALE: [name for name in names if name in parents[Sex.FEMALE] and name not in parents[Sex.MALE]],
        Sex.FEMALE: [name for name in names if name in parents[Sex.MALE] and name not in parents[Sex.FEMALE]],
    }
    added: dict[str, Sex] = {}
    for sex, children in lacking.items():
        for child in children:
            parent = f"added_{len(added) + 1}"
            parents[sex][child] = parent
            added[parent] = sex
    return added


def _genotypes(dna: Iterable[Genotype], markers: list[str]) -> dict[str, str]:
    typed = {genotype.marker: f"{genotype.first}/{genotype.second}" for genotype in dna}
    return {marker: typed.get(marker, UNTYPED) for marker in markers}


def _connected(members: list[Member]) -> list[list[Member]]:
    """The members in groups that relations connect, groups and members in the order of the list."""
    root = {member.name: member.name for member in members}

    def find(name: str) -> str:
        while root[name] != name:
            root[name] = root[root[name]]
            name = root[name]
        return name

    for member in members:
        for parent in (member.father, member.mother):
            if parent is not None:
                root[find(parent)] = find(member.name)
    groups: defaultdict[str, list[Member]] = defaultdict(list)
    for member in members:
        groups[find(member.name)].append(member)
    return list(groups.values())
