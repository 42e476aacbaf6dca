"""What a file is, what it holds and what is odd about it, in words, before anything is made of it.

A family whose samples do not fit its pedigree is named and no more is said of it: what samples say about who is whose
child is for two geneticists (`matching.parentage`).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from antigone.formats.case_folder import read_case_folder
from antigone.formats.case_folder.markers import AMELOGENIN, is_y
from antigone.formats.case_workbook import read_case_workbook
from antigone.formats.codis import read_cmf
from antigone.formats.codis.vocabulary import Role
from antigone.formats.errors import InputError, Problem
from antigone.formats.familias import read_familias
from antigone.formats.familias_case import operation_from_familias
from antigone.formats.family_fit import alleles_shown, does_not_fit
from antigone.formats.frequencies import read_frequencies
from antigone.formats.genemapper import read_genemapper
from antigone.formats.haplotype_tables_mt import read_mt_table
from antigone.formats.haplotype_tables_y import read_y_table
from antigone.formats.laboratory import MAX_BYTES, LaboratoryProfiles
from antigone.formats.linkage import DataColumn, Genotypes, Holds, read_dat, read_map, read_ped
from antigone.formats.loose_rows import notes_of_encoding
from antigone.formats.plain_text import read_bytes
from antigone.formats.recognition import Kind, Recognised, recognise
from antigone.formats.strider import read_strider, what_n_counts
from antigone.formats.tables import SUFFIXES, Problems, Table, is_workbook, near, open_csv, open_workbook, plain_name
from antigone.formats.wide_frequencies import read_wide_frequencies
from antigone.genetics.alleles import Allele, Repeat
from antigone.genetics.frequencies import FrequencyTable, nist_1036_caucasian
from antigone.genetics.markers import Inheritance, all_markers, canonical_name
from antigone.genetics.markers import marker as known_marker
from antigone.genetics.pedigrees import Pedigree
from antigone.genetics.profiles import Profile
from antigone.matching.operation import LeftOut, Operation

FEWEST_MARKERS = 12
"""Samples with fewer markers are named: a search can say little of them."""
_ALIKE = 8
"""At how many markers two samples must be read, and be the same, to be named as one person's."""
_SAID = 5
_Readings = Mapping[str, tuple[Allele, ...]]
Columns = tuple[DataColumn, ...]


@dataclass(frozen=True)
class Inspection:
    """A file in words. `problems` are those for which nothing of it can be used; `digest` is not needed to read it."""

    path: str
    recognised: Recognised
    holds: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def what(self) -> str:
        """What it is, in words."""
        kind, table = self.recognised.kind, self.recognised.table
        return f"{kind}: ‘{table}’" if table else str(kind)


@dataclass
class _Said:
    """Sentences as they are gathered; `sheet` is the one that is looked at."""

    sheet: str | None = None
    holds: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)


def inspect(path: Path | str, *, sheet: str | None = None) -> Inspection:
    """Look at a file or folder; of a workbook with several tables, at `sheet`.

    Raises `InputError` only where nobody can say what it is.
    """
    path = Path(path)
    recognised = recognise(path, sheet=sheet)
    if sheet is not None and (path.is_dir() or not is_workbook(read_bytes(path, path.name, MAX_BYTES))):
        raise InputError.at(path.name, None, None, found="no workbook", expected="a workbook, or no --sheet")
    said = _Said(sheet)
    try:
        _LOOKS[recognised.kind](path, recognised, said)
        if recognised.kind in (Kind.FREQUENCIES, Kind.MT_TABLE, Kind.Y_TABLE):
            said.odd += notes_of_encoding(path, read_bytes(path, path.name, MAX_BYTES))
    except InputError as error:
        return Inspection(str(path), recognised, problems=tuple(error.problems))
    return Inspection(str(path), recognised, tuple(said.holds), tuple(said.odd))


# Each kind


def _case_folder(path: Path, _: Recognised, said: _Said) -> None:
    _operation(read_case_folder(path), said)


def _case_workbook(path: Path, _: Recognised, said: _Said) -> None:
    _operation(read_case_workbook(path), said)


def _familias(path: Path, _: Recognised, said: _Said) -> None:
    project = read_familias(path)
    if project.dvi is not None:
        _operation(operation_from_familias(project, str(path), name=path.stem), said)
        return
    said.holds.append(f"a project of Familias {project.version} without a DVI section, which no search can use")
    said.holds.append(f"{counted(len(project.persons), 'person')} and {counted(len(project.pedigrees), 'pedigree')}")


