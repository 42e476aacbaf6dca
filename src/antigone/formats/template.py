"""A workbook to fill in: a sheet a table of a case folder, with notes, drop-down lists and cells that stay text."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xlsxwriter

from antigone.formats.case_folder.descriptions import FORMAT as DESCRIPTIONS
from antigone.formats.case_folder.families import FORMAT as FAMILIES
from antigone.formats.case_folder.lineage_databases import MT_FORMAT, Y_FORMAT
from antigone.formats.case_folder.lineages import FORMAT as MTDNA
from antigone.formats.case_folder.markers import is_y
from antigone.formats.case_folder.profiles import FORMAT as PROFILES
from antigone.formats.case_folder.remains import FORMAT as REMAINS
from antigone.formats.case_workbook import SETTINGS_SHEET
from antigone.formats.frequencies import FORMAT as FREQUENCIES
from antigone.formats.tables import TableFormat, column_letters
from antigone.formats.template_words import (
    ABOUT,
    ABOUT_SHEET,
    CHOOSE,
    SETTINGS,
    SETTINGS_HEADER,
    UKRAINIAN,
    Y_MARKER,
    Language,
)
from antigone.genetics.markers import all_markers, all_panels, panel

TABLES = (PROFILES, REMAINS, FAMILIES, DESCRIPTIONS, FREQUENCIES, MTDNA, Y_FORMAT, MT_FORMAT)
LISTS_SHEET = "lists"
ROWS = 10_000
"""Rows that are formatted as text and have drop-down lists; more may be filled, without them."""

_Y_KIT = "Yfiler Plus"
_A4 = 9
_WIDTH = 16
# What a drop-down list offers, by table and column. Those of markers and kits are too long for a cell and stand in a
# sheet of their own.
_CHOICES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("remains", "sex"): ("F", "M", "U"),
    ("families", "sex"): ("F", "M", "U"),
    ("families", "role"): ("missing", "donor", "other"),
    ("families", "no_unlisted_sibling"): ("yes",),
    ("descriptions", "hair"): ("black", "brown", "blond", "red", "grey"),
}
_SETTINGS_CHOICES: Mapping[str, tuple[str, ...]] = {
    "rare_alleles": ("refuse", "5/2N", "laplace"),
    "mutation.female.model": ("none", "equal", "proportional", "stepwise"),
    "mutation.male.model": ("none", "equal", "proportional", "stepwise"),
}


def write_template(path: Path | str, language: Language = "en") -> None:
    """Write the workbook, whole or not at all. Raises `FileExistsError` where something is there already."""
    path = Path(path)
    if path.exists():
        raise FileExistsError(f"{path} is there already; give a name that is not")
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part.xlsx")
    try:
        with xlsxwriter.Workbook(partial) as book:
            _Template(book, language).write()
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


class _Template:
    """The sheets of one workbook."""

    def __init__(self, book: Any, language: Language) -> None:
        self._book, self._language = book, language
        self._needed = book.add_format({"bold": True, "bg_color": "#1d4d6b", "font_color": "#ffffff", "border": 1})
        self._optional = book.add_format({"bold": True, "bg_color": "#d6e4ec", "border": 1})
        self._text = book.add_format({"num_format": "@"})
        self._prose = book.add_format({"text_wrap": True, "valign": "top"})

    def _printable(self, name: str) -> Any:
        """A new sheet that is printed on A4, across, all columns on one page: many will fill it in by hand first."""
        sheet = self._book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        return sheet

    def write(self) -> None:
        """All of them."""
        self._about()
        self._settings()
        for table in TABLES:
            self._table(table)
        self._lists()

    def _about(self) -> None:
        sheet = self._printable(ABOUT_SHEET[self._language])
        sheet.set_column(0, 0, 100)
        for row, text in enumerate(ABOUT[self._language]):
            sheet.write_string(row, 0, text, self._prose)

    def _settings(self) -> None:
        sheet = self._printable(SETTINGS_SHEET)
        sheet.set_column(0, 0, 26)
        sheet.set_column(1, 1, 24, self._text)
        sheet.set_column(2, 2, 80)
        for column, text in enumerate(SETTINGS_HEADER[self._language]):
            sheet.write_string(0, column, text, self._needed)
        for row, (key, words) in enumerate(SETTINGS, 1):
            sheet.write_string(row, 0, key)
            sheet.write_string(row, 2, words[self._language])
            if key == "kit":
                self._choose(sheet, row, 1, row, f"={LISTS_SHEET}!$B$1:$B${len(all_panels())}", strict=False)
            elif key in _SETTINGS_CHOICES:
                self._choose(sheet, row, 1, row, list(_SETTINGS_CHOICES[key]), strict=False)
        sheet.freeze_panes(1, 0)

    def _table(self, table: TableFormat) -> None:
        sheet = self._printable(table.name)
        for place, column in enumerate(table.columns):
            note = column.expected if self._language == "en" else UKRAINIAN[table.name][column.name]
            self._head(sheet, place, column.name, note, needed=column.required)
            choices = _CHOICES.get((table.name, column.name))
            if choices is not None:
                self._choose(sheet, 1, place, ROWS, list(choices), strict=True)
            elif column.name == "marker":
                self._choose(sheet, 1, place, ROWS, f"={LISTS_SHEET}!$A$1:$A${len(all_markers())}", strict=False)
        markers = [marker for marker in panel(_Y_KIT).markers if is_y(marker)] if table is Y_FORMAT else []
        for place, marker in enumerate(markers, len(table.columns)):
            self._head(sheet, place, marker, Y_MARKER[self._language], needed=False)
        sheet.set_column(0, len(table.columns) + len(markers) - 1, _WIDTH, self._text)
        sheet.freeze_panes(1, 0)

    def _head(self, sheet: Any, place: int, name: str, note: str, *, needed: bool) -> None:
        sheet.write_string(0, place, name, self._needed if needed else self._optional)
        sheet.write_comment(0, place, note, {"author": "Antigone", "x_scale": 2})

    def _choose(self, sheet: Any, first: int, column: int, last: int, source: list[str] | str, *, strict: bool) -> None:
        """A drop-down list; one that is not strict warns of other values and takes them."""
        sheet.data_validation(
            f"{column_letters(column + 1)}{first + 1}:{column_letters(column + 1)}{last + 1}",
            {
                "validate": "list",
                "source": source,
                "error_title": "Antigone",
                "error_message": CHOOSE[self._language],
                "error_type": "stop" if strict else "information",
            },
        )

    def _lists(self) -> None:
        """What the longer lists offer, in a hidden sheet."""
        sheet = self._book.add_worksheet(LISTS_SHEET)
        for place, names in enumerate(([one.name for one in all_markers()], [one.name for one in all_panels()])):
            for row, name in enumerate(names):
                sheet.write_string(row, place, name)
        sheet.hide()
