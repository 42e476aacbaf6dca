"""CSV and Excel tables: every cell has its place, nothing is repaired or alive, nothing exhausts the machine."""

import hashlib
import os
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from antigone.formats.errors import InputError
from antigone.formats.plain_text import read_bytes
from antigone.formats.tables import (
    Problems,
    Table,
    delimited,
    escaped,
    open_csv,
    open_workbook,
    packed,
    to_csv,
    unescaped,
)
from workbooks import Sheets, ods, xlsx

Rows = list[tuple[int, list[str]]]


def read_csv(path: Path, data: bytes) -> tuple[tuple[str, ...], Rows]:
    path.write_bytes(data)
    problems = Problems()
    table = open_csv(path, path.name, problems)
    rows = read_rows(table)
    problems.stop_if_any()
    assert table is not None
    return table.header, rows


def read_rows(table: Table | None) -> Rows:
    if table is None:
        return []
    with table:
        return list(table.rows())


def complaint(path: Path, data: bytes) -> str:
    with pytest.raises(InputError) as error:
        read_csv(path, data)
    [problem] = error.value.problems
    return str(problem)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_rows_come_with_their_lines_whatever_the_line_ends(end: bytes, mark: bytes, tmp_path: Path) -> None:
    data = mark + end.join([b"a,b", b"1,2", b"", b",", b' "x,""y"" " ,3'])
    assert read_csv(tmp_path / "t.csv", data) == (("a", "b"), [(2, ["1", "2"]), (5, ['x,"y"', "3"])])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a,b\n1,2\n3\n", "t.csv, line 3: found 1 cells; expected 2, as the header has"),
        (b'a,b\n1,"2\n', "t.csv, line 2, column b: found a quotation mark that does not pair"),
        (b'a,b\n1,2"\n', "t.csv, line 2, column b: found a quotation mark that does not pair"),
        (b"a,b\n1,\x1b[2J\n", "t.csv, line 2, column b: found the control character 0x1b; expected text"),
        (b"a;b\n1;2\n", "t.csv, line 1: found semicolons between the columns; expected commas"),
        (b"\xff\xfea\0,\0b\0", "t.csv, line 1, column 1: found the mark of UTF-16; expected UTF-8"),
        (b"a,b\n1,\xd0\n", "t.csv, line 2, column 2: found the byte 0xd0; expected UTF-8"),
        (b"a,b\n1," + b"x" * 1001, "t.csv, line 2: found a cell of more than 1000 characters; expected at most 1000"),
        (
            b"a,b\n" + b"," * 1_000_001,
            "t.csv, line 2: found more than 1000000 characters; expected a line end before that",
        ),
    ],
)
def test_what_is_no_csv_is_told_with_its_place(data: bytes, expected: str, tmp_path: Path) -> None:
    assert complaint(tmp_path / "t.csv", data).startswith(expected)


def test_what_comes_late_in_a_long_file_is_told_with_its_place(tmp_path: Path) -> None:
    lines = b"a,b\n" + b"1,2\n" * 500_000
    assert complaint(tmp_path / "t.csv", lines + b"1,\0\n") == (
        "t.csv, line 500002, column b: found the control character 0x00; expected text"
    )
    assert complaint(tmp_path / "t.csv", lines + b"\xff,1\n").startswith(
        "t.csv, line 500002, column a: found the byte 0xff"
    )


def test_limits_of_size_and_rows_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "MAX_ROWS", 2)
    assert (
        complaint(tmp_path / "t.csv", b"a\n1\n2\n3\n")
        == "t.csv, line 4: found more than 2 rows; expected at most that many"
    )
    monkeypatch.setattr(delimited, "MAX_BYTES", 5)
    assert complaint(tmp_path / "t.csv", b"a\n1\n2\n") == "t.csv: found more than 5 bytes; expected a smaller file"


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=12))
def test_no_written_cell_is_alive_and_none_is_lost(text: str) -> None:
    assert unescaped(escaped(text)) == text
    assert not escaped(text).startswith(("=", "+", "-", "@"))


@given(
    rows=st.lists(st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=9), min_size=2, max_size=2))
)
def test_written_cells_are_read_back(rows: list[list[str]], tmp_path_factory: pytest.TempPathFactory) -> None:
    rows = [[cell.strip() for cell in row] for row in rows]
    text = to_csv(["a", "b"], rows)
    _, read = read_csv(tmp_path_factory.mktemp("csv") / "t.csv", text.encode())
    assert [row for _, row in read] == [row for row in rows if any(row)]


