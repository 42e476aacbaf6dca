"""Writes an open case folder: whole or not at all, and only what reads back as the same operation."""

import os
import secrets
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TypeVar

from antigone.formats.case_folder.descriptions import FORMAT as DESCRIPTIONS
from antigone.formats.case_folder.descriptions import described, description_rows
from antigone.formats.case_folder.elimination import FORMAT as ELIMINATION
from antigone.formats.case_folder.elimination import elimination_rows
from antigone.formats.case_folder.families import DONOR, MISSING, OTHER
from antigone.formats.case_folder.families import FORMAT as FAMILIES
from antigone.formats.case_folder.folder import NOTES_FILE, SETTINGS_FILE, TRUE_SETTINGS_FILE
from antigone.formats.case_folder.lineage_databases import MT_FORMAT as MT_DATABASE
from antigone.formats.case_folder.lineage_databases import mt_database_rows, y_database_rows
from antigone.formats.case_folder.lineages import FORMAT as MTDNA
from antigone.formats.case_folder.lineages import as_read, mtdna_rows, samples_of, y_rows
from antigone.formats.case_folder.markers import AMELOGENIN
from antigone.formats.case_folder.reader import alleles_read, read_case_folder
from antigone.formats.case_folder.remains import FORMAT as REMAINS
from antigone.formats.case_folder.samples import SEPARATOR, can_be_searched
from antigone.formats.case_folder.settings import settings_as_toml
from antigone.formats.case_folder.truth import FamilyTruthRow, TruthRow, family_truth_as_csv, truth_as_csv
from antigone.formats.errors import InputError, quoted
from antigone.formats.frequencies import frequencies_as_csv
from antigone.formats.tables import to_csv, write_durably
from antigone.genetics.frequencies import nist_1036_caucasian
from antigone.genetics.haplotypes import Lineage, MtHaplotype, YHaplotype
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.profiles import Profile
from antigone.matching.operation import Family, Individual, Operation, Settings

T = TypeVar("T", YHaplotype, MtHaplotype)
_FREQUENCIES_FILE = "frequencies.csv"


class NotWritableError(ValueError):
    """An operation that a case folder cannot hold, or that would be read back as another one."""


def write_case_folder(
    operation: Operation,
    path: Path | str,
    *,
    truth: Sequence[TruthRow] | None = None,
    family_truth: Sequence[FamilyTruthRow] = (),
    true_settings: Settings | None = None,
    notes: str = "",
) -> None:
    """Write a case folder that reads back as the same operation.

    It is built beside its place, read again and compared, then renamed: it appears whole or not at all. `truth` goes
    into `truth.csv`, `family_truth` (where there is any) into `truth_families.csv`, `true_settings` into `truth.toml`,
    `notes` into `notes.txt`; no search reads them. What the operation left out is not written, having no data. Several
    samples of one person were joined when they were read, and are written as one profile under their names between
    semicolons.

    Raises `FileExistsError` where something is there already (an empty folder may be), `NotWritableError` for an
    operation that the folder cannot hold.
    """
    path = Path(path)
    if path.is_symlink() or (path.exists() and not path.is_dir()) or (path.is_dir() and any(path.iterdir())):
        raise FileExistsError(f"{path} is there already; give the name of a new folder")
    path = path.resolve()
    try:
        files = dict(_files(operation))
        if true_settings is not None:
            files[TRUE_SETTINGS_FILE] = dict(_files(replace(operation, settings=true_settings)))[SETTINGS_FILE]
        if truth is not None:
            files["truth.csv"] = truth_as_csv(truth)
        if family_truth:
            files["truth_families.csv"] = family_truth_as_csv(family_truth)
    except (ValueError, OverflowError) as error:
        raise NotWritableError(str(error)) from error
    if notes:
        files[NOTES_FILE] = notes if notes.endswith("\n") else notes + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    partial.mkdir()
    try:
        for name, text in files.items():
            write_durably(partial / name, text)
        _check_read_back(operation, partial)
        if path.is_dir():
            path.rmdir()
        partial.rename(path)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Wait until the disk has the new name, where the system can say so."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _files(operation: Operation) -> Iterator[tuple[str, str]]:
    _require_distinct("remains", [one.id for one in _remains_of(operation)])
    _require_distinct("family", [one.name for one in operation.families])
    seen = alleles_read(_profiles(operation))
    table = operation.frequencies
    if table == nist_1036_caucasian():
        frequencies: str | Mapping[str, str] = table.name
    else:
        frequencies = {"file": _FREQUENCIES_FILE, "name": table.name, "source": table.source}
        yield _FREQUENCIES_FILE, frequencies_as_csv(table)
    databases = operation.lineage_databases
    yield SETTINGS_FILE, settings_as_toml(operation.name, operation.settings, table, frequencies, seen, databases)
    yield "profiles.csv", _profiles_as_csv(operation)
    yield (
        "remains.csv",
        to_csv(
            [column.name for column in REMAINS.columns],
            (row for one in _remains_of(operation) for row in _remains(one)),
        ),
    )
    yield (
        "families.csv",
        to_csv(
            [column.name for column in FAMILIES.columns], (row for one in operation.families for row in _family(one))
        ),
    )
    if operation.elimination:
        _require_distinct("elimination", [one.id for one in operation.elimination])
        yield "elimination.csv", to_csv([column.name for column in ELIMINATION.columns], elimination_rows(operation))
    yield from _lineage_files(operation)
    if descriptions := list(description_rows(operation)):
        yield "descriptions.csv", to_csv([column.name for column in DESCRIPTIONS.columns], descriptions)


