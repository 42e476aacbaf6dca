"""`descriptions.csv`: what is known of the dead and of the missing beside DNA, one row a subject."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from antigone.formats.case_folder.families import ReadFamilies
from antigone.formats.case_folder.remains import ReadRemains
from antigone.formats.case_folder.samples import SEPARATOR
from antigone.formats.errors import quoted
from antigone.formats.tables import Column, Row, Table, TableFormat, near
from antigone.matching.description import (
    BODY_PLACES,
    HAIR_COLOURS,
    MARK_KINDS,
    MARKS,
    NO_MARKS,
    NOTHING_RECORDED,
    STATURES,
    Description,
    day_of,
)
from antigone.matching.operation import Family, Individual, Operation

_LEAST, _MOST = STATURES
FORMAT = TableFormat(
    "descriptions",
    "What is known beside DNA: one row for each of the remains, or for each missing person, that is described.",
    (
        Column("remains", "the number of some remains of remains.csv; empty in the row of a person", required=True),
        Column("family", "the family of a missing person; empty in the row of remains", required=True),
        Column("person", "a missing person of that family; empty in the row of remains", required=True),
        Column("stature_min", f"the least stature in cm, from {_LEAST:g} to {_MOST:g}", pattern=r"|[0-9.]+"),
        Column(
            "stature_max",
            f"the greatest stature in cm, from {_LEAST:g} to {_MOST:g} and not below stature_min",
            pattern=r"|[0-9.]+",
        ),
        Column("hair", f"one of {', '.join(HAIR_COLOURS)}, or an empty cell"),
        Column(
            "marks",
            f"codes between semicolons, each a kind ({', '.join(MARK_KINDS)}) and a place of the body, such as ‘tattoo "
            f"left forearm’; ‘{NO_MARKS}’ where there is none; empty where nobody looked or asked",
        ),
        Column("marks_text", "marks in words; shown, never scored"),
        Column("documents", "numbers of documents and tags between semicolons, each once"),
        Column("latitude", "degrees north, from -90 to 90, of recovery or of being last seen", pattern=r"|[0-9.eE+-]+"),
        Column(
            "longitude", "degrees east, from -180 to 180, of recovery or of being last seen", pattern=r"|[0-9.eE+-]+"
        ),
        Column(
            "date",
            "a day such as 2024-05-31, of recovery or of being last seen",
            pattern=r"|[0-9]{4}-[0-9]{2}-[0-9]{2}",
        ),
    ),
)
_COLOURS = {"": "", **{colour: colour for colour in HAIR_COLOURS}}


@dataclass(frozen=True)
class _Subject:
    """Some remains, or a person of a family."""

    remains: str = ""
    family: str = ""
    person: str = ""

    def __str__(self) -> str:
        if self.remains:
            return f"remains {quoted(self.remains)}"
        return f"person {quoted(self.person)} of family {quoted(self.family)}"


@dataclass
class ReadDescriptions:
    """What a table says, by subject, with the row of each."""

    of: dict[_Subject, Description] = field(default_factory=dict)
    rows: dict[_Subject, Row] = field(default_factory=dict)


def read_descriptions(table: Table) -> ReadDescriptions:
    """The descriptions of a table. Problems are noted with their lines."""
    read = ReadDescriptions()
    for row in table.named_rows(FORMAT):
        subject = _subject(row)
        description = _description(row)
        if subject is None:
            continue
        if subject in read.rows:
            expected = f"one row for {subject}, who stands in line {read.rows[subject].line} already"
            row.complain(_naming(subject), expected=expected)
        else:
            read.rows[subject] = row
            read.of[subject] = description
    return read


def _naming(subject: _Subject) -> str:
    """The column that names a subject."""
    return "remains" if subject.remains else "person"


def _subject(row: Row) -> _Subject | None:
    subject = _Subject(row.text("remains"), row.text("family"), row.text("person"))
    if subject.remains and (subject.family or subject.person):
        found = f"remains {quoted(subject.remains)} with a family or person"
        row.complain("remains", found=found, expected="either remains, or a family and a person")
        return None
    if subject.remains or (subject.family and subject.person):
        return subject
    if subject.family:
        row.complain("person", expected="the missing person of this family who is described")
    elif subject.person:
        row.complain("family", expected="the family of the missing person who is described")
    else:
        row.complain("remains", found="nobody", expected="either remains, or a family and a person")
    return None


def _description(row: Row) -> Description:
    low, high = row.number("stature_min", _LEAST, _MOST), row.number("stature_max", _LEAST, _MOST)
    if low is not None and high is not None and low > high:
        row.complain("stature_max")
        high = None
    return Description(
        (low, high),
        row.choice("hair", _COLOURS) or "",
        _marks(row),
        row.text("marks_text"),
        _documents(row),
        _place(row),
        _date(row),
    )


def _marks(row: Row) -> tuple[str, ...]:
    """The codes of a row, each known and named once."""
    codes: dict[str, None] = {}
    for text in _parts(row, "marks"):
        code = " ".join(text.casefold().split())
        if code in MARKS or code == NO_MARKS:
            if code in codes:
                row.complain("marks", found=f"{quoted(code)} twice", expected="each mark once")
            codes[code] = None
        else:
            row.complain("marks", found=quoted(text), expected=_expected_mark(code))
    if NO_MARKS in codes and len(codes) > 1:
        row.complain("marks", expected=f"‘{NO_MARKS}’ alone, or the marks that there are")
        return ()
    return tuple(codes)


def _expected_mark(code: str) -> str:
    kind, _, place = code.partition(" ")
    if kind not in MARK_KINDS:
        return (
            f"a mark that begins with one of {', '.join(MARK_KINDS)}{near(kind, MARK_KINDS)}; other marks in marks_text"
        )
    return f"{kind} and one of {', '.join(BODY_PLACES)}{near(place, BODY_PLACES)}"


def _documents(row: Row) -> tuple[str, ...]:
    numbers = _parts(row, "documents")
    if len(set(numbers)) < len(numbers):
        row.complain("documents")
    return tuple(dict.fromkeys(numbers))


def _parts(row: Row, column: str) -> list[str]:
    text = row.text(column)
    if not text:
        return []
    parts = [part.strip() for part in text.split(SEPARATOR)]
    if not all(parts):
        row.complain(column, expected="something between each two semicolons")
    return [part for part in parts if part]


def _place(row: Row) -> tuple[float, float] | None:
    latitude, longitude = row.number("latitude", -90, 90), row.number("longitude", -180, 180)
    for given, lacking in (("latitude", "longitude"), ("longitude", "latitude")):
        if row.text(given) and not row.text(lacking):
            row.complain(lacking, expected=f"the {lacking} that belongs to the {given}")
    return None if latitude is None or longitude is None else (latitude, longitude)


def _date(row: Row) -> str:
    text = row.text("date")
    if text and day_of(text) is None:
        row.complain("date")
        return ""
    return text


def describe(read: ReadDescriptions, remains: ReadRemains, families: ReadFamilies) -> list[str]:
    """Give everybody their description; the answer is what was not used, in words. Unknown subjects are noted."""
    _describe_remains(read, remains)
    _describe_families(read, families)
    left_out = {(entry.what, entry.id) for entry in (*remains.left_out, *families.left_out)}
    used = {_Subject(remains=one.id) for one in remains.individuals}
    used |= {_Subject("", family.name, person) for family in families.families for person in family.missing}
    unused = []
    for subject, row in read.rows.items():
        if subject in used:
            continue
        if (("individual", subject.remains) if subject.remains else ("family", subject.family)) in left_out:
            unused.append(f"{subject}: the description is not used, since they are left out")
        else:
            column, expected = _what_would_be_right(subject, remains, families)
            row.complain(column, expected=expected)
    return unused


def _describe_remains(read: ReadDescriptions, remains: ReadRemains) -> None:
    for place, one in enumerate(remains.individuals):
        description = read.of.get(_Subject(remains=one.id), NOTHING_RECORDED)
        if description != NOTHING_RECORDED:
            remains.individuals[place] = replace(one, description=description)


def _describe_families(read: ReadDescriptions, families: ReadFamilies) -> None:
    for place, family in enumerate(families.families):
        own = {person: read.of.get(_Subject("", family.name, person), NOTHING_RECORDED) for person in family.missing}
        described = {person: each for person, each in own.items() if each != NOTHING_RECORDED}
        if described:
            families.families[place] = replace(family, descriptions=described)


def _what_would_be_right(subject: _Subject, remains: ReadRemains, families: ReadFamilies) -> tuple[str, str]:
    """The column that names somebody unknown, and whom it could name."""
    if subject.remains:
        known = [one.id for one in remains.individuals]
        return "remains", f"the number of some remains of remains.csv{near(subject.remains, known)}"
    family = next((each for each in families.families if each.name == subject.family), None)
    if family is None:
        known = [each.name for each in families.families]
        return "family", f"a family of families.csv{near(subject.family, known)}"
    if subject.person in family.pedigree:
        return "person", f"a missing person: {quoted(subject.person)} of family {quoted(family.name)} is not missing"
    return "person", f"a missing person of family {quoted(family.name)}{near(subject.person, family.missing)}"


def description_rows(operation: Operation) -> Iterator[list[str]]:
    """The rows of everybody who is described."""
    for individual in operation.individuals:
        yield from _row(_Subject(remains=individual.id), individual.description)
    for family in operation.families:
        for person in family.missing:
            yield from _row(_Subject("", family.name, person), family.descriptions.get(person))


def described(operation_part: Individual | Family) -> object:
    """What of descriptions is the same when it was written and read."""
    if isinstance(operation_part, Individual):
        return operation_part.description or NOTHING_RECORDED
    told: Iterable[tuple[str, Description]] = operation_part.descriptions.items()
    return {person: each for person, each in told if each != NOTHING_RECORDED}


def _row(subject: _Subject, description: Description | None) -> Iterator[list[str]]:
    if description is None or description == NOTHING_RECORDED:
        return
    latitude, longitude = description.place or (None, None)
    yield [
        subject.remains,
        subject.family,
        subject.person,
        *map(_number, description.stature),
        description.hair,
        f"{SEPARATOR} ".join(description.marks),
        description.marks_text,
        f"{SEPARATOR} ".join(description.documents),
        _number(latitude),
        _number(longitude),
        description.date,
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if float(f"{value:g}") == value else repr(float(value))
