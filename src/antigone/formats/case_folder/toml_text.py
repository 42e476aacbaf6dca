"""TOML with places: which key stands on which line, and errors of the definition in words."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from antigone.formats.errors import quoted
from antigone.formats.tables import MOST_PROBLEMS, Problems, near

MAX_BYTES = 1_000_000
_MAX_LINE = 5_000
_DEEPEST = 8
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)|\(at end of document\)")
_PART = r"""\s*(?:[\w-]+|"[^"\n]*"|'[^'\n]*')\s*"""
_KEY = re.compile(rf"({_PART}(?:\.{_PART})*)=")
_HEADING = re.compile(rf"\s*(\[\[?)({_PART}(?:\.{_PART})*)\]\]?")


class TomlText:
    """The text of a TOML file, its lines by key, and where its problems go."""

    def __init__(self, text: str, file: str, problems: Problems) -> None:
        self.file = file
        self.problems = problems
        self._lines = _lines_by_key(text)

    def complain(self, path: Sequence[str], *, found: str, expected: str) -> None:
        """Note a problem with the value of a key, given with the tables around it."""
        key = ".".join(path).replace(".[", "[")
        self.problems.add(self.file, self.line(path), key or None, found=found, expected=expected)

    def line(self, path: Sequence[str]) -> int | None:
        """The line of a key, of the first one within it, or of the nearest table around it."""
        key = tuple(path)
        while key and key not in self._lines:
            key = key[:-1]
        return self._lines.get(key)


def parse_toml(data: bytes, file: str, problems: Problems) -> tuple[TomlText, dict[str, Any]] | None:
    """Read TOML. None, with the place of the mistake among the problems, where it is none."""
    if len(data) > MAX_BYTES:
        problems.add(file, None, None, found=f"more than {MAX_BYTES} bytes", expected="a smaller file")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.add(file, line, None, found=f"the byte {data[error.start]:#04x}", expected="UTF-8")
        return None
    for number, row in enumerate(text.split("\n"), 1):
        if len(row) > _MAX_LINE:
            problems.add(file, number, None, found=f"more than {_MAX_LINE} characters", expected="shorter lines")
            return None
    try:
        return TomlText(text, file, problems), tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        _complain_of_syntax(str(error), text, file, problems)
    except ValueError:
        problems.add(file, None, None, found="a number of thousands of digits", expected="a TOML file")
    except RecursionError:
        problems.add(file, None, None, found="brackets within brackets without end", expected="a TOML file")
    return None


def _complain_of_syntax(message: str, text: str, file: str, problems: Problems) -> None:
    place = _PLACE.search(message)
    what = _PLACE.sub("", message).strip()
    line, column = text.count("\n") + 1, None
    if place is not None and place[1] is not None:
        line, column = int(place[1]), int(place[2])
    lines = text.split("\n")
    shown = quoted(lines[line - 1].strip()) if line <= len(lines) and lines[line - 1].strip() else "the end of the file"
    problems.add(file, line, column, found=shown, expected=f"TOML ({what[:1].lower()}{what[1:]})")


def check_against(model: type[BaseModel], error: ValidationError, toml: TomlText) -> None:
    """Note each thing that the definition does not allow, once for each key, in the order of the file."""
    places = [(_path(detail), detail) for detail in error.errors()]
    places.sort(key=lambda place: toml.line(place[0]) or 0)
    told: set[tuple[str, ...]] = set()
    # To look for near names takes long: no more of them than are told.
    for path, detail in places[: 2 * MOST_PROBLEMS]:
        if detail["type"] == "extra_forbidden":
            toml.complain(path, found=f"the key {quoted(path[-1])}", expected=_known_keys(model, path))
        elif (key := _key_of(model, path)) not in told:
            told.add(key)
            toml.complain(key, found=_shown(detail), expected=_expected(model, path))


def _path(detail: ErrorDetails) -> tuple[str, ...]:
    """The keys to a value, without the names that the definition gives to the members of a union.

    A place in a list stands between brackets and counts from 1.
    """
    parts = (f"[{part + 1}]" if isinstance(part, int) else part for part in detail["loc"])
    return tuple(part for part in parts if not part.startswith("<"))


