"""Plain tables taken in whole columns, against row after row."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from antigone.formats.case_folder import read_case_folder
from antigone.formats.case_folder.markers import use_of_markers
from antigone.formats.case_folder.profiles import ProfilesReader
from antigone.formats.case_folder.samples import Samples, can_be_searched, more_than_two
from antigone.formats.errors import InputError
from antigone.formats.tables import CsvTable, Problems, open_csv
from antigone.formats.tables.whole_columns import coded_cells
from antigone.genetics.frequencies import Refuse, nist_1036_caucasian
from antigone.genetics.profiles import is_discordant
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
    by_columns, by_rows = (what_is_read(text, by_columns) for by_columns in (True, False))
    assert by_columns == by_rows


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["S1", "S2", "Ж3", "S4", "S5", "S6", "S7", "", " S1"]),
            st.sampled_from(["", "", "", "", "", "1"]),
            *[st.sampled_from(["6", "9.3", "99", "17.1", "", "", "OL", "?", "x"])] * 2,
            *[st.sampled_from(["10", "11", "", "10.2"])] * 2,
            *[st.sampled_from(["X", "Y", "", "12"])] * 2,
            *[st.sampled_from(["12", "13", ""])] * 4,
        ),
        max_size=8,
        unique_by=lambda row: row[0],
    ),
    st.sampled_from(["", "", "stochastic", "refuse"]),
    st.lists(st.integers(0, 7), max_size=1),
)
def test_wide_columns_say_what_row_after_row_says(rows: list[tuple[str, ...]], settings: str, again: list[int]) -> None:
    header = "sample,replicate,TH01_1,TH01_2,DYS391_1,DYS391_2,AMEL_1,AMEL_2,FGA_1,FGA_2,FGA_3,FGA_4"
    rows += [rows[k] for k in again if k < len(rows)]
    text = "\n".join([header, *(",".join(row) for row in rows)])
    asked = {
        "stochastic": {"stochastic_threshold": 100.0},
        "refuse": {"rare_alleles": Refuse()},
    }.get(settings, {})
    by_columns, by_rows = (what_is_read(text, by_columns, **asked) for by_columns in (True, False))
    assert by_columns == by_rows


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["S1", "S2", "Ж3"]),
            st.sampled_from(["1", "2", "3", "b"]),
            *[st.sampled_from(["6", "9.3", "99", ""])] * 2,
            *[st.sampled_from(["10", ""])] * 2,
            *[st.sampled_from(["X", "Y", ""])] * 2,
            *[st.sampled_from(["20", "21", ""])] * 4,
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda row: row[:2],
    ),
    st.booleans(),
    st.sampled_from([None, 100.0]),
)
def test_wide_replicates_in_columns_say_what_row_after_row_says(
    rows: list[tuple[str, ...]], by_sample: bool, threshold: float | None
) -> None:
    rows = sorted(rows) if by_sample else rows
    header = "sample,replicate,TH01_1,TH01_2,DYS391_1,DYS391_2,AMEL_1,AMEL_2,FGA_1,FGA_2,FGA_3,FGA_4"
    text = "\n".join([header, *(",".join(row) for row in rows)])
    with patch.object(ProfilesReader, "_walk_wide", autospec=True) as walked:
        what_is_read(text, True, stochastic_threshold=threshold)
    by_columns, by_rows = (
        what_is_read(text, by_columns, stochastic_threshold=threshold) for by_columns in (True, False)
    )
    assert by_columns == by_rows
    # Cells in which something is amiss are walked, and only they.
    *_, told, _ = by_rows
    assert told or not walked.called


HEIGHTS = st.sampled_from(["", "", "90", "90", "110.5", "0", "x", "-1", "1e3"])


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["S1", "S2", "Ж3", "S4", ""]),
            st.sampled_from(["", "", "", "1", "2"]),
            st.sampled_from(["TH01", "FGA", "AMEL", "DYS391", "D3S1358"]),
            st.sampled_from(["12", "13", "9.3", "X", "OL", ""]),
            st.sampled_from(["12", "", "", "?", "X", "14"]),
            HEIGHTS,
            HEIGHTS,
        ),
        max_size=8,
    ),
    st.sampled_from([None, 100.0]),
    st.booleans(),
    st.booleans(),
)
def test_heights_in_columns_say_what_row_after_row_says(
    rows: list[tuple[str, ...]], threshold: float | None, are_sound: bool, is_one: bool
) -> None:
    """`are_sound` leaves out what is amiss in nearly every list of rows, so that the columns are taken too."""
    if are_sound:
        rows = [row for row in rows if row[5] not in ("x", "-1") and row[0] and row[3] and row[4] != "?"]
        rows = [(*row[:4], row[4] if row[2] != "AMEL" else "", row[5], row[5] if row[4] else "") for row in rows]
        rows = [row for row in rows if (row[3] == "X") == (row[2] == "AMEL") and row[4] != "X"]
    header = "sample,replicate,marker,allele1,allele2,height1" + ("" if is_one else ",height2")
    lines = [",".join(row[:-1] if is_one else row) for row in rows]
    text = "\n".join([header, *lines])
    by_columns, by_rows = (
        what_is_read(text, by_columns, stochastic_threshold=threshold) for by_columns in (True, False)
    )
    assert by_columns == by_rows


@contextmanager
def only_walked(*, nothing: bool = False) -> Iterator[None]:
    """Tables are read line by line, as any that is not plain is; with `nothing` they are read as they are."""
    ways = {} if nothing else {"coded": lambda *_: None, "rows": CsvTable._walked}
    with ExitStack() as stack:
        for name, way in ways.items():
            stack.enter_context(patch.object(CsvTable, name, way))
        yield


@given(
    st.lists(st.lists(st.sampled_from(["", "a", " b ", "Ж", "'=1", '"c"', "\u2003d", "\x85e", "1,2", "\t"]), min_size=1,
                      max_size=3), max_size=6),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
    st.booleans(),
)  # fmt: skip
def test_rows_taken_at_once_are_those_of_a_walk(rows: list[list[str]], end: str, is_ended: bool) -> None:
    text = end.join(["a,b", *(",".join(row) for row in rows)]) + (end if is_ended else "")
    found = []
    for nothing in (True, False):
        problems = Problems()
        with TemporaryDirectory() as folder, only_walked(nothing=nothing):
            path = Path(folder) / "t.csv"
            path.write_bytes(text.encode())
            table = open_csv(path, "t.csv", problems)
            if table is not None:
                with table:
                    found.append((list(table.rows()), table.digest, table.has_gaps, list(map(str, problems._found))))
    assert found[: len(found) // 2] == found[len(found) // 2 :]


FAMILIES = [
    ("P", "", "", "M", "other", "", "1950", "", "", "", ""),
    ("Q", "", "", "F", "donor", "S1", "", "", "", "", ""),
    ("M", "P", "Q", "", "missing", "", "1980", "2022", "", "", "yes"),
    ("N", "P", "Q", "m", "Missing", "S2;S3", "1940", "", "", "", ""),
    ("B", "P", "Q", "x", "donor", "S4", "", "", "t", "", ""),
    ("C", "P", "Q", "", "donor", "S5", "", "1999", "t", "", "yes"),
    ("R", "R", "", "", "other", "S2", "", "", "", "0.1", ""),
    ("", "", "", "", "other", "", "", "", "", "", ""),
]


@given(st.lists(st.lists(st.sampled_from(FAMILIES), min_size=1, max_size=4), max_size=6))
def test_families_that_say_the_same_are_read_as_if_each_were_alone(families: list[list[tuple[str, ...]]]) -> None:
    """Structures that are understood once, and samples that need no further look, change nothing that is read."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "case.toml").write_text('format = "antigone-case"\nversion = 1\n')
        lines = [f"S{k},TH01,6,{k % 3 + 6}\nS{k},FGA,20,{k + 20}" for k in range(1, 6)]
        (folder / "profiles.csv").write_text("\n".join(["sample,marker,allele1,allele2", *lines]))
        (folder / "remains.csv").write_text("remains,sample\nR1,S3\nR2,\n")
        header = (
            "family,person,father,mother,sex,role,sample,birth_year,missing_since,identical_twin,inbreeding,"
            "no_unlisted_sibling"
        )
        rows = [",".join((f"F{k}", *row)) for k, family in enumerate(families) for row in family]
        (folder / "families.csv").write_text("\n".join([header, *rows]))
        found = [outcome(lambda: read_case_folder(folder))]
        with (
            patch("antigone.formats.case_folder.families._MOST_STRUCTURES", 0),
            patch.object(Samples, "is_ordinary", lambda *_: False),
            patch("antigone.genetics.pedigrees._plainly_in_order", lambda _: None),
        ):
            found.append(outcome(lambda: read_case_folder(folder)))
    assert found[0] == found[1]