def _operation(operation: Operation, said: _Said) -> None:
    missing = len(operation.missing_persons())
    said.holds.append(
        f"{counted(len(operation.individuals), 'individual')} to identify, "
        f"{counted(len(operation.families), 'family that looks', 'families that look')} for "
        f"{counted(missing, 'missing person')}"
    )
    profiles = {one.id: one.profile for one in operation.individuals}
    for family in operation.families:
        profiles |= {f"{person} of {family.name}": profile for person, profile in family.profiles.items()}
    said.holds.append(f"frequencies: {operation.frequencies.name}")
    _profiles({name: alleles_shown(profile) for name, profile in profiles.items()}, operation.frequencies, said)
    said.odd += operation.warnings
    said.odd += _left_out(operation.left_out)
    _misfits({family.name: (family.pedigree, family.profiles) for family in operation.families}, said)


def _codis(path: Path, _: Recognised, said: _Said) -> None:
    cmf = read_cmf(path)
    laboratory = cmf.laboratory(Role)
    said.holds.append(cmf.describe())
    said.odd += laboratory.notes
    said.odd += _left_out(laboratory.left_out)
    profiles = laboratory.profiles()
    _profiles({name: alleles_shown(profile) for name, profile in profiles.items()}, nist_1036_caucasian(), said)
    _y_of(laboratory, said)


def _y_of(laboratory: LaboratoryProfiles, said: _Said) -> None:
    """The Y markers of samples, which are none of the profile."""
    haplotypes = laboratory.y()
    if haplotypes:
        markers = dict.fromkeys(marker for own in haplotypes.values() for marker in own)
        said.holds.append(
            f"Y haplotypes of {counted(len(haplotypes), 'sample')} at {counted(len(markers), 'marker')}: "
            f"{_some(list(markers), 30)}"
        )


def _genemapper(path: Path, _: Recognised, said: _Said) -> None:
    table = read_genemapper(path, sheet=said.sheet)
    if table.dialect is not None:
        said.holds.append(table.dialect.describe())
    said.odd += table.notes
    said.odd += _left_out(table.left_out)
    _profiles({name: alleles_shown(one) for name, one in table.profiles().items()}, nist_1036_caucasian(), said)
    _y_of(table, said)


def _ped(path: Path, _: Recognised, said: _Said) -> None:
    pedigrees = read_ped(path)
    families = pedigrees.pedigrees()
    said.holds.append(
        f"{counted(len(families), 'family', 'families')} of {counted(len(pedigrees.persons), 'person')}; "
        "who is missing and who is dead, it does not say"
    )
    read = Genotypes(pedigrees.markers)
    profiles = {(person.family, person.id): read.profile(person) for person in pedigrees.persons}
    typed = {f"{family}:{person}": alleles_shown(own) for (family, person), own in profiles.items() if own.readings}
    _profiles(typed, nist_1036_caucasian(), said)
    said.odd += _unknown_markers(pedigrees.markers)
    _misfits(
        {
            name: (pedigree, {person.id: profiles[name, person.id] for person in pedigree.persons})
            for name, pedigree in families.items()
        },
        said,
    )


def _ped_markers(path: Path, _: Recognised, said: _Said) -> None:
    last = read_map if path.suffix.casefold() == ".map" else read_dat
    columns = _first_that_reads(path, (read_dat, read_map, last))
    names = [column.name for column in columns if column.holds is Holds.MARKER]
    said.holds.append(f"{counted(len(names), 'marker')}: {_some(names)}")
    said.odd += _unknown_markers(names)


def _first_that_reads(path: Path, readers: Sequence[Callable[[Path], Columns]]) -> Columns:
    for read in readers[:-1]:
        try:
            return read(path)
        except InputError:
            continue
    return readers[-1](path)


def _strider(path: Path, _: Recognised, said: _Said) -> None:
    tables = read_strider(path)
    said.holds.append(f"{counted(len(tables), 'population')}: {_some(list(tables), 20)}")
    for counts in ("people", "chromosomes"):
        own = [name for name, table in tables.items() if what_n_counts(table) == counts]
        proved = counts == "people"
        why = "are of people, as the frequencies prove" if proved else "are taken for numbers of chromosomes"
        if own:
            said.holds.append(f"sample sizes, which the file does not explain, {why}: {_some(own, 20)}")
    markers = dict.fromkeys(marker for table in tables.values() for marker in table.markers)
    said.holds.append(f"{counted(len(markers), 'marker')}")
    said.odd += _unknown_markers(markers)
    for name, table in tables.items():
        said.odd += [f"{name}: {sentence}" for sentence in _few_chromosomes(table)]


def _published(path: Path, _: Recognised, said: _Said) -> None:
    read = read_wide_frequencies(path, sheet=said.sheet)
    _frequency_table(read.table, said)
    said.odd += read.notes


