"""`truth.csv`: whom the remains of a made-up case really belong to. No search reads it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from antigone.formats.case_folder.folder import CaseFolder
from antigone.formats.errors import InputError
from antigone.formats.tables import Column, Problems, Row, Table, TableFormat, open_csv, open_workbook, to_csv

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
    ),
)


@dataclass(frozen=True, slots=True)
class TruthRow:
    """One sample, and whom it is of. `missing_person` is None where nobody looks for the individual."""

    remains: str
    individual: str
    missing_person: str | None
    sample: str
    family: str | None = None
    reported_again: str | None = None


def read_truth(path: Path | str) -> tuple[TruthRow, ...]:
    """Read the truth of a case: of a case folder, or of the file itself.

    Raises `InputError` with all problems.
    """
    path = Path(path)
    problems = Problems()
    rows: list[TruthRow] = []
    for table in _tables(path, problems):
        rows = [_row(row) for row in table.named_rows(FORMAT)]
    problems.stop_if_any()
    return tuple(rows)


def _tables(path: Path, problems: Problems) -> Iterator[Table]:
    if path.is_dir():
        with CaseFolder(path, problems).table("truth") as table:
            if table is not None:
                yield table
        return
    opened: Table | None
    if path.suffix.casefold() == ".xlsx":
        try:
            opened = open_workbook(path, path.name).table("truth", problems)
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
    )


def truth_as_csv(truth: Iterable[TruthRow]) -> str:
    """The text of `truth.csv`."""
    header = [column.name for column in FORMAT.columns]
    return to_csv(header, ([getattr(row, name) or "" for name in header] for row in truth))
