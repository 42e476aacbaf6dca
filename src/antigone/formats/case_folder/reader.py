"""Reads an open case folder, whole or not at all."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from antigone.formats.case_folder.descriptions import describe, read_descriptions
from antigone.formats.case_folder.elimination import ReadElimination, read_elimination
from antigone.formats.case_folder.families import ReadFamilies, read_families
from antigone.formats.case_folder.folder import SETTINGS_FILE, CaseFolder
from antigone.formats.case_folder.lineage_databases import read_mt_database, read_y_database
from antigone.formats.case_folder.lineages import ReadMtDna, read_mtdna
from antigone.formats.case_folder.markers import unknown_to_marker_table, use_of_markers, without_frequencies
from antigone.formats.case_folder.profiles import ProfilesReader, ReadProfiles
from antigone.formats.case_folder.remains import ReadRemains, read_remains
from antigone.formats.case_folder.samples import Samples
from antigone.formats.case_folder.settings import (
    Declared,
    ReadSettings,
    check_custom_matrices,
    check_transfers,
    read_case_toml,
    settings_of,
)
from antigone.formats.collecting import uncollected
from antigone.formats.errors import InputError, quoted
from antigone.formats.frequencies import NOT_STATED, frequencies_of
from antigone.formats.tables import Problems, near, plain_name
from antigone.genetics.alleles import Allele
from antigone.genetics.frequencies import FrequencyTable, nist_1036_caucasian
from antigone.genetics.haplotypes import LineageDatabases
from antigone.genetics.profiles import Profile
from antigone.matching.operation import LeftOut, Operation, SampleErrors, Settings


def read_case_folder(path: Path | str, settings_file: str = SETTINGS_FILE) -> Operation:
    """Read a case: `case.toml` and the tables of profiles, remains, families and frequencies, as CSV or Excel.

    `settings_file` reads the same tables under other settings: `TRUE_SETTINGS_FILE` of a synthetic case. What is not
    searched stands in `left_out` with its reason, what a person should know in `warnings`. The format is described in
    docs/formats/case-folder.md.

    Raises `InputError` with all problems of all files (up to 200).
    """
    with uncollected():
        return _Reader(Path(path), settings_file).read()


class _Reader:
    def __init__(self, path: Path, settings_file: str) -> None:
        self.problems = Problems()
        self.settings_file = settings_file
        self.folder = CaseFolder(path, self.problems)
        self.left_out: list[LeftOut] = []
        self.warnings: list[str] = []

    def read(self) -> Operation:
        declared = self._declared()
        table = self._frequencies(declared)
        settings = None if declared is None else settings_of(declared, table)
        profiles = self._profiles(settings, table)
        remains, families, elimination = self._people(settings, profiles)
        databases = self._lineage_databases(declared)
        if declared is not None and remains.transfers:
            check_transfers(declared, remains.transfers)
        if declared is None or table is None or settings is None:
            self.problems.stop_if_any()
            raise InputError.at(self.settings_file, None, None, found="no settings", expected="settings of a case")
        if settings.mutation.custom:
            check_custom_matrices(
                settings, table, alleles_read(_profiles_of(remains, families, elimination)), declared.toml
            )
        self.problems.stop_if_any()
        self._note_markers(settings)
        self.warnings += [f"{name}: not read" for name in self.folder.not_read()]
        return Operation(
            declared.case.name or self.folder.path.resolve().name,
            tuple(remains.individuals),
            tuple(families.families),
            table,
            settings.settings,
            tuple(self.left_out),
            tuple(self.warnings),
            self.folder.digests,
            self._undeclared(declared),
            databases,
            tuple(remains.mixtures),
            tuple(elimination.entries),
        )

    def _undeclared(self, declared: Declared) -> tuple[str, ...]:
        """A file of frequencies is declared by lying there."""
        has_frequencies = self.folder.has("frequencies")
        return tuple(name for name in declared.left_to_defaults if name != "frequencies" or not has_frequencies)

    def _declared(self) -> Declared | None:
        if not self.folder.is_file(self.settings_file):
            expected = (
                f'{self.settings_file} with format = "antigone-case"{near(self.settings_file, self.folder.names())}'
            )
            self.problems.add(self.settings_file, None, None, found="no such file", expected=expected)
            return None
        data = self.folder.read_bytes(self.settings_file)
        return None if data is None else read_case_toml(data, self.settings_file, self.problems)

    def _frequencies(self, declared: Declared | None) -> FrequencyTable | None:
        asked = None if declared is None else declared.frequencies
        if declared is None or asked is None:
            return self._default_frequencies(declared)
        built_in = nist_1036_caucasian()
        if plain_name(asked.file) == plain_name(built_in.name):
            return built_in
        if not self.folder.is_file(asked.file):
            known = [built_in.name, *self.folder.names()]
            expected = f"{quoted(built_in.name)} or a file of this folder{near(asked.file, known)}"
            declared.toml.complain(("frequencies",), found=quoted(asked.file), expected=expected)
            return None
        with self.folder.file(asked.file, "frequencies") as table:
            if table is None:
                return None
            name = asked.file if asked.name is None else asked.name
            source = NOT_STATED if asked.source is None else asked.source
            return frequencies_of(table, self.problems, name=name, source=source)

    def _default_frequencies(self, declared: Declared | None) -> FrequencyTable | None:
        if self.folder.has("frequencies"):
            with self.folder.table("frequencies") as table:
                if table is None:
                    return None
                return frequencies_of(table, self.problems, name="frequencies", source=NOT_STATED)
        meant = near("frequencies", self.folder.stems_of_other_tables())
        if meant and declared is not None:
            expected = f"frequencies.csv, or frequencies = … in {self.settings_file}{meant}"
            self.problems.add("frequencies.csv", None, None, found="no such file", expected=expected)
        return nist_1036_caucasian()

    def _profiles(self, settings: ReadSettings | None, table: FrequencyTable | None) -> ReadProfiles | None:
        """Profiles are read even where the settings are wrong: their problems are told in the same go."""
        use = settings.use if settings is not None else use_of_markers(None, "", table)
        with self.folder.table("profiles") as opened:
            if opened is None:
                return None
            return ProfilesReader(opened, _or_lenient(settings), use, self.problems).read()

    def _people(
        self, settings: ReadSettings | None, profiles: ReadProfiles | None
    ) -> tuple[ReadRemains, ReadFamilies, ReadElimination]:
        samples = Samples(profiles or ReadProfiles(), self.problems, self._mtdna())
        remains, families, elimination = ReadRemains(), ReadFamilies(), ReadElimination()
        with self.folder.table("remains") as table:
            if table is not None:
                remains = read_remains(table, _or_lenient(settings), samples)
            complete = table is not None and not table.has_gaps
        with self.folder.table("families") as table:
            if table is not None:
                families = read_families(table, _or_lenient(settings), samples)
            complete = complete and table is not None and not table.has_gaps
        if self.folder.has("elimination"):
            samples.ask_elimination_too()
            with self.folder.table("elimination") as table:
                if table is not None:
                    elimination = read_elimination(table, _or_lenient(settings), samples)
                complete = complete and table is not None and not table.has_gaps
        if complete:
            samples.complain_of_unclaimed()
        self._describe(remains, families, complete=complete)
        if profiles is not None:
            self.left_out += profiles.left_out
            self.warnings += profiles.warnings
        self.left_out += [*remains.left_out, *families.left_out, *elimination.left_out]
        self.warnings += [*remains.warnings, *families.warnings, *elimination.warnings, *samples.warnings]
        return remains, families, elimination

    def _mtdna(self) -> ReadMtDna:
        if not self.folder.has("mtdna"):
            return ReadMtDna()
        with self.folder.table("mtdna") as table:
            return ReadMtDna() if table is None else read_mtdna(table)

    def _lineage_databases(self, declared: Declared | None) -> LineageDatabases:
        y = mt = None
        if self.folder.has("y_database"):
            with self.folder.table("y_database") as table:
                if table is not None:
                    y = read_y_database(table, self._source(declared, "y_source"), self.problems)
        if self.folder.has("mt_database"):
            with self.folder.table("mt_database") as table:
                if table is not None:
                    mt = read_mt_database(table, self._source(declared, "mt_source"))
        for key, database in (("y", y), ("mt", mt)):
            name = f"{key}_database.csv"
            named = declared is not None and getattr(declared.case.lineage, f"{key}_source") is not None
            if declared is not None and named and database is None:
                found = f"a source of {name}, which is not there"
                declared.toml.complain(("lineage", f"{key}_source"), found=found, expected=f"{name}, or no source")
        return LineageDatabases(y, mt)

    def _source(self, declared: Declared | None, key: str) -> str:
        source = None if declared is None else getattr(declared.case.lineage, key)
        return NOT_STATED if source is None else str(source)

    def _describe(self, remains: ReadRemains, families: ReadFamilies, *, complete: bool) -> None:
        """Where somebody could not be read, nobody can be told to be unknown."""
        if not self.folder.has("descriptions"):
            return
        with self.folder.table("descriptions") as table:
            read = None if table is None else read_descriptions(table)
        if read is not None and complete:
            self.warnings += describe(read, remains, families)

    def _note_markers(self, read: ReadSettings) -> None:
        named = {entry.id for entry in self.left_out if entry.what == "marker"}
        for name in without_frequencies(read.use):
            if name not in named:
                self.left_out.append(LeftOut("marker", name, f"{read.use.why_left_out(name)}; the kit names it"))
        unknown = unknown_to_marker_table(read.use)
        if unknown:
            self.warnings.append(
                f"markers that only the frequency table knows count as autosomal and unlinked: {', '.join(unknown)}"
            )


def _or_lenient(settings: ReadSettings | None) -> Settings:
    """Without settings, what would be an error under any of them is still told, and nothing else."""
    if settings is not None:
        return settings.settings
    return Settings(markers=(), remains=_LENIENT, donors=_LENIENT)


_LENIENT = SampleErrors(drop_in=0.1, typing_error=0.1)


def _profiles_of(remains: ReadRemains, families: ReadFamilies, elimination: ReadElimination) -> Iterable[Profile]:
    yield from (individual.profile for individual in remains.individuals)
    yield from (entry.profile for entry in elimination.entries)
    for family in families.families:
        yield from family.profiles.values()


def alleles_read(profiles: Iterable[Profile]) -> Mapping[str, set[Allele]]:
    """Every allele that some profile shows, by marker."""
    seen: dict[str, set[Allele]] = {}
    told: dict[str, set[int]] = {}
    for profile in profiles:
        for name, readings in profile.readings.items():
            known = told.setdefault(name, set())
            for reading in readings:
                # Readings are shared among profiles: each is looked at once.
                if id(reading) not in known:
                    known.add(id(reading))
                    seen.setdefault(name, set()).update(reading.alleles)
    return seen
