"""What a person hands to others of a search: its hits, its cases in short, and the certificate of what was searched.

From the folder that `identify` wrote, as one Excel workbook or as a folder of CSV and Parquet. Nothing in it can be run
as a formula. What samples say about who is whose child is for two geneticists and leaves with no export: columns and
tables that could tell of it stay behind, and the certificate says which.
"""

import json
import math
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from antigone.report.results import OutputError, refuse_impossible, write_csv

KEPT_BACK: Mapping[str, str] = {
    "columns contradictions, not_used and provisional of hits": "they can tell of parentage",
    "tables joint, proposals, provisional and among_the_dead": "for those who work on the case",
    "consistency.json, and markers left out in one family alone": "they can tell of parentage",
}
"""What no export holds, and why; it stands in each table `searched`."""

_HITS_KEPT_BACK = ("contradictions", "not_used", "provisional")
_OTHER_TABLES = ("individuals", "nobody", "families")
# Of a hit, what a person who does not compute reads; in this order.
_CASE_COLUMNS = (
    "individual", "missing_person", "family", "log10_lr", "expected_coincidences", "posterior_low", "posterior_high",
    "standing", "why", "lineages", "not_dna", "wrong_label", "sibling_not_listed", "policy", "policy_numbers_met",
    "refused_by",
)  # fmt: skip
# What of summary.json the table `searched` does not hold: what contradicts itself in a family, and long lists.
_NOT_EXPORTED = ("family_contradictions", "warnings")
_MOST_ROWS = 1_048_575
_LONGEST_CELL = 32_767


def export_tables(report: Path, out: Path) -> None:
    """Write the tables of a report to a new workbook, where `out` ends in `.xlsx`, or to a new folder.

    Raises `OutputError` where `report` holds no results, or `out` is there already.
    """
    refuse_impossible(out)
    if out.exists():
        raise OutputError(f"{out} is there already; give a name that is not")
    tables = exported_tables(report)
    if out.suffix.casefold() == ".xlsx":
        _write_workbook(tables, out)
    else:
        _write_folder(tables, out)


def exported_tables(report: Path) -> dict[str, pl.DataFrame]:
    """The tables of a report that others may have, by name."""
    needed = ("summary.json", "hits.parquet", *(f"{name}.csv" for name in _OTHER_TABLES))
    absent = [name for name in needed if not (report / name).is_file()]
    if absent:
        raise OutputError(f"{report} is no folder that `antigone identify` wrote: it has no {', '.join(absent)}")
    try:
        hits = pl.read_parquet(report / "hits.parquet")
        others = {name: _read_csv(report / f"{name}.csv") for name in _OTHER_TABLES}
        summary = json.loads((report / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise OutputError(f"{report} could not be read: {error}") from error
    hits = hits.drop(_HITS_KEPT_BACK, strict=False)
    cases = hits.select(name for name in _CASE_COLUMNS if name in hits.columns)
    return {"hits": hits, "cases": cases, **others, "searched": searched_table(summary)}


def searched_table(summary: Mapping[str, Any]) -> pl.DataFrame:
    """What was searched, with what, and what was left out: a row for each thing that summary.json states."""
    kept = {name: value for name, value in summary.items() if name not in _NOT_EXPORTED}
    kept["left_out"] = [one for one in summary.get("left_out", ()) if not _is_of_a_family(one)]
    rows = [*_flat("", kept), *((f"not in this export: {what}", why) for what, why in KEPT_BACK.items())]
    return pl.DataFrame(
        {"what": [what for what, _ in rows], "value": [value for _, value in rows]},
        schema={"what": pl.String, "value": pl.String},
    )


def _is_of_a_family(left_out: Mapping[str, str]) -> bool:
    """Whether this is a marker at which a family contradicts itself, which is listed among what was left out too."""
    return left_out.get("what") == "markers of a family" or ", family " in left_out.get("id", "")


def _flat(above: str, value: object) -> Iterator[tuple[str, str]]:
    """Nested values as rows, each under its path."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from _flat(f"{above}.{name}" if above else str(name), one)
    elif isinstance(value, list) and any(isinstance(one, Mapping | list) for one in value):
        for number, one in enumerate(value, 1):
            yield from _flat(f"{above}[{number}]", one)
    elif isinstance(value, list):
        yield above, "; ".join(str(one) for one in value)
    else:
        yield above, "" if value is None else str(value)


def _read_csv(path: Path) -> pl.DataFrame:
    """A table of the report; the quotation mark before what looks like a formula is taken away again."""
    table = pl.read_csv(path, infer_schema_length=None)
    texts = [name for name, kind in table.schema.items() if kind == pl.String]
    return table.with_columns(pl.col(name).str.replace(r"^'([=+\-@\t\r])", "${1}") for name in texts)


def _write_folder(tables: Mapping[str, pl.DataFrame], out: Path) -> None:
    """CSV for people and Parquet for programs, whole or not at all."""
    partial = out.with_name(f".{out.name}.partial-{os.getpid()}")
    try:
        partial.mkdir(parents=True)
        for name, table in tables.items():
            write_csv(table, partial / f"{name}.csv")
            table.write_parquet(partial / f"{name}.parquet", statistics=False)
        partial.rename(out)
    except OSError as error:
        raise OutputError(f"{out} could not be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_workbook(tables: Mapping[str, pl.DataFrame], out: Path) -> None:
    """A sheet a table; every text is a text, whatever it begins with."""
    for name, table in tables.items():
        if len(table) > _MOST_ROWS:
            raise OutputError(f"{name} has {len(table):,} rows, more than a sheet holds; give a folder instead")
        texts = [table[column] for column in table.columns if table[column].dtype == pl.String]
        if any((text.str.len_chars() > _LONGEST_CELL).any() for text in texts):
            raise OutputError(f"{name} has a text longer than a cell of Excel holds; give a folder instead")
    partial = out.with_name(f".{out.name}.{secrets.token_hex(4)}.part.xlsx")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with xlsxwriter.Workbook(partial) as book:
            head = book.add_format({"bold": True, "bottom": 1})
            for name, table in tables.items():
                _write_sheet(book.add_worksheet(name), table, head)
        partial.replace(out)
    except (OSError, xlsxwriter.exceptions.XlsxWriterException) as error:
        raise OutputError(f"{out} could not be written: {error}") from error
    finally:
        partial.unlink(missing_ok=True)


def _write_sheet(sheet: Any, table: pl.DataFrame, head: Any) -> None:
    for column, name in enumerate(table.columns):
        sheet.write_string(0, column, name, head)
    for row, cells in enumerate(table.iter_rows(), 1):
        for column, cell in enumerate(cells):
            if isinstance(cell, int | float) and math.isfinite(cell):
                sheet.write_number(row, column, cell)
            elif cell is not None and cell != "":
                sheet.write_string(row, column, str(cell))
    sheet.freeze_panes(1, 0)
