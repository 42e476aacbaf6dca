"""A whole case in one workbook: a sheet a table, and a sheet of settings where they are not the defaults.

It is read as a case folder with that workbook in it (docs/formats/case-folder.md), and its errors name sheet and cell.
"""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from antigone.formats.case_folder import read_case_folder
from antigone.formats.case_folder.folder import NEEDED, SETTINGS_FILE
from antigone.formats.errors import InputError, Problem, quoted
from antigone.formats.tables import SUFFIXES, Problems, Workbook, as_number, open_workbook, place_in_sheet, plain_name
from antigone.matching.operation import Operation

SETTINGS_SHEET = "settings"
KEY, VALUE = "key", "value"

_NAMES_OF_KEYS = (KEY, "setting", "ключ", "налаштування")
_PART = re.compile(r"[A-Za-z0-9_-]+")
_LISTS = ";"
# What a case folder says of a table that no file of it holds.
_ABSENT = {f"{table}.csv": table for table in NEEDED}


def read_case_workbook(path: Path | str) -> Operation:
    """Read a case from one workbook. What its sheet of settings does not say is left to the defaults, and said so.

    Raises `InputError` with all problems of all sheets (up to 200), by sheet and cell.
    """
    path = Path(path)
    workbook = open_workbook(path, path.name)
    toml = _toml(workbook)
    suffix = path.suffix.casefold() if path.suffix.casefold() in SUFFIXES else ".xlsx"
    with tempfile.TemporaryDirectory(prefix="antigone-") as made:
        folder = Path(made) / path.stem
        folder.mkdir()
        inner = f"case{suffix}"
        shutil.copyfile(path, folder / inner)
        (folder / SETTINGS_FILE).write_text(toml, encoding="utf-8")
        try:
            operation = read_case_folder(folder)
        except InputError as error:
            raise InputError(list(_placed(error.problems, workbook, inner))) from None
    warnings = tuple(
        warning.replace(inner, path.name)
        for warning in operation.warnings
        if not warning.startswith(f"sheet {_settings_sheet(workbook)} of ")
    )
    name = path.stem if operation.name == folder.name else operation.name
    return replace(operation, name=name, warnings=warnings, digests={path.name: workbook.digest})


# Settings


def _settings_sheet(workbook: Workbook) -> str | None:
    return next((name for name in workbook.sheet_names if name.casefold() == SETTINGS_SHEET), None)


def _toml(workbook: Workbook) -> str:
    """The settings as `case.toml` writes them, each on the line where it stands in its sheet."""
    sheet = _settings_sheet(workbook)
    problems = Problems()
    rows = dict(workbook.grid(sheet, problems)) if sheet is not None else {}
    problems.stop_if_any()
    lines = ['format = "antigone-case"']
    file = f"{workbook.file}, sheet {sheet}"
    if rows and plain_name(rows.get(1, [""])[0]) not in _NAMES_OF_KEYS:
        problems.add(file, 1, 1, found=quoted(rows.get(1, [""])[0]), expected=f"the header ‘{KEY}’, ‘{VALUE}’")
    for number in range(2, max(rows, default=1) + 1):
        key, value = (*rows.get(number, []), "", "")[:2]
        if not value:
            lines.append("")
        elif not all(_PART.fullmatch(part) for part in key.split(".")):
            problems.add(file, number, 1, found=quoted(key), expected="a setting such as theta or mutation.male.rate")
        else:
            lines.append(f"{key} = {_value(value)}")
    problems.stop_if_any()
    return "\n".join([*lines, "version = 1", ""])


def _value(text: str) -> str:
    """A cell as a value of TOML: a number, yes or no, a list between semicolons, else a text."""
    if _LISTS in text:
        return f"[{', '.join(_value(part.strip()) for part in text.split(_LISTS) if part.strip())}]"
    if text.casefold() in ("true", "yes", "так"):
        return "true"
    if text.casefold() in ("false", "no", "ні"):
        return "false"
    number = as_number(text)
    if number is not None:
        return str(int(number)) if number == int(number) and abs(number) < 1e15 else repr(number)
    return json.dumps(text, ensure_ascii=False)


# Places


def _placed(problems: list[Problem], workbook: Workbook, inner: str) -> Iterator[Problem]:
    """The problems by sheet and cell of the workbook that a person handed in."""
    headers: dict[str, Mapping[str, int]] = {}
    for problem in problems:
        if problem.file in _ABSENT:
            sheet = _ABSENT[problem.file]
            yield Problem(workbook.file, None, None, f"no sheet ‘{sheet}’", f"a sheet ‘{sheet}’")
            continue
        file = problem.file.replace(inner, workbook.file)
        if problem.file == SETTINGS_FILE:
            file = f"{workbook.file}, sheet {SETTINGS_SHEET}"
        sheet = file.partition(", sheet ")[2]
        if sheet and sheet not in headers:
            headers[sheet] = _header(workbook, sheet)
        place = _place(problem.column, headers.get(sheet, {}))
        column = problem.column
        if problem.line is not None and isinstance(place, int):
            column = place_in_sheet(place if column is None else column, place, problem.line)
        yield replace(problem, file=file, column=column)


def _place(column: str | int | None, header: Mapping[str, int]) -> int | None:
    return header.get(column, header.get(plain_name(column))) if isinstance(column, str) else column


def _header(workbook: Workbook, sheet: str) -> Mapping[str, int]:
    if sheet not in workbook.sheet_names:
        return {}
    table = workbook.table(sheet, Problems())
    names = table.header if table is not None else ()
    return {
        **{plain_name(name): place for place, name in enumerate(names, 1)},
        **{name: place for place, name in enumerate(names, 1)},
    }
