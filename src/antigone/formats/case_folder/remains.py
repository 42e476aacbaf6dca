"""`remains.csv`: the dead as they lie in the mortuary, and which samples were taken of them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from antigone.formats.case_folder.lineages import WOMAN_WITH_Y
from antigone.formats.case_folder.samples import (
    SEPARATOR,
    JoinedSamples,
    Owner,
    Samples,
    can_be_searched,
    check_one_person,
)
from antigone.formats.errors import quoted
from antigone.formats.tables import Column, Row, Table, TableFormat
from antigone.genetics.haplotypes import Lineage
from antigone.genetics.pedigrees import Sex
from antigone.genetics.profiles import Profile
from antigone.matching.operation import Individual, LeftOut, Settings

FORMAT = TableFormat(
    "remains",
    "The dead: one row for each sample of each remains. All columns but `sample` and `run` agree in the rows of one "
    "remains.",
    (
        Column("remains", "the number of some remains", required=True, pattern=r".+"),
        Column("sample", "the name of a sample in the profiles; empty where none was taken", required=True),
        Column("bag", "the bag in which they came"),
        Column("transfer", "the transfer with which they came"),
        Column("sex", "F, M or U, or an empty cell", pattern=r"[FMUfmu]?"),
        Column("age_min", "the least age in years, from 0 to 130", pattern=r"|[0-9.]+"),
        Column("age_max", "the greatest age in years, from 0 to 130 and not below age_min", pattern=r"|[0-9.]+"),
        Column("stature", "the stature, in words or figures"),
        Column("elements", "the skeletal elements present, between semicolons, such as ‘skull; left femur’"),
        Column("run", "the laboratory run (plate, batch) in which the sample of this row was typed"),
    ),
)
SEXES = {"f": Sex.FEMALE, "m": Sex.MALE, "u": Sex.UNKNOWN, "": Sex.UNKNOWN}
_AGREEING = tuple(column.name for column in FORMAT.columns if column.name not in ("remains", "sample", "run"))

_ALL = ("stature", "bag", "transfer", "sex", "age_min", "age_max", "elements")
"""What is told beside the body, and the four columns about it."""


@dataclass
class ReadRemains:
    """The individuals of a table, and those that are left out."""

    individuals: list[Individual] = field(default_factory=list)
    mixtures: list[Individual] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    transfers: set[str] = field(default_factory=set)
    bodies: dict[tuple[str, ...], "_Body"] = field(default_factory=dict)
    """What sound cells of the columns about the body say, each combination understood once."""


@dataclass(frozen=True)
class _Body:
    sex: Sex
    age_min: float | None
    age_max: float | None
    elements: tuple[str, ...]


def read_remains(table: Table, settings: Settings, samples: Samples) -> ReadRemains:
    """The individuals: one for each remains. Problems are noted with their lines."""
    rows: dict[str, list[Row]] = {}
    for row in table.named_rows(FORMAT):
        remains = row.required("remains")
        if remains:
            rows.setdefault(remains, []).append(row)
        else:
            table.has_gaps = True
    read = ReadRemains()
    for remains, own in rows.items():
        _take(remains, own, settings, samples, read)
    return read


def _take(remains: str, rows: list[Row], settings: Settings, samples: Samples, read: ReadRemains) -> None:
    first = rows[0]
    stature, bag, transfer, *of_the_body = first.texts(_ALL)
    told = (stature, bag, transfer)
    read.transfers.add(transfer)
    for row in rows[1:]:
        _check_agreement(first, row)
    body = _body(first, tuple(of_the_body), read)
    names, runs = _sample_names(rows), _runs(rows)
    owner = Owner("remains", remains, "", first.file, first.line)
    if not names:
        read.left_out.append(LeftOut("individual", remains, "no sample"))
        return
    ordinary = samples.take_ordinary(names[0], owner) if len(names) == 1 else None
    if ordinary is not None:
        read.individuals.append(_individual(remains, ordinary, told, body, (names[0],), None, runs))
        return
    joined = samples.take(names, first, owner)
    checked = check_one_person(joined, settings.remains, rows[-1], owner, samples)
    read.warnings.extend(checked.warnings)
    if joined.profile is not None:
        read.left_out.extend(LeftOut("sample", name, f"no profile (remains {remains})") for name in joined.absent)
    if body.sex is Sex.FEMALE and joined.lineage is not None and joined.lineage.y is not None:
        read.warnings.append(f"{owner}: {WOMAN_WITH_Y}")
    profile = checked.mixture or checked.profile
    searched = profile is not None and (samples.is_ordinary(profile.sample) or can_be_searched(profile))
    if checked.mixture is not None or not searched:
        read.left_out.append(checked.left_out or LeftOut("individual", remains, _why_nothing(joined)))
    if profile is None or not searched:
        return
    lineage = joined.lineage if checked.mixture is None else None
    one = _individual(remains, profile, told, body, joined.samples, lineage, runs)
    (read.individuals if checked.mixture is None else read.mixtures).append(one)


def _individual(
    remains: str,
    profile: Profile,
    told: tuple[str, str, str],
    body: _Body,
    samples: tuple[str, ...],
    lineage: Lineage | None,
    runs: Mapping[str, str],
) -> Individual:
    stature, bag, transfer = told
    return Individual(
        remains,
        profile,
        body.sex,
        body.age_min,
        body.age_max,
        stature,
        bag,
        transfer,
        samples,
        elements=body.elements,
        lineage=lineage,
        runs=runs,
    )


def _body(row: Row, cells: tuple[str, ...], read: ReadRemains) -> _Body:
    body = read.bodies.get(cells)
    if body is not None:
        return body
    before = len(row.problems)
    elements = _elements(row)
    age_min, age_max = row.number("age_min", 0, 130), row.number("age_max", 0, 130)
    if age_min is not None and age_max is not None and age_min > age_max:
        row.complain("age_max")
    body = _Body(row.choice("sex", SEXES) or Sex.UNKNOWN, age_min, age_max, elements)
    if len(row.problems) == before:
        read.bodies[cells] = body
    return body


def _elements(row: Row) -> tuple[str, ...]:
    text = row.text("elements")
    if not text:
        return ()
    elements = tuple(element.strip() for element in text.split(SEPARATOR))
    if not all(elements):
        row.complain("elements", expected="the names of skeletal elements between semicolons, none of them empty")
    twice = next((one for one, number in Counter(map(str.casefold, elements)).items() if number > 1), None)
    if twice is not None:
        expected = f"each element once: who has {quoted(twice)} twice is two people, and two remains"
        row.complain("elements", expected=expected)
    return elements


def _why_nothing(joined: JoinedSamples) -> str:
    if joined.profile is None and joined.lineage is not None:
        return "its lineages alone were read, which are compared after a search of other markers"
    return "no profile" if joined.profile is None else "no result at any marker that is used"


def _check_agreement(first: Row, row: Row) -> None:
    for column in _AGREEING:
        if row.text(column) != first.text(column):
            expected = f"what line {first.line} says of these remains, {quoted(first.text(column))}"
            row.complain(column, expected=expected)


def _runs(rows: list[Row]) -> dict[str, str]:
    """In which run each sample was typed, where a row says so: of all samples that it names."""
    runs: dict[str, str] = {}
    for row in rows:
        run = row.text("run")
        if run:
            own = [name.strip() for name in row.text("sample").split(SEPARATOR)]
            if not any(own):
                row.complain("run", expected="an empty cell, as the row names no sample that was typed")
            runs |= {name: run for name in own if name}
    return runs


def _sample_names(rows: list[Row]) -> list[str]:
    """The samples of one remains, in order. One row may name several, between semicolons."""
    if len(rows) == 1 and SEPARATOR not in (cell := rows[0].text("sample")):
        return [cell.strip()] if cell.strip() else []
    names: dict[str, None] = {}
    for row in rows:
        own = [name.strip() for name in row.text("sample").split(SEPARATOR)]
        for name in own:
            if not name and (len(rows) > 1 or len(own) > 1):
                row.complain("sample", expected="the name of a sample in each row of these remains")
            elif name in names:
                row.complain("sample", expected=f"each sample once: these remains name {quoted(name)} above")
            elif name:
                names[name] = None
    return list(names)
