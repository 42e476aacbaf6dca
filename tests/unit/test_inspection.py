"""What a file is, by its content; what it holds and what is odd about it; and what becomes of it by `convert`."""

import io
import json
import os
import shutil
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from antigone.bench.parsers import PARSERS
from antigone.cli.app import app
from antigone.formats.case_folder import read_case_folder
from antigone.formats.errors import InputError
from antigone.formats.frequencies import read_frequencies
from antigone.formats.inspection import inspect
from antigone.formats.recognition import Kind, recognise, recognise_bytes
from antigone.formats.strider import read_strider
from antigone.formats.tables import Problems, open_csv
from corpus_files import CORPUS
from workbooks import ods, xls, xlsx

SOUND_CASE = Path(__file__).parent / "bad_cases" / "_sound"
KINDS = {
    "ped/trio.ped": Kind.PED,
    "ped/slashes.ped": Kind.PED,
    "ped/plink.ped": Kind.PED,
    "ped/bad_sex_and_alleles.ped": Kind.PED,
    "ped/trio.dat": Kind.PED_MARKERS,
    "ped/merlin.map": Kind.PED_MARKERS,
    "strider/two_populations.xml": Kind.STRIDER,
    "strider/two_populations.csv": Kind.STRIDER,
    "strider/namespace.xml": Kind.STRIDER,
    "frequencies/published.csv": Kind.FREQUENCIES,
    "frequencies/semicolons.csv": Kind.FREQUENCIES,
    "frequencies/on_its_side.csv": Kind.FREQUENCIES,
    "haplotypes/control_region.emp": Kind.MT_TABLE,
    "haplotypes/mt_table.csv": Kind.MT_TABLE,
    "haplotypes/yfiler.tsv": Kind.Y_TABLE,
    "haplotypes/two_columns.csv": Kind.Y_TABLE,
    "haplotypes/haplogrep.hsd": Kind.MT_TABLE,
    "haplotypes/haplogrep_without_header.hsd": Kind.MT_TABLE,
    "haplotypes/mt_semicolon_columns.csv": Kind.MT_TABLE,
    "haplotypes/y_hyphens_cp1251.csv": Kind.Y_TABLE,
    "frequencies/familias_blocks.txt": Kind.FREQUENCIES,
    "frequencies/long.csv": Kind.FREQUENCIES,
    "frequencies/utf16.txt": Kind.FREQUENCIES,
    "frequencies/ukrainian_cp1251.csv": Kind.FREQUENCIES,
    "frequencies/with_amelogenin.csv": Kind.FREQUENCIES,
    "strider/semicolons.csv": Kind.STRIDER,
    "ped/bad_makeped.ped": Kind.PED,
    "ped/bad_parameter_file.dat": Kind.PED_MARKERS,
    "genemapper/good/genemarker_wide/table.txt": Kind.GENEMAPPER,
    "genemapper/bad/columns_between_spaces/table.txt": Kind.GENEMAPPER,
    "genemapper/bad/column_for_each_sample/table.txt": Kind.GENEMAPPER,
    "genemapper/good/second_column_in_brackets/table.txt": Kind.GENEMAPPER,
    "genemapper/bad/person_with_a_stranger/table.txt": Kind.GENEMAPPER,
    "haplotypes/haplogrep_padded.hsd": Kind.MT_TABLE,
    "haplotypes/y_individuals.csv": Kind.Y_TABLE,
    "strider/own_form.csv": Kind.STRIDER,
}


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_a_file_is_known_by_its_content_whatever_it_is_called(name: str, kind: Kind, tmp_path: Path) -> None:
    shutil.copy(CORPUS / name, tmp_path / "file.bin")
    assert recognise(tmp_path / "file.bin").kind is kind


@pytest.mark.parametrize("table", ["profiles", "remains", "families"])
def test_a_table_of_a_case_folder_is_known_by_its_header(table: str, tmp_path: Path) -> None:
    shutil.copy(SOUND_CASE / f"{table}.csv", tmp_path / "x.txt")
    assert recognise(tmp_path / "x.txt").kind is Kind.CASE_TABLE
    assert recognise(tmp_path / "x.txt").table == table


