"""The rows of a table that follows no rule of ours: a text with separators of its own, or a sheet of some workbook."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from antigone.formats.encodings import encoding_of, note_of_encoding
from antigone.formats.errors import InputError, Problem, quoted
from antigone.formats.plain_text import lines_of
from antigone.formats.tables import Problems, is_workbook, near, open_workbook, place_in_sheet, plain_name

Rows = list[tuple[int, list[str]]]
"""Each row with its line, counted from 1; empty ones are not there."""

_SEPARATORS = "\t;,"


def rows_of_text(data: bytes, file: str) -> Rows:
    """The rows of a text whose cells stand between tabs, semicolons or commas, whichever most lines have.

    Of several that as many lines have it is the first of these: a comma may be a decimal one. The text is UTF-8 or
    UTF-16, or cp1251 where all beyond ASCII then makes Cyrillic words.
    Raises `InputError` for a quotation mark that does not pair.
    """
    encoding = encoding_of(data, file, advice="UTF-8 (in Excel: save as ‘CSV UTF-8’)")
    lines = lines_of(data if encoding == "utf-8" else data.decode(encoding).encode("utf-8"), file)
    separator = max(_SEPARATORS, key=lambda one: sum(one in line for line in lines[:200]))
    rows: Rows = []
    for number, line in enumerate(lines, 1):
        try:
            cells = [cell.strip() for cell in next(csv.reader([line], delimiter=separator, strict=True), [])]
        except csv.Error:
            found = "a quotation mark that does not pair, or a cell beyond measure"
            raise InputError.at(file, number, None, found=found, expected="cells between separators") from None
        if any(cells):
            rows.append((number, cells))
    return rows


def notes_of_encoding(path: Path, data: bytes) -> tuple[str, ...]:
    """What a person should know of the encoding of a table whose rows were read; nothing of a workbook."""
    if is_workbook(data):
        return ()
    encoding = encoding_of(data, path.name)
    return (note_of_encoding(data, path.name, encoding),) if encoding == "cp1251" else ()


def text_of_rows(rows: Rows) -> bytes:
    """The rows of a sheet as a text with tabs, each in the line that is its row: errors then say where it stands."""
    width = max((len(cells) for _, cells in rows), default=0)
    lines: list[str] = []
    for line, cells in rows:
        lines += [""] * (line - 1 - len(lines))
        padded = (*cells, *[""] * (width - len(cells)))
        lines.append("\t".join('"' + cell.replace('"', '""') + '"' if '"' in cell else cell for cell in padded))
    return "\n".join([*lines, ""]).encode("utf-8")


@contextmanager
def cells_named(rows: Rows, *, in_sheet: bool) -> Iterator[None]:
    """Within it, errors that name a column of a sheet name the cell too. `rows` are those of the sheet."""
    try:
        yield
    except InputError as error:
        if not in_sheet:
            raise
        raise InputError([_with_cell(problem, rows) for problem in error.problems]) from None


def _with_cell(problem: Problem, rows: Rows) -> Problem:
    line, column = problem.line, problem.column
    if line is None or column is None:
        return problem
    place: int | None
    if isinstance(column, int):
        place = column
    else:
        named = ([plain_name(cell) for cell in cells] for _, cells in rows)
        place = next((cells.index(plain_name(column)) + 1 for cells in named if plain_name(column) in cells), None)
    return problem if place is None else replace(problem, column=place_in_sheet(column, place, line))


def rows_of_file(
    path: Path, data: bytes, is_table: Callable[[Rows], bool], *, what: str, sheet: str | None = None
) -> tuple[Rows, str]:
    """The rows of a text, or of the one sheet that `is_table`; and the name that errors use.

    `what` is what is looked for, in words. Raises `InputError` where `sheet` is not there, or not one sheet is such a
    table.
    """
    if not is_workbook(data):
        return rows_of_text(data, path.name), path.name
    workbook = open_workbook(path, path.name)
    names = workbook.sheet_names
    if sheet is not None and sheet not in names:
        expected = f"one of {', '.join(names)}{near(sheet, names)}"
        raise InputError.at(path.name, None, None, found=f"no sheet {quoted(sheet)}", expected=expected)
    if sheet is None:
        # What is wrong with the other sheets is nobody's concern: problems are noted of the one that is read.
        found = [name for name in names if is_table(workbook.grid(name, Problems()))]
        if len(found) != 1:
            several = f"several sheets with {what}" if found else f"no sheet with {what}"
            listed = ", ".join(found or names)
            raise InputError.at(
                path.name, None, None, found=f"{several} ({listed})", expected="one, or its name (--sheet)"
            )
        sheet = found[0]
    problems = Problems()
    rows = workbook.grid(sheet, problems)
    with cells_named(rows, in_sheet=True):
        problems.stop_if_any()
    return rows, f"{path.name}, sheet {sheet}"
