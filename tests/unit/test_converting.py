"""`antigone convert`: workbooks of a laboratory, CODIS files of a case, and what is said beside a file."""

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from antigone.cli.app import app
from antigone.formats.case_folder import read_case_folder
from antigone.formats.codis import category_of, read_cmf
from antigone.formats.errors import InputError
from antigone.formats.genemapper import read_genemapper
from antigone.formats.haplotype_tables_y import order_of
from antigone.formats.inspection import inspect
from antigone.formats.recognition import Kind, recognise
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching.operation import Family
from corpus_files import CORPUS
from workbooks import ods, xls, xlsx

SOUND_CASE = Path(__file__).parent / "bad_cases" / "_sound"


def convert(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["convert", *map(str, arguments)])
    error = "" if result.exception is None or isinstance(result.exception, SystemExit) else str(result.exception)
    return result.exit_code, result.output + error


GENOTYPES = [
    ["Export of run 7", "", "", ""],
    ["Sample Name", "Marker", "Allele 1", "Allele 2"],
    ["B1", "TH01", 6.0, 9.3],
    ["B1", "AMEL", "X", "Y"],
]


@pytest.mark.parametrize("make", [xlsx, xls, ods])
def test_what_a_laboratory_exports_may_be_a_sheet_of_a_workbook(make, tmp_path: Path) -> None:
    (tmp_path / "export.bin").write_bytes(make({"notes": [["of nothing"]], "genotypes": GENOTYPES}))
    assert recognise(tmp_path / "export.bin").kind is Kind.GENEMAPPER
    as_text = "\n".join(
        "\t".join(f"{cell:g}" if isinstance(cell, float) else cell for cell in row) for row in GENOTYPES
    )
    read = read_genemapper(tmp_path / "export.bin")
    assert read.samples == read_genemapper(as_text.encode()).samples
    assert "a sheet; header in line 2; long: one marker a row" in read.describe()
    assert convert(tmp_path / "export.bin", tmp_path / "profiles.csv")[0] == 0
    assert "B1,,TH01,6,9.3" in (tmp_path / "profiles.csv").read_text(encoding="utf-8")


def test_a_mistake_in_such_a_sheet_is_told_by_sheet_row_and_column(tmp_path: Path) -> None:
    wrong = [*GENOTYPES, ["", "", "", ""], ["B2", "TH01", "6..3", 7.0]]
    (tmp_path / "export.xlsx").write_bytes(xlsx({"genotypes": wrong}))
    (problem,) = inspect(tmp_path / "export.xlsx").problems
    assert (problem.file, problem.line, problem.column) == ("export.xlsx, sheet genotypes", 6, "Allele 1, cell C6")
    assert "6..3" in problem.found


@pytest.mark.parametrize("name", ["wide_numbers_in_disorder", "no_alleles"])
def test_a_table_whose_header_is_wrong_is_told_by_its_own_reader(name: str) -> None:
    path = CORPUS / "genemapper" / "bad" / name / "table.txt"
    with pytest.raises(InputError) as caught:
        read_genemapper(path)
    told = [(one.line, one.column, one.found, one.expected) for one in inspect(path).problems]
    assert told == [(one.line, one.column, one.found, one.expected) for one in caught.value.problems]


def test_of_two_sheets_a_person_says_which(tmp_path: Path) -> None:
    book = tmp_path / "export.xlsx"
    other = [*GENOTYPES[:2], ["B9", "vWA", 16.0, 17.0]]
    y = [["sample", "DYS391", "DYS393"], ["M1", 10.0, 13.0]]
    book.write_bytes(xlsx({"first": GENOTYPES, "second": other, "men": y}))
    assert convert(book, tmp_path / "profiles.csv", "--sheet", "second")[0] == 0
    assert "B9,,vWA,16,17" in (tmp_path / "profiles.csv").read_text(encoding="utf-8")
    assert convert(book, tmp_path / "y_database.csv", "--sheet", "men")[0] == 0
    assert "no sheet ‘mem’" in convert(book, tmp_path / "x" / "profiles.csv", "--sheet", "mem")[1]


def test_two_such_sheets_are_not_guessed_between(tmp_path: Path) -> None:
    book = tmp_path / "export.xlsx"
    book.write_bytes(xlsx({"first": GENOTYPES, "second": GENOTYPES}))
    assert "several sheets with a GeneMapper table (first, second)" in convert(book, tmp_path / "profiles.csv")[1]