def _lineage_files(operation: Operation) -> Iterator[tuple[str, str]]:
    if rows := mtdna_rows(operation):
        yield "mtdna.csv", to_csv([column.name for column in MTDNA.columns], rows)
    y, mt = operation.lineage_databases.y, operation.lineage_databases.mt
    if y is not None:
        yield "y_database.csv", to_csv(*y_database_rows(y))
    if mt is not None:
        yield "mt_database.csv", to_csv([column.name for column in MT_DATABASE.columns], mt_database_rows(mt))


def _require_distinct(what: str, names: Sequence[str]) -> None:
    twice = next((name for name, number in Counter(names).items() if number > 1), None)
    if twice is not None:
        raise ValueError(f"two {what} entries are called {quoted(twice)}")


def _remains_of(operation: Operation) -> tuple[Individual, ...]:
    """All that were received and typed: those searched, and mixtures."""
    return (*operation.individuals, *operation.mixtures)


def _profiles(operation: Operation) -> Iterator[Profile]:
    """All that are compared with anybody."""
    yield from (entry.profile for entry in operation.elimination)
    for individual in operation.individuals:
        yield individual.profile
    for family in operation.families:
        yield from family.profiles.values()


def _profiles_as_csv(operation: Operation) -> str:
    profiles: dict[str, Profile] = {}
    for profile in chain(_profiles(operation), (mixture.profile for mixture in operation.mixtures)):
        if profiles.setdefault(profile.sample, profile) != profile:
            raise ValueError(f"two profiles of the sample {quoted(profile.sample)}")
    y = y_rows(operation)
    widths = [len(reading.alleles) for reading in _readings(profiles.values())]
    widths += [len(cells) for rows in y.values() for _, cells in rows]
    width = max(2, *widths, 2)
    alleles = [f"allele{number}" for number in range(1, width + 1)]
    cells_of = _Cells(width)
    rows = (row for profile in profiles.values() for row in _profile_rows(profile, cells_of))
    replicate = {sample: "1" if sample in profiles and _is_replicated(profiles[sample]) else "" for sample in y}
    y_of = (
        [sample, replicate[sample], marker, *cells, *[""] * (width - len(cells))]
        for sample, own in y.items()
        for marker, cells in own
    )
    return to_csv(["sample", "replicate", "marker", *alleles], chain(rows, y_of))


