"""Workbooks of three kinds say the same, cell by cell, and none exhausts the machine."""

import resource
import shutil
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antigone.cli.cases import read_case
from antigone.formats.case_folder import read_case_folder
from antigone.formats.errors import InputError
from antigone.formats.frequencies import read_frequencies
from antigone.formats.tables import Problems, open_csv, open_workbook
from antigone.formats.tables.sheet_look import too_vast
from corpus_files import CORPUS, bad_files, check_errors
from workbooks import biff, compound_file, ods, ods_cell, ods_of, record, xls, xls_cell, xlsx

KINDS = {"xlsx": xlsx, "xls": xls, "ods": ods}
SOUND_CASE = Path(__file__).parent / "bad_cases" / "_sound"


def rows_of(data: bytes, folder: Path, sheet: str = "s") -> list[tuple[int, list[str]]]:
    path = folder / "t.bin"
    path.write_bytes(data)
    problems = Problems()
    table = open_workbook(path, "t").table(sheet, problems)
    problems.stop_if_any()
    assert table is not None
    rows = [(1, list(table.header)), *table.rows()]
    problems.stop_if_any()
    return rows


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_told_by_its_bytes_and_keeps_every_place(kind: str, tmp_path: Path) -> None:
    sheets = {"s": [["sample", "allele"], ["Б1", 9.3], ["", ""], ["B2", 12.0]], "Друга": [["a"], [1.0]]}
    assert rows_of(KINDS[kind](sheets), tmp_path) == [
        (1, ["sample", "allele"]),
        (2, ["Б1", "9.3"]),
        (4, ["B2", "12"]),
    ]
    assert rows_of(KINDS[kind](sheets), tmp_path, "Друга") == [(1, ["a"]), (2, ["1"])]


@pytest.mark.parametrize("kind", KINDS)
def test_a_first_row_that_is_empty_is_no_header(kind: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 1: found an empty row; expected a header"):
        rows_of(KINDS[kind]({"s": [["", ""], ["a", "b"]]}), tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_first_column_that_is_empty_keeps_its_number(kind: str, tmp_path: Path) -> None:
    assert rows_of(KINDS[kind]({"s": [["", "a"], ["", 1.0]]}), tmp_path) == [(1, ["", "a"]), (2, ["", "1"])]


CELLS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="'<>&"), max_size=5),
    st.integers(-(10**9), 10**9).map(float),
    st.sampled_from([9.3, 0.1, 1e-9]),
)


@settings(max_examples=60)
@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=6))
def test_the_three_kinds_say_the_same(tmp_path_factory: pytest.TempPathFactory, body: list[list[str | float]]) -> None:
    folder = tmp_path_factory.mktemp("kinds")
    sheets = {"s": [["a", "b"], *body]}
    read = [rows_of(make(sheets), folder) for make in KINDS.values()]
    assert read[0] == read[1] == read[2]


# What cannot be a value


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        (ods_cell(3.0, 'table:formula="of:=1+2"'), "found a formula; expected a value"),
        (ods_cell("#N/A", 'calcext:value-type="error" table:formula="of:=NA()"'), "found the error of a formula"),
        (ods_cell("#N/A", 'calcext:value-type="error"'), "found the error of a formula"),
        ('<table:table-cell office:value-type="date" office:date-value="2020-01-02"/>', "found a date or time"),
        ('<table:table-cell office:value-type="boolean" office:boolean-value="true"/>', "found the truth value True"),
        (ods_cell("x", 'table:number-columns-spanned="2" table:number-rows-spanned="1"'), "found merged cells"),
    ],
)
def test_a_cell_of_an_open_document_that_is_no_value_is_an_error(cell: str, found: str, tmp_path: Path) -> None:
    header = f"<table:table-row>{ods_cell('a')}{ods_cell('b')}</table:table-row>"
    table = (
        f'<table:table table:name="s">{header}<table:table-row>{ods_cell("z")}{cell}</table:table-row></table:table>'
    )
    with pytest.raises(InputError) as error:
        rows_of(ods_of(table), tmp_path)
    assert str(error.value).startswith("t, sheet s, line 2, column ")
    assert found in str(error.value)


