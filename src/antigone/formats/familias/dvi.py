"""Reads the sections between brackets: `[DVI]`, and settings, which are kept as they are written."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from antigone.formats.errors import quoted
from antigone.formats.familias.kinship import check_relations
from antigone.formats.familias.limits import (
    MAX_DEPTH,
    MAX_FAMILIES,
    MAX_MARKERS,
    MAX_MEMBERS,
    MAX_PEDIGREES,
    MAX_PERSONS,
    MAX_RELATIONS,
)
from antigone.formats.familias.lines import Lines
from antigone.formats.familias.project import (
    MISSING_PERSON,
    Dvi,
    DviPerson,
    Family,
    FamilyPedigree,
    FrequencyDatabase,
    Genotype,
    Relation,
    Section,
)

UNIDENTIFIED = "Unidentified persons"
NOTES = "Notes"
FAMILIES = "Reference Families"

_SETTING = re.compile(r"(\w+)= ?(.*)", re.ASCII)
_LONGEST_LINK = 8
"""Letters between a name and “Direct”, as a blank and a bracket."""
_GENDERS = ("Male", "Female")

Labels = Mapping[str, frozenset[str]]
"""The alleles of each marker of the frequency database."""


class _Heading(NamedTuple):
    depth: int
    title: str


def _heading(line: str | None) -> _Heading | None:
    """The title between equally many brackets, or None for any other line."""
    text = (line or "").rstrip()
    inner = text.lstrip("[")
    depth = len(text) - len(inner)
    title = inner.rstrip("]")
    if not depth or len(inner) - len(title) != depth:
        return None
    return _Heading(depth, title.strip())


def read_sections(lines: Lines, frequencies: FrequencyDatabase) -> tuple[Dvi | None, tuple[Section, ...]]:
    """The DVI section, if there is one, and all others, to the end of the file."""
    labels = {marker.name: frozenset(marker.labels) for marker in frequencies.markers}
    dvi: Dvi | None = None
    sections = []
    while lines.peek() is not None:
        if _skipped_blank(lines):
            continue
        heading = _heading(lines.peek())
        if heading is None or heading.depth != 1:
            raise lines.unexpected("the heading of a section, as [DVI] or [Advanced]")
        lines.take("a heading")
        if heading.title != "DVI":
            sections.append(_read_section(lines, heading))
        elif dvi is None:
            dvi = _read_dvi(lines, labels)
        else:
            raise lines.error("one section [DVI]")
    return dvi, tuple(sections)


def _skipped_blank(lines: Lines) -> bool:
    blank = lines.peek() is not None and not (lines.peek() or "").strip()
    if blank:
        lines.take("a blank line")
    return blank


def _read_section(lines: Lines, heading: _Heading) -> Section:
    """A section whose heading was just taken."""
    if heading.depth > MAX_DEPTH:
        raise lines.error(f"headings within at most {MAX_DEPTH} brackets")
    kept: list[str] = []
    inner: list[Section] = []
    while (line := lines.peek()) is not None:
        following = _heading(line)
        if following is None and inner:
            raise lines.unexpected("a heading")
        if following is None:
            kept.append(lines.take("a setting"))
        elif following.depth <= heading.depth:
            break
        elif following.depth == heading.depth + 1:
            lines.take("a heading")
            inner.append(_read_section(lines, following))
        else:
            raise lines.unexpected(f"a heading within {heading.depth + 1} brackets at most")
    return Section(heading.title, tuple(kept), tuple(inner))


def _read_dvi(lines: Lines, labels: Labels) -> Dvi:
    """All that follows `[DVI]`, up to the next section."""
    unidentified: tuple[DviPerson, ...] | None = None
    families: tuple[Family, ...] | None = None
    notes: tuple[str, ...] | None = None
    declared = 0
    more = []
    while lines.peek() is not None:
        heading = _heading(lines.peek())
        if heading and heading.depth == 1:
            break
        if _skipped_blank(lines):
            continue
        if heading is None or heading.depth != 2:
            raise lines.unexpected(f"[[{UNIDENTIFIED}]], [[{NOTES}]], [[{FAMILIES}]] or the next section")
        lines.take("a heading")
        if heading.title == UNIDENTIFIED and unidentified is None:
            unidentified = _read_unidentified(lines, labels)
        elif heading.title == NOTES and notes is None:
            declared, notes = _read_notes(lines)
        elif heading.title == FAMILIES and families is None:
            families = _read_families(lines, labels)
        elif heading.title in (UNIDENTIFIED, NOTES, FAMILIES):
            raise lines.error(f"one [[{heading.title}]]")
        else:
            more.append(_read_section(lines, heading))
    if unidentified is None or families is None:
        lacking = UNIDENTIFIED if unidentified is None else FAMILIES
        raise lines.unexpected(f"[[{lacking}]], before [DVI] ends")
    return Dvi(unidentified, families, notes, declared, tuple(more))


def _read_notes(lines: Lines) -> tuple[int, tuple[str, ...]]:
    """One line for each family. A note may look like anything, so only the next heading ends them."""
    declared = _read_count(lines, "nFamilies", MAX_FAMILIES)
    start = lines.at
    notes: list[str] = []
    while _heading(lines.peek()) != _Heading(2, FAMILIES):
        notes.append(lines.take(f"[[{FAMILIES}]], after the notes"))
    if len(notes) != declared:
        lines.warn(start, found=f"{len(notes)} lines of notes", expected=f"{declared}, one for each family")
    return declared, tuple(notes)


def _read_unidentified(lines: Lines, labels: Labels) -> tuple[DviPerson, ...]:
    persons = _read_people(lines, 3, MAX_PERSONS, labels)
    seen: dict[str, int] = {}
    for line, person in persons:
        _complain_of_double(lines, seen, person.name, line, "unidentified person")
    return tuple(person for _, person in persons)


def _complain_of_double(lines: Lines, seen: dict[str, int], name: str, line: int, what: str) -> None:
    if name in seen:
        expected = f"another name: the {what} of line {seen[name]} has this one"
        lines.complain(line, found=quoted(name), expected=expected)
    seen.setdefault(name, line)


def _read_families(lines: Lines, labels: Labels) -> tuple[Family, ...]:
    declared = _read_count(lines, "nFamilies", MAX_FAMILIES)
    counted = lines.at
    families = []
    seen: dict[str, int] = {}
    for number in range(1, declared + 1):
        _take_heading(lines, 3, f"Family {number}", f"nFamilies in line {counted} says {declared}")
        line = lines.at + 1
        family = _read_family(lines, labels)
        _complain_of_double(lines, seen, family.name, line, "family")
        families.append(family)
    _expect_no_more(lines, 3, f"as nFamilies in line {counted} says {declared}")
    return tuple(families)


def _read_family(lines: Lines, labels: Labels) -> Family:
    name = _read_setting(lines, "Name")
    more = _read_unknown(lines)
    _take_heading(lines, 4, "Persons", "a family has persons")
    persons = _read_people(lines, 5, MAX_MEMBERS, labels)
    _warn_of_doubles(lines, name, persons)
    family = Family(name, tuple(person for _, person in persons), (), more)
    _take_heading(lines, 4, "Pedigrees", "a family has pedigrees")
    return replace(family, pedigrees=_read_pedigrees(lines, family))


def _warn_of_doubles(lines: Lines, family: str, persons: "list[_PlacedPerson]") -> None:
    seen: dict[str, DviPerson] = {}
    for line, person in persons:
        if person.name in seen:
            data = "the same" if seen[person.name] == person else "different"
            found = f"{quoted(person.name)} again in family {quoted(family)}, with {data} data; both are kept"
            lines.warn(line, found=found, expected="a name of its own for each person of a family")
        seen.setdefault(person.name, person)


class _PlacedPerson(NamedTuple):
    line: int
    person: DviPerson


def _read_people(lines: Lines, depth: int, most: int, labels: Labels) -> list[_PlacedPerson]:
    declared = _read_count(lines, "nPersons", most)
    counted = lines.at
    persons = []
    for number in range(1, declared + 1):
        _take_heading(lines, depth, f"Person {number}", f"nPersons in line {counted} says {declared}")
        line = lines.at + 1
        persons.append(_PlacedPerson(line, _read_person(lines, depth, labels)))
    _expect_no_more(lines, depth, f"as nPersons in line {counted} says {declared}")
    return persons


def _read_person(lines: Lines, depth: int, labels: Labels) -> DviPerson:
    name = _read_setting(lines, "Name")
    line = lines.at
    gender = None
    following = _SETTING.fullmatch(lines.peek() or "")
    if following and following[1] == "Gender":
        gender = _read_setting(lines, "Gender")
    if gender not in _GENDERS:
        found = f"no sex of {quoted(name)}" if gender is None else f"{quoted(gender)} as the sex of {quoted(name)}"
        lines.warn(line, found=found, expected="Male or Female; the sex counts as unknown")
    more = _read_unknown(lines)
    _take_heading(lines, depth + 1, "DNA data", "a person has DNA data, if only with nSystems= 0")
    return DviPerson(name, gender, _read_dna(lines, name, labels), more)


def _read_dna(lines: Lines, name: str, labels: Labels) -> tuple[Genotype, ...]:
    declared = _read_count(lines, "nSystems", MAX_MARKERS)
    counted = lines.at
    seen: dict[str, int] = {}
    dna = []
    for _ in range(declared):
        expected = f"SystemName= …, because nSystems in line {counted} says {declared}"
        marker = _read_setting(lines, "SystemName", expected)
        line = lines.at
        if marker in seen:
            expected = f"another marker of {quoted(name)}: line {seen[marker]} has this one"
            lines.complain(line, found=quoted(marker), expected=expected)
        seen[marker] = line
        genotype = Genotype(marker, _read_setting(lines, "Allele1"), _read_setting(lines, "Allele2"))
        _warn_of_unknown(lines, line, name, genotype, labels.get(marker))
        dna.append(genotype)
    if (following := lines.peek()) is not None and following.strip() and _heading(following) is None:
        raise lines.unexpected(f"a heading, because nSystems in line {counted} says {declared}")
    return tuple(dna)


def _warn_of_unknown(lines: Lines, line: int, name: str, genotype: Genotype, labels: frozenset[str] | None) -> None:
    where = f"of {quoted(name)} at {quoted(genotype.marker)}"
    if labels is None:
        lines.warn(line, found=f"DNA {where}", expected="a marker of the frequency database; it is kept")
        return
    for allele in (genotype.first, genotype.second):
        if not allele:
            lines.warn(line, found=f"an allele {where} that is empty", expected="two alleles; it is kept")
        elif allele not in labels:
            found = f"allele {quoted(allele)} {where}"
            lines.warn(line, found=found, expected="an allele of the frequency database; it is kept")


class _Placed(NamedTuple):
    line: int
    relation: Relation


def _read_pedigrees(lines: Lines, family: Family) -> tuple[FamilyPedigree, ...]:
    declared = _read_count(lines, "nPedigrees", MAX_PEDIGREES)
    counted = lines.at
    sexes = family.sexes
    pedigrees: list[FamilyPedigree] = []
    seen: set[str] = set()
    for number in range(1, declared + 1):
        _take_heading(lines, 5, f"Pedigree {number}", f"nPedigrees in line {counted} says {declared}")
        name = _read_setting(lines, "Name")
        if name in seen:
            found = f"another pedigree {quoted(name)} of family {quoted(family.name)}"
            lines.warn(lines.at, found=found, expected="a name of its own for each pedigree")
        seen.add(name)
        more = _read_unknown(lines, "nRelations")
        placed = _read_relations(lines, frozenset(sexes))
        check_relations(lines, sexes, placed)
        links = tuple(item.relation for item in placed)
        pedigrees.append(FamilyPedigree(links=links, name=name, more=more))
    _expect_no_more(lines, 5, f"as nPedigrees in line {counted} says {declared}")
    return tuple(pedigrees)


def _read_relations(lines: Lines, names: frozenset[str]) -> list[_Placed]:
    declared = _read_count(lines, "nRelations", MAX_RELATIONS)
    counted = lines.at
    placed = []
    for _ in range(declared):
        expected = f"Parent= …, because nRelations in line {counted} says {declared}"
        parent, remark = _without_remark(_read_setting(lines, "Parent", expected), names)
        line = lines.at
        child = _read_setting(lines, "Child")
        for name in (parent, child):
            if name not in names and name != MISSING_PERSON:
                expected = f"a person of this family, or {quoted(MISSING_PERSON)}"
                lines.complain(line, found=quoted(name), expected=expected)
        placed.append(_Placed(line, Relation(parent, child, remark, _read_unknown(lines, "Parent"))))
    if (following := lines.peek()) is not None and following.strip() and _heading(following) is None:
        raise lines.unexpected(f"a heading, because nRelations in line {counted} says {declared}")
    return placed


def _without_remark(value: str, names: frozenset[str]) -> tuple[str, str]:
    """The name of a parent, and “Direct” where it follows the name."""
    direct = value.lower().rfind("direct")
    if value in names or value == MISSING_PERSON or direct < 0:
        return value, ""
    for end in range(direct, max(direct - _LONGEST_LINK, 0), -1):
        if value[:end] in names or value[:end] == MISSING_PERSON:
            return value[:end], value[end:]
    return value, ""


def _read_setting(lines: Lines, key: str, expected: str | None = None) -> str:
    """The value of a line `key= value`."""
    match = _SETTING.fullmatch(lines.take(expected or f"{key}= …"))
    if not match or match[1] != key:
        raise lines.error(expected or f"{key}= …")
    return match[2]


def _read_count(lines: Lines, key: str, most: int) -> int:
    return lines.whole(_read_setting(lines, key).strip(), key, most, column=len(key) + 3)


def _read_unknown(lines: Lines, until: str | None = None) -> tuple[str, ...]:
    """Lines that are not understood, up to the next heading or to the key `until`."""
    unknown: list[str] = []
    while (line := lines.peek()) is not None and line.strip() and _heading(line) is None:
        setting = _SETTING.fullmatch(line)
        if setting and setting[1] == until:
            break
        unknown.append(lines.take("a line"))
    return tuple(unknown)


def _take_heading(lines: Lines, depth: int, title: str, because: str) -> None:
    while _skipped_blank(lines):
        pass
    expected = f"{'[' * depth}{title}{']' * depth}, because {because}"
    if _heading(lines.peek()) != _Heading(depth, title):
        raise lines.unexpected(expected)
    lines.take(expected)


def _expect_no_more(lines: Lines, depth: int, because: str) -> None:
    heading = _heading(lines.peek())
    if heading and heading.depth == depth:
        raise lines.unexpected(f"no more of these, {because}")
