"""Plain tables taken in whole columns, against row after row."""

from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from antigone.formats.case_folder.markers import use_of_markers
from antigone.formats.case_folder.profiles import ProfilesReader
from antigone.formats.tables import CsvTable, Problems, open_csv
from antigone.formats.tables.whole_columns import coded_cells
from antigone.genetics.frequencies import nist_1036_caucasian
from antigone.matching.operation import Settings

CELLS = st.sampled_from(["12", "13", "9.3", "?", "", "OL", ">20", "x", "X", " 14 ", "15,16"])


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["S1", "S2", "Ж3", "", " S1"]),
            st.sampled_from(["", "", "", "1", "2"]),
            st.sampled_from(["TH01", "th01", "FGA", "AMEL", "DYS391", "nonsense", ""]),
            CELLS,
            CELLS,
        ),
        max_size=12,
    ),
    st.booleans(),
)
def test_whole_columns_say_what_row_after_row_says(rows: list[tuple[str, ...]], windows: bool) -> None:
    """The same profiles, lines, warnings and problems, whichever way a table is read."""
    end = "\r\n" if windows else "\n"
    text = "sample,replicate,marker,allele1,allele2" + end + "".join(",".join(row) + end for row in rows)
    found = []
    for by_columns in (True, False):
        problems = Problems()
        with TemporaryDirectory() as folder:
            path = Path(folder) / "profiles.csv"
            path.write_bytes(text.encode())
            table = open_csv(path, "profiles.csv", problems)
            assert table is not None
            with table, patch.object(CsvTable, "coded", CsvTable.coded if by_columns else lambda *_: None):
                use = use_of_markers(None, "", nist_1036_caucasian())
                read = ProfilesReader(table, Settings(use.used), use, problems).read()
            digest = table.digest
        told = sorted(map(str, problems._found))
        order = [] if told else list(read.profiles)  # where something is amiss nothing is used
        found.append((read.profiles, order, read.lines, read.y, read.left_out, read.warnings, told, digest))
    assert found[0] == found[1]


def test_what_is_not_plain_is_walked() -> None:
    plain = b"a,b\n1,2\n3,4\n"
    (cells,) = coded_cells(plain, 2, [(0, 1)])
    assert (cells.texts, cells.of.tolist(), cells.first) == ([("1", "2"), ("3", "4")], [0, 1], [0, 1])
    for data in (
        b'a,b\n"1",2\n', b"a,b\n'=1,2\n", b"a,b\n1,2\n\n3,4\n", b"a,b\n1\n2,3,4\n", b"a,b\n1,\xff\n", b"a,b\n1,2\x00\n",
        b"a,b\n,\n", b"a,b\n1," + b"x" * 1001 + b"\n", b"a,b", b"a,b\n", b"a,b\r1,2\r", b"a,b\n1,2,3\n4\n",
    ):  # fmt: skip
        assert coded_cells(data, 2, [(0, 1)]) is None, data


def test_pieces_of_a_file_are_one_file() -> None:
    rows = [f"S{k % 7},{k % 3}" for k in range(500)]
    data = ("a,b\n" + "\n".join(rows)).encode()
    whole = coded_cells(data, 2, [(0,), (1,), (0, 1)])
    with patch("antigone.formats.tables.whole_columns._PIECE", 100):
        parts = coded_cells(data, 2, [(0,), (1,), (0, 1)])
    assert whole is not None
    assert parts is not None
    for one, other in zip(whole, parts, strict=True):
        assert (one.texts, one.first, one.of.tolist()) == (other.texts, other.first, other.of.tolist())
        assert [",".join(one.texts[k]) for k in one.of] == [",".join(one.texts[k]) for k in other.of]