@pytest.mark.parametrize("cell", ["a\nb", "a\rb", "\ta", " a", "a ", "\0", "x" * 1000])
def test_a_cell_that_would_not_be_read_back_is_not_written(cell: str) -> None:
    with pytest.raises(ValueError, match="cannot be a cell"):
        to_csv(["a"], [[cell]])


# Excel

Fill = Callable[[Any, Any], None]


def workbook(path: Path, fill: Fill) -> Path:
    book = xlsxwriter.Workbook(path)
    fill(book.add_worksheet("s"), book)
    book.close()
    return path


def read_excel(path: Path) -> tuple[tuple[str, ...], Rows]:
    problems = Problems()
    table = open_workbook(path, "t.xlsx").table("s", problems)
    rows = read_rows(table)
    problems.stop_if_any()
    assert table is not None
    return table.header, rows


def test_numbers_are_read_as_people_typed_them(tmp_path: Path) -> None:
    def fill(sheet: Any, _: Any) -> None:
        sheet.write_row(0, 0, ["a", "b", "c"])
        sheet.write_row(2, 0, [12.0, 9.300000000000001, 0.1 + 0.2])
        sheet.write_row(3, 0, ["'=x", " y ", 123456789012])

    header, rows = read_excel(workbook(tmp_path / "t.xlsx", fill))
    assert header == ("a", "b", "c")
    assert rows == [(3, ["12", "9.3", "0.3"]), (4, ["=x", "y", "123456789012"])]


def cell(write: Fill) -> Fill:
    def fill(sheet: Any, book: Any) -> None:
        sheet.write_row(0, 0, ["a", "b"])
        write(sheet, book)

    return fill


