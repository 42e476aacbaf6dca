"""What leaves a report for others: nothing alive, nothing of parentage, and the same in every form."""

import json
import math
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from antigone.cli.app import app
from antigone.formats.tables import Problems, open_workbook
from antigone.matching.conclusions import conclude
from antigone.report.exporting import KEPT_BACK, export_tables, exported_tables, searched_table
from antigone.report.results import OutputError, write_results
from small_operation import small_operation

TABLES = ["hits", "cases", "individuals", "nobody", "families", "searched"]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exporting") / "report"
    write_results(conclude(small_operation(), all_pairs=True, reassociation=False), folder, seconds=dict)
    return folder


def test_the_tables_are_those_of_the_report_without_what_could_tell_of_parentage(report: Path) -> None:
    tables = exported_tables(report)
    assert list(tables) == TABLES
    whole = pl.read_parquet(report / "hits.parquet")
    kept_back = {"contradictions", "not_used", "provisional"}
    assert tables["hits"].columns == [name for name in whole.columns if name not in kept_back]
    assert tables["hits"].equals(whole.drop(kept_back))
    assert tables["cases"].columns[:4] == ["individual", "missing_person", "family", "log10_lr"]
    assert set(tables["individuals"]["individual"]) == {"R1", "R2", "=R3"}


def test_a_table_says_what_was_searched_and_what_is_not_here(report: Path) -> None:
    rows = dict(exported_tables(report)["searched"].iter_rows())
    summary = json.loads((report / "summary.json").read_text(encoding="utf-8"))
    assert rows["pairs"] == str(summary["pairs"]) == "6"
    assert rows["versions.antigone"] == summary["versions"]["antigone"]
    assert all(rows[f"digests.{name}"] == digest for name, digest in summary["digests"].items())
    assert [name for name in rows if name.startswith("not in this export")] == [
        f"not in this export: {what}" for what in KEPT_BACK
    ]
    assert not any("contradiction" in name and not name.startswith("not in") for name in rows)


def test_what_contradicts_itself_in_a_family_is_in_no_export() -> None:
    one = {"what": "markers of a family", "id": "family F1", "reason": "at 1 marker its samples do not fit"}
    other = {"what": "marker", "id": "P1, family F1", "reason": "the sex of this person is unknown"}
    table = searched_table({"left_out": [one, other, {"what": "marker", "id": "SE33", "reason": "no frequencies"}]})
    assert [row for row in table.rows() if row[0].startswith("left_out")] == [
        ("left_out[1].what", "marker"),
        ("left_out[1].id", "SE33"),
        ("left_out[1].reason", "no frequencies"),
    ]


def test_nested_values_are_rows_under_their_path() -> None:
    table = searched_table({"a": {"b": 1, "c": [1, 2]}, "d": [{"e": None}], "warnings": ["w"]})
    assert table.rows()[:3] == [("a.b", "1"), ("a.c", "1; 2"), ("d[1].e", "")]
    assert "w" not in table["value"]


def test_a_folder_holds_csv_without_formulas_and_parquet_that_is_the_same(report: Path, tmp_path: Path) -> None:
    export_tables(report, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        f"{name}.{suffix}" for name in TABLES for suffix in ("csv", "parquet")
    )
    for name, table in exported_tables(report).items():
        assert pl.read_parquet(tmp_path / "out" / f"{name}.parquet").equals(table)
    text = (tmp_path / "out" / "individuals.csv").read_text(encoding="utf-8")
    assert "\n'=R3," in text
    assert "\n=R3," not in text


def test_a_workbook_holds_the_same_and_no_formula(report: Path, tmp_path: Path) -> None:
    export_tables(report, tmp_path / "out.xlsx")
    book = open_workbook(tmp_path / "out.xlsx", "out.xlsx")
    assert list(book.sheet_names) == TABLES
    for name, table in exported_tables(report).items():
        problems = Problems()
        sheet = book.table(name, problems)
        assert sheet is not None
        assert list(sheet.header) == table.columns
        rows = list(sheet.rows())
        problems.stop_if_any()  # a formula is a problem
        assert len(rows) == len(table)
    hits = [cells for _, cells in book.table("hits", Problems()).rows()]
    expected = exported_tables(report)["hits"]
    assert [row[0] for row in hits] == list(expected["individual"])
    for row, value in zip(hits, expected["log10_lr"], strict=True):
        assert math.isclose(float(row[3]), value, rel_tol=1e-12)


def test_nothing_is_overwritten_or_made_of_nothing(report: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(OutputError, match="is there already"):
        export_tables(report, tmp_path / "there")
    with pytest.raises(OutputError, match=r"it has no summary\.json, hits\.parquet, individuals\.csv"):
        export_tables(tmp_path, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_the_command_says_what_stays_behind(report: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["tables", str(report), str(tmp_path / "out.xlsx")])
    assert result.exit_code == 0
    assert all(f"{what}: {why}" in result.output for what, why in KEPT_BACK.items())
