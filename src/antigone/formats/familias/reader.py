"""Reads Familias project files.

A project is the case section (persons, relations, pedigrees), the frequency database, and sections between brackets:
`[DVI]`, which `dvi.py` reads, and settings.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from antigone.formats.errors import InputError, Problem, quoted
from antigone.formats.familias.dvi import read_sections
from antigone.formats.familias.kinship import check_relations
from antigone.formats.familias.layout import render, usual_banner
from antigone.formats.familias.limits import (
    MAX_ALLELES,
    MAX_BYTES,
    MAX_EXTRAS,
    MAX_MARKERS,
    MAX_MEMBERS,
    MAX_PEDIGREES,
    MAX_RELATIONS,
)
from antigone.formats.familias.lines import Encoding, Lines, decode, split
from antigone.formats.familias.project import (
    Allele,
    Dvi,
    FamiliasProject,
    FrequencyDatabase,
    Genotype,
    KnownRelations,
    Marker,
    Mutation,
    MutationModel,
    Number,
    Pedigree,
    Person,
    Relation,
    Sex,
)
from antigone.formats.plain_text import read_bytes

_VERSION = re.compile(r"(\d+(?:\.\d+)*)( \(DVI\))?", re.ASCII)
_BIRTH_YEAR = re.compile(r"(-1|\d{1,4})(?: (.*))?", re.ASCII)
_PARENT = re.compile(r"(\d{1,9})(.*)", re.ASCII)
_WITH_INFORMATION = re.compile(r"([^\s(]+)\s*(?:\((.*)\))?")
_SEEN_VERSIONS = ("3.1", "3.2", "3.3", "3.4")
_SUM_TOLERANCE = 1e-3
_MOST_RELATED = MAX_MEMBERS + 4 * MAX_EXTRAS


def read_familias(path: Path | str, encoding: Encoding | None = None) -> FamiliasProject:
    """Read a Familias project file (`.fam`).

    `encoding` need only be given for files that are not UTF-8: "cp1251" (Cyrillic Windows) or "cp1252" (Western).
    What could be read but should be known to a person is in the `warnings` of the project.

    Raises `InputError` where the file is no such project, is cut short, contradicts itself or exceeds a limit.
    """
    path = Path(path)
    data = read_bytes(path, str(path), MAX_BYTES)
    text, used = decode(data, str(path), encoding)
    project = read_text(text, path)
    return replace(project, encoding=used, warnings=_encoding_warning(text, path, used, encoding) + project.warnings)


def _encoding_warning(text: str, path: Path, used: Encoding, asked: Encoding | None) -> tuple[Problem, ...]:
    if text.isascii() or used != "utf-8" or asked is not None:
        return ()
    number, line = next(pair for pair in enumerate(text.split("\n"), 1) if not pair[1].isascii())
    found = f"{quoted(line.rstrip())}, read as UTF-8 because all bytes of the file are valid UTF-8"
    return (Problem(str(path), number, None, found, "a byte order mark, or the encoding said in `encoding`"),)


def read_text(text: str, file: Path | str = "<text>") -> FamiliasProject:
    """Read a Familias project from its text. `file` is the name that errors use."""
    rows, newline = split(text, str(file))
    lines = Lines(rows, file)
    project = replace(_read_project(lines), newline=newline)
    _check_written_back(project, rows, lines)
    return replace(project, warnings=tuple(lines.warnings))


def _check_written_back(project: FamiliasProject, rows: list[str], lines: Lines) -> None:
    """Warn where the writer would not give the same lines back, as with spaces at the end of a line."""
    try:
        written = render(project).split(project.newline)[:-1]
    except InputError:
        return  # A quote within a text, for which there is a warning already.
    if written == rows:
        return
    pairs = enumerate(zip(rows, written, strict=False), 1)
    line = next((number for number, (row, own) in pairs if row != own), min(len(rows), len(written)) + 1)
    found = quoted(rows[line - 1]) if line <= len(rows) else "the end of the file"
    expected = f"{quoted(written[line - 1])}, as it would be written back" if line <= len(written) else "no such line"
    lines.warn(line, found=found, expected=expected)


def _read_project(lines: Lines) -> FamiliasProject:
    banner = lines.text("the line “Output from Familias, version …”")
    if not banner.startswith("Output from Familias"):
        raise lines.error("a Familias project, whose first line is “Output from Familias, version …”")
    notice = lines.text("the notice “DO NOT EDIT!”")
    version, says_dvi = _read_version(lines)
    following = lines.peek()
    comment = lines.text("a comment") if following is not None and following.startswith('"') else None
    persons = _read_persons(lines)
    case = _read_case(lines, persons)
    frequencies = _read_database(lines)
    dvi, sections = read_sections(lines, frequencies)
    _check_dvi_is_announced(lines, says_dvi, dvi)
    project = FamiliasProject(
        version=version,
        persons=_with_genotypes(lines, persons, frequencies),
        known=case.known,
        pedigrees=case.pedigrees,
        frequencies=frequencies,
        dvi=dvi,
        sections=sections,
        banner=None if banner == usual_banner(version) else banner,
        notice=notice,
        comment=comment,
    )
    lines.stop_on_problems()
    return project


def _read_version(lines: Lines) -> tuple[str, bool]:
    match = _VERSION.fullmatch(lines.take("the version, as 3.3.1 or 3.3.1 (DVI)").rstrip())
    if not match:
        raise lines.error("the version, as 3.3.1 or 3.3.1 (DVI)")
    if ".".join(match[1].split(".")[:2]) not in _SEEN_VERSIONS:
        lines.warn(lines.at, found=f"version {match[1]}", expected="a version from 3.1 to 3.4, as were seen")
    return match[1], bool(match[2])


def _check_dvi_is_announced(lines: Lines, says_dvi: bool, dvi: Dvi | None) -> None:
    if says_dvi and dvi is None:
        raise lines.unexpected("the section [DVI], which the third line announces: the file seems to be cut short")
    if dvi is not None and not says_dvi:
        lines.warn(3, found="a version without (DVI)", expected="(DVI), because there is a section [DVI]")


class _Reading(NamedTuple):
    """A genotype by numbers, before the frequency database is known."""

    line: int
    first: int
    second: int
    marker: int


class _PersonSoFar(NamedTuple):
    line: int
    person: Person
    readings: list[_Reading]


def _read_persons(lines: Lines) -> list[_PersonSoFar]:
    persons = [_read_person(lines) for _ in range(lines.count("the number of persons", MAX_MEMBERS))]
    seen: dict[str, int] = {}
    for line, person, _ in persons:
        if person.name in seen:
            expected = f"another name: the person of line {seen[person.name]} has this one"
            lines.complain(line, found=quoted(person.name), expected=expected)
        seen.setdefault(person.name, line)
    # Relations are by number here and by name in the project, so nothing further makes sense with a name used twice.
    lines.stop_on_problems()
    return persons


def _read_person(lines: Lines) -> _PersonSoFar:
    name = lines.text("the name of a person")
    line = lines.at
    before = lines.flag(f"before the year of birth of {quoted(name)}")
    year, remark = _read_birth_year(lines, name)
    after = lines.flag(f"after the year of birth of {quoted(name)}")
    male = lines.flag(f"whether {quoted(name)} is male")
    readings = []
    for _ in range(lines.count(f"the number of genotypes of {quoted(name)}", MAX_MARKERS)):
        first = lines.count(f"the first allele of {quoted(name)}", MAX_ALLELES)
        second = lines.count(f"the second allele of {quoted(name)}", MAX_ALLELES)
        marker = lines.count(f"the marker of {quoted(name)}", MAX_MARKERS)
        readings.append(_Reading(lines.at - 2, first, second, marker))
    person = Person(name, male, (), year, before, after, remark)
    return _PersonSoFar(line, person, readings)


def _read_birth_year(lines: Lines, name: str) -> tuple[int | None, str]:
    expected = f"the year of birth of {quoted(name)}, or -1"
    match = _BIRTH_YEAR.fullmatch(lines.take(expected).rstrip())
    if not match:
        raise lines.error(expected)
    year = int(match[1])
    return None if year == -1 else year, match[2] or ""


def _with_genotypes(lines: Lines, persons: list[_PersonSoFar], frequencies: FrequencyDatabase) -> tuple[Person, ...]:
    done = []
    for _, person, readings in persons:
        named = (_named(lines, person, reading, frequencies.markers) for reading in readings)
        dna = tuple(genotype for genotype in named if genotype is not None)
        _check_one_each(lines, person, readings)
        done.append(replace(person, dna=dna))
    return tuple(done)


def _named(lines: Lines, person: Person, reading: _Reading, markers: tuple[Marker, ...]) -> Genotype | None:
    if reading.marker >= len(markers):
        expected = f"a marker of {quoted(person.name)} from 0 to {len(markers) - 1}, as the database has them"
        lines.complain(reading.line + 2, found=f"marker {reading.marker}", expected=expected)
        return None
    marker = markers[reading.marker]
    for offset, allele in enumerate((reading.first, reading.second)):
        if allele >= len(marker.alleles):
            expected = f"an allele of {quoted(person.name)} at {marker.name} from 0 to {len(marker.alleles) - 1}"
            lines.complain(reading.line + offset, found=f"allele {allele}", expected=expected)
            return None
    return Genotype(marker.name, marker.alleles[reading.first].label, marker.alleles[reading.second].label)


def _check_one_each(lines: Lines, person: Person, readings: list[_Reading]) -> None:
    seen: dict[int, int] = {}
    for reading in readings:
        if reading.marker in seen:
            expected = f"another marker of {quoted(person.name)}: line {seen[reading.marker]} has this one"
            lines.complain(reading.line + 2, found=f"marker {reading.marker}", expected=expected)
        seen[reading.marker] = reading.line + 2


class _Case(NamedTuple):
    known: KnownRelations
    pedigrees: tuple[Pedigree, ...]


class _Placed(NamedTuple):
    """A relation and its line."""

    line: int
    relation: Relation


def _read_case(lines: Lines, persons: list[_PersonSoFar]) -> _Case:
    if lines.text("“Known relations”") != "Known relations":
        raise lines.error("“Known relations” between quotes, after as many persons as were announced")
    empty = FamiliasProject(persons=tuple(so_far.person for so_far in persons))
    females, males = _read_extras(lines, "all pedigrees")
    with_extras = replace(empty, known=KnownRelations(extra_females=females, extra_males=males))
    common = _read_relations(lines, with_extras.pedigree_sexes())
    known = replace(with_extras.known, links=tuple(placed.relation for placed in common))
    count = lines.count("the number of pedigrees", MAX_PEDIGREES)
    pedigrees = [_read_pedigree(lines, position, with_extras, common) for position in range(count)]
    if not pedigrees:
        check_relations(lines, with_extras.pedigree_sexes(), common)
    _check_pedigrees_differ(lines, pedigrees)
    return _Case(known, tuple(pedigrees))


def _read_pedigree(lines: Lines, position: int, case: FamiliasProject, common: list[_Placed]) -> Pedigree:
    number = lines.count(f"the number of pedigree {position}", MAX_PEDIGREES)
    name = lines.text(f"the name of pedigree {position}")
    females, males = _read_extras(lines, quoted(name))
    pedigree = Pedigree(name=name, number=number, extra_females=females, extra_males=males)
    sexes = case.pedigree_sexes(pedigree)
    own = _read_relations(lines, sexes)
    check_relations(lines, sexes, [*common, *own])
    return replace(pedigree, links=tuple(placed.relation for placed in own))


def _check_pedigrees_differ(lines: Lines, pedigrees: list[Pedigree]) -> None:
    numbers = [pedigree.number for pedigree in pedigrees]
    if len(set(numbers)) < len(numbers):
        lines.complain(lines.at, found="two pedigrees of one number", expected="a number of its own for each")
    names = [pedigree.name for pedigree in pedigrees]
    if len(set(names)) < len(names):
        lines.warn(lines.at, found="two pedigrees of one name", expected="a name of its own for each")


def _read_extras(lines: Lines, where: str) -> tuple[int, int]:
    females = lines.count(f"the number of extra females in {where}", MAX_EXTRAS)
    return females, lines.count(f"the number of extra males in {where}", MAX_EXTRAS)


def _read_relations(lines: Lines, sexes: Mapping[str, Sex]) -> list[_Placed]:
    """Parents and children by number, with the line of each."""
    names = list(sexes)
    placed = []
    for _ in range(lines.count("the number of relations", MAX_RELATIONS)):
        parent, remark = _read_parent(lines)
        line = lines.at
        child = lines.count("the number of a child", _MOST_RELATED)
        if parent < len(names) and child < len(names):
            placed.append(_Placed(line, Relation(names[parent], names[child], remark)))
        else:
            found = f"a relation of the persons {parent} and {child}"
            lines.complain(line, found=found, expected=f"persons from 0 to {len(names) - 1}")
    return placed


def _read_parent(lines: Lines) -> tuple[int, str]:
    match = _PARENT.fullmatch(lines.take("the number of a parent").rstrip())
    if not match or (match[2] and "direct" not in match[2].lower()):
        raise lines.error("the number of a parent, and nothing after it but “Direct”")
    return lines.whole(match[1], "the number of a parent", _MOST_RELATED), match[2]


def _read_database(lines: Lines) -> FrequencyDatabase:
    theta, databases, more = _read_database_head(lines)
    count = lines.count("the number of markers", MAX_MARKERS)
    announced = lines.at
    name = lines.text("the name of the database") if lines.flag("whether the database has a name") else None
    markers = []
    seen: dict[str, int] = {}
    for _ in range(count):
        line = lines.at + 1
        marker = _read_marker(lines, announced)
        if marker.name in seen:
            expected = f"another name: the marker of line {seen[marker.name]} has this one"
            lines.complain(line, found=quoted(marker.name), expected=expected)
        seen[marker.name] = line
        markers.append(marker)
    following = lines.peek()
    if following is not None and following.strip() and not following.startswith("["):
        raise lines.unexpected(f"a section as [DVI], or the end, after the {count} markers that line {announced} says")
    return FrequencyDatabase(name, tuple(markers), theta, databases, more)


def _read_database_head(lines: Lines) -> tuple[Number | None, int | None, tuple[tuple[str, str], ...]]:
    expected = "#FALSE# (#Databases: 1 ;Theta/Kinship/Fst: …)"
    match = _WITH_INFORMATION.fullmatch(lines.take(expected).strip())
    if not match or match[1] not in ("#FALSE#", "#TRUE#"):
        raise lines.error(expected)
    if match[1] == "#TRUE#":
        raise lines.error("#FALSE#: results are stored in this file, in a way that is not known. Save it without them")
    fields = _fields(match[2], ";", ":")
    databases = fields.pop("#Databases", None)
    theta = fields.pop("Theta/Kinship/Fst", None)
    if databases is not None and lines.whole(databases, "the number of databases", 99) != 1:
        raise lines.error("one database; how several are stored is not known", found=quoted(databases))
    number = None if theta is None else lines.decimal(theta, "theta", 1.0)
    return number, None if databases is None else 1, tuple(fields.items())


def _fields(text: str | None, separator: str, equals: str) -> dict[str, str]:
    """The remarks between brackets, as `DatabaseSize = 2500 , Dropout probability = 0`, by their names."""
    parts = (part.partition(equals) for part in (text or "").split(separator) if part.strip())
    return {key.strip(): value.strip() for key, _, value in parts}


def _read_marker(lines: Lines, announced: int) -> Marker:
    name = lines.text(f"the name of a marker, of which line {announced} says how many there are")
    shown = quoted(name)
    rates = [lines.number(f"the mutation rate of {sex} at {shown}", 1.0) for sex in ("mothers", "fathers")]
    models = [_read_model(lines, f"the mutation model of {sex} at {shown}") for sex in ("mothers", "fathers")]
    with_silent = lines.count(f"the number of alleles of {shown}", MAX_ALLELES + 1)
    counted = lines.at
    ranges = [lines.number(f"the mutation range of {sex} at {shown}") for sex in ("mothers", "fathers")]
    second = [lines.number(f"the second mutation rate of {sex} at {shown}", 1.0) for sex in ("mothers", "fathers")]
    silent = lines.flag(f"whether {shown} has a silent allele")
    silent_frequency = lines.number(f"the frequency of the silent allele of {shown}", 1.0)
    fields, count = _read_allele_head(lines, shown)
    if with_silent != count + silent:
        expected = f"{with_silent - silent} alleles, as line {counted} says{' with a silent one' if silent else ''}"
        raise lines.error(expected, found=f"{count} alleles of {shown}")
    female, male = (Mutation(*values) for values in zip(models, rates, ranges, second, strict=True))
    size = fields.pop("DatabaseSize", None)
    dropout = fields.pop("Dropout probability", None)
    minor = fields.pop("Minor allele frequency", None)
    return Marker(
        name=name,
        female=female,
        male=male,
        has_silent_allele=silent,
        silent_frequency=silent_frequency,
        database_size=None if size is None else lines.decimal(size, f"the database size of {shown}"),
        dropout_probability=None if dropout is None else lines.decimal(dropout, f"the dropout of {shown}", 1.0),
        minor_allele_frequency=None if minor is None else lines.decimal(minor, f"the minor allele of {shown}", 1.0),
        more_information=tuple(fields.items()),
        alleles=_read_alleles(lines, shown, count, silent_frequency.value if silent else 0.0),
    )


def _read_model(lines: Lines, what: str) -> MutationModel:
    return MutationModel(lines.count(what, max(MutationModel)))


def _read_allele_head(lines: Lines, shown: str) -> tuple[dict[str, str], int]:
    expected = f"the number of alleles of {shown}, and (DatabaseSize = …)"
    match = _WITH_INFORMATION.fullmatch(lines.take(expected).strip())
    if not match:
        raise lines.error(expected)
    count = lines.whole(match[1], f"the number of alleles of {shown}", MAX_ALLELES)
    return _fields(match[2], " ,", "="), count


def _read_alleles(lines: Lines, shown: str, count: int, silent: float) -> tuple[Allele, ...]:
    alleles: list[Allele] = []
    first_lines: defaultdict[str, int] = defaultdict(int)
    for _ in range(count):
        label = lines.text(f"an allele of {shown}")
        if first_lines[label]:
            expected = f"another allele of {shown}: line {first_lines[label]} has this one"
            lines.complain(lines.at, found=quoted(label), expected=expected)
        first_lines[label] = lines.at
        alleles.append(Allele(label, lines.number(f"the frequency of allele {label} of {shown}", 1.0)))
    total = sum(allele.value for allele in alleles)
    # Whether the others add up to 1 with the silent allele or without is not known.
    if alleles and min(abs(total - 1), abs(total + silent - 1)) > _SUM_TOLERANCE:
        lines.warn(lines.at, found=f"frequencies of {shown} that add up to {total:.6g}", expected="a sum of 1")
    return tuple(alleles)