def sheets_of(folder: Path) -> dict[str, list[list[str]]]:
    sheets = {}
    for path in sorted(folder.glob("*.csv")):
        with open_csv(path, path.name, Problems()) as table:
            sheets[path.stem] = [list(table.header), *(row for _, row in table.rows())]
    return sheets


@pytest.mark.parametrize("make", [xlsx, xls, ods])
def test_a_workbook_is_known_by_its_sheets_or_by_what_stands_in_them(make, tmp_path: Path) -> None:
    path = tmp_path / "book"
    for sheets, kind in (
        (sheets_of(SOUND_CASE), Kind.CASE_WORKBOOK),
        ({"S1": [["Table S1"], ["Allele", "TH01"], [6.0, 1.0]]}, Kind.FREQUENCIES),
        ({"S1": [["ID", "DYS391", "DYS393"], ["a", 10.0, 13.0]]}, Kind.Y_TABLE),
    ):
        path.write_bytes(make(sheets))
        assert recognise(path).kind is kind
    path.write_bytes(make({"S1": [["a"]]}))
    with pytest.raises(InputError, match="found a workbook with the sheets ‘S1’; expected a case folder"):
        recognise(path)


def packed_as(name: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, "<x/>")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "an empty file"),
        (b"%PDF-1.7\n", "a PDF document, which holds pictures of tables and not the tables"),
        (b"<html></html>", "XML of another kind, which begins with <html>, a page of the web"),
        (b"<!DOCTYPE html><HTML></HTML>", "XML of another kind, which begins with <HTML>, a page of the web"),
        (b"<?xml version='1.0'?><CODISRapidImportFile/>", "XML .* <CODISRapidImportFile>: arrestees of a Rapid DNA"),
        (b"\x89PNG\r\n\x1a\n\0\0", "bytes that are no text"),
        (b"M1\t14\t13\t29\t24\t11\t11,14\n", "a table without a header .for Y haplotypes, `antigone convert --kit`"),
        (packed_as("word/document.xml"), "a document of Word, which holds no sheets"),
        (packed_as("notes.txt"), "a packed file .* without a workbook"),
        ("Oak a 0 0 1 6 7\n".encode("utf-16"), "a text in UTF-16, which is none of the kinds that may be"),
        (b"Dear colleagues,\n", "a text that begins ‘Dear colleagues,’"),
    ],
)
def test_what_is_no_kind_is_described(data: bytes, found: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(InputError, match=f"found {found}"):
        recognise(tmp_path / "x")


def test_a_pipe_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x")
    with pytest.raises(InputError, match=r"^x: found a pipe or a device; expected a file$"):
        inspect(tmp_path / "x")


def test_the_name_of_a_file_cannot_move_the_cursor(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[2J\nb.txt"
    path.write_text("Sample Name\tMarker\tAllele 1\nB1\tTH01\tx\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["inspect", str(path)])
    assert result.exit_code == 1
    assert "\x1b" not in result.output
    assert result.output.count("a\\x1b[2J\\nb.txt") == 2  # the file, and the place of what is wrong in it


def test_a_table_that_its_toml_alone_makes_one_is_known_by_it(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("UD1,System,A1\ns1,TH01,6\n", encoding="utf-8")
    with pytest.raises(InputError, match="found a text that begins ‘UD1,System,A1’"):
        recognise(path)
    (tmp_path / "genemapper.toml").write_text(
        'format = "antigone-genemapper"\nversion = 1\n[columns]\nsample = "UD1"\nmarker = "System"\nallele = "A#"\n',
        encoding="utf-8",
    )
    assert recognise(path).kind is Kind.GENEMAPPER


def test_of_a_workbook_with_several_tables_a_sheet_is_named(tmp_path: Path) -> None:
    path = tmp_path / "plates"
    rows = [["Sample Name", "Marker", "Allele 1"], ["B1", "TH01", "6"]]
    path.write_bytes(xlsx({"P1": rows, "P2": [*rows, ["B2", "TH01", "x"]]}))
    (several,) = inspect(path).problems
    assert several.expected == "one, or its name (--sheet)"
    assert inspect(path, sheet="P1").problems == ()
    result = CliRunner().invoke(app, ["inspect", str(path), "--sheet", "P2"])
    assert result.exit_code == 1
    assert "sheet P2, line 3, column Allele 1, cell C3: found ‘x’" in result.output
    with pytest.raises(InputError, match="found no workbook; expected a workbook, or no --sheet"):
        inspect(CORPUS / "haplotypes/yfiler.tsv", sheet="P1")


@pytest.mark.parametrize(
    ("sex", "amelogenin", "is_odd"), [(2, "X Y", True), (1, "X Y", False), (1, "X X", True), (1, "X 0", False)]
)
def test_amelogenin_of_the_other_sex_is_odd(sex: int, amelogenin: str, is_odd: bool, tmp_path: Path) -> None:
    (tmp_path / "a.ped").write_text(f"Oak a 0 0 {sex} 15 16 {amelogenin}\n", encoding="utf-8")
    (tmp_path / "a.dat").write_text("M D3S1358\nM AMEL\n", encoding="utf-8")
    told = "the samples do not fit the pedigree given, which is for a geneticist to look into: Oak"
    assert (told in inspect(tmp_path / "a.ped").odd) == is_odd


def test_y_markers_of_a_laboratory_are_said(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("Sample Name\tMarker\tAllele 1\nB1\tDYS391\t10\nB1\tTH01\t6\n", encoding="utf-8")
    assert "Y haplotypes of 1 sample at 1 marker: DYS391" in inspect(path).holds


def test_cyrillic_of_windows_is_said(tmp_path: Path) -> None:
    assert any("read as cp1251, because" in text for text in inspect(CORPUS / "frequencies/ukrainian_cp1251.csv").odd)
    result = CliRunner().invoke(
        app, ["convert", str(CORPUS / "frequencies/ukrainian_cp1251.csv"), str(tmp_path / "frequencies.csv")]
    )
    assert result.exit_code == 0
    assert "read as cp1251, because" in result.output


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_any_bytes_are_recognised_or_not_and_nothing_else(data: bytes) -> None:
    recognise_bytes(data)


# What is said


def odd(path: Path) -> str:
    found = inspect(path)
    assert found.problems == ()
    return "\n".join(found.odd)


MARKERS = ("D3S1358", "TH01", "vWA", "FGA", "D8S1179", "D21S11", "D18S51", "D5S818", "D13S317", "D7S820")


def ped_of(tmp_path: Path, *lines: str) -> Path:
    (tmp_path / "x.dat").write_text("A a\n" + "".join(f"M {marker}\n" for marker in MARKERS), encoding="utf-8")
    (tmp_path / "x.ped").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return tmp_path / "x.ped"


def test_few_markers_alleles_nobody_has_and_the_same_person_twice_are_said(tmp_path: Path) -> None:
    same = " ".join(["12 13"] * 10)
    path = ped_of(tmp_path, f"A a 0 0 1 0 {same}", f"B b 0 0 1 0 {same}", f"C c 0 0 1 0 {'14 15 ' * 9} 9.2 10")
    said = odd(path)
    assert "3 samples with fewer than 12 markers: A:a, B:b, C:c" in said
    assert "samples that read the same, as of one person or twins: A:a, B:b" in said
    assert "alleles that NIST 1036 Caucasian does not hold: D3S1358 12 (2 samples)" in said


def test_a_family_whose_samples_do_not_fit_is_named_and_nothing_of_parentage_is(tmp_path: Path) -> None:
    father, child = " ".join(["12 13"] * 10), " ".join(["14 15"] * 2 + ["12 14"] * 8)
    path = ped_of(tmp_path, f"A pa 0 0 1 0 {father}", f"A ma 0 0 2 0 {'0 0 ' * 10}", f"A so pa ma 1 0 {child}")
    said = odd(path)
    told = "the samples do not fit the pedigree given, which is for a geneticist to look into: A"
    assert [line for line in said.splitlines() if "fit" in line or "pa" in line.split()] == [told]
    one_mutation = " ".join(["14 15"] + ["12 14"] * 9)
    path = ped_of(tmp_path, f"A pa 0 0 1 0 {father}", f"A ma 0 0 2 0 {'0 0 ' * 10}", f"A so pa ma 1 0 {one_mutation}")
    assert "do not fit" not in odd(path)


def test_an_allele_that_was_not_seen_contradicts_nobody(tmp_path: Path) -> None:
    path = ped_of(
        tmp_path, f"A pa 0 0 1 0 {'12 12 ' * 10}", f"A ma 0 0 2 0 {'0 0 ' * 10}", f"A so pa ma 1 0 {'14 0 ' * 10}"
    )
    assert "do not fit" not in odd(path)


def test_an_unknown_marker_is_said_with_what_is_near(tmp_path: Path) -> None:
    (tmp_path / "x.dat").write_text("M TH0l\n", encoding="utf-8")
    assert odd(tmp_path / "x.dat").startswith("markers that nobody here knows: TH0l; near it ")


def test_a_case_is_summed_up_with_what_is_left_out() -> None:
    found = inspect(SOUND_CASE)
    assert found.holds[0] == "2 individuals to identify, 1 family that looks for 1 missing person"
    assert any(sentence.startswith("3 samples with fewer than 12 markers") for sentence in found.odd)


def test_problems_are_told_with_what_the_file_is() -> None:
    runner = CliRunner()
    result = runner.invoke(app, ["inspect", str(CORPUS / "ped" / "bad_widths.ped")])
    assert result.exit_code == 1
    assert "bad_widths.ped: a PED file: pedigrees with genotypes\n\nIt cannot be read:\n- bad_widths.ped, line 1" in (
        result.stdout
    )
    sound = runner.invoke(app, ["inspect", "--json", str(CORPUS / "ped" / "trio.ped")])
    assert sound.exit_code == 0
    assert json.loads(sound.stdout)["kind"] == "ped"


# Converting


def convert(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["convert", *map(str, arguments)])
    error = "" if result.exception is None or isinstance(result.exception, SystemExit) else str(result.exception)
    return result.exit_code, result.output + error


def test_a_ped_file_becomes_a_case_folder_and_a_case_folder_a_ped_file(tmp_path: Path) -> None:
    ped = CORPUS / "ped" / "two_families_and_remains.ped"
    assert "who is missing, as --missing FAMILY:PERSON" in convert(ped, tmp_path / "case")[1]
    status, said = convert(ped, tmp_path / "case", "--missing", "Oak:son", "--remains", "remains")
    assert (status, "Not in" in said, "family Elm: no missing person" in said) == (0, True, True)
    case = read_case_folder(tmp_path / "case")
    assert ([one.id for one in case.individuals], case.families[0].missing) == (["R1"], ("son",))
    status, said = convert(tmp_path / "case", tmp_path / "back.ped")
    assert (status, "cannot hold: who is missing" in said) == (0, True)
    assert (tmp_path / "back.dat").read_text(encoding="utf-8").startswith("A affection\nM ")


@pytest.mark.parametrize("make", [xlsx, xls, ods])
def test_a_workbook_becomes_a_case_folder(make, tmp_path: Path) -> None:
    sheets = sheets_of(SOUND_CASE) | {"settings": [["key", "value"], ["theta", 0.01], ["kit", "D3S1358; TH01; vWA"]]}
    (tmp_path / "Arcadia.book").write_bytes(make(sheets))
    assert convert(tmp_path / "Arcadia.book", tmp_path / "case")[0] == 0
    case, sound = read_case_folder(tmp_path / "case"), read_case_folder(SOUND_CASE)
    assert (case.name, case.settings.theta) == ("Arcadia", 0.01)
    assert [one.profile for one in case.individuals] == [one.profile for one in sound.individuals]


def test_problems_of_a_workbook_are_told_together_by_sheet_and_cell(tmp_path: Path) -> None:
    sheets = {
        "settings": [["key", "value"], ["", ""], ["thta", 0.01]],
        "profiles": [["sample", "marker", "allele1", "allele2"], ["B1", "TH01", "6,3", 7.0]],
        "remains": [["remains", "sample", "sex"], ["R1", "B1", "X"]],
        "families": sheets_of(SOUND_CASE)["families"],
    }
    (tmp_path / "case.ods").write_bytes(ods(sheets))
    found = [(one.file, one.line, one.column) for one in inspect(tmp_path / "case.ods").problems]
    assert ("case.ods, sheet settings", 3, "thta") in found
    assert ("case.ods, sheet profiles", 2, "allele1, cell C2") in found
    assert ("case.ods, sheet remains", 2, "sex, cell C2") in found


def test_a_part_of_a_case_becomes_the_table_that_its_target_names(tmp_path: Path) -> None:
    strider = CORPUS / "strider" / "two_populations.xml"
    assert "--population with one of ARCADIA, NOWHERE" in convert(strider, tmp_path / "frequencies.csv")[1]
    assert convert(strider, tmp_path / "frequencies.csv", "--population", "arcadia")[0] == 0
    assert read_frequencies(tmp_path / "frequencies.csv").markers == read_strider(strider)["ARCADIA"].markers
    status, said = convert(CORPUS / "haplotypes" / "yfiler.tsv", tmp_path / "y_database.csv")
    assert (status, "the column Population is not used" in said) == (0, True)
    status, said = convert(CORPUS / "haplotypes" / "yfiler.tsv", tmp_path / "case")
    assert "it can become profiles.csv or y_database.csv, so call the target that" in said
    assert convert(CORPUS / "haplotypes" / "silent.csv", tmp_path / "profiles.csv", "--zero", "silent")[0] == 0
    assert "DYS391,silent," in (tmp_path / "profiles.csv").read_text(encoding="utf-8")


def test_what_a_laboratory_exports_becomes_profiles(tmp_path: Path) -> None:
    (tmp_path / "export.txt").write_text(
        "Sample Name\tMarker\tAllele 1\tAllele 2\nB1\tTH01\t6\t9.3\nB1\tAMEL\tX\tY\n", encoding="utf-8"
    )
    assert recognise(tmp_path / "export.txt").kind is Kind.GENEMAPPER
    assert convert(tmp_path / "export.txt", tmp_path / "profiles.csv")[0] == 0
    assert "B1,,TH01,6,9.3" in (tmp_path / "profiles.csv").read_text(encoding="utf-8")
    found = inspect(tmp_path / "export.txt")
    assert found.problems == ()
    assert any(text.startswith("1 profile with results at 2 markers") for text in found.holds)


def test_specimens_of_codis_become_profiles(tmp_path: Path) -> None:
    (tmp_path / "export").write_bytes(PARSERS["codis"][1]()[0])
    assert recognise(tmp_path / "export").kind is Kind.CODIS
    assert convert(tmp_path / "export", tmp_path / "profiles.csv")[0] == 0
    assert "B1,,TH01,6,9.3" in (tmp_path / "profiles.csv").read_text(encoding="utf-8")
    assert any("1 specimen" in text for text in inspect(tmp_path / "export").holds)


def test_a_workbook_and_a_ped_file_are_searched(tmp_path: Path) -> None:
    arguments = ["identify", str(CORPUS / "workbooks" / "case.ods"), "--out", str(tmp_path / "report"), "--quiet"]
    result = CliRunner().invoke(app, [*arguments, "--all-pairs"])
    assert result.exit_code == 0
    summary = json.loads((tmp_path / "report" / "summary.json").read_text(encoding="utf-8"))
    assert (summary["case"], summary["pairs"], summary["settings_left_to_defaults"]["prior"]) == ("Arcadia", 1, "0.5")
    ped = ["identify", str(CORPUS / "ped" / "two_families_and_remains.ped"), "--out", str(tmp_path / "ped"), "--quiet"]
    assert CliRunner().invoke(app, [*ped, "--missing", "Oak:son", "--remains", "remains"]).exit_code == 0
    assert json.loads((tmp_path / "ped" / "summary.json").read_text(encoding="utf-8"))["pairs"] == 1
    refused = CliRunner().invoke(app, ["identify", str(CORPUS / "ped" / "trio.dat"), "--out", str(tmp_path / "other")])
    assert "found the markers of a PED file (.dat or .map), which is no whole case" in str(refused.exception)


SOUND = [path for path in sorted(CORPUS.glob("*/*")) if not path.name.startswith("bad_") and path.is_file()]


@settings(max_examples=60)
@given(data=st.data())
def test_a_damaged_file_of_any_kind_is_inspected_or_refused(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "x.ped"
    (path.parent / "x.dat").write_bytes((CORPUS / "ped" / "trio.dat").read_bytes())
    content = bytearray(data.draw(st.sampled_from(SOUND)).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content)))
        content[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    path.write_bytes(content)
    with suppress(InputError):
        inspect(path)