def _frequency_table(table: FrequencyTable, said: _Said) -> None:
    alleles = sum(len(entry.alleles) for entry in table.markers.values())
    said.holds.append(f"{counted(alleles, 'allele')} of {counted(len(table.markers), 'marker')}")
    said.odd += _unknown_markers(table.markers)
    said.odd += _few_chromosomes(table)


def _few_chromosomes(table: FrequencyTable) -> Iterator[str]:
    unstated = [name for name, entry in table.markers.items() if entry.chromosomes is None]
    if unstated:
        yield f"no sample size at {_some(unstated)}: a rule for rare alleles that needs it cannot be used"
    few = [name for name, entry in table.markers.items() if entry.chromosomes is not None and entry.chromosomes < 200]
    if few:
        yield f"fewer than 200 chromosomes at {_some(few)}"


def _mt(path: Path, _: Recognised, said: _Said) -> None:
    table = read_mt_table(path, sheet=said.sheet)
    people = sum(one.count for one in table.rows)
    said.holds.append(f"{counted(len(table.rows), 'sequence')} of {counted(people, 'person')}")
    ranges = Counter(one.sequence.ranges for one in table.rows)
    spans = ", ".join(";".join(f"{first}-{last}" for first, last in span) for span, _ in ranges.most_common(_SAID))
    said.holds.append(f"ranges read: {spans}")
    if table.beside:
        said.odd.append(f"columns that are not used: {', '.join(table.beside)}")
    same = Counter((one.sequence.ranges, one.sequence.differences) for one in table.rows)
    twice = sum(number for number in same.values() if number > 1)
    if twice:
        said.odd.append(f"{counted(twice, 'sequence')} that another sample has too, over the same ranges")


def _y(path: Path, _: Recognised, said: _Said) -> None:
    table = read_y_table(path, sheet=said.sheet)
    people = sum(one.count for one in table.rows)
    said.holds.append(f"{counted(len(table.rows), 'haplotype')} of {counted(people, 'man', 'men')}")
    markers = dict.fromkeys(marker for one in table.rows for marker in one.haplotype.alleles)
    said.holds.append(f"{counted(len(markers), 'marker')}: {_some(list(markers), 30)}")
    if table.beside:
        said.odd.append(f"columns that are not used: {', '.join(table.beside)}")
    few = [one.haplotype.sample for one in table.rows if len(one.haplotype.alleles) < len(markers) / 2]
    if few:
        said.odd.append(f"{counted(len(few), 'haplotype')} with fewer than half of the markers: {_some(few)}")
    same = Counter(frozenset(one.haplotype.alleles.items()) for one in table.rows)
    twice = sum(number for number in same.values() if number > 1)
    if twice:
        said.odd.append(f"{counted(twice, 'haplotype')} that another row has too")


def _case_table(path: Path, recognised: Recognised, said: _Said) -> None:
    """One table alone: its rows and cells are counted; what it means, the whole case folder says."""
    if recognised.table == "frequencies":
        _frequency_table(read_frequencies(path), said)
        return
    problems = Problems()
    with _opened(path, recognised.table, problems) as table:
        columns = {plain_name(name): place for place, name in enumerate(table.header)}
        rows = [cells for _, cells in table.rows()]
    problems.stop_if_any()
    said.holds.append(f"{counted(len(rows), 'row')} with the columns {', '.join(table.header)}")
    for name in ("sample", "remains", "family", "person", "marker"):
        place = columns.get(name)
        if place is not None:
            said.holds.append(f"{len({cells[place] for cells in rows if cells[place]})} different in ‘{name}’")
    if "marker" in columns:
        said.odd += _unknown_markers(dict.fromkeys(cells[columns["marker"]] for cells in rows))
    said.odd.append("a table alone is not checked against the others; inspect the case folder that it belongs to")


def _opened(path: Path, name: str, problems: Problems) -> Table:
    opened: Table | None
    if path.suffix.casefold() in SUFFIXES:
        workbook = open_workbook(path, path.name)
        sheet = next((one for one in workbook.sheet_names if one.casefold() == name), workbook.sheet_names[0])
        opened = workbook.table(sheet, problems)
    else:
        opened = open_csv(path, path.name, problems)
    problems.stop_if_any()
    if opened is None:
        raise InputError.at(path.name, None, None, found="no table", expected=f"the table ‘{name}’")
    return opened


_LOOKS: Mapping[Kind, Callable[[Path, Recognised, _Said], None]] = {
    Kind.CASE_FOLDER: _case_folder,
    Kind.CASE_WORKBOOK: _case_workbook,
    Kind.CASE_TABLE: _case_table,
    Kind.FAMILIAS: _familias,
    Kind.CODIS: _codis,
    Kind.GENEMAPPER: _genemapper,
    Kind.PED: _ped,
    Kind.PED_MARKERS: _ped_markers,
    Kind.STRIDER: _strider,
    Kind.FREQUENCIES: _published,
    Kind.MT_TABLE: _mt,
    Kind.Y_TABLE: _y,
}