class _Cells:
    """The cells of readings. Hundreds of thousands of profiles share some thousand readings."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._known: dict[int, list[str]] = {}

    def __call__(self, reading: Reading) -> list[str]:
        known = self._known.get(id(reading))
        return self._made(reading) if known is None else known

    def _made(self, reading: Reading) -> list[str]:
        cells = [str(allele) for allele in reading.alleles]
        if len(cells) == 1:
            cells.append("?" if reading.reads is Reads.OTHER_UNSEEN else cells[0])
        self._known[id(reading)] = [*cells, *[""] * (self.width - len(cells))]
        return self._known[id(reading)]


def _is_replicated(profile: Profile) -> bool:
    return any(len(readings) > 1 for readings in profile.readings.values())


def _readings(profiles: Iterable[Profile]) -> Iterator[Reading]:
    return (reading for profile in profiles for readings in profile.readings.values() for reading in readings)


def _profile_rows(profile: Profile, cells_of: _Cells) -> Iterator[list[str]]:
    replicated = _is_replicated(profile)
    for marker, readings in profile.readings.items():
        for number, reading in enumerate(readings, 1):
            yield [profile.sample, str(number) if replicated else "", marker, *cells_of(reading)]
    if not profile.markers():
        # A row without result says that the sample was typed, which its absence would not.
        yield [profile.sample, "", AMELOGENIN, *[""] * cells_of.width]


def _remains(individual: Individual) -> Iterator[list[str]]:
    samples = individual.samples or (individual.profile.sample,)
    if SEPARATOR.join(samples) != individual.profile.sample:
        raise ValueError(
            f"the profile {quoted(individual.profile.sample)} of remains {quoted(individual.id)}, whose "
            f"samples are {', '.join(map(quoted, samples))}"
        )
    for sample in dict.fromkeys((*samples, *samples_of(individual.lineage))):
        yield [
            individual.id,
            sample,
            individual.bag,
            individual.transfer,
            str(individual.sex),
            _number(individual.age_min),
            _number(individual.age_max),
            individual.stature,
            f"{SEPARATOR} ".join(individual.elements),
            individual.runs.get(sample, ""),
        ]


def _family(family: Family) -> Iterator[list[str]]:
    twins = _twin_labels(family)
    for person in family.pedigree.persons:
        profile = family.profiles.get(person.id)
        samples = dict.fromkeys((() if profile is None else (profile.sample,)) + _further_samples(family, person.id))
        role = MISSING if person.id in family.missing else DONOR if samples else OTHER
        yield [
            family.name,
            person.id,
            person.father or "",
            person.mother or "",
            str(person.sex),
            role,
            SEPARATOR.join(samples),
            _number(person.birth_year),
            _number(family.missing_since.get(person.id)),
            twins.get(person.id, ""),
            _number(person.inbreeding) if person.inbreeding else "",
            "yes" if person.id in family.no_unlisted_sibling else "",
        ]


def _further_samples(family: Family, person: str) -> tuple[str, ...]:
    """Those of a person's lineages that are not among those of the profile."""
    profile = family.profiles.get(person)
    own = () if profile is None else profile.sample.split(SEPARATOR)
    return tuple(sample for sample in samples_of(family.lineages.get(person)) if sample not in own)


def _twin_labels(family: Family) -> dict[str, str]:
    """Labels of equal length, whose order is that of the groups."""
    groups = family.pedigree.twins
    return {person: f"{number:0{len(str(len(groups)))}}" for number, group in enumerate(groups, 1) for person in group}


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if value == int(value) else repr(float(value))


