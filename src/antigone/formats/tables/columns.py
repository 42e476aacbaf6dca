"""What columns a table has: one definition for reading it, for its errors and for its JSON Schema."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from antigone.formats.errors import quoted
from antigone.formats.tables.problems import Problems, foreign_letters, near

T = TypeVar("T")

_WHOLE = re.compile(r"[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,3})?")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_IGNORED_IN_NAMES = re.compile(r"[\s_-]+")


@dataclass(frozen=True)
class Column:
    """One named column: `expected` says what stands in it, `pattern` is that as a regular expression."""

    name: str
    expected: str
    required: bool = False
    pattern: str | None = None

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of a cell, which is a text."""
        schema: dict[str, Any] = {"type": "string", "description": self.expected, "maxLength": 1000}
        if self.pattern is not None:
            schema["pattern"] = f"^(?:{self.pattern})$"
        return schema


@dataclass(frozen=True)
class TableFormat:
    """The columns of one table."""

    name: str
    about: str
    columns: tuple[Column, ...]

    def places(self, file: str, header: Sequence[str], problems: Problems) -> dict[str, int] | None:
        """Where each column stands; None, with problems noted, where the header is not one of this table."""
        known = {plain_name(column.name): column.name for column in self.columns}
        before = len(problems)
        places: dict[str, int] = {}
        for place, text in enumerate(header):
            name = known.get(plain_name(text))
            if name is None:
                complain_of_column(file, place, text, known.values(), problems)
            elif name in places:
                problems.add(file, 1, place + 1, found=f"a second column {quoted(text)}", expected="each column once")
            else:
                places[name] = place
        for column in self.columns:
            if column.required and column.name not in places:
                found = f"no column ‘{column.name}’"
                problems.add(file, 1, None, found=found, expected=f"a column ‘{column.name}’: {column.expected}")
        return places if len(problems) == before else None

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of one row, as an object of texts."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.name,
            "description": self.about,
            "type": "object",
            "properties": {column.name: column.schema() for column in self.columns},
            "required": [column.name for column in self.columns if column.required],
            "additionalProperties": False,
        }


def plain_name(text: str) -> str:
    """The name of a column without case, spaces, hyphens and underscores.

    >>> plain_name("Birth year") == plain_name("birth_year")
    True
    """
    return _IGNORED_IN_NAMES.sub("", text.casefold())


def complain_of_column(file: str, place: int, text: str, known: Iterable[str], problems: Problems) -> None:
    """Note a column that the table does not have."""
    if not text:
        problems.add(file, 1, place + 1, found="a column without a name", expected="a name for it, or no such column")
        return
    names = list(known)
    found = f"a column {quoted(text)}{foreign_letters(text)}"
    problems.add(file, 1, place + 1, found=found, expected=f"one of {', '.join(names)}{near(text, names)}")


@dataclass(slots=True)
class Row:
    """One row of a table, asked for values by the names of its columns. What is not such a value is noted."""

    file: str
    line: int
    cells: Sequence[str]
    places: Mapping[str, int]
    format: TableFormat = field(repr=False)
    problems: Problems = field(repr=False)

    def text(self, column: str) -> str:
        """The text of a cell; empty also where the table has no such column."""
        place = self.places.get(column)
        return "" if place is None else self.cells[place]

    def texts(self, columns: Iterable[str]) -> tuple[str, ...]:
        """The texts of several cells."""
        cells, places = self.cells, self.places
        return tuple([cells[places[column]] if column in places else "" for column in columns])

    def required(self, column: str) -> str:
        """The text of a cell that may not be empty."""
        text = self.text(column)
        if not text:
            self.complain(column, found="an empty cell")
        return text

    def whole(self, column: str, low: int, high: int) -> int | None:
        """A whole number, or None where the cell is empty or wrong."""
        text = self.text(column)
        if not text:
            return None
        if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
            self.complain(column)
            return None
        return int(text)

    def number(self, column: str, low: float, high: float) -> float | None:
        """A number with a decimal point, or None where the cell is empty or wrong."""
        text = self.text(column)
        if not text:
            return None
        value = as_number(text)
        if value is None or not low <= value <= high:
            self.complain(column)
            return None
        return value

    def choice(self, column: str, choices: Mapping[str, T]) -> T | None:
        """One of some words, in whatever case; None where it is none of them."""
        text = self.text(column)
        chosen = choices.get(text.casefold())
        if chosen is None:
            self.complain(column)
        return chosen

    def complain(self, column: str, *, found: str | None = None, expected: str | None = None) -> None:
        """Note a problem with one cell."""
        text = self.text(column)
        if found is None:
            found = quoted(text) + foreign_letters(text) if text else "an empty cell"
        if expected is None:
            expected = next(known.expected for known in self.format.columns if known.name == column)
            if _DECIMAL_COMMA.fullmatch(text):
                expected += "; with a decimal point, not a comma"
        self.problems.add(self.file, self.line, column, found=found, expected=expected)


def as_number(text: str) -> float | None:
    """A finite number written with a decimal point, or None.

    >>> as_number("0.25"), as_number("1e-3"), as_number("0,25"), as_number("nan")
    (0.25, 0.001, None, None)
    """
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None