# Profiles


def _profiles(profiles: Mapping[str, _Readings], table: FrequencyTable, said: _Said) -> None:
    """What samples hold, and what is odd about them."""
    markers = dict.fromkeys(marker for own in profiles.values() for marker in own)
    named = f" at {counted(len(markers), 'marker')}: {_some(list(markers), 30)}" if markers else ""
    said.holds.append(f"{counted(len(profiles), 'profile')} with results{named}")
    few = [name for name, own in profiles.items() if _number_of_markers(own) < FEWEST_MARKERS]
    if few:
        said.odd.append(f"{counted(len(few), 'sample')} with fewer than {FEWEST_MARKERS} markers: {_some(few)}")
    many = [name for name, own in profiles.items() if any(_is_beyond_two(marker, own[marker]) for marker in own)]
    if many:
        said.odd.append(f"{counted(len(many), 'sample')} with more than two alleles at a marker: {_some(many)}")
    said.odd += _unlisted(profiles, table)
    said.odd += [f"samples that read the same, as of one person or twins: {', '.join(one)}" for one in _alike(profiles)]


def _number_of_markers(own: _Readings) -> int:
    return sum(name != AMELOGENIN and not is_y(name) for name in own)


def _is_beyond_two(marker: str, alleles: Sequence[Allele]) -> bool:
    return not is_y(marker) and len(alleles) > 2


def _unlisted(profiles: Mapping[str, _Readings], table: FrequencyTable) -> Iterator[str]:
    """Alleles that the frequency table does not hold."""
    found: Counter[str] = Counter()
    for own in profiles.values():
        for marker, alleles in own.items():
            entry = table.markers.get(marker)
            if entry is not None:
                found.update(
                    f"{marker} {one}" for one in alleles if isinstance(one, Repeat) and one not in entry.alleles
                )
    if found:
        told = [f"{name} ({counted(number, 'sample')})" for name, number in found.most_common()]
        yield f"alleles that {table.name} does not hold: {_some(told, 10)}"
    markers = dict.fromkeys(marker for own in profiles.values() for marker in own)
    without = [name for name in markers if name not in table.markers and _is_searched(name)]
    if without:
        yield f"markers of which {table.name} has no frequencies: {_some(without, 10)}"


def _is_searched(name: str) -> bool:
    if canonical_name(name) is None:
        return True
    return known_marker(name).inheritance in (Inheritance.AUTOSOMAL, Inheritance.X)


def _alike(profiles: Mapping[str, _Readings]) -> Iterator[list[str]]:
    """Samples that read the same at every marker, of which there are enough."""
    groups: dict[frozenset[tuple[str, frozenset[Allele]]], list[str]] = {}
    for name, own in profiles.items():
        if _number_of_markers(own) >= _ALIKE:
            key = frozenset((marker, frozenset(alleles)) for marker, alleles in own.items() if not is_y(marker))
            groups.setdefault(key, []).append(name)
    yield from [group for group in groups.values() if len(group) > 1][:_SAID]


def _unknown_markers(names: Iterable[str]) -> Iterator[str]:
    known = [one.name for one in all_markers()]
    unknown = [name for name in names if canonical_name(name) is None]
    if unknown:
        # What is near is looked for only of those that are told: a broken file may have thousands.
        told = [f"{name}{near(name, known)}" for name in unknown[:10]] + unknown[10:]
        yield f"markers that nobody here knows: {_some(told, 10)}"


def _left_out(left_out: Iterable[LeftOut]) -> Iterator[str]:
    """What is not used, a sentence for each reason."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for one in left_out:
        by_reason.setdefault((one.what, one.reason), []).append(one.id)
    for (what, reason), names in by_reason.items():
        yield f"not used: {what} {_some(names)}: {reason}"


# Families


def _misfits(families: Mapping[str, tuple[Pedigree, Mapping[str, Profile]]], said: _Said) -> None:
    """Name the families whose samples do not fit, and no more."""
    odd = [name for name, (pedigree, profiles) in families.items() if does_not_fit(pedigree, profiles)]
    if odd:
        said.odd.append(
            f"the samples do not fit the pedigree given, which is for a geneticist to look into: {_some(odd)}"
        )


# Words


def counted(number: int, what: str, several: str = "") -> str:
    """A number of things.

    >>> counted(1, "family", "families"), counted(1200, "person")
    ('1 family', '1,200 persons')
    """
    return f"{number:,} {what if number == 1 else several or what + 's'}"


def _some(names: Sequence[str], most: int = _SAID) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