def _check_read_back(operation: Operation, folder: Path) -> None:
    """Read what was written and compare: nothing that the format cannot hold may be lost without a word."""
    try:
        again = read_case_folder(folder)
    except InputError as error:
        raise NotWritableError(f"the operation would not be read back: {error}") from error
    reduced = _Reduced(operation, {entry.id for entry in again.left_out})
    pairs: list[tuple[str, object, object]] = [
        ("the name", operation.name, again.name),
        ("the settings", operation.settings, again.settings),
        ("the frequencies", operation.frequencies, again.frequencies),
        ("the remains", reduced.individuals(operation), reduced.individuals(again)),
        ("the mixtures", reduced.mixtures(operation, again), reduced.mixtures(again, again)),
        ("the families", reduced.families(operation), reduced.families(again)),
        ("the elimination list", reduced.elimination(operation), reduced.elimination(again)),
        ("the databases of lineages", _databases(operation), _databases(again)),
    ]
    for what, own, other in pairs:
        if own == other:
            continue
        if isinstance(own, dict) and isinstance(other, dict):
            names = [name for name in {**own, **other} if own.get(name) != other.get(name)]
            what += f" {', '.join(map(quoted, names[:5]))}"
        raise NotWritableError(f"read back, {what} would not be the same")


def _databases(operation: Operation) -> list[object]:
    """What the databases hold; the names of their haplotypes are not kept."""
    y, mt = operation.lineage_databases.y, operation.lineage_databases.mt
    return [
        None if y is None else (y.source, y.counts, [as_read(Lineage(y=one)) for one in _unnamed(y.haplotypes)]),
        None if mt is None else (mt.source, mt.counts, _unnamed(mt.haplotypes)),
    ]


def _unnamed(haplotypes: Sequence[T]) -> list[T]:
    return [replace(one, sample="") for one in haplotypes]


class _Reduced:
    """An operation as it is compared: without what the reader leaves out, and says so, and without order."""

    def __init__(self, written: Operation, left_out: set[str]) -> None:
        self._left_out = left_out
        self._used = {*written.settings.markers, AMELOGENIN}

    def individuals(self, operation: Operation) -> dict[str, object]:
        """All that is read of each."""
        return {
            one.id: (
                self._readings(one.profile),
                one.sex,
                one.age_min,
                one.age_max,
                one.stature,
                one.bag,
                one.transfer,
                one.elements,
                dict(one.runs),
                described(one),
                as_read(one.lineage),
            )
            for one in operation.individuals
            if one.id not in self._left_out
        }

    def mixtures(self, operation: Operation, again: Operation) -> dict[str, object]:
        """What was read of each of those that are mixtures when they are read again."""
        names = {one.id for one in again.mixtures}
        return {
            one.id: {marker: each for marker, each in one.profile.readings.items() if each and marker in self._used}
            for one in _remains_of(operation)
            if one.id in names
        }

    def elimination(self, operation: Operation) -> dict[str, object]:
        """All that is read of each entry."""
        return {
            one.id: (self._readings(one.profile), one.role, one.sex)
            for one in operation.elimination
            if one.id not in self._left_out
        }

    def families(self, operation: Operation) -> dict[str, object]:
        """All that is read of each."""
        return {
            one.name: (
                one.pedigree.persons,
                set(one.pedigree.twins),
                set(one.missing),
                self._searched(one),
                dict(one.missing_since),
                one.no_unlisted_sibling,
                described(one),
                {person: read for person, each in one.lineages.items() if (read := as_read(each)) is not None},
            )
            for one in operation.families
            if one.name not in self._left_out
        }

    def _searched(self, family: Family) -> dict[str, dict[str, tuple[Reading, ...]]]:
        """What is read of everybody of whom anything can be searched."""
        read = {person: self._readings(profile) for person, profile in family.profiles.items()}
        return {person: readings for person, readings in read.items() if can_be_searched(Profile(person, readings))}

    def _readings(self, profile: Profile) -> dict[str, tuple[Reading, ...]]:
        if profile.sample in self._left_out:
            return {}
        return {
            name: readings
            for name, readings in profile.readings.items()
            if readings and name in self._used and all(len(reading.alleles) <= 2 for reading in readings)
        }
