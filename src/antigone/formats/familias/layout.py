"""Lays a project out as Familias writes it. What Familias could not read is refused."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from antigone.formats.errors import InputError, quoted
from antigone.formats.familias.project import (
    Dvi,
    DviPerson,
    FamiliasProject,
    Family,
    FrequencyDatabase,
    Genotype,
    Marker,
    Number,
    Person,
    Relation,
    Section,
    Sex,
)

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def usual_banner(version: str) -> str:
    """The first line as Familias writes it, without its quotes."""
    return f"Output from Familias, version {version}"


def render(project: FamiliasProject) -> str:
    """The whole text of a project file.

    Raises `InputError` where a name, a number or a relation has no place in such a file.
    """
    lines = list(_project_lines(project))
    for line in lines:
        if control := _CONTROL.search(line):
            raise _unwritable(f"the control character {ord(control[0]):#04x} in {quoted(line)}", "text in one line")
    return project.newline.join([*lines, ""])


def _unwritable(found: str, expected: str) -> InputError:
    return InputError.at("<project>", None, None, found=found, expected=expected)


def _project_lines(project: FamiliasProject) -> Iterator[str]:
    yield _quote(usual_banner(project.version) if project.banner is None else project.banner)
    yield _quote(project.notice)
    yield project.version + (" (DVI)" if project.dvi is not None else "")
    if project.comment is not None:
        yield _quote(project.comment)
    yield from _case_lines(project)
    yield from _database_lines(project.frequencies)
    if project.dvi is not None:
        yield ""
        yield from _dvi_lines(project.dvi)
    for section in project.sections:
        yield from _section_lines(section, 1)


def _quote(text: str) -> str:
    """A text between quotes. How Familias marks a quote within one is not known, so none is written."""
    if '"' in text:
        raise _unwritable(quoted(text), "a text without quotes, which this place of the format cannot hold")
    return f'"{text}"'


def _flag(value: bool) -> str:
    return "#TRUE#" if value else "#FALSE#"


class _Numbers(NamedTuple):
    """The numbers by which the case section calls a marker and its alleles."""

    marker: int
    alleles: dict[str, int]


def _numbers(place: int, marker: Marker) -> _Numbers:
    return _Numbers(place, {label: number for number, label in enumerate(marker.labels)})


def _case_lines(project: FamiliasProject) -> Iterator[str]:
    markers = {marker.name: _numbers(place, marker) for place, marker in enumerate(project.frequencies.markers)}
    yield str(len(project.persons))
    for person in project.persons:
        yield from _person_lines(person, markers)
    yield _quote("Known relations")
    yield str(project.known.extra_females)
    yield str(project.known.extra_males)
    yield from _relation_lines(project.known.links, project.pedigree_sexes())
    yield str(len(project.pedigrees))
    for pedigree in project.pedigrees:
        yield str(pedigree.number)
        yield _quote(pedigree.name)
        yield str(pedigree.extra_females)
        yield str(pedigree.extra_males)
        yield from _relation_lines(pedigree.links, project.pedigree_sexes(pedigree))


def _person_lines(person: Person, markers: Mapping[str, _Numbers]) -> Iterator[str]:
    yield _quote(person.name)
    yield _flag(person.flag_before_birth_year)
    year = "-1" if person.birth_year is None else str(person.birth_year)
    yield f"{year} {person.remark}" if person.remark else year
    yield _flag(person.flag_after_birth_year)
    yield _flag(person.male)
    yield str(len(person.dna))
    for genotype in person.dna:
        yield from _genotype_numbers(person, genotype, markers)


def _genotype_numbers(person: Person, genotype: Genotype, markers: Mapping[str, _Numbers]) -> Iterator[str]:
    if genotype.marker not in markers:
        raise _unwritable(f"{quoted(genotype.marker)} of {quoted(person.name)}", "a marker of the frequency database")
    numbers = markers[genotype.marker]
    for allele in (genotype.first, genotype.second):
        if allele not in numbers.alleles:
            found = f"allele {quoted(allele)} of {quoted(person.name)} at {quoted(genotype.marker)}"
            raise _unwritable(found, "an allele of the frequency database")
        yield str(numbers.alleles[allele])
    yield str(numbers.marker)


def _relation_lines(links: Iterable[Relation], sexes: Mapping[str, Sex]) -> Iterator[str]:
    numbers = {name: number for number, name in enumerate(sexes)}
    links = tuple(links)
    yield str(len(links))
    for link in links:
        for name in (link.parent, link.child):
            if name not in numbers:
                raise _unwritable(f"a relation of {quoted(name)}", "a person of the project, or an extra person")
        yield f"{numbers[link.parent]}{link.remark}"
        yield str(numbers[link.child])


def _database_lines(frequencies: FrequencyDatabase) -> Iterator[str]:
    fields: dict[str, str] = {}
    if frequencies.databases is not None:
        fields["#Databases"] = str(frequencies.databases)
    if frequencies.theta is not None:
        fields["Theta/Kinship/Fst"] = frequencies.theta.text
    fields |= frequencies.more_information
    inner = " ;".join(f"{key}: {value}" for key, value in fields.items())
    yield f"#FALSE# ({inner} )" if inner else "#FALSE#"
    yield str(len(frequencies.markers))
    yield _flag(frequencies.name is not None)
    if frequencies.name is not None:
        yield _quote(frequencies.name)
    for marker in frequencies.markers:
        yield from _marker_lines(marker)


def _marker_lines(marker: Marker) -> Iterator[str]:
    both = (marker.female, marker.male)
    count = len(marker.alleles)
    yield _quote(marker.name)
    yield from (mutation.rate.text for mutation in both)
    yield from (f"{mutation.model:d}" for mutation in both)
    yield str(count + marker.has_silent_allele)
    yield from (mutation.range.text for mutation in both)
    yield from (mutation.rate2.text for mutation in both)
    yield _flag(marker.has_silent_allele)
    yield marker.silent_frequency.text
    known: dict[str, Number | None] = {
        "DatabaseSize": marker.database_size,
        "Dropout probability": marker.dropout_probability,
        "Minor allele frequency": marker.minor_allele_frequency,
    }
    fields = {key: number.text for key, number in known.items() if number is not None}
    fields |= marker.more_information
    inner = " , ".join(f"{key} = {value}" for key, value in fields.items())
    yield f"{count}\t({inner} )" if inner else str(count)
    for allele in marker.alleles:
        yield _quote(allele.label)
        yield allele.text


def _dvi_lines(dvi: Dvi) -> Iterator[str]:
    yield "[DVI]"
    yield "[[Unidentified persons]]"
    yield f"nPersons= {len(dvi.unidentified)}"
    for number, person in enumerate(dvi.unidentified, 1):
        yield from _dvi_person_lines(f"[[[Person {number} ]]]", 4, person)
    if dvi.notes is not None:
        yield "[[Notes]]"
        yield f"nFamilies= {dvi.notes_declared}"
        yield from dvi.notes
    yield "[[Reference Families]]"
    yield f"nFamilies= {len(dvi.families)}"
    for number, family in enumerate(dvi.families, 1):
        yield f"[[[Family {number} ]]]"
        yield from _family_lines(family)
    for section in dvi.more:
        yield from _section_lines(section, 2)


def _dvi_person_lines(heading: str, depth: int, person: DviPerson) -> Iterator[str]:
    yield heading
    yield f"Name= {person.name}"
    if person.gender is not None:
        yield f"Gender= {person.gender}"
    yield from person.more
    yield _heading("DNA data", depth)
    yield f"nSystems= {len(person.dna)}"
    for genotype in person.dna:
        yield f"SystemName= {genotype.marker}"
        yield f"Allele1= {genotype.first}"
        yield f"Allele2= {genotype.second}"


def _family_lines(family: Family) -> Iterator[str]:
    yield f"Name= {family.name}"
    yield from family.more
    yield "[[[[Persons]]]]"
    yield f"nPersons= {len(family.persons)}"
    for number, person in enumerate(family.persons, 1):
        yield from _dvi_person_lines(f"[[[[[Person {number}]]]]]", 6, person)
    yield "[[[[Pedigrees]]]]"
    yield f"nPedigrees= {len(family.pedigrees)}"
    for number, pedigree in enumerate(family.pedigrees, 1):
        yield f"[[[[[Pedigree {number}]]]]]"
        yield f"Name= {pedigree.name}"
        yield from pedigree.more
        yield f"nRelations= {len(pedigree.links)}"
        for link in pedigree.links:
            yield f"Parent= {link.parent}{link.remark}"
            yield f"Child= {link.child}"
            yield from link.more


def _heading(title: str, depth: int) -> str:
    return f"{'[' * depth}{title}{']' * depth}"


def _section_lines(section: Section, depth: int) -> Iterator[str]:
    yield _heading(section.title, depth)
    yield from section.lines
    for inner in section.sections:
        yield from _section_lines(inner, depth + 1)