def formula(row: int, column: int) -> bytes:
    return record(0x0006, struct.pack("<HHHdHIH", row, column, 15, 1.5, 0, 0, 3) + b"\x1e\x01\x00")


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        (formula(1, 1), "found a formula; expected a value"),
        (record(0x0205, struct.pack("<HHHBB", 1, 1, 15, 0x2A, 1)), "found the error of a formula"),
        (record(0x0205, struct.pack("<HHHBB", 1, 1, 15, 1, 0)), "found the truth value True"),
        (xls_cell(1, 1, "x") + record(0x00E5, struct.pack("<HHHHH", 1, 1, 1, 1, 2)), "found merged cells"),
    ],
)
def test_a_cell_of_an_old_workbook_that_is_no_value_is_an_error(cell: bytes, found: str, tmp_path: Path) -> None:
    cells = [xls_cell(0, 0, "a"), xls_cell(0, 1, "b"), xls_cell(1, 0, "z"), cell]
    with pytest.raises(InputError) as error:
        rows_of(compound_file(biff({"s": cells})), tmp_path)
    assert str(error.value).startswith("t, sheet s, line 2, column ")
    assert found in str(error.value)


# What is made to harm

NAMED = '<table:table table:name="s">'
ROW = "table:table-row"


def repeated(times: str, more: str = "", *, cell: str = "x") -> bytes:
    row = f'<{ROW} table:number-rows-repeated="{times}">{ods_cell(cell, more)}</{ROW}>'
    return ods_of(f"{NAMED}{row}</table:table>")


# What calamine reads all the same: a value without its type, and a prefix that stands for another namespace.
UNTYPED = 'office:string-value="x" table:number-columns-repeated="1024"'
OTHER_NAMESPACE = ods_of(
    f'<table:table xmlns:table="urn:other" table:name="s"><{ROW} table:number-rows-repeated="1048576">'
    f"{ods_cell('x', UNTYPED)}</{ROW}></table:table>"
)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (repeated("1048576", 'table:number-columns-repeated="1024"'), "a sheet of 1048576 rows and 1024 columns"),
        (repeated("1048576", UNTYPED, cell=""), "a sheet of 1048576 rows and 1024 columns"),
        (OTHER_NAMESPACE, "a sheet of 1048576 rows and 1024 columns"),
        (repeated("99999999999"), "number-rows-repeated that is no number of cells"),
        (repeated("-5"), "number-rows-repeated that is no number of cells"),
        (ods_of(NAMED + "</table:table>" + NAMED + "</table:table>"), "two sheets of one name"),
        (ods_of(NAMED + NAMED + "</table:table></table:table>"), "a table within a table"),
        (ods_of("", prolog='<!DOCTYPE x [<!ENTITY a "b">]>'), "a document type, and with it entities"),
        (ods_of("<a>" * 300 + "</a>" * 300), "elements nested deeper than 200"),
        (ods_of("<a>"), "no sound XML"),
        (compound_file(biff({"s": [xls_cell(0, 0, "a"), xls_cell(65535, 255, "b")]})), "a sheet of 65536 rows and 256"),
        (compound_file(b"x", "EncryptedPackage"), "a workbook with a password"),
        (compound_file(biff({"s": []}).replace(record(0x0042, b"\xb0\x04"), record(0x002F, b"\0\0"))), "a password"),
        (compound_file(biff({"s": []}), "Data"), "a compound file without a workbook"),
        (compound_file(b"\x09\x08\xff\xff"), "found a record that is cut short"),
        (compound_file(record(0x0809, struct.pack("<HH", 0x0500, 5))), "a workbook of an Excel before 97"),
        (compound_file(biff({"s": []}))[:3000], "found a sector beyond the end of the file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(20), "a damaged file"),
    ],
)
def test_a_workbook_made_to_harm_is_refused(data: bytes, found: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected an Excel file|expected at most 10000000 cells") as error:
        rows_of(data, tmp_path)
    assert found in str(error.value)


def test_empty_cells_without_end_are_no_table_without_end(tmp_path: Path) -> None:
    empty = ods_cell("", 'table:number-columns-repeated="16384"')
    table = (
        f"{NAMED}<{ROW}>{ods_cell('a')}{empty}</{ROW}><{ROW}>{ods_cell('b')}</{ROW}>"
        f'<{ROW} table:number-rows-repeated="1048574">{empty}</{ROW}></table:table>'
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert rows_of(ods_of(table), tmp_path) == [(1, ["a"]), (2, ["b"])]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


SHEETS = {"s": [["a", "b"], [9.3, "x"], ["y", 1.0]]}


@pytest.mark.parametrize("make", [xls, ods])
@settings(max_examples=150)
@given(data=st.data())
def test_a_damaged_workbook_is_an_error_or_still_a_table(
    make: Callable[..., bytes], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(make(SHEETS))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content)))
        harm = data.draw(st.binary(max_size=4) | st.sampled_from([b"\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f"]))
        content[place : place + data.draw(st.integers(0, 4))] = harm
    with suppress(InputError):
        rows_of(bytes(content), tmp_path_factory.mktemp("damaged"))


