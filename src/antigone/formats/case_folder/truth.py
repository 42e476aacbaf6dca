"""`truth.csv` and `truth_families.csv`: what is true in a made-up case. No search reads them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from antigone.formats.case_folder.folder import CaseFolder
from antigone.formats.errors import InputError
from antigone.formats.tables import SUFFIXES, Column, Problems, Row, Table, TableFormat, open_csv, open_workbook, to_csv

FORMAT = TableFormat(
    "truth",
    "Who is who in a made-up case: one row for each sample of each remains.",
    (
        Column("remains", "the number of some remains", required=True, pattern=r".+"),
        Column("individual", "the dead person to whom they belong", required=True, pattern=r".+"),
        Column(
            "missing_person", "the person of a family who that is; empty where nobody looks for them", required=True
        ),
        Column("sample", "the name of a sample; empty where none was taken", required=True),
        Column("family", "the family of the missing person; empty where there is none"),
        Column("reported_again", "the person as whom another family, or the same, reported them a second time"),
        Column("kin", "what an unlisted dead person is to a listed missing one, such as ‘full sibling of F00012-M1’"),
        Column("sample_swapped_with", "the sample with which this one exchanged its label"),
        Column("contaminated_by", "the individual whose DNA is in the sample besides"),
    ),
)
FAMILIES = TableFormat(
    "truth_families",
    "What is true of the families of a made-up case and is not in their papers: one row for each thing.",
    (
        Column("family", "the name of a family", required=True, pattern=r".+"),
        Column("person", "a person of this family", required=True, pattern=r".+"),
        Column("what", "what is true, such as ‘the recorded father is not the father’", required=True, pattern=r".+"),
    ),
)


@dataclass(frozen=True, slots=True)
class TruthRow:
    """One sample, and whom the remains are of. `missing_person` is None where nobody looks for the individual.

    `kin` is the tie of such an individual to somebody who is looked for; of a sample gone wrong, `sample_swapped_with`
    or `contaminated_by` says how. `line` is where a row was read, and no part of what it says.
    """

    remains: str
    individual: str
    missing_person: str | None
    sample: str
    family: str | None = None
    reported_again: str | None = None
    kin: str | None = None
    sample_swapped_with: str | None = None
    contaminated_by: str | None = None
    line: int | None = field(default=None, compare=False)


# Begins what is said of a sample that bears another's label, whose name follows.
EXCHANGED = "the sample exchanged labels with that of"


@dataclass(frozen=True, slots=True)
class FamilyTruthRow:
    """One thing that is true of a person of a family, and is not in the family's papers."""

    family: str
    person: str
    what: str


def read_truth(path: Path | str) -> tuple[TruthRow, ...]:
    """Read the truth of a case: of a case folder, or of the file itself.

    Raises `InputError` with all problems.
    """
    path = Path(path)
    problems = Problems()
    rows: list[TruthRow] = []
    for table in _tables(path, FORMAT, problems):
        rows = [_row(row) for row in table.named_rows(FORMAT)]
    problems.stop_if_any()
    return tuple(rows)


def read_family_truth(path: Path | str) -> tuple[FamilyTruthRow, ...]:
    """Read what is true of the families: of a case folder (nothing, where it has no such table), or of the file itself.

    Raises `InputError` with all problems.
    """
    path = Path(path)
    problems = Problems()
    if path.is_dir() and not CaseFolder(path, problems).has(FAMILIES.name):
        problems.stop_if_any()
        return ()
    rows: list[FamilyTruthRow] = []
    for table in _tables(path, FAMILIES, problems):
        rows = [
            FamilyTruthRow(*(row.required(column.name) for column in FAMILIES.columns))
            for row in table.named_rows(FAMILIES)
        ]
    problems.stop_if_any()
    return tuple(rows)


def _tables(path: Path, of: TableFormat, problems: Problems) -> Iterator[Table]:
    if path.is_dir():
        with CaseFolder(path, problems).table(of.name) as table:
            if table is not None:
                yield table
        return
    opened: Table | None
    if path.suffix.casefold() in SUFFIXES:
        try:
            opened = open_workbook(path, path.name).table(of.name, problems)
        except InputError as error:
            problems.take(error)
            return
    else:
        opened = open_csv(path, path.name, problems)
    if opened is not None:
        with opened:
            yield opened


def _row(row: Row) -> TruthRow:
    return TruthRow(
        row.required("remains"),
        row.required("individual"),
        row.text("missing_person") or None,
        row.text("sample"),
        row.text("family") or None,
        row.text("reported_again") or None,
        row.text("kin") or None,
        row.text("sample_swapped_with") or None,
        row.text("contaminated_by") or None,
        row.line,
    )


def truth_as_csv(truth: Iterable[TruthRow]) -> str:
    """The text of `truth.csv`."""
    return _as_csv(FORMAT, truth)


def family_truth_as_csv(truth: Iterable[FamilyTruthRow]) -> str:
    """The text of `truth_families.csv`."""
    return _as_csv(FAMILIES, truth)


def _as_csv(of: TableFormat, rows: Iterable[TruthRow | FamilyTruthRow]) -> str:
    header = [column.name for column in of.columns]
    return to_csv(header, ([getattr(row, name) or "" for name in header] for row in rows))
