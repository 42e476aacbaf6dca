"""Reads PED files: a person a line, with father, mother, sex and two alleles a marker (LINKAGE before `makeped`)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from antigone.formats.case_folder.markers import AMELOGENIN, is_y
from antigone.formats.case_folder.readings import CellError, CellReader
from antigone.formats.collecting import uncollected
from antigone.formats.errors import InputError, quoted
from antigone.formats.linkage.limits import MAX_BYTES, MAX_FAMILY, MAX_PERSONS
from antigone.formats.linkage.marker_files import DataColumn, Holds, dat_of, map_of
from antigone.formats.plain_text import lines_of, read_bytes
from antigone.formats.tables import Problems, foreign_letters
from antigone.genetics.markers import canonical_name
from antigone.genetics.pedigrees import Pedigree, PedigreeError, Person, Sex

UNKNOWN = "0"
"""A parent who is not listed, a sex that is not known, an allele that was not read."""

_FIXED = ("family", "person", "father", "mother", "sex")
_SEXES = {
    "1": Sex.MALE, "m": Sex.MALE, "male": Sex.MALE,
    "2": Sex.FEMALE, "f": Sex.FEMALE, "female": Sex.FEMALE,
    "0": Sex.UNKNOWN, "u": Sex.UNKNOWN, "unknown": Sex.UNKNOWN,
}  # fmt: skip
_ALLELE_LIKE = re.compile(r"[0-9<>?]")
_LONGEST_NAME = 100


@dataclass(frozen=True)
class PedPerson:
    """One line: alleles as they are written, a pair for each marker; `other` are the cells that are no genotypes."""

    family: str
    id: str
    father: str | None
    mother: str | None
    sex: Sex
    genotypes: tuple[tuple[str, str], ...] = ()
    other: tuple[str, ...] = ()
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class PedFile:
    """The persons of a PED file, and what its columns after the sex hold."""

    persons: tuple[PedPerson, ...]
    columns: tuple[DataColumn, ...]

    @property
    def markers(self) -> tuple[str, ...]:
        """The names of the markers as the file has them, in the order of `PedPerson.genotypes`."""
        return tuple(column.name for column in self.columns if column.holds is Holds.MARKER)

    def pedigrees(self) -> dict[str, Pedigree]:
        """The families by name, in the order in which they first stand. What stands here was checked in reading."""
        return {name: _pedigree(name, persons) for name, persons in by_family(self.persons).items()}


def read_ped(path: Path | str, *, marker_file: Path | str | None = None) -> PedFile:
    """Read a PED file and its markers.

    `marker_file` is a `.dat` or `.map` file; without it the one beside the PED file that has its name is taken.

    Raises `InputError` with all problems: where a line has too few or too many columns, a cell is no allele, or a
    family cannot be.
    """
    path = Path(path)
    return ped_of(read_bytes(path, path.name, MAX_BYTES), path.name, _columns(path, marker_file))


def _columns(path: Path, marker_file: Path | str | None) -> tuple[DataColumn, ...]:
    # LINKAGE calls its pedigrees pedfile.dat: a file never names its own markers.
    beside = [one for suffix in (".dat", ".map") if (one := path.with_suffix(suffix)) != path]
    files = [Path(marker_file)] if marker_file is not None else [one for one in beside if one.is_file()]
    if not files:
        found = "no file that names its markers"
        expected = f"{' or '.join(one.name for one in beside)} beside it"
        raise InputError.at(path.name, None, None, found=found, expected=expected)
    read = [_marker_file(one) for one in files]
    if len(read) == 2 and [_markers(one) for one in read[:1]] != [_markers(one) for one in read[1:]]:
        found = f"other markers in {files[0].name} than in {files[1].name}"
        raise InputError.at(path.name, None, None, found=found, expected="the same, or one of them")
    return read[0]


def _markers(columns: Iterable[DataColumn]) -> list[str]:
    return [column.name for column in columns if column.holds is Holds.MARKER]


def _marker_file(path: Path) -> tuple[DataColumn, ...]:
    data = read_bytes(path, path.name, MAX_BYTES)
    return map_of(data, path.name) if path.suffix.casefold() == ".map" else dat_of(data, path.name)


def ped_of(data: bytes, file: str, columns: tuple[DataColumn, ...]) -> PedFile:
    """The persons in the bytes of a PED file. `file` is the name that errors use. Raises `InputError`."""
    with uncollected():
        return _ped_of(data, file, columns)


def _ped_of(data: bytes, file: str, columns: tuple[DataColumn, ...]) -> PedFile:
    problems = Problems()
    reader = _Reader(file, columns, problems)
    persons: list[PedPerson] = []
    for number, line in enumerate(lines_of(data, file), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(persons) == MAX_PERSONS:
            problems.add(file, number, None, found=f"more than {MAX_PERSONS} persons", expected="at most that many")
            break
        person = reader.person(words, number)
        if person is not None:
            persons.append(person)
    if not persons and not len(problems):
        problems.add(file, None, None, found="nobody", expected="a person a line")
    _check_families(persons, file, problems)
    problems.stop_if_any()
    return PedFile(tuple(persons), columns)


class _Reader:
    """Reads lines whose columns are known."""

    def __init__(self, file: str, columns: Sequence[DataColumn], problems: Problems) -> None:
        self.file, self.columns, self.problems = file, columns, problems
        self.width = len(_FIXED) + sum(column.width for column in columns)
        self.joined = len(_FIXED) + len(columns) + sum(column.holds is Holds.SKIPPED_PAIR for column in columns)
        self._cells = CellReader(None)
        self._sound: dict[str, dict[tuple[str, str], tuple[str, str]]] = {
            column.name: {} for column in columns if column.holds is Holds.MARKER
        }
        """By marker the pairs that can be alleles of it, each kept once."""
        self._pairs: list[tuple[int, dict[tuple[str, str], tuple[str, str]]]] = []
        """Where the first cell of each marker stands in a line of full width, and the sound pairs of it."""
        self._other: list[int] = []
        place = len(_FIXED)
        for column in columns:
            if column.holds is Holds.MARKER:
                self._pairs.append((place, self._sound[column.name]))
            else:
                self._other += range(place, place + column.width)
            place += column.width

    def person(self, words: list[str], line: int) -> PedPerson | None:
        """The person of a line; None, with a problem noted, where it is not one."""
        if len(words) not in (self.width, self.joined):
            self._complain_of_width(words, line)
            return None
        before = len(self.problems)
        if len(max(words[: len(_FIXED)], key=len)) > _LONGEST_NAME or UNKNOWN in words[:2]:
            self._complain_of_names(words, line)
        sex = _SEXES.get(words[4].casefold())
        if sex is None:
            expected = "1 (male), 2 (female) or 0 (unknown)"
            self._complain(line, "sex", found=quoted(words[4]) + foreign_letters(words[4]), expected=expected)
        genotypes, other = self._known_data(words) or self._data(words, line)
        if len(self.problems) > before or sex is None:
            return None
        father, mother = (None if name == UNKNOWN else name for name in words[2:4])
        return PedPerson(words[0], words[1], father, mother, sex, tuple(genotypes), tuple(other), line)

    def _complain_of_names(self, words: Sequence[str], line: int) -> None:
        for name, text in zip(_FIXED, words, strict=False):
            if len(text) > _LONGEST_NAME:
                self._complain(line, name, found=quoted(text), expected=f"at most {_LONGEST_NAME} characters")
        for name, text in zip(_FIXED[:2], words, strict=False):
            if text == UNKNOWN:
                self._complain(line, name, found=quoted(text), expected="a name other than 0, which stands for nobody")

    def _known_data(self, words: Sequence[str]) -> tuple[list[tuple[str, str]], list[str]] | None:
        """What `_data` gives of a line all of whose pairs were seen and found sound before; None for any other."""
        if len(words) != self.width:
            return None
        genotypes = []
        for place, sound in self._pairs:
            pair = sound.get((words[place], words[place + 1]))
            if pair is None:
                return None
            genotypes.append(pair)
        return genotypes, [words[place] for place in self._other]

    def _data(self, words: list[str], line: int) -> tuple[list[tuple[str, str]], list[str]]:
        genotypes: list[tuple[str, str]] = []
        other: list[str] = []
        is_joined = len(words) != self.width
        place = len(_FIXED)
        for column in self.columns:
            width = 1 if is_joined and column.holds is Holds.MARKER else column.width
            cells = words[place : place + width]
            place += width
            if column.holds is not Holds.MARKER:
                other += cells
                continue
            pair = cells[0].split("/") if width == 1 else cells
            if len(pair) == 2 and all(pair):
                genotypes.append(self._checked(column.name, (pair[0], pair[1]), line))
            else:
                self._complain(line, column.name, found=quoted(cells[0]), expected="two alleles such as 12/14, or 0/0")
        return genotypes, other

    def _checked(self, marker: str, pair: tuple[str, str], line: int) -> tuple[str, str]:
        """Complain of two cells that are no alleles of a marker; the same ones recur in line after line."""
        known = self._sound[marker].get(pair)
        if known is not None:
            return known
        try:
            read_genotype(self._cells, marker, pair)
        except CellError as error:
            expected = error.expected.partition(", or empty cells")[0]
            if canonical_name(marker) != AMELOGENIN and not all(map(_ALLELE_LIKE.match, pair)):
                expected += "; 0 for one that was not read"
            self._complain(line, marker, found=error.found, expected=expected)
        else:
            self._sound[marker][pair] = pair
        return pair

    def _complain_of_width(self, words: list[str], line: int) -> None:
        found = f"{len(words)} columns"
        markers = sum(column.holds is Holds.MARKER for column in self.columns)
        expected = (
            f"{self.width}: family, person, father, mother, sex, {len(self.columns) - markers} more, and two alleles "
            f"for each of {markers} markers"
        )
        if "Ped:" in words:
            expected += " (this line was through makeped; give the file from before that)"
        self._complain(line, None, found=found, expected=expected)

    def _complain(self, line: int, column: str | None, *, found: str, expected: str) -> None:
        self.problems.add(self.file, line, column, found=found, expected=expected)


def read_genotype(cells: CellReader, marker: str, pair: tuple[str, str]) -> tuple[str, str]:
    """The two cells of a marker as a case folder has them: what was read first, and nothing for 0.

    Raises `CellError` where they are no alleles.
    """
    first, second = ("" if text == UNKNOWN else text for text in pair)
    if not first:
        first, second = second, first
    known = canonical_name(marker) or marker
    if is_y(known):
        cells.read_copies(known, [first, second])
    else:
        cells.read(known, [first, second])
    return first, second


def by_family(persons: Iterable[PedPerson]) -> dict[str, list[PedPerson]]:
    """The persons of each family, in the order in which they first stand."""
    families: dict[str, list[PedPerson]] = {}
    for person in persons:
        families.setdefault(person.family, []).append(person)
    return families


def _pedigree(name: str, persons: Iterable[PedPerson]) -> Pedigree:
    return Pedigree.build([Person(one.id, one.father, one.mother, one.sex) for one in persons], family=name)


def _check_families(persons: Sequence[PedPerson], file: str, problems: Problems) -> None:
    for name, own in by_family(persons).items():
        if len(own) > MAX_FAMILY:
            expected = f"at most {MAX_FAMILY} in a family"
            problems.add(file, own[MAX_FAMILY].line, "family", found=f"{len(own)} persons", expected=expected)
            continue
        try:
            _pedigree(name, own)
        except PedigreeError as error:
            lines: Mapping[str, int] = {person.id: person.line for person in own}
            for problem in error.problems:
                what, _, advice = problem.what.rpartition("; ")
                found = f"person {quoted(problem.person)} of family {quoted(name)}, who {what or problem.what}"
                expected = f"a family that can be: {advice or 'mend this line'}"
                problems.add(file, lines.get(problem.person), "person", found=found, expected=expected)