def _known_keys(model: type[BaseModel], path: Sequence[str]) -> str:
    known = [name for parent in _models_at(model, path[:-1]) for name in parent.model_fields]
    return f"one of {', '.join(known)}{near(path[-1], known)}"


def _shown(detail: ErrorDetails) -> str:
    value = detail["input"]
    if detail["type"] == "missing":
        return "nothing"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    return quoted(f'"{value}"' if isinstance(value, str) else value)


def _key_of(model: type[BaseModel], path: Sequence[str]) -> tuple[str, ...]:
    """The path without the names that pydantic gives to the members of a union."""
    key: list[str] = []
    here: list[Any] = [model]
    for part in path:
        inner = list(_inside(here, part))
        if inner:
            key.append(part)
            here = [annotation for annotation, _ in inner]
    return tuple(key)


def _expected(model: type[BaseModel], path: Sequence[str]) -> str:
    described = ""
    here: list[Any] = [model]
    for part in path:
        inner = list(_inside(here, part))
        if inner:
            described = next((text for _, text in inner if text), described)
            here = [annotation for annotation, _ in inner]
    return described


def _models_at(model: type[BaseModel], path: Sequence[str]) -> list[type[BaseModel]]:
    here: list[Any] = [model]
    for part in path:
        here = [annotation for annotation, _ in _inside(here, part)] or here
    return [member for annotation in here for member in _members(annotation) if _is_model(member)]


def _inside(annotations: Iterable[Any], part: str) -> Iterable[tuple[Any, str]]:
    """What may stand under a key within values of some types, and how it is described."""
    for annotation in annotations:
        for member in _members(annotation):
            if _is_model(member) and part in member.model_fields:
                field = member.model_fields[part]
                yield field.annotation, field.description or ""
            elif get_origin(member) is dict:
                yield get_args(member)[1], ""
            elif get_origin(member) is list and part.startswith("[") and _is_model(get_args(member)[0]):
                yield get_args(member)[0], ""


def _members(annotation: Any) -> Iterable[Any]:
    """The types that a value may have, without their wrappings."""
    if get_origin(annotation) in (None, dict, list):
        yield annotation
        return
    for argument in get_args(annotation):
        if isinstance(argument, type) or get_origin(argument) is not None:
            yield from _members(argument)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _lines_by_key(text: str) -> dict[tuple[str, ...], int]:
    """The line of each heading and key. A key within a text of several lines may mislead it, and only errors ask."""
    lines: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    tables: Counter[tuple[str, ...]] = Counter()
    for number, line in enumerate(text.split("\n"), 1):
        if heading := _HEADING.match(line):
            table = _numbered(_parts(heading[2]), tables, another=heading[1] == "[[")
            _note(table, number, lines)
        elif key := _KEY.match(line):
            _note((*table, *_parts(key[1])), number, lines)
    return lines


def _numbered(parts: tuple[str, ...], tables: Counter[tuple[str, ...]], *, another: bool) -> tuple[str, ...]:
    """The keys of a heading; after that of a list of tables, which of them is meant, as `("priors", "[2]")`.

    `tables` counts how many each list has so far, and `another` says that this heading begins one more.
    """
    path: tuple[str, ...] = ()
    for depth, part in enumerate(parts[:_DEEPEST], 1):
        path = (*path, part)
        if another and depth == len(parts):
            tables[path] += 1
        if path in tables:
            path = (*path, f"[{tables[path]}]")
    return (*path, *parts[_DEEPEST:])


def _note(path: tuple[str, ...], number: int, lines: dict[tuple[str, ...], int]) -> None:
    """The line of a key, and of each table around it that has none yet; nothing of ours lies deeper."""
    for end in range(1, min(len(path), _DEEPEST) + 1):
        lines.setdefault(path[:end], number)


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(match[0].strip().strip("\"'").strip() for match in re.finditer(_PART, dotted))
