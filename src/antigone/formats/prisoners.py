"""A table of prisoner lists: a row for each person on a list, under an alias. Names and births are personal."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from antigone.formats.tables import Column, Problems, Row, TableFormat, open_csv

MAX_ROWS = 500_000
MAX_BYTES = 256_000_000

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_NAME = r"[^\s:;/](?:[^:;/]{0,98}[^\s:;/])?"
_HIDDEN = "something else (not shown: it is personal)"

FORMAT = TableFormat(
    "prisoners",
    "Prisoner lists, one row a person on a list. The number that a list claims is not the number of its rows.",
    (
        Column("list", "the name of the list", required=True, pattern=_NAME),
        Column("side", "whose list it is, at most 100 characters", required=True, pattern=r".{1,100}"),
        Column("day", "the day of the list, as 2025-06-11", required=True, pattern=_DAY),
        Column("direction", "‘to’ and a side, or empty", pattern=r"|to .{1,100}"),
        Column("agreement", "the name of the agreement, or empty", pattern=rf"|{_NAME}"),
        Column("claimed", "the number that the list claims, or empty", pattern=r"|[0-9]{1,9}"),
        Column("publisher", "who published it, or empty", pattern=r".{0,200}"),
        Column("alias", "the office’s name for the person; never the person’s own", required=True, pattern=_NAME),
        Column(
            "captured_on", "a day, or first and last as 2025-01-02/2025-01-05, or empty", pattern=rf"|{_DAY}(/{_DAY})?"
        ),
        Column("returned_on", "a day, or empty", pattern=rf"|{_DAY}"),
        Column("verified_by", "who verified the return; needed with a day of return", pattern=r".{0,200}"),
        Column("name", "personal: kept apart, encrypted", pattern=r".{0,200}"),
        Column("born", "personal: a day, or empty", pattern=rf"|{_DAY}"),
    ),
)


@dataclass(frozen=True, slots=True)
class PrisonerRow:
    """One person on one list, as the file has it."""

    list: str
    side: str
    day: date
    direction: str
    agreement: str | None
    claimed: int | None
    publisher: str
    alias: str
    captured: tuple[date, date] | None
    returned_on: date | None
    verified_by: str
    name: str | None = field(repr=False)
    born: date | None = field(repr=False)
    line: int = field(default=0, compare=False)

    @property
    def of_list(self) -> tuple[object, ...]:
        """What rows of one list must agree on."""
        return (self.side, self.day, self.direction, self.agreement, self.claimed, self.publisher)


def read_prisoners(path: Path | str) -> tuple[PrisonerRow, ...]:
    """Read a table of prisoner lists (CSV). Raises `InputError` with all problems; no error shows what is personal."""
    path = Path(path)
    problems = Problems()
    if path.is_file() and path.stat().st_size > MAX_BYTES:
        problems.add(path.name, None, None, found=f"more than {MAX_BYTES} bytes", expected="a smaller file")
        problems.stop_if_any()
    rows: list[PrisonerRow] = []
    table = open_csv(path, path.name, problems)
    if table is not None:
        with table:
            rows = list(_rows(table.named_rows(FORMAT), problems))
    problems.stop_if_any()
    return tuple(rows)


def _rows(rows: Iterable[Row], problems: Problems) -> Iterator[PrisonerRow]:
    first_of: dict[str, PrisonerRow] = {}
    seen: dict[tuple[str, str], int] = {}
    for count, row in enumerate(rows, 1):
        if count > MAX_ROWS:
            problems.add(row.file, row.line, None, found=f"more than {MAX_ROWS} rows", expected="at most that many")
            return
        one = _row(row)
        first = first_of.setdefault(one.list, one)
        if one.of_list != first.of_list:
            row.complain(
                "list", expected=f"side, day, direction, agreement, claimed and publisher as in line {first.line}"
            )
        if (one.list, one.alias) in seen:
            row.complain("alias", expected=f"another: line {seen[one.list, one.alias]} has it on the same list")
        seen[one.list, one.alias] = row.line
        yield one


def _row(row: Row) -> PrisonerRow:
    returned_on, verified_by = _day(row, "returned_on"), row.text("verified_by")
    if (returned_on is None) != (not verified_by):
        row.complain("verified_by", expected="who verified the return, together with its day")
    return PrisonerRow(
        list=_matching(row, "list"),
        side=row.required("side"),
        day=_day(row, "day") or date.min,
        direction=_matching(row, "direction", r"|to .{1,100}"),
        agreement=_matching(row, "agreement", rf"|{_NAME}") or None,
        claimed=row.whole("claimed", 0, 10**9),
        publisher=row.text("publisher"),
        alias=_matching(row, "alias"),
        captured=_days(row),
        returned_on=returned_on,
        verified_by=verified_by,
        name=row.text("name") or None,
        born=_day(row, "born", found=_HIDDEN),
        line=row.line,
    )


def _matching(row: Row, column: str, pattern: str = _NAME) -> str:
    text = row.text(column)
    if not re.fullmatch(pattern, text):
        row.complain(column)
    return text


def _day(row: Row, column: str, found: str | None = None) -> date | None:
    text = row.text(column)
    if not text and column != "day":
        return None
    return _parsed(row, column, text, found)


def _parsed(row: Row, column: str, text: str, found: str | None = None) -> date | None:
    try:
        if re.fullmatch(_DAY, text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    row.complain(column, found=found)
    return None


def _days(row: Row) -> tuple[date, date] | None:
    text = row.text("captured_on")
    if not text:
        return None
    parts = text.split("/")
    days = [_parsed(row, "captured_on", part) for part in parts]
    first, last = days[0], days[-1]
    if first is None or last is None:
        return None
    if len(parts) > 2 or last < first:
        row.complain("captured_on", expected="a day, or two with the earlier first")
    return first, last