def test_haplotypes_in_the_order_of_a_kit_need_its_name(tmp_path: Path) -> None:
    order = order_of("Yfiler")
    row = ["M1", *("11,14" if marker == "DYS385" else "12" for marker in order)]
    (tmp_path / "men.txt").write_text("\t".join(row) + "\n", encoding="utf-8")
    assert convert(tmp_path / "men.txt", tmp_path / "y_database.csv", "--kit", "Yfiler")[0] == 0
    header, cells = csv.reader((tmp_path / "y_database.csv").read_text(encoding="utf-8").splitlines())
    read = dict(zip(header, cells, strict=True))
    assert {marker: read[marker] for marker in order if marker != "DYS385"} == dict.fromkeys(
        (marker for marker in order if marker != "DYS385"), "12"
    )
    assert "Yfilter" in convert(tmp_path / "men.txt", tmp_path / "z" / "y_database.csv", "--kit", "Yfilter")[1]


HEADER = [f"--header={name}" for name in ("DESTINATIONORI=XX0000000", "SOURCELAB=XX0000001", "SUBMITBYUSERID=lab")]


def test_a_case_becomes_a_codis_file_and_what_it_loses_is_said(tmp_path: Path) -> None:
    asked = "--header DESTINATIONORI=… --header SOURCELAB=… --header SUBMITBYUSERID=…"
    assert asked in convert(SOUND_CASE, tmp_path / "case.xml")[1]
    when = "2025-06-11T09:30:00"
    status, said = convert(SOUND_CASE, tmp_path / "case.xml", *HEADER, "--header", f"SUBMITDATETIME={when}")
    assert status == 0
    assert "cannot hold: the pedigrees: of a relative only the category and, as CASEID, the family" in said
    assert recognise(tmp_path / "case.xml").kind is Kind.CODIS
    case, read = read_case_folder(SOUND_CASE), read_cmf(tmp_path / "case.xml")
    assert (read.version, read.source_lab, read.submit_datetime) == ("3.2", "XX0000001", when)
    profiles = read.laboratory().profiles()
    for individual in case.individuals:
        assert profiles[individual.id].readings == individual.profile.readings
    relatives = {one.id: (one.category, one.case_id) for one in read.specimens[len(case.individuals) :]}
    (family,) = case.families
    assert relatives == {
        profile.sample: (category_of(family, person), family.name) for person, profile in family.profiles.items()
    }


def test_options_that_a_file_has_no_use_for_are_refused(tmp_path: Path) -> None:
    assert "--header is of a case that becomes .xml" in convert(SOUND_CASE, tmp_path / "case", *HEADER)[1]
    assert "--sheet is of a table in a workbook" in convert(SOUND_CASE, tmp_path / "case", "--sheet", "s")[1]
    assert "--header takes NAME=VALUE" in convert(SOUND_CASE, tmp_path / "case.xml", "--header", "LAB=1")[1]
    assert "given twice" in convert(SOUND_CASE, tmp_path / "case.xml", HEADER[0], HEADER[0])[1]
    assert list(tmp_path.iterdir()) == []


def test_what_a_relative_is_to_the_missing_person() -> None:
    people = [
        Person("gm", sex=Sex.FEMALE), Person("mo", None, "gm", Sex.FEMALE), Person("fa", sex=Sex.MALE),
        Person("M", "fa", "mo", Sex.MALE), Person("aunt", None, "gm", Sex.FEMALE), Person("other", sex=Sex.MALE),
        Person("sister", "fa", "mo", Sex.FEMALE), Person("half", "fa", None, Sex.FEMALE),
        Person("wife", sex=Sex.FEMALE), Person("child", "M", "wife"), Person("grandchild", "other", "child"),
    ]  # fmt: skip
    family = Family("F", Pedigree.build(people), ("M",), {person.id: Profile(person.id, {}) for person in people})
    assert {person.id: category_of(family, person.id) for person in people} == {
        "gm": "Maternal Relative", "mo": "Biological Mother", "fa": "Biological Father", "M": "Missing Person",
        "aunt": "Maternal Relative", "other": None, "sister": "Biological Sibling", "half": "Paternal Relative",
        "wife": "Spouse", "child": "Biological Child", "grandchild": None,
    }  # fmt: skip