# As a part of a case


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("together", [True, False])
def test_every_table_of_a_case_may_be_a_sheet(kind: str, together: bool, tmp_path: Path) -> None:
    folder = tmp_path / "case"
    shutil.copytree(SOUND_CASE, folder)
    expected = read_case_folder(folder)
    sheets = {}
    for path in sorted(folder.glob("*.csv")):
        with open_csv(path, path.name, Problems()) as table:
            sheets[path.stem] = [list(table.header), *(row for _, row in table.rows())]
        path.unlink()
    for name, rows in sheets.items() if not together else [("case", None)]:
        (folder / f"{name}.{kind}").write_bytes(KINDS[kind](sheets if together else {"Sheet1": rows}))
    read = read_case_folder(folder)
    assert (read.individuals, read.families, read.warnings) == (expected.individuals, expected.families, ())


@pytest.mark.parametrize("kind", KINDS)
def test_frequencies_may_be_a_sheet(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"population.{kind}"
    path.write_bytes(KINDS[kind]({"Table S2": [["allele", "TH01"], [6.0, 0.25], [9.3, 0.75], ["N", 100.0]]}))
    assert read_frequencies(path).markers["TH01"].chromosomes == 200


# The corpus

WORKBOOKS = CORPUS / "workbooks"


@pytest.mark.parametrize("name", bad_files("workbooks", ".xlsx", ".xls", ".ods"))
def test_a_bad_workbook_gets_exactly_these_errors(name: str) -> None:
    check_errors(read_case, WORKBOOKS / name)


@pytest.mark.parametrize("kind", KINDS)
def test_a_case_in_one_workbook_is_read_whatever_its_kind(kind: str) -> None:
    case = read_case(WORKBOOKS / f"case.{kind}")
    assert (case.name, case.settings.theta, case.settings.markers) == ("Arcadia", 0.01, ("D3S1358", "TH01"))
    assert ([one.id for one in case.individuals], case.families[0].missing, case.warnings) == (["R1"], ("son",), ())


@pytest.mark.parametrize(
    ("rows", "columns", "written", "what"),
    [
        (400_000, 25, 10_000_000, None),
        (400_001, 25, 10_000_000, "400001 rows"),
        (200_000, 24, 240_000, None),  # a twentieth is written
        (200_000, 24, 239_999, "nearly all of it empty"),
        (1_000, 2_000, 1, None),  # few enough to be read whatever they hold
        (129, 57_345, 300, "nearly all of it empty"),
    ],
)
def test_a_sheet_of_two_far_cells_is_not_spread_out_in_memory(rows, columns, written, what) -> None:
    vast = too_vast(rows, columns, written)
    assert vast is None if what is None else what in vast[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_far_cell_is_told_in_each_kind_of_workbook(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"far.{kind}"
    far = [["sample", "TH01"], *([[]] * 9_000), [*([""] * 250), "far"]]
    path.write_bytes(KINDS[kind]({"profiles": far}))
    with pytest.raises(InputError, match="9002 rows and 251 columns, nearly all of it empty or repeated"):
        read_case(path)
