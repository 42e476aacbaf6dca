"""Which file of a case folder holds which table; what is there and not read is said."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from antigone.formats.errors import InputError, quoted
from antigone.formats.tables import SUFFIXES, CsvTable, Problems, Table, Workbook, near, open_csv, open_workbook

SETTINGS_FILE = "case.toml"
# Of a synthetic case: the settings as its world was drawn, which no search reads.
TRUE_SETTINGS_FILE = "truth.toml"
NOTES_FILE = "notes.txt"
TABLES = (
    "profiles", "remains", "families", "elimination", "descriptions", "frequencies", "truth", "truth_families",
    "mtdna", "y_database", "mt_database",
)  # fmt: skip
_WORKBOOKS = tuple(f"case{suffix}" for suffix in SUFFIXES)
_TABLE_SUFFIXES = (".csv", *SUFFIXES)
NEEDED = ("profiles", "remains", "families")
"""Tables that every case has. A sheet of another one that has a header alone, as in the template, is none."""
NOT_TABLES = ("about", "довідка", "lists")
"""Sheets of the template that are for people and for the drop-down lists."""
_TEXT = (".txt", ".md", ".pdf")
_MOST_TOML = 1_000_001


class CaseFolder:
    """A folder with the files of a case. `digests` grows as they are read."""

    def __init__(self, path: Path, problems: Problems) -> None:
        self.path = path
        self.problems = problems
        self.digests: dict[str, str] = {}
        self._asked: set[str] = set()
        self._workbooks: dict[str, Workbook | None] = {}
        if not path.is_dir():
            found = "no such folder" if not path.exists() else "a file"
            raise InputError.at(path.name or str(path), None, None, found=found, expected="a case folder")
        self._files = sorted(entry.name for entry in path.iterdir())
        for name in self._files:
            self._refuse_odd_file(name)

    def _refuse_odd_file(self, name: str) -> None:
        """A name that is nearly one of ours would otherwise be passed over, and what it says with it."""
        known = [SETTINGS_FILE, *_WORKBOOKS, *(f"{table}{suffix}" for table in TABLES for suffix in _TABLE_SUFFIXES)]
        if name in known or name.startswith((".", "~$")) or name.casefold().endswith(_TEXT):
            return
        stem, _, suffix = name.casefold().rpartition(".")
        meant = next((each for each in known if each == name.casefold()), None)
        if meant is None and stem in ("case", *TABLES):
            meant = f"{stem}.xlsx" if suffix in ("xlsm", "xlsb", "fods") else None
        if meant is not None:
            self.problems.add(name, None, None, found=f"a file {quoted(name)}", expected=f"the name ‘{meant}’")

    def has(self, table: str) -> bool:
        """Whether some file holds this table."""
        return bool(self._sources(table))

    def is_file(self, name: str) -> bool:
        """Whether the folder holds a file of this name."""
        return name in self._files

    def names(self) -> tuple[str, ...]:
        """The names of all files, in order."""
        return tuple(self._files)

    def stems_of_other_tables(self) -> list[str]:
        """The names, without their suffix, of tables that are none of ours."""
        names = [Path(name) for name in self._files]
        return [name.stem for name in names if name.suffix in _TABLE_SUFFIXES and name.stem not in ("case", *TABLES)]

    def read_bytes(self, name: str) -> bytes | None:
        """The bytes of a small file; None, with a problem noted, where it cannot be read."""
        path = self._plain(name)
        if path is None:
            return None
        try:
            with path.open("rb") as file:
                data = file.read(_MOST_TOML)
        except OSError as error:
            found = error.strerror or type(error).__name__
            self.problems.add(name, None, None, found=found, expected="a readable file")
            return None
        self.digests[name] = hashlib.sha256(data).hexdigest()
        self._asked.add(name)
        return data

    @contextmanager
    def table(self, name: str) -> Iterator[Table | None]:
        """A table, whichever file holds it. None, with a problem noted, where none does or more than one."""
        sources = self._sources(name)
        if len(sources) != 1:
            if sources:
                found, expected = f"the table ‘{name}’ in {' and '.join(sources)}", "it in one of them"
            else:
                found = f"no table ‘{name}’"
                meant = near(name, self.stems_of_other_tables())
                expected = f"{name}.csv, {name}.xlsx or a sheet ‘{name}’ in {_WORKBOOKS[0]}{meant}"
            self.problems.add(f"{name}.csv", None, None, found=found, expected=expected)
            yield None
            return
        with self._opened(sources[0], name) as table:
            yield table

    @contextmanager
    def file(self, file: str, table: str) -> Iterator[Table | None]:
        """A table in a file that is named elsewhere, as that of the frequencies in `case.toml`."""
        with self._opened(file, table) as opened:
            yield opened

    @contextmanager
    def _opened(self, file: str, table: str) -> Iterator[Table | None]:
        self._asked.add(file)
        if file.casefold().endswith(SUFFIXES):
            workbook = self._workbook(file)
            sheet = None if workbook is None else self._sheet(workbook, table)
            yield None if workbook is None or sheet is None else workbook.table(sheet, self.problems)
            return
        path = self._plain(file)
        opened: CsvTable | None = None if path is None else open_csv(path, file, self.problems)
        if opened is None:
            yield None
            return
        with opened:
            yield opened
            self.digests[file] = opened.digest

    def _workbook(self, file: str) -> Workbook | None:
        if file not in self._workbooks:
            self._workbooks[file] = None
            path = self._plain(file)
            if path is not None:
                try:
                    workbook = open_workbook(path, file)
                except InputError as error:
                    self.problems.take(error)
                else:
                    self._workbooks[file] = workbook
                    self.digests[file] = workbook.digest
        return self._workbooks[file]

    def _sheet(self, workbook: Workbook, table: str) -> str | None:
        sheets = [sheet for sheet in workbook.sheet_names if sheet.casefold() == table]
        if not sheets and workbook.file not in _WORKBOOKS and len(workbook.sheet_names) == 1:
            sheets = list(workbook.sheet_names)
        if len(sheets) == 1:
            return sheets[0]
        found = f"the sheets {', '.join(quoted(sheet) for sheet in workbook.sheet_names)}"
        self.problems.add(workbook.file, None, None, found=found, expected=f"one sheet ‘{table}’")
        return None

    def _sources(self, table: str) -> list[str]:
        sources = [name for suffix in _TABLE_SUFFIXES if (name := f"{table}{suffix}") in self._files]
        for name in _WORKBOOKS:
            workbook = self._workbook(name) if name in self._files else None
            if workbook is not None and any(
                sheet.casefold() == table and (table in NEEDED or workbook.has_rows(sheet))
                for sheet in workbook.sheet_names
            ):
                sources.append(name)
        return sources

    def _plain(self, name: str) -> Path | None:
        """The path of a file of this folder; None, with a problem noted, for a link or what is no file."""
        path = self.path / name
        if name not in self._files:
            near_names = near(name, self._files)
            self.problems.add(name, None, None, found="no such file", expected=f"a file of the folder{near_names}")
        elif path.is_symlink() or not path.is_file():
            found = "a link" if path.is_symlink() else "no plain file"
            self.problems.add(name, None, None, found=found, expected="the file itself, in the folder")
        else:
            return path
        return None

    def not_read(self) -> list[str]:
        """What lies in the folder, looks like data and was not read; but for the truth, which is for checking later."""
        unread = [
            name
            for name in self._files
            if name not in self._asked
            and not name.startswith((".", "~$", "truth.", "truth_families."))
            and not name.casefold().endswith(_TEXT)
        ]
        for file in _WORKBOOKS:
            workbook = self._workbooks.get(file)
            if workbook is not None:
                others = [sheet for sheet in workbook.sheet_names if sheet.casefold() not in (*TABLES, *NOT_TABLES)]
                unread += [f"sheet {sheet} of {file}" for sheet in others]
        return [name for name in unread if name not in _WORKBOOKS]
