"""A table of public statements: who said which figure, for which side, on which day, and who published it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path

from antigone.formats.errors import quoted
from antigone.formats.tables import Column, Problems, Row, TableFormat, open_csv, to_csv

MAX_BYTES = 256_000_000
MAX_CLAIMS = 500_000
MAX_QUANTITY = 1_000_000_000
MAX_PUBLISHERS = 20


class Kind(StrEnum):
    """What somebody does by saying it. The list is closed: a kind decides which series a figure belongs to."""

    PROMISE = "promise"
    DECLARED = "declared"
    HANDED_OVER = "handed over"
    RECEIVED = "received"
    CUMULATIVE = "cumulative"
    PROVENANCE = "provenance"
    CHARACTERISATION = "characterisation"
    ACCUSATION = "accusation"
    DENIAL = "denial"
    ASSESSMENT = "assessment"
    OBSERVATION = "observation"
    FORECAST = "forecast"


COUNTED = frozenset({Kind.PROMISE, Kind.DECLARED, Kind.HANDED_OVER, Kind.RECEIVED, Kind.CUMULATIVE})
"""The kinds whose figures make a series; they need a direction."""

BOTH_WAYS = "both ways"

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_NAME = r"[^\s:;/](?:[^:;/]{0,98}[^\s:;/])?"
_ABOUT = re.compile(rf"(transfer|agreement):({_NAME})")
_DIRECTION = re.compile(r"to (\S(?:.{0,98}\S)?)")
_CLAIM_ID = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_DIGEST = r"[0-9a-f]{64}"
_RANGE = rf"{_DAY}(?:/{_DAY})?"

FORMAT = TableFormat(
    "claims",
    "Public statements, one row a claim. Rival claims stand side by side; a correction names what it supersedes.",
    (
        Column(
            "claim_id", "letters, digits, points, hyphens and underscores, at most 64", required=True, pattern=_CLAIM_ID
        ),
        Column("said_on", "a day as 2025-06-11, or first and last as 2025-06-07/2025-06-08", True, _RANGE),
        Column("speaker", "who said it, at most 200 characters", required=True, pattern=r".{1,200}"),
        Column("quoting", "whom the speaker quotes, at most 200 characters, or empty", True, r".{0,200}"),
        Column("side", "the side for which it was said, or joint, or press; at most 100 characters", True, r".{1,100}"),
        Column(
            "about",
            "transfer:DAY, transfer:NAME or agreement:NAME",
            required=True,
            pattern=rf"(transfer|agreement):{_NAME}",
        ),
        Column("agreement", "the name of the agreement it belongs to, or empty", required=True, pattern=rf"|{_NAME}"),
        Column("kind", f"one of {', '.join(Kind)}", required=True, pattern="|".join(Kind)),
        Column("quantity", f"a whole number from 0 to {MAX_QUANTITY}, or empty", True, r"|[0-9]{1,10}"),
        Column("unit", "the unit as claimed, at most 100 characters; empty only without a quantity", True, r".{0,100}"),
        Column(
            "direction", f"‘to’ and a side, or ‘{BOTH_WAYS}’", required=True, pattern=rf"|{BOTH_WAYS}|to .{{1,100}}"
        ),
        Column("wording", "the words, 1 to 1000 characters", required=True, pattern=r".{1,1000}"),
        Column("publisher", "who published it; several separated by ‘; ’", required=True, pattern=r".+"),
        Column("published_on", "a day for each publisher, separated by ‘; ’", True, rf"{_DAY}(?:; ?{_DAY})*"),
        Column("supersedes", "the claim_id of the earlier claim that this one corrects", pattern=rf"|{_CLAIM_ID}"),
        Column("digest", "the SHA-256 of the archived copy: 64 digits 0-9 a-f", pattern=rf"|{_DIGEST}"),
    ),
)


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """One claim as it stands in the file.

    `said_on` is the first and the last day on which it may have been said. `published_on` has as many days as
    `publishers` has names. `agreement`, `quantity`, `supersedes` and `digest` are None where the cell is empty, the
    other texts are then empty. `line` is the place in the file and is not compared.
    """

    claim_id: str
    said_on: tuple[date, date]
    speaker: str
    quoting: str
    side: str
    about: str
    agreement: str | None
    kind: Kind
    quantity: int | None
    unit: str
    direction: str
    wording: str
    publishers: tuple[str, ...]
    published_on: tuple[date, ...]
    supersedes: str | None = None
    digest: str | None = None
    line: int = field(default=0, compare=False)


def read_claims(path: Path | str) -> tuple[ClaimRow, ...]:
    """Read a table of claims (CSV), in the order of the file.

    What a claim supersedes may stand in another file, so an unknown `claim_id` there is no error here.

    Raises `InputError` with all problems of the file; nothing is half-read.
    """
    path = Path(path)
    problems = Problems()
    if path.is_file() and path.stat().st_size > MAX_BYTES:
        problems.add(path.name, None, None, found=f"more than {MAX_BYTES} bytes", expected="a smaller file")
        problems.stop_if_any()
    rows: list[ClaimRow] = []
    table = open_csv(path, path.name, problems)
    if table is not None:
        with table:
            rows = list(_claims(table.named_rows(FORMAT), problems))
    problems.stop_if_any()
    return tuple(rows)


def claims_as_csv(rows: Iterable[ClaimRow]) -> str:
    """The text of a table of claims; `read_claims` gives the same rows back."""
    return to_csv([column.name for column in FORMAT.columns], (_cells(row) for row in rows))


def _cells(row: ClaimRow) -> list[str]:
    first, last = row.said_on
    return [
        row.claim_id,
        first.isoformat() if first == last else f"{first.isoformat()}/{last.isoformat()}",
        row.speaker,
        row.quoting,
        row.side,
        row.about,
        row.agreement or "",
        str(row.kind),
        "" if row.quantity is None else str(row.quantity),
        row.unit,
        row.direction,
        row.wording,
        "; ".join(row.publishers),
        "; ".join(day.isoformat() for day in row.published_on),
        row.supersedes or "",
        row.digest or "",
    ]


def _claims(rows: Iterable[Row], problems: Problems) -> Iterator[ClaimRow]:
    """The sound rows; what is wrong with the others, and between rows, is noted."""
    spellings = _Spellings()
    read: dict[str, ClaimRow] = {}
    corrections: list[tuple[Row, ClaimRow]] = []
    for count, row in enumerate(rows, 1):
        if count > MAX_CLAIMS:
            problems.add(row.file, row.line, None, found=f"more than {MAX_CLAIMS} claims", expected="at most that many")
            break
        before = len(problems)
        claim = _claim(row)
        spellings.compare(row)
        if claim.claim_id in read:
            expected = f"another: line {read[claim.claim_id].line} has it"
            row.complain("claim_id", expected=expected)
        elif claim.claim_id:
            read[claim.claim_id] = claim
        if claim.supersedes:
            corrections.append((row, claim))
        if len(problems) == before:
            yield claim
    for row, claim in corrections:
        _check_correction(row, claim, read)


def _claim(row: Row) -> ClaimRow:
    """One row. Where something is wrong it is noted, and the claim is not used."""
    quantity = row.whole("quantity", 0, MAX_QUANTITY)
    kind = row.choice("kind", {str(kind): kind for kind in Kind}) or Kind.OBSERVATION
    about = _about(row)
    publishers, published_on = _publications(row)
    unit = _short(row, "unit", 100)
    if row.text("quantity") and not unit:
        row.complain("unit", expected="the unit of the quantity, as claimed")
    return ClaimRow(
        claim_id=_matching(row, "claim_id", _CLAIM_ID),
        said_on=_days(row),
        speaker=_short(row, "speaker", 200, required=True),
        quoting=_short(row, "quoting", 200),
        side=_short(row, "side", 100, required=True),
        about=about,
        agreement=_agreement(row, about),
        kind=kind,
        quantity=quantity,
        unit=unit,
        direction=_direction(row, kind),
        wording=row.required("wording"),
        publishers=publishers,
        published_on=published_on,
        supersedes=_matching(row, "supersedes", _CLAIM_ID, required=False) or None,
        digest=_matching(row, "digest", _DIGEST, required=False) or None,
        line=row.line,
    )


def _short(row: Row, column: str, most: int, *, required: bool = False) -> str:
    text = row.required(column) if required else row.text(column)
    if len(text) > most:
        row.complain(column)
    return text


def _matching(row: Row, column: str, pattern: str, *, required: bool = True) -> str:
    text = row.required(column) if required else row.text(column)
    if text and not re.fullmatch(pattern, text):
        row.complain(column)
    return text


def _day(text: str) -> date | None:
    if not re.fullmatch(_DAY, text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _days(row: Row) -> tuple[date, date]:
    """The first and the last day on which it may have been said."""
    text = row.text("said_on")
    days = [_day(part) for part in text.split("/")]
    first, last = days[0], days[-1]
    if first is None or last is None or len(days) > 2:
        row.complain("said_on")
        return date.min, date.min
    if last < first:
        row.complain("said_on", expected="the earlier day first")
    elif len(days) == 2 and first == last:
        row.complain("said_on", expected=f"one day as {first.isoformat()}, or two that differ")
    return first, last


def _about(row: Row) -> str:
    text = row.text("about")
    match = _ABOUT.fullmatch(text)
    if match is None:
        row.complain("about")
    elif match[1] == "transfer" and re.match(_DAY, match[2]) and _day(match[2][:10]) is None:
        row.complain("about", expected="a day of the calendar after ‘transfer:’")
    return text


def _agreement(row: Row, about: str) -> str | None:
    text = row.text("agreement")
    if text and not re.fullmatch(_NAME, text):
        row.complain("agreement")
    named = about.removeprefix("agreement:")
    if text and named not in (about, text):
        row.complain("agreement", expected=f"{quoted(named)}, as in the column ‘about’, or empty")
    return text or None


def _direction(row: Row, kind: Kind) -> str:
    text = row.text("direction")
    if not text and kind in COUNTED:
        row.complain("direction", expected=f"‘to’ and a side, or ‘{BOTH_WAYS}’, for the kind ‘{kind}’")
    elif text and text != BOTH_WAYS and not _DIRECTION.fullmatch(text):
        row.complain("direction")
    return text


def _publications(row: Row) -> tuple[tuple[str, ...], tuple[date, ...]]:
    publishers = tuple(name.strip() for name in row.required("publisher").split(";"))
    days = [_day(text.strip()) for text in row.text("published_on").split(";")]
    if row.text("publisher") and not all(publishers):
        row.complain("publisher", expected="a name before and after each semicolon")
    if len(publishers) > MAX_PUBLISHERS:
        row.complain("publisher", expected=f"at most {MAX_PUBLISHERS} publishers")
    known = tuple(day for day in days if day is not None)
    if len(known) < len(days):
        row.complain("published_on")
    elif len(days) != len(publishers):
        row.complain("published_on", expected=f"{len(publishers)} days, one for each publisher")
    return publishers, known


def _check_correction(row: Row, claim: ClaimRow, read: dict[str, ClaimRow]) -> None:
    """A claim corrects an earlier one of its own side: no side withdraws what another said."""
    corrected = read.get(claim.supersedes or "")
    if corrected is None:
        return
    if corrected.side != claim.side:
        expected = (
            f"a claim of the same side, {quoted(claim.side)}: {corrected.claim_id} is of {quoted(corrected.side)}"
        )
        row.complain("supersedes", expected=expected)
    elif claim.said_on[1] < corrected.said_on[1] or _comes_back(claim, read):
        row.complain("supersedes", expected="an earlier claim")


def _comes_back(claim: ClaimRow, read: dict[str, ClaimRow]) -> bool:
    """Whether a chain of corrections leads back to where it began."""
    at, steps = read.get(claim.supersedes or ""), 0
    while at is not None and at.claim_id != claim.claim_id and steps <= len(read):
        at, steps = read.get(at.supersedes or ""), steps + 1
    return at is not None


class _Spellings:
    """Names that differ only in case would silently be two things."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], tuple[str, int]] = {}

    def compare(self, row: Row) -> None:
        """Note the names of a row that stood differently before."""
        direction = row.text("direction")
        for column, what, name in (
            ("side", "side", row.text("side")),
            ("direction", "side", direction.removeprefix("to ") if direction.startswith("to ") else ""),
            ("unit", "unit", row.text("unit")),
            ("agreement", "agreement", row.text("agreement")),
            ("about", "about", row.text("about")),
        ):
            spelling, line = self._first.setdefault((what, name.casefold()), (name, row.line))
            if spelling != name:
                row.complain(
                    column, found=quoted(name), expected=f"{quoted(spelling)}, as on line {line}, or another name"
                )