def what_is_read(text: str, by_columns: bool, **asked: Any) -> tuple[object, ...]:
    """All that reading a table gives, but for what is known of samples without being asked."""
    problems = Problems()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "profiles.csv"
        path.write_bytes(text.encode())
        table = open_csv(path, "profiles.csv", problems)
        assert table is not None
        with table, only_walked(nothing=by_columns):
            use = use_of_markers(None, "", nist_1036_caucasian())
            read = ProfilesReader(table, Settings(use.used, **asked), use, problems).read()
        digest = table.digest
    for sample in read.ordinary:
        profile = read.profiles[sample]
        assert can_be_searched(profile)
        assert not more_than_two(profile)
        assert not any(len(readings) > 1 and is_discordant(readings) for readings in profile.readings.values())
    told = sorted(map(str, problems._found))
    order = [] if told else [list(read.profiles), list(read.y)]  # where something is amiss nothing is used
    return read.profiles, order, read.lines, read.y, read.left_out, read.warnings, told, digest


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["S1", "S2", "S3", "S4"]),
            st.sampled_from(["TH01", "FGA", "AMEL", "DYS391"]),
            st.sampled_from(["", "1"]),
            st.sampled_from(["X", "10", "12", ""]),
            st.sampled_from(["X", "10", "11", ""]),
            st.sampled_from(["", "", "14"]),
        ),
        max_size=12,
    ),
)
def test_a_sample_known_to_be_of_one_person_is_checked_no_further(rows: list[tuple[str, ...]]) -> None:
    lines = ["sample,marker,replicate,allele1,allele2,allele3", *(",".join(row) for row in rows)]
    checked_no_further("\n".join(lines))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["S1", "S2", "S3", "S4"]),
            st.sampled_from(["1", "2"]),
            *[st.sampled_from(["6", "7", "9.3", ""])] * 3,
            *[st.sampled_from(["X", "Y", ""])] * 2,
        ),
        max_size=8,
        unique_by=lambda row: row[:2],
    ),
)
def test_replicates_that_agree_are_checked_no_further(rows: list[tuple[str, ...]]) -> None:
    header = "sample,replicate,TH01_1,TH01_2,TH01_3,AMEL_1,AMEL_2"
    checked_no_further("\n".join([header, *(",".join(row) for row in rows)]))


def checked_no_further(profiles: str) -> None:
    """Whole cases: the individuals, what is left out and what is told do not depend on what was known beforehand."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "case.toml").write_text('format = "antigone-case"\nversion = 1\ndrop_in = 0.05\n')
        (folder / "profiles.csv").write_text(profiles)
        (folder / "remains.csv").write_text("remains,sample\nR1,S1\nR2,S2;S3\nR3,S4\n")
        (folder / "families.csv").write_text("family,person,father,mother,sex,role,sample\n")
        found = []
        for known in (True, False):
            with patch.object(Samples, "is_ordinary", Samples.is_ordinary if known else lambda *_: False):
                found.append(outcome(lambda: read_case_folder(folder)))
    assert found[0] == found[1]


def outcome(read: Callable[[], object]) -> object:
    try:
        return read()
    except InputError as error:
        return error.problems


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