@pytest.mark.parametrize(
    ("write", "found"),
    [
        (
            lambda s, b: s.write_datetime(1, 1, datetime(2024, 3, 9), b.add_format({"num_format": "d mmm"})),
            "a date or time",
        ),
        (lambda s, b: s.write_number(1, 1, 0.25, b.add_format({"num_format": "hh:mm"})), "a date or time"),
        (lambda s, _: s.write_boolean(1, 1, True), "the truth value True"),
        (lambda s, _: s.write_formula(1, 1, "=A1", None, 12), "a formula"),
        (lambda s, _: s.write_formula(1, 1, "=NA()", None, "#N/A"), "the error of a formula"),
        (lambda s, _: s.write_number(1, 1, 1234567890123456), "the number 1.23456789012346e+15"),
        (lambda s, _: s.write_string(1, 1, "a\nb"), "a line break or control character"),
        (lambda s, _: s.write_string(1, 1, "x" * 1001), "a cell of more than 1000 characters"),
    ],
)
def test_a_cell_that_is_neither_text_nor_number_is_told_with_its_place(write: Fill, found: str, tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", cell(write))
    with pytest.raises(InputError) as error:
        read_excel(path)
    assert str(error.value).startswith(f"t.xlsx, sheet s, line 2, column b: found {found}")


def test_merged_cells_are_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", cell(lambda s, _: s.merge_range(1, 0, 2, 0, "x")))
    with pytest.raises(InputError, match="line 2, column 1: found merged cells; expected single cells"):
        read_excel(path)


def test_two_cells_far_apart_do_not_exhaust_the_machine(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", cell(lambda s, _: s.write(1_048_575, 16_383, "x")))
    with pytest.raises(InputError, match="a sheet of 1048576 rows and 16384 columns; expected at most 10000000 cells"):
        read_excel(path)


def repacked(path: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """The same archive with other bytes in some parts."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, change(name, data), zipfile.ZIP_STORED if name == "mimetype" else None)
    return path


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda data: data.replace(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet'), "with entities"),
        (lambda data: data.replace(b'encoding="UTF-8"', b'encoding="UTF-16"'), "not in UTF-8"),
        (lambda data: data.decode().encode("utf-16"), "not in UTF-8"),
        (lambda data: data.replace(b' r="A1"', b""), "whose cells do not say where they stand"),
        (lambda data: data.replace(b'r="A1"', b'r = "XFD1048576"'), "a sheet of 1048576 rows"),
        (
            lambda data: data.replace(b'<c r="A1"', b'<c r="%s"' % (b"x" * 1001)),
            "whose cells do not say where they stand",
        ),
        (lambda data: data.replace(b'<row r="1"', b'<row r="9x"'), "whose cells do not say where they stand"),
        (lambda data: data[:-30], "t.xlsx"),
    ],
)
def test_a_sheet_made_to_harm_is_refused(change: Callable[[bytes], bytes], found: str, tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", cell(lambda *_: None))
    repacked(path, lambda name, data: change(data) if name == SHEET else data)
    with pytest.raises(InputError, match=found):
        read_excel(path)


def test_a_file_that_unpacks_to_far_more_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MAX_UNPACKED", 500_000)
    path = workbook(tmp_path / "t.xlsx", cell(lambda *_: None))
    repacked(path, lambda name, data: data + b" " * 600_000 if name == SHEET else data)
    assert path.stat().st_size < 20_000
    with pytest.raises(InputError, match="more than 500000 bytes when unpacked"):
        read_excel(path)


@pytest.mark.parametrize(("further", "is_refused"), [(900_000, False), (2_000_000, True)])
@pytest.mark.parametrize("make", [xlsx, ods])
def test_a_file_that_unpacks_to_a_hundred_times_its_size_is_refused(
    make: Callable[[Sheets], bytes], further: int, is_refused: bool, tmp_path: Path
) -> None:
    path = tmp_path / "t"
    path.write_bytes(make({"s": [["a"], ["1"]]}))
    part = SHEET if make is xlsx else "content.xml"
    repacked(path, lambda name, data: data + b" " * further if name == part else data)
    size = path.stat().st_size
    assert packed.MAX_RATIO * size < further + 100_000 < packed.MAX_UNPACKED
    if is_refused:
        with pytest.raises(InputError, match=r"more than [0-9]+ bytes when unpacked"):
            open_workbook(path, "t")
    else:  # so little is no harm, whatever it is packed into
        assert open_workbook(path, "t").sheet_names == ("s",)


def test_the_room_of_a_packed_file_is_a_hundred_times_its_size() -> None:
    assert packed.room_of(bytes(10)) == packed.FREE_UNPACKED
    assert packed.room_of(bytes(50_000)) == 5_000_000
    assert packed.room_of(bytes(3_000_000)) == packed.MAX_UNPACKED


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_plain_file_is_refused_before_it_is_opened(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "t"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    shown = "a folder" if kind == "folder" else "a pipe or a device"
    for read in (lambda: read_bytes(path, "t", 10), lambda: open_workbook(path, "t")):
        with pytest.raises(InputError, match=f"^t: found {shown}; expected a file$"):
            read()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"a,b\n1,2\n", b"\xd0\xcf\x11\xe0" + bytes(600)])
def test_what_is_no_excel_file_is_an_error(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(data)
    with pytest.raises(InputError, match="expected an Excel file"):
        open_workbook(path, "t.xlsx")


@given(data=st.data())
def test_a_damaged_excel_file_is_an_error_or_still_a_table(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = workbook(tmp_path_factory.mktemp("excel") / "t.xlsx", cell(lambda s, _: s.write_row(1, 0, [9.3, "x"])))
    harm = [b'"', b"<", b'r="XFD1"', b't="e"', b"\xff", b"<row>", b"<v>1e308</v>"]

    def damage(name: str, content: bytes) -> bytes:
        if name not in (SHEET, "xl/workbook.xml", "xl/sharedStrings.xml"):
            return content
        at = data.draw(st.integers(0, len(content)))
        return content[:at] + data.draw(st.sampled_from(harm)) + content[at + data.draw(st.integers(0, 9)) :]

    repacked(path, damage)
    try:
        book = open_workbook(path, "t.xlsx")
    except InputError:
        return
    for sheet in book.sheet_names:
        read_rows(book.table(sheet, Problems()))


def test_the_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a\n" + b"1\n" * 100_000)
    table = open_csv(path, "t.csv", Problems())
    read_rows(table)
    assert table is not None
    assert table.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    book = workbook(tmp_path / "t.xlsx", cell(lambda *_: None))
    assert open_workbook(book, "t.xlsx").digest == hashlib.sha256(book.read_bytes()).hexdigest()
