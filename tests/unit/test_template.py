"""The template workbook: what it offers, in two languages, and that a filled one is read."""

import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from antigone.cli.app import app
from antigone.formats.case_workbook import read_case_workbook
from antigone.formats.inspection import inspect
from antigone.formats.recognition import Kind, recognise
from antigone.formats.tables import Problems, open_workbook
from antigone.formats.template import TABLES, write_template
from antigone.formats.template_words import ABOUT, SETTINGS, UKRAINIAN, Language
from workbooks import ods, xls, xlsx


def sheets_of(path: Path) -> dict[str, list[list[str]]]:
    book = open_workbook(path, path.name)
    problems = Problems()
    sheets = {name: [cells for _, cells in book.grid(name, problems)] for name in book.sheet_names}
    problems.stop_if_any()
    return sheets


@pytest.mark.parametrize("language", ["en", "uk"])
def test_an_empty_template_is_an_empty_case(language: Language, tmp_path: Path) -> None:
    write_template(tmp_path / "case.xlsx", language)
    assert recognise(tmp_path / "case.xlsx").kind is Kind.CASE_WORKBOOK
    found = inspect(tmp_path / "case.xlsx")
    assert found.problems == ()
    assert found.holds[0] == "0 individuals to identify, 0 families that look for 0 missing persons"
    assert found.odd == ()


def test_every_table_has_its_sheet_and_every_column_its_place(tmp_path: Path) -> None:
    write_template(tmp_path / "case.xlsx")
    sheets = sheets_of(tmp_path / "case.xlsx")
    for table in TABLES:
        columns = [column.name for column in table.columns]
        assert sheets[table.name][0][: len(columns)] == columns
    assert sheets["y_database"][0][2:4] == ["DYS576", "DYS389I"]
    assert sheets["settings"][0] == ["key", "value", "explanation"]
    assert [row[0] for row in sheets["settings"][1:]] == [key for key, _ in SETTINGS]


def test_everything_is_said_in_ukrainian() -> None:
    assert {table.name: {column.name for column in table.columns} for table in TABLES} == {
        name: set(columns) for name, columns in UKRAINIAN.items()
    }
    texts = [text for columns in UKRAINIAN.values() for text in columns.values()]
    texts += [*ABOUT["uk"], *(words["uk"] for _, words in SETTINGS)]
    for text in texts:
        assert any("а" <= letter <= "я" or letter in "іїєґ" for letter in text.lower()), text
    assert len(ABOUT["uk"]) == len(ABOUT["en"])


def test_notes_and_lists_stand_in_the_file(tmp_path: Path) -> None:
    write_template(tmp_path / "case.xlsx", "uk")
    with zipfile.ZipFile(tmp_path / "case.xlsx") as archive:
        parts = {name: archive.read(name).decode("utf-8") for name in archive.namelist() if name.endswith(".xml")}
    workbook = parts["xl/workbook.xml"]
    names = [part.split('"')[0] for part in workbook.split('<sheet name="')[1:]]
    families = parts[f"xl/worksheets/sheet{names.index('families') + 1}.xml"]
    assert '<dataValidation type="list"' in families
    assert '"missing,donor,other"' in families
    assert 'sqref="F2:F10001"' in families
    profiles = parts[f"xl/worksheets/sheet{names.index('profiles') + 1}.xml"]
    assert "lists!$A$1:$A$" in profiles
    notes = "".join(text for name, text in parts.items() if name.startswith("xl/comments"))
    assert "батько, особа з цієї родини; порожньо, якщо невідомий" in notes
    assert '<sheet name="lists"' in workbook
    assert 'state="hidden"' in workbook


@pytest.mark.parametrize("make", [xlsx, xls, ods])
@pytest.mark.parametrize("language", ["en", "uk"])
def test_a_filled_template_is_a_case(make, language: Language, tmp_path: Path) -> None:
    write_template(tmp_path / "empty.xlsx", language)
    sheets = sheets_of(tmp_path / "empty.xlsx")
    for row in sheets["settings"]:
        row[1:2] = {"theta": ["0.01"], "name": ["Arcadia"]}.get(
            row[0], [""] if row[0] not in ("key", "ключ") else row[1:2]
        )
    sheets["profiles"] += [["B1", "", "TH01", "6", "9.3"], ["D1", "", "TH01", "6", "7"]]
    sheets["remains"].append(["R1", "B1"])
    sheets["families"] += [
        ["Oak", "son", "father", "", "M", "missing", ""],
        ["Oak", "father", "", "", "M", "donor", "D1"],
    ]
    (tmp_path / "filled").write_bytes(make(sheets))
    operation = read_case_workbook(tmp_path / "filled")
    assert (operation.name, operation.settings.theta) == ("Arcadia", 0.01)
    assert [one.id for one in operation.individuals] == ["R1"]
    assert operation.families[0].missing == ("son",)
    assert operation.warnings == ()
    assert "theta" not in operation.undeclared
    assert "prior" in operation.undeclared


def test_the_command_writes_a_new_file_and_nothing_else(tmp_path: Path) -> None:
    runner = CliRunner()
    result = runner.invoke(app, ["template", "--language", "uk", str(tmp_path / "case.xlsx")])
    assert result.exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["case.xlsx"]
    for arguments, said in (
        ([str(tmp_path / "case.xlsx")], "is there already"),
        ([str(tmp_path / "case.csv")], "give a name that ends in .xlsx"),
        (["--language", "xx", str(tmp_path / "a.xlsx")], "written in en and uk"),
    ):
        refused = runner.invoke(app, ["template", *arguments])
        assert refused.exit_code == 1
        assert said in str(refused.exception)
